/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

#define NS_PER_MS UINT64_C(1000000)

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\u00B5s", 1000 }, /* the micro sign */
	{ "\u03BCs", 1000 }, /* the Greek letter */
	{ "ms", NS_PER_MS },
	{ "s", 1000 * NS_PER_MS },
	{ "m", 60 * 1000 * NS_PER_MS },
	{ "h", 3600 * 1000 * NS_PER_MS },
};

/* "1.5" of "1.5h": the digits before the point as a number, those behind it as number / scale. */
struct decimal {
	uint64_t whole, fraction;
	double scale;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *parse_whole(const char *p, uint64_t *whole)
{
	for (*whole = 0; is_digit(*p); p++) {
		uint64_t digit = (uint64_t)(*p - '0');
		if (*whole > (INT64_MAX - digit) / 10)
			return NULL;
		*whole = *whole * 10 + digit;
	}
	return p;
}

/* Digits beyond what 63 bits hold are below a nanosecond of anything and are passed over, as Go does. */
static const char *parse_fraction(const char *p, struct decimal *d)
{
	bool full = false;

	for (; is_digit(*p); p++) {
		full = full || d->fraction > (INT64_MAX - 9) / 10;
		if (full)
			continue;
		d->fraction = d->fraction * 10 + (uint64_t)(*p - '0');
		d->scale *= 10;
	}
	return p;
}

static const char *parse_decimal(const char *p, struct decimal *d)
{
	const char *start = p, *point;

	*d = (struct decimal){ .scale = 1 };
	p = parse_whole(p, &d->whole);
	if (!p || *p != '.')
		return p == start ? NULL : p;
	point = p;
	p = parse_fraction(p + 1, d);
	return point == start && p == point + 1 ? NULL : p;
}

static const char *parse_unit(const char *p, const struct unit **unit)
{
	/* A unit reaches to the next digit or point, so that "5min" is an unknown unit and not 5 m and something. */
	size_t len = strcspn(p, ".0123456789");

	for (size_t i = 0; i < FC_ARRAY_LEN(units); i++) {
		if (strlen(units[i].name) == len && !memcmp(units[i].name, p, len)) {
			*unit = &units[i];
			return p + len;
		}
	}
	return NULL;
}

static bool add_ns(uint64_t *total, const struct decimal *d, const struct unit *unit)
{
	if (d->whole > INT64_MAX / unit->ns)
		return false;
	uint64_t ns = d->whole * unit->ns;
	/* In floating point as in Go, so that both cut the same nanosecond. Below one unit, so it fits. */
	if (d->fraction)
		ns += (uint64_t)((double)d->fraction * ((double)unit->ns / d->scale));
	if (ns > INT64_MAX - *total)
		return false;
	*total += ns;
	return true;
}

static bool parse_ns(const char *p, uint64_t *ns)
{
	struct decimal d;
	const struct unit *unit;

	*ns = 0;
	if (!strcmp(p, "0"))
		return true;
	do {
		p = parse_decimal(p, &d);
		if (!p || !(p = parse_unit(p, &unit)) || !add_ns(ns, &d, unit))
			return false;
	} while (*p);
	return true;
}

int fc_duration_parse(const char *text, int64_t *ms, struct fc_error *err)
{
	bool negative = *text == '-';
	uint64_t ns;

	if (!parse_ns(text + (negative || *text == '+'), &ns))
		return fc_error_set(err, FC_ERR_USAGE,
				    "\"%.64s\" is not a duration: write it like 30m, 1h30m, 200ms or 1.5s", text);
	if (negative && ns)
		return fc_error_set(err, FC_ERR_USAGE,
				    "\"%.64s\" is a negative duration: write it like 30m, 1h30m, 200ms or 1.5s", text);
	/* Upwards: 0 means "never" or "no limit" to most flags, and a span that is not zero must not become it. */
	*ms = (int64_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
	return 0;
}
