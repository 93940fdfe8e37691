/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/timestamp.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

/* So many digits, which are passed over; -1 where there is something else. */
static int take_number(const char **at, int digits)
{
	int value = 0;

	for (int i = 0; i < digits; i++, ++*at) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool take(const char **at, const char *any_of)
{
	if (!**at || !strchr(any_of, **at))
		return false;
	++*at;
	return true;
}

/* "2026-01-31T12:00:00"; whether the month has that day is asked afterwards. */
static bool take_moment(const char **at, struct tm *tm)
{
	tm->tm_year = take_number(at, 4) - 1900;
	if (tm->tm_year < -1900 || !take(at, "-"))
		return false;
	tm->tm_mon = take_number(at, 2) - 1;
	if (tm->tm_mon < 0 || tm->tm_mon > 11 || !take(at, "-"))
		return false;
	tm->tm_mday = take_number(at, 2);
	if (tm->tm_mday < 1 || tm->tm_mday > 31 || !take(at, "Tt"))
		return false;
	tm->tm_hour = take_number(at, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || !take(at, ":"))
		return false;
	tm->tm_min = take_number(at, 2);
	if (tm->tm_min < 0 || tm->tm_min > 59 || !take(at, ":"))
		return false;
	tm->tm_sec = take_number(at, 2);
	return tm->tm_sec >= 0 && tm->tm_sec <= 60; /* a leap second counts as the one after it */
}

static bool take_fraction(const char **at, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (!take(at, ".,"))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; ++*at, scale /= 10)
		*ms += (**at - '0') * scale;
	return true;
}

static bool take_offset(const char **at, int *minutes)
{
	int sign = **at == '-' ? -1 : 1;

	*minutes = 0;
	if (take(at, "Zz"))
		return true;
	if (!take(at, "+-"))
		return false;
	int hours = take_number(at, 2);
	if (hours < 0 || hours > 23 || !take(at, ":"))
		return false;
	int rest = take_number(at, 2);
	*minutes = sign * (hours * 60 + rest);
	return rest >= 0 && rest <= 59;
}

int fc_timestamp_parse(const char *text, int64_t *wall_ms, struct fc_error *err)
{
	struct tm tm = { 0 };
	int ms, offset_minutes;
	const char *at = text;

	if (!take_moment(&at, &tm) || !take_fraction(&at, &ms) || !take_offset(&at, &offset_minutes) || *at)
		return fc_error_set(err, FC_ERR_PROTOCOL, "is no time as in 2026-01-31T12:00:00Z");
	/* timegm makes the 1st of March of the 29th of February where there is none. */
	struct tm day = { .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday };
	timegm(&day);
	if (day.tm_mday != tm.tm_mday)
		return fc_error_set(err, FC_ERR_PROTOCOL, "names a day that the month does not have");
	int64_t seconds = timegm(&tm);
	*wall_ms = (seconds - (int64_t)offset_minutes * 60) * 1000 + ms;
	return 0;
}
