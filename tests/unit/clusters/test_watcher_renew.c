/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster's entry and name change while it is watched. */
#include "clusters/watcher.h"

#include "unit/clusters/watcher_bench.h"

#define ID_IS(uid)                                                                                    \
	{                                                                                             \
		.match = "namespaces/kube-system", .body = { "{\"metadata\":{\"uid\":\"" uid "\"}}" } \
	}
#define ID_403                                                                                         \
	{                                                                                              \
		.match = "namespaces/kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } \
	}
#define LIST_EMPTY(version)                                                                                        \
	{                                                                                                          \
		.match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[]}" } \
	}
#define SECRET(name)                                                                             \
	{                                                                                        \
		.match = "GET /api/v1/namespaces/ns/secrets/" name, .body = { OBJECT(name, "") } \
	}
#define SERVER(variable, ...)                                                   \
	static const struct scripted_step variable##_steps[] = { __VA_ARGS__ }; \
	struct scripted_server *variable = scripted_start(variable##_steps, FC_ARRAY_LEN(variable##_steps))

static struct fc_access *access_to(const struct scripted_server *server)
{
	struct fc_access *access = fc_xcalloc(1, sizeof(*access));

	access->server = fc_xasprintf("https://127.0.0.1:%u", server->port);
	access->ca_pem = fc_xstrdup(server->certificate_pem);
	return access;
}

static void renew(struct bench *b, const struct scripted_server *server)
{
	fc_watcher_renew(b->watcher, access_to(server));
}

static void come_up(struct bench *b)
{
	fc_watcher_connect(b->watcher);
	turn(b, FC_EVENT_CLUSTER_UP);
}

static void start_watch(struct bench *b)
{
	struct fc_action *a = action(b, FC_ACTION_START_WATCH);

	a->watch = 9;
	fc_watcher_post(b->watcher, a);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
}

static void turn_until_seen(struct bench *b, struct scripted_server *server, const char *part, size_t times)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (scripted_seen(server, part) < times) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("%s was not asked for %zu times", part, times);
		fc_loop_run_once(b->watcher->loop, 10);
	}
}

static void turn_until_swapped(struct bench *b, const struct scripted_server *server)
{
	FC_AUTO_FREE char *address = fc_xasprintf("https://127.0.0.1:%u", server->port);
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (strcmp(b->watcher->access->server, address) != 0) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("the old entry stayed");
		fc_loop_run_once(b->watcher->loop, 10);
	}
	assert_null(b->watcher->trial);
}

static void turn_down(struct bench *b, enum fc_error_class cls)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (fc_mailbox_depth(b->events) == 0 && fc_clock_mono_ms() < give_up_ms)
		fc_loop_run_once(b->watcher->loop, 10);
	expect_down(b, cls);
}

static void test_a_renewed_entry_takes_over_when_it_has_reached_the_same_cluster(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"));
	SERVER(second, VERSION_OK, ID_OK, SECRET("a"));

	come_up(b);
	start_watch(b);
	renew(b, second);
	turn_until_swapped(b, second);
	post_object(b, FC_ACTION_READ, "a", 1);
	turn(b, FC_EVENT_RESULT);
	assert_int_equal(scripted_seen(second, "secrets/a"), 1);
	/* Its versions are the same cluster's. */
	assert_int_equal(scripted_seen(second, "limit="), 0);
	assert_int_equal(b->watcher->connection.state, FC_WATCHER_UP);
	end(b);
	scripted_free(second);
}

static void test_an_entry_that_does_not_work_leaves_the_old_one_in_place_until_it_does(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, SECRET("a"));
	SERVER(second, { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } },
	       { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } },
	       { .match = "GET /version", .body = { "{\"gitVersion\":\"v1.20.2\"}" }, .end = SCRIPTED_LATE }, ID_OK);

	come_up(b);
	renew(b, second);
	turn_until_seen(b, second, "GET /version", 2);
	post_object(b, FC_ACTION_READ, "a", 1);
	turn(b, FC_EVENT_RESULT);
	assert_int_equal(scripted_seen(b->server, "secrets/a"), 1);
	assert_non_null(b->watcher->trial);
	scripted_release(second);
	turn_until_swapped(b, second);
	end(b);
	scripted_free(second);
}

static void test_an_entry_that_leads_to_another_cluster_stops_both_until_one_leads_back(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"));
	SERVER(other, VERSION_OK, ID_IS("u-2"));
	SERVER(mended, VERSION_OK, ID_OK, VERSION_OK, ID_OK, LIST_EMPTY("7"));

	come_up(b);
	start_watch(b);
	size_t asked = scripted_seen(b->server, "GET /version");
	renew(b, other);
	struct fc_event *event;
	while (!(event = fc_mailbox_take(b->events, 0)))
		fc_loop_run_once(b->watcher->loop, 10);
	assert_int_equal(event->type, FC_EVENT_CLUSTER_DOWN);
	assert_int_equal(event->error.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(event->error.text, "u-1"));
	assert_non_null(strstr(event->error.text, "u-2"));
	fc_event_free(event);
	assert_true(up_metric(b) == 0);

	post_object(b, FC_ACTION_PATCH, "a", 1);
	turn(b, FC_EVENT_RESULT);
	/* The old client rests too: a word of its transport does not wake it. */
	fc_watcher_reachable(b->watcher, true, NULL);
	settle(b);
	assert_int_equal(scripted_seen(b->server, "GET /version"), asked);
	assert_int_equal(scripted_seen(b->server, "PATCH"), 0);
	assert_int_equal(scripted_seen(other, "PATCH"), 0);
	assert_int_equal(scripted_seen(other, "limit="), 0);

	renew(b, mended);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	assert_int_equal(scripted_seen(mended, "limit="), 1);
	end(b);
	scripted_free(other);
	scripted_free(mended);
}

static void test_the_old_entry_again_after_one_that_misled_is_up_again(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"), VERSION_OK, ID_OK, LIST_EMPTY("7"));
	SERVER(other, VERSION_OK, ID_IS("u-2"));

	come_up(b);
	start_watch(b);
	renew(b, other);
	turn_down(b, FC_ERR_CONFIG);
	renew(b, b->server);
	turn(b, FC_EVENT_CLUSTER_UP);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	assert_null(b->watcher->trial);
	end(b);
	scripted_free(other);
}

static void test_a_cluster_that_was_replaced_is_found_again_by_a_new_entry(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, ID_IS("u-2"), VERSION_OK, ID_IS("u-2"), VERSION_OK, ID_IS("u-2"), VERSION_OK,
	      ID_IS("u-2"));
	SERVER(moved, VERSION_OK, ID_OK, VERSION_OK, ID_OK);

	come_up(b);
	b->watcher->connection.looked_ms = 0;
	fc_watcher_connected(b->watcher);
	turn_down(b, FC_ERR_CONFIG);
	renew(b, moved);
	turn(b, FC_EVENT_CLUSTER_UP);
	assert_string_equal(b->watcher->connection.id, "u-1");
	end(b);
	scripted_free(moved);
}

static void test_where_an_id_may_not_be_read_another_address_is_listed_anew(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_403, LIST_EMPTY("5"));
	SERVER(second, VERSION_OK, ID_OK, LIST_EMPTY("7"));

	come_up(b);
	start_watch(b);
	renew(b, second);
	/* Now its id is known. */
	struct fc_event *event;
	while (!(event = fc_mailbox_take(b->events, 0)))
		fc_loop_run_once(b->watcher->loop, 10);
	assert_int_equal(event->type, FC_EVENT_CLUSTER_UP);
	assert_string_equal(event->name, "u-1");
	fc_event_free(event);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	assert_int_equal(scripted_seen(second, "limit="), 1);
	end(b);
	scripted_free(second);
}

/* A cluster that was built anew at the same address has another CA. */
static void test_where_an_id_may_not_be_read_another_ca_is_listed_anew(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_403, LIST_EMPTY("5"), VERSION_OK, ID_403, LIST_EMPTY("7"));
	struct fc_access *access = access_to(b->server);
	char *twice = fc_xasprintf("%s%s", access->ca_pem, access->ca_pem);

	come_up(b);
	start_watch(b);
	free(access->ca_pem);
	access->ca_pem = twice;
	fc_watcher_renew(b->watcher, access);
	turn(b, FC_EVENT_LIST_BEGIN);
	turn(b, FC_EVENT_LIST_END);
	assert_int_equal(scripted_seen(b->server, "limit="), 2);
	end(b);
}

static void test_an_entry_of_a_cluster_that_was_never_reached_takes_its_place_at_once(void **state FC_UNUSED)
{
	BENCH(VERSION_OK);
	SERVER(refusing, { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } });
	SERVER(second, VERSION_OK, ID_OK);

	scripted_kill(b->server);
	fc_watcher_connect(b->watcher);
	turn_down(b, FC_ERR_NETWORK);
	renew(b, refusing);
	/* What is wrong with the entry of now. */
	turn_down(b, FC_ERR_UNAUTHORIZED);
	renew(b, second);
	turn(b, FC_EVENT_CLUSTER_UP);
	end(b);
	scripted_free(refusing);
	scripted_free(second);
}

/* Who was elected by an entry works where it was elected, whatever the files say by then. */
static void test_an_entry_that_is_proven_is_compared_before_another_one_takes_its_place(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	SERVER(other, VERSION_OK, ID_IS("u-2"));

	b->watcher->o.proven = true;
	renew(b, other);
	come_up(b);
	turn_down(b, FC_ERR_CONFIG);
	assert_int_equal(scripted_seen(b->server, "GET /version"), 1);
	assert_int_equal(scripted_seen(other, "kube-system"), 1);
	end(b);
	scripted_free(other);
}

static void test_of_two_renewals_the_last_one_counts(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	SERVER(second, VERSION_OK, ID_OK);
	SERVER(third, { .match = "GET /version", .end = SCRIPTED_LATE });
	SERVER(fourth, VERSION_OK, ID_OK);

	come_up(b);
	renew(b, second);
	renew(b, third);
	turn_until_seen(b, third, "GET /version", 1);
	assert_int_equal(scripted_seen(second, "GET /version"), 0);
	/* In the middle of the third one's trial. */
	renew(b, fourth);
	turn_until_swapped(b, fourth);
	end(b);
	scripted_free(second);
	scripted_free(third);
	scripted_free(fourth);
}

static void test_an_entry_that_cannot_be_used_at_all_is_tried_again_and_can_be_replaced(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	SERVER(second, VERSION_OK, ID_OK);
	struct fc_access *nonsense = fc_xcalloc(1, sizeof(*nonsense));

	come_up(b);
	nonsense->server = fc_xstrdup("https://");
	fc_watcher_renew(b->watcher, nonsense);
	settle(b);
	assert_int_equal(b->watcher->connection.state, FC_WATCHER_UP);
	assert_non_null(b->watcher->trial);
	renew(b, second);
	turn_until_swapped(b, second);
	end(b);
	scripted_free(second);
}

static void test_a_new_name_is_borne_by_every_metric_and_the_old_one_goes(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK, LIST_EMPTY("5"), SECRET("a"));
	struct fc_buf text = FC_BUF_INIT;

	come_up(b);
	start_watch(b);
	fc_watcher_rename(b->watcher, "interim");
	fc_watcher_rename(b->watcher, "edge-7");
	post_object(b, FC_ACTION_READ, "a", 1);
	turn(b, FC_EVENT_RESULT);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_CLUSTER_UP, FC_LABELS("edge-7")) == 1);
	fc_metrics_text(b->metrics, &text);
	assert_non_null(strstr(fc_buf_str(&text), "fedcopy_requests_in_flight{cluster=\"edge-7\"} 0"));
	assert_null(strstr(fc_buf_str(&text), "cluster=\"hub\""));
	assert_null(strstr(fc_buf_str(&text), "cluster=\"interim\""));
	fc_buf_fini(&text);
	end(b);
}

/* A thread may be busy for as long as there is between two changes of the set. */
static void test_a_cluster_that_goes_right_after_it_was_renamed_leaves_no_old_name(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	struct fc_buf text = FC_BUF_INIT;

	come_up(b);
	fc_watcher_rename(b->watcher, "edge-7");
	fc_watcher_stop(b->watcher, 0);
	fc_loop_run_once(b->watcher->loop, 10);
	assert_true(b->watcher->stopping);
	fc_metrics_text(b->metrics, &text);
	assert_null(strstr(fc_buf_str(&text), "cluster=\"hub\""));
	fc_buf_fini(&text);
	end(b);
}

static void test_stopping_ends_a_trial(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	SERVER(second, { .match = "GET /version", .end = SCRIPTED_LATE });

	begin(b);
	expect_up(b, "u-1");
	renew(b, second);
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;
	while (scripted_seen(second, "GET /version") == 0 && fc_clock_mono_ms() < give_up_ms)
		usleep(1000);
	assert_int_equal(scripted_seen(second, "GET /version"), 1);
	assert_false(fc_watcher_has_ended(b->watcher));
	fc_watcher_stop(b->watcher, WAIT_MS);
	fc_watcher_join(b->watcher);
	assert_true(fc_watcher_has_ended(b->watcher));
	end(b);
	scripted_free(second);
}

struct changer {
	struct bench *b;
	const struct scripted_server *servers[2];
	pthread_t thread;
};

static void *change_all_the_time(void *user)
{
	const struct changer *c = user;

	for (int i = 0; i < 20; i++) {
		renew(c->b, c->servers[i % 2]);
		fc_watcher_rename(c->b->watcher, i % 2 ? "one" : "other");
		usleep(300);
	}
	return NULL;
}

/* What comes after the end is freed unused. */
static void test_other_threads_may_renew_and_rename_at_any_time(void **state FC_UNUSED)
{
	BENCH(VERSION_OK, ID_OK);
	SERVER(second, { .match = "GET /version", .end = SCRIPTED_LATE });
	struct changer changers[2] = { { .b = b, .servers = { second, b->server } },
				       { .b = b, .servers = { b->server, second } } };

	renew(b, second);
	fc_watcher_rename(b->watcher, "before");
	renew(b, b->server);
	begin(b);
	expect_up(b, "u-1");
	for (size_t i = 0; i < FC_ARRAY_LEN(changers); i++)
		assert_int_equal(pthread_create(&changers[i].thread, NULL, change_all_the_time, &changers[i]), 0);
	usleep(2000);
	fc_watcher_stop(b->watcher, 0);
	for (size_t i = 0; i < FC_ARRAY_LEN(changers); i++)
		pthread_join(changers[i].thread, NULL);
	fc_watcher_join(b->watcher);
	end(b);
	scripted_free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_renewed_entry_takes_over_when_it_has_reached_the_same_cluster),
		cmocka_unit_test(test_an_entry_that_does_not_work_leaves_the_old_one_in_place_until_it_does),
		cmocka_unit_test(test_an_entry_that_leads_to_another_cluster_stops_both_until_one_leads_back),
		cmocka_unit_test(test_the_old_entry_again_after_one_that_misled_is_up_again),
		cmocka_unit_test(test_a_cluster_that_was_replaced_is_found_again_by_a_new_entry),
		cmocka_unit_test(test_where_an_id_may_not_be_read_another_address_is_listed_anew),
		cmocka_unit_test(test_where_an_id_may_not_be_read_another_ca_is_listed_anew),
		cmocka_unit_test(test_an_entry_of_a_cluster_that_was_never_reached_takes_its_place_at_once),
		cmocka_unit_test(test_an_entry_that_is_proven_is_compared_before_another_one_takes_its_place),
		cmocka_unit_test(test_of_two_renewals_the_last_one_counts),
		cmocka_unit_test(test_an_entry_that_cannot_be_used_at_all_is_tried_again_and_can_be_replaced),
		cmocka_unit_test(test_a_new_name_is_borne_by_every_metric_and_the_old_one_goes),
		cmocka_unit_test(test_a_cluster_that_goes_right_after_it_was_renamed_leaves_no_old_name),
		cmocka_unit_test(test_stopping_ends_a_trial),
		cmocka_unit_test(test_other_threads_may_renew_and_rename_at_any_time),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
