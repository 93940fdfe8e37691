/* SPDX-License-Identifier: Apache-2.0 */
/* How long is waited after a failure. */
#include "base/error.h"
#include "base/mem.h"
#include "engine/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define FIRST_MS 200
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

/* For every seed from that on, up to a quarter more, and not the same for all. */
static void assert_delay(unsigned failures, enum fc_error_class cls, int64_t least_ms)
{
	int64_t least = INT64_MAX, most = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		int64_t d = delay_ms(seed, failures, cls, -1);

		assert_in_range(d, least_ms, least_ms + least_ms / 4);
		assert_in_range(d, FIRST_MS, LONGEST_MS);
		least = d < least ? d : least;
		most = d > most ? d : most;
	}
	/* The half of what is left to chance. */
	assert_true(most - least >= least_ms / 8);
}

/* Promise 6: from 200 ms to 5 min, with jitter. */
static void test_delay_doubles_from_a_fifth_of_a_second_to_five_minutes(void **state)
{
	int64_t least_ms = FIRST_MS;

	(void)state;
	for (unsigned failures = 1; failures <= 20; failures++) {
		assert_delay(failures, FC_ERR_SERVER, least_ms);
		least_ms = least_ms * 2 < LONGEST_MS * 4 / 5 ? least_ms * 2 : LONGEST_MS * 4 / 5;
	}
	assert_int_equal(least_ms + least_ms / 4, LONGEST_MS);
}

static void test_number_of_failures_however_large_means_the_longest_delay(void **state)
{
	(void)state;
	assert_delay(1000000, FC_ERR_NETWORK, LONGEST_MS * 4 / 5);
	assert_delay(UINT32_MAX, FC_ERR_FORBIDDEN, LONGEST_MS * 4 / 5);
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
		assert_delay(20, classes[i], LONGEST_MS * 4 / 5);
	}
}

static void test_retry_after_is_obeyed_where_it_is_longer(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		assert_int_equal(delay_ms(seed, 1, FC_ERR_THROTTLED, 7000), 7000);
		assert_in_range(delay_ms(seed, 1, FC_ERR_THROTTLED, 100), 200, 250);
		assert_in_range(delay_ms(seed, 1, FC_ERR_THROTTLED, 0), 200, 250);
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
