/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes Events in a watcher's cluster. */
#include "clusters/watcher.h"

#include "clusters/watcher_internal.h"
#include "kube/event_recorder.h"
#include "unit/clusters/watcher_bench.h"

#define EVENTS "/apis/events.k8s.io/v1/namespaces/ns/events"

static void post_record(struct bench *b, const char *name)
{
	struct fc_action *a = action(b, FC_ACTION_RECORD);

	a->record = fc_event_record_new();
	a->record->type = FC_RECORD_WARNING;
	a->record->reason = "NotAllowed";
	a->record->action = "Copy";
	a->record->note = fc_xstrdup("data: no");
	a->record->regarding.api_version = fc_xstrdup("v1");
	a->record->regarding.kind = fc_xstrdup("Secret");
	a->record->regarding.namespace_ = fc_xstrdup("ns");
	a->record->regarding.name = fc_xstrdup(name);
	a->record->wall_ms = 1767225600123;
	fc_watcher_post(b->watcher, a);
}

/* On the test's own thread. */
static void come_up(struct bench *b)
{
	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
}

static void turn_until_seen(struct bench *b, const char *part, size_t times)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(b->server, part) < times) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("%s was not asked for %zu times", part, times);
		fc_loop_run_once(b->watcher->loop, 10);
	}
}

static void test_a_record_becomes_an_event_and_no_answer(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, { .match = "POST " EVENTS, .status = 201, .body = { "{}" } },
	      { .match = "secrets/a", .body = { OBJECT("a", "") } });

	begin(b);
	expect_up(b, "u-1");
	post_record(b, "web");
	until_seen(b, "POST " EVENTS);
	const struct scripted_request *request = scripted_request(b->server, "POST", 0);
	assert_non_null(strstr(request->body, "\"reportingInstance\":\"fedcopy-"));
	assert_non_null(strstr(request->body, "\"reason\":\"NotAllowed\""));
	post_object(b, FC_ACTION_READ, "a", 21);
	expect(b, FC_EVENT_RESULT);
	assert_null(fc_mailbox_take(b->events, 0));
	end(b);
}

static void test_copying_does_not_wait_for_events(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, { .match = "POST " EVENTS, .end = SCRIPTED_LATE },
	      { .match = "PATCH /api/v1/namespaces/ns/secrets/a", .body = { OBJECT("a", "") } });

	begin(b);
	expect_up(b, "u-1");
	for (int i = 0; i < 50; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("web-%d", i);
		post_record(b, name);
	}
	until_seen(b, "POST " EVENTS);
	post_object(b, FC_ACTION_PATCH, "a", 21);
	struct fc_event *event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 21);
	assert_non_null(event->object);
	fc_event_free(event);
	/* One at a time. */
	assert_int_equal(scripted_seen(b->server, "POST"), 1);
	/* And neither does the end. */
	int64_t begun_ms = fc_clock_mono_ms();
	fc_watcher_stop(b->watcher, WAIT_MS);
	fc_watcher_join(b->watcher);
	assert_true(fc_clock_mono_ms() - begun_ms < WAIT_MS / 2);
	end(b);
}

static void test_no_event_is_sent_while_the_cluster_is_down_or_may_be_another_one(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	struct fc_error why = FC_ERROR_INIT;

	come_up(b);
	fc_error_set(&why, FC_ERR_NETWORK, "reset");
	fc_watcher_reachable(b->watcher, false, &why);
	turn(b, FC_EVENT_CLUSTER_DOWN);
	post_record(b, "web");
	settle(b);
	assert_int_equal(fc_event_recorder_counts(b->watcher->recorder).queued, 1);
	assert_int_equal(scripted_seen(b->server, "POST"), 0);
	end(b);
}

static void test_no_event_is_sent_while_who_answers_is_not_known(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	struct fc_action action = { .type = FC_ACTION_RECORD };

	come_up(b);
	fc_watcher_hold(b->watcher);
	action.record = fc_event_record_new();
	action.record->reason = action.record->action = "Copy";
	action.record->note = fc_xstrdup("");
	action.record->regarding.name = fc_xstrdup("web");
	fc_watcher_record(b->watcher, &action);
	assert_null(action.record);
	settle(b);
	assert_int_equal(fc_event_recorder_counts(b->watcher->recorder).queued, 1);
	assert_int_equal(scripted_seen(b->server, "POST"), 0);
	end(b);
}

static void test_event_under_way_to_another_cluster_is_cut_off(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, { .match = "POST " EVENTS, .end = SCRIPTED_LATE });
	struct fc_error why = FC_ERROR_INIT;

	come_up(b);
	post_record(b, "web");
	turn_until_seen(b, "POST " EVENTS, 1);
	fc_error_set(&why, FC_ERR_CONFIG, "another cluster");
	fc_watcher_sever(b->watcher, FC_WATCHER_REPLACED, &why);
	turn(b, FC_EVENT_CLUSTER_DOWN);
	/* Its turn comes again when the cluster is back. */
	assert_int_equal(fc_event_recorder_counts(b->watcher->recorder).queued, 1);
	assert_int_equal(fc_metrics_get(b->metrics, FC_METRIC_REQUESTS_IN_FLIGHT, FC_LABELS("hub")), 0);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_becomes_an_event_and_no_answer),
		cmocka_unit_test(test_copying_does_not_wait_for_events),
		cmocka_unit_test(test_no_event_is_sent_while_the_cluster_is_down_or_may_be_another_one),
		cmocka_unit_test(test_no_event_is_sent_while_who_answers_is_not_known),
		cmocka_unit_test(test_event_under_way_to_another_cluster_is_cut_off),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
