/* SPDX-License-Identifier: Apache-2.0 */
#include "json/yaml_scalar.h"

#include "base/encode.h"
#include "base/mem.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TAG_PREFIX "tag:yaml.org,2002:"

static const char too_large[] = "a number beyond 64 bits";
const char fc_yaml_scalar_no_memory[] = "more than memory holds";

enum word { WORD_NULL, WORD_TRUE, WORD_FALSE, WORD_INFINITE };

/* YAML 1.1 in the spellings that Go reads. A lone y or n stays text, as go-yaml v3 has it: as a name it is common, as a
 * boolean it is not. */
static const struct {
	const char *text;
	enum word word;
} words[] = {
	{ "", WORD_NULL },	    { "~", WORD_NULL },		{ "null", WORD_NULL },	    { "Null", WORD_NULL },
	{ "NULL", WORD_NULL },	    { "true", WORD_TRUE },	{ "True", WORD_TRUE },	    { "TRUE", WORD_TRUE },
	{ "yes", WORD_TRUE },	    { "Yes", WORD_TRUE },	{ "YES", WORD_TRUE },	    { "on", WORD_TRUE },
	{ "On", WORD_TRUE },	    { "ON", WORD_TRUE },	{ "false", WORD_FALSE },    { "False", WORD_FALSE },
	{ "FALSE", WORD_FALSE },    { "no", WORD_FALSE },	{ "No", WORD_FALSE },	    { "NO", WORD_FALSE },
	{ "off", WORD_FALSE },	    { "Off", WORD_FALSE },	{ "OFF", WORD_FALSE },	    { ".nan", WORD_INFINITE },
	{ ".NaN", WORD_INFINITE },  { ".NAN", WORD_INFINITE },	{ ".inf", WORD_INFINITE },  { ".Inf", WORD_INFINITE },
	{ ".INF", WORD_INFINITE },  { "+.inf", WORD_INFINITE }, { "+.Inf", WORD_INFINITE }, { "+.INF", WORD_INFINITE },
	{ "-.inf", WORD_INFINITE }, { "-.Inf", WORD_INFINITE }, { "-.INF", WORD_INFINITE },
};

static json_t *resolve_word(enum word word, const char **why)
{
	switch (word) {
	case WORD_NULL:
		return json_null();
	case WORD_TRUE:
		return json_true();
	case WORD_FALSE:
		return json_false();
	case WORD_INFINITE:
		break;
	}
	*why = "an infinite number or none at all, which JSON cannot hold";
	return NULL;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* The digits behind sign and prefix, and their base: 0x, 0o, 0b, and a leading 0 is octal. */
static const char *base_of(const char *digits, unsigned *base)
{
	*base = 10;
	if (digits[0] != '0' || digits[1] == '\0')
		return digits;
	*base = 8;
	if (digits[2] == '\0')
		return digits + 1;
	switch (digits[1] | 0x20) {
	case 'x':
		*base = 16;
		return digits + 2;
	case 'b':
		*base = 2;
		return digits + 2;
	case 'o':
		return digits + 2;
	}
	return digits + 1;
}

enum integer { INTEGER_NONE, INTEGER_FITS, INTEGER_TOO_LARGE };

static enum integer parse_integer(const char *text, json_int_t *out)
{
	bool negative = *text == '-';
	uint64_t limit = negative ? (uint64_t)1 << 63 : INT64_MAX, n = 0;
	bool overflow = false;
	unsigned base;
	const char *at = base_of(text + (*text == '-' || *text == '+'), &base);

	if (*at == '\0')
		return INTEGER_NONE;
	for (; *at; at++) {
		unsigned digit = (unsigned)digit_value(*at);
		if (digit >= base)
			return INTEGER_NONE;
		overflow = overflow || n > (limit - digit) / base;
		n = n * base + digit;
	}
	if (overflow)
		return INTEGER_TOO_LARGE;
	*out = negative ? (json_int_t)(0 - n) : (json_int_t)n;
	return INTEGER_FITS;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_real(const char *text)
{
	static const char digits[] = "0123456789";
	const char *at = text + (*text == '-' || *text == '+');
	size_t whole = strspn(at, digits), fraction = 0;

	at += whole;
	if (*at == '.') {
		fraction = strspn(at + 1, digits);
		at += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (*at == 'e' || *at == 'E') {
		at += at[1] == '-' || at[1] == '+' ? 2 : 1;
		size_t exponent = strspn(at, digits);
		if (exponent == 0)
			return false;
		at += exponent;
	}
	return *at == '\0';
}

/* Go writes a whole real number without a point, so that 1.0 reaches the API server as the integer 1. */
static json_t *parse_real(const char *text, const char **why)
{
	double real = strtod(text, NULL);

	if (isinf(real)) {
		*why = too_large;
		return NULL;
	}
	if (real >= -0x1p63 && real < 0x1p63 && (double)(int64_t)real == real)
		return json_integer((int64_t)real);
	return json_real(real);
}

/* `plain` has no underscores any more. NULL without `*why`: it is no number. */
static json_t *parse_number(const char *plain, const char **why)
{
	json_int_t integer;

	switch (parse_integer(plain, &integer)) {
	case INTEGER_FITS:
		return json_integer(integer);
	case INTEGER_TOO_LARGE:
		*why = too_large;
		return NULL;
	case INTEGER_NONE:
		break;
	}
	return looks_real(plain) ? parse_real(plain, why) : NULL;
}

static json_t *resolve_number(const char *text, size_t len, const char **why)
{
	if (*text == '.')
		return looks_real(text) ? parse_real(text, why) : NULL;
	if (strspn(text, "0123456789abcdefABCDEFxXoO_.+-") != len)
		return NULL;
	FC_AUTO_FREE char *plain = fc_try_realloc(NULL, len + 1);
	if (!plain) {
		*why = fc_yaml_scalar_no_memory;
		return NULL;
	}
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '_')
			plain[n++] = text[i];
	}
	plain[n] = '\0';
	return parse_number(plain, why);
}

static json_t *text_value(const char *text, size_t len, const char **why)
{
	json_t *value = json_stringn(text, len);

	if (!value)
		*why = "text that is not UTF-8";
	return value;
}

static json_t *resolve(const char *text, size_t len, const char **why)
{
	*why = NULL;
	if (strlen(text) == len) {
		for (size_t i = 0; i < FC_ARRAY_LEN(words); i++) {
			if (strcmp(words[i].text, text) == 0)
				return resolve_word(words[i].word, why);
		}
		if (strchr("+-.0123456789", *text)) {
			json_t *number = resolve_number(text, len, why);
			if (number || *why)
				return number;
		}
	}
	return text_value(text, len, why);
}

static json_t *resolve_binary(const char *text, const char **why)
{
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *bytes = NULL;
	size_t len;

	if (fc_base64_decode(text, &bytes, &len, &err) < 0) {
		*why = err.cls == FC_ERR_MEMORY ? fc_yaml_scalar_no_memory : "a !!binary that is not base64";
		return NULL;
	}
	return text_value(bytes, len, why);
}

static bool fits_tag(const json_t *value, const char *tag, bool *known)
{
	*known = true;
	if (strcmp(tag, "null") == 0)
		return json_is_null(value);
	if (strcmp(tag, "bool") == 0)
		return json_is_boolean(value);
	if (strcmp(tag, "int") == 0)
		return json_is_integer(value);
	if (strcmp(tag, "float") == 0)
		return json_is_number(value);
	*known = false;
	return false;
}

/* Tags that go-yaml does not know leave the text as it is. */
static json_t *resolve_tagged(const char *tag, const char *text, size_t len, const char **why)
{
	bool known;

	if (strncmp(tag, TAG_PREFIX, strlen(TAG_PREFIX)) != 0)
		return text_value(text, len, why);
	tag += strlen(TAG_PREFIX);
	if (strcmp(tag, "binary") == 0)
		return resolve_binary(text, why);
	fits_tag(NULL, tag, &known);
	if (!known)
		return text_value(text, len, why);
	json_auto_t *value = resolve(text, len, why);
	if (value && !fits_tag(value, tag, &known)) {
		*why = "a value that is not what its tag says";
		return NULL;
	}
	return json_incref(value);
}

json_t *fc_yaml_scalar(const yaml_event_t *event, const char **why)
{
	const char *text = (const char *)event->data.scalar.value;
	const char *tag = (const char *)event->data.scalar.tag;
	size_t len = event->data.scalar.length;

	if (tag)
		return resolve_tagged(tag, text, len, why);
	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return resolve(text, len, why);
	return text_value(text, len, why);
}

bool fc_yaml_scalar_is_merge(const yaml_event_t *event)
{
	const char *tag;

	if (event->type != YAML_SCALAR_EVENT || strcmp((const char *)event->data.scalar.value, "<<") != 0)
		return false;
	tag = (const char *)event->data.scalar.tag;
	if (tag)
		return strcmp(tag, TAG_PREFIX "merge") == 0;
	return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* The fewest digits that read back as the same number. */
static char *real_text(double real)
{
	char text[40];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	return fc_xstrdup(text);
}

char *fc_yaml_scalar_key(const json_t *value, const char **why)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		if (strlen(json_string_value(value)) == json_string_length(value))
			return fc_xstrdup(json_string_value(value));
		*why = "a key with a NUL character";
		return NULL;
	case JSON_INTEGER:
		return fc_xasprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return real_text(json_real_value(value));
	case JSON_TRUE:
		return fc_xstrdup("true");
	case JSON_FALSE:
		return fc_xstrdup("false");
	case JSON_NULL:
		*why = "a key that is null";
		return NULL;
	default:
		*why = "a key that is a mapping or a sequence";
		return NULL;
	}
}
