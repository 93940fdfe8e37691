/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Most buffers hold a URL or a log line. */
#define FIRST_CAP 64

/* A buffer that failed once takes nothing more: otherwise a later, shorter append would leave a hole in the middle. */
static int fail(struct fc_buf *b)
{
	b->failed = true;
	return -1;
}

static size_t grown_cap(const struct fc_buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;

	while (cap < need)
		cap = cap > PTRDIFF_MAX / 2 ? need : cap * 2;
	/* Doubling need not go beyond what the limit lets anybody use. */
	if (b->limit && b->limit < SIZE_MAX && cap > b->limit + 1)
		cap = b->limit + 1;
	return cap;
}

/* Room for `more` bytes and the zero byte. */
static int reserve(struct fc_buf *b, size_t more)
{
	/* No object is larger than PTRDIFF_MAX, so no sum below overflows. */
	if (b->failed || more >= PTRDIFF_MAX - b->len)
		return fail(b);
	if (b->limit && (b->len > b->limit || more > b->limit - b->len))
		return fail(b);
	size_t need = b->len + more + 1;
	if (need <= b->cap)
		return 0;
	size_t cap = grown_cap(b, need);
	char *data = fc_try_realloc(b->data, cap);
	if (!data)
		return fail(b);
	b->data = data;
	b->cap = cap;
	return 0;
}

int fc_buf_append(struct fc_buf *b, const void *bytes, size_t len)
{
	if (reserve(b, len) < 0)
		return -1;
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int fc_buf_puts(struct fc_buf *b, const char *s)
{
	return fc_buf_append(b, s, strlen(s));
}

int fc_buf_putc(struct fc_buf *b, char c)
{
	return fc_buf_append(b, &c, 1);
}

int fc_buf_printf(struct fc_buf *b, const char *fmt, ...)
{
	char stack[256];
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	int len = vsnprintf(stack, sizeof(stack), fmt, args);
	va_end(args);
	int rc = -1;
	if (len < 0)
		fail(b);
	else if ((size_t)len < sizeof(stack))
		rc = fc_buf_append(b, stack, (size_t)len);
	else if (reserve(b, (size_t)len) == 0) {
		vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
		rc = 0;
	}
	va_end(again);
	return rc;
}

const char *fc_buf_str(const struct fc_buf *b)
{
	return b->data && b->len ? b->data : "";
}

char *fc_buf_steal(struct fc_buf *b)
{
	char *data = b->data && b->len ? fc_steal(&b->data) : fc_xstrdup("");

	fc_buf_fini(b);
	return data;
}

void fc_buf_clear(struct fc_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

void fc_buf_fini(struct fc_buf *b)
{
	free(b->data);
	*b = (struct fc_buf){ .limit = b->limit };
}

void fc_buf_fini_secret(struct fc_buf *b)
{
	fc_free_secret(fc_steal(&b->data), b->cap);
	fc_buf_fini(b);
}
