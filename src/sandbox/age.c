/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/age.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

/* ".000006" as nanoseconds; what follows it. */
static const char *fraction(const char *s, int64_t *ns)
{
	int64_t unit = SECOND / 10;

	*ns = 0;
	if (*s != '.')
		return s;
	for (s++; isdigit((unsigned char)*s); s++) {
		*ns += (*s - '0') * unit;
		unit /= 10;
	}
	return s;
}

static bool offset(const char *s, int64_t *seconds)
{
	int hours, minutes, len = 0;

	*seconds = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return true;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &hours, &minutes, &len) != 2 || s[len + 1])
		return false;
	*seconds = (*s == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

bool sb_time_parse(const char *text, int64_t *out_ns)
{
	struct tm parts = { .tm_isdst = 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t ns, away;

	if (!rest || !offset(fraction(rest, &ns), &away))
		return false;
	*out_ns = ((int64_t)timegm(&parts) - away) * SECOND + ns;
	return true;
}

static void print_two(char out[32], int64_t big, char big_unit, int64_t small, char small_unit)
{
	if (small)
		snprintf(out, 32, "%d%c%d%c", (int)big, big_unit, (int)small, small_unit);
	else
		snprintf(out, 32, "%d%c", (int)big, big_unit);
}

void sb_age_print(int64_t duration_ns, char out[32])
{
	int64_t seconds = duration_ns / SECOND, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

	/* Clocks differ a little. */
	if (seconds < -1)
		snprintf(out, 32, "<invalid>");
	else if (seconds < 0)
		snprintf(out, 32, "0s");
	else if (seconds < 120)
		print_two(out, seconds, 's', 0, 0);
	else if (minutes < 10)
		print_two(out, minutes, 'm', seconds % 60, 's');
	else if (minutes < 180)
		print_two(out, minutes, 'm', 0, 0);
	else if (hours < 8)
		print_two(out, hours, 'h', minutes % 60, 'm');
	else if (hours < 48)
		print_two(out, hours, 'h', 0, 0);
	else if (days < 8)
		print_two(out, days, 'd', hours % 24, 'h');
	else if (days < 730)
		print_two(out, days, 'd', 0, 0);
	else if (days < 8 * 365)
		print_two(out, days / 365, 'y', days % 365, 'd');
	else
		print_two(out, days / 365, 'y', 0, 0);
}
