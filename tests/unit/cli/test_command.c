/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What one run of the program printed, and how it ended. */
struct outcome {
	int status;
	char out[32768], err[4096];
};

static void read_back(int fd, char *into, size_t size)
{
	ssize_t n = pread(fd, into, size - 1, 0);

	assert_true(n >= 0);
	into[n] = '\0';
	close(fd);
}

static int temp_file(void)
{
	char path[] = "/tmp/fedcopy-command-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

/* Standard output and error go to files meanwhile; `out_fd` to another one, when not -1. */
static void run_into(struct outcome *o, int out_fd, const char *const *words)
{
	char *argv[8] = { 0 };
	int argc = 0, out = out_fd < 0 ? temp_file() : out_fd, err = temp_file();

	for (; words[argc]; argc++)
		argv[argc] = fc_xstrdup(words[argc]);
	fflush(stdout);
	int kept_out = dup(STDOUT_FILENO), kept_err = dup(STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	o->status = fc_command_main(argc, argv);
	clearerr(stdout);
	dup2(kept_out, STDOUT_FILENO);
	dup2(kept_err, STDERR_FILENO);
	close(kept_out);
	close(kept_err);
	while (argc)
		free(argv[--argc]);
	read_back(err, o->err, sizeof(o->err));
	o->out[0] = '\0';
	if (out_fd < 0)
		read_back(out, o->out, sizeof(o->out));
}
#define RUN(o, ...) run_into((o), -1, (const char *const[]){ "fedcopy", ##__VA_ARGS__, NULL })

static void test_command_without_words_prints_the_usage(void **state)
{
	struct outcome bare, asked, word;

	(void)state;
	RUN(&bare);
	RUN(&asked, "--help");
	RUN(&word, "help");
	assert_int_equal(bare.status, FC_EXIT_DONE);
	assert_non_null(strstr(bare.out, "Usage: fedcopy COMMAND"));
	assert_non_null(strstr(bare.out, "\n  run "));
	assert_non_null(strstr(bare.out, "\n  version "));
	assert_null(strstr(bare.out, "reference"));
	assert_string_equal(bare.out, asked.out);
	assert_string_equal(bare.out, word.out);
}

static void test_command_unknown_is_a_usage_error_with_the_nearest(void **state)
{
	struct outcome near, far;

	(void)state;
	RUN(&near, "vesion");
	RUN(&far, "frobnicate");
	assert_int_equal(near.status, FC_EXIT_USAGE);
	assert_string_equal(near.out, "");
	assert_string_equal(near.err, "fedcopy: unknown command \"vesion\"; did you mean \"version\"?\n");
	assert_int_equal(far.status, FC_EXIT_USAGE);
	assert_non_null(strstr(far.err, "\"fedcopy help\""));
}

static void test_command_version_prints_one_line_per_library(void **state)
{
	struct outcome word, flag, more;

	(void)state;
	RUN(&word, "version");
	RUN(&flag, "--version");
	RUN(&more, "version", "now");
	assert_int_equal(word.status, FC_EXIT_DONE);
	assert_int_equal(
		strncmp(word.out, "fedcopy " FC_VERSION "\nlibcurl ", strlen("fedcopy " FC_VERSION "\nlibcurl ")), 0);
	assert_string_equal(word.out, flag.out);
	assert_int_equal(more.status, FC_EXIT_USAGE);
	assert_non_null(strstr(more.err, "fedcopy version: unexpected argument \"now\""));
}

static void test_command_run_without_target_is_a_usage_error(void **state)
{
	struct outcome o;

	(void)state;
	unsetenv("FEDCOPY_TARGET");
	unsetenv("FEDCOPY_CONFIG");
	RUN(&o, "run");
	assert_int_equal(o.status, FC_EXIT_USAGE);
	assert_non_null(strstr(o.err, "fedcopy run: --target is required"));
}

static void test_command_run_help_lists_the_flags(void **state)
{
	struct outcome o;

	(void)state;
	RUN(&o, "run", "--help");
	assert_int_equal(o.status, FC_EXIT_DONE);
	assert_non_null(strstr(o.out, "--max-in-flight N"));
}

static void test_command_reference_prints_one_table_or_all(void **state)
{
	struct outcome all, states, none;

	(void)state;
	RUN(&all, "reference");
	RUN(&states, "reference", "states");
	RUN(&none, "reference", "nothing");
	assert_int_equal(all.status, FC_EXIT_DONE);
	assert_int_equal(strncmp(all.out, "## Flags\n\n| flag |", 18), 0);
	assert_non_null(strstr(all.out, "\n\n## Metrics\n\n| metric |"));
	assert_non_null(strstr(all.out, "\n\n## States\n\n| state |"));
	assert_non_null(strstr(all.out, states.out));
	assert_int_equal(none.status, FC_EXIT_USAGE);
}

static void test_command_failure_of_operator_texts_is_usage_and_of_others_not(void **state)
{
	struct fc_error usage = FC_ERROR_INIT, config = FC_ERROR_INIT, network = FC_ERROR_INIT;
	int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	fc_error_set(&usage, FC_ERR_USAGE, "x");
	fc_error_set(&config, FC_ERR_CONFIG, "x");
	fc_error_set(&network, FC_ERR_NETWORK, "x");
	dup2(null, STDERR_FILENO);
	int statuses[] = { fc_command_fail("p", &usage), fc_command_fail("p", &config),
			   fc_command_fail("p", &network) };
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(null);
	assert_int_equal(statuses[0], FC_EXIT_USAGE);
	assert_int_equal(statuses[1], FC_EXIT_USAGE);
	assert_int_equal(statuses[2], FC_EXIT_FAILED);
}

static void test_command_output_that_is_lost_is_a_failure(void **state)
{
	struct outcome o;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(full >= 0);
	run_into(&o, full, (const char *const[]){ "fedcopy", "version", NULL });
	close(full);
	assert_int_equal(o.status, FC_EXIT_FAILED);
	assert_non_null(strstr(o.err, strerror(ENOSPC)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_without_words_prints_the_usage),
		cmocka_unit_test(test_command_unknown_is_a_usage_error_with_the_nearest),
		cmocka_unit_test(test_command_version_prints_one_line_per_library),
		cmocka_unit_test(test_command_run_without_target_is_a_usage_error),
		cmocka_unit_test(test_command_run_help_lists_the_flags),
		cmocka_unit_test(test_command_reference_prints_one_table_or_all),
		cmocka_unit_test(test_command_failure_of_operator_texts_is_usage_and_of_others_not),
		cmocka_unit_test(test_command_output_that_is_lost_is_a_failure),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
