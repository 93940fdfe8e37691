/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void test_rv_of_equal_length_is_ordered_by_digits(void **state)
{
	(void)state;
	assert_int_equal(fc_rv_compare("100", "101"), FC_RV_OLDER);
	assert_int_equal(fc_rv_compare("200", "101"), FC_RV_NEWER);
	assert_int_equal(fc_rv_compare("0", "1"), FC_RV_OLDER);
}

static void test_rv_with_more_digits_is_newer(void **state)
{
	(void)state;
	assert_int_equal(fc_rv_compare("99", "100"), FC_RV_OLDER);
	assert_int_equal(fc_rv_compare("1000", "999"), FC_RV_NEWER);
}

static void test_rv_beyond_64_bits_is_still_ordered(void **state)
{
	(void)state;
	assert_int_equal(fc_rv_compare("18446744073709551616", "18446744073709551617"), FC_RV_OLDER);
	assert_int_equal(fc_rv_compare("340282366920938463463374607431768211456", "18446744073709551617"), FC_RV_NEWER);
}

static void test_rv_of_equal_text_is_the_same_even_when_opaque(void **state)
{
	(void)state;
	assert_int_equal(fc_rv_compare("12", "12"), FC_RV_SAME);
	assert_int_equal(fc_rv_compare("a-7", "a-7"), FC_RV_SAME);
}

static void test_rv_that_is_not_decimal_has_no_order(void **state)
{
	(void)state;
	assert_int_equal(fc_rv_compare("a1", "2"), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare("2", "3x"), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare("-1", "1"), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare("007", "8"), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare(" 1", "2"), FC_RV_UNKNOWN);
}

static void test_rv_that_is_absent_has_no_order(void **state)
{
	(void)state;
	assert_int_equal(fc_rv_compare(NULL, "1"), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare("1", ""), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare("", ""), FC_RV_UNKNOWN);
	assert_int_equal(fc_rv_compare(NULL, NULL), FC_RV_UNKNOWN);
}

/* A number in the word itself, a longer one, what is no number, and what is empty. */
static const char *const texts[] = {
	"0", "7", "12", "999999999999999999", "1000000000000000000", "18446744073709551616", "007", "a-7", "", "-1"
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

static void test_rv_that_is_kept_gives_its_text_back(void **state)
{
	struct fc_rv v = { 0 };

	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		char *text;

		fc_rv_set(&v, texts[i]);
		assert_true(fc_rv_is_set(&v));
		text = fc_rv_text(&v);
		assert_string_equal(text, texts[i]);
		free(text);
	}
	fc_rv_set(&v, NULL);
	assert_false(fc_rv_is_set(&v));
	assert_null(fc_rv_text(&v));
}

static void test_rv_that_is_kept_compares_as_its_text_does(void **state)
{
	struct fc_rv v = { 0 };

	(void)state;
	for (size_t i = 0; i < TEXTS; i++) {
		fc_rv_set(&v, texts[i]);
		for (size_t k = 0; k < TEXTS; k++)
			assert_int_equal(fc_rv_compare_kept(texts[k], &v), fc_rv_compare(texts[k], texts[i]));
		assert_int_equal(fc_rv_compare_kept(NULL, &v), FC_RV_UNKNOWN);
	}
	fc_rv_set(&v, NULL);
	assert_int_equal(fc_rv_compare_kept("7", &v), FC_RV_UNKNOWN);
}

static void test_rv_may_be_set_from_its_own_text(void **state)
{
	struct fc_rv v = { 0 };
	char *text;

	(void)state;
	fc_rv_set(&v, "opaque");
	text = fc_rv_text(&v);
	fc_rv_set(&v, text);
	free(text);
	assert_int_equal(fc_rv_compare_kept("opaque", &v), FC_RV_SAME);
	fc_rv_set(&v, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rv_of_equal_length_is_ordered_by_digits),
		cmocka_unit_test(test_rv_with_more_digits_is_newer),
		cmocka_unit_test(test_rv_beyond_64_bits_is_still_ordered),
		cmocka_unit_test(test_rv_of_equal_text_is_the_same_even_when_opaque),
		cmocka_unit_test(test_rv_that_is_not_decimal_has_no_order),
		cmocka_unit_test(test_rv_that_is_absent_has_no_order),
		cmocka_unit_test(test_rv_that_is_kept_gives_its_text_back),
		cmocka_unit_test(test_rv_that_is_kept_compares_as_its_text_does),
		cmocka_unit_test(test_rv_may_be_set_from_its_own_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
