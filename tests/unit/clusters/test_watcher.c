/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/watcher.h"

#include "unit/clusters/watcher_bench.h"

static void test_connecting_tells_who_the_cluster_is(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);

	begin(b);
	expect_up(b, "u-1");
	assert_true(up_metric(b) == 1);
	assert_non_null(strstr(scripted_request(b->server, "kube-system", 0)->head, "as=PartialObjectMetadata"));
	end(b);
}

static void test_a_cluster_whose_id_may_not_be_read_is_up_and_is_asked_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, { .match = "namespaces/kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } },
	      ID_OK);

	begin(b);
	expect_up(b, NULL);
	expect_up(b, "u-1");
	end(b);
}

static void test_wrong_credentials_are_a_cluster_that_is_down_with_the_reason(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } },
	      { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } }, VERSION_OK, ID_OK);

	begin(b);
	expect_down(b, FC_ERR_UNAUTHORIZED);
	assert_true(up_metric(b) == 0);
	/* Not once more for the second 401. */
	expect_up(b, "u-1");
	assert_int_equal(scripted_seen(b->server, "GET /version"), 3);
	end(b);
}

static void test_a_server_that_starts_is_not_up_before_version_answers(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 403, .body = { STATUS(403, "Forbidden") } },
	      { .match = "GET /version", .status = 503, .body = { STATUS(503, "ServiceUnavailable") } }, VERSION_OK,
	      ID_OK);

	begin(b);
	/* Once: 403 and 503 are both a server on its way up. */
	expect_down(b, FC_ERR_FORBIDDEN);
	expect_up(b, "u-1");
	end(b);
}

static void test_an_outage_that_turns_into_refused_credentials_is_told_again(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 503, .body = { STATUS(503, "ServiceUnavailable") } },
	      { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } }, VERSION_OK, ID_OK);

	begin(b);
	expect_down(b, FC_ERR_SERVER);
	expect_down(b, FC_ERR_UNAUTHORIZED);
	expect_up(b, "u-1");
	end(b);
}

static void test_html_is_no_api_server(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .body = { "<html>" } }, { .match = "GET /version", .body = { "[]" } },
	      VERSION_OK, ID_OK);

	begin(b);
	expect_down(b, FC_ERR_PROTOCOL);
	expect_up(b, "u-1");
	end(b);
}

static void test_a_killed_server_is_down_and_up_again_with_its_watches(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"6\"}}}" },
		.end = SCRIPTED_HOLD },
	      VERSION_OK, ID_OK,
	      { .match = "resourceVersion=6",
		.body = { "{\"type\":\"ADDED\",\"object\":" OBJECT("a", ",\"resourceVersion\":\"7\"") "}" },
		.end = SCRIPTED_HOLD });

	begin(b);
	expect_up(b, "u-1");
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 9;
	fc_watcher_post(b->watcher, a);
	expect(b, FC_EVENT_LIST_BEGIN);
	expect(b, FC_EVENT_LIST_END);
	/* Until the bookmark has arrived. */
	while (fc_metrics_get(b->metrics, FC_METRIC_WATCH_EVENTS, FC_LABELS("hub", "secrets", "BOOKMARK")) < 1)
		usleep(1000);
	scripted_kill(b->server);
	struct fc_event *first = fc_mailbox_take(b->events, WAIT_MS), *second = fc_mailbox_take(b->events, WAIT_MS);
	assert_true(first && second);
	assert_true(first->type == FC_EVENT_CLUSTER_DOWN || first->type == FC_EVENT_WATCH_FAILED);
	assert_true(second->type == FC_EVENT_CLUSTER_DOWN || second->type == FC_EVENT_WATCH_FAILED);
	assert_int_not_equal(first->type, second->type);
	fc_event_free(first);
	fc_event_free(second);

	int64_t back_ms = fc_clock_mono_ms();
	scripted_restart(b->server);
	struct fc_event *event = fc_mailbox_take(b->events, WAIT_MS);
	assert_true(event && (event->type == FC_EVENT_CLUSTER_UP || event->type == FC_EVENT_WATCH_RESUMED));
	fc_event_free(event);
	while ((event = fc_mailbox_take(b->events, WAIT_MS)) && event->type != FC_EVENT_OBJECT)
		fc_event_free(event);
	assert_non_null(event);
	assert_int_equal(event->watch, 9);
	assert_string_equal(fc_json_metadata(event->object, "name"), "a");
	fc_event_free(event);
	/* The longest delay of a fresh outage is 2 s, of one that nobody mends 60 s; a busy machine adds its own. */
	assert_true(fc_clock_mono_ms() - back_ms < 15000);
	end(b);
}

static void test_a_watch_in_a_long_back_off_is_tried_when_the_cluster_is_back(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" } },
	      { .match = "watch=true", .status = 403, .body = { STATUS(403, "Forbidden") } }, VERSION_OK, ID_OK,
	      { .match = "watch=true",
		.body = { "{\"type\":\"ADDED\",\"object\":" OBJECT("a", ",\"resourceVersion\":\"6\"") "}" },
		.end = SCRIPTED_HOLD });

	begin(b);
	expect_up(b, "u-1");
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 9;
	fc_watcher_post(b->watcher, a);
	expect(b, FC_EVENT_LIST_BEGIN);
	expect(b, FC_EVENT_LIST_END);
	/* Its next try is 30 to 60 s away. */
	expect(b, FC_EVENT_WATCH_FAILED);
	scripted_kill(b->server);
	post_object(b, FC_ACTION_READ, "a", 1);
	expect_down(b, FC_ERR_NETWORK);
	expect(b, FC_EVENT_RESULT);
	scripted_restart(b->server);
	expect_up(b, "u-1");
	expect(b, FC_EVENT_WATCH_RESUMED);
	end(b);
}

static void test_a_cluster_that_is_not_there_is_told_once_and_found_when_it_comes(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);

	scripted_kill(b->server);
	begin(b);
	expect_down(b, FC_ERR_NETWORK);
	scripted_restart(b->server);
	expect_up(b, "u-1");
	end(b);
}

static void test_a_watch_tells_until_it_is_stopped(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "limit=",
		.body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[", OBJECT("plain", "") ",",
			  OBJECT("ruled", RULE) ",",
			  OBJECT("broken", RULE ",\"generation\":123456789012345678901234567890"), "]}" } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"DELETED\",\"object\":" OBJECT("ruled", ",\"resourceVersion\":\"8\"") "}" },
		.end = SCRIPTED_HOLD },
	      { .match = "secrets/other", .body = { "{\"metadata\":{\"name\":\"other\"}}" } });

	begin(b);
	expect_up(b, "u-1");
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 4;
	a->content = FC_WATCH_ANNOTATED;
	fc_watcher_post(b->watcher, a);
	expect(b, FC_EVENT_LIST_BEGIN);
	struct fc_event *event = next(b, FC_EVENT_OBJECT);
	assert_int_equal(event->watch, 4);
	assert_true(event->received_us > 0);
	assert_string_equal(fc_json_metadata(event->object, "name"), "ruled");
	fc_event_free(event);
	event = next(b, FC_EVENT_OBJECT_UNREADABLE);
	assert_string_equal(event->name, "broken");
	assert_int_equal(event->error.cls, FC_ERR_LIMIT);
	fc_event_free(event);
	event = next(b, FC_EVENT_LIST_END);
	assert_true(event->complete);
	fc_event_free(event);
	event = next(b, FC_EVENT_OBJECT_GONE);
	assert_string_equal(event->namespace_, "ns");
	assert_string_equal(event->name, "ruled");
	assert_string_equal(event->resource_version, "8");
	fc_event_free(event);

	a = action(b, FC_ACTION_STOP_WATCH);
	a->watch = 4;
	fc_watcher_post(b->watcher, a);
	/* What follows in the queue is executed after it. */
	post_object(b, FC_ACTION_READ, "other", 1);
	expect(b, FC_EVENT_RESULT);
	scripted_kill(b->server);
	/* A watch that still ran would fail now. */
	post_object(b, FC_ACTION_READ, "other", 2);
	expect_down(b, FC_ERR_NETWORK);
	expect(b, FC_EVENT_RESULT);
	end(b);
}

static void test_reads_and_patches_bring_results(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "GET /api/v1/namespaces/ns/secrets/a", .body = { "{\"metadata\":{\"name\":\"a\"}}" } },
	      { .match = "PATCH /api/v1/namespaces/ns/secrets/a", .status = 409, .body = { STATUS(409, "Conflict") } });

	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_READ, "a", 21);
	struct fc_event *event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 21);
	assert_string_equal(fc_json_metadata(event->object, "name"), "a");
	fc_event_free(event);
	post_object(b, FC_ACTION_PATCH, "a", 22);
	event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 22);
	assert_null(event->object);
	assert_int_equal(event->error.cls, FC_ERR_CONFLICT);
	fc_event_free(event);
	assert_string_equal(scripted_request(b->server, "PATCH", 0)->body,
			    "[{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"}]");
	post_object(b, FC_ACTION_READ, "a/b", 23);
	event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 23);
	assert_int_not_equal(event->error.cls, FC_ERR_NONE);
	fc_event_free(event);
	end(b);
}

struct gate {
	struct fc_mailbox *events;
	atomic_uint asked;
};

static void gate_sink(void *user, struct fc_event *event)
{
	sink(((struct gate *)user)->events, event);
}

static void gate_before_write(void *user)
{
	atomic_fetch_add(&((struct gate *)user)->asked, 1);
}

static void test_whoever_guards_writes_is_asked_before_each(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "GET /api/v1/namespaces/ns/secrets/a", .body = { "{\"metadata\":{\"name\":\"a\"}}" } },
	      { .match = "PATCH /api/v1/namespaces/ns/secrets/a", .body = { "{\"metadata\":{\"name\":\"a\"}}" } });
	struct gate gate = { .events = b->events };
	struct fc_access *access = fc_access_share(b->watcher->access);

	fc_watcher_free(b->watcher);
	b->watcher = fc_watcher_new(&(struct fc_watcher_options){ .name = "hub",
								  .access = access,
								  .number = 3,
								  .annotation_prefixes = prefixes,
								  .metrics = b->metrics,
								  .seed = 1,
								  .sink = gate_sink,
								  .before_write = gate_before_write,
								  .user = &gate },
				    NULL);
	assert_non_null(b->watcher);
	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_READ, "a", 21);
	fc_event_free(next(b, FC_EVENT_RESULT));
	assert_int_equal(atomic_load(&gate.asked), 0);
	post_object(b, FC_ACTION_PATCH, "a", 22);
	fc_event_free(next(b, FC_EVENT_RESULT));
	assert_int_equal(atomic_load(&gate.asked), 1);
	end(b);
}

static void test_stopping_lets_a_write_in_flight_finish(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "PATCH", .body = { "{\"metadata\":{\"name\":\"a\"}}" }, .end = SCRIPTED_LATE },
	      { .match = "secrets/b", .end = SCRIPTED_LATE });

	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_PATCH, "a", 31);
	post_object(b, FC_ACTION_READ, "b", 32);
	until_seen(b, "PATCH");
	until_seen(b, "secrets/b");
	fc_watcher_stop(b->watcher, WAIT_MS);
	post_object(b, FC_ACTION_READ, "c", 33);
	/* The read is given up, and with it everything but the write. */
	while (fc_metrics_get(b->metrics, FC_METRIC_REQUESTS_IN_FLIGHT, FC_LABELS("hub")) > 1)
		usleep(1000);
	scripted_release(b->server);
	fc_watcher_join(b->watcher);
	struct fc_event *event = next(b, FC_EVENT_RESULT);
	assert_int_equal(event->request, 31);
	assert_non_null(event->object);
	fc_event_free(event);
	assert_null(fc_mailbox_take(b->events, 0));
	assert_int_equal(scripted_seen(b->server, "secrets/c"), 0);
	end(b);
}

static void test_stopping_waits_no_longer_than_the_grace(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, { .match = "PATCH", .body = { "{}" }, .end = SCRIPTED_LATE });

	begin(b);
	expect_up(b, "u-1");
	post_object(b, FC_ACTION_PATCH, "a", 31);
	until_seen(b, "PATCH");
	fc_watcher_stop(b->watcher, 50);
	fc_watcher_join(b->watcher);
	assert_null(fc_mailbox_take(b->events, 0));
	end(b);
}

static void lose(struct bench *b)
{
	struct fc_error why = FC_ERROR_INIT;

	fc_error_set(&why, FC_ERR_NETWORK, "reset");
	fc_watcher_reachable(b->watcher, false, &why);
}

static void start_watch(struct bench *b)
{
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);

	a->watch = 9;
	fc_watcher_watch_start(b->watcher, a);
	fc_action_free(a);
}

static void turn_until_listed(struct bench *b, size_t times)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(b->server, "limit=") < times) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("no list was asked for %zu times", times);
		fc_loop_run_once(b->watcher->loop, 10);
	}
}

#define LIST_403                                                                       \
	{                                                                              \
		.match = "limit=", .status = 403, .body = { STATUS(403, "Forbidden") } \
	}

static void test_a_cluster_that_only_answers_probes_is_probed_ever_more_seldom(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, VERSION_OK, ID_OK, VERSION_OK, ID_OK, LIST_403, LIST_403, LIST_403);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	start_watch(b);
	turn(b, FC_EVENT_WATCH_FAILED);
	for (int i = 0; i < 2; i++) {
		lose(b);
		turn(b, FC_EVENT_CLUSTER_DOWN);
		turn(b, FC_EVENT_CLUSTER_UP);
	}
	turn_until_listed(b, 2);
	settle(b);
	/* Once at its beginning and once after the first outage: its own back-off is 30 s. */
	assert_int_equal(scripted_seen(b->server, "limit="), 2);
	int64_t noticed_ms = b->watcher->connection.down_ms;
	lose(b);
	turn(b, FC_EVENT_CLUSTER_DOWN);
	/* The third delay in a row would be 400 to 800 ms without the memory of the first. */
	assert_true(b->watcher->connection.backoff.next_ms >= 2000);
	assert_true(b->watcher->connection.down_ms == noticed_ms);
	end(b);
}

static void test_an_outage_that_outlasts_a_probe_lets_every_watch_try_at_once(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, VERSION_OK, ID_OK,
	      { .match = "GET /version", .status = 503, .body = { STATUS(503, "ServiceUnavailable") } }, VERSION_OK,
	      ID_OK, LIST_403, LIST_403, LIST_403);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	start_watch(b);
	turn(b, FC_EVENT_WATCH_FAILED);
	for (int i = 0; i < 2; i++) {
		lose(b);
		turn(b, FC_EVENT_CLUSTER_DOWN);
		turn(b, FC_EVENT_CLUSTER_UP);
	}
	turn_until_listed(b, 3);
	settle(b);
	assert_int_equal(scripted_seen(b->server, "limit="), 3);
	end(b);
}

static void test_one_that_never_started_can_be_freed(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);

	post_object(b, FC_ACTION_READ, "a", 1);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connecting_tells_who_the_cluster_is),
		cmocka_unit_test(test_a_cluster_whose_id_may_not_be_read_is_up_and_is_asked_again),
		cmocka_unit_test(test_wrong_credentials_are_a_cluster_that_is_down_with_the_reason),
		cmocka_unit_test(test_a_server_that_starts_is_not_up_before_version_answers),
		cmocka_unit_test(test_an_outage_that_turns_into_refused_credentials_is_told_again),
		cmocka_unit_test(test_html_is_no_api_server),
		cmocka_unit_test(test_a_killed_server_is_down_and_up_again_with_its_watches),
		cmocka_unit_test(test_a_watch_in_a_long_back_off_is_tried_when_the_cluster_is_back),
		cmocka_unit_test(test_a_cluster_that_is_not_there_is_told_once_and_found_when_it_comes),
		cmocka_unit_test(test_a_watch_tells_until_it_is_stopped),
		cmocka_unit_test(test_reads_and_patches_bring_results),
		cmocka_unit_test(test_whoever_guards_writes_is_asked_before_each),
		cmocka_unit_test(test_stopping_lets_a_write_in_flight_finish),
		cmocka_unit_test(test_stopping_waits_no_longer_than_the_grace),
		cmocka_unit_test(test_a_cluster_that_only_answers_probes_is_probed_ever_more_seldom),
		cmocka_unit_test(test_an_outage_that_outlasts_a_probe_lets_every_watch_try_at_once),
		cmocka_unit_test(test_one_that_never_started_can_be_freed),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
