/* SPDX-License-Identifier: Apache-2.0 */
#include "model/namespace_pattern_pool.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct fc_namespace_pattern *take(struct fc_namespace_pool *pool, const char *text)
{
	struct fc_error error = FC_ERROR_INIT;
	struct fc_namespace_pattern *p = fc_namespace_pool_parse(pool, text, strlen(text), &error);

	if (!p)
		fail_msg("%s: %s", text, error.text);
	return p;
}

static void test_pool_gives_one_expression_for_one_text(void **state)
{
	struct fc_namespace_pool *pool = fc_namespace_pool_new();
	struct fc_namespace_pattern *a = take(pool, "team-.*"), *b = take(pool, "team-.*"), *c = take(pool, "team-.+");

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_int_equal(fc_namespace_pool_compiled(pool), 2);
	assert_true(fc_namespace_pattern_matches(a, "team-", NULL));
	assert_false(fc_namespace_pattern_matches(c, "team-", NULL));
	fc_namespace_pattern_unref(a);
	fc_namespace_pattern_unref(b);
	fc_namespace_pattern_unref(c);
	fc_namespace_pool_free(pool);
}

static void test_pool_reads_no_further_than_the_entry(void **state)
{
	struct fc_namespace_pool *pool = fc_namespace_pool_new();
	struct fc_namespace_pattern *a = fc_namespace_pool_parse(pool, "a+,b", 2, NULL), *b = take(pool, "a+");

	(void)state;
	assert_ptr_equal(a, b);
	assert_string_equal(fc_namespace_pattern_text(a), "a+");
	assert_false(fc_namespace_pattern_is_literal(a));
	fc_namespace_pattern_unref(a);
	fc_namespace_pattern_unref(b);
	fc_namespace_pool_free(pool);
}

static void test_pool_keeps_neither_names_nor_what_cannot_be_understood(void **state)
{
	struct fc_namespace_pool *pool = fc_namespace_pool_new();
	struct fc_error error = FC_ERROR_INIT;
	struct fc_namespace_pattern *name = take(pool, "a.b");

	(void)state;
	assert_null(fc_namespace_pool_parse(pool, "a(", 2, &error));
	assert_non_null(strstr(error.text, "is not closed"));
	assert_int_equal(fc_namespace_pool_compiled(pool), 0);
	assert_int_equal(fc_namespace_pool_count(pool), 0);
	fc_namespace_pattern_unref(name);
	fc_namespace_pool_free(pool);
}

static void test_pool_lets_go_what_nobody_holds_and_keeps_what_somebody_does(void **state)
{
	struct fc_namespace_pool *pool = fc_namespace_pool_new();
	struct fc_namespace_pattern *held = take(pool, "held.*"), *again;
	const size_t many = 20 * FC_NAMESPACE_POOL_SPARE;

	(void)state;
	for (size_t i = 0; i < many; i++) {
		FC_AUTO_FREE char *text = fc_xasprintf("gone-%zu.*", i);

		fc_namespace_pattern_unref(take(pool, text));
	}
	assert_true(fc_namespace_pool_count(pool) <= FC_NAMESPACE_POOL_SPARE + 2);
	again = take(pool, "held.*");
	assert_ptr_equal(held, again);
	assert_int_equal(fc_namespace_pool_compiled(pool), many + 1);
	fc_namespace_pattern_unref(held);
	fc_namespace_pattern_unref(again);
	fc_namespace_pool_free(pool);
}

static void test_pool_leaves_what_was_taken_from_it(void **state)
{
	struct fc_namespace_pool *pool = fc_namespace_pool_new();
	struct fc_namespace_patterns *list = fc_namespace_patterns_parse_in(pool, "a,[bc]", NULL);
	struct fc_namespace_patterns *valid = fc_namespace_patterns_parse_valid_in(pool, "[bc],((");

	(void)state;
	assert_ptr_equal(fc_namespace_patterns_at(list, 1), fc_namespace_patterns_at(valid, 0));
	assert_int_equal(fc_namespace_patterns_count(valid), 1);
	fc_namespace_pool_free(pool);
	assert_true(fc_namespace_patterns_match(list, "b", NULL));
	fc_namespace_patterns_unref(list);
	assert_true(fc_namespace_patterns_match(valid, "c", NULL));
	fc_namespace_patterns_unref(valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_gives_one_expression_for_one_text),
		cmocka_unit_test(test_pool_reads_no_further_than_the_entry),
		cmocka_unit_test(test_pool_keeps_neither_names_nor_what_cannot_be_understood),
		cmocka_unit_test(test_pool_lets_go_what_nobody_holds_and_keeps_what_somebody_does),
		cmocka_unit_test(test_pool_leaves_what_was_taken_from_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
