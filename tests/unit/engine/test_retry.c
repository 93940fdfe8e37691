/* SPDX-License-Identifier: Apache-2.0 */
/* How long is waited after a failure. */
#include "base/error.h"
#include "base/mem.h"
#include "engine/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define LONGEST_MS (5 * 60 * 1000)
#define SEEDS 200

static int64_t delay_ms(uint64_t seed, unsigned failures, enum fc_error_class cls, int64_t retry_after_ms)
{
	struct fc_random random = { .state = seed };
	struct fc_error error = FC_ERROR_INIT;

	fc_error_set(&error, cls, "it failed");
	error.retry_after_ms = retry_after_ms;
	return retry_delay_ms(&random, failures, &error);
}

/* For every seed between three quarters and the whole, and not the same for all. */
static void assert_delay(unsigned failures, enum fc_error_class cls, int64_t whole_ms)
{
	int64_t least = INT64_MAX, most = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		int64_t d = delay_ms(seed, failures, cls, -1);

		assert_in_range(d, whole_ms - whole_ms / 4, whole_ms);
		least = d < least ? d : least;
		most = d > most ? d : most;
	}
	/* The half of what is left to chance. */
	assert_true(most - least >= whole_ms / 8);
}

static void test_delay_doubles_from_a_fifth_of_a_second_to_five_minutes(void **state)
{
	int64_t whole_ms = 200;

	(void)state;
	for (unsigned failures = 1; failures <= 20; failures++) {
		assert_delay(failures, FC_ERR_SERVER, whole_ms);
		whole_ms = whole_ms * 2 < LONGEST_MS ? whole_ms * 2 : LONGEST_MS;
	}
	assert_int_equal(whole_ms, LONGEST_MS);
}

static void test_number_of_failures_however_large_means_the_longest_delay(void **state)
{
	(void)state;
	assert_delay(1000000, FC_ERR_NETWORK, LONGEST_MS);
	assert_delay(UINT32_MAX, FC_ERR_FORBIDDEN, LONGEST_MS);
}

/* Rights and room come later, and seldom within a second. */
static void test_what_a_person_must_mend_is_tried_after_five_seconds_first(void **state)
{
	static const enum fc_error_class classes[] = { FC_ERR_FORBIDDEN, FC_ERR_UNAUTHORIZED, FC_ERR_QUOTA,
						       FC_ERR_TERMINATING };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(classes); i++) {
		assert_delay(1, classes[i], 5000);
		assert_delay(2, classes[i], 10000);
		assert_delay(20, classes[i], LONGEST_MS);
	}
}

static void test_retry_after_is_obeyed_where_it_is_longer(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		assert_int_equal(delay_ms(seed, 1, FC_ERR_THROTTLED, 7000), 7000);
		assert_in_range(delay_ms(seed, 1, FC_ERR_THROTTLED, 100), 150, 200);
		assert_in_range(delay_ms(seed, 1, FC_ERR_THROTTLED, 0), 150, 200);
	}
	/* Longer than the longest of ours, too. */
	assert_int_equal(delay_ms(1, 20, FC_ERR_THROTTLED, 2 * LONGEST_MS), 2 * LONGEST_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delay_doubles_from_a_fifth_of_a_second_to_five_minutes),
		cmocka_unit_test(test_number_of_failures_however_large_means_the_longest_delay),
		cmocka_unit_test(test_what_a_person_must_mend_is_tried_after_five_seconds_first),
		cmocka_unit_test(test_retry_after_is_obeyed_where_it_is_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
