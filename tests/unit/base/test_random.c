/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_random_is_splitmix64(void **state FC_UNUSED)
{
	/* The published first numbers for the seed 1234567. */
	static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
					     4593380528125082431u, 16408922859458223821u };
	struct fc_random r = { .state = 1234567 };

	for (size_t i = 0; i < FC_ARRAY_LEN(expected); i++)
		assert_true(fc_random_next(&r) == expected[i]);
}

static void test_random_same_seed_gives_same_numbers(void **state FC_UNUSED)
{
	struct fc_random a = { .state = 7 }, b = { .state = 7 }, c = { .state = 8 };
	int differing = 0;

	for (int i = 0; i < 100; i++) {
		int64_t x = fc_random_between(&a, 0, 1000000);
		assert_int_equal(x, fc_random_between(&b, 0, 1000000));
		differing += x != fc_random_between(&c, 0, 1000000);
	}
	assert_true(differing > 90);
}

static void test_random_between_reaches_both_ends_and_nothing_beyond(void **state FC_UNUSED)
{
	struct fc_random r = { .state = 1 };
	int seen[7] = { 0 };

	for (int i = 0; i < 7000; i++) {
		int64_t x = fc_random_between(&r, -3, 3);
		assert_in_range(x + 3, 0, 6);
		seen[x + 3]++;
	}
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 850, 1150);
}

static void test_random_between_of_one_value_is_that_value(void **state FC_UNUSED)
{
	struct fc_random r = { .state = 1 };

	assert_int_equal(fc_random_between(&r, 5, 5), 5);
	assert_true(fc_random_between(&r, INT64_MIN, INT64_MIN) == INT64_MIN);
}

static void test_random_between_takes_the_whole_range(void **state FC_UNUSED)
{
	struct fc_random r = { .state = 1 };
	int negative = 0;

	for (int i = 0; i < 1000; i++)
		negative += fc_random_between(&r, INT64_MIN, INT64_MAX) < 0;
	assert_in_range(negative, 400, 600);
	for (int i = 0; i < 1000; i++)
		assert_true(fc_random_between(&r, -1, INT64_MAX) >= -1);
}

static void test_random_between_prefers_no_part_of_a_range(void **state FC_UNUSED)
{
	/* Of three quarters of all numbers, a bare remainder would hit the first third twice as often as the others. */
	const int64_t quarter = INT64_C(1) << 62;
	struct fc_random r = { .state = 1 };
	int first_third = 0;

	for (int i = 0; i < 3000; i++)
		first_third += fc_random_between(&r, INT64_MIN, quarter - 1) < INT64_MIN + quarter;
	assert_in_range(first_third, 900, 1100);
}

static void test_random_seeds_differ(void **state FC_UNUSED)
{
	assert_true(fc_random_seed() != fc_random_seed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_is_splitmix64),
		cmocka_unit_test(test_random_same_seed_gives_same_numbers),
		cmocka_unit_test(test_random_between_reaches_both_ends_and_nothing_beyond),
		cmocka_unit_test(test_random_between_of_one_value_is_that_value),
		cmocka_unit_test(test_random_between_takes_the_whole_range),
		cmocka_unit_test(test_random_between_prefers_no_part_of_a_range),
		cmocka_unit_test(test_random_seeds_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
