/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan_mark.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct fc_plan_mark mark_of(const struct fc_plan_key *key, const char *json)
{
	json_auto_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	struct fc_plan_mark mark;

	assert_non_null(value);
	fc_plan_mark(key, value, &mark);
	return mark;
}

static bool same(const struct fc_plan_key *key, const char *a, const char *b)
{
	struct fc_plan_mark x = mark_of(key, a), y = mark_of(key, b);

	return strcmp(x.hmac, y.hmac) == 0;
}

static void test_equal_values_have_equal_marks_and_others_others(void **state FC_UNUSED)
{
	struct fc_plan_key key;

	assert_int_equal(fc_plan_key_make(&key, NULL), 0);
	assert_true(same(&key, "\"a\"", "\"a\""));
	assert_true(same(&key, "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"));
	assert_false(same(&key, "\"a\"", "\"b\""));
	assert_false(same(&key, "\"1\"", "1"));
	assert_false(same(&key, "\"a\\u0000b\"", "\"a\\u0000c\""));
}

static void test_sizes_are_those_of_strings_and_of_the_json_of_others(void **state FC_UNUSED)
{
	struct fc_plan_key key;

	assert_int_equal(fc_plan_key_make(&key, NULL), 0);
	assert_int_equal(mark_of(&key, "\"\"").bytes, 0);
	assert_int_equal(mark_of(&key, "\"abc\"").bytes, 3);
	assert_int_equal(mark_of(&key, "\"a\\u0000b\"").bytes, 3);
	assert_int_equal(mark_of(&key, "{\"a\": 1}").bytes, strlen("{\"a\":1}"));
	assert_int_equal(mark_of(&key, "null").bytes, 4);
}

static void test_another_run_has_other_marks(void **state FC_UNUSED)
{
	struct fc_plan_key a, b;

	assert_int_equal(fc_plan_key_make(&a, NULL), 0);
	assert_int_equal(fc_plan_key_make(&b, NULL), 0);
	assert_string_not_equal(mark_of(&a, "\"a\"").hmac, mark_of(&b, "\"a\"").hmac);
	assert_int_equal(strlen(mark_of(&a, "\"a\"").hmac), FC_PLAN_MARK_DIGITS);
	fc_plan_key_wipe(&a);
	assert_int_equal(a.bytes[0] | a.bytes[31], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_values_have_equal_marks_and_others_others),
		cmocka_unit_test(test_sizes_are_those_of_strings_and_of_the_json_of_others),
		cmocka_unit_test(test_another_run_has_other_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
