/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_metrics.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct world {
	struct fc_metrics *metrics;
	struct fc_dropin_meter *meter;
};

static struct world begin(const struct fc_dropin_original *original)
{
	struct world w = { .metrics = fc_metrics_new() };

	w.meter = fc_dropin_meter_new(original, w.metrics);
	return w;
}

static void end(struct world *w)
{
	fc_dropin_meter_free(w->meter);
	fc_metrics_free(w->metrics);
}

static void act_on(struct world *w, enum fc_action_type type, const struct fc_resource *like, uint32_t watch,
		   uint64_t request)
{
	struct fc_resource *r = like ? fc_resource_new(like) : NULL;
	struct fc_action a = { .type = type, .watch = watch, .request = request, .resource = r };

	fc_dropin_meter_action(w->meter, &a);
	fc_resource_unref(r);
}

static void act(struct world *w, enum fc_action_type type, const char *plural, uint32_t watch, uint64_t request)
{
	const struct fc_resource like = { .version = "v1", .plural = plural, .kind = "Kind" };

	act_on(w, type, plural ? &like : NULL, watch, request);
}

/* The queue that it is put into; NULL: the engine's. */
static const char *tell(struct world *w, enum fc_event_type type, uint32_t watch, uint64_t request, bool fails)
{
	struct fc_event *event = fc_event_new(type);
	const char *queue;

	event->watch = watch;
	event->request = request;
	if (fails)
		fc_error_set(&event->error, FC_ERR_FORBIDDEN, "no");
	fc_dropin_meter_event(w->meter, event);
	queue = event->queue;
	fc_event_free(event);
	return queue;
}

static double reconciles(struct world *w, const char *controller, const char *result)
{
	return fc_metrics_get(w->metrics, FC_METRIC_RECONCILES, FC_LABELS(controller, result));
}

static void test_meter_of_kopy_has_a_queue_for_each_kind(void **state)
{
	struct world w = begin(&fc_original_kopy);

	(void)state;
	act(&w, FC_ACTION_START_WATCH, "configmaps", 1, 0);
	act(&w, FC_ACTION_START_WATCH, "secrets", 2, 0);
	act(&w, FC_ACTION_START_WATCH, "namespaces", 3, 0);
	assert_string_equal(tell(&w, FC_EVENT_OBJECT, 1, 0, false), "configmap");
	assert_string_equal(tell(&w, FC_EVENT_OBJECT_GONE, 2, 0, false), "secret");
	assert_string_equal(tell(&w, FC_EVENT_LIST_END, 2, 0, false), "secret");
	assert_null(tell(&w, FC_EVENT_OBJECT, 3, 0, false));
	assert_null(tell(&w, FC_EVENT_CLUSTER_UP, 0, 0, false));
	assert_true(reconciles(&w, "configmap", "success") == 1);
	assert_true(reconciles(&w, "secret", "success") == 1);
	assert_string_equal(fc_dropin_meter_queue(w.meter), "engine");
	assert_string_equal(fc_dropin_meter_queues(w.meter)[2], "engine");
	assert_null(fc_dropin_meter_queues(w.meter)[3]);
	/* A number of a watch that has ended says nothing any more. */
	act(&w, FC_ACTION_STOP_WATCH, NULL, 1, 0);
	assert_null(tell(&w, FC_EVENT_OBJECT, 1, 0, false));
	end(&w);
}

static void test_meter_counts_failed_requests_as_errors(void **state)
{
	struct world w = begin(&fc_original_kopy);

	(void)state;
	act(&w, FC_ACTION_PATCH, "secrets", 0, 7);
	act(&w, FC_ACTION_CREATE, "secrets", 0, 8);
	assert_string_equal(tell(&w, FC_EVENT_RESULT, 0, 7, true), "secret");
	assert_string_equal(tell(&w, FC_EVENT_RESULT, 0, 8, false), "secret");
	assert_true(reconciles(&w, "secret", "error") == 1);
	assert_true(reconciles(&w, "secret", "success") == 0);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_RECONCILE_ERRORS, FC_LABELS("secret")) == 1);
	/* An answer comes once. */
	assert_null(tell(&w, FC_EVENT_RESULT, 0, 7, true));
	end(&w);
}

static void test_meter_of_one_queue_puts_all_into_it(void **state)
{
	struct world w = begin(&fc_original_k8s_copier);

	(void)state;
	act(&w, FC_ACTION_START_WATCH, "secrets", 2, 0);
	assert_string_equal(tell(&w, FC_EVENT_OBJECT, 2, 0, false), "copier");
	assert_string_equal(tell(&w, FC_EVENT_CLUSTER_UP, 0, 0, false), "copier");
	assert_string_equal(fc_dropin_meter_queue(w.meter), "copier");
	assert_null(fc_dropin_meter_queues(w.meter)[1]);
	/* It is no controller of the framework. */
	assert_true(reconciles(&w, "copier", "success") == 0);
	end(&w);
}

static void test_meter_has_its_counters_from_the_start(void **state)
{
	struct world w = begin(&fc_original_configmap_sync);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	(void)state;
	fc_metrics_text(w.metrics, &text);
	assert_non_null(
		strstr(fc_buf_str(&text),
		       "controller_runtime_reconcile_total{controller=\"configmapsync\",result=\"error\"} 0\n"));
	assert_non_null(strstr(fc_buf_str(&text), "workqueue_adds_total{name=\"configmapsync\"} 0\n"));
	end(&w);
}

static void step(struct world *w, enum fc_event_type type, uint32_t watch)
{
	struct fc_event *event = fc_event_new(type);

	event->watch = watch;
	fc_dropin_meter_event(w->meter, event);
	fc_dropin_meter_stepped(w->meter, event, 0.02);
	fc_event_free(event);
}

/* D24: by kind, and without the names of objects. */
static void test_meter_of_object_sync_counts_by_group_version_and_kind(void **state)
{
	static const struct fc_resource syncs = {
		.group = "sync.rustrial.org", .version = "v1alpha1", .plural = "objectsyncs", .kind = "ObjectSync"
	};
	static const struct fc_resource jobs = { .group = "batch", .version = "v1", .plural = "jobs", .kind = "Job" };
	static const struct fc_resource spaces = { .version = "v1", .plural = "namespaces", .kind = "Namespace" };
	struct world w = begin(&fc_original_object_sync);
	const char *const *job = FC_LABELS("batch", "v1", "Job");

	(void)state;
	act_on(&w, FC_ACTION_START_WATCH, &syncs, 1, 0);
	act_on(&w, FC_ACTION_START_WATCH, &jobs, 2, 0);
	act_on(&w, FC_ACTION_START_WATCH, &spaces, 3, 0);
	act_on(&w, FC_ACTION_PATCH, &jobs, 0, 7);
	act_on(&w, FC_ACTION_PATCH, &syncs, 0, 8);
	step(&w, FC_EVENT_OBJECT, 1);
	step(&w, FC_EVENT_OBJECT, 2);
	step(&w, FC_EVENT_OBJECT_GONE, 2);
	step(&w, FC_EVENT_OBJECT, 3);
	step(&w, FC_EVENT_LIST_END, 2);
	tell(&w, FC_EVENT_RESULT, 0, 7, true);
	tell(&w, FC_EVENT_RESULT, 0, 8, true);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_OBJECT_SYNCS, NULL) == 1);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_OBJECT_SYNC_MS, NULL) == 1);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_OBJECT_SYNC_ERRORS, NULL) == 1);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_OBJECT_SYNC_RESOURCES, job) == 2);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_OBJECT_SYNC_RESOURCE_MS, job) == 2);
	assert_true(fc_metrics_get(w.metrics, FC_METRIC_OBJECT_SYNC_RESOURCE_ERRORS, job) == 1);
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	fc_metrics_text(w.metrics, &text);
	assert_non_null(strstr(fc_buf_str(&text), "object_syncer_resource_reconcile_duration_ms_milliseconds_bucket{"
						  "group=\"batch\",version=\"v1\",kind=\"Job\",le=\"25\"} 2\n"));
	assert_null(strstr(fc_buf_str(&text), "Namespace"));
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meter_of_kopy_has_a_queue_for_each_kind),
		cmocka_unit_test(test_meter_counts_failed_requests_as_errors),
		cmocka_unit_test(test_meter_of_one_queue_puts_all_into_it),
		cmocka_unit_test(test_meter_of_object_sync_counts_by_group_version_and_kind),
		cmocka_unit_test(test_meter_has_its_counters_from_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
