/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces a pattern fits, that no pattern stalls, and comma lists. What is admitted as a pattern is in
 * test_namespace_pattern_check.c. */
#include "model/namespace_pattern.h"

#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct fc_namespace_pattern *parse(const char *text)
{
	struct fc_error error = FC_ERROR_INIT;
	struct fc_namespace_pattern *p = fc_namespace_pattern_parse(text, strlen(text), &error);

	if (!p)
		fail_msg("%s: %s", text, error.text);
	return p;
}

static bool fits(const char *pattern, const char *name, const char **why)
{
	struct fc_namespace_pattern *p = parse(pattern);
	bool result = fc_namespace_pattern_matches(p, name, why);

	fc_namespace_pattern_unref(p);
	return result;
}

static void test_pattern_fits_whole_names_only(void **state)
{
	static const struct {
		const char *pattern, *fits, *misses;
	} rows[] = {
		{ "number-[0-9]+", "number-123", "number-123-test" },
		{ "number-[0-9]+", "number-1", "test-number-123" },
		{ "number-[0-9]+", "number-0", "number-abc" },
		{ ".*", "anything", NULL },
		{ ".*", "", NULL },
		{ ".+", "a", "" },
		{ "jx-.*", "jx-", "ajx-b" },
		{ "a|bc", "a", "abc" },
		{ "a|bc", "bc", "ac" },
		{ "(a|b)c", "bc", "b" },
		{ "(?:a|b)c", "ac", "abc" },
		{ "a{3}", "aaa", "aa" },
		{ "a{3}", "aaa", "aaaa" },
		{ "(ab){2}", "abab", "ab" },
		{ "a{0}b", "b", "ab" },
		{ "a?b", "b", "aab" },
		{ "[abc]", "b", "d" },
		{ "[^abc]", "d", "b" },
		{ "[a-c-e]", "-", "d" },
		{ "[-a]", "-", "b" },
		{ "[]a]", "]", "b" },
		{ "[^]a]", "b", "]" },
		{ "[\\]a]", "]", "\\" },
		{ "[\\d-]+", "4-2", "a" },
		{ "[[:alpha:]]+", "abc", "ab1" },
		{ "[^[:alpha:]]+", "123", "a" },
		{ "[[:^digit:]-]+", "a-b", "1" },
		{ "\\d+", "42", "4a" },
		{ "\\D+", "ab", "a1" },
		{ "\\w+", "a1", "a-" },
		{ "\\W", "-", "a" },
		{ "\\S+", "a-b", "a b" },
		{ "a\\sb", "a b", "ab" },
		{ "a\\.b.*", "a.b", "axb" },
		{ "\\[a\\]", "[a]", "a" },
		{ "a]", "a]", "a" },
		{ "a}", "a}", "a" },
		{ "(|a)+", "aaa", "b" },
		{ "()", "", "a" },
		{ "TEAM", "TEAM", "team" },
		{ "\xC3\xA9{2}", "\xC3\xA9\xC3\xA9", "\xC3\xA9\xA9" },
		{ "[\xC3\xA0-\xC3\xBF]", "\xC3\xA9", "e" },
		{ "\\d", "4", "\xD9\xA4" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		const char *why;

		if (!fits(rows[i].pattern, rows[i].fits, &why))
			fail_msg("%s does not fit %s", rows[i].pattern, rows[i].fits);
		assert_null(why);
		if (rows[i].misses && fits(rows[i].pattern, rows[i].misses, &why))
			fail_msg("%s fits %s", rows[i].pattern, rows[i].misses);
		assert_null(why);
	}
}

static void test_pattern_of_letters_digits_dots_and_dashes_is_literal_D12(void **state)
{
	struct fc_namespace_pattern *p = parse("team-.");

	(void)state;
	assert_true(fc_namespace_pattern_is_literal(p));
	assert_string_equal(fc_namespace_pattern_text(p), "team-.");
	assert_true(fc_namespace_pattern_matches(p, "team-.", NULL));
	assert_false(fc_namespace_pattern_matches(p, "team-a", NULL));
	fc_namespace_pattern_unref(p);
	p = parse("team-.+");
	assert_false(fc_namespace_pattern_is_literal(p));
	assert_true(fc_namespace_pattern_matches(p, "team-a", NULL));
	fc_namespace_pattern_unref(p);
}

static void test_pattern_is_not_read_beyond_its_length(void **state)
{
	struct fc_namespace_pattern *p = fc_namespace_pattern_parse("[ab]/name", 4, NULL);

	(void)state;
	assert_non_null(p);
	assert_string_equal(fc_namespace_pattern_text(p), "[ab]");
	fc_namespace_pattern_unref(p);
	assert_null(fc_namespace_pattern_parse("a", 0, NULL));
}

/* The longest name that a namespace has. */
#define LONGEST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_pattern_of_nested_groups_fits_the_longest_name(void **state)
{
	static const char *const patterns[] = { "(a|b)+", "([a-z]|-)*", "((a|b)-?)*", "(a|a)*", "(aa?){40}", "(a*)*" };
	const char *why;

	(void)state;
	assert_int_equal(strlen(LONGEST), 63);
	for (size_t i = 0; i < FC_ARRAY_LEN(patterns); i++)
		if (!fits(patterns[i], LONGEST, &why))
			fail_msg("%s does not fit: %s", patterns[i], why ? why : "no limit");
}

/* As many names as one entry can hold. */
static void test_pattern_of_many_alternatives_fits_each(void **state)
{
	FC_AUTO_FREE char *pattern = fc_xcalloc(FC_NAMESPACE_PATTERN_MAX_BYTES, 1);
	char *at = pattern;
	const char *why;

	(void)state;
	for (int i = 0; i < 150; i++)
		at += sprintf(at, "%steam-%03d", i ? "|" : "", i);
	assert_true(fits(pattern, "team-000", &why));
	assert_true(fits(pattern, "team-149", &why));
	assert_false(fits(pattern, "team-150", &why));
	assert_null(why);
}

/* What takes a matcher that goes back in the name 2^63 steps. */
static void test_pattern_with_many_ways_ends_with_the_right_answer(void **state)
{
	static const char *const patterns[] = { "(a+)+b", "(a|aa)+b", "(([a-z]+)-?)+[0-9]", "(a*)*(a*)*(a*)*b" };
	const char *why;

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(patterns); i++) {
		assert_false(fits(patterns[i], LONGEST, &why));
		assert_null(why);
	}
}

static void test_pattern_that_hits_a_limit_fits_nothing_and_says_so(void **state)
{
	const char *why;

	(void)state;
	assert_false(fits("(a?){1000}[^a]", LONGEST, &why));
	assert_non_null(why);
	assert_non_null(strstr(why, "too many ways"));
}

/* --- many threads --- */

static void *match_much(void *arg)
{
	struct fc_namespace_pattern *p = arg;

	for (int i = 0; i < 1000; i++) {
		struct fc_namespace_pattern *held = fc_namespace_pattern_ref(p);

		if (!fc_namespace_pattern_matches(held, "team-42", NULL) ||
		    fc_namespace_pattern_matches(held, "team-x", NULL))
			return p;
		fc_namespace_pattern_unref(held);
	}
	return NULL;
}

static void test_pattern_is_shared_by_threads(void **state)
{
	struct fc_namespace_pattern *p = parse("team-[0-9]+");
	pthread_t threads[4];
	void *wrong;

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, match_much, p), 0);
	for (size_t i = 0; i < FC_ARRAY_LEN(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	fc_namespace_pattern_unref(p);
	assert_null(fc_namespace_pattern_ref(NULL));
	fc_namespace_pattern_unref(NULL);
}

/* --- lists --- */

static void test_list_is_trimmed_and_empty_entries_do_not_count_D7(void **state)
{
	struct fc_namespace_patterns *l = fc_namespace_patterns_parse(" a , ,\n\tb-[0-9]+\r\n,,c", NULL);

	(void)state;
	assert_int_equal(fc_namespace_patterns_count(l), 3);
	assert_string_equal(fc_namespace_pattern_text(fc_namespace_patterns_at(l, 0)), "a");
	assert_string_equal(fc_namespace_pattern_text(fc_namespace_patterns_at(l, 1)), "b-[0-9]+");
	assert_string_equal(fc_namespace_pattern_text(fc_namespace_patterns_at(l, 2)), "c");
	assert_true(fc_namespace_patterns_match(l, "b-7", NULL));
	assert_true(fc_namespace_patterns_match(l, "c", NULL));
	assert_false(fc_namespace_patterns_match(l, "b", NULL));
	fc_namespace_patterns_unref(fc_namespace_patterns_ref(l));
	fc_namespace_patterns_unref(l);
}

static void test_empty_list_fits_nothing(void **state)
{
	static const char *const lists[] = { "", " ", ",", " , ,\n" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(lists); i++) {
		struct fc_namespace_patterns *l = fc_namespace_patterns_parse(lists[i], NULL);

		assert_non_null(l);
		assert_int_equal(fc_namespace_patterns_count(l), 0);
		assert_false(fc_namespace_patterns_match(l, "", NULL));
		fc_namespace_patterns_unref(l);
	}
	assert_false(fc_namespace_patterns_match(NULL, "a", NULL));
	assert_null(fc_namespace_patterns_ref(NULL));
	fc_namespace_patterns_unref(NULL);
}

static void test_list_names_the_entry_that_is_wrong(void **state)
{
	struct fc_error error = FC_ERROR_INIT;

	(void)state;
	assert_null(fc_namespace_patterns_parse("a,b-(((,c", &error));
	assert_int_equal(error.cls, FC_ERR_INVALID);
	assert_int_equal(strncmp(error.text, "\"b-(((\": character 5: ", 21), 0);
	error = FC_ERROR_INIT;
	assert_null(fc_namespace_patterns_parse("a,\xC3\xA9(,c", &error));
	assert_int_equal(strncmp(error.text, "entry 2: character 2: ", 22), 0);
}

static void test_list_without_what_is_wrong_keeps_the_rest(void **state)
{
	struct fc_namespace_patterns *l = fc_namespace_patterns_parse_valid("a,*-3,b,((,[c]");

	(void)state;
	assert_int_equal(fc_namespace_patterns_count(l), 3);
	assert_true(fc_namespace_patterns_match(l, "c", NULL));
	fc_namespace_patterns_unref(l);
}

/* `count` times the entry. */
static struct fc_namespace_patterns *parse_many(const char *entry, size_t count, struct fc_error *err)
{
	size_t len = strlen(entry);
	FC_AUTO_FREE char *list = fc_xcalloc(count, len + 1);

	for (size_t i = 0; i < count; i++) {
		memcpy(list + i * (len + 1), entry, len);
		list[i * (len + 1) + len] = i + 1 < count ? ',' : '\0';
	}
	return fc_namespace_patterns_parse(list, err);
}

static void test_list_has_an_end(void **state)
{
	struct fc_error error = FC_ERROR_INIT;
	struct fc_namespace_patterns *l = parse_many("a", 1000, &error);

	(void)state;
	assert_int_equal(fc_namespace_patterns_count(l), 1000);
	fc_namespace_patterns_unref(l);
	assert_null(parse_many("a", 1001, &error));
	assert_non_null(strstr(error.text, "more than 1000 entries"));
	l = parse_many("a+", 100, &error);
	assert_int_equal(fc_namespace_patterns_count(l), 100);
	fc_namespace_patterns_unref(l);
	assert_null(parse_many("a+", 101, &error));
	assert_non_null(strstr(error.text, "more than 100 patterns"));
}

static void test_list_says_the_limit_only_where_nothing_fits(void **state)
{
	struct fc_namespace_patterns *l = fc_namespace_patterns_parse("(a?){1000}[^a],b.*", NULL);
	const char *why;

	(void)state;
	assert_false(fc_namespace_patterns_match(l, LONGEST, &why));
	assert_non_null(why);
	assert_true(fc_namespace_patterns_match(l, "b", &why));
	assert_null(why);
	fc_namespace_patterns_unref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_fits_whole_names_only),
		cmocka_unit_test(test_pattern_of_letters_digits_dots_and_dashes_is_literal_D12),
		cmocka_unit_test(test_pattern_is_not_read_beyond_its_length),
		cmocka_unit_test(test_pattern_of_nested_groups_fits_the_longest_name),
		cmocka_unit_test(test_pattern_of_many_alternatives_fits_each),
		cmocka_unit_test(test_pattern_with_many_ways_ends_with_the_right_answer),
		cmocka_unit_test(test_pattern_that_hits_a_limit_fits_nothing_and_says_so),
		cmocka_unit_test(test_pattern_is_shared_by_threads),
		cmocka_unit_test(test_list_is_trimmed_and_empty_entries_do_not_count_D7),
		cmocka_unit_test(test_empty_list_fits_nothing),
		cmocka_unit_test(test_list_names_the_entry_that_is_wrong),
		cmocka_unit_test(test_list_without_what_is_wrong_keeps_the_rest),
		cmocka_unit_test(test_list_has_an_end),
		cmocka_unit_test(test_list_says_the_limit_only_where_nothing_fits),
	};

	return cmocka_run_group_tests_name("namespace_pattern", tests, NULL, NULL);
}
