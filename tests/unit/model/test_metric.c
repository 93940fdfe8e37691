/* SPDX-License-Identifier: Apache-2.0 */
#include "model/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int set_up(void **state)
{
	*state = fc_metrics_new();
	return 0;
}

static int tear_down(void **state)
{
	fc_metrics_free(*state);
	return 0;
}

static char *text_of(struct fc_metrics *m)
{
	struct fc_buf out = FC_BUF_INIT;

	fc_metrics_text(m, &out);
	return fc_buf_steal(&out);
}

static void assert_line(struct fc_metrics *m, const char *line)
{
	FC_AUTO_FREE char *text = text_of(m);
	FC_AUTO_FREE char *between = fc_xasprintf("\n%s\n", line), *first = fc_xasprintf("%s\n", line);

	if (!strstr(text, between) && strncmp(text, first, strlen(first)) != 0)
		fail_msg("no line '%s' in\n%s", line, text);
}

static void test_metric_rows_have_unique_names(void **state)
{
	(void)state;
	for (int a = 0; a < FC_METRICS; a++) {
		assert_non_null(fc_metric_row(a)->name);
		for (int b = 0; b < a; b++)
			assert_string_not_equal(fc_metric_row(a)->name, fc_metric_row(b)->name);
	}
	assert_null(fc_metric_row(FC_METRICS));
}

static void test_metric_names_and_labels_are_words_that_prometheus_takes(void **state)
{
	(void)state;
	for (int id = 0; id < FC_METRICS; id++) {
		const struct fc_metric *row = fc_metric_row(id);
		assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->name));
		bool ended = false;
		for (int i = 0; i < FC_METRIC_MAX_LABELS; i++) {
			if (!row->labels[i]) {
				ended = true;
				continue;
			}
			assert_false(ended);
			assert_int_equal(strspn(row->labels[i], "abcdefghijklmnopqrstuvwxyz"), strlen(row->labels[i]));
			assert_string_not_equal(row->labels[i], "le");
			for (int j = 0; j < i; j++)
				assert_string_not_equal(row->labels[i], row->labels[j]);
		}
	}
}

static void test_metric_counters_and_only_they_end_in_total(void **state)
{
	(void)state;
	for (int id = 0; id < FC_METRICS; id++) {
		const struct fc_metric *row = fc_metric_row(id);
		size_t len = strlen(row->name);
		bool total = len > 6 && strcmp(row->name + len - 6, "_total") == 0;
		assert_int_equal(total, row->type == FC_METRIC_COUNTER);
	}
}

static void test_metric_help_is_a_sentence_with_a_full_stop(void **state)
{
	(void)state;
	for (int id = 0; id < FC_METRICS; id++) {
		const char *help = fc_metric_row(id)->help;
		size_t len = strlen(help);
		assert_true(len > 20 && len < 160);
		assert_int_equal(help[len - 1], '.');
		assert_null(strchr(help, '\n'));
	}
}

static void test_metric_histograms_and_only_they_have_rising_buckets(void **state)
{
	(void)state;
	for (int id = 0; id < FC_METRICS; id++) {
		const struct fc_metric *row = fc_metric_row(id);
		assert_int_equal(row->buckets != NULL, row->type == FC_METRIC_HISTOGRAM);
		if (!row->buckets)
			continue;
		size_t n = 1;
		for (; row->buckets[n] >= 0; n++)
			assert_true(row->buckets[n] > row->buckets[n - 1]);
		assert_true(n <= 20);
	}
	const double *propagation = fc_metric_row(FC_METRIC_PROPAGATION_SECONDS)->buckets;
	assert_true(propagation[0] == 0.0005);
	const double *queue = fc_metric_row(FC_METRIC_WORKQUEUE_QUEUE_SECONDS)->buckets;
	double power = 1e-8;
	for (int n = 0; n < 10; n++, power *= 10)
		assert_true(queue[n] > power * 0.999 && queue[n] < power * 1.001);
}

static void test_metric_names_and_labels_are_those_that_others_rely_on(void **state)
{
	static const struct {
		enum fc_metric_id id;
		const char *name;
		const char *labels;
	} fixed[] = {
		{ FC_METRIC_RULES, "fedcopy_rules", "dialect,state," },
		{ FC_METRIC_WRITES, "fedcopy_writes_total", "cluster,dialect,verb,result," },
		{ FC_METRIC_PROPAGATION_SECONDS, "fedcopy_propagation_seconds", "dialect," },
		{ FC_METRIC_WATCH_EVENTS, "fedcopy_watch_events_total", "cluster,resource,type," },
		{ FC_METRIC_WATCH_RESTARTS, "fedcopy_watch_restarts_total", "cluster,resource,reason," },
		{ FC_METRIC_WATCH_LAST_EVENT, "fedcopy_watch_last_event_timestamp_seconds", "cluster,resource," },
		{ FC_METRIC_CLUSTER_UP, "fedcopy_cluster_up", "cluster," },
		{ FC_METRIC_REQUESTS_IN_FLIGHT, "fedcopy_requests_in_flight", "cluster," },
		{ FC_METRIC_OBJECTS_SKIPPED, "fedcopy_objects_skipped_total", "cluster,resource,reason," },
		{ FC_METRIC_REST_CLIENT_REQUESTS, "rest_client_requests_total", "code,method,host," },
		{ FC_METRIC_WORKQUEUE_DEPTH, "workqueue_depth", "name," },
		{ FC_METRIC_WORKQUEUE_ADDS, "workqueue_adds_total", "name," },
		{ FC_METRIC_WORKQUEUE_RETRIES, "workqueue_retries_total", "name," },
		{ FC_METRIC_WORKQUEUE_QUEUE_SECONDS, "workqueue_queue_duration_seconds", "name," },
		{ FC_METRIC_WORKQUEUE_WORK_SECONDS, "workqueue_work_duration_seconds", "name," },
		{ FC_METRIC_WORKQUEUE_UNFINISHED, "workqueue_unfinished_work_seconds", "name," },
		{ FC_METRIC_WORKQUEUE_LONGEST, "workqueue_longest_running_processor_seconds", "name," },
		{ FC_METRIC_RECONCILES, "controller_runtime_reconcile_total", "controller,result," },
		{ FC_METRIC_RECONCILE_ERRORS, "controller_runtime_reconcile_errors_total", "controller," },
		{ FC_METRIC_OBJECT_SYNCS, "object_syncer_reconcile_count_total", "" },
		{ FC_METRIC_OBJECT_SYNC_ERRORS, "object_syncer_reconcile_errors_total", "" },
		{ FC_METRIC_OBJECT_SYNC_MS, "object_syncer_reconcile_duration_ms_milliseconds", "" },
		{ FC_METRIC_OBJECT_SYNC_RESOURCES, "object_syncer_resource_reconcile_count_total",
		  "group,version,kind," },
		{ FC_METRIC_OBJECT_SYNC_RESOURCE_ERRORS, "object_syncer_resource_reconcile_errors_total",
		  "group,version,kind," },
		{ FC_METRIC_OBJECT_SYNC_RESOURCE_MS, "object_syncer_resource_reconcile_duration_ms_milliseconds",
		  "group,version,kind," },
		{ FC_METRIC_LEADER, "leader_election_master_status", "name," },
		{ FC_METRIC_LEADER_SLOW_PATH, "leader_election_slowpath_total", "name," },
		{ FC_METRIC_BUILD_INFO, "fedcopy_build_info", "version," },
		{ FC_METRIC_SET_RELOAD_OK, "fedcopy_cluster_set_last_reload_successful", "" },
		{ FC_METRIC_SET_RELOAD_TIME, "fedcopy_cluster_set_last_reload_success_timestamp_seconds", "" },
		{ FC_METRIC_PROCESS_CPU_SECONDS, "process_cpu_seconds_total", "" },
		{ FC_METRIC_PROCESS_RESIDENT_BYTES, "process_resident_memory_bytes", "" },
		{ FC_METRIC_PROCESS_VIRTUAL_BYTES, "process_virtual_memory_bytes", "" },
		{ FC_METRIC_PROCESS_OPEN_FDS, "process_open_fds", "" },
		{ FC_METRIC_PROCESS_MAX_FDS, "process_max_fds", "" },
		{ FC_METRIC_PROCESS_START_TIME, "process_start_time_seconds", "" },
	};

	(void)state;
	assert_int_equal(FC_ARRAY_LEN(fixed), FC_METRICS);
	for (size_t i = 0; i < FC_ARRAY_LEN(fixed); i++) {
		const struct fc_metric *row = fc_metric_row(fixed[i].id);
		FC_AUTO_BUF struct fc_buf labels = FC_BUF_INIT;
		for (int l = 0; l < FC_METRIC_MAX_LABELS && row->labels[l]; l++)
			fc_buf_printf(&labels, "%s,", row->labels[l]);
		assert_string_equal(row->name, fixed[i].name);
		assert_string_equal(fc_buf_str(&labels), fixed[i].labels);
	}
}

static void test_metrics_counter_adds_per_label_values(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_add(m, FC_METRIC_WRITES, 1, FC_LABELS("hub", "k8s-copier", "patch", "ok"));
	fc_metrics_add(m, FC_METRIC_WRITES, 2, FC_LABELS("hub", "k8s-copier", "patch", "ok"));
	fc_metrics_add(m, FC_METRIC_WRITES, 5, FC_LABELS("hub", "k8s-copier", "patch", "conflict"));
	assert_true(fc_metrics_get(m, FC_METRIC_WRITES, FC_LABELS("hub", "k8s-copier", "patch", "ok")) == 3);
	assert_true(fc_metrics_get(m, FC_METRIC_WRITES, FC_LABELS("edge", "k8s-copier", "patch", "ok")) == 0);
	assert_line(m, "fedcopy_writes_total{cluster=\"hub\",dialect=\"k8s-copier\",verb=\"patch\",result=\"ok\"} 3");
	assert_line(
		m, "fedcopy_writes_total{cluster=\"hub\",dialect=\"k8s-copier\",verb=\"patch\",result=\"conflict\"} 5");
}

static void test_metrics_label_values_do_not_run_together(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_add(m, FC_METRIC_WATCH_EVENTS, 1, FC_LABELS("ab", "c", "d"));
	assert_true(fc_metrics_get(m, FC_METRIC_WATCH_EVENTS, FC_LABELS("a", "bc", "d")) == 0);
	assert_true(fc_metrics_get(m, FC_METRIC_WATCH_EVENTS, FC_LABELS("ab", "c", "d")) == 1);
}

static void test_metrics_gauge_is_set_and_may_be_added_to(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_set(m, FC_METRIC_REQUESTS_IN_FLIGHT, 4, FC_LABELS("hub"));
	fc_metrics_add(m, FC_METRIC_REQUESTS_IN_FLIGHT, -1, FC_LABELS("hub"));
	assert_true(fc_metrics_get(m, FC_METRIC_REQUESTS_IN_FLIGHT, FC_LABELS("hub")) == 3);
	assert_line(m, "fedcopy_requests_in_flight{cluster=\"hub\"} 3");
	fc_metrics_set(m, FC_METRIC_REQUESTS_IN_FLIGHT, 0, FC_LABELS("hub"));
	assert_line(m, "fedcopy_requests_in_flight{cluster=\"hub\"} 0");
}

static void test_metrics_histogram_counts_from_below(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_observe(m, FC_METRIC_PROPAGATION_SECONDS, 0.0005, FC_LABELS("kopy"));
	fc_metrics_observe(m, FC_METRIC_PROPAGATION_SECONDS, 0.004, FC_LABELS("kopy"));
	fc_metrics_observe(m, FC_METRIC_PROPAGATION_SECONDS, 100, FC_LABELS("kopy"));
	assert_line(m, "# TYPE fedcopy_propagation_seconds histogram");
	assert_line(m, "fedcopy_propagation_seconds_bucket{dialect=\"kopy\",le=\"0.0005\"} 1");
	assert_line(m, "fedcopy_propagation_seconds_bucket{dialect=\"kopy\",le=\"0.003\"} 1");
	assert_line(m, "fedcopy_propagation_seconds_bucket{dialect=\"kopy\",le=\"0.005\"} 2");
	assert_line(m, "fedcopy_propagation_seconds_bucket{dialect=\"kopy\",le=\"60\"} 2");
	assert_line(m, "fedcopy_propagation_seconds_bucket{dialect=\"kopy\",le=\"+Inf\"} 3");
	assert_line(m, "fedcopy_propagation_seconds_sum{dialect=\"kopy\"} 100.0045");
	assert_line(m, "fedcopy_propagation_seconds_count{dialect=\"kopy\"} 3");
	assert_true(fc_metrics_get(m, FC_METRIC_PROPAGATION_SECONDS, FC_LABELS("kopy")) == 3);
}

static void test_metrics_bounds_are_spelt_as_other_controllers_spell_them(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_observe(m, FC_METRIC_WORKQUEUE_WORK_SECONDS, 0.5, FC_LABELS("engine"));
	assert_line(m, "workqueue_work_duration_seconds_bucket{name=\"engine\",le=\"1e-08\"} 0");
	assert_line(m, "workqueue_work_duration_seconds_bucket{name=\"engine\",le=\"0.1\"} 0");
	assert_line(m, "workqueue_work_duration_seconds_bucket{name=\"engine\",le=\"1\"} 1");
}

static void test_metrics_numbers_read_back_as_they_were(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_set(m, FC_METRIC_WATCH_LAST_EVENT, 1732233600.125, FC_LABELS("hub", "secrets"));
	assert_line(m,
		    "fedcopy_watch_last_event_timestamp_seconds{cluster=\"hub\",resource=\"secrets\"} 1732233600.125");
	fc_metrics_set(m, FC_METRIC_WORKQUEUE_DEPTH, 0.1 + 0.2, FC_LABELS("a"));
	assert_line(m, "workqueue_depth{name=\"a\"} 0.30000000000000004");
	fc_metrics_set(m, FC_METRIC_WORKQUEUE_DEPTH, (double)INFINITY, FC_LABELS("b"));
	assert_line(m, "workqueue_depth{name=\"b\"} +Inf");
	fc_metrics_set(m, FC_METRIC_WORKQUEUE_DEPTH, (double)NAN, FC_LABELS("c"));
	assert_line(m, "workqueue_depth{name=\"c\"} NaN");
}

static void test_metrics_label_values_are_escaped(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_set(m, FC_METRIC_WORKQUEUE_DEPTH, 1, FC_LABELS("a\"b\\c\nd"));
	assert_line(m, "workqueue_depth{name=\"a\\\"b\\\\c\\nd\"} 1");
}

static void test_metrics_missing_label_values_are_empty(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_add(m, FC_METRIC_WATCH_EVENTS, 1, FC_LABELS("hub", NULL, "ADDED"));
	assert_line(m, "fedcopy_watch_events_total{cluster=\"hub\",resource=\"\",type=\"ADDED\"} 1");
}

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void test_metrics_text_has_help_and_type_once_before_the_series(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_set(m, FC_METRIC_CLUSTER_UP, 1, FC_LABELS("hub"));
	fc_metrics_set(m, FC_METRIC_CLUSTER_UP, 0, FC_LABELS("edge-1"));
	FC_AUTO_FREE char *text = text_of(m);
	assert_int_equal(occurrences(text, "# HELP fedcopy_cluster_up "), 1);
	assert_int_equal(occurrences(text, "# TYPE fedcopy_cluster_up gauge\n"), 1);
	assert_true(strstr(text, "# HELP fedcopy_cluster_up") < strstr(text, "# TYPE fedcopy_cluster_up"));
	assert_true(strstr(text, "# TYPE fedcopy_cluster_up") < strstr(text, "fedcopy_cluster_up{"));
	assert_int_equal(occurrences(text, "fedcopy_cluster_up{"), 2);
	assert_null(strstr(text, "fedcopy_rules"));
}

static void test_metrics_text_has_the_process(void **state)
{
	FC_AUTO_FREE char *text = text_of(*state);

	for (int id = FC_METRIC_PROCESS_CPU_SECONDS; id <= FC_METRIC_PROCESS_START_TIME; id++) {
		FC_AUTO_FREE char *line = fc_xasprintf("\n%s ", fc_metric_row(id)->name);
		assert_int_equal(occurrences(text, line), 1);
	}
	FC_AUTO_FREE char *without = text_of(NULL);
	assert_non_null(strstr(without, "process_open_fds "));
}

static void test_metrics_forget_drops_every_series_of_a_cluster(void **state)
{
	struct fc_metrics *m = *state;

	fc_metrics_set(m, FC_METRIC_CLUSTER_UP, 1, FC_LABELS("edge-1"));
	fc_metrics_set(m, FC_METRIC_CLUSTER_UP, 1, FC_LABELS("edge-2"));
	fc_metrics_add(m, FC_METRIC_WATCH_EVENTS, 1, FC_LABELS("edge-1", "secrets", "ADDED"));
	fc_metrics_add(m, FC_METRIC_WATCH_EVENTS, 1, FC_LABELS("edge-1", "secrets", "DELETED"));
	/* The value under another label is another thing. */
	fc_metrics_set(m, FC_METRIC_WORKQUEUE_DEPTH, 7, FC_LABELS("edge-1"));
	fc_metrics_forget(m, "cluster", "edge-1");
	FC_AUTO_FREE char *text = text_of(m);
	assert_null(strstr(text, "cluster=\"edge-1\""));
	assert_non_null(strstr(text, "cluster=\"edge-2\""));
	assert_true(fc_metrics_get(m, FC_METRIC_WORKQUEUE_DEPTH, FC_LABELS("edge-1")) == 7);
	fc_metrics_add(m, FC_METRIC_WATCH_EVENTS, 1, FC_LABELS("edge-1", "secrets", "ADDED"));
	assert_true(fc_metrics_get(m, FC_METRIC_WATCH_EVENTS, FC_LABELS("edge-1", "secrets", "ADDED")) == 1);
}

static void test_metrics_without_a_registry_do_nothing(void **state)
{
	(void)state;
	fc_metrics_add(NULL, FC_METRIC_WORKQUEUE_ADDS, 1, FC_LABELS("a"));
	fc_metrics_set(NULL, FC_METRIC_WORKQUEUE_DEPTH, 1, FC_LABELS("a"));
	fc_metrics_observe(NULL, FC_METRIC_WORKQUEUE_WORK_SECONDS, 1, FC_LABELS("a"));
	assert_true(fc_metrics_get(NULL, FC_METRIC_WORKQUEUE_ADDS, FC_LABELS("a")) == 0);
	fc_metrics_forget(NULL, "cluster", "a");
	fc_metrics_free(NULL);
}

#define ROUNDS 500

static void *count(void *user)
{
	struct fc_metrics *m = user;

	for (int i = 0; i < ROUNDS; i++) {
		char name[16];
		snprintf(name, sizeof(name), "c%d", i % 20);
		fc_metrics_add(m, FC_METRIC_WORKQUEUE_ADDS, 1, FC_LABELS("engine"));
		fc_metrics_observe(m, FC_METRIC_WORKQUEUE_WORK_SECONDS, 0.001 * i, FC_LABELS(name));
		fc_metrics_set(m, FC_METRIC_CLUSTER_UP, i, FC_LABELS(name));
	}
	return NULL;
}

static void test_metrics_of_several_threads_are_read_and_forgotten_meanwhile(void **state)
{
	struct fc_metrics *m = *state;
	pthread_t threads[3];

	for (size_t i = 0; i < FC_ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, m), 0);
	for (int i = 0; i < 20; i++) {
		FC_AUTO_FREE char *text = text_of(m);
		assert_non_null(strstr(text, "process_open_fds"));
		fc_metrics_forget(m, "cluster", "c3");
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(fc_metrics_get(m, FC_METRIC_WORKQUEUE_ADDS, FC_LABELS("engine")) == FC_ARRAY_LEN(threads) * ROUNDS);
}

#define WITH_REGISTRY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metric_rows_have_unique_names),
		cmocka_unit_test(test_metric_names_and_labels_are_words_that_prometheus_takes),
		cmocka_unit_test(test_metric_counters_and_only_they_end_in_total),
		cmocka_unit_test(test_metric_help_is_a_sentence_with_a_full_stop),
		cmocka_unit_test(test_metric_histograms_and_only_they_have_rising_buckets),
		cmocka_unit_test(test_metric_names_and_labels_are_those_that_others_rely_on),
		WITH_REGISTRY(test_metrics_counter_adds_per_label_values),
		WITH_REGISTRY(test_metrics_label_values_do_not_run_together),
		WITH_REGISTRY(test_metrics_gauge_is_set_and_may_be_added_to),
		WITH_REGISTRY(test_metrics_histogram_counts_from_below),
		WITH_REGISTRY(test_metrics_bounds_are_spelt_as_other_controllers_spell_them),
		WITH_REGISTRY(test_metrics_numbers_read_back_as_they_were),
		WITH_REGISTRY(test_metrics_label_values_are_escaped),
		WITH_REGISTRY(test_metrics_missing_label_values_are_empty),
		WITH_REGISTRY(test_metrics_text_has_help_and_type_once_before_the_series),
		WITH_REGISTRY(test_metrics_text_has_the_process),
		WITH_REGISTRY(test_metrics_forget_drops_every_series_of_a_cluster),
		cmocka_unit_test(test_metrics_without_a_registry_do_nothing),
		WITH_REGISTRY(test_metrics_of_several_threads_are_read_and_forgotten_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
