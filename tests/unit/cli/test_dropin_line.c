/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_line.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct fc_flag rows[] = {
	{ .name = "name", .short_name = 'n', .type = FC_FLAG_STRING, .value_name = "NAME", .commands = 1 },
	{ .name = "on", .type = FC_FLAG_BOOL, .commands = 1 },
	{ .name = "v", .short_name = 'v', .type = FC_FLAG_INT, .value_name = "N", .commands = 1 },
	{ .name = "theirs", .type = FC_FLAG_BOOL, .commands = 2 },
};

struct outcome {
	int rc;
	struct fc_line line;
	struct fc_error err;
};

/* Words parted by blanks; `%` stands for an empty one. */
static struct outcome read_line(enum fc_line_style style, const char *text)
{
	struct outcome o = { .err = FC_ERROR_INIT };
	static char copy[256];
	char *save = NULL, *argv[16], *word;
	int argc = 0;

	strncpy(copy, text, sizeof(copy) - 1);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "%") == 0 ? word + 1 : word;
	o.rc = fc_line_read(&o.line, style, rows, FC_ARRAY_LEN(rows), 1, "kopy", argc, argv, &o.err);
	return o;
}

static void assert_words(enum fc_line_style style, const char *text, const char *want)
{
	struct outcome o = read_line(style, text);
	FC_AUTO_BUF struct fc_buf have = FC_BUF_INIT;

	if (o.rc < 0)
		fail_msg("%s: %s", text, o.err.text);
	for (size_t i = 0; i < o.line.words.count; i++)
		fc_buf_printf(&have, "%s%s", i ? " " : "", o.line.words.items[i]);
	if (strcmp(fc_buf_str(&have), want) != 0)
		fail_msg("%s: %s, not %s", text, fc_buf_str(&have), want);
	fc_line_fini(&o.line);
}

static void assert_refused(enum fc_line_style style, const char *text, const char *part)
{
	struct outcome o = read_line(style, text);

	if (o.rc == 0)
		fail_msg("taken: %s", text);
	assert_int_equal(o.err.cls, FC_ERR_USAGE);
	if (!strstr(o.err.text, part))
		fail_msg("not the words: %s", o.err.text);
	fc_line_fini(&o.line);
}

static void test_line_of_flag_takes_one_dash_as_two(void **state)
{
	(void)state;
	assert_words(FC_LINE_FLAG, "-name=a --name=b -name c --name d", "--name=a --name=b --name=c --name=d");
	assert_words(FC_LINE_FLAG, "-name -x", "--name=-x");
	assert_words(FC_LINE_FLAG, "-name % -name=", "--name= --name=");
	assert_words(FC_LINE_FLAG, "-n a -v 3", "--name=a --v=3");
}

static void test_line_of_flag_takes_all_words_for_a_boolean_and_only_behind_an_equals_sign(void **state)
{
	(void)state;
	assert_words(FC_LINE_FLAG, "-on --on=T -on=0 -on=False", "--on=true --on=true --on=false --on=false");
	assert_refused(FC_LINE_FLAG, "-on=yes", "--on: \"yes\" is neither true nor false");
	assert_refused(FC_LINE_FLAG, "-on=", "neither true nor false");
}

static void test_line_of_flag_ends_with_the_first_word_that_is_none(void **state)
{
	struct outcome o = read_line(FC_LINE_FLAG, "-on false -name=a");

	(void)state;
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.line.words.count, 1);
	assert_string_equal(o.line.ignored, "false");
	fc_line_fini(&o.line);
	o = read_line(FC_LINE_FLAG, "-on --");
	assert_null(o.line.ignored);
	fc_line_fini(&o.line);
}

static void test_line_of_pflag_takes_letters_and_two_dashes(void **state)
{
	(void)state;
	assert_words(FC_LINE_PFLAG, "--name a -n b -nc -n=d -v=2 --v 3",
		     "--name=a --name=b --name=c --name=d --v=2 --v=3");
	assert_words(FC_LINE_PFLAG, "--on --on=f --", "--on=true --on=false");
	assert_words(FC_LINE_PFLAG, "-name", "--name=ame");
}

static void test_line_of_pflag_takes_no_other_word(void **state)
{
	(void)state;
	assert_refused(FC_LINE_PFLAG, "--on extra", "unexpected argument \"extra\"");
	assert_refused(FC_LINE_PFLAG, "-- extra", "unexpected argument \"extra\"");
}

static void test_line_refuses_what_it_does_not_know_and_says_what_there_is(void **state)
{
	(void)state;
	assert_refused(FC_LINE_FLAG, "-nmae=a", "unknown flag -nmae=a; did you mean --name?");
	assert_refused(FC_LINE_FLAG, "-zzzzz", "\"fedcopy kopy --help\" lists them");
	assert_refused(FC_LINE_FLAG, "-theirs", "unknown flag -theirs");
	assert_refused(FC_LINE_FLAG, "-name", "--name needs a value: --name=NAME");
	assert_refused(FC_LINE_PFLAG, "-x", "unknown flag -x");
}

static void test_line_help_ends_the_reading(void **state)
{
	static const char *const lines[] = { "-h -bad", "--help -bad", "-help -bad" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(lines); i++) {
		struct outcome o = read_line(FC_LINE_FLAG, lines[i]);

		assert_int_equal(o.rc, 0);
		assert_true(o.line.help);
		fc_line_fini(&o.line);
	}
	struct outcome o = read_line(FC_LINE_PFLAG, "-h --bad");
	assert_true(o.rc == 0 && o.line.help);
	fc_line_fini(&o.line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_of_flag_takes_one_dash_as_two),
		cmocka_unit_test(test_line_of_flag_takes_all_words_for_a_boolean_and_only_behind_an_equals_sign),
		cmocka_unit_test(test_line_of_flag_ends_with_the_first_word_that_is_none),
		cmocka_unit_test(test_line_of_pflag_takes_letters_and_two_dashes),
		cmocka_unit_test(test_line_of_pflag_takes_no_other_word),
		cmocka_unit_test(test_line_refuses_what_it_does_not_know_and_says_what_there_is),
		cmocka_unit_test(test_line_help_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
