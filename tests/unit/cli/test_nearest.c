/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const words[] = { "member", "master", NULL, "namespace", "run" };

static const char *near(const char *word)
{
	return fc_nearest(word, words, sizeof(words) / sizeof(words[0]));
}

static void test_nearest_finds_slips_of_one_letter(void **state)
{
	(void)state;
	assert_string_equal(near("members"), "member");
	assert_string_equal(near("meber"), "member");
	assert_string_equal(near("mamber"), "member");
	assert_string_equal(near("memebr"), "member");
	assert_string_equal(near("rnu"), "run");
}

static void test_nearest_finds_the_word_that_was_begun(void **state)
{
	(void)state;
	assert_string_equal(near("name"), "namespace");
	assert_string_equal(near("namespaces-of"), "namespace");
}

static void test_nearest_prefers_the_nearer(void **state)
{
	(void)state;
	assert_string_equal(near("masber"), "master");
	assert_string_equal(near("mamber"), "member");
}

static void test_nearest_of_something_else_is_none(void **state)
{
	(void)state;
	assert_null(near("verbose"));
	assert_null(near("na"));
	assert_null(near(""));
	assert_null(near("a-word-that-is-far-longer-than-any-flag-of-any-command"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest_finds_slips_of_one_letter),
		cmocka_unit_test(test_nearest_finds_the_word_that_was_begun),
		cmocka_unit_test(test_nearest_prefers_the_nearer),
		cmocka_unit_test(test_nearest_of_something_else_is_none),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
