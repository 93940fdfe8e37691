/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/cron_schedule.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/validate_field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\n\v\f\r"

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul",
				      "aug", "sep", "oct", "nov", "dec", NULL };
static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL };

struct bounds {
	long min, max;
	const char *const *names; /* the first is `min`; NULL: numbers alone */
};
static const struct bounds fields[] = {
	{ 0, 59, NULL }, { 0, 23, NULL }, { 1, 31, NULL }, { 1, 12, months }, { 0, 6, days },
};

static char *quoted(const char *text)
{
	struct fc_buf out = FC_BUF_INIT;

	sb_go_quote(&out, text);
	return fc_buf_steal(&out);
}

/* As Go's Atoi, which takes a sign. */
static char *number_fault(const char *text, long *number)
{
	FC_AUTO_FREE char *quote = quoted(text);
	const char *digits = text + (*text == '-' || *text == '+');
	char *end;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return fc_xasprintf("Failed to parse int from %s: strconv.Atoi: parsing %s: invalid syntax", text,
				    quote);
	errno = 0;
	*number = strtol(text, &end, 10);
	if (errno)
		return fc_xasprintf("Failed to parse int from %s: strconv.Atoi: parsing %s: value out of range", text,
				    quote);
	return *number < 0 ? fc_xasprintf("Negative number (%ld) not allowed: %s", *number, text) : NULL;
}

static char *value_fault(const char *text, const struct bounds *b, long *number)
{
	for (size_t i = 0; b->names && b->names[i]; i++)
		if (strcasecmp(text, b->names[i]) == 0) {
			*number = b->min + (long)i;
			return NULL;
		}
	return number_fault(text, number);
}

struct range {
	const char *text;
	long start, end, step;
	bool single; /* no hyphen */
};

static char *ends_fault(struct range *r, char *ends, const struct bounds *b)
{
	char *first = strsep(&ends, "-"), *second = ends ? strsep(&ends, "-") : NULL, *fault;

	r->single = !second;
	r->start = b->min;
	r->end = b->max;
	if (strcmp(first, "*") == 0 || strcmp(first, "?") == 0)
		return NULL;
	if ((fault = value_fault(first, b, &r->start)))
		return fault;
	r->end = r->start;
	if (ends)
		return fc_xasprintf("Too many hyphens: %s", r->text);
	return second ? value_fault(second, b, &r->end) : NULL;
}

static char *step_fault(struct range *r, char *step, const struct bounds *b)
{
	char *text = strsep(&step, "/"), *fault;

	r->step = 1;
	if (!text)
		return NULL;
	if (step)
		return fc_xasprintf("Too many slashes: %s", r->text);
	if ((fault = number_fault(text, &r->step)))
		return fault;
	if (r->single)
		r->end = b->max;
	return NULL;
}

static char *range_fault(const char *text, const struct bounds *b)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	char *rest = copy, *ends = strsep(&rest, "/"), *fault;
	struct range r = { .text = text };

	if ((fault = ends_fault(&r, ends, b)) || (fault = step_fault(&r, rest, b)))
		return fault;
	if (r.start < b->min)
		return fc_xasprintf("Beginning of range (%ld) below minimum (%ld): %s", r.start, b->min, text);
	if (r.end > b->max)
		return fc_xasprintf("End of range (%ld) above maximum (%ld): %s", r.end, b->max, text);
	if (r.start > r.end)
		return fc_xasprintf("Beginning of range (%ld) beyond end of range (%ld): %s", r.start, r.end, text);
	return r.step == 0 ? fc_xasprintf("Step of range should be a positive number: %s", text) : NULL;
}

/* Ranges parted by commas; empty ones are overlooked. */
static char *field_fault(char *text, const struct bounds *b)
{
	char *fault = NULL;

	for (char *part; !fault && (part = strsep(&text, ","));)
		if (*part)
			fault = range_fault(part, b);
	return fault;
}

/* Numbers with units, as Go reads a duration; what it says of others. */
static char *duration_fault(const char *text)
{
	static const char *const units[] = { "ns", "us", "\xC2\xB5s", "\xCE\xBCs", "ms", "s", "m", "h", NULL };
	const char *duration = text + strlen("@every "), *at = duration + (*duration == '-' || *duration == '+');
	FC_AUTO_FREE char *quote = quoted(duration);

	if (strcmp(at, "0") == 0)
		return NULL;
	do {
		size_t digits = strspn(at, "0123456789"), dot = at[digits] == '.';
		size_t decimals = dot ? strspn(at + digits + 1, "0123456789") : 0;
		size_t letters = strcspn(at + digits + dot + decimals, ".0123456789");
		FC_AUTO_FREE char *unit = fc_xstrndup(at + digits + dot + decimals, letters), *word = quoted(unit);

		if (digits + decimals == 0)
			return fc_xasprintf("Failed to parse duration %s: time: invalid duration %s", text, quote);
		if (!letters)
			return fc_xasprintf("Failed to parse duration %s: time: missing unit in duration %s", text,
					    quote);
		if (!sb_is_one_of(unit, units))
			return fc_xasprintf("Failed to parse duration %s: time: unknown unit %s in duration %s", text,
					    word, quote);
		at += digits + dot + decimals + letters;
	} while (*at);
	return NULL;
}

static char *descriptor_fault(const char *text)
{
	static const char *const known[] = { "@yearly", "@annually", "@monthly", "@weekly",
					     "@daily",	"@midnight", "@hourly",	 NULL };

	if (sb_is_one_of(text, known))
		return NULL;
	if (strncmp(text, "@every ", 7) == 0)
		return duration_fault(text);
	return fc_xasprintf("Unrecognized descriptor: %s", text);
}

static size_t count_words(const char *text)
{
	size_t count = 0;

	for (text += strspn(text, BLANKS); *text; count++) {
		text += strcspn(text, BLANKS);
		text += strspn(text, BLANKS);
	}
	return count;
}

char *sb_cron_schedule_fault(const char *text)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(text);
	char *save = NULL, *word = NULL, *fault = NULL;

	if (*text == '@')
		return descriptor_fault(text);
	if (count_words(text) != FC_ARRAY_LEN(fields))
		return fc_xasprintf("Expected exactly %zu fields, found %zu: %s", FC_ARRAY_LEN(fields),
				    count_words(text), text);
	for (size_t i = 0; !fault && i < FC_ARRAY_LEN(fields); i++) {
		word = strtok_r(i ? NULL : copy, BLANKS, &save);
		fault = field_fault(word, &fields[i]);
	}
	return fault;
}
