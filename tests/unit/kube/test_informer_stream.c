/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as the beginning of a watch: kube-client 5.17 to 5.21. */
#include "unit/kube/informer_bench.h"

static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };

#define STREAM "sendInitialEvents=true"
#define INVALID                                                                                                  \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Invalid\",\"code\":422," \
	"\"message\":\"resourceVersionMatch is forbidden for watch\"}"
#define RULE_ALONE "\"annotations\":{\"k8s-copier.fig.org/replace-data\":\"x\"}"
#define NO_ITEMS                                                   \
	{                                                          \
		.match = "limit=", .body = { LIST_HEAD LIST_TAIL } \
	}

/* A discovery has shown that the server is young. */
static void start_young(struct bench *b, struct fc_informer_options o)
{
	fc_transport_saw_discovery(b->transport, true);
	start(b, o);
}

/* What the timer at 10 s of silence calls. */
static void fall_silent(struct bench *b)
{
	fc_loop_timer_cancel(b->loop, &b->informer->deadline);
	b->informer->received_us -= INT64_C(10000000);
	fc_informer_stream_check(b->informer);
}

static double restarts(struct bench *b, const char *reason)
{
	return fc_metrics_get(b->metrics, FC_METRIC_WATCH_RESTARTS, FC_LABELS("hub", "secrets", reason));
}

static void test_a_stream_lists_and_watches_in_one_request(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { EVENT("ADDED", "b", "7", "") EVENT("ADDED", "a", "9", ""), ALL_TOLD("100"),
			  EVENT("MODIFIED", "a", "101", "") EVENT("DELETED", "b", "102", "") },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ .namespace_ = "ns" });
	assert_told(b, "begin\nobject ns/b 7\nobject ns/a 9\nend\nobject ns/a 101\ngone ns/b 102\n");
	assert_int_equal(scripted_seen(b->server, "GET"), 1);
	assert_non_null(strstr(line(b, "GET", 0),
			       "GET /api/v1/namespaces/ns/secrets?watch=true&sendInitialEvents=true&"
			       "resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds="));
	assert_null(strstr(line(b, "GET", 0), "resourceVersion="));
	assert_in_range(atoi(strstr(line(b, "GET", 0), "timeoutSeconds=") + strlen("timeoutSeconds=")), 240, 300);
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_WORK);
	bench_free(b);
}

static void test_a_stream_of_nothing_is_an_empty_list(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { ALL_TOLD("100") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\n");
	bench_free(b);
}

static void test_a_stream_that_ends_goes_on_from_its_version_without_a_list(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", ""), ALL_TOLD("100") } },
	      { .match = "watch=true&resourceVersion=100",
		.body = { EVENT("MODIFIED", "a", "101", "") },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nend\nobject ns/a 101\n");
	assert_int_equal(scripted_seen(b->server, "limit="), 0);
	assert_int_equal(scripted_seen(b->server, STREAM), 1);
	bench_free(b);
}

static void test_410_behind_a_stream_streams_again_and_the_second_in_a_row_backs_off(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { ALL_TOLD("100") } },
	      { .match = "resourceVersion=100", .status = 410, .body = { EXPIRED } },
	      { .match = STREAM, .body = { EVENT("ADDED", "a", "7", ""), ALL_TOLD("100") } },
	      { .match = "resourceVersion=100", .status = 410, .body = { EXPIRED } });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nbegin\nobject ns/a 7\nend\nfailed gone\n");
	bench_free(b);
}

static void test_a_stream_is_synced_at_the_annotated_bookmark_and_no_other(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { EVENT("ADDED", "a", "7", ""), BOOKMARK("90"),
			  "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Secret\",\"metadata\":{\"resourceVersion\":\"91\","
			  "\"annotations\":{\"k8s.io/initial-events-end\":\"false\"}}}}\n",
			  EVENT("ADDED", "b", "8", "") },
		.end = SCRIPTED_HOLD },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/b 8\n");
	assert_string_equal(fc_buf_str(&b->told), "begin\nobject ns/a 7\nobject ns/b 8\n");
	/* It ends: what was told of counts for nothing, and no watch goes on from there. */
	scripted_release(b->server);
	assert_told(b, "begin\nobject ns/a 7\nobject ns/b 8\nbegin\nobject ns/a 7\nend\n");
	until_seen(b, "watch=true&resourceVersion=100");
	assert_int_equal(scripted_seen(b->server, "resourceVersion=90"), 0);
	assert_int_equal(scripted_seen(b->server, "resourceVersion=91"), 0);
	assert_true(restarts(b, "stream-cut") == 1);
	bench_free(b);
}

/* Busy servers send such before the end. */
static void test_changes_within_a_stream_are_told_in_order(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { EVENT("ADDED", "a", "7", "") EVENT("ADDED", "b", "8", "") EVENT("MODIFIED", "a", "101", ""),
			  EVENT("DELETED", "b", "102", ""), ALL_TOLD("102") },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nobject ns/b 8\nobject ns/a 101\ngone ns/b 102\nend\n");
	bench_free(b);
}

static void test_a_stream_passes_on_what_bears_an_annotation_and_what_lost_it_meanwhile(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { EVENT("ADDED", "none", "5", "") EVENT("ADDED", "a", "7", RULE)
				  EVENT("ADDED", "b", "8", ESCAPED),
			  EVENT("ADDED", "c", "9", RULE) EVENT("ADDED", "label", "9", LABEL),
			  EVENT("MODIFIED", "a", "101", "") EVENT("MODIFIED", "a", "102", ""),
			  EVENT("DELETED", "b", "103", RULE) EVENT("DELETED", "none", "104", ""), ALL_TOLD("104"),
			  EVENT("MODIFIED", "none", "105", "") EVENT("MODIFIED", "c", "106", "") },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ .annotation_prefixes = prefixes });
	assert_told(b, "begin\nobject ns/a 7\nobject ns/b 8\nobject ns/c 9\nobject ns/a 101\ngone ns/b 103\nend\n"
		       "object ns/c 106\n");
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_WATCH_EVENTS, FC_LABELS("hub", "secrets", "ADDED")) == 5);
	bench_free(b);
}

static void test_a_second_stream_forgets_what_it_did_not_name(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", RULE), ALL_TOLD("100") }, .end = SCRIPTED_HOLD },
	      { .match = STREAM,
		.body = { EVENT("ADDED", "a", "101", ""), ALL_TOLD("102"),
			  EVENT("MODIFIED", "a", "103", "") EVENT("ADDED", "b", "104", RULE) },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ .annotation_prefixes = prefixes });
	until_told(b, "end\n");
	fc_informer_relist(b->informer);
	assert_told(b, "begin\nobject ns/a 7\nend\nbegin\nend\nobject ns/b 104\n");
	bench_free(b);
}

/* Nothing is absent at the end of such a list, so what went before it has to be told. */
static void test_what_goes_within_a_stream_that_removes_nothing_is_told(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", RULE), ALL_TOLD("100") }, .end = SCRIPTED_HOLD },
	      { .match = STREAM,
		.body = { EVENT("ADDED", "a", "101", "") "{\"type\":\"ADDED\",\"object\":{\"metadata\":{" RULE_ALONE
							 "}}}\n",
			  EVENT("DELETED", "a", "102", ""), ALL_TOLD("102"), EVENT("ADDED", "b", "103", RULE) },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ .annotation_prefixes = prefixes });
	until_told(b, "end\n");
	fc_informer_relist(b->informer);
	assert_told(b, "begin\nobject ns/a 7\nend\nbegin\ngone ns/a 102\nend-keeping\nobject ns/b 103\n");
	bench_free(b);
}

static void test_a_metadata_only_stream_asks_for_it_and_strips(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Secret\",\"data\":{\"a\":\"eA==\"},\"metadata\":"
			  "{\"name\":\"a\",\"managedFields\":[]}}}\n",
			  ALL_TOLD_OF("PartialObjectMetadata", "100") },
		.end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ .metadata_only = true });
	until_told(b, "end\n");
	assert_non_null(strstr(scripted_request(b->server, STREAM, 0)->head,
			       "as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"));
	char *text = json_dumps(b->last, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}");
	free(text);
	bench_free(b);
}

/* --- servers that know nothing of it --- */

static void test_a_server_that_is_not_known_to_be_young_is_listed_in_pages(void **state FC_UNUSED)
{
	BENCH(NO_ITEMS);

	fc_transport_saw_discovery(b->transport, true);
	fc_transport_saw_discovery(b->transport, false);
	start(b, (struct fc_informer_options){ 0 });
	until_seen(b, "watch=true&resourceVersion=100");
	assert_int_equal(scripted_seen(b->server, STREAM), 0);
	bench_free(b);
}

static void test_a_server_that_refuses_streams_is_asked_once(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 422, .body = { INVALID } }, NO_ITEMS, NO_ITEMS);

	start_young(b, (struct fc_informer_options){ 0 });
	/* Nothing failed. */
	assert_told_without_a_pause(b, "begin\nend\n");
	until_seen(b, "watch=true&resourceVersion=100");
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_REFUSED);
	assert_true(restarts(b, "stream-refused") == 1);
	fc_informer_stop(b->informer);
	fc_buf_clear(&b->told);
	/* A further discovery changes nothing about it. */
	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\n");
	assert_int_equal(scripted_seen(b->server, STREAM), 1);
	bench_free(b);
}

static void test_where_streams_work_one_refusal_is_about_its_type_alone(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 422, .body = { INVALID } }, NO_ITEMS, NO_ITEMS);

	fc_transport_saw_stream_list(b->transport, true);
	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\n");
	fc_informer_relist(b->informer);
	assert_told(b, "begin\nend\nbegin\nend\n");
	assert_int_equal(scripted_seen(b->server, STREAM), 1);
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_WORK);
	bench_free(b);
}

/* It answers as if it had been asked for a plain watch: the objects, and no word that these are all. */
static void test_a_server_that_ignores_what_it_does_not_know_is_listed_in_pages(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", ""), BOOKMARK("90") }, .end = SCRIPTED_HOLD },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	assert_non_null(b->informer->deadline);
	fall_silent(b);
	assert_told(b, "begin\nobject ns/a 7\nbegin\nobject ns/a 7\nend\n");
	until_seen(b, "watch=true&resourceVersion=100");
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_REFUSED);
	bench_free(b);
}

/* Nobody knows what a server would do that has not answered at all. */
static void test_a_server_that_has_not_answered_yet_is_not_taken_for_an_old_one(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .end = SCRIPTED_LATE }, NO_ITEMS,
	      { .match = STREAM, .body = { ALL_TOLD("110") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_seen(b, STREAM);
	fall_silent(b);
	assert_told(b, "begin\nend\n");
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_LIKELY);
	fc_informer_relist(b->informer);
	assert_told(b, "begin\nend\nbegin\nend\n");
	assert_int_equal(scripted_seen(b->server, STREAM), 2);
	bench_free(b);
}

/* The timer comes late where nobody has read for as long: listeners wait for the engine, machines sleep. */
static void test_what_was_not_read_is_no_silence_of_the_servers(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", "") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	b->informer->check_ms -= 12000;
	fall_silent(b);
	assert_int_equal(b->informer->phase, FC_INFORMER_STREAM);
	assert_non_null(b->informer->deadline);
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_LIKELY);
	/* It has its 10 s from then on. */
	fall_silent(b);
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_REFUSED);
	bench_free(b);
}

static void test_a_stream_that_is_slow_and_not_silent_is_waited_for(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", "") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	fc_loop_timer_cancel(b->loop, &b->informer->deadline);
	b->informer->received_us -= INT64_C(9000000);
	fc_informer_stream_check(b->informer);
	assert_non_null(b->informer->deadline);
	assert_int_equal(b->informer->phase, FC_INFORMER_STREAM);
	bench_free(b);
}

static void test_a_stream_that_takes_two_minutes_is_given_up_for_pages(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", "") }, .end = SCRIPTED_HOLD }, NO_ITEMS);

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	fc_loop_timer_cancel(b->loop, &b->informer->deadline);
	b->informer->opened_ms -= 120000;
	fc_informer_stream_check(b->informer);
	assert_told(b, "begin\nobject ns/a 7\nbegin\nend\n");
	assert_false(fc_informer_may_stream(b->informer));
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_LIKELY);
	bench_free(b);
}

/* --- what goes wrong --- */

static void test_a_stream_that_is_cut_off_is_followed_by_pages(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", "") "{\"type\":\"ADD" }, .end = SCRIPTED_CUT },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("b", "") LIST_TAIL } },
	      { .match = "resourceVersion=100", .status = 410, .body = { EXPIRED } },
	      { .match = STREAM, .body = { ALL_TOLD("110") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed network\n");
	fc_informer_retry_now(b->informer);
	/* Once a list is complete the next one is a stream again. */
	assert_told(b, "begin\nobject ns/a 7\nfailed network\nbegin\nobject ns/b 7\nend\nbegin\nend\n");
	bench_free(b);
}

/* Somebody in between cannot bear streams, and may bear lists. */
static void test_a_stream_that_is_cut_off_twice_before_it_began_is_followed_by_pages(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .end = SCRIPTED_CUT }, { .match = STREAM, .end = SCRIPTED_CUT },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed network\n");
	while (!was_told(b, "end\n") && scripted_seen(b->server, STREAM) < 4) {
		fc_informer_retry_now(b->informer);
		fc_loop_run_once(b->loop, 10);
	}
	assert_told(b, "failed network\nbegin\nobject ns/a 7\nend\n");
	assert_int_equal(scripted_seen(b->server, STREAM), 2);
	bench_free(b);
}

static void test_a_stream_that_is_throttled_is_asked_for_again(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 429, .body = { "{}" } },
	      { .match = STREAM, .body = { ALL_TOLD("110") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed throttled\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "failed throttled\nbegin\nend\n");
	assert_int_equal(scripted_seen(b->server, "limit="), 0);
	bench_free(b);
}

static void test_a_stream_that_the_server_fails_at_is_followed_by_pages(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 500, .body = { "{}" } }, NO_ITEMS);

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed server\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "failed server\nbegin\nend\n");
	assert_int_equal(scripted_seen(b->server, STREAM), 1);
	bench_free(b);
}

/* The version that it waits for may be beyond what the server's cache has (5.21). */
static void test_an_expired_stream_is_followed_by_pages_at_once(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { "{\"type\":\"ERROR\",\"object\":" EXPIRED "}\n" }, .end = SCRIPTED_HOLD },
	      NO_ITEMS);

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told_without_a_pause(b, "begin\nend\n");
	assert_int_equal(fc_transport_stream_lists(b->transport), FC_STREAM_LISTS_LIKELY);
	bench_free(b);
}

static void test_who_may_list_and_not_watch_gets_the_list(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 403, .body = { FORBIDDEN } },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } },
	      { .match = "resourceVersion=100", .status = 403, .body = { FORBIDDEN } });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nend\nfailed forbidden\n");
	bench_free(b);
}

static void test_who_may_neither_list_nor_watch_costs_one_request_a_try(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 403, .body = { FORBIDDEN } },
	      { .match = "limit=", .status = 403, .body = { FORBIDDEN } },
	      { .match = "limit=", .status = 403, .body = { FORBIDDEN } }, NO_ITEMS);

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed forbidden\n");
	for (size_t n = 2; n <= 3; n++) {
		fc_informer_retry_now(b->informer);
		while (scripted_seen(b->server, "limit=") < n || !(b->informer->retry || was_told(b, "end\n")))
			fc_loop_run_once(b->loop, 10);
	}
	assert_told(b, "failed forbidden\nbegin\nend\n");
	assert_int_equal(scripted_seen(b->server, STREAM), 1);
	bench_free(b);
}

static void test_a_type_that_is_not_served_is_no_refusal_of_streams(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .status = 404, .body = { "{}" } },
	      { .match = STREAM, .body = { ALL_TOLD("110") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed not-served\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "failed not-served\nbegin\nend\n");
	assert_int_equal(scripted_seen(b->server, "limit="), 0);
	bench_free(b);
}

static void test_nothing_is_absent_where_a_stream_held_what_has_no_key(void **state FC_UNUSED)
{
	static const char *const odd[] = {
		"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Secret\",\"metadata\":{}}}\n",
		"{\"type\":\"DELETED\",\"object\":{\"kind\":\"Secret\",\"metadata\":{}}}\n",
		"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Table\",\"rows\":[]}}\n",
		"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Secret\"" BEYOND "}}\n",
	};

	for (size_t n = 0; n < FC_ARRAY_LEN(odd); n++) {
		const struct scripted_step steps[] = {
			{ .match = STREAM, .body = { odd[n], ALL_TOLD("100") }, .end = SCRIPTED_HOLD },
		};
		struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));
		start_young(b, (struct fc_informer_options){ 0 });
		assert_told(b, "begin\nend-keeping\n");
		bench_free(b);
	}
}

static void test_an_object_of_a_stream_that_cannot_be_decoded_is_named_and_present(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", BEYOND), ALL_TOLD("100") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nunreadable ns/a 7 limit\nend\n");
	bench_free(b);
}

static void stop_at_end(struct bench *b, const char *line)
{
	if (strcmp(line, "end\n") == 0)
		fc_informer_stop(fc_steal(&b->informer));
}

static void test_stopping_at_the_end_of_a_stream_is_the_last_callback(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { EVENT("ADDED", "a", "7", "") ALL_TOLD("100") EVENT("ADDED", "b", "101", "") },
		.end = SCRIPTED_HOLD });

	b->then = stop_at_end;
	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "end\n");
	for (int turns = 0; turns < 5; turns++)
		fc_loop_run_once(b->loop, 10);
	assert_string_equal(fc_buf_str(&b->told), "begin\nobject ns/a 7\nend\n");
	assert_null(b->informer);
	bench_free(b);
}

static void stop_at_begin(struct bench *b, const char *line)
{
	if (strcmp(line, "begin\n") == 0)
		fc_informer_stop(fc_steal(&b->informer));
}

static void test_stopping_at_the_beginning_of_a_stream_is_the_last_callback(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", BEYOND) ALL_TOLD("100") }, .end = SCRIPTED_HOLD });

	b->then = stop_at_begin;
	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "begin\n");
	for (int turns = 0; turns < 5; turns++)
		fc_loop_run_once(b->loop, 10);
	assert_string_equal(fc_buf_str(&b->told), "begin\n");
	bench_free(b);
}

static void test_relisting_within_a_stream_begins_another(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM, .body = { EVENT("ADDED", "a", "7", "") }, .end = SCRIPTED_HOLD },
	      { .match = STREAM, .body = { ALL_TOLD("110") }, .end = SCRIPTED_HOLD });

	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	fc_informer_relist(b->informer);
	assert_told(b, "begin\nobject ns/a 7\nbegin\nend\n");
	bench_free(b);
}

static size_t peak_bytes;

static void note_peak(struct bench *b, const char *line FC_UNUSED)
{
	size_t bytes = b->informer->framer ? fc_framer_peak_bytes(b->informer->framer) : 0;

	if (bytes > peak_bytes)
		peak_bytes = bytes;
}

static void test_a_stream_is_held_one_object_at_a_time(void **state FC_UNUSED)
{
	enum { OBJECT_BYTES = 20000, OBJECTS = 400 };
	FC_AUTO_BUF struct fc_buf events = FC_BUF_INIT;
	FC_AUTO_FREE char *big = fc_xcalloc(1, OBJECT_BYTES + 1);

	memset(big, 'x', OBJECT_BYTES);
	for (int n = 0; n < OBJECTS; n++)
		fc_buf_printf(&events, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\"},\"k\":\"%s\"}}\n",
			      big);
	const struct scripted_step steps[] = {
		{ .match = STREAM, .body = { events.data, ALL_TOLD("100") }, .end = SCRIPTED_HOLD },
	};
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	peak_bytes = 0;
	b->then = note_peak;
	start_young(b, (struct fc_informer_options){ 0 });
	until_told(b, "end\n");
	assert_in_range(peak_bytes, 1, 2 * (OBJECT_BYTES + 1000));
	bench_free(b);
}

static void test_a_stream_may_come_byte_by_byte(void **state FC_UNUSED)
{
	BENCH({ .match = STREAM,
		.body = { EVENT("ADDED", "a", "7", ""), ALL_TOLD("100"), EVENT("MODIFIED", "a", "101", "") },
		.end = SCRIPTED_HOLD,
		.bytewise = true });

	start_young(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nend\nobject ns/a 101\n");
	bench_free(b);
}

static int set_up(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_lists_and_watches_in_one_request),
		cmocka_unit_test(test_a_stream_of_nothing_is_an_empty_list),
		cmocka_unit_test(test_a_stream_that_ends_goes_on_from_its_version_without_a_list),
		cmocka_unit_test(test_410_behind_a_stream_streams_again_and_the_second_in_a_row_backs_off),
		cmocka_unit_test(test_a_stream_is_synced_at_the_annotated_bookmark_and_no_other),
		cmocka_unit_test(test_changes_within_a_stream_are_told_in_order),
		cmocka_unit_test(test_a_stream_passes_on_what_bears_an_annotation_and_what_lost_it_meanwhile),
		cmocka_unit_test(test_a_second_stream_forgets_what_it_did_not_name),
		cmocka_unit_test(test_what_goes_within_a_stream_that_removes_nothing_is_told),
		cmocka_unit_test(test_a_metadata_only_stream_asks_for_it_and_strips),
		cmocka_unit_test(test_a_server_that_is_not_known_to_be_young_is_listed_in_pages),
		cmocka_unit_test(test_a_server_that_refuses_streams_is_asked_once),
		cmocka_unit_test(test_where_streams_work_one_refusal_is_about_its_type_alone),
		cmocka_unit_test(test_a_server_that_ignores_what_it_does_not_know_is_listed_in_pages),
		cmocka_unit_test(test_a_server_that_has_not_answered_yet_is_not_taken_for_an_old_one),
		cmocka_unit_test(test_what_was_not_read_is_no_silence_of_the_servers),
		cmocka_unit_test(test_a_stream_that_is_slow_and_not_silent_is_waited_for),
		cmocka_unit_test(test_a_stream_that_takes_two_minutes_is_given_up_for_pages),
		cmocka_unit_test(test_a_stream_that_is_cut_off_is_followed_by_pages),
		cmocka_unit_test(test_a_stream_that_is_cut_off_twice_before_it_began_is_followed_by_pages),
		cmocka_unit_test(test_a_stream_that_is_throttled_is_asked_for_again),
		cmocka_unit_test(test_a_stream_that_the_server_fails_at_is_followed_by_pages),
		cmocka_unit_test(test_an_expired_stream_is_followed_by_pages_at_once),
		cmocka_unit_test(test_who_may_list_and_not_watch_gets_the_list),
		cmocka_unit_test(test_who_may_neither_list_nor_watch_costs_one_request_a_try),
		cmocka_unit_test(test_a_type_that_is_not_served_is_no_refusal_of_streams),
		cmocka_unit_test(test_nothing_is_absent_where_a_stream_held_what_has_no_key),
		cmocka_unit_test(test_an_object_of_a_stream_that_cannot_be_decoded_is_named_and_present),
		cmocka_unit_test(test_stopping_at_the_end_of_a_stream_is_the_last_callback),
		cmocka_unit_test(test_stopping_at_the_beginning_of_a_stream_is_the_last_callback),
		cmocka_unit_test(test_relisting_within_a_stream_begins_another),
		cmocka_unit_test(test_a_stream_is_held_one_object_at_a_time),
		cmocka_unit_test(test_a_stream_may_come_byte_by_byte),
	};
	return cmocka_run_group_tests_name("informer_stream", tests, set_up, NULL);
}
