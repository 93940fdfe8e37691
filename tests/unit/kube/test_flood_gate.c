/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/flood_gate.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TOKEN_MS 300000

static struct fc_digest object(unsigned n)
{
	return fc_digest_bytes(&n, sizeof(n));
}

static unsigned passes(struct fc_flood_gate *g, unsigned n, unsigned tries, int64_t now_ms)
{
	struct fc_digest o = object(n);
	unsigned passed = 0;

	for (unsigned i = 0; i < tries; i++)
		passed += fc_flood_gate_passes(g, &o, now_ms);
	return passed;
}

static void test_gate_lets_a_burst_through_and_then_one_for_each_token(void **state FC_UNUSED)
{
	struct fc_flood_gate g = { 0 };

	/* 10.4: 25, one every 300 s. */
	assert_int_equal(passes(&g, 1, 100, 1000), 25);
	assert_int_equal(passes(&g, 1, 100, 1000 + TOKEN_MS - 1), 0);
	assert_int_equal(passes(&g, 1, 100, 1000 + TOKEN_MS), 1);
	assert_int_equal(passes(&g, 1, 100, 1000 + 4 * TOKEN_MS), 3);
	/* Never more than a burst. */
	assert_int_equal(passes(&g, 1, 100, 1000 + 100 * TOKEN_MS), 25);
	fc_flood_gate_fini(&g);
}

static void test_gate_has_a_bucket_for_each_object(void **state FC_UNUSED)
{
	struct fc_flood_gate g = { 0 };

	assert_int_equal(passes(&g, 1, 100, 1000), 25);
	assert_int_equal(passes(&g, 2, 100, 1000), 25);
	fc_flood_gate_fini(&g);
}

static void test_gate_forgets_buckets_that_are_full_again(void **state FC_UNUSED)
{
	struct fc_flood_gate g = { 0 };

	passes(&g, 1, 1, 1000);
	passes(&g, 2, 2, 1000);
	assert_int_equal(fc_flood_gate_sweep(&g, 1000 + TOKEN_MS - 1), 2);
	assert_int_equal(fc_flood_gate_sweep(&g, 1000 + TOKEN_MS), 1);
	assert_int_equal(passes(&g, 2, 100, 1000 + TOKEN_MS), 24);
	assert_int_equal(fc_flood_gate_sweep(&g, 1000 + 1000 * (int64_t)TOKEN_MS), 0);
	assert_null(g.entries);
}

static void test_gate_remembers_a_bounded_number_of_objects(void **state FC_UNUSED)
{
	struct fc_flood_gate g = { 0 };

	for (unsigned n = 0; n < 5000; n++) {
		assert_int_equal(passes(&g, n, 1, 1000), 1);
		/* Told of again and again, it stays. */
		if (n % 1000 == 0)
			assert_int_equal(passes(&g, 0, 1, 1000), 1);
	}
	assert_int_equal(fc_flood_gate_sweep(&g, 1000), 4096);
	assert_int_equal(passes(&g, 1, 100, 1000), 25);
	assert_int_equal(passes(&g, 0, 100, 1000), 25 - 6);
	fc_flood_gate_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gate_lets_a_burst_through_and_then_one_for_each_token),
		cmocka_unit_test(test_gate_has_a_bucket_for_each_object),
		cmocka_unit_test(test_gate_forgets_buckets_that_are_full_again),
		cmocka_unit_test(test_gate_remembers_a_bounded_number_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
