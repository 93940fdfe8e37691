/* SPDX-License-Identifier: Apache-2.0 */
/* Which cluster is it? See also test_watcher.c: is it there? */
#include "clusters/watcher.h"

#include "unit/clusters/watcher_bench.h"

#include <sys/mman.h>

#define ID_IS(uid)                                                                      \
	{                                                                               \
		.match = "namespaces/kube-system", .body = {                            \
			"{\"metadata\":{\"name\":\"kube-system\",\"uid\":\"" uid "\"}}" \
		}                                                                       \
	}
#define LIST_EMPTY(version)                                                                                        \
	{                                                                                                          \
		.match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[]}" } \
	}
#define WATCH_TELLS(name, version)                                                                                \
	{                                                                                                         \
		.match = "watch=true",                                                                            \
		.body = { "{\"type\":\"ADDED\",\"object\":" OBJECT(name,                                          \
								   ",\"resourceVersion\":\"" version "\"") "}" }, \
		.end = SCRIPTED_HOLD                                                                              \
	}

static void start_watch(struct bench *b)
{
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);

	a->watch = 9;
	fc_watcher_watch_start(b->watcher, a);
	fc_action_free(a);
}

static void come_up(struct bench *b)
{
	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
}

/* The next event, by turns of the loop. */
static struct fc_event *turn_next(struct bench *b, enum fc_event_type type)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (fc_mailbox_depth(b->events) == 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("no %s came", fc_event_type_name(type));
		fc_loop_run_once(b->watcher->loop, 10);
	}
	return next(b, type);
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

static void turn_down(struct bench *b, enum fc_error_class cls)
{
	struct fc_event *event = turn_next(b, FC_EVENT_CLUSTER_DOWN);

	assert_int_equal(event->error.cls, cls);
	fc_event_free(event);
}

/* As the transport says it; more than a second after the id was read last. */
static void connect_anew(struct bench *b)
{
	b->watcher->connection.looked_ms = 0;
	fc_watcher_connected(b->watcher);
}

static void test_up_says_how_far_away_the_cluster_is(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);

	fc_watcher_connect(b->watcher);
	struct fc_event *event = turn_next(b, FC_EVENT_CLUSTER_UP);
	assert_true(event->round_trip_us > 0);
	assert_true(event->round_trip_us < WAIT_MS * 1000);
	fc_event_free(event);
	end(b);
}

static void test_down_names_the_request_and_the_mend_in_one_line(void **state FC_UNUSED)
{
	BENCH({ .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } });

	fc_watcher_connect(b->watcher);
	struct fc_event *event = turn_next(b, FC_EVENT_CLUSTER_DOWN);
	assert_non_null(strstr(event->error.text, "GET /version: "));
	assert_non_null(strstr(event->error.text, "renew the credentials"));
	assert_null(strchr(event->error.text, '\n'));
	assert_int_equal(event->error.http_status, 401);
	fc_event_free(event);
	end(b);
}

static void test_the_first_try_after_a_401_comes_soon_and_the_next_ones_ever_later(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } },
	      { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } }, VERSION_OK, ID_OK);
	struct fc_error why = FC_ERROR_INIT;

	come_up(b);
	fc_error_set(&why, FC_ERR_NETWORK, "reset");
	fc_watcher_reachable(b->watcher, false, &why);
	turn_down(b, FC_ERR_NETWORK);
	/* As after an outage of hours. */
	b->watcher->connection.backoff.next_ms = 5000;
	turn_down(b, FC_ERR_UNAUTHORIZED);
	assert_int_equal(b->watcher->connection.backoff.next_ms, 2000);
	turn_until_seen(b, "GET /version", 3);
	while (b->watcher->connection.probe.request)
		fc_loop_run_once(b->watcher->loop, 10);
	assert_int_equal(b->watcher->connection.backoff.next_ms, 4000);
	assert_int_equal(b->watcher->connection.backoff.cap_ms, 30000);
	end(b);
}

static void test_a_cluster_that_was_replaced_during_an_outage_is_not_up_until_the_known_one_is_back(
	void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"),
	      { .match = "watch=true",
		.body = { "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"6\"}}}" },
		.end = SCRIPTED_HOLD },
	      WATCH_TELLS("of-another-cluster", "7"), VERSION_OK, ID_IS("u-2"), VERSION_OK, ID_IS("u-2"), VERSION_OK,
	      ID_OK, LIST_EMPTY("8"));

	come_up(b);
	start_watch(b);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	while (fc_metrics_get(b->metrics, FC_METRIC_WATCH_EVENTS, FC_LABELS("hub", "secrets", "BOOKMARK")) < 1)
		fc_loop_run_once(b->watcher->loop, 10);
	scripted_kill(b->server);
	post_object(b, FC_ACTION_READ, "a", 1);
	bool failed = false, down = false, read = false;
	while (!failed || !down || !read) {
		struct fc_event *event = fc_mailbox_take(b->events, 0);
		if (!event) {
			fc_loop_run_once(b->watcher->loop, 10);
			continue;
		}
		failed = failed || event->type == FC_EVENT_WATCH_FAILED;
		down = down || event->type == FC_EVENT_CLUSTER_DOWN;
		read = read || event->type == FC_EVENT_RESULT;
		fc_event_free(event);
	}
	scripted_restart(b->server);

	struct fc_event *event;
	while ((event = turn_next(b, FC_EVENT_CLUSTER_DOWN))->error.cls != FC_ERR_CONFIG)
		fc_event_free(event);
	assert_non_null(strstr(event->error.text, "u-1"));
	assert_non_null(strstr(event->error.text, "u-2"));
	fc_event_free(event);
	assert_true(up_metric(b) == 0);
	/* Asked again, told once; what the watch may have told meanwhile is another cluster's. */
	turn(b, FC_EVENT_CLUSTER_UP);
	assert_string_equal(b->watcher->connection.id, "u-1");
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	end(b);
}

static void test_a_watch_that_is_sooner_than_the_probe_tells_after_up(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"), WATCH_TELLS("a", "6"), VERSION_OK, ID_OK);
	struct fc_error why = FC_ERROR_INIT;

	come_up(b);
	fc_error_set(&why, FC_ERR_NETWORK, "reset");
	fc_watcher_reachable(b->watcher, false, &why);
	turn_down(b, FC_ERR_NETWORK);
	start_watch(b);
	turn_until_seen(b, "watch=true", 1);
	while (fc_metrics_get(b->metrics, FC_METRIC_WATCH_EVENTS, FC_LABELS("hub", "secrets", "ADDED")) < 1)
		fc_loop_run_once(b->watcher->loop, 10);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	turn(b, FC_EVENT_OBJECT);
	end(b);
}

static void test_nothing_is_sent_while_the_cluster_is_down(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	struct fc_error why = FC_ERROR_INIT;

	come_up(b);
	fc_error_set(&why, FC_ERR_NETWORK, "reset");
	fc_watcher_reachable(b->watcher, false, &why);
	turn_down(b, FC_ERR_NETWORK);
	post_object(b, FC_ACTION_PATCH, "a", 21);
	post_object(b, FC_ACTION_READ, "a", 22);
	for (uint64_t request = 21; request <= 22; request++) {
		struct fc_event *event = turn_next(b, FC_EVENT_RESULT);
		assert_int_equal(event->request, request);
		assert_int_equal(event->error.cls, FC_ERR_NETWORK);
		assert_false(event->error.outcome_unknown);
		fc_event_free(event);
	}
	assert_int_equal(scripted_seen(b->server, "secrets/a"), 0);
	end(b);
}

static void test_a_new_connection_makes_the_id_be_read_again_once_a_second_at_most(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, ID_OK, ID_OK, ID_OK, ID_OK);

	come_up(b);
	/* Not at once: it was read a moment ago. */
	b->watcher->connection.looked_ms = fc_clock_mono_ms();
	fc_watcher_connected(b->watcher);
	assert_null(b->watcher->connection.probe.request);
	assert_non_null(b->watcher->connection.timer);
	turn_until_seen(b, "kube-system", 2);
	connect_anew(b);
	assert_true(b->watcher->held.doubt);
	turn_until_seen(b, "kube-system", 3);
	while (b->watcher->held.doubt)
		fc_loop_run_once(b->watcher->loop, 10);
	assert_null(fc_mailbox_take(b->events, 0));
	assert_int_equal(b->watcher->connection.state, FC_WATCHER_UP);
	end(b);
}

static void test_while_who_answers_is_not_known_nothing_is_told_or_begun(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "kube-system", .body = { "{\"metadata\":{\"uid\":\"u-1\"}}" }, .end = SCRIPTED_LATE },
	      LIST_EMPTY("5"), WATCH_TELLS("a", "6"), { .match = "PATCH", .body = { OBJECT("a", "") } });

	come_up(b);
	start_watch(b);
	connect_anew(b);
	post_object(b, FC_ACTION_PATCH, "a", 21);
	turn_until_seen(b, "watch=true", 1);
	settle(b);
	assert_null(fc_mailbox_take(b->events, 0));
	assert_int_equal(scripted_seen(b->server, "PATCH"), 0);
	scripted_release(b->server);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	turn(b, FC_EVENT_OBJECT);
	turn_until_seen(b, "PATCH", 1);
	turn(b, FC_EVENT_RESULT);
	end(b);
}

static void test_another_cluster_over_a_new_connection_is_never_told_of_nor_written_to(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"), WATCH_TELLS("of-another-cluster", "6"),
	      { .match = "kube-system", .body = { "{\"metadata\":{\"uid\":\"u-2\"}}" }, .end = SCRIPTED_LATE },
	      { .match = "PATCH", .body = { OBJECT("a", "") }, .end = SCRIPTED_LATE },
	      { .match = "secrets/quick", .body = { OBJECT("quick", "") } }, VERSION_OK, ID_OK,
	      { .match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"8\"},\"items\":[]}" } });

	come_up(b);
	/* Sent before anybody could know. */
	post_object(b, FC_ACTION_PATCH, "a", 21);
	turn_until_seen(b, "PATCH", 1);
	post_object(b, FC_ACTION_READ, "quick", 22);
	turn_until_seen(b, "secrets/quick", 1);
	connect_anew(b);
	start_watch(b);
	turn_until_seen(b, "watch=true", 1);
	settle(b);
	/* The answer to the read, if it had come in time, would be another event. */
	while (fc_mailbox_depth(b->events))
		expect(b, FC_EVENT_RESULT);
	post_object(b, FC_ACTION_PATCH, "b", 23);
	settle(b);

	/* The id's answer first: the patch's must wait for the same release. */
	struct fc_error why = FC_ERROR_INIT;
	const struct fc_server_answer answer = { .id = "u-2" };
	fc_server_probe_cancel(&b->watcher->connection.probe);
	assert_int_equal(fc_watcher_judge(b->watcher, &answer, &why), -1);
	b->watcher->connection.probe.answered(b->watcher, &answer);
	bool lost = false, refused = false, down = false;
	while (!lost || !refused || !down) {
		struct fc_event *event = fc_mailbox_take(b->events, 0);
		if (!event) {
			fc_loop_run_once(b->watcher->loop, 10);
			continue;
		}
		if (event->type == FC_EVENT_CLUSTER_DOWN) {
			assert_int_equal(event->error.cls, FC_ERR_CONFIG);
			down = true;
		} else if (event->type == FC_EVENT_RESULT && event->request == 21) {
			assert_int_equal(event->error.cls, FC_ERR_NETWORK);
			assert_true(event->error.outcome_unknown);
			lost = true;
		} else if (event->type == FC_EVENT_RESULT && event->request == 23) {
			assert_false(event->error.outcome_unknown);
			refused = true;
		} else if (event->type != FC_EVENT_RESULT) {
			fail_msg("%s is another cluster's", fc_event_type_name(event->type));
		}
		fc_event_free(event);
	}
	assert_int_equal(scripted_seen(b->server, "PATCH"), 1);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	end(b);
}

static void test_a_watch_that_begins_at_another_cluster_waits_for_the_known_one(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, ID_IS("u-2"), VERSION_OK, ID_OK, LIST_EMPTY("5"));

	come_up(b);
	connect_anew(b);
	turn_down(b, FC_ERR_CONFIG);
	start_watch(b);
	assert_int_equal(scripted_seen(b->server, "limit="), 0);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	end(b);
}

static void test_a_server_without_kube_system_is_not_the_known_cluster(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "kube-system",
		.status = 404,
		.body = { "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404,",
			  "\"details\":{\"name\":\"kube-system\",\"kind\":\"namespaces\"}}" } },
	      VERSION_OK, ID_OK);

	come_up(b);
	connect_anew(b);
	turn_down(b, FC_ERR_NOT_FOUND);
	turn(b, FC_EVENT_CLUSTER_UP);
	end(b);
}

static void test_an_id_that_may_not_be_read_any_more_holds_and_is_looked_at_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK,
	      { .match = "namespaces/kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } },
	      { .match = "namespaces/kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } }, ID_IS("u-2"));

	come_up(b);
	connect_anew(b);
	/* Looked at again, after a while, by itself: the first answer has not taken the id away. */
	turn_until_seen(b, "kube-system", 3);
	assert_int_equal(b->watcher->connection.state, FC_WATCHER_UP);
	while (b->watcher->connection.probe.request)
		fc_loop_run_once(b->watcher->loop, 10);
	connect_anew(b);
	/* RBAC of a server that has just started, of another cluster. */
	turn_down(b, FC_ERR_CONFIG);
	end(b);
}

static void test_a_watch_that_tells_too_much_before_the_id_is_known_lists_again(void **state FC_UNUSED)
{
	enum { ITEMS = 600 };
	struct fc_buf many = FC_BUF_INIT;

	fc_buf_puts(&many, "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[");
	for (int i = 0; i < ITEMS; i++)
		fc_buf_printf(&many, "%s{\"metadata\":{\"namespace\":\"ns\",\"name\":\"s%d\"}}", i ? "," : "", i);
	fc_buf_puts(&many, "]}");
	const struct scripted_step steps[] = {
		VERSION_OK,
		ID_OK,
		{ .match = "kube-system", .body = { "{\"metadata\":{\"uid\":\"u-1\"}}" }, .end = SCRIPTED_LATE },
		{ .match = "limit=", .body = { fc_buf_str(&many) } },
		{ .match = "limit=", .body = { fc_buf_str(&many) } },
	};
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	come_up(b);
	connect_anew(b);
	start_watch(b);
	turn_until_seen(b, "limit=", 1);
	settle(b);
	assert_int_equal(b->watcher->held.count, 0);
	scripted_release(b->server);
	turn(b, FC_EVENT_LIST_BEGIN);
	for (int i = 0; i < ITEMS; i++)
		turn(b, FC_EVENT_OBJECT);
	turn(b, FC_EVENT_LIST_END);
	assert_int_equal(scripted_seen(b->server, "limit="), 2);
	end(b);
	fc_buf_fini(&many);
}

/* A server that has just started refuses what it allows a little later, and fails in between. */
static void test_an_id_whose_look_fails_is_looked_at_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, { .match = "kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } },
	      { .match = "kube-system", .status = 500, .body = { STATUS(500, "InternalError") } }, ID_OK);

	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
	assert_null(b->watcher->connection.id);
	/* The first pause is the shortest. */
	b->watcher->connection.id_looks = 0;
	turn(b, FC_EVENT_CLUSTER_UP);
	assert_string_equal(b->watcher->connection.id, "u-1");
	end(b);
}

/* What is wrong with an entry is no other cluster. */
static void test_an_entry_that_cannot_be_used_is_not_called_another_cluster(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);
	int kept = dup(STDERR_FILENO), file = memfd_create("log", MFD_CLOEXEC);
	struct fc_error why = FC_ERROR_INIT;
	char text[1024] = "";

	fc_error_set(&why, FC_ERR_CONFIG, "the token is empty");
	assert_true(kept >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
	fc_log_init(FC_LOG_TEXT, FC_LOG_WARN);
	fc_watcher_connect(b->watcher);
	b->watcher->connection.probe.answered(b->watcher, &(struct fc_server_answer){ .error = &why });
	fc_log_flush();
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	dup2(kept, STDERR_FILENO);
	assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
	close(kept);
	close(file);
	assert_non_null(strstr(text, "cluster unreachable"));
	turn_down(b, FC_ERR_CONFIG);
	end(b);
}

/* Else a list that is longer than a look at the id takes would have everything begin anew, and with it a second
 * connection, and with that the next look. */
static void test_a_watch_that_tells_too_much_stops_no_other(void **state FC_UNUSED)
{
	enum { ITEMS = 600 };
	struct fc_buf many = FC_BUF_INIT;

	fc_buf_puts(&many, "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[");
	for (int i = 0; i < ITEMS; i++)
		fc_buf_printf(&many, "%s{\"metadata\":{\"namespace\":\"ns\",\"name\":\"s%d\"}}", i ? "," : "", i);
	fc_buf_puts(&many, "]}");
	const struct scripted_step steps[] = {
		VERSION_OK,
		ID_OK,
		{ .match = "kube-system", .body = { "{\"metadata\":{\"uid\":\"u-1\"}}" }, .end = SCRIPTED_LATE },
		{ .match = "namespaces/quiet/secrets?limit=",
		  .body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" } },
		{ .match = "v1/secrets?limit=", .body = { fc_buf_str(&many) } },
		{ .match = "v1/secrets?limit=", .body = { fc_buf_str(&many) } },
	};
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	come_up(b);
	connect_anew(b);
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);
	a->watch = 10;
	a->namespace_ = fc_xstrdup("quiet");
	fc_watcher_watch_start(b->watcher, a);
	fc_action_free(a);
	turn_until_seen(b, "namespaces/quiet/secrets?limit=", 1);
	settle(b);
	start_watch(b);
	turn_until_seen(b, "v1/secrets?limit=", 1);
	settle(b);
	/* The beginning and the end of the other one's list. */
	assert_int_equal(b->watcher->held.count, 2);
	/* The release would end its watch. */
	fc_watcher_watch_stop(b->watcher, 10);
	scripted_release(b->server);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	turn(b, FC_EVENT_LIST_BEGIN);
	for (int i = 0; i < ITEMS; i++)
		turn(b, FC_EVENT_OBJECT);
	turn(b, FC_EVENT_LIST_END);
	end(b);
	fc_buf_fini(&many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_up_says_how_far_away_the_cluster_is),
		cmocka_unit_test(test_down_names_the_request_and_the_mend_in_one_line),
		cmocka_unit_test(test_the_first_try_after_a_401_comes_soon_and_the_next_ones_ever_later),
		cmocka_unit_test(
			test_a_cluster_that_was_replaced_during_an_outage_is_not_up_until_the_known_one_is_back),
		cmocka_unit_test(test_a_watch_that_is_sooner_than_the_probe_tells_after_up),
		cmocka_unit_test(test_nothing_is_sent_while_the_cluster_is_down),
		cmocka_unit_test(test_a_new_connection_makes_the_id_be_read_again_once_a_second_at_most),
		cmocka_unit_test(test_while_who_answers_is_not_known_nothing_is_told_or_begun),
		cmocka_unit_test(test_another_cluster_over_a_new_connection_is_never_told_of_nor_written_to),
		cmocka_unit_test(test_a_watch_that_begins_at_another_cluster_waits_for_the_known_one),
		cmocka_unit_test(test_a_server_without_kube_system_is_not_the_known_cluster),
		cmocka_unit_test(test_an_id_that_may_not_be_read_any_more_holds_and_is_looked_at_again),
		cmocka_unit_test(test_a_watch_that_tells_too_much_before_the_id_is_known_lists_again),
		cmocka_unit_test(test_an_id_whose_look_fails_is_looked_at_again),
		cmocka_unit_test(test_an_entry_that_cannot_be_used_is_not_called_another_cluster),
		cmocka_unit_test(test_a_watch_that_tells_too_much_stops_no_other),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
