/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/warnings.h"

#include "base/buf.h"
#include "base/log.h"

#include <string.h>

/* What an API server's deprecation takes twice. */
#define MAX_TEXT 512

/* `299 agent "text"`, with `\` before what is taken as it stands. False: nothing of the kind. */
static bool read_text(const char *value, size_t len, struct fc_buf *text)
{
	const char *end = value + len, *open = memchr(value, '"', len);

	if (len < 4 || memcmp(value, "299 ", 4) != 0 || !open)
		return false;
	for (const char *c = open + 1; c < end && *c != '"'; c++) {
		if (*c == '\\' && c + 1 < end)
			c++;
		if (text->len < MAX_TEXT)
			fc_buf_putc(text, *c);
	}
	return text->len > 0 && !text->failed;
}

/* FNV-1a. Two texts of one hash are one to it: the second would not be shown, and nothing else. */
static uint64_t hash(const char *bytes, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

bool fc_warnings_show(struct fc_warnings *w, const char *cluster, const char *value, size_t len)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	if (w->count == FC_WARNINGS_MAX || !read_text(value, len, &text))
		return false;
	uint64_t h = hash(text.data, text.len);
	for (size_t i = 0; i < w->count; i++)
		if (w->said[i] == h)
			return false;
	w->said[w->count++] = h;
	fc_log(FC_LOG_WARN, "the API server warns", FC_KV("cluster", cluster), FC_KV("warning", fc_buf_str(&text)));
	return true;
}
