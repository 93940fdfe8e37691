/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pattern.h"

#include "recorded.h"

static void patterns_match_as_re2_does(void **state FC_UNUSED)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{ "^a+$", "aa", true },	       { "^a+$", "aa\n", false },	   { "a", "bab", true },
		{ "(?i)^abc$", "ABC", true },  { "\\p{L}+\\z", "\xC3\xA9", true }, { "^\\d$", "\xD9\xA3", false },
		{ "[[:alpha:]]", "1", false }, { "^.$", "\xC3\xA9", true },	   { "(?P<x>a)b", "ab", true },
		{ "(", "(", false },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		if (sb_pattern_matches(rows[i].pattern, rows[i].text, strlen(rows[i].text)) != rows[i].matches)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
	}
}

static void what_re2_does_not_know_is_refused_in_its_words(void **state FC_UNUSED)
{
	static const struct {
		const char *pattern, *error; /* NULL: in some words */
	} rows[] = {
		{ "(", "missing closing ): `(`" },
		{ "[a", "missing closing ]: `[a`" },
		{ "a**", "invalid nested repetition operator: `**`" },
		{ "(?=a)", "invalid or unsupported Perl syntax: `(?=`" },
		{ "\\1", "invalid escape sequence: `\\1`" },
		{ "*", "missing argument to repetition operator: `*`" },
		{ "(?!a)", NULL },
		{ "(?<=a)b", NULL },
		{ "(a)\\1", NULL },
		{ "(?>a)", NULL },
		{ "a++", NULL },
		{ "\\Ka", NULL },
		{ "(*FAIL)", NULL },
		{ "a{2,1}", NULL },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;

		if (sb_pattern_check(rows[i].pattern, &err) == 0)
			fail_msg("%s is taken", rows[i].pattern);
		assert_int_equal(err.cls, FC_ERR_INVALID);
		if (rows[i].error)
			assert_string_equal(err.text, rows[i].error);
	}
}

static void what_re2_knows_is_taken(void **state FC_UNUSED)
{
	static const char *const patterns[] = { "",	     "^a$",	"[\\]+]+",     "[^]a]",	      "a\\+\\+",
						"(?:a|b)*?", "\\x{61}", "(?P<name>a)", "[[:word:]]+", "a{2,3}",
						"\\(\\?=" };

	for (size_t i = 0; i < FC_ARRAY_LEN(patterns); i++) {
		if (sb_pattern_check(patterns[i], NULL) < 0)
			fail_msg("%s is refused", patterns[i]);
	}
}

static void a_pattern_with_many_ways_through_a_text_comes_to_an_end(void **state FC_UNUSED)
{
	char text[20001] = "";

	memset(text, 'a', 20000);
	assert_false(sb_pattern_matches("^(a+)+b", text, 20000));
	assert_false(sb_pattern_matches("(a+)+b", text, 20000));
	assert_false(sb_pattern_matches("^(a|a)*!$", text, 20000));
	assert_false(sb_pattern_matches("a*b", text, 20000));
}

static void a_long_text_matches_as_a_short_one(void **state FC_UNUSED)
{
	char text[20001] = "";

	memset(text, 'a', 20000);
	assert_true(sb_pattern_matches("^([a-z]|-)+$", text, 20000));
	assert_true(sb_pattern_matches("^(.|\\n)*$", text, 20000));
	text[19999] = '\n';
	assert_true(sb_pattern_matches("^(.|\\n)*$", text, 20000));
	assert_true(sb_pattern_matches("(a+)+\n", text, 20000));
	assert_false(sb_pattern_matches("^([a-z]|-)+$", text, 20000));
}

static void what_is_quoted_ends_with_the_pattern(void **state FC_UNUSED)
{
	assert_true(sb_pattern_matches("\\Qa.b", "xa.b", 4));
	assert_false(sb_pattern_matches("\\Qa.b", "xacb", 4));
	assert_true(sb_pattern_matches("^\\Q(\\E$", "(", 1));
	assert_true(sb_pattern_matches("^a|b$", "xb", 2));
	assert_true(sb_pattern_matches("", "", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_re2_does),
		cmocka_unit_test(what_re2_does_not_know_is_refused_in_its_words),
		cmocka_unit_test(what_re2_knows_is_taken),
		cmocka_unit_test(a_pattern_with_many_ways_through_a_text_comes_to_an_end),
		cmocka_unit_test(a_long_text_matches_as_a_short_one),
		cmocka_unit_test(what_is_quoted_ends_with_the_pattern),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
