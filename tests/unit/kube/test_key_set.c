/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/key_set.h"

#include "base/mem.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#define KEYS 2000

static const char *name_of(size_t n, char out[32])
{
	snprintf(out, 32, "name-%zu", n);
	return out;
}

static void test_a_key_is_namespace_and_name(void **state FC_UNUSED)
{
	struct fc_key_set s;

	fc_key_set_init(&s, 7);
	assert_false(fc_key_set_has(&s, "a", "b"));
	fc_key_set_add(&s, "a", "b");
	fc_key_set_add(&s, "a", "b");
	assert_int_equal(s.count, 1);
	assert_true(fc_key_set_has(&s, "a", "b"));
	assert_false(fc_key_set_has(&s, "ab", ""));
	assert_false(fc_key_set_has(&s, NULL, "b"));
	fc_key_set_add(&s, NULL, "b");
	assert_true(fc_key_set_has(&s, "", "b"));
	assert_true(fc_key_set_remove(&s, "", "b"));
	assert_false(fc_key_set_remove(&s, "", "b"));
	fc_key_set_fini(&s);
}

static void test_removing_in_any_order_loses_no_other(void **state FC_UNUSED)
{
	struct fc_key_set s;
	struct fc_random r = { 5 };
	bool model[KEYS] = { false };
	size_t count = 0;
	char name[32];

	fc_key_set_init(&s, fc_random_next(&r));
	for (int step = 0; step < 40000; step++) {
		size_t n = (size_t)fc_random_between(&r, 0, KEYS - 1);
		if (fc_random_next(&r) & 1) {
			fc_key_set_add(&s, "ns", name_of(n, name));
			count += !model[n];
			model[n] = true;
		} else {
			assert_int_equal(fc_key_set_remove(&s, "ns", name_of(n, name)), model[n]);
			count -= model[n];
			model[n] = false;
		}
		assert_int_equal(s.count, count);
	}
	for (size_t n = 0; n < KEYS; n++)
		assert_int_equal(fc_key_set_has(&s, "ns", name_of(n, name)), model[n]);
	fc_key_set_fini(&s);
}

static void test_merge_keeps_both_and_replace_keeps_one(void **state FC_UNUSED)
{
	struct fc_key_set a, b;

	fc_key_set_init(&a, 9);
	fc_key_set_init(&b, 9);
	fc_key_set_add(&a, "n", "old");
	fc_key_set_add(&b, "n", "new");
	fc_key_set_merge(&a, &b);
	assert_true(fc_key_set_has(&a, "n", "old") && fc_key_set_has(&a, "n", "new"));
	assert_int_equal(b.count, 0);

	fc_key_set_add(&b, "n", "newest");
	fc_key_set_replace(&a, &b);
	assert_int_equal(a.count, 1);
	assert_true(fc_key_set_has(&a, "n", "newest"));
	assert_false(fc_key_set_has(&b, "n", "newest"));
	fc_key_set_fini(&a);
	fc_key_set_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_is_namespace_and_name),
		cmocka_unit_test(test_removing_in_any_order_loses_no_other),
		cmocka_unit_test(test_merge_keeps_both_and_replace_keeps_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
