/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t now_us(clockid_t clock)
{
	struct timespec t;

	/* Cannot fail: both clocks exist on every Linux and `t` is ours. */
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t fc_clock_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t fc_clock_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t fc_clock_wall_ms(void)
{
	return now_us(CLOCK_REALTIME) / 1000;
}

int64_t fc_clock_boot_ms(void)
{
	return now_us(CLOCK_BOOTTIME) / 1000;
}

void fc_time_rfc3339(int64_t wall_ms, char out[FC_RFC3339_BYTES])
{
	int64_t ms = wall_ms % 1000;
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };

	/* Division rounds towards zero; before 1970 the fraction still counts upwards. */
	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	size_t len = strftime(out, FC_RFC3339_BYTES, "%FT%T", &tm);
	snprintf(out + len, FC_RFC3339_BYTES - len, ".%03uZ", (unsigned)ms % 1000);
}

void fc_time_rfc3339_seconds(int64_t wall_ms, char out[FC_RFC3339_BYTES])
{
	fc_time_rfc3339(wall_ms, out);
	memcpy(strchr(out, '.'), "Z", sizeof("Z"));
}

void fc_time_rfc3339_micro(int64_t wall_ms, char out[FC_RFC3339_BYTES])
{
	fc_time_rfc3339(wall_ms, out);
	size_t len = strlen(out) - 1;
	snprintf(out + len, FC_RFC3339_BYTES - len, "000Z");
}
