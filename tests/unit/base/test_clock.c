/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void check(int64_t wall_ms, const char *expected)
{
	char out[FC_RFC3339_BYTES];

	fc_time_rfc3339(wall_ms, out);
	assert_string_equal(out, expected);
}

static void test_clock_times_are_written_as_rfc3339(void **state FC_UNUSED)
{
	check(0, "1970-01-01T00:00:00.000Z");
	check(1769860800123, "2026-01-31T12:00:00.123Z");
	check(1709164799999, "2024-02-28T23:59:59.999Z");
	check(1709164800000, "2024-02-29T00:00:00.000Z");
}

static void test_clock_times_before_1970_round_down(void **state FC_UNUSED)
{
	check(-1, "1969-12-31T23:59:59.999Z");
	check(-1000, "1969-12-31T23:59:59.000Z");
}

static void test_clock_any_time_fits(void **state FC_UNUSED)
{
	char out[FC_RFC3339_BYTES];

	fc_time_rfc3339(INT64_MAX, out);
	assert_non_null(memchr(out, 'Z', sizeof(out)));
	fc_time_rfc3339(INT64_MIN, out);
	assert_non_null(memchr(out, 'Z', sizeof(out)));
}

static void test_clock_monotonic_never_goes_back(void **state FC_UNUSED)
{
	int64_t last_us = fc_clock_mono_us();

	assert_true(last_us > 0);
	for (int i = 0; i < 1000; i++) {
		int64_t now_us = fc_clock_mono_us();
		assert_true(now_us >= last_us);
		last_us = now_us;
	}
	int64_t now_ms = fc_clock_mono_ms();
	assert_true(now_ms >= last_us / 1000);
	assert_true(now_ms <= fc_clock_mono_us() / 1000);
}

static void test_clock_micro_times_have_six_digits(void **state FC_UNUSED)
{
	char out[FC_RFC3339_BYTES];

	fc_time_rfc3339_micro(1769860800123, out);
	assert_string_equal(out, "2026-01-31T12:00:00.123000Z");
	fc_time_rfc3339_micro(1769860800000, out);
	assert_string_equal(out, "2026-01-31T12:00:00.000000Z");
}

static void test_clock_of_the_machine_is_never_behind_that_of_the_delays(void **state FC_UNUSED)
{
	int64_t mono_ms = fc_clock_mono_ms();

	assert_true(fc_clock_boot_ms() >= mono_ms);
}

static void test_clock_wall_is_after_this_was_written(void **state FC_UNUSED)
{
	assert_true(fc_clock_wall_ms() > INT64_C(1735689600000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_times_are_written_as_rfc3339),
		cmocka_unit_test(test_clock_times_before_1970_round_down),
		cmocka_unit_test(test_clock_any_time_fits),
		cmocka_unit_test(test_clock_monotonic_never_goes_back),
		cmocka_unit_test(test_clock_micro_times_have_six_digits),
		cmocka_unit_test(test_clock_of_the_machine_is_never_behind_that_of_the_delays),
		cmocka_unit_test(test_clock_wall_is_after_this_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
