/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of a thread, so that a test that fails an allocation disturbs no other thread. */
static _Thread_local unsigned fail_in;
static _Thread_local unsigned failures;

static void *or_abort(void *p)
{
	static const char words[] = "fedcopy: out of memory\n";

	if (p)
		return p;
	/* Not by stdio or the log, which allocate. If it cannot be written, the abort alone has to do. */
	if (write(STDERR_FILENO, words, sizeof(words) - 1) < 0)
		abort();
	abort();
}

/* Zero bytes are asked for as one: calloc and realloc may answer NULL for them, which is no failure. */
void *fc_xcalloc(size_t count, size_t size)
{
	return or_abort(count && size ? calloc(count, size) : calloc(1, 1));
}

void *fc_xrealloc(void *old, size_t bytes)
{
	return or_abort(realloc(old, bytes ? bytes : 1));
}

char *fc_xstrdup(const char *s)
{
	return or_abort(strdup(s));
}

char *fc_xstrndup(const char *s, size_t bytes)
{
	size_t len = strnlen(s, bytes);
	char *copy = fc_xcalloc(len + 1, 1);

	/* Not strndup: what is cut out of a buffer has no end of its own, for which a strict AddressSanitizer asks. */
	memcpy(copy, s, len);
	return copy;
}

char *fc_xasprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list args;

	va_start(args, fmt);
	int len = vasprintf(&s, fmt, args);
	va_end(args);
	return or_abort(len < 0 ? NULL : s);
}

char *fc_xstrdup_null(const char *s)
{
	return s ? fc_xstrdup(s) : NULL;
}

void *fc_try_realloc(void *old, size_t bytes)
{
	bool fails = fail_in && --fail_in == 0;
	void *p = fails ? NULL : realloc(old, bytes ? bytes : 1);

	failures += !p;
	return p;
}

unsigned fc_try_failures(void)
{
	return failures;
}

void fc_mem_fail_nth(unsigned nth)
{
	fail_in = nth;
}

void fc_free_secret(void *p, size_t bytes)
{
	if (p)
		explicit_bzero(p, bytes);
	free(p);
}
