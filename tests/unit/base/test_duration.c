/* SPDX-License-Identifier: Apache-2.0 */
#include "base/duration.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_duration_as_go_writes_them(void **state FC_UNUSED)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },
		{ "+0", 0 },
		{ "-0", 0 },
		{ "0s", 0 },
		{ "-0s", 0 },
		{ "30m", 1800000 },
		{ "1h30m", 5400000 },
		{ "200ms", 200 },
		{ "1.5s", 1500 },
		{ "+5s", 5000 },
		{ "1m0.5s", 60500 },
		{ "3000us", 3 },
		{ "3000\u00B5s", 3 },
		{ "3000\u03BCs", 3 },
		{ "5000000ns", 5 },
		{ ".5s", 500 },
		{ "1.s", 1000 },
		{ "1h1m1s1ms", 3661001 },
		{ "100h", 360000000 },
		{ "0.3333333333333333333h", 1200000 },
		{ "0.100000000000000000000h", 360000 },
		{ "1s1s", 2000 },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		int64_t ms = -7;
		if (fc_duration_parse(rows[i].text, &ms, &err) < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_int_equal(ms, rows[i].ms);
	}
}

static void test_duration_what_go_refuses_is_refused_with_examples(void **state FC_UNUSED)
{
	static const char *const bad[] = { "",
					   "3",
					   "-",
					   "s",
					   ".",
					   "-.",
					   ".s",
					   "+.s",
					   "5 s",
					   "5min",
					   "x",
					   "1d",
					   "5s ",
					   " 5s",
					   "++5s",
					   "1.2.3s",
					   "1S",
					   "5m3",
					   "0x5s",
					   "1e3s",
					   "9223372036854775808ns",
					   "99999999999999999999s",
					   "3000000h" };

	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++) {
		struct fc_error err = FC_ERROR_INIT;
		int64_t ms = -7;
		if (fc_duration_parse(bad[i], &ms, &err) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(err.cls, FC_ERR_USAGE);
		assert_non_null(strstr(err.text, "1h30m"));
		assert_int_equal(ms, -7);
	}
}

static void test_duration_negative_is_refused(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	int64_t ms;

	assert_int_equal(fc_duration_parse("-5s", &ms, &err), -1);
	assert_non_null(strstr(err.text, "negative"));
}

static void test_duration_below_a_millisecond_does_not_become_zero(void **state FC_UNUSED)
{
	int64_t ms;

	assert_int_equal(fc_duration_parse("1ns", &ms, NULL), 0);
	assert_int_equal(ms, 1);
	assert_int_equal(fc_duration_parse("1500us", &ms, NULL), 0);
	assert_int_equal(ms, 2);
}

static void test_duration_longest_span_is_taken(void **state FC_UNUSED)
{
	int64_t ms;

	assert_int_equal(fc_duration_parse("9223372036854775807ns", &ms, NULL), 0);
	assert_int_equal(ms, 9223372036855);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duration_as_go_writes_them),
		cmocka_unit_test(test_duration_what_go_refuses_is_refused_with_examples),
		cmocka_unit_test(test_duration_negative_is_refused),
		cmocka_unit_test(test_duration_below_a_millisecond_does_not_become_zero),
		cmocka_unit_test(test_duration_longest_span_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
