/* SPDX-License-Identifier: Apache-2.0 */
#include "model/glob.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct fc_glob G(const char *text) {
	return (struct fc_glob){ text, strlen(text) };
}

static void
test_glob_without_a_star_is_the_name_itself(void **state)
{
	(void)state;
	assert_true(fc_glob_match(G("team-a"), "team-a"));
	assert_true(fc_glob_match(G(""), ""));
	assert_false(fc_glob_match(G("team-a"), "team-ab"));
	assert_false(fc_glob_match(G("team-a"), "a-team-a"));
	assert_false(fc_glob_match(G("team-a"), "team"));
	assert_false(fc_glob_match(G(""), "a"));
}

static void test_glob_star_stands_for_any_run_of_characters(void **state)
{
	(void)state;
	assert_true(fc_glob_match(G("*"), "a"));
	assert_true(fc_glob_match(G("*"), ""));
	assert_true(fc_glob_match(G("team-*"), "team-"));
	assert_true(fc_glob_match(G("team-*"), "team-a-b"));
	assert_true(fc_glob_match(G("*-prod"), "shop-prod"));
	assert_true(fc_glob_match(G("a*b*c"), "a-b-b-c"));
	assert_true(fc_glob_match(G("a*b*c"), "abc"));
	assert_true(fc_glob_match(G("**a**"), "banana"));
	assert_true(fc_glob_match(G("*ana"), "banana"));
	assert_false(fc_glob_match(G("team-*"), "team"));
	assert_false(fc_glob_match(G("*-prod"), "shop-prod-eu"));
	assert_false(fc_glob_match(G("a*b*c"), "a-c-b"));
}

static void test_glob_has_no_other_special_character(void **state)
{
	(void)state;
	assert_false(fc_glob_match(G("team-?"), "team-a"));
	assert_false(fc_glob_match(G("team-[ab]"), "team-a"));
	assert_false(fc_glob_match(G("team-a|team-b"), "team-a"));
	assert_false(fc_glob_match(G("team-.*"), "team-a"));
	assert_false(fc_glob_match(G("TEAM-a"), "team-a"));
	assert_true(fc_glob_match(G("team-?"), "team-?"));
}

static void test_glob_of_many_stars_takes_no_long_time(void **state)
{
	char pattern[4001], name[64];

	(void)state;
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	pattern[4000] = '\0';
	memset(name, 'a', sizeof(name) - 1);
	name[63] = '\0';
	/* It would never end if every star were tried with every rest. */
	assert_false(fc_glob_match(G(pattern), name));
}

static void test_glob_star_never_covers_a_system_namespace(void **state)
{
	static const char *const system[] = { "kube-system", "kube-public", "kube-node-lease" };

	(void)state;
	for (size_t i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		assert_false(fc_glob_match_namespace(G("*"), system[i]));
		assert_false(fc_glob_match_namespace(G("kube-*"), system[i]));
		assert_true(fc_glob_match_namespace(G(system[i]), system[i]));
	}
	assert_true(fc_glob_match_namespace(G("kube-*"), "kube-flannel"));
	assert_false(fc_glob_match_end(G("*/*"), "hub", "kube-system"));
	assert_true(fc_glob_match_end(G("*/kube-system"), "hub", "kube-system"));
}

static void test_glob_end_is_a_cluster_and_a_namespace(void **state)
{
	(void)state;
	assert_true(fc_glob_match_end(G("hub/platform"), "hub", "platform"));
	assert_true(fc_glob_match_end(G("edge-*/team-*"), "edge-1", "team-a"));
	assert_false(fc_glob_match_end(G("edge-*/team-*"), "hub", "team-a"));
	assert_false(fc_glob_match_end(G("edge-*/team-*"), "edge-1", "shop"));
	/* A star never runs over the slash. */
	assert_false(fc_glob_match_end(G("*"), "hub", "platform"));
	assert_false(fc_glob_match_end(G("hub"), "hub", ""));
	assert_false(fc_glob_match_end(G("hub/a/b"), "hub", "a"));
	/* Cluster-scoped. */
	assert_true(fc_glob_match_end(G("hub/"), "hub", ""));
	assert_true(fc_glob_match_end(G("*/*"), "hub", ""));
	assert_false(fc_glob_match_end(G("hub/"), "hub", "platform"));
	assert_false(fc_glob_match_end(G("hub/platform"), "hub", ""));
}

static void expect_list(const char *list, const char *joined)
{
	char have[200] = "";
	struct fc_glob pattern;

	while (fc_glob_next(&list, &pattern)) {
		assert_true(pattern.len > 0);
		strncat(have, pattern.text, pattern.len);
		strcat(have, "|");
	}
	assert_string_equal(have, joined);
}

static void test_glob_list_is_parted_by_commas_and_empty_ones_are_none(void **state)
{
	(void)state;
	expect_list("team-*,shared", "team-*|shared|");
	expect_list(" team-* ,\tshared ", "team-*|shared|");
	expect_list(",,a,,", "a|");
	expect_list("", "");
	expect_list("  ", "");
	expect_list(NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_glob_without_a_star_is_the_name_itself),
		cmocka_unit_test(test_glob_star_stands_for_any_run_of_characters),
		cmocka_unit_test(test_glob_has_no_other_special_character),
		cmocka_unit_test(test_glob_of_many_stars_takes_no_long_time),
		cmocka_unit_test(test_glob_star_never_covers_a_system_namespace),
		cmocka_unit_test(test_glob_end_is_a_cluster_and_a_namespace),
		cmocka_unit_test(test_glob_list_is_parted_by_commas_and_empty_ones_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
