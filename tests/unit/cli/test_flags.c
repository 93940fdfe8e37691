/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One row of every type and kind. */
struct bag {
	char *file, *where;
	struct fc_strings names, raw;
	bool force, help;
	int64_t count, wait_ms;
	unsigned colour;
};

static int check_name(const char *word, struct fc_error *err)
{
	return strcmp(word, "bad") ? 0 : fc_error_set(err, FC_ERR_INVALID, "\"bad\" is bad; give a good one");
}

static const char *const colours[] = { "red", "green", NULL };
static const struct fc_flag rows[] = {
	{ .name = "file",
	  .type = FC_FLAG_STRING,
	  .value_name = "FILE",
	  .commands = 1,
	  .offset = offsetof(struct bag, file),
	  .help = "a file" },
	{ .name = "where",
	  .type = FC_FLAG_STRING,
	  .value_name = "PLACE",
	  .default_text = "here",
	  .commands = 1,
	  .empty = true,
	  .offset = offsetof(struct bag, where),
	  .help = "a place" },
	{ .name = "name",
	  .short_name = 'n',
	  .type = FC_FLAG_LIST,
	  .value_name = "NAME",
	  .commands = 1,
	  .commas = true,
	  .offset = offsetof(struct bag, names),
	  .check = check_name,
	  .help = "names" },
	{ .name = "raw",
	  .type = FC_FLAG_LIST,
	  .value_name = "TEXT",
	  .commands = 1,
	  .offset = offsetof(struct bag, raw),
	  .help = "as it is" },
	{ .name = "force",
	  .short_name = 'f',
	  .type = FC_FLAG_BOOL,
	  .commands = 1,
	  .offset = offsetof(struct bag, force),
	  .help = "do it" },
	{ .name = "count-of",
	  .type = FC_FLAG_INT,
	  .value_name = "N",
	  .default_text = "7",
	  .commands = 1,
	  .min = -2,
	  .max = 10,
	  .offset = offsetof(struct bag, count),
	  .help = "how many" },
	{ .name = "wait",
	  .type = FC_FLAG_DURATION,
	  .value_name = "DURATION",
	  .default_text = "1m30s",
	  .commands = 1,
	  .offset = offsetof(struct bag, wait_ms),
	  .help = "how long" },
	{ .name = "colour",
	  .type = FC_FLAG_WORD,
	  .value_name = "red|green",
	  .default_text = "green",
	  .commands = 1,
	  .words = colours,
	  .offset = offsetof(struct bag, colour),
	  .help = "which" },
	{ .name = "help",
	  .short_name = 'h',
	  .type = FC_FLAG_BOOL,
	  .commands = 3,
	  .offset = offsetof(struct bag, help),
	  .line_only = true,
	  .stops = true,
	  .help = "help" },
	{ .name = "other",
	  .type = FC_FLAG_BOOL,
	  .commands = 2,
	  .offset = offsetof(struct bag, force),
	  .help = "of another command" },
};
static const char *const variables[] = { "FEDCOPY_FILE", "FEDCOPY_WHERE",  "FEDCOPY_NAME",
					 "FEDCOPY_RAW",	 "FEDCOPY_FORCE",  "FEDCOPY_COUNT_OF",
					 "FEDCOPY_WAIT", "FEDCOPY_COLOUR", "FEDCOPY_HELP" };

struct test {
	struct fc_flags flags;
	struct bag bag;
	struct fc_error err;
	char path[64];
};

static int setup(void **state)
{
	struct test *t = fc_xcalloc(1, sizeof(*t));

	for (size_t i = 0; i < FC_ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	t->err = FC_ERROR_INIT;
	fc_flags_init(&t->flags, rows, FC_ARRAY_LEN(rows), 1, "prog go");
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;

	if (t->path[0])
		unlink(t->path);
	fc_flags_fini(&t->flags);
	fc_flags_free(rows, FC_ARRAY_LEN(rows), &t->bag);
	free(t);
	return 0;
}

static void write_file(struct test *t, const char *text)
{
	strcpy(t->path, "/tmp/fedcopy-flags-XXXXXX");
	int fd = mkstemp(t->path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* The line, words parted by blanks. */
static int line(struct test *t, const char *text)
{
	char *copy = fc_xstrdup(text), *save = NULL, *args[16];
	int argc = 0;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		args[argc++] = word;
	int rc = fc_flags_read_line(&t->flags, argc, args, &t->err);
	free(copy);
	return rc;
}

static int store(struct test *t)
{
	return fc_flags_store(&t->flags, &t->bag, &t->err);
}

static void assert_refused(struct test *t, int rc, const char *part, const char *other_part)
{
	assert_int_equal(rc, -1);
	assert_int_equal(t->err.cls, FC_ERR_USAGE);
	if (!strstr(t->err.text, part) || !strstr(t->err.text, other_part))
		fail_msg("not the words: %s", t->err.text);
}

static void test_flags_defaults_hold_when_nothing_is_given(void **state)
{
	struct test *t = *state;

	assert_int_equal(line(t, ""), 0);
	assert_int_equal(store(t), 0);
	assert_null(t->bag.file);
	assert_string_equal(t->bag.where, "here");
	assert_int_equal(t->bag.names.count, 0);
	assert_false(t->bag.force);
	assert_int_equal(t->bag.count, 7);
	assert_int_equal(t->bag.wait_ms, 90000);
	assert_int_equal(t->bag.colour, 1);
}

static void test_flags_take_values_in_every_form(void **state)
{
	struct test *t = *state;

	assert_int_equal(
		line(t, "--file a.yaml --where=x=y -n one -ntwo -n=three -f --count-of=-2 --wait 200ms --colour red"),
		0);
	assert_int_equal(store(t), 0);
	assert_string_equal(t->bag.file, "a.yaml");
	assert_string_equal(t->bag.where, "x=y");
	assert_int_equal(t->bag.names.count, 3);
	assert_string_equal(t->bag.names.items[2], "three");
	assert_true(t->bag.force);
	assert_int_equal(t->bag.count, -2);
	assert_int_equal(t->bag.wait_ms, 200);
	assert_int_equal(t->bag.colour, 0);
}

static void test_flags_lists_add_up_and_split_at_commas_where_the_row_says_so(void **state)
{
	struct test *t = *state;
	char *args[] = { (char *)(uintptr_t) "--name= a ,b", (char *)(uintptr_t) "--name=c",
			 (char *)(uintptr_t) "--raw=x,y" };

	assert_int_equal(fc_flags_read_line(&t->flags, 3, args, &t->err), 0);
	assert_int_equal(store(t), 0);
	assert_int_equal(t->bag.names.count, 3);
	assert_string_equal(t->bag.names.items[0], "a");
	assert_string_equal(t->bag.names.items[2], "c");
	assert_int_equal(t->bag.raw.count, 1);
	assert_string_equal(t->bag.raw.items[0], "x,y");
}

static void test_flags_last_of_a_repeated_single_value_counts(void **state)
{
	struct test *t = *state;

	assert_int_equal(line(t, "--file a --file b --force --force=false"), 0);
	assert_int_equal(store(t), 0);
	assert_string_equal(t->bag.file, "b");
	assert_false(t->bag.force);
}

static void test_flags_two_dashes_end_the_flags(void **state)
{
	struct test *t = *state;

	assert_int_equal(line(t, "one --force -- --file -x"), 0);
	assert_int_equal(t->flags.operands.count, 3);
	assert_string_equal(t->flags.operands.items[0], "one");
	assert_string_equal(t->flags.operands.items[1], "--file");
	assert_string_equal(t->flags.operands.items[2], "-x");
	assert_null(fc_flags_given(&t->flags, "file")->origin);
}

static void test_flags_single_dash_is_an_operand(void **state)
{
	struct test *t = *state;

	assert_int_equal(line(t, "-"), 0);
	assert_int_equal(t->flags.operands.count, 1);
}

static void test_flags_unknown_one_is_refused_with_the_nearest(void **state)
{
	struct test *t = *state;

	assert_refused(t, line(t, "--nmae=x"), "unknown flag --nmae;", "did you mean --name?");
	assert_refused(t, line(t, "--zzzzzz"), "unknown flag --zzzzzz;", "\"prog go --help\"");
	assert_refused(t, line(t, "-z"), "unknown flag -z;", "\"prog go --help\"");
	assert_refused(t, line(t, "--nam x"), "--nam;", "--name?");
}

static void test_flags_of_another_command_are_unknown(void **state)
{
	struct test *t = *state;

	assert_refused(t, line(t, "--other"), "unknown flag --other", "--help");
}

static void test_flags_missing_value_is_refused_with_an_example(void **state)
{
	struct test *t = *state;

	assert_refused(t, line(t, "--file"), "--file needs a value", "--file=FILE");
	assert_refused(t, line(t, "--file --force"), "--file needs a value", "--file=FILE");
	assert_refused(t, line(t, "-n"), "--name needs a value", "--name=NAME");
	assert_refused(t, line(t, "--count-of -- rest"), "--count-of needs a value", "--count-of=N");
}

static void test_flags_wrong_values_are_refused_naming_the_flag(void **state)
{
	static const struct {
		const char *line, *part;
	} cases[] = {
		{ "--count-of=11", "\"11\" is not a whole number from -2 to 10" },
		{ "--count-of=-3", "from -2 to 10" },
		{ "--count-of=1x", "from -2 to 10" },
		{ "--count-of=+1", "from -2 to 10" },
		{ "--count-of=99999999999999999999", "from -2 to 10" },
		{ "--count-of=", "empty" },
		{ "--wait=5", "5" },
		{ "--colour=blue", "\"blue\" is not one of red|green" },
		{ "--force=maybe", "neither true nor false" },
		{ "--file=", "empty" },
		{ "--name=a,,b", "empty" },
		{ "--name=", "empty" },
		{ "--name=good,bad", "give a good one" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++) {
		void *other = NULL;
		setup(&other);
		struct test *t = other;
		size_t len = strcspn(cases[i].line, "=");
		char flag[32] = { 0 };
		memcpy(flag, cases[i].line, len);
		strcat(flag, ":");
		assert_int_equal(line(t, cases[i].line), 0);
		assert_refused(t, store(t), flag, cases[i].part);
		teardown(&other);
	}
}

static void test_flags_empty_value_is_taken_where_it_means_something(void **state)
{
	struct test *t = *state;

	assert_int_equal(line(t, "--where="), 0);
	assert_int_equal(store(t), 0);
	assert_string_equal(t->bag.where, "");
}

static void test_flags_help_stops_all_reading(void **state)
{
	struct test *t = *state;

	assert_int_equal(line(t, "-h --unknown"), 0);
	assert_true(t->flags.stopped);
}

static void test_flags_environment_stands_in_and_line_wins(void **state)
{
	struct test *t = *state;

	setenv("FEDCOPY_NAME", "a, b", 1);
	setenv("FEDCOPY_RAW", "x,y", 1);
	setenv("FEDCOPY_COUNT_OF", "3", 1);
	setenv("FEDCOPY_FILE", "from-environment", 1);
	setenv("FEDCOPY_HELP", "true", 1);
	assert_int_equal(line(t, "--file=from-line"), 0);
	assert_int_equal(fc_flags_read_environment(&t->flags, &t->err), 0);
	assert_int_equal(store(t), 0);
	assert_string_equal(t->bag.file, "from-line");
	assert_int_equal(t->bag.names.count, 2);
	assert_string_equal(t->bag.names.items[1], "b");
	assert_int_equal(t->bag.raw.count, 2);
	assert_int_equal(t->bag.count, 3);
	assert_false(t->bag.help);
}

static void test_flags_wrong_variable_is_named(void **state)
{
	struct test *t = *state;

	setenv("FEDCOPY_COUNT_OF", "many", 1);
	assert_int_equal(fc_flags_read_environment(&t->flags, &t->err), 0);
	assert_refused(t, store(t), "FEDCOPY_COUNT_OF:", "\"many\"");
}

static void test_flags_file_stands_in_and_environment_wins(void **state)
{
	struct test *t = *state;

	write_file(t, "name: [a, 'b,c']\ncount-of: 4\nforce: true\ncolour: red\nwait: 2s\nwhere: ''\nother: true\n");
	setenv("FEDCOPY_COUNT_OF", "5", 1);
	assert_int_equal(line(t, "--name=z"), 0);
	assert_int_equal(fc_flags_read_environment(&t->flags, &t->err), 0);
	assert_int_equal(fc_flags_read_file(&t->flags, t->path, &t->err), 0);
	assert_int_equal(store(t), 0);
	assert_int_equal(t->bag.names.count, 1); /* a list of a higher source replaces, it does not add */
	assert_string_equal(t->bag.names.items[0], "z");
	assert_int_equal(t->bag.count, 5);
	assert_true(t->bag.force);
	assert_int_equal(t->bag.colour, 0);
	assert_int_equal(t->bag.wait_ms, 2000);
	assert_string_equal(t->bag.where, "");
}

static void test_flags_entries_of_a_list_in_a_file_are_not_split(void **state)
{
	struct test *t = *state;

	write_file(t, "name: [a, 'b,c']\n");
	assert_int_equal(fc_flags_read_file(&t->flags, t->path, &t->err), 0);
	assert_int_equal(store(t), 0);
	assert_int_equal(t->bag.names.count, 2);
	assert_string_equal(t->bag.names.items[1], "b,c");
}

static void test_flags_file_that_is_wrong_is_refused_naming_file_and_key(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "nmae: [a]\n", "unknown key \"nmae\"; did you mean \"name\"?" },
		{ "zzzzzzz: 1\n", "unknown key \"zzzzzzz\"; keys are" },
		{ "help: true\n", "unknown key \"help\"" },
		{ "name: a\n", "name must be a list of strings" },
		{ "name: [a, 1]\n", "name[1] must be a string; put it in quotes" },
		{ "name: [yes]\n", "name[0] must be a string; put it in quotes" },
		{ "file: 1\n", "file must be a string; put it in quotes" },
		{ "file:\n", "file must be a string" },
		{ "count-of: '1'\n", "count-of must be a whole number" },
		{ "count-of: 1.5\n", "count-of must be a whole number" },
		{ "force: 'yes'\n", "force must be true or false" },
		{ "- a\n", "must be a mapping" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++) {
		void *other = NULL;
		setup(&other);
		struct test *t = other;
		write_file(t, cases[i].text);
		assert_refused(t, fc_flags_read_file(&t->flags, t->path, &t->err), cases[i].part, t->path);
		teardown(&other);
	}
}

static void test_flags_value_in_a_file_is_judged_naming_file_and_key(void **state)
{
	struct test *t = *state;
	char origin[96];

	write_file(t, "count-of: 11\n");
	snprintf(origin, sizeof(origin), "%s: count-of:", t->path);
	assert_int_equal(fc_flags_read_file(&t->flags, t->path, &t->err), 0);
	assert_refused(t, store(t), origin, "\"11\"");
}

static void test_flags_empty_file_gives_nothing(void **state)
{
	struct test *t = *state;

	write_file(t, "# nothing yet\n");
	assert_int_equal(fc_flags_read_file(&t->flags, t->path, &t->err), 0);
	assert_int_equal(store(t), 0);
	assert_int_equal(t->bag.count, 7);
}

static void test_flags_file_that_cannot_be_read_or_parsed_is_a_config_error(void **state)
{
	struct test *t = *state;

	assert_int_equal(fc_flags_read_file(&t->flags, "/nonexistent/fedcopy.yaml", &t->err), -1);
	assert_int_equal(t->err.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(t->err.text, "/nonexistent/fedcopy.yaml"));
	write_file(t, "name: [a\n");
	assert_int_equal(fc_flags_read_file(&t->flags, t->path, &t->err), -1);
	assert_int_equal(t->err.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(t->err.text, t->path));
}

static void test_flags_variable_is_the_name_in_capitals(void **state)
{
	(void)state;
	FC_AUTO_FREE char *variable = fc_flag_variable(&rows[5]);
	assert_string_equal(variable, "FEDCOPY_COUNT_OF");
}

static void test_flags_help_is_aligned_and_at_most_100_columns_wide(void **state)
{
	static const struct fc_flag two[] = {
		{ .name = "a",
		  .short_name = 'a',
		  .type = FC_FLAG_BOOL,
		  .commands = 1,
		  .help = "one two three four five six seven eight nine ten "
			  "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty" },
		{ .name = "bb",
		  .type = FC_FLAG_INT,
		  .value_name = "N",
		  .default_text = "3",
		  .commands = 1,
		  .help = "short" },
		{ .name = "long-name-of-another", .type = FC_FLAG_BOOL, .commands = 2, .help = "hidden" },
	};
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	(void)state;
	fc_flags_help(two, 3, 1, &text);
	assert_string_equal(
		fc_buf_str(&text),
		"  -a, --a     one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n"
		"              fifteen sixteen seventeen eighteen nineteen twenty\n"
		"      --bb N  short (default 3)\n");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_flags_defaults_hold_when_nothing_is_given),
		TEST(test_flags_take_values_in_every_form),
		TEST(test_flags_lists_add_up_and_split_at_commas_where_the_row_says_so),
		TEST(test_flags_last_of_a_repeated_single_value_counts),
		TEST(test_flags_two_dashes_end_the_flags),
		TEST(test_flags_single_dash_is_an_operand),
		TEST(test_flags_unknown_one_is_refused_with_the_nearest),
		TEST(test_flags_of_another_command_are_unknown),
		TEST(test_flags_missing_value_is_refused_with_an_example),
		TEST(test_flags_wrong_values_are_refused_naming_the_flag),
		TEST(test_flags_empty_value_is_taken_where_it_means_something),
		TEST(test_flags_help_stops_all_reading),
		TEST(test_flags_environment_stands_in_and_line_wins),
		TEST(test_flags_wrong_variable_is_named),
		TEST(test_flags_file_stands_in_and_environment_wins),
		TEST(test_flags_entries_of_a_list_in_a_file_are_not_split),
		TEST(test_flags_file_that_is_wrong_is_refused_naming_file_and_key),
		TEST(test_flags_value_in_a_file_is_judged_naming_file_and_key),
		TEST(test_flags_empty_file_gives_nothing),
		TEST(test_flags_file_that_cannot_be_read_or_parsed_is_a_config_error),
		TEST(test_flags_variable_is_the_name_in_capitals),
		TEST(test_flags_help_is_aligned_and_at_most_100_columns_wide),
	};

	return cmocka_run_group_tests_name("flags", tests, NULL, NULL);
}
