/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* `fedcopy run` with a line, words parted by blanks. The options are the caller's only on 0. */
static int parse(const char *text, struct fc_options *out, struct fc_error *err)
{
	char *copy = fc_xasprintf("run %s", text), *save = NULL, *argv[32];
	int argc = 0;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	*err = FC_ERROR_INIT;
	int rc = fc_options_parse(FC_COMMAND_RUN, argc, argv, out, err);
	free(copy);
	return rc;
}

static void assert_taken(const char *text, struct fc_options *out)
{
	struct fc_error err;

	if (parse(text, out, &err) < 0)
		fail_msg("%s: %s", text, err.text);
}

static void assert_refused(const char *text, const char *part, const char *other_part)
{
	struct fc_options o;
	struct fc_error err;

	if (parse(text, &o, &err) == 0)
		fail_msg("taken: %s", text);
	assert_int_equal(err.cls, FC_ERR_USAGE);
	if (!strstr(err.text, part) || !strstr(err.text, other_part))
		fail_msg("not the words: %s", err.text);
}

static int forget_environment(void **state)
{
	size_t count;
	const struct fc_flag *rows = fc_flag_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		FC_AUTO_FREE char *variable = fc_flag_variable(&rows[i]);
		unsetenv(variable);
	}
	return 0;
}

static void test_options_defaults_are_those_of_the_design(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("--target=secrets", &o);
	assert_null(o.clusters);
	assert_null(o.kubeconfig);
	assert_null(o.master);
	assert_null(o.config);
	assert_int_equal(o.members.count, 0);
	assert_int_equal(o.namespaces.count, 0);
	assert_int_equal(o.max_in_flight, 16);
	assert_int_equal(o.max_deletes, 50);
	assert_int_equal(o.max_writes_per_second, 0);
	assert_int_equal(o.resync_period_ms, 30 * 60 * 1000);
	assert_false(o.leader_elect);
	assert_string_equal(o.lease_name, "fedcopy");
	assert_null(o.lease_namespace);
	assert_int_equal(o.lease_timing.lease_ms, 15000);
	assert_int_equal(o.lease_timing.deadline_ms, 10000);
	assert_int_equal(o.lease_timing.retry_ms, 2000);
	assert_string_equal(o.status_address, ":9102");
	assert_string_equal(o.debug_address, "127.0.0.1:9103");
	assert_int_equal(o.log_format, FC_LOG_TEXT);
	assert_int_equal(o.log_level, FC_LOG_INFO);
	assert_false(o.help);
	fc_options_fini(&o);
}

static void test_options_every_flag_reaches_its_field(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("--kubeconfig=k --master hub=ctx --member a --member b=c,d -t secrets,configmaps -t "
		     "deployments.v1.apps -n shop,team-a "
		     "--max-in-flight=3 --status-address= --debug-address=[::1]:0 --log-format json --log-level=debug",
		     &o);
	assert_string_equal(o.kubeconfig, "k");
	assert_string_equal(o.master, "hub=ctx");
	assert_int_equal(o.members.count, 2);
	assert_string_equal(o.members.items[1], "b=c,d"); /* a context may hold a comma */
	assert_int_equal(o.targets.count, 3);
	assert_string_equal(o.targets.items[2], "deployments.v1.apps");
	assert_int_equal(o.namespaces.count, 2);
	assert_int_equal(o.max_in_flight, 3);
	assert_string_equal(o.status_address, "");
	assert_string_equal(o.debug_address, "[::1]:0");
	assert_int_equal(o.log_format, FC_LOG_JSON);
	assert_int_equal(o.log_level, FC_LOG_DEBUG);
	fc_options_fini(&o);
	assert_taken("--clusters=c.yaml --kubeconfig=k --target=secrets", &o);
	assert_string_equal(o.clusters, "c.yaml");
	fc_options_fini(&o);
}

static void test_options_words_mean_their_enums(void **state)
{
	static const char *const levels[] = { "error", "warn", "info", "debug" };
	struct fc_options o;

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(levels); i++) {
		FC_AUTO_FREE char *text = fc_xasprintf("-t secrets --log-level=%s", levels[i]);
		enum fc_log_level level;
		assert_taken(text, &o);
		assert_int_equal(fc_log_parse_level(levels[i], &level), 0);
		assert_int_equal(o.log_level, level);
		fc_options_fini(&o);
	}
}

static void test_options_target_is_required(void **state)
{
	(void)state;
	assert_refused("", "--target is required", "--target=secrets");
	assert_refused("--master hub", "--target is required", "--target=secrets");
}

static void test_options_dialects_are_those_that_exist_each_once(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("--target=secrets", &o);
	assert_int_equal(o.dialects.count, 1);
	assert_true(fc_options_has_dialect(&o, "k8s-copier"));
	fc_options_fini(&o);
	assert_taken("--target=secrets --dialect=k8s-copier,k8s-copier", &o);
	assert_int_equal(o.dialects.count, 1);
	assert_false(fc_options_has_dialect(&o, "k8s-copie"));
	fc_options_fini(&o);
	assert_refused("--target=secrets --dialect=k8s-copie", "--dialect: there is no dialect \"k8s-copie\"",
		       "did you mean \"k8s-copier\"?");
	assert_refused("--target=secrets --dialect=x", "there is no dialect \"x\"", "k8s-copier");
	assert_refused("--target=secrets --dialect=", "--dialect", "empty");
}

static void test_options_target_of_no_known_form_is_refused(void **state)
{
	(void)state;
	assert_refused("--target=se/crets", "--target:", "se/crets");
	assert_refused("--target=secrets,", "--target:", "empty");
}

static void test_options_namespace_must_be_a_label(void **state)
{
	(void)state;
	assert_refused("-t secrets -n Shop", "--namespace: \"Shop\"", "lower-case");
	assert_refused("-t secrets -n shop,../x", "--namespace: \"../x\"", "at most 63");
	assert_refused("-t secrets --namespace=", "--namespace:", "empty");
}

static void test_options_repeated_namespaces_and_targets_count_once(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("-t secrets,secrets -t secrets -n b,a,b", &o);
	assert_int_equal(o.targets.count, 1);
	assert_int_equal(o.namespaces.count, 2);
	assert_string_equal(o.namespaces.items[0], "b");
	assert_string_equal(o.namespaces.items[1], "a");
	fc_options_fini(&o);
}

static void test_options_cluster_set_file_excludes_master_and_member(void **state)
{
	(void)state;
	assert_refused("-t secrets --clusters=f --master=m", "--clusters excludes --master", "not both");
	assert_refused("-t secrets --clusters=f --member=m", "--clusters excludes --member", "not both");
	setenv("FEDCOPY_CLUSTERS", "f", 1);
	assert_refused("-t secrets --master=m", "FEDCOPY_CLUSTERS excludes --master", "not both");
}

static void test_options_debug_address_must_be_loopback(void **state)
{
	(void)state;
	assert_refused("-t secrets --debug-address=:9103", "--debug-address:", "127.0.0.1:9103");
	assert_refused("-t secrets --debug-address=0.0.0.0:9103", "--debug-address:", "127.0.0.1:9103");
	assert_refused("-t secrets --debug-address=localhost:9103", "--debug-address:", "host names are not looked up");
	assert_refused("-t secrets --status-address=9102", "--status-address:", "no port");
}

static void test_options_two_equal_addresses_are_refused(void **state)
{
	struct fc_options o;

	(void)state;
	assert_refused("-t secrets --status-address=127.0.0.1:9103", "--debug-address", "another port");
	assert_taken("-t secrets --status-address=127.0.0.1:0 --debug-address=127.0.0.1:0", &o);
	fc_options_fini(&o);
	assert_taken("-t secrets --status-address= --debug-address=", &o);
	fc_options_fini(&o);
}

static void test_options_max_in_flight_is_at_least_one(void **state)
{
	(void)state;
	assert_refused("-t secrets --max-in-flight=0", "--max-in-flight:", "from 1 to");
}

static void test_options_write_rate_and_resync_period_may_be_zero(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("-t secrets --max-writes-per-second=0 --resync-period=0", &o);
	assert_int_equal(o.max_writes_per_second, 0);
	assert_int_equal(o.resync_period_ms, 0);
	fc_options_fini(&o);
	assert_taken("-t secrets --max-writes-per-second=50 --resync-period=1h30m", &o);
	assert_int_equal(o.max_writes_per_second, 50);
	assert_int_equal(o.resync_period_ms, 90 * 60 * 1000);
	fc_options_fini(&o);
	assert_refused("-t secrets --max-writes-per-second=-1", "--max-writes-per-second:", "from 0 to");
	assert_refused("-t secrets --resync-period=30", "--resync-period:", "is not a duration");
}

static void test_options_operands_are_refused(void **state)
{
	(void)state;
	assert_refused("-t secrets configmaps", "\"configmaps\"", "fedcopy run --help");
}

static void test_options_help_needs_nothing_else(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("--help", &o);
	assert_true(o.help);
	fc_options_fini(&o);
	assert_taken("-t secrets -h --nonsense", &o);
	assert_true(o.help);
	fc_options_fini(&o);
}

static void test_options_config_file_is_below_environment_and_flags(void **state)
{
	char path[] = "/tmp/fedcopy-options-XXXXXX";
	static const char text[] =
		"target: [secrets, configmaps]\nlog-level: debug\nlog-format: json\nmax-in-flight: 2\n";
	int fd = mkstemp(path);
	struct fc_options o;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	setenv("FEDCOPY_CONFIG", path, 1);
	setenv("FEDCOPY_LOG_FORMAT", "text", 1);
	assert_taken("--log-level=warn", &o);
	unlink(path);
	assert_string_equal(o.config, path);
	assert_int_equal(o.targets.count, 2);
	assert_int_equal(o.log_level, FC_LOG_WARN);
	assert_int_equal(o.log_format, FC_LOG_TEXT);
	assert_int_equal(o.max_in_flight, 2);
	fc_options_fini(&o);
}

static void test_options_config_that_is_not_there_names_flag_and_file(void **state)
{
	struct fc_options o;
	struct fc_error err;

	(void)state;
	assert_int_equal(parse("-t secrets --config=/nonexistent/f.yaml", &o, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(err.text, "--config: "));
	assert_non_null(strstr(err.text, "/nonexistent/f.yaml"));
	assert_refused("-t secrets --config=", "--config:", "empty");
}

static void test_options_rows_are_whole_and_unique(void **state)
{
	size_t count;
	const struct fc_flag *rows = fc_flag_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct fc_flag *row = &rows[i];
		assert_true(row->name && row->help && row->commands);
		assert_int_equal(row->type == FC_FLAG_BOOL, row->value_name == NULL);
		assert_int_equal(row->type == FC_FLAG_WORD, row->words != NULL);
		assert_int_not_equal(row->help[strlen(row->help) - 1], '.');
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(row->name, rows[j].name);
			assert_true(row->offset != rows[j].offset);
			assert_true(!row->short_name || row->short_name != rows[j].short_name);
		}
	}
}

/* The text without what only lays it out: roff's escapes and fonts, runs of white space. */
static char *plain(const char *text)
{
	struct fc_buf out = FC_BUF_INIT;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] == 'f' && text[2]) {
			text += 2;
		} else if (text[0] == '\\' && text[1]) {
			fc_buf_putc(&out, *++text);
		} else if (isspace((unsigned char)*text)) {
			if (out.len && out.data[out.len - 1] != ' ')
				fc_buf_putc(&out, ' ');
		} else {
			fc_buf_putc(&out, *text);
		}
	}
	return fc_buf_steal(&out);
}

/* Of the commands whose bits are given. */
static void assert_holds_rows(const char *text, const char *what, unsigned commands)
{
	size_t count;
	const struct fc_flag *rows = fc_flag_rows(&count);

	for (size_t i = 0; i < count; i++) {
		if (!(rows[i].commands & commands))
			continue;
		FC_AUTO_FREE char *flag = fc_xasprintf("--%s", rows[i].name);
		FC_AUTO_FREE char *standard =
			fc_xasprintf("%s (default %s)", rows[i].help, rows[i].default_text ? rows[i].default_text : "");
		if (!strstr(text, flag) || !strstr(text, rows[i].default_text ? standard : rows[i].help))
			fail_msg("%s lacks %s, or its words: %s", what, flag, rows[i].help);
	}
}

static void help_holds_every_row_within_100_columns(enum fc_flag_command command)
{
	struct fc_buf text = FC_BUF_INIT;

	fc_options_help(command, &text);
	FC_AUTO_FREE char *words = plain(fc_buf_str(&text));
	assert_holds_rows(words, "the help text", command);
	for (const char *line = fc_buf_str(&text); *line; line += strcspn(line, "\n") + 1)
		if (strcspn(line, "\n") > 100)
			fail_msg("too long: %s", line);
	fc_buf_fini(&text);
}

static void test_options_help_holds_every_row_within_100_columns(void **state)
{
	(void)state;
	help_holds_every_row_within_100_columns(FC_COMMAND_RUN);
	help_holds_every_row_within_100_columns(FC_COMMAND_CLUSTERS);
	help_holds_every_row_within_100_columns(FC_COMMAND_PLAN);
}

/* One set of flags, in a file, in the environment or in a script, serves all commands. */
static void test_options_clusters_takes_the_flags_of_run_and_needs_no_target(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_options o;

	(void)state;
	char *const few[] = { (char[]){ "clusters" } };
	assert_int_equal(fc_options_parse(FC_COMMAND_CLUSTERS, 1, few, &o, &err), 0);
	assert_int_equal(o.timeout_ms, 60000);
	assert_int_equal(o.output, FC_OUTPUT_TABLE);
	fc_options_fini(&o);
	char *const many[] = { (char[]){ "clusters" }, (char[]){ "--target=secrets" }, (char[]){ "--timeout=1m30s" },
			       (char[]){ "-oyaml" }, (char[]){ "--max-in-flight=3" } };
	assert_int_equal(fc_options_parse(FC_COMMAND_CLUSTERS, 5, many, &o, &err), 0);
	assert_int_equal(o.timeout_ms, 90000);
	assert_int_equal(o.output, FC_OUTPUT_YAML);
	fc_options_fini(&o);
}

static int parse_plan(const char *flag, struct fc_options *o, struct fc_error *err)
{
	FC_AUTO_FREE char *word = fc_xstrdup(flag);
	char *const argv[] = { (char[]){ "plan" }, (char[]){ "--target=secrets" }, word };

	*err = FC_ERROR_INIT;
	return fc_options_parse(FC_COMMAND_PLAN, *flag ? 3 : 2, argv, o, err);
}

static void test_options_plan_is_a_run_with_forms_of_its_own(void **state)
{
	static const char *const wrong[] = { "--output=yaml", "-otable", "--timeout=0s", "--output=" };
	struct fc_error err;
	struct fc_options o;

	(void)state;
	assert_int_equal(parse_plan("", &o, &err), 0);
	assert_int_equal(o.output, FC_OUTPUT_TEXT);
	assert_int_equal(o.timeout_ms, 60000);
	fc_options_fini(&o);
	assert_int_equal(parse_plan("-ojson", &o, &err), 0);
	assert_int_equal(o.output, FC_OUTPUT_JSON);
	fc_options_fini(&o);
	/* Those of a run that it has no use for. */
	assert_int_equal(parse_plan("--once", &o, &err), 0);
	fc_options_fini(&o);
	assert_int_equal(parse_plan("--status-address=:0", &o, &err), 0);
	fc_options_fini(&o);
	for (size_t i = 0; i < FC_ARRAY_LEN(wrong); i++)
		assert_int_equal(parse_plan(wrong[i], &o, &err), -1);
	char *const no_target[] = { (char[]){ "plan" } };
	assert_int_equal(fc_options_parse(FC_COMMAND_PLAN, 1, no_target, &o, &err), -1);
	assert_non_null(strstr(err.text, "--target is required"));
	char *const text[] = { (char[]){ "clusters" }, (char[]){ "-otext" } };
	assert_int_equal(fc_options_parse(FC_COMMAND_CLUSTERS, 2, text, &o, &err), -1);
	assert_non_null(strstr(err.text, "--output: \"text\""));
}

static void test_options_once_needs_time(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("-t secrets --once", &o);
	assert_true(o.once);
	assert_int_equal(o.timeout_ms, 60000);
	fc_options_fini(&o);
	/* Without it, it is nobody's time. */
	assert_taken("-t secrets --timeout=0s", &o);
	assert_false(o.once);
	fc_options_fini(&o);
	assert_refused("-t secrets --once --timeout=0s", "--timeout", "10s");
}

static void test_options_of_an_election_are_checked(void **state)
{
	struct fc_options o;

	(void)state;
	assert_taken("-t secrets --leader-elect --leader-elect-lease-duration=6s --leader-elect-renew-deadline=4s "
		     "--leader-elect-retry-period=500ms --leader-elect-resource-name=a.b "
		     "--leader-elect-resource-namespace=ops",
		     &o);
	assert_true(o.leader_elect);
	assert_string_equal(o.lease_name, "a.b");
	assert_string_equal(o.lease_namespace, "ops");
	assert_int_equal(o.lease_timing.lease_ms, 6000);
	assert_int_equal(o.lease_timing.deadline_ms, 4000);
	assert_int_equal(o.lease_timing.retry_ms, 500);
	fc_options_fini(&o);
	assert_refused("-t secrets --leader-elect --once", "--leader-elect", "leave it out with --once");
	assert_refused("-t secrets --leader-elect-lease-duration=10s", "--leader-elect-lease-duration",
		       "longer than the renew deadline");
	assert_refused("-t secrets --leader-elect-retry-period=9s", "--leader-elect-retry-period", "1.2 times");
	assert_refused("-t secrets --leader-elect-resource-name=A/b", "--leader-elect-resource-name:", "A/b");
	assert_refused("-t secrets --leader-elect-resource-namespace=../x",
		       "--leader-elect-resource-namespace:", "../x");
}

static void test_options_output_is_no_flag_of_run_and_no_time_is_no_timeout(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_options o;

	(void)state;
	char *const run[] = { (char[]){ "run" }, (char[]){ "--target=secrets" }, (char[]){ "--output=json" } };
	assert_int_equal(fc_options_parse(FC_COMMAND_RUN, 3, run, &o, &err), -1);
	assert_non_null(strstr(err.text, "--output"));
	char *const none[] = { (char[]){ "clusters" }, (char[]){ "--timeout=0s" } };
	assert_int_equal(fc_options_parse(FC_COMMAND_CLUSTERS, 2, none, &o, &err), -1);
	assert_non_null(strstr(err.text, "--timeout"));
}

/* Tests run in the folder that holds the Makefile. */
static void test_options_manual_holds_every_row_and_no_other_flag(void **state)
{
	FC_AUTO_FREE char *page = NULL;
	size_t len = 0, count;
	const struct fc_flag *rows = fc_flag_rows(&count);

	(void)state;
	assert_int_equal(fc_file_read("docs/man/fedcopy.1", 1024 * 1024, &page, &len, NULL), 0);
	FC_AUTO_FREE char *words = plain(page);
	assert_holds_rows(words, "the manual page", FC_COMMAND_RUN | FC_COMMAND_CLUSTERS);
	for (const char *at = strstr(words, "--"); at; at = strstr(at, "--")) {
		size_t known = 0, name_len = strspn(at += 2, "abcdefghijklmnopqrstuvwxyz-");
		for (size_t i = 0; i < count; i++)
			known += strncmp(rows[i].name, at, name_len) == 0 && !rows[i].name[name_len];
		if (!known)
			fail_msg("the manual page has --%.*s, the program has not", (int)name_len, at);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, forget_environment, forget_environment)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_options_defaults_are_those_of_the_design),
		TEST(test_options_every_flag_reaches_its_field),
		TEST(test_options_words_mean_their_enums),
		TEST(test_options_target_is_required),
		TEST(test_options_dialects_are_those_that_exist_each_once),
		TEST(test_options_target_of_no_known_form_is_refused),
		TEST(test_options_namespace_must_be_a_label),
		TEST(test_options_repeated_namespaces_and_targets_count_once),
		TEST(test_options_cluster_set_file_excludes_master_and_member),
		TEST(test_options_debug_address_must_be_loopback),
		TEST(test_options_two_equal_addresses_are_refused),
		TEST(test_options_max_in_flight_is_at_least_one),
		TEST(test_options_write_rate_and_resync_period_may_be_zero),
		TEST(test_options_operands_are_refused),
		TEST(test_options_help_needs_nothing_else),
		TEST(test_options_config_file_is_below_environment_and_flags),
		TEST(test_options_config_that_is_not_there_names_flag_and_file),
		TEST(test_options_rows_are_whole_and_unique),
		TEST(test_options_help_holds_every_row_within_100_columns),
		TEST(test_options_clusters_takes_the_flags_of_run_and_needs_no_target),
		TEST(test_options_plan_is_a_run_with_forms_of_its_own),
		TEST(test_options_of_an_election_are_checked),
		TEST(test_options_once_needs_time),
		TEST(test_options_output_is_no_flag_of_run_and_no_time_is_no_timeout),
		TEST(test_options_manual_holds_every_row_and_no_other_flag),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
