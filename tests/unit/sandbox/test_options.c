/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/options.h"

#include "base/file.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define WORDS 24

/* The line after the program's name, parted by blanks. */
static int parse(struct sb_options *o, const char *line, struct fc_error *err)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(line);
	char *argv[WORDS], *rest = copy, name[] = "fedcopy-sandbox";
	int argc = 0;

	argv[argc++] = name;
	while (rest && *rest)
		argv[argc++] = strsep(&rest, " ");
	*err = FC_ERROR_INIT;
	return sb_options_parse(o, argc, argv, err);
}

static void test_every_flag_is_understood(void **state)
{
	struct fc_error err;
	struct sb_options o;

	(void)state;
	assert_int_equal(
		parse(&o,
		      "--clusters hub,edge-1 --clusters=edge-2 --dir /d --load hub=a=b --load *=c --history 7 "
		      "--admin-port 0 --cruel throttle,name=a:b --cruel=edge-1:hang --seed 18446744073709551615 "
		      "--port 65533 --journal 9",
		      &err),
		0);
	assert_int_equal(o.cluster_count, 3);
	assert_string_equal(o.clusters[0], "hub");
	assert_string_equal(o.clusters[2], "edge-2");
	assert_string_equal(o.directory, "/d");
	assert_int_equal(o.loads.count, 2);
	assert_string_equal(o.loads.items[0].cluster, "hub");
	assert_string_equal(o.loads.items[0].what, "a=b");
	assert_string_equal(o.loads.items[1].cluster, "*");
	assert_int_equal(o.history, 7);
	assert_int_equal(o.journal, 9);
	assert_int_equal(o.admin_port, 0);
	assert_int_equal(o.cruelties.count, 2);
	assert_string_equal(o.cruelties.items[0].cluster, "*");
	assert_string_equal(o.cruelties.items[0].what, "throttle,name=a:b");
	assert_string_equal(o.cruelties.items[1].cluster, "edge-1");
	assert_string_equal(o.cruelties.items[1].what, "hang");
	assert_true(o.seed == UINT64_MAX);
	assert_int_equal(o.first_port, 65533);
	assert_false(o.help || o.version);
	sb_options_fini(&o);
}

static void test_what_is_not_given_has_a_ground(void **state)
{
	struct fc_error err;
	struct sb_options o, other;

	(void)state;
	assert_int_equal(parse(&o, "--clusters a --dir /d", &err), 0);
	assert_int_equal(parse(&other, "--clusters a --dir /d", &err), 0);
	assert_int_equal(o.history, 1000);
	assert_int_equal(o.admin_port, -1);
	assert_int_equal(o.journal, 0);
	assert_int_equal(o.first_port, 0);
	assert_int_equal(o.loads.count + o.cruelties.count, 0);
	assert_true(o.seed != other.seed);
	sb_options_fini(&o);
	sb_options_fini(&other);
}

static void test_help_and_version_need_nothing_else(void **state)
{
	static const char *const lines[] = { "--help", "-h", "--version", "--history 5 --version --nonsense" };
	struct fc_error err;
	struct sb_options o;

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(lines); i++) {
		assert_int_equal(parse(&o, lines[i], &err), 0);
		assert_true(i < 2 ? o.help : o.version);
		sb_options_fini(&o);
	}
}

static void test_errors_name_the_flag_and_the_mend(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
		{ "", "--clusters is required: name the clusters to serve, as in --clusters hub,edge-1" },
		{ "--clusters a", "--dir is required: name a folder" },
		{ "--clusters a,Big --dir /d", "--clusters: \"Big\" is no name of a cluster: lower-case letters" },
		{ "--clusters a,,b --dir /d", "--clusters: \"\" is no name" },
		{ "--clusters a,b,a --dir /d",
		  "--clusters: \"a\" is named twice; give each cluster a name of its own" },
		{ "--clusters a --dir /d --load a", "--load: \"a\" is not CLUSTER=FILE; give the name" },
		{ "--clusters a --dir /d --load a=", "--load: \"a=\" is not CLUSTER=FILE" },
		{ "--clusters a --dir /d --load =x", "--load: \"=x\" is not CLUSTER=FILE" },
		{ "--clusters a --dir /d --load b=x", "--load: there is no cluster \"b\" in --clusters" },
		{ "--load b=x --clusters a,c --dir /d", "--load: there is no cluster \"b\" in --clusters" },
		{ "--clusters a --dir /d --cruel b:hang", "--cruel: there is no cluster \"b\" in --clusters" },
		{ "--clusters a --dir /d --history 0", "--history: \"0\" is no number from 1 to 1000000000" },
		{ "--clusters a --dir /d --history 5x", "--history: \"5x\" is no number" },
		{ "--clusters a --dir /d --history -5", "--history: \"-5\" is no number" },
		{ "--clusters a --dir /d --port 65536", "--port: \"65536\" is no number from 1 to 65535" },
		{ "--clusters a,b --dir /d --port 65535", "--port: 2 clusters from 65535 on would need port 65536" },
		{ "--clusters a,b --dir /d --port 9000 --admin-port 9001", "--admin-port: 9001 is a cluster's port" },
		{ "--clusters a --dir /d --seed 18446744073709551616",
		  "--seed: \"18446744073709551616\" is no number" },
		{ "--clusters a --dir /d --sead 5", "unknown flag --sead; see \"fedcopy-sandbox --help\"" },
		{ "--clusters a --dir /d run", "unexpected argument \"run\"; everything is given by flags" },
		{ "--clusters a --dir /d --", "unexpected argument \"--\"" },
		{ "--clusters a --dir", "--dir needs a value, as in --dir DIR" },
		{ "--clusters= --dir /d", "--clusters needs a value, as in --clusters NAME,..." },
		{ "--help=yes", "--help takes no value; leave \"=yes\" out" },
	};
	struct fc_error err;
	struct sb_options o;

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++) {
		assert_int_equal(parse(&o, cases[i].line, &err), -1);
		assert_int_equal(err.cls, FC_ERR_USAGE);
		if (strncmp(err.text, cases[i].words, strlen(cases[i].words)) != 0)
			fail_msg("%s: %s", cases[i].line, err.text);
		sb_options_fini(&o);
	}
}

static void test_an_order_is_for_its_cluster_or_for_all(void **state)
{
	char all[] = "*", hub[] = "hub";

	(void)state;
	assert_true(sb_order_is_for(&(struct sb_order){ .cluster = all }, "hub"));
	assert_true(sb_order_is_for(&(struct sb_order){ .cluster = hub }, "hub"));
	assert_false(sb_order_is_for(&(struct sb_order){ .cluster = hub }, "hu"));
}

/* Run from the root of the repository. */
static void test_the_manual_page_has_every_flag_and_no_other(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	size_t len, count = 0, items = 0;
	char *page;

	(void)state;
	if (fc_file_read("docs/man/fedcopy-sandbox.1", 100000, &page, &len, &err) < 0)
		fail_msg("%s", err.text);
	char *options = strstr(page, ".SH OPTIONS"), *files = strstr(page, ".SH FILES");
	*files = '\0';
	for (const char *name; (name = sb_options_flag(count)); count++) {
		FC_AUTO_FREE char *escaped = fc_xcalloc(3, strlen(name) + 1);
		for (size_t i = 0, j = 0; name[i]; i++) {
			if (name[i] == '-')
				escaped[j++] = '\\';
			escaped[j++] = name[i];
		}
		FC_AUTO_FREE char *with = fc_xasprintf("\n.TP\n.BR \\-\\-%s \"", escaped);
		FC_AUTO_FREE char *without = fc_xasprintf("\n.TP\n.B \\-\\-%s\n", escaped);
		if (!strstr(options, with) && !strstr(options, without))
			fail_msg("the manual page has no --%s", name);
	}
	for (const char *item = options; (item = strstr(item, "\n.TP\n")); item++)
		items++;
	assert_int_equal(items, count);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_flag_is_understood),
		cmocka_unit_test(test_what_is_not_given_has_a_ground),
		cmocka_unit_test(test_help_and_version_need_nothing_else),
		cmocka_unit_test(test_errors_name_the_flag_and_the_mend),
		cmocka_unit_test(test_the_manual_page_has_every_flag_and_no_other),
		cmocka_unit_test(test_an_order_is_for_its_cluster_or_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
