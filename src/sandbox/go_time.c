/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/go_time.h"

#include "base/mem.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* A text that is read from left to right by a layout. */
struct reader {
	const char *text, *at;
	const char *layout;
	struct fc_error *err;
};

static int cannot(const struct reader *r, const char *element)
{
	return fc_error_set(r->err, FC_ERR_INVALID, "parsing time \"%s\" as \"%s\": cannot parse \"%s\" as \"%s\"",
			    r->text, r->layout, r->at, element);
}

static int out_of_range(const struct reader *r, const char *what)
{
	return fc_error_set(r->err, FC_ERR_INVALID, "parsing time \"%s\": %s out of range", r->text, what);
}

static bool are_digits(const char *text, size_t count)
{
	return strspn(text, "0123456789") >= count;
}

/* `count` digits; the hour may have one. */
static int number(struct reader *r, size_t count, const char *element, int *out)
{
	if (element[0] == '1' && are_digits(r->at, 1) && !are_digits(r->at, 2))
		count = 1;
	if (!are_digits(r->at, count))
		return cannot(r, element);
	for (*out = 0; count; count--)
		*out = *out * 10 + (*r->at++ - '0');
	return 0;
}

static int literal(struct reader *r, char c)
{
	if (*r->at != c)
		return cannot(r, (char[]){ c, '\0' });
	r->at++;
	return 0;
}

static int date(struct reader *r, struct tm *t)
{
	if (number(r, 4, "2006", &t->tm_year) < 0 || literal(r, '-') < 0 || number(r, 2, "01", &t->tm_mon) < 0)
		return -1;
	if (t->tm_mon < 1 || t->tm_mon > 12)
		return out_of_range(r, "month");
	if (literal(r, '-') < 0)
		return -1;
	return number(r, 2, "02", &t->tm_mday);
}

static int clock_time(struct reader *r, struct tm *t)
{
	if (literal(r, 'T') < 0 || number(r, 2, "15", &t->tm_hour) < 0)
		return -1;
	if (t->tm_hour > 23)
		return out_of_range(r, "hour");
	if (literal(r, ':') < 0 || number(r, 2, "04", &t->tm_min) < 0)
		return -1;
	if (t->tm_min > 59)
		return out_of_range(r, "minute");
	if (literal(r, ':') < 0 || number(r, 2, "05", &t->tm_sec) < 0)
		return -1;
	return t->tm_sec > 59 ? out_of_range(r, "second") : 0;
}

/* A fraction of seconds: any where the layout has none, or exactly six digits. */
static int fraction(struct reader *r, bool micro, int *microseconds)
{
	*microseconds = 0;
	if (!micro) {
		if (*r->at == '.' && are_digits(r->at + 1, 1))
			r->at += 1 + strspn(r->at + 1, "0123456789");
		return 0;
	}
	if (*r->at != '.' || !are_digits(r->at + 1, 6))
		return cannot(r, ".000000");
	r->at++;
	return number(r, 6, ".000000", microseconds);
}

static int zone(struct reader *r, long *seconds)
{
	const char *z = r->at;

	*seconds = 0;
	if (*z == 'Z') {
		r->at++;
		return 0;
	}
	if ((*z != '+' && *z != '-') || !are_digits(z + 1, 2) || z[3] != ':' || !are_digits(z + 4, 2))
		return cannot(r, "Z07:00");
	*seconds = ((z[1] - '0') * 10 + z[2] - '0') * 3600L + ((z[4] - '0') * 10 + z[5] - '0') * 60L;
	if (*z == '-')
		*seconds = -*seconds;
	r->at += 6;
	return 0;
}

static int days_in(int month, int year)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static int parse(struct reader *r, bool micro, time_t *seconds, int *microseconds)
{
	struct tm tm = { .tm_sec = 0 }, *t = &tm;
	long offset;

	if (date(r, t) < 0 || clock_time(r, t) < 0 || fraction(r, micro, microseconds) < 0 || zone(r, &offset) < 0)
		return -1;
	if (*r->at)
		return fc_error_set(r->err, FC_ERR_INVALID, "parsing time \"%s\": extra text: \"%s\"", r->text, r->at);
	if (t->tm_mday < 1 || t->tm_mday > days_in(t->tm_mon, t->tm_year))
		return out_of_range(r, "day");
	t->tm_year -= 1900;
	t->tm_mon -= 1;
	*seconds = timegm(t) - offset;
	return 0;
}

char *sb_go_time_print(int64_t seconds, int microseconds, bool micro)
{
	time_t moment = (time_t)seconds;
	struct tm t = { .tm_sec = 0 };

	gmtime_r(&moment, &t);
	FC_AUTO_FREE char *second = fc_xasprintf("%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1,
						 t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
	return micro ? fc_xasprintf("%s.%06dZ", second, microseconds) : fc_xasprintf("%sZ", second);
}

char *sb_go_time_canonical(const char *text, bool micro, struct fc_error *err)
{
	struct reader r = {
		.text = text,
		.at = text,
		.layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00",
		.err = err,
	};
	int microseconds;
	time_t seconds = 0;

	if (parse(&r, micro, &seconds, &microseconds) < 0)
		return NULL;
	return sb_go_time_print(seconds, microseconds, micro);
}
