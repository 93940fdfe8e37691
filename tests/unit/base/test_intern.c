/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void test_intern_equal_strings_have_one_address(void **state FC_UNUSED)
{
	struct fc_intern *t = fc_intern_new();
	char name[] = "cloud-certificate";
	const char *a = fc_intern_take(t, name), *b = fc_intern_take(t, "cloud-certificate");

	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, name);
	assert_string_equal(a, "cloud-certificate");
	assert_int_equal(fc_intern_count(t), 1);
	fc_intern_drop(t, a);
	fc_intern_drop(t, b);
	fc_intern_free(t);
}

static void test_intern_string_lives_until_its_last_reference(void **state FC_UNUSED)
{
	struct fc_intern *t = fc_intern_new();
	const char *a = fc_intern_take(t, "a");

	assert_ptr_equal(fc_intern_again(t, a), a);
	fc_intern_drop(t, a);
	assert_ptr_equal(fc_intern_find(t, "a"), a);
	fc_intern_drop(t, a);
	assert_null(fc_intern_find(t, "a"));
	assert_int_equal(fc_intern_count(t), 0);
	fc_intern_free(t);
}

static void test_intern_null_is_null(void **state FC_UNUSED)
{
	struct fc_intern *t = fc_intern_new();

	assert_null(fc_intern_take(t, NULL));
	assert_null(fc_intern_again(t, NULL));
	assert_null(fc_intern_find(t, NULL));
	fc_intern_drop(t, NULL);
	fc_intern_free(t);
	fc_intern_free(NULL);
}

static void test_intern_empty_string_is_a_string(void **state FC_UNUSED)
{
	struct fc_intern *t = fc_intern_new();
	const char *empty = fc_intern_take(t, ""), *other = fc_intern_take(t, "x");

	assert_string_equal(empty, "");
	assert_ptr_equal(fc_intern_find(t, ""), empty);
	assert_ptr_not_equal(empty, other);
	fc_intern_drop(t, empty);
	fc_intern_drop(t, other);
	fc_intern_free(t);
}

static void test_intern_thousands_stay_apart(void **state FC_UNUSED)
{
	enum { COUNT = 20000 };
	struct fc_intern *t = fc_intern_new();
	const char **all = fc_xcalloc(COUNT, sizeof(*all));
	char name[32];

	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		all[i] = fc_intern_take(t, name);
	}
	assert_int_equal(fc_intern_count(t), COUNT);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "name-%d", i);
		assert_ptr_equal(fc_intern_find(t, name), all[i]);
		fc_intern_drop(t, all[i]);
	}
	assert_int_equal(fc_intern_count(t), 0);
	fc_intern_free(t);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intern_equal_strings_have_one_address),
		cmocka_unit_test(test_intern_string_lives_until_its_last_reference),
		cmocka_unit_test(test_intern_null_is_null),
		cmocka_unit_test(test_intern_empty_string_is_a_string),
		cmocka_unit_test(test_intern_thousands_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
