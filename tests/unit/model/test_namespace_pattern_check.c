/* SPDX-License-Identifier: Apache-2.0 */
/* What is admitted as a pattern, and what is said of everything else. */
#include "model/namespace_pattern_check.h"

#include "base/mem.h"
#include "model/namespace_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Whatever is admitted compiles, too. */
static void assert_admitted(const char *text)
{
	struct fc_error error = FC_ERROR_INIT;
	struct fc_namespace_pattern *p;

	if (fc_namespace_pattern_check(text, strlen(text), &error) < 0)
		fail_msg("%s: %s", text, error.text);
	p = fc_namespace_pattern_parse(text, strlen(text), &error);
	if (!p)
		fail_msg("%s does not compile: %s", text, error.text);
	fc_namespace_pattern_unref(p);
}

static void test_documented_constructs_are_admitted(void **state)
{
	static const char *const rows[] = {
		"abc",
		"a b",
		"team_a",
		"A-Z",
		"a.c",
		"[abc]",
		"[^abc]",
		"[a-z0-9]",
		"[a-]",
		"[-a]",
		"[]]",
		"[^]]",
		"[[a]",
		"[a^]",
		"[.]",
		"[$]",
		"[a-z-]",
		"[\\w.-]",
		"[\\--\\.]",
		"[[:alnum:]]",
		"[[:^upper:]a]",
		"[\\d\\s\\W]",
		"a*",
		"a+",
		"a?",
		"a{1}",
		"a{0}",
		"a{1000}",
		"(a{10}){100}",
		"a|b|c",
		"a|",
		"|a",
		"|",
		"()",
		"(a)",
		"(?:a)*",
		"((a)|(b))",
		"\\d",
		"\\D",
		"\\w",
		"\\W",
		"\\s",
		"\\S",
		"\\.",
		"\\-",
		"\\/",
		"\\_",
		"\\ ",
		"\\{",
		"\\(\\)\\[\\]",
		"\\^a\\$",
		"a}",
		"a]",
		"\xC3\xA9+",
		"[\xC3\xA9]",
		"(a|b){3}",
		"a/b",
		"[+--]",
		"#",
		"a{2}b{2}c{9}",
		"(a{500}|b{1000})",
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		assert_admitted(rows[i]);
}

static const struct {
	const char *pattern;
	size_t place;
	const char *says;
} refused[] = {
	{ "^a", 1, "\"^\" is not admitted: the whole name" },
	{ "ab$", 3, "\"$\" is not admitted: the whole name" },
	{ "a**", 3, "\"*\" follows another repetition" },
	{ "a*?", 3, "\"?\" follows another repetition" },
	{ "a++", 3, "\"+\" follows another repetition" },
	{ "a+{2}", 3, "\"{2}\" follows another repetition" },
	{ "*-3", 1, "\"*\" has nothing in front" },
	{ "(+a)", 2, "\"+\" has nothing in front" },
	{ "a|?", 3, "\"?\" has nothing in front" },
	{ "{3}", 1, "\"{3}\" has nothing in front" },
	{ "(*ACCEPT)", 2, "\"*\" has nothing in front" },
	{ "(*LIMIT_MATCH=9)a", 2, "\"*\" has nothing in front" },
	{ "a{1", 2, "begins no count" },
	{ "a{", 2, "begins no count" },
	{ "a{}", 2, "begins no count" },
	{ "a{b}", 2, "begins no count" },
	{ "a{01}", 2, "begins no count" },
	{ "a{1001}", 2, "1000 is the most" },
	{ "a{99999999999999999999}", 2, "1000 is the most" },
	{ "(a{100}){11}", 9, "more than 1000 times" },
	{ "((a{10}b){10}|c{50}){21}", 21, "more than 1000 times" },
	{ "a{1,3}", 2, "begins no count" },
	{ "a,b", 2, "a comma" },
	{ "[abc", 1, "not closed; a ]" },
	{ "a[", 2, "not closed; a ]" },
	{ "a[^", 2, "not closed; a ]" },
	{ "a[]", 2, "not closed; a ]" },
	{ "a[^]", 2, "not closed; a ]" },
	{ "a[b\\]", 2, "not closed; a ]" },
	{ "[z-a]", 2, "\"z-a\" is a range that ends" },
	{ "[\\d-z]", 4, "begins no range" },
	{ "[a-\\d]", 4, "ends no range" },
	{ "[[:alpha:]-z]", 11, "begins no range" },
	{ "[a-[:alpha:]]", 4, "ends no range" },
	{ "[[:letter:]]", 2, "begins no class that is known" },
	{ "[[:<:]]", 2, "begins no class that is known" },
	{ "[[:alpha]", 2, "begins no class that is known" },
	{ "[[.a.]]", 2, "begins no class that is known" },
	{ "[[=a=]]", 2, "begins no class that is known" },
	{ "(((", 3, "not closed; a )" },
	{ "(a", 1, "not closed; a )" },
	{ "a)", 2, "closes no group" },
	{ "(?i)a", 1, "except (?:" },
	{ "(?P<n>a)", 1, "except (?:" },
	{ "(?<n>a)", 1, "except (?:" },
	{ "(?=a)", 1, "except (?:" },
	{ "(?!a)", 1, "except (?:" },
	{ "(?<=a)", 1, "except (?:" },
	{ "(?>a)", 1, "except (?:" },
	{ "(?|a)", 1, "except (?:" },
	{ "(?R)", 1, "except (?:" },
	{ "(?#a)", 1, "except (?:" },
	{ "(?C1)", 1, "except (?:" },
	{ "(?", 1, "except (?:" },
	{ "(a)\\1", 4, "\"\\1\" is not admitted" },
	{ "\\k<n>", 1, "\"\\k\" is not admitted" },
	{ "\\b", 1, "\"\\b\" is not admitted" },
	{ "\\A", 1, "\"\\A\" is not admitted" },
	{ "\\z", 1, "\"\\z\" is not admitted" },
	{ "\\Qa\\E", 1, "\"\\Q\" is not admitted" },
	{ "[\\Q]", 2, "\"\\Q\" is not admitted" },
	{ "\\pL", 1, "\"\\p\" is not admitted" },
	{ "\\x41", 1, "\"\\x\" is not admitted" },
	{ "\\n", 1, "\"\\n\" is not admitted" },
	{ "\\C", 1, "\"\\C\" is not admitted" },
	{ "\\R", 1, "\"\\R\" is not admitted" },
	{ "\\K", 1, "\"\\K\" is not admitted" },
	{ "\xC3\xA9\\", 2, "a \\ at the end" },
	{ "\\\xC3\xA9", 1, "is not admitted" },
	{ "a\nb", 2, "a control character" },
	{ "[\t]", 2, "a control character" },
	{ "\\\n", 1, "a control character" },
	{ "a\x7F", 2, "a control character" },
};

static void test_everything_else_is_refused_with_its_place_and_a_mend(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		FC_AUTO_FREE char *begin = fc_xasprintf("character %zu: ", refused[i].place);
		struct fc_error error = FC_ERROR_INIT;

		if (fc_namespace_pattern_check(refused[i].pattern, strlen(refused[i].pattern), &error) == 0)
			fail_msg("%s is admitted", refused[i].pattern);
		assert_int_equal(error.cls, FC_ERR_INVALID);
		if (strncmp(error.text, begin, strlen(begin)) != 0 || !strstr(error.text, refused[i].says))
			fail_msg("%s: %s", refused[i].pattern, error.text);
	}
}

static void test_empty_and_too_long_patterns_are_refused(void **state)
{
	struct fc_error error = FC_ERROR_INIT;
	char text[FC_NAMESPACE_PATTERN_MAX_BYTES + 1];

	(void)state;
	assert_int_equal(fc_namespace_pattern_check("", 0, &error), -1);
	assert_non_null(strstr(error.text, "nothing stands here"));
	memset(text, 'A', sizeof(text));
	assert_int_equal(fc_namespace_pattern_check(text, sizeof(text) - 1, &error), 0);
	assert_int_equal(fc_namespace_pattern_check(text, sizeof(text), &error), -1);
	assert_non_null(strstr(error.text, "4096 are the most"));
}

static void test_groups_stand_no_deeper_than_a_hundred(void **state)
{
	struct fc_error error = FC_ERROR_INIT;
	char text[203];

	(void)state;
	memset(text, '(', 100);
	memset(text + 100, ')', 100);
	assert_int_equal(fc_namespace_pattern_check(text, 200, &error), 0);
	memset(text, '(', 101);
	memset(text + 101, ')', 101);
	assert_int_equal(fc_namespace_pattern_check(text, 202, &error), -1);
	assert_int_equal(strncmp(error.text, "character 101: ", 15), 0);
}

static void test_zero_bytes_and_broken_utf8_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = { { "a+\0", 3 }, { "[\0]", 3 }, { "\\\0", 2 }, { "[[\0", 3 }, { "\xFF+", 2 }, { "[\x80-\xC3]", 5 } };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error error = FC_ERROR_INIT;

		assert_null(fc_namespace_pattern_parse(rows[i].bytes, rows[i].len, &error));
		assert_int_equal(error.cls, FC_ERR_INVALID);
	}
}

/* Well-formed, and more than is compiled when each count is written out. */
static void test_pattern_that_grows_too_large_is_refused(void **state)
{
	struct fc_error error = FC_ERROR_INIT;
	char text[207];

	(void)state;
	memset(text, 'a', 200);
	text[0] = '(';
	memcpy(text + 199, "){1000}", 8);
	assert_null(fc_namespace_pattern_parse(text, strlen(text), &error));
	assert_int_equal(error.cls, FC_ERR_INVALID);
	assert_non_null(strstr(error.text, "too large"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documented_constructs_are_admitted),
		cmocka_unit_test(test_everything_else_is_refused_with_its_place_and_a_mend),
		cmocka_unit_test(test_empty_and_too_long_patterns_are_refused),
		cmocka_unit_test(test_groups_stand_no_deeper_than_a_hundred),
		cmocka_unit_test(test_zero_bytes_and_broken_utf8_are_refused),
		cmocka_unit_test(test_pattern_that_grows_too_large_is_refused),
	};

	return cmocka_run_group_tests_name("namespace_pattern_check", tests, NULL, NULL);
}
