/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/quantity.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum format { DECIMAL_SI, BINARY_SI, DECIMAL_EXPONENT };

/* value * 10^scale; of BINARY_SI the suffix is multiplied in. */
struct quantity {
	bool negative;
	unsigned __int128 value;
	long scale;
	enum format format;
	bool as_written; /* short enough for the server to keep the text that it got, when that says the same */
};

/* The text in pieces. */
struct pieces {
	bool negative;
	const char *whole, *fraction, *suffix;
	size_t whole_len, fraction_len;
};

static const struct {
	const char *name;
	int exponent;
} suffixes[] = {
	{ "n", -9 }, { "u", -6 }, { "m", -3 }, { "", 0 },   { "k", 3 },	 { "M", 6 },  { "G", 9 },  { "T", 12 },
	{ "P", 15 }, { "E", 18 }, { "Ki", 1 }, { "Mi", 2 }, { "Gi", 3 }, { "Ti", 4 }, { "Pi", 5 }, { "Ei", 6 },
};
#define FIRST_BINARY 10

static int wrong_format(struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_INVALID, "quantities must match the regular expression '%s'",
			    "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$");
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

static int take_apart(const char *text, struct pieces *p, struct fc_error *err)
{
	if (!*text)
		return wrong_format(err);
	p->negative = *text == '-';
	text += *text == '-' || *text == '+';
	text += strspn(text, "0");
	p->whole = text;
	p->whole_len = digits(text);
	text += p->whole_len;
	p->fraction = text;
	p->fraction_len = 0;
	if (*text == '.') {
		p->fraction = ++text;
		p->fraction_len = digits(text);
		text += p->fraction_len;
	}
	p->suffix = text;
	text += strspn(text, "eEinumkKMGTP");
	text += *text == '-' || *text == '+';
	text += digits(text);
	return *text ? wrong_format(err) : 0;
}

static int read_suffix(const char *suffix, enum format *format, long *exponent, struct fc_error *err)
{
	char *end;

	for (size_t i = 0; i < FC_ARRAY_LEN(suffixes); i++) {
		if (strcmp(suffixes[i].name, suffix) == 0) {
			*format = i < FIRST_BINARY ? DECIMAL_SI : BINARY_SI;
			*exponent = suffixes[i].exponent;
			return 0;
		}
	}
	if ((suffix[0] == 'e' || suffix[0] == 'E') && suffix[1]) {
		errno = 0;
		*exponent = strtol(suffix + 1, &end, 10);
		*format = DECIMAL_EXPONENT;
		if (!*end && end != suffix + 1 && errno == 0 && *exponent <= INT32_MAX && *exponent >= INT32_MIN)
			return 0;
	}
	return fc_error_set(err, FC_ERR_INVALID, "unable to parse quantity's suffix");
}

static bool add_digits(const char *text, size_t len, unsigned __int128 *value)
{
	for (size_t i = 0; i < len; i++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (unsigned)(text[i] - '0'), value))
			return false;
	}
	return true;
}

/* Away from zero: whoever wants a little gets a little. */
static void round_up(struct quantity *q, long scale)
{
	bool rest = false;

	for (; q->scale < scale && q->value; q->scale++) {
		rest |= q->value % 10 != 0;
		q->value /= 10;
	}
	if (q->scale < scale)
		q->scale = scale;
	q->value += rest;
	q->as_written &= !rest;
}

/* The server counts in 64 bits what has a binary suffix. */
static void multiply_binary(struct quantity *q, long exponent)
{
	for (long i = 0; i < exponent; i++) {
		if (__builtin_mul_overflow(q->value, 1024, &q->value)) {
			q->value = INT64_MAX;
			q->scale = 0;
			return;
		}
	}
	unsigned __int128 most = INT64_MAX;
	for (long i = q->scale; i < 0 && !__builtin_mul_overflow(most, 10, &most); i++)
		;
	if (q->value > most) {
		q->value = INT64_MAX;
		q->scale = 0;
	}
}

/* Without trailing zeros, the scale a multiple of three. */
static void make_canonical(struct quantity *q)
{
	while (q->value && q->value % 10 == 0) {
		q->value /= 10;
		q->scale++;
	}
	for (; q->scale % 3 != 0; q->scale--)
		q->value *= 10;
}

static char *print_decimal(const struct quantity *q)
{
	char digits_of[48];
	size_t at = sizeof(digits_of) - 1;
	const char *suffix = "";

	digits_of[at] = '\0';
	for (unsigned __int128 rest = q->value; rest; rest /= 10)
		digits_of[--at] = (char)('0' + (int)(rest % 10));
	if (q->negative)
		digits_of[--at] = '-';
	if (q->format == DECIMAL_EXPONENT && q->scale != 0)
		return fc_xasprintf("%se%ld", digits_of + at, q->scale);
	/* What is beyond the suffixes gets none. */
	for (size_t i = 0; i < FIRST_BINARY; i++) {
		if (suffixes[i].exponent == q->scale)
			suffix = suffixes[i].name;
	}
	return fc_xasprintf("%s%s", digits_of + at, suffix);
}

static char *print_binary(const struct quantity *q)
{
	uint64_t value = (uint64_t)q->value;
	size_t power = 0;

	while (value % 1024 == 0 && FIRST_BINARY + power < FC_ARRAY_LEN(suffixes)) {
		value /= 1024;
		power++;
	}
	return fc_xasprintf("%s%llu%s", q->negative ? "-" : "", (unsigned long long)value,
			    power ? suffixes[FIRST_BINARY + power - 1].name : "");
}

/* A whole number of at least 1024 keeps its binary suffix. */
static bool is_binary(const struct quantity *q)
{
	struct quantity whole = *q;

	if (q->format != BINARY_SI)
		return false;
	for (; whole.scale < 0 && whole.value % 10 == 0; whole.scale++)
		whole.value /= 10;
	return whole.scale == 0 && whole.value >= 1024;
}

static char *print(struct quantity *q, const char *text)
{
	struct quantity before = *q;

	if (!q->value)
		return fc_xstrdup("0");
	if (is_binary(q)) {
		for (; q->scale < 0; q->scale++)
			q->value /= 10;
		return print_binary(q);
	}
	make_canonical(q);
	if (q->as_written && before.value == q->value && before.scale == q->scale)
		return fc_xstrdup(text);
	return print_decimal(q);
}

static char *canonical(const char *text, bool milli, struct fc_error *err)
{
	struct quantity q = { .value = 0 };
	struct pieces p = { .whole = "", .fraction = "", .suffix = "" };
	long exponent = 0;

	if (take_apart(text, &p, err) < 0 || read_suffix(p.suffix, &q.format, &exponent, err) < 0)
		return NULL;
	q.negative = p.negative;
	if (!add_digits(p.whole, p.whole_len, &q.value) || !add_digits(p.fraction, p.fraction_len, &q.value)) {
		if (q.format != BINARY_SI)
			return fc_xstrdup(text);
		q.value = (unsigned __int128)1 << 127;
	}
	q.scale = -(long)p.fraction_len + (q.format == BINARY_SI ? 0 : exponent);
	q.as_written = p.whole_len + p.fraction_len <= 18 && q.scale >= -9 && q.format != BINARY_SI;
	if (q.format == BINARY_SI)
		multiply_binary(&q, exponent);
	round_up(&q, milli ? -3 : -9);
	if (q.value > (unsigned __int128)1 << 120)
		return fc_xstrdup(text);
	return print(&q, text);
}

char *sb_quantity_canonical(const char *text, bool milli, struct fc_error *err)
{
	size_t len;

	/* White space around it is nobody's. */
	while (isspace((unsigned char)*text))
		text++;
	for (len = strlen(text); len && isspace((unsigned char)text[len - 1]); len--)
		;
	FC_AUTO_FREE char *trimmed = fc_xstrndup(text, len);
	return canonical(trimmed, milli, err);
}
