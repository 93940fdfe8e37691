/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_login.h"

#include "unit/kube/fixture.h"

#define LOGIN ((struct fc_exec_login){ .first_pause_ms = 1000, .last_pause_ms = 30000 })

static void succeed(struct fc_exec_login *l, int64_t now_ms, int64_t wall_ms, int64_t expires_ms)
{
	struct fc_exec_credential c = { .token = fc_xstrdup("t"), .expires_ms = expires_ms };

	fc_exec_login_succeeded(l, &c, now_ms, wall_ms);
	assert_null(c.token);
}

static void miss(struct fc_exec_login *l, int64_t now_ms)
{
	struct fc_error why = FC_ERROR_INIT;

	fc_error_set(&why, FC_ERR_UNAUTHORIZED, "why");
	fc_exec_login_failed(l, &why, now_ms);
}

/* kube-client 1.32: until the moment itself; a new one is asked for 10 s earlier, so that no request waits. */
static void test_exec_login_serves_until_its_end_and_is_renewed_before(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	succeed(&l, 0, 1000000, 1600000);
	assert_true(fc_exec_result_is_fresh(l.current, 1590000));
	assert_false(fc_exec_result_is_fresh(l.current, 1590001));
	assert_true(fc_exec_result_is_usable(l.current, 1600000));
	assert_false(fc_exec_result_is_usable(l.current, 1600001));
	fc_exec_login_fini(&l);
}

static void test_exec_login_short_life_is_fresh_for_half_of_it(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	succeed(&l, 0, 1000000, 1004000);
	assert_true(fc_exec_result_is_fresh(l.current, 1002000));
	assert_false(fc_exec_result_is_fresh(l.current, 1002001));
	assert_true(fc_exec_result_is_usable(l.current, 1004000));
	fc_exec_login_fini(&l);
}

/* Clocks that differ: not a run for each request. */
static void test_exec_login_that_has_passed_when_it_comes_is_used_for_a_moment(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	succeed(&l, 0, 1000000, 900000);
	assert_true(fc_exec_result_is_usable(l.current, 1000000));
	assert_true(fc_exec_result_is_usable(l.current, 1005000));
	assert_false(fc_exec_result_is_usable(l.current, 1005001));
	fc_exec_login_fini(&l);
}

/* Neither when the end is just ahead: it would be over before anybody could use it, and the plug-in run without end. */
static void test_exec_login_that_is_about_to_end_when_it_comes_is_used_for_a_moment(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	succeed(&l, 0, 1000000, 1000001);
	assert_true(fc_exec_result_is_fresh(l.current, 1001000));
	assert_true(fc_exec_result_is_usable(l.current, 1005000));
	assert_false(fc_exec_result_is_usable(l.current, 1005001));
	fc_exec_login_fini(&l);
}

/* 1.32: no timestamp: kept until a 401. */
static void test_exec_login_without_an_end_has_none(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	succeed(&l, 0, 1000000, 0);
	assert_true(fc_exec_result_is_fresh(l.current, INT64_MAX));
	fc_exec_login_fini(&l);
}

static void test_exec_login_failures_wait_longer_and_longer(void **state FC_UNUSED)
{
	static const int64_t pauses[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };
	struct fc_exec_login l = LOGIN;

	for (size_t i = 0; i < FC_ARRAY_LEN(pauses); i++) {
		miss(&l, 500);
		assert_int_equal(l.not_before_ms, 500 + pauses[i]);
	}
	assert_string_equal(l.error.text, "why");
	succeed(&l, 500, 1000000, 0);
	assert_int_equal(l.not_before_ms, 0);
	miss(&l, 500);
	assert_int_equal(l.not_before_ms, 1500);
	fc_exec_login_fini(&l);
}

/* 1.33: the first 401 to a result sets a run off at once, further ones to the same nothing; results that are refused as
 * soon as they come make the runs rarer. */
static void test_exec_login_refusals_of_young_credentials_wait_longer(void **state FC_UNUSED)
{
	static const int64_t pauses[] = { 0, 1000, 2000, 4000 };
	struct fc_exec_login l = LOGIN;

	for (size_t i = 0; i < FC_ARRAY_LEN(pauses); i++) {
		succeed(&l, 100000, 1000000, 0);
		fc_exec_login_refused(&l, l.current, 100500);
		fc_exec_login_refused(&l, l.current, 109000);
		assert_int_equal(l.not_before_ms, pauses[i] ? 100500 + pauses[i] : 0);
	}
	/* One that was good for a while is another matter. */
	succeed(&l, 200000, 1000000, 0);
	fc_exec_login_refused(&l, l.current, 230000);
	assert_int_equal(l.not_before_ms, 0);
	fc_exec_login_fini(&l);
}

static void test_exec_login_old_result_refused_late_counts_for_nothing(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	succeed(&l, 0, 1000000, 0);
	struct fc_exec_result *old = fc_exec_result_hold(l.current);
	fc_exec_login_refused(&l, old, 100);
	succeed(&l, 200, 1000000, 0);
	fc_exec_login_refused(&l, old, 300);
	assert_int_equal(l.refusals, 1);
	assert_string_equal(old->value.token, "t"); /* as long as somebody holds it */
	fc_exec_result_drop(old);
	fc_exec_login_fini(&l);
}

/* 1.35 */
static void test_exec_login_hint_is_shown_ten_times_in_an_hour(void **state FC_UNUSED)
{
	struct fc_exec_login l = LOGIN;

	for (int i = 0; i < 10; i++)
		assert_true(fc_exec_login_may_hint(&l, i * 1000));
	assert_false(fc_exec_login_may_hint(&l, 3599999));
	assert_true(fc_exec_login_may_hint(&l, 3600000));
	fc_exec_login_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exec_login_serves_until_its_end_and_is_renewed_before),
		cmocka_unit_test(test_exec_login_short_life_is_fresh_for_half_of_it),
		cmocka_unit_test(test_exec_login_that_has_passed_when_it_comes_is_used_for_a_moment),
		cmocka_unit_test(test_exec_login_that_is_about_to_end_when_it_comes_is_used_for_a_moment),
		cmocka_unit_test(test_exec_login_without_an_end_has_none),
		cmocka_unit_test(test_exec_login_failures_wait_longer_and_longer),
		cmocka_unit_test(test_exec_login_refusals_of_young_credentials_wait_longer),
		cmocka_unit_test(test_exec_login_old_result_refused_late_counts_for_nothing),
		cmocka_unit_test(test_exec_login_hint_is_shown_ten_times_in_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
