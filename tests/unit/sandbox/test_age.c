/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/age.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static void test_ages_are_shortened_in_steps(void **state FC_UNUSED)
{
	static const struct {
		int64_t duration;
		const char *shown;
	} rows[] = {
		{ 0, "0s" },
		{ 119 * SECOND, "119s" },
		{ 120 * SECOND, "2m" },
		{ 200 * SECOND, "3m20s" },
		{ 511 * SECOND, "8m31s" },
		{ 600 * SECOND, "10m" },
		{ 107 * 60 * SECOND, "107m" },
		{ 3 * HOUR, "3h" },
		{ 3 * HOUR + 300 * SECOND, "3h5m" },
		{ 8 * HOUR, "8h" },
		{ 47 * HOUR, "47h" },
		{ 48 * HOUR, "2d" },
		{ 49 * HOUR, "2d1h" },
		{ 8 * DAY, "8d" },
		{ 325 * DAY, "325d" },
		{ 730 * DAY, "2y" },
		{ 731 * DAY, "2y1d" },
		{ 9 * 365 * DAY, "9y" },
		{ -SECOND, "0s" },
		{ -2 * SECOND, "<invalid>" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		char out[32];

		sb_age_print(rows[i].duration, out);
		assert_string_equal(out, rows[i].shown);
	}
}

static void test_times_are_read_with_fractions_and_offsets(void **state FC_UNUSED)
{
	int64_t ns;

	assert_true(sb_time_parse("2026-01-02T03:04:05Z", &ns));
	assert_int_equal(ns, INT64_C(1767323045) * SECOND);
	assert_true(sb_time_parse("2026-01-02T03:04:05.000006Z", &ns));
	assert_int_equal(ns, INT64_C(1767323045) * SECOND + 6000);
	assert_true(sb_time_parse("2026-01-02T05:04:05+02:00", &ns));
	assert_int_equal(ns, INT64_C(1767323045) * SECOND);
}

static void test_what_is_no_time_is_told(void **state FC_UNUSED)
{
	static const char *const words[] = {
		"", "str", "2026-01-02", "2026-01-02T03:04:05", "2026-01-02T03:04:05Zx", "2026-01-02T03:04:05+2"
	};
	int64_t ns;

	for (size_t i = 0; i < FC_ARRAY_LEN(words); i++)
		assert_false(sb_time_parse(words[i], &ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ages_are_shortened_in_steps),
		cmocka_unit_test(test_times_are_read_with_fractions_and_offsets),
		cmocka_unit_test(test_what_is_no_time_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
