/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of each original: its flags with their defaults, what they mean here, and what is refused. */
#include "cli/dropin.h"

#include "base/mem.h"
#include "serve/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

struct parsed {
	struct fc_dropin d;
	struct fc_options o;
	struct fc_error err;
	int rc;
};

static void parsed_fini(struct parsed *p)
{
	fc_options_fini(&p->o);
	fc_dropin_fini(&p->d);
}
#define AUTO_PARSED FC_CLEANUP(parsed_fini) struct parsed

/* Words parted by blanks; `%` stands for an empty one. */
static struct parsed parse(const struct fc_dropin_original *original, const char *text)
{
	FC_AUTO_FREE char *copy = fc_xasprintf("%s %s", original->command, text);
	struct parsed p = { .err = FC_ERROR_INIT };
	char *save = NULL, *argv[32];
	int argc = 0;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "%") == 0 ? word + 1 : word;
	p.rc = fc_dropin_parse(original, argc, argv, &p.d, &p.o, &p.err);
	return p;
}

static struct parsed taken(const struct fc_dropin_original *original, const char *text)
{
	struct parsed p = parse(original, text);

	if (p.rc < 0)
		fail_msg("%s %s: %s", original->command, text, p.err.text);
	return p;
}

static void assert_refused(const struct fc_dropin_original *original, const char *text, const char *part)
{
	AUTO_PARSED p = parse(original, text);

	if (p.rc == 0)
		fail_msg("taken: %s %s", original->command, text);
	assert_int_equal(p.err.cls, FC_ERR_USAGE);
	if (!strstr(p.err.text, part))
		fail_msg("not the words: %s", p.err.text);
}

static void assert_served(const struct fc_dropin_endpoint *e, const char *address, unsigned paths, bool secure)
{
	if (!address) {
		assert_null(e->address);
		return;
	}
	assert_string_equal(e->address, address);
	assert_int_equal(e->paths, paths);
	assert_int_equal(e->secure, secure);
}

/* --- k8s-copier --- */

static void test_k8s_copier_defaults(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_copier, "--target=federatedsecret");

	(void)state;
	assert_true(fc_options_has_dialect(&p.o, "k8s-copier"));
	assert_int_equal(p.o.dialects.count, 1);
	assert_int_equal(p.o.namespaces.count, 0);
	assert_string_equal(p.o.status_address, "");
	assert_string_equal(p.o.debug_address, "");
	assert_int_equal(p.o.resync_period_ms, 0);
	assert_int_equal(p.o.log_level, FC_LOG_INFO);
	assert_false(p.o.allow_all);
	assert_served(&p.d.endpoints[0], ":8080", FC_SERVE_METRICS, false);
	assert_served(&p.d.endpoints[1], NULL, 0, false);
}

static void test_k8s_copier_takes_the_arguments_of_its_manifest(void **state)
{
	AUTO_PARSED p =
		taken(&fc_original_k8s_copier, "--namespace=shop --target=federatedsecret,federatedhelmrelease");

	(void)state;
	assert_int_equal(p.o.namespaces.count, 1);
	assert_string_equal(p.o.namespaces.items[0], "shop");
	assert_int_equal(p.o.targets.count, 2);
	assert_string_equal(p.o.targets.items[1], "federatedhelmrelease");
}

static void test_k8s_copier_lists_are_repeated_or_comma_lists(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_copier, "-t secrets -tconfigmaps,deployments.v1.apps -n a -n=b,c");

	(void)state;
	assert_int_equal(p.o.targets.count, 3);
	assert_int_equal(p.o.namespaces.count, 3);
}

static void test_k8s_copier_empty_namespace_is_all(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_copier, "--namespace= -t secrets");

	(void)state;
	assert_int_equal(p.o.namespaces.count, 0);
}

static void test_k8s_copier_flags_of_klog_are_taken(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_copier,
			      "-t secrets --logtostderr=true --v=2 --vmodule=a=1 --alsologtostderr --stderrthreshold=2 "
			      "--log_dir=/x --log_file=y --log_file_max_size=5 --log_backtrace_at=:0 --skip_headers "
			      "--skip_log_headers --add_dir_header --one_output");

	(void)state;
	assert_int_equal(p.o.log_level, FC_LOG_DEBUG);
	AUTO_PARSED q = taken(&fc_original_k8s_copier, "-t secrets -v 1");
	assert_int_equal(q.o.log_level, FC_LOG_INFO);
}

static void test_k8s_copier_knows_kubeconfig_and_master(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_copier, "-t secrets --kubeconfig=/k --master=https://h:6443");

	(void)state;
	assert_string_equal(p.o.kubeconfig, "/k");
	assert_null(p.o.master);
	assert_string_equal(p.d.flags.master, "https://h:6443");
}

static void test_k8s_copier_refuses(void **state)
{
	(void)state;
	assert_refused(&fc_original_k8s_copier, "", "--target is required");
	assert_refused(&fc_original_k8s_copier, "--target=a..b", "--target");
	assert_refused(&fc_original_k8s_copier, "-t secrets -n Shop", "--namespace");
	assert_refused(&fc_original_k8s_copier, "-t secrets --leader-elect", "unknown flag --leader-elect");
	assert_refused(&fc_original_k8s_copier, "-t secrets --v=x", "--v");
	assert_refused(&fc_original_k8s_copier, "-t secrets more", "unexpected argument");
}

/* --- kopy, and what it shares with configmap-sync --- */

static void test_kopy_defaults(void **state)
{
	AUTO_PARSED p = taken(&fc_original_kopy, "");

	(void)state;
	assert_int_equal(p.o.dialects.count, 1);
	assert_true(fc_options_has_dialect(&p.o, "kopy"));
	assert_int_equal(p.o.targets.count, 0);
	assert_int_equal(p.o.resync_period_ms, 10 * 3600 * 1000);
	assert_int_equal(p.o.log_format, FC_LOG_TEXT);
	assert_int_equal(p.o.log_level, FC_LOG_INFO);
	assert_false(p.o.kopy_overwrite_unowned);
	assert_false(p.o.leader_elect);
	assert_served(&p.d.endpoints[0], ":8081", FC_SERVE_PINGS, false);
	assert_served(&p.d.endpoints[1], NULL, 0, true);
	assert_string_equal(p.d.flags.metrics_cert_name, "tls.crt");
	assert_string_equal(p.d.flags.metrics_cert_key, "tls.key");
	assert_string_equal(p.d.original->lease, "536a408e.kopy.kot-labs.com");
}

static void test_kopy_takes_the_arguments_of_its_chart(void **state)
{
	AUTO_PARSED p = taken(&fc_original_kopy, "--leader-elect --metrics-bind-address=:8443 "
						 "--health-probe-bind-address=:8081 --zap-encoder=json");

	(void)state;
	assert_true(p.o.leader_elect);
	assert_string_equal(p.o.lease_name, "536a408e.kopy.kot-labs.com");
	assert_null(p.o.lease_namespace);
	/* 15 s, 10 s, 2 s */
	assert_int_equal(p.o.lease_timing.lease_ms, 15000);
	assert_int_equal(p.o.lease_timing.deadline_ms, 10000);
	assert_int_equal(p.o.lease_timing.retry_ms, 2000);
	assert_int_equal(p.o.log_format, FC_LOG_JSON);
	assert_served(&p.d.endpoints[1], ":8443", FC_SERVE_METRICS, true);
}

static void test_managers_take_every_flag_of_the_framework(void **state)
{
	static const char *const all =
		"-kubeconfig /k -metrics-bind-address=:8080 -metrics-secure=false "
		"-metrics-cert-path=/c -metrics-cert-name=a.crt -metrics-cert-key=a.key "
		"-health-probe-bind-address 0 -enable-http2 -webhook-cert-path=/w "
		"-webhook-cert-name=w.crt -webhook-cert-key=w.key -zap-devel=false "
		"-zap-log-level=error -zap-stacktrace-level=panic -zap-time-encoding=rfc3339nano";
	const struct fc_dropin_original *const both[] = { &fc_original_kopy, &fc_original_configmap_sync };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(both); i++) {
		AUTO_PARSED p = taken(both[i], all);

		assert_string_equal(p.o.kubeconfig, "/k");
		assert_served(&p.d.endpoints[0], NULL, 0, false);
		assert_served(&p.d.endpoints[1], ":8080", FC_SERVE_METRICS, false);
		/* Without its habits for developers it writes JSON. */
		assert_int_equal(p.o.log_format, FC_LOG_JSON);
		assert_int_equal(p.o.log_level, FC_LOG_ERROR);
	}
}

static void test_managers_log_levels_of_zap(void **state)
{
	static const struct {
		const char *word;
		enum fc_log_level level;
	} rows[] = {
		{ "debug", FC_LOG_DEBUG }, { "5", FC_LOG_DEBUG },     { "INFO", FC_LOG_INFO },
		{ "error", FC_LOG_ERROR }, { "panic", FC_LOG_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *line = fc_xasprintf("--zap-log-level=%s", rows[i].word);
		AUTO_PARSED p = taken(&fc_original_kopy, line);

		assert_int_equal(p.o.log_level, rows[i].level);
	}
}

/* The framework lowers the case of all of them first. */
static void test_managers_take_the_words_of_zap_whatever_their_case(void **state)
{
	static const char *const rows[] = {
		"--zap-encoder=JSON --zap-stacktrace-level=Error",
		"--zap-encoder Json --zap-stacktrace-level Panic --zap-time-encoding ISO8601",
		"--zap-encoder=json --zap-time-encoding=Nanos",
		"--zap-encoder=json --zap-log-level=Info --zap-stacktrace-level=debug"
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		AUTO_PARSED p = taken(&fc_original_kopy, rows[i]);

		assert_int_equal(p.o.log_format, FC_LOG_JSON);
	}
	AUTO_PARSED q = taken(&fc_original_configmap_sync, "--zap-encoder=Console");
	assert_int_equal(q.o.log_format, FC_LOG_TEXT);
}

static void test_kopy_refuses(void **state)
{
	(void)state;
	assert_refused(&fc_original_kopy, "--zap-encoder %", "--zap-encoder");
	assert_refused(&fc_original_kopy, "--zap-log-level=0", "--zap-log-level");
	assert_refused(&fc_original_kopy, "--zap-log-level=loud", "give debug, info, error, panic");
	assert_refused(&fc_original_kopy, "--zap-encoder=xml", "--zap-encoder");
	assert_refused(&fc_original_kopy, "--health-probe-bind-address=8081", "--health-probe-bind-address");
	assert_refused(&fc_original_kopy, "--namespace=a", "unknown flag --namespace=a");
	assert_refused(&fc_original_configmap_sync, "--version", "unknown flag --version");
}

static void test_kopy_version_and_help_ask_for_nothing_else(void **state)
{
	AUTO_PARSED p = taken(&fc_original_kopy, "-version");
	AUTO_PARSED q = taken(&fc_original_kopy, "-h");

	(void)state;
	assert_true(p.d.flags.version);
	assert_true(q.d.help);
}

/* --- configmap-sync --- */

static void test_configmap_sync_defaults(void **state)
{
	AUTO_PARSED p = taken(&fc_original_configmap_sync, "");

	(void)state;
	assert_true(fc_options_has_dialect(&p.o, "configmap-sync"));
	assert_int_equal(p.o.log_format, FC_LOG_JSON);
	assert_served(&p.d.endpoints[0], ":8081", FC_SERVE_PINGS, false);
	assert_served(&p.d.endpoints[1], NULL, 0, true);
	assert_string_equal(p.d.original->lease, "3fe4c69f.kapendra.com");
	assert_string_equal(p.d.original->adopting[0], "configmap-sync");
	AUTO_PARSED q = taken(&fc_original_configmap_sync, "--zap-encoder=console");
	assert_int_equal(q.o.log_format, FC_LOG_TEXT);
}

/* --- k8s-replicator --- */

static void test_k8s_replicator_defaults(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_replicator, "");

	(void)state;
	assert_true(fc_options_has_dialect(&p.o, "k8s-replicator"));
	assert_string_equal(p.o.replicator_prefix, "k8s-replicator");
	assert_false(p.o.allow_all);
	assert_false(p.o.replicator_ignore_unknown);
	assert_int_equal(p.o.resync_period_ms, 30 * 60 * 1000);
	assert_int_equal(p.o.replicator_kinds.count, 1);
	assert_string_equal(p.o.replicator_kinds.items[0], "all");
	assert_int_equal(p.o.replicator_labels.count, 1);
	assert_string_equal(p.o.replicator_labels.items[0], "app.kubernetes.io/managed-by=k8s-replicator");
	assert_served(&p.d.endpoints[0], ":9102", FC_SERVE_NOT_READY, false);
	assert_string_equal(p.d.endpoints[0].parts[0], "configMap");
	assert_string_equal(p.d.endpoints[0].parts[1], "secret");
	assert_true(p.d.original->in_cluster_only);
}

/* --create-with-labels with an empty argument, as its chart has it. */
static void test_k8s_replicator_takes_the_arguments_of_its_chart(void **state)
{
	AUTO_PARSED p = taken(&fc_original_k8s_replicator,
			      "--annotations-prefix k8s-replicator.olli.com --allow-all --ignore-unknown "
			      "--resync-period 0 --create-with-labels % --run-replicators Secret");

	(void)state;
	assert_string_equal(p.o.replicator_prefix, "k8s-replicator.olli.com");
	/* That dialect's word, and no permission for all that this process can do. */
	assert_true(p.d.flags.allow_all);
	assert_false(p.o.allow_all);
	assert_true(p.o.replicator_ignore_unknown);
	assert_int_equal(p.o.resync_period_ms, 0);
	assert_int_equal(p.o.replicator_labels.count, 1);
	assert_string_equal(p.o.replicator_labels.items[0], "");
	assert_string_equal(p.d.endpoints[0].parts[0], "secret");
	assert_null(p.d.endpoints[0].parts[1]);
}

static void test_k8s_replicator_refuses_by_the_names_of_its_own_flags(void **state)
{
	(void)state;
	assert_refused(&fc_original_k8s_replicator, "-run-replicators=pods", "--run-replicators");
	assert_refused(&fc_original_k8s_replicator, "--create-with-labels a", "--create-with-labels");
	assert_refused(&fc_original_k8s_replicator, "--create-with-labels a=b=c", "--create-with-labels");
	assert_refused(&fc_original_k8s_replicator, "--resync-period=often", "--resync-period");
	assert_refused(&fc_original_k8s_replicator, "--annotations-prefix=a_b", "--annotations-prefix");
	assert_refused(&fc_original_k8s_replicator, "--prefix=a", "unknown flag --prefix=a");
}

/* --- object-sync --- */

static const char *const object_sync_variables[] = { "WATCH_NAMESPACES",    "SOURCE_NAMESPACES",   "TARGET_NAMESPACES",
						     "METRICS_LISTEN_ADDR", "METRICS_LISTEN_PORT", "RUST_LOG" };

static int forget_object_sync(void **state)
{
	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(object_sync_variables); i++)
		unsetenv(object_sync_variables[i]);
	return 0;
}

static void test_object_sync_defaults(void **state)
{
	AUTO_PARSED p = taken(&fc_original_object_sync, "");

	(void)state;
	assert_true(fc_options_has_dialect(&p.o, "object-sync"));
	assert_int_equal(p.d.bearers_in.count + p.d.sources_in.count + p.d.copies_in.count, 0);
	assert_int_equal(p.o.namespaces.count, 0);
	assert_int_equal(p.o.log_level, FC_LOG_WARN);
	assert_served(&p.d.endpoints[0], "0.0.0.0:9000", FC_SERVE_METRICS_ONLY, false);
	assert_null(p.d.original->lease);
}

static void test_object_sync_takes_the_variables_of_its_chart(void **state)
{
	(void)state;
	setenv("RUST_LOG", "info,kube_client=warn", 1);
	setenv("WATCH_NAMESPACES", "kube-public, kube-system", 1);
	setenv("SOURCE_NAMESPACES", "kube-public,kube-system", 1);
	setenv("TARGET_NAMESPACES", "*", 1);
	AUTO_PARSED p = taken(&fc_original_object_sync, "");
	assert_int_equal(p.o.log_level, FC_LOG_INFO);
	assert_int_equal(p.d.bearers_in.count, 2);
	assert_string_equal(p.d.bearers_in.items[1], "kube-system");
	assert_int_equal(p.d.sources_in.count, 2);
	assert_int_equal(p.d.copies_in.count, 0);
}

static void test_object_sync_lists_of_all_namespaces(void **state)
{
	static const char *const all[] = { "", "  ", "*", "a,*", " * ,b" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(all); i++) {
		setenv("SOURCE_NAMESPACES", all[i], 1);
		AUTO_PARSED p = taken(&fc_original_object_sync, "");
		assert_int_equal(p.d.sources_in.count, 0);
	}
}

static void test_object_sync_d27_listens_on_ipv6_addresses_in_brackets(void **state)
{
	(void)state;
	setenv("METRICS_LISTEN_ADDR", "[::1]", 1);
	setenv("METRICS_LISTEN_PORT", "9001", 1);
	AUTO_PARSED p = taken(&fc_original_object_sync, "");
	assert_served(&p.d.endpoints[0], "[::1]:9001", FC_SERVE_METRICS_ONLY, false);
}

static void test_object_sync_refuses(void **state)
{
	static const char *const rows[][2] = { { "METRICS_LISTEN_ADDR", "0.0.0.0:9000" },
					       { "METRICS_LISTEN_ADDR", "::1" },
					       { "METRICS_LISTEN_PORT", "many" },
					       { "METRICS_LISTEN_PORT", "70000" },
					       { "TARGET_NAMESPACES", "Shop" } };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		setenv(rows[i][0], rows[i][1], 1);
		assert_refused(&fc_original_object_sync, "", rows[i][0]);
		unsetenv(rows[i][0]);
	}
	assert_refused(&fc_original_object_sync, "--namespace=a", "unknown flag --namespace=a");
	assert_refused(&fc_original_object_sync, "word", "unexpected argument");
}

/* --- all --- */

static void test_settings_without_a_counterpart_come_from_variables(void **state)
{
	(void)state;
	setenv("FEDCOPY_DEBUG_ADDRESS", "127.0.0.1:9999", 1);
	setenv("FEDCOPY_MAX_IN_FLIGHT", "3", 1);
	setenv("FEDCOPY_RESYNC_PERIOD", "1h", 1);
	/* Clusters and permissions are the original's. */
	setenv("FEDCOPY_CLUSTERS", "/no/such/file", 1);
	setenv("FEDCOPY_ALLOW_ALL", "true", 1);
	setenv("FEDCOPY_DIALECT", "k8s-copier", 1);
	setenv("FEDCOPY_STATUS_ADDRESS", "127.0.0.1:9998", 1);
	AUTO_PARSED p = taken(&fc_original_kopy, "");
	assert_string_equal(p.o.debug_address, "127.0.0.1:9999");
	assert_int_equal(p.o.max_in_flight, 3);
	assert_int_equal(p.o.resync_period_ms, 3600 * 1000);
	assert_null(p.o.clusters);
	assert_false(p.o.allow_all);
	assert_true(fc_options_has_dialect(&p.o, "kopy"));
	assert_string_equal(p.o.status_address, "127.0.0.1:9998");
	assert_served(&p.d.endpoints[0], ":8081", FC_SERVE_PINGS, false);
	/* No flag of it says where: this is where its metrics are then. */
	AUTO_PARSED q = taken(&fc_original_k8s_copier, "-t secrets");
	assert_served(&q.d.endpoints[0], NULL, 0, false);
	unsetenv("FEDCOPY_DEBUG_ADDRESS");
	unsetenv("FEDCOPY_MAX_IN_FLIGHT");
	unsetenv("FEDCOPY_RESYNC_PERIOD");
	unsetenv("FEDCOPY_CLUSTERS");
	unsetenv("FEDCOPY_ALLOW_ALL");
	unsetenv("FEDCOPY_DIALECT");
	unsetenv("FEDCOPY_STATUS_ADDRESS");
}

static void test_help_lists_the_flags_of_the_original_and_no_others(void **state)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	(void)state;
	for (size_t i = 0; fc_originals[i]; i++) {
		fc_buf_clear(&text);
		fc_dropin_help(fc_originals[i], &text);
		assert_int_equal(strstr(fc_buf_str(&text), "--target") != NULL,
				 fc_originals[i] == &fc_original_k8s_copier);
		assert_int_equal(strstr(fc_buf_str(&text), "--leader-elect") != NULL, fc_originals[i]->lease != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_k8s_copier_defaults),
		cmocka_unit_test(test_k8s_copier_takes_the_arguments_of_its_manifest),
		cmocka_unit_test(test_k8s_copier_lists_are_repeated_or_comma_lists),
		cmocka_unit_test(test_k8s_copier_empty_namespace_is_all),
		cmocka_unit_test(test_k8s_copier_flags_of_klog_are_taken),
		cmocka_unit_test(test_k8s_copier_knows_kubeconfig_and_master),
		cmocka_unit_test(test_k8s_copier_refuses),
		cmocka_unit_test(test_kopy_defaults),
		cmocka_unit_test(test_kopy_takes_the_arguments_of_its_chart),
		cmocka_unit_test(test_managers_take_every_flag_of_the_framework),
		cmocka_unit_test(test_managers_log_levels_of_zap),
		cmocka_unit_test(test_managers_take_the_words_of_zap_whatever_their_case),
		cmocka_unit_test(test_kopy_refuses),
		cmocka_unit_test(test_kopy_version_and_help_ask_for_nothing_else),
		cmocka_unit_test(test_configmap_sync_defaults),
		cmocka_unit_test(test_k8s_replicator_defaults),
		cmocka_unit_test(test_k8s_replicator_takes_the_arguments_of_its_chart),
		cmocka_unit_test(test_k8s_replicator_refuses_by_the_names_of_its_own_flags),
		cmocka_unit_test_teardown(test_object_sync_defaults, forget_object_sync),
		cmocka_unit_test_teardown(test_object_sync_takes_the_variables_of_its_chart, forget_object_sync),
		cmocka_unit_test_teardown(test_object_sync_lists_of_all_namespaces, forget_object_sync),
		cmocka_unit_test_teardown(test_object_sync_d27_listens_on_ipv6_addresses_in_brackets,
					  forget_object_sync),
		cmocka_unit_test_teardown(test_object_sync_refuses, forget_object_sync),
		cmocka_unit_test(test_settings_without_a_counterpart_come_from_variables),
		cmocka_unit_test(test_help_lists_the_flags_of_the_original_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
