/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/informer.h"

#include "unit/kube/informer_bench.h"

static const char *const prefixes[] = { "k8s-copier.fig.org/", NULL };

static void test_lists_in_pages_and_watches_from_the_lists_version(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=500&timeout",
		.body = { "{\"metadata\":{\"resourceVersion\":\"100\",\"continue\":\"next/+=\"},\"items\":[" ITEM("a",
														  ""),
			  "," ITEM("b", "") "]}" } },
	      { .match = "continue=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("ADDED", "c", "101", "") EVENT("MODIFIED", "a", "102", "") },
		.end = SCRIPTED_HOLD });

	int64_t before_us = fc_clock_mono_us();
	start(b, (struct fc_informer_options){ .namespace_ = "ns" });
	assert_told(b, "begin\nobject ns/a 7\nobject ns/b 7\nend\nobject ns/c 101\nobject ns/a 102\n");
	assert_true(b->received_us > before_us && b->received_us <= fc_clock_mono_us());
	assert_string_equal(line(b, "GET", 0), "GET /api/v1/namespaces/ns/secrets?limit=500&timeout=60s");
	assert_string_equal(line(b, "GET", 1),
			    "GET /api/v1/namespaces/ns/secrets?limit=500&continue=next%2F%2B%3D&timeout=60s");
	assert_non_null(strstr(line(b, "GET", 2),
			       "secrets?watch=true&resourceVersion=100&allowWatchBookmarks=true&timeoutSeconds="));
	assert_in_range(atoi(strstr(line(b, "GET", 2), "timeoutSeconds=") + strlen("timeoutSeconds=")), 240, 300);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_WATCH_EVENTS, FC_LABELS("hub", "secrets", "ADDED")) == 1);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_WATCH_LAST_EVENT, FC_LABELS("hub", "secrets")) > 1e9);
	bench_free(b);
}

static void test_one_object_is_watched_by_a_field_selector(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ .namespace_ = "ns", .name = "tls" });
	until_seen(b, "watch=true");
	assert_non_null(strstr(line(b, "limit=", 0), "secrets?fieldSelector=metadata.name%3Dtls&limit=500"));
	assert_non_null(strstr(line(b, "watch=", 0), "secrets?fieldSelector=metadata.name%3Dtls&watch=true"));
	bench_free(b);
}

static void test_metadata_only_asks_for_it_and_strips_what_comes_all_the_same(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=",
		.body = { LIST_HEAD, "{\"kind\":\"Secret\",\"data\":{\"a\":\"eA==\"},\"status\":{},",
			  "\"metadata\":{\"name\":\"a\",\"managedFields\":[]}}", LIST_TAIL } });

	start(b, (struct fc_informer_options){ .metadata_only = true });
	until_seen(b, "watch=true");
	assert_non_null(strstr(scripted_request(b->server, "limit=", 0)->head,
			       "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"));
	assert_non_null(strstr(scripted_request(b->server, "watch=", 0)->head,
			       "as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"));
	char *text = json_dumps(b->last, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}");
	free(text);
	bench_free(b);
}

static void test_a_clean_end_reopens_from_the_bookmark_without_a_list(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "resourceVersion=100", .body = { BOOKMARK("150") }, .end = SCRIPTED_HOLD },
	      { .match = "resourceVersion=150", .body = { EVENT("DELETED", "a", "151", "") }, .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	until_seen(b, "resourceVersion=100");
	/* As if it had stood for minutes. */
	b->informer->opened_ms -= 300000;
	scripted_release(b->server);
	assert_told_without_a_pause(b, "begin\nend\ngone ns/a 151\n"); /* the floor between two watches is 1 s */
	assert_int_equal(scripted_seen(b->server, "limit="), 1);
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_WATCH_RESTARTS, FC_LABELS("hub", "secrets", "ended")) >= 1);
	bench_free(b);
}

static void test_a_stream_cut_in_mid_object_resumes_after_the_last_whole_one(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "resourceVersion=100",
		.body = { EVENT("ADDED", "a", "101", ""),
			  "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"b\",\"resou" },
		.end = SCRIPTED_CUT },
	      { .match = "resourceVersion=101", .body = { EVENT("ADDED", "b", "102", "") }, .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nobject ns/a 101\nobject ns/b 102\n");
	assert_int_equal(scripted_seen(b->server, "limit="), 1);
	bench_free(b);
}

static void test_410_as_an_error_event_lists_again(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { BOOKMARK("101"), "{\"type\":\"ERROR\",\"object\":" EXPIRED "}\n" },
		.end = SCRIPTED_HOLD },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nbegin\nobject ns/a 7\nend\n");
	/* That it did not believe the list's own version after it. */
	until_seen(b, "resourceVersion=100&allowWatchBookmarks");
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_WATCH_RESTARTS, FC_LABELS("hub", "secrets", "gone")) == 1);
	bench_free(b);
}

static void test_410_as_a_status_lists_again_and_the_second_in_a_row_backs_off(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .status = 410, .body = { EXPIRED } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .status = 410, .body = { EXPIRED } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed gone\n");
	assert_int_equal(scripted_seen(b->server, "limit="), 2);
	fc_informer_retry_now(b->informer);
	assert_told(b, "begin\nend\nbegin\nend\nfailed gone\nbegin\nend\n");
	bench_free(b);
}

static void test_410_after_bookmarks_or_a_second_proves_nothing_for_the_next_one(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .status = 410, .body = { EXPIRED } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { BOOKMARK("101"), "{\"type\":\"ERROR\",\"object\":" EXPIRED "}\n" },
		.end = SCRIPTED_LATE });

	start(b, (struct fc_informer_options){ 0 });
	while (scripted_seen(b->server, "watch=true") < 2)
		fc_loop_run_once(b->loop, 10);
	b->informer->opened_ms -= 60000;
	scripted_release(b->server);
	assert_told(b, "begin\nend\nbegin\nend\nfailed gone\n");
	bench_free(b);
}

static void test_410_after_an_objects_event_is_a_first_one_again(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .status = 410, .body = { EXPIRED } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("ADDED", "a", "101", ""), "{\"type\":\"ERROR\",\"object\":" EXPIRED "}\n" } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nbegin\nend\nobject ns/a 101\nbegin\nend\n");
	bench_free(b);
}

static void test_410_on_a_continuation_lists_once_more_in_one_page(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=500&timeout",
		.body = { "{\"metadata\":{\"resourceVersion\":\"100\",\"continue\":\"t\"},\"items\":[" ITEM(
			"a", "") "]}" } },
	      { .match = "continue=t", .status = 410, .body = { EXPIRED } },
	      { .match = "secrets?timeout", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nbegin\nobject ns/a 7\nend\n");
	until_seen(b, "watch=true");
	bench_free(b);
}

static void test_a_list_in_one_page_that_fails_is_asked_for_in_pages_again(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=500&timeout",
		.body = { "{\"metadata\":{\"resourceVersion\":\"100\",\"continue\":\"t\"},\"items\":[]}" } },
	      { .match = "continue=t", .status = 410, .body = { EXPIRED } },
	      { .match = "secrets?timeout", .status = 500, .body = { "{}" } },
	      { .match = "limit=500&timeout", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed server\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "begin\nfailed server\nbegin\nend\n");
	bench_free(b);
}

static void test_a_page_that_takes_too_long_is_halved_until_a_list_is_complete(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=500&timeout", .status = 504, .body = { "{}" } },
	      { .match = "limit=250&timeout", .status = 504, .body = { "{}" } },
	      { .match = "limit=125&timeout",
		.body = { "{\"metadata\":{\"resourceVersion\":\"100\",\"continue\":\"t\"},\"items\":[]}" } },
	      { .match = "limit=125&continue=t", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .status = 410, .body = { EXPIRED } },
	      { .match = "limit=500&timeout", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed timeout\n");
	fc_informer_retry_now(b->informer);
	until_seen(b, "limit=250");
	assert_told(b, "failed timeout\nbegin\nend\nbegin\nend\n");
	bench_free(b);
}

static void test_a_page_is_never_halved_below_16(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=20&", .status = 504, .body = { "{}" } },
	      { .match = "limit=16&", .status = 504, .body = { "{}" } },
	      { .match = "limit=16&", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	b->informer->page_items = 20;
	assert_told(b, "failed timeout\nbegin\nend\n");
	bench_free(b);
}

static void test_a_refused_watch_backs_off_keeps_its_version_and_resumes(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .status = 429, .body = { "{}" } },
	      { .match = "watch=true", .status = 403, .body = { FORBIDDEN } },
	      { .match = "watch=true", .body = { EVENT("ADDED", "a", "101", "") } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed throttled\n");
	fc_informer_retry_now(b->informer);
	until_told(b, "failed forbidden\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "begin\nend\nfailed throttled\nfailed forbidden\nresumed\nobject ns/a 101\n");
	assert_non_null(strstr(line(b, "watch=true", 2), "resourceVersion=100"));
	/* The first after a failure is short: only its end shows that a quiet one works. */
	assert_non_null(strstr(line(b, "watch=true", 2), "timeoutSeconds=1"));
	until_seen(b, "resourceVersion=101");
	assert_null(strstr(line(b, "resourceVersion=101", 0), "timeoutSeconds=1&"));
	assert_int_equal(scripted_seen(b->server, "limit="), 1);
	bench_free(b);
}

static void test_a_type_that_is_not_served_fails_once_and_is_listed_again_later(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .status = 404, .body = { "404 page not found" } },
	      { .match = "limit=", .status = 404, .body = { "404 page not found" } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed not-served\n");
	fc_informer_retry_now(b->informer);
	until_seen(b, "limit=");
	while (scripted_seen(b->server, "limit=") < 2)
		fc_loop_run_once(b->loop, 10);
	fc_informer_retry_now(b->informer);
	while (scripted_seen(b->server, "limit=") < 3) {
		fc_loop_run_once(b->loop, 10);
		fc_informer_retry_now(b->informer);
	}
	assert_told(b, "failed not-served\nbegin\nend\n");
	bench_free(b);
}

static void test_a_watch_that_ends_at_once_with_nothing_backs_off(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } }, { .match = "watch=true", .body = { "" } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nfailed server\n");
	assert_int_equal(scripted_seen(b->server, "watch=true"), 1);
	bench_free(b);
}

static void test_a_bookmark_is_no_progress_of_a_watch_that_ends_at_once(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .body = { BOOKMARK("101") } },
	      { .match = "resourceVersion=101", .body = { BOOKMARK("102") } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed server\n");
	fc_informer_retry_now(b->informer);
	while (!b->informer->retry || strcmp(b->informer->version, "102") != 0)
		fc_loop_run_once(b->loop, 10);
	/* Nor does it show that the watch works again. */
	assert_told(b, "begin\nend\nfailed server\n");
	bench_free(b);
}

static void test_a_watch_that_ends_at_once_is_opened_once_a_second_whatever_it_told(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .body = { EVENT("ADDED", "a", "101", "") } },
	      { .match = "resourceVersion=101", .body = { EVENT("ADDED", "b", "102", "") } },
	      { .match = "resourceVersion=102", .body = { EVENT("ADDED", "c", "103", "") }, .end = SCRIPTED_HOLD });

	int64_t began_ms = fc_clock_mono_ms();
	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nobject ns/a 101\nobject ns/b 102\nobject ns/c 103\n");
	assert_true(fc_clock_mono_ms() - began_ms >= 1900);
	bench_free(b);
}

static void test_html_in_place_of_a_list_or_a_watch_is_no_data(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { "<html>sign in</html>" } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } }, { .match = "watch=true", .body = { "<html>" } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed protocol\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "begin\nfailed protocol\nbegin\nend\nfailed protocol\n");
	bench_free(b);
}

static void test_a_list_cut_off_does_not_end(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") }, .end = SCRIPTED_CUT },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("b", "") LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "failed network\n");
	fc_informer_retry_now(b->informer);
	assert_told(b, "begin\nobject ns/a 7\nfailed network\nbegin\nobject ns/b 7\nend\n");
	bench_free(b);
}

static void test_an_item_that_cannot_be_decoded_is_named_and_present(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", BEYOND) "," ITEM("b", "") LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nunreadable ns/a 7 limit\nobject ns/b 7\nend\n");
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_OBJECTS_SKIPPED, FC_LABELS("hub", "secrets", "limit")) == 1);
	bench_free(b);
}

static void test_an_item_without_a_key_keeps_what_the_list_does_not_name(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=",
		.body = { LIST_HEAD "{\"generation\":123456789012345678901234567890}," ITEM("b", "") LIST_TAIL } },
	      { .match = "watch=true", .body = { BOOKMARK("101"), "{\"type\":\"ERROR\",\"object\":" EXPIRED "}\n" } },
	      { .match = "limit=", .body = { LIST_HEAD "{\"metadata\":{}}" LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/b 7\nend-keeping\nbegin\nend-keeping\n");
	bench_free(b);
}

static void test_an_event_that_cannot_be_decoded_moves_the_version_on(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("MODIFIED", "a", "101", BEYOND) EVENT("DELETED", "b", "102", BEYOND)
				  EVENT("ADDED", "c", "103", ""),
			  EVENT("ADDED", "d", "104", BEYOND) } },
	      { .match = "resourceVersion=104", .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(
		b,
		"begin\nend\nunreadable ns/a 101 limit\ngone ns/b 102\nobject ns/c 103\nunreadable ns/d 104 limit\n");
	until_seen(b, "resourceVersion=104");
	bench_free(b);
}

static void test_an_unknown_event_type_ends_the_watch(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .body = { EVENT("RENAMED", "a", "101", "") }, .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nfailed server\n");
	bench_free(b);
}

static void test_only_annotated_objects_and_those_that_were_pass_the_filter(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=",
		.body = { LIST_HEAD ITEM("plain", "") ",", ITEM("ruled", RULE) ",", ITEM("escaped", ESCAPED) ",",
			  ITEM("mentions", LABEL), LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("MODIFIED", "plain", "101", "") EVENT("MODIFIED", "ruled", "102", ""),
			  EVENT("MODIFIED", "ruled", "103", "") EVENT("DELETED", "plain", "104", ""),
			  EVENT("DELETED", "ruled", "105", "") EVENT("DELETED", "escaped", "106", RULE) },
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .metadata_only = true, .annotation_prefixes = prefixes });
	assert_told(b,
		    "begin\nobject ns/ruled 7\nobject ns/escaped 7\nend\nobject ns/ruled 102\ngone ns/escaped 106\n");
	bench_free(b);
}

static void test_an_object_unfiltered_for_being_unreadable_is_passed_on_when_readable_again(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", RULE BEYOND) "," ITEM("b", BEYOND) LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("MODIFIED", "b", "101", "") EVENT("MODIFIED", "a", "102", "") },
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .annotation_prefixes = prefixes });
	assert_told(b, "begin\nunreadable ns/a 7 limit\nend\nobject ns/a 102\n");
	bench_free(b);
}

static void test_after_a_relist_what_it_did_not_name_is_forgotten(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", RULE) "," ITEM("b", RULE) LIST_TAIL } },
	      { .match = "watch=true", .body = { BOOKMARK("101"), "{\"type\":\"ERROR\",\"object\":" EXPIRED "}\n" } },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("a", "") "," ITEM("b", RULE) LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("DELETED", "a", "102", "") EVENT("DELETED", "b", "103", "") },
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ .annotation_prefixes = prefixes });
	assert_told(b, "begin\nobject ns/a 7\nobject ns/b 7\nend\nbegin\nobject ns/b 7\nend\ngone ns/b 103\n");
	bench_free(b);
}

static void test_an_overdue_watch_is_reopened_from_its_version(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { BOOKMARK("101") EVENT("ADDED", "a", "102", "") },
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 102\n");
	/* Its own timer stands at five minutes; this is what it calls. */
	fc_loop_timer_cancel(b->loop, &b->informer->deadline);
	fc_informer_watch_overdue(b->informer);
	until_seen(b, "resourceVersion=102");
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_WATCH_RESTARTS, FC_LABELS("hub", "secrets", "deadline")) == 1);
	bench_free(b);
}

static void test_a_killed_server_that_comes_back_is_resumed_without_a_list(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .body = { EVENT("ADDED", "a", "101", "") }, .end = SCRIPTED_HOLD },
	      { .match = "resourceVersion=101", .body = { EVENT("ADDED", "b", "102", "") }, .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 101\n");
	scripted_kill(b->server);
	until_told(b, "failed network\n");
	scripted_restart(b->server);
	fc_informer_retry_now(b->informer);
	assert_told(b, "begin\nend\nobject ns/a 101\nfailed network\nresumed\nobject ns/b 102\n");
	bench_free(b);
}

static void test_stopping_inside_a_callback_is_the_last_callback(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") "," ITEM("b", "") LIST_TAIL } });

	b->stop_on_object = true;
	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	while (fc_transport_in_flight(b->transport))
		fc_loop_run_once(b->loop, 10);
	assert_string_equal(fc_buf_str(&b->told), "begin\nobject ns/a 7\n");
	bench_free(b);
}

static void test_stopping_inside_a_watch_callback_is_the_last_callback(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("ADDED", "a", "101", "") EVENT("ADDED", "b", "102", "") },
		.end = SCRIPTED_HOLD });

	b->stop_on_object = true;
	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 101\n");
	fc_loop_run_once(b->loop, 0);
	assert_string_equal(fc_buf_str(&b->told), "begin\nend\nobject ns/a 101\n");
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
		cmocka_unit_test(test_lists_in_pages_and_watches_from_the_lists_version),
		cmocka_unit_test(test_one_object_is_watched_by_a_field_selector),
		cmocka_unit_test(test_metadata_only_asks_for_it_and_strips_what_comes_all_the_same),
		cmocka_unit_test(test_a_clean_end_reopens_from_the_bookmark_without_a_list),
		cmocka_unit_test(test_a_stream_cut_in_mid_object_resumes_after_the_last_whole_one),
		cmocka_unit_test(test_410_as_an_error_event_lists_again),
		cmocka_unit_test(test_410_as_a_status_lists_again_and_the_second_in_a_row_backs_off),
		cmocka_unit_test(test_410_after_bookmarks_or_a_second_proves_nothing_for_the_next_one),
		cmocka_unit_test(test_410_after_an_objects_event_is_a_first_one_again),
		cmocka_unit_test(test_410_on_a_continuation_lists_once_more_in_one_page),
		cmocka_unit_test(test_a_list_in_one_page_that_fails_is_asked_for_in_pages_again),
		cmocka_unit_test(test_a_page_that_takes_too_long_is_halved_until_a_list_is_complete),
		cmocka_unit_test(test_a_page_is_never_halved_below_16),
		cmocka_unit_test(test_a_refused_watch_backs_off_keeps_its_version_and_resumes),
		cmocka_unit_test(test_a_type_that_is_not_served_fails_once_and_is_listed_again_later),
		cmocka_unit_test(test_a_watch_that_ends_at_once_with_nothing_backs_off),
		cmocka_unit_test(test_a_bookmark_is_no_progress_of_a_watch_that_ends_at_once),
		cmocka_unit_test(test_a_watch_that_ends_at_once_is_opened_once_a_second_whatever_it_told),
		cmocka_unit_test(test_html_in_place_of_a_list_or_a_watch_is_no_data),
		cmocka_unit_test(test_a_list_cut_off_does_not_end),
		cmocka_unit_test(test_an_item_that_cannot_be_decoded_is_named_and_present),
		cmocka_unit_test(test_an_item_without_a_key_keeps_what_the_list_does_not_name),
		cmocka_unit_test(test_an_event_that_cannot_be_decoded_moves_the_version_on),
		cmocka_unit_test(test_an_unknown_event_type_ends_the_watch),
		cmocka_unit_test(test_only_annotated_objects_and_those_that_were_pass_the_filter),
		cmocka_unit_test(test_an_object_unfiltered_for_being_unreadable_is_passed_on_when_readable_again),
		cmocka_unit_test(test_after_a_relist_what_it_did_not_name_is_forgotten),
		cmocka_unit_test(test_an_overdue_watch_is_reopened_from_its_version),
		cmocka_unit_test(test_a_killed_server_that_comes_back_is_resumed_without_a_list),
		cmocka_unit_test(test_stopping_inside_a_callback_is_the_last_callback),
		cmocka_unit_test(test_stopping_inside_a_watch_callback_is_the_last_callback),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
