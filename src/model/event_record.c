/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event_record.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Said where a note was cut. */
static const char dots[] = { '.', '.', '.' };

struct fc_event_record *fc_event_record_new(void)
{
	return fc_xcalloc(1, sizeof(struct fc_event_record));
}

static void reference_fini(struct fc_object_reference *r)
{
	free(r->api_version);
	free(r->kind);
	free(r->namespace_);
	free(r->name);
	free(r->uid);
	free(r->resource_version);
}

void fc_event_record_free(struct fc_event_record *r)
{
	if (!r)
		return;
	reference_fini(&r->regarding);
	reference_fini(&r->related);
	free(r->note);
	free(r);
}

const char *fc_record_type_name(enum fc_record_type type)
{
	return type == FC_RECORD_WARNING ? "Warning" : "Normal";
}

/* --- notes --- */

static bool is_continuation(unsigned char c)
{
	return (c & 0xC0) == 0x80;
}

/* The bytes of the UTF-8 character at `s`; 0 where there is none (RFC 3629: no overlong form, no surrogate, nothing
 * beyond U+10FFFF). The zero byte at the end is no continuation, so nothing behind it is read. */
static size_t character_bytes(const unsigned char *s)
{
	unsigned char a = s[0], b = a ? s[1] : 0;

	if (a < 0x80)
		return 1;
	if (a < 0xC2 || a > 0xF4 || !is_continuation(b))
		return 0;
	if (a < 0xE0)
		return 2;
	if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b >= 0xA0) || (a == 0xF0 && b < 0x90) || (a == 0xF4 && b >= 0x90))
		return 0;
	if (!is_continuation(s[2]))
		return 0;
	if (a < 0xF0)
		return 3;
	return is_continuation(s[3]) ? 4 : 0;
}

/* C0, DEL, and C1, which in UTF-8 is 0xC2 and a byte below 0xA0. */
static bool is_control(const unsigned char *s)
{
	return s[0] < 0x20 || s[0] == 0x7F || (s[0] == 0xC2 && s[1] < 0xA0);
}

/* Copies whole characters up to `room` bytes; returns what it has written, and in *rest what is left of `text`. */
static size_t put_clean(char *out, size_t room, const char *text, const char **rest)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t used = 0;

	while (*s) {
		size_t bytes = character_bytes(s);
		char replacement = bytes == 0 ? '?' : is_control(s) ? ' ' : 0;
		size_t written = replacement ? 1 : bytes;

		if (used + written > room)
			break;
		if (replacement)
			out[used] = replacement;
		else
			memcpy(out + used, s, bytes);
		used += written;
		s += bytes ? bytes : 1;
	}
	*rest = (const char *)s;
	return used;
}

char *fc_event_note(const char *text, const char *end)
{
	char out[FC_EVENT_NOTE_BYTES + 1], tail[FC_EVENT_NOTE_BYTES / 2];
	const char *rest;
	size_t tail_bytes = put_clean(tail, sizeof(tail), end, &rest);
	size_t used = put_clean(out, FC_EVENT_NOTE_BYTES - tail_bytes, text, &rest);

	if (*rest) {
		used = put_clean(out, FC_EVENT_NOTE_BYTES - tail_bytes - sizeof(dots), text, &rest);
		memcpy(out + used, dots, sizeof(dots));
		used += sizeof(dots);
	}
	memcpy(out + used, tail, tail_bytes);
	return fc_xstrndup(out, used + tail_bytes);
}
