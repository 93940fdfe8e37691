/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const class_names[FC_ERR_CLASSES] = {
	[FC_ERR_NONE] = "none",
	[FC_ERR_USAGE] = "usage",
	[FC_ERR_CONFIG] = "config",
	[FC_ERR_INVALID] = "invalid",
	[FC_ERR_UNAUTHORIZED] = "unauthorized",
	[FC_ERR_FORBIDDEN] = "forbidden",
	[FC_ERR_QUOTA] = "quota",
	[FC_ERR_TERMINATING] = "terminating",
	[FC_ERR_NOT_FOUND] = "not-found",
	[FC_ERR_NOT_SERVED] = "not-served",
	[FC_ERR_EXISTS] = "exists",
	[FC_ERR_CONFLICT] = "conflict",
	[FC_ERR_GONE] = "gone",
	[FC_ERR_THROTTLED] = "throttled",
	[FC_ERR_SERVER] = "server",
	[FC_ERR_TIMEOUT] = "timeout",
	[FC_ERR_NETWORK] = "network",
	[FC_ERR_TLS] = "tls",
	[FC_ERR_PROTOCOL] = "protocol",
	[FC_ERR_LIMIT] = "limit",
	[FC_ERR_MEMORY] = "memory",
	[FC_ERR_CANCELLED] = "cancelled",
	[FC_ERR_INTERNAL] = "internal",
};

/* Takes off the end what was cut inside a UTF-8 character: the text ends up in JSON logs and Events. */
static void trim_cut_character(char *text)
{
	size_t len = strlen(text), start = len;

	while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t wanted = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
	if (len - start < wanted)
		text[start - 1] = '\0';
}

/* Libraries and servers end their words with newlines; an error is one line. */
static void make_one_line(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (unsigned char)text[len - 1] <= ' ')
		text[--len] = '\0';
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7F)
			*c = ' ';
}

/* By way of a copy, since the arguments may be the text of `err` itself. */
static void set_text(struct fc_error *err, const char *prefix, const char *middle, const char *suffix)
{
	const char *const parts[] = { prefix, middle, suffix };
	char text[sizeof(err->text)];
	size_t used = 0;
	bool cut = false;

	for (size_t i = 0; i < FC_ARRAY_LEN(parts); i++) {
		size_t bytes = strlen(parts[i]), room = sizeof(text) - 1 - used;
		if (bytes > room) {
			bytes = room;
			cut = true;
		}
		memcpy(text + used, parts[i], bytes);
		used += bytes;
	}
	text[used] = '\0';
	if (cut)
		trim_cut_character(text);
	make_one_line(text);
	memcpy(err->text, text, sizeof(text));
}

/* One byte more than an error's text holds, so that set_text sees that something was cut. */
#define FORMATTED_BYTES (sizeof(((struct fc_error *)0)->text) + 1)

static void format(char out[FORMATTED_BYTES], const char *fmt, va_list args) FC_PRINTF(2, 0);
static void format(char out[FORMATTED_BYTES], const char *fmt, va_list args)
{
	if (vsnprintf(out, FORMATTED_BYTES, fmt, args) < 0)
		out[0] = '\0';
}

int fc_error_set(struct fc_error *err, enum fc_error_class cls, const char *fmt, ...)
{
	char text[FORMATTED_BYTES];
	va_list args;

	if (!err)
		return -1;
	va_start(args, fmt);
	format(text, fmt, args);
	va_end(args);
	*err = FC_ERROR_INIT;
	err->cls = cls;
	set_text(err, text, "", "");
	return -1;
}

int fc_error_set_errno(struct fc_error *err, enum fc_error_class cls, int sys_errno, const char *fmt, ...)
{
	char text[FORMATTED_BYTES], words[128];
	va_list args;

	if (!err)
		return -1;
	va_start(args, fmt);
	format(text, fmt, args);
	va_end(args);
	*err = FC_ERROR_INIT;
	err->cls = cls;
	err->sys_errno = sys_errno;
	/* The GNU variant: returns the words, in `words` or in memory that never changes. */
	set_text(err, text, ": ", strerror_r(sys_errno, words, sizeof(words)));
	return -1;
}

int fc_error_wrap(struct fc_error *err, const char *fmt, ...)
{
	char context[FORMATTED_BYTES];
	va_list args;

	if (!err)
		return -1;
	va_start(args, fmt);
	format(context, fmt, args);
	va_end(args);
	set_text(err, context, err->text[0] ? ": " : "", err->text);
	return -1;
}

const char *fc_error_class_name(enum fc_error_class cls)
{
	if ((unsigned)cls >= FC_ERR_CLASSES)
		return "unknown";
	return class_names[cls];
}
