/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/backoff.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_delays_double_from_the_base_to_the_cap(void **state FC_UNUSED)
{
	static const int64_t steps[] = { 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
	struct fc_backoff b = FC_BACKOFF_INIT(800, 30000);
	struct fc_random r = { 1 };

	for (size_t i = 0; i < FC_ARRAY_LEN(steps); i++) {
		int64_t delay = fc_backoff_next(&b, &r, 1000 + (int64_t)i);
		assert_in_range(delay, steps[i], 2 * steps[i]);
	}
}

static void test_jitter_uses_the_whole_range(void **state FC_UNUSED)
{
	struct fc_random r = { 2 };
	int64_t least = INT64_MAX, most = 0;

	for (int i = 0; i < 2000; i++) {
		struct fc_backoff b = FC_BACKOFF_INIT(1000, 30000);
		int64_t delay = fc_backoff_next(&b, &r, 0);
		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	assert_in_range(least, 1000, 1050);
	assert_in_range(most, 1950, 2000);
}

static void test_two_quiet_minutes_are_a_new_beginning(void **state FC_UNUSED)
{
	struct fc_backoff b = FC_BACKOFF_INIT(800, 30000);
	struct fc_random r = { 3 };

	for (int i = 0; i < 6; i++)
		(void)fc_backoff_next(&b, &r, 0);
	int64_t delay = fc_backoff_next(&b, &r, FC_BACKOFF_RESET_MS);
	assert_in_range(delay, 30000, 60000);
	assert_in_range(fc_backoff_next(&b, &r, 2 * FC_BACKOFF_RESET_MS + delay + 1), 800, 1600);
}

static void test_a_delay_longer_than_two_minutes_does_not_end_its_own_series(void **state FC_UNUSED)
{
	struct fc_backoff b = FC_BACKOFF_INIT(60000, 300000);
	struct fc_random r = { 3 };
	int64_t now_ms = 1000;

	for (int i = 0; i < 5; i++)
		now_ms += fc_backoff_next(&b, &r, now_ms);
	assert_in_range(fc_backoff_next(&b, &r, now_ms), 300000, 600000);
}

static void test_at_cap_goes_there_at_once_and_stays(void **state FC_UNUSED)
{
	struct fc_backoff b = FC_BACKOFF_INIT(800, 30000);
	struct fc_random r = { 4 };

	assert_in_range(fc_backoff_at_cap(&b, &r, 0), 30000, 60000);
	assert_in_range(fc_backoff_next(&b, &r, 1), 30000, 60000);
	fc_backoff_reset(&b);
	assert_in_range(fc_backoff_next(&b, &r, 2), 800, 1600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delays_double_from_the_base_to_the_cap),
		cmocka_unit_test(test_jitter_uses_the_whole_range),
		cmocka_unit_test(test_two_quiet_minutes_are_a_new_beginning),
		cmocka_unit_test(test_a_delay_longer_than_two_minutes_does_not_end_its_own_series),
		cmocka_unit_test(test_at_cap_goes_there_at_once_and_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
