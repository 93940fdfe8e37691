/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/go_json.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/validate_field.h"

#include <string.h>

#define MAX_DEPTH 10000

struct scan {
	const char *at, *end;
	unsigned depth;
	char *fault;
};

/* The end of the text is a fault of its own, whatever was looked for. */
static bool refuse(struct scan *s, const char *where)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	unsigned char c = s->at < s->end ? (unsigned char)*s->at : 0;

	if (s->at == s->end)
		fc_buf_puts(&out, "unexpected end of JSON input");
	else if (c == '\'')
		fc_buf_printf(&out, "invalid character '\\'' %s", where);
	else if (c == '"')
		fc_buf_printf(&out, "invalid character '\"' %s", where);
	else {
		FC_AUTO_BUF struct fc_buf quoted = FC_BUF_INIT;
		/* Go takes the byte for a character of Latin-1. */
		const char text[] = { (char)(c < 0x80 ? c : 0xC0 | c >> 6), (char)(0x80 | (c & 0x3F)), '\0' };
		const char one[] = { (char)c, '\0' };

		sb_go_quote(&quoted, c < 0x80 ? one : text);
		fc_buf_puts(&out, "invalid character '");
		if (c)
			fc_buf_append(&out, quoted.data + 1, quoted.len - 2);
		else
			fc_buf_puts(&out, "\\x00");
		fc_buf_printf(&out, "' %s", where);
	}
	s->fault = fc_buf_steal(&out);
	return false;
}

static void blanks(struct scan *s)
{
	while (s->at < s->end && *s->at && strchr(" \t\r\n", *s->at))
		s->at++;
}

static bool next_is(const struct scan *s, const char *set)
{
	return s->at < s->end && *s->at && strchr(set, *s->at);
}

static bool scan_escape(struct scan *s)
{
	s->at++;
	if (!next_is(s, "bfnrt\\/\"u"))
		return refuse(s, "in string escape code");
	if (*s->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, s->at++)
		if (!next_is(s, "0123456789abcdefABCDEF"))
			return refuse(s, "in \\u hexadecimal character escape");
	return true;
}

static bool scan_string(struct scan *s)
{
	s->at++;
	while (s->at < s->end && *s->at != '"') {
		if ((unsigned char)*s->at < ' ')
			return refuse(s, "in string literal");
		if (*s->at != '\\')
			s->at++;
		else if (!scan_escape(s))
			return false;
	}
	if (s->at == s->end)
		return refuse(s, "");
	s->at++;
	return true;
}

static bool scan_word(struct scan *s, const char *word)
{
	for (const char *w = word + (s->at++ ? 1 : 0); *w; w++, s->at++) {
		char where[64];

		snprintf(where, sizeof(where), "in literal %s (expecting '%c')", word, *w);
		if (s->at == s->end || *s->at != *w)
			return refuse(s, where);
	}
	return true;
}

static bool digits(struct scan *s, const char *where)
{
	if (!next_is(s, "0123456789"))
		return refuse(s, where);
	while (next_is(s, "0123456789"))
		s->at++;
	return true;
}

static bool scan_number(struct scan *s)
{
	if (*s->at == '-')
		s->at++;
	if (next_is(s, "0"))
		s->at++;
	else if (!digits(s, "in numeric literal"))
		return false;
	if (next_is(s, ".")) {
		s->at++;
		if (!digits(s, "after decimal point in numeric literal"))
			return false;
	}
	if (next_is(s, "eE")) {
		s->at++;
		if (next_is(s, "+-"))
			s->at++;
		return digits(s, "in exponent of numeric literal");
	}
	return true;
}

static bool scan_value(struct scan *s);

static bool scan_members(struct scan *s)
{
	for (bool first = true;; first = false) {
		blanks(s);
		if (first && next_is(s, "}"))
			return true;
		if (!next_is(s, "\""))
			return refuse(s, "looking for beginning of object key string");
		if (!scan_string(s))
			return false;
		blanks(s);
		if (!next_is(s, ":"))
			return refuse(s, "after object key");
		s->at++;
		if (!scan_value(s))
			return false;
		blanks(s);
		if (next_is(s, "}"))
			return true;
		if (!next_is(s, ","))
			return refuse(s, "after object key:value pair");
		s->at++;
	}
}

static bool scan_items(struct scan *s)
{
	blanks(s);
	if (next_is(s, "]"))
		return true;
	for (;;) {
		if (!scan_value(s))
			return false;
		blanks(s);
		if (next_is(s, "]"))
			return true;
		if (!next_is(s, ","))
			return refuse(s, "after array element");
		s->at++;
	}
}

/* An object or a list, to behind its end. */
static bool scan_nested(struct scan *s, bool (*inner)(struct scan *))
{
	if (++s->depth > MAX_DEPTH) {
		s->fault = fc_xstrdup("exceeded max depth");
		return false;
	}
	s->at++;
	if (!inner(s))
		return false;
	s->at++;
	s->depth--;
	return true;
}

static bool scan_value(struct scan *s)
{
	blanks(s);
	if (next_is(s, "{"))
		return scan_nested(s, scan_members);
	if (next_is(s, "["))
		return scan_nested(s, scan_items);
	if (next_is(s, "\""))
		return scan_string(s);
	if (next_is(s, "t"))
		return scan_word(s, "true");
	if (next_is(s, "f"))
		return scan_word(s, "false");
	if (next_is(s, "n"))
		return scan_word(s, "null");
	if (next_is(s, "-0123456789"))
		return scan_number(s);
	return refuse(s, "looking for beginning of value");
}

char *sb_go_json_fault(const char *text, size_t len)
{
	struct scan s = { .at = text, .end = text + len };

	if (scan_value(&s)) {
		blanks(&s);
		if (s.at < s.end)
			refuse(&s, "after top-level value");
	}
	return s.fault;
}

char *sb_go_json_object_fault(const char *text, size_t len)
{
	char *fault = sb_go_json_fault(text, len);
	const char *what;

	if (fault)
		return fault;
	switch (text[strspn(text, " \t\r\n")]) {
	case '{':
	case 'n':
		return NULL;
	case '[':
		what = "array";
		break;
	case '"':
		what = "string";
		break;
	case 't':
	case 'f':
		what = "bool";
		break;
	default:
		what = "number";
	}
	return fc_xasprintf("json: cannot unmarshal %s into Go value of type map[string]interface {}", what);
}
