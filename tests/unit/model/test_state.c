/* SPDX-License-Identifier: Apache-2.0 */
#include "model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_state_names_are_the_words_of_the_design_in_its_order(void **state)
{
	static const char *const words[] = { "Invalid",	     "Cycle",	   "ClusterUnreachable",
					     "Pending",	     "NotAllowed", "SourceNotFound",
					     "PathNotFound", "Conflict",   "Flapping",
					     "Forbidden",    "Error",	   "InSync" };

	(void)state;
	assert_int_equal(sizeof(words) / sizeof(words[0]), FC_STATES);
	for (int s = 0; s < FC_STATES; s++)
		assert_string_equal(fc_state_name(s), words[s]);
}

static void test_state_help_is_one_sentence(void **state)
{
	(void)state;
	for (int s = 0; s < FC_STATES; s++) {
		const char *help = fc_state_help(s);
		assert_non_null(help);
		size_t len = strlen(help);
		assert_true(len > 20);
		assert_true(help[0] >= 'A' && help[0] <= 'Z');
		assert_ptr_equal(strchr(help, '.'), help + len - 1);
	}
}

static void test_state_bad_is_all_but_the_four_quiet_ones(void **state)
{
	static const enum fc_state quiet[] = { FC_STATE_IN_SYNC, FC_STATE_PENDING, FC_STATE_SOURCE_NOT_FOUND,
					       FC_STATE_PATH_NOT_FOUND };
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
		assert_false(fc_state_is_bad(quiet[i]));
	for (int s = 0; s < FC_STATES; s++)
		bad += fc_state_is_bad(s);
	assert_int_equal(bad, FC_STATES - 4);
}

static void test_state_out_of_range_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(fc_state_name(FC_STATES), "Unknown");
	assert_non_null(fc_state_help(FC_STATES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_names_are_the_words_of_the_design_in_its_order),
		cmocka_unit_test(test_state_help_is_one_sentence),
		cmocka_unit_test(test_state_bad_is_all_but_the_four_quiet_ones),
		cmocka_unit_test(test_state_out_of_range_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
