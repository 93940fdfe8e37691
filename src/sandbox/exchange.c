/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/exchange.h"

#include "base/mem.h"
#include "sandbox/read.h"

#include <string.h>

struct sb_text *sb_text_new(const char *bytes, size_t len)
{
	struct sb_text *t = fc_xcalloc(1, sizeof(*t) + len + 1);

	t->refs = 1;
	t->len = len;
	if (len)
		memcpy(t->bytes, bytes, len);
	return t;
}

struct sb_text *sb_text_ref(struct sb_text *t)
{
	t->refs++;
	return t;
}

void sb_text_unref(struct sb_text *t)
{
	if (t && --t->refs == 0)
		free(t);
}

void sb_response_header(struct sb_response *r, const char *name, const char *value)
{
	if (r->header_count == SB_MAX_HEADERS)
		return;
	r->headers[r->header_count].name = name;
	r->headers[r->header_count++].value = fc_xstrdup(value);
}

void sb_response_fini(struct sb_response *r)
{
	for (unsigned i = 0; i < r->header_count; i++)
		free(r->headers[i].value);
	r->header_count = 0;
	fc_buf_fini(&r->body);
	sb_watch_close(fc_steal(&r->watch));
}
