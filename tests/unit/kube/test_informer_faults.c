/* SPDX-License-Identifier: Apache-2.0 */
/* What an informer is interrupted by and what odd bytes it is sent: the parts of kube-client 4, 5 and 2.24 that
 * test_informer.c does not play. */
#include "unit/kube/informer_bench.h"

#include "kube/request.h"

/* --- interrupted by its own side --- */

static unsigned relists_left;

static void relist_on_end(struct bench *b, const char *line)
{
	if (strncmp(line, "end", 3) == 0 && relists_left-- > 0) {
		fc_informer_relist(b->informer);
		fc_informer_relist(b->informer);
	}
}

static void relist_on_first_object(struct bench *b, const char *line)
{
	if (strncmp(line, "object", 6) == 0 && relists_left > 0) {
		relists_left--;
		fc_informer_relist(b->informer);
	}
}

static void relist_on_failed(struct bench *b, const char *line)
{
	if (strncmp(line, "failed", 6) == 0)
		fc_informer_relist(b->informer);
}

static int set_relists(void **state FC_UNUSED)
{
	relists_left = 1;
	return 0;
}

static void test_relisting_a_watch_lists_once_and_forgets_the_version(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } },
	      { .match = "limit=", .body = { "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}" } });

	start(b, (struct fc_informer_options){ 0 });
	until_seen(b, "watch=true");
	fc_informer_relist(b->informer);
	fc_informer_relist(b->informer);
	assert_told(b, "begin\nobject ns/a 7\nend\nbegin\nend\n");
	until_seen(b, "watch=true&resourceVersion=5");
	assert_int_equal(scripted_seen(b->server, "limit="), 2);
	assert_int_equal(fc_metrics_get(b->metrics, FC_METRIC_WATCH_RESTARTS, FC_LABELS("hub", "secrets", "relist")),
			 1);
	bench_free(b);
}

static void test_relisting_at_the_end_of_a_list_lists_once_more(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") LIST_TAIL } },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("b", "") LIST_TAIL } });

	b->then = relist_on_end;
	start(b, (struct fc_informer_options){ 0 });
	until_seen(b, "watch=true");
	assert_told(b, "begin\nobject ns/a 7\nend\nbegin\nobject ns/b 7\nend\n");
	assert_int_equal(scripted_seen(b->server, "watch=true"), 1);
	bench_free(b);
}

static void test_relisting_inside_a_page_tells_no_more_of_it(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") "," ITEM("b", "") LIST_TAIL } },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("c", "") LIST_TAIL } });

	b->then = relist_on_first_object;
	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nbegin\nobject ns/c 7\nend\n");
	bench_free(b);
}

static void test_relisting_inside_a_watch_ends_it(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { EVENT("ADDED", "a", "101", "") EVENT("ADDED", "b", "102", "") },
		.end = SCRIPTED_HOLD },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } });

	b->then = relist_on_first_object;
	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nobject ns/a 101\nbegin\nend\n");
	bench_free(b);
}

static void test_relisting_at_a_failure_does_not_wait(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .status = 403, .body = { FORBIDDEN } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } });

	b->then = relist_on_failed;
	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "failed forbidden\nbegin\nend\n"); /* else 30 s */
	bench_free(b);
}

static void relist_then_stop(struct bench *b, const char *line)
{
	if (strncmp(line, "object", 6) != 0)
		return;
	fc_informer_relist(b->informer);
	fc_informer_stop(fc_steal(&b->informer));
}

static void test_stopping_after_a_relist_is_the_end(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") "," ITEM("b", "") LIST_TAIL } });

	b->then = relist_then_stop;
	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	while (fc_transport_in_flight(b->transport))
		fc_loop_run_once(b->loop, 10);
	assert_string_equal(fc_buf_str(&b->told), "begin\nobject ns/a 7\n");
	bench_free(b);
}

static void renew(struct bench *b)
{
	assert_int_equal(fc_transport_renew(b->transport, &b->access, b->credentials, NULL), 0);
}

static void test_a_watch_of_a_renewed_transport_goes_on_at_once_and_untold(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "resourceVersion=100", .body = { EVENT("ADDED", "a", "101", "") }, .end = SCRIPTED_HOLD },
	      { .match = "resourceVersion=101", .body = { EVENT("ADDED", "b", "102", "") }, .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 101\n");
	renew(b);
	/* Neither a back-off nor the floor between two watches. */
	assert_told_without_a_pause(b, "begin\nend\nobject ns/a 101\nobject ns/b 102\n");
	assert_int_equal(scripted_seen(b->server, "limit="), 1);
	bench_free(b);
}

/* Only watches are ended by a renewal; should a page be all the same, it is asked for again. */
static void cancel_page(struct bench *b)
{
	struct fc_error why = FC_ERROR_INIT;
	const struct fc_response response = { .status = 200, .content_type = "", .body = "", .error = &why };
	struct fc_request *r = b->informer->request;

	fc_error_set(&why, FC_ERR_CANCELLED, "renewed");
	void (*on_done)(void *user, const struct fc_response *response) = r->on_done;
	fc_request_cancel(r);
	on_done(b->informer, &response);
}

static void test_a_first_page_that_is_interrupted_begins_anew_untold(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD ITEM("a", "") "," }, .end = SCRIPTED_HOLD },
	      { .match = "limit=", .body = { LIST_HEAD ITEM("b", "") LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 7\n");
	cancel_page(b);
	assert_told(b, "begin\nobject ns/a 7\nbegin\nobject ns/b 7\nend\n");
	bench_free(b);
}

static void test_a_later_page_that_is_interrupted_is_asked_for_again(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=500&timeout",
		.body = { "{\"metadata\":{\"resourceVersion\":\"100\",\"continue\":\"t\"},\"items\":[" ITEM(
			"a", "") "]}" } },
	      { .match = "continue=t", .body = { LIST_HEAD ITEM("b", "") "," }, .end = SCRIPTED_HOLD },
	      { .match = "continue=t", .body = { LIST_HEAD ITEM("b", "") "," ITEM("c", "") LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/b 7\n");
	cancel_page(b);
	assert_told(b, "begin\nobject ns/a 7\nobject ns/b 7\nobject ns/b 7\nobject ns/c 7\nend\n");
	bench_free(b);
}

/* --- bytes in any pieces (5.22) --- */

static void test_lists_and_watches_may_come_byte_by_byte(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=",
		.body = { LIST_HEAD ITEM("a", ",\"labels\":{\"k\":\"\303\244\\\"}\"}") LIST_TAIL },
		.bytewise = true },
	      { .match = "watch=true",
		.body = { EVENT("ADDED", "b", "101", ",\"labels\":{\"k\":\"\303\244\"}")
				  EVENT("DELETED", "a", "102", "") },
		.bytewise = true,
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nend\nobject ns/b 101\ngone ns/a 102\n");
	bench_free(b);
}

static void test_a_last_event_needs_no_newline_and_410_may_come_first(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .body = { "{\"type\":\"ERROR\",\"object\":" EXPIRED "}" } },
	      { .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\","
			  "\"resourceVersion\":\"101\"}}}" } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nbegin\nend\nobject ns/a 101\n");
	bench_free(b);
}

/* Its first events are synthetic and in no order (5.9). */
static void test_a_watch_from_no_version_takes_none_of_its_first_additions(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { "{\"metadata\":{},\"items\":[]}" } },
	      { .match = "watch=true&allow", .body = { EVENT("ADDED", "a", "900", "") }, .end = SCRIPTED_CUT },
	      { .match = "watch=true&allow",
		.body = { EVENT("ADDED", "a", "900", "") EVENT("MODIFIED", "b", "50", "") },
		.end = SCRIPTED_CUT },
	      { .match = "resourceVersion=50", .end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "object ns/a 900\n");
	while (!was_seen(b, "resourceVersion=50")) {
		fc_loop_run_once(b->loop, 10);
		fc_informer_retry_now(b->informer);
	}
	bench_free(b);
}

/* --- odd objects --- */

static char *filled(const char *before, char c, size_t count, const char *after)
{
	char *text = fc_xcalloc(1, strlen(before) + count + strlen(after) + 1);

	memcpy(text, before, strlen(before));
	memset(text + strlen(before), c, count);
	memcpy(text + strlen(before) + count, after, strlen(after));
	return text;
}

#define NAMED(name) "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"resourceVersion\":\"7\"},\"data\":"

static void test_an_object_of_3_mib_is_passed_on_and_one_of_5_is_named(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *three = filled(NAMED("three") "{\"k\":\"", 'x', 3u << 20, "\"}},");
	FC_AUTO_FREE char *five = filled(NAMED("five") "{\"k\":\"", 'x', 5u << 20, "\"}},");
	FC_AUTO_FREE char *event =
		filled("{\"type\":\"ADDED\",\"object\":" NAMED("event") "{\"k\":\"", 'x', 1u << 20, "\"}}}\n");
	const struct scripted_step steps[] = { { .match = "limit=",
						 .body = { LIST_HEAD, three, five, ITEM("b", "") LIST_TAIL } },
					       { .match = "watch=true", .body = { event }, .end = SCRIPTED_HOLD } };
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/three 7\nunreadable ns/five 7 limit\nobject ns/b 7\nend\nobject ns/event 7\n");
	const char *value = json_string_value(json_object_get(json_object_get(b->last, "data"), "k"));
	assert_int_equal(strlen(value), 1u << 20);
	bench_free(b);
}

static void test_an_object_nested_2000_deep_is_named(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *open = filled(NAMED("deep"), '[', 2000, "");
	FC_AUTO_FREE char *shut = filled("", ']', 2000, "},");
	const struct scripted_step steps[] = { { .match = "limit=",
						 .body = { LIST_HEAD, open, shut, ITEM("b", "") LIST_TAIL } } };
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nunreadable ns/deep 7 limit\nobject ns/b 7\nend\n");
	bench_free(b);
}

static void test_a_zero_character_is_a_character_but_in_no_name(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=",
		.body = { LIST_HEAD ITEM("a", ",\"labels\":{\"k\":\"x\\u0000y\"}") "," ITEM("b\\u0000c", "")
				  LIST_TAIL } });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject ns/a 7\nend-keeping\n");
	json_t *label = json_object_get(json_object_get(json_object_get(b->last, "metadata"), "labels"), "k");
	assert_int_equal(json_string_length(label), 3);
	bench_free(b);
}

static void test_fields_that_nobody_knows_are_passed_over_or_on(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=",
		.body = { "{\"shape\":[{\"items\":[1]}],\"metadata\":{\"resourceVersion\":\"100\",\"shardInfo\":{}},"
			  "\"items\":[{\"future\":1,\"metadata\":{\"name\":\"a\",\"future\":[]}}],\"more\":null}" } },
	      { .match = "watch=true",
		.body = { "{\"future\":{},\"type\":\"ADDED\",\"object\":{\"future\":2,\"metadata\":{\"name\":\"b\","
			  "\"resourceVersion\":\"101\"}},\"seq\":1}\n" },
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nobject /a \nend\nobject /b 101\n");
	assert_int_equal(json_integer_value(json_object_get(b->last, "future")), 2);
	bench_free(b);
}

static void test_names_at_their_limit_are_told_whole(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *item =
		filled("{\"metadata\":{\"name\":\"", 'n', 253, "\",\"namespace\":\"ns\",\"resourceVersion\":\"7\"}}");
	FC_AUTO_FREE char *line = filled("object ns/", 'n', 253, " 7\n");
	const struct scripted_step steps[] = { { .match = "limit=", .body = { LIST_HEAD, item, LIST_TAIL } } };
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "end\n");
	assert_non_null(strstr(fc_buf_str(&b->told), line));
	bench_free(b);
}

/* kube-client 5.23: a proxy may keep the head of an answer back until the first event. */
static void test_the_head_of_a_watch_may_come_late(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true", .body = { EVENT("ADDED", "b", "102", "") }, .end = SCRIPTED_LATE });

	start(b, (struct fc_informer_options){ 0 });
	while (!scripted_seen(b->server, "watch=true"))
		fc_loop_run_once(b->loop, 10);
	/* Longer than it may take to connect; nothing but the watch's own end limits it. */
	b->informer->opened_ms -= 60000;
	assert_int_equal(b->informer->request->timeout_ms, 0);
	scripted_release(b->server);
	assert_told(b, "begin\nend\nobject ns/b 102\n");
	bench_free(b);
}

static void test_an_event_of_another_kind_is_dropped(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"ADDED\",\"object\":{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\","
			  "\"resourceVersion\":\"101\"}}}\n"
			  "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Table\",\"rows\":[]}}\n",
			  EVENT("ADDED", "b", "102", "") },
		.end = SCRIPTED_HOLD });

	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nobject ns/b 102\n");
	assert_true(fc_metrics_get(b->metrics, FC_METRIC_OBJECTS_SKIPPED, FC_LABELS("hub", "secrets", "protocol")) ==
		    2);
	bench_free(b);
}

/* A library user need not know the kind to list a resource. */
static void test_events_of_any_kind_are_told_where_the_kind_is_not_known(void **state FC_UNUSED)
{
	BENCH({ .match = "limit=", .body = { LIST_HEAD LIST_TAIL } },
	      { .match = "watch=true",
		.body = { "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Secret\",\"metadata\":{\"namespace\":\"ns\","
			  "\"name\":\"a\",\"resourceVersion\":\"101\"}}}\n" },
		.end = SCRIPTED_HOLD });

	fc_resource_unref(b->secrets);
	b->secrets = fc_resource_new(&(struct fc_resource){ .version = "v1", .plural = "secrets", .namespaced = true });
	start(b, (struct fc_informer_options){ 0 });
	assert_told(b, "begin\nend\nobject ns/a 101\n");
	bench_free(b);
}

/* --- memory --- */

static size_t peak_bytes;

static void note_peak(struct bench *b, const char *line)
{
	if (strncmp(line, "object", 6) != 0)
		return;
	size_t peak = fc_framer_peak_bytes(b->informer->framer);
	peak_bytes = peak > peak_bytes ? peak : peak_bytes;
}

/* 8 MiB in items of 20 KiB: what is held is one of them, in a buffer that doubles. */
static void test_a_list_is_held_one_object_at_a_time(void **state FC_UNUSED)
{
	enum { ITEM_BYTES = 20000, ITEMS = 400 };
	FC_AUTO_FREE char *item = filled(NAMED("n") "{\"k\":\"", 'x', ITEM_BYTES, "\"}},");
	FC_AUTO_BUF struct fc_buf items = FC_BUF_INIT;

	for (int i = 0; i < ITEMS; i++)
		fc_buf_puts(&items, item);
	const struct scripted_step steps[] = { { .match = "limit=",
						 .body = { LIST_HEAD, items.data, ITEM("z", "") LIST_TAIL } } };
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));

	peak_bytes = 0;
	b->then = note_peak;
	start(b, (struct fc_informer_options){ 0 });
	until_told(b, "end\n");
	assert_in_range(peak_bytes, 1, 2 * (ITEM_BYTES + 1000));
	bench_free(b);
}

static bool all_told(struct bench *b)
{
	const char *text = fc_buf_str(&b->told);

	return strstr(text, "ns/a 7") && strstr(text, "ns/b 7") && strstr(text, "end\n") && strstr(text, "ns/d 101");
}

#define CALM "begin\nobject ns/a 7\nobject ns/b 7\nend\nobject ns/d 101\n"
#define A_LIST                                                                                           \
	{                                                                                                \
		.match = "limit=", .body = { LIST_HEAD ITEM("a", RULE) ",", ITEM("b", RULE), LIST_TAIL } \
	}
#define A_WATCH                                                                                           \
	{                                                                                                 \
		.match = "watch=true", .body = { EVENT("ADDED", "d", "101", RULE) }, .end = SCRIPTED_HOLD \
	}

#define A_STREAM                                                                                           \
	{                                                                                                  \
		.match = "sendInitialEvents=true",                                                         \
		.body = { EVENT("ADDED", "a", "7", RULE), EVENT("ADDED", "b", "7", RULE), ALL_TOLD("100"), \
			  EVENT("ADDED", "d", "101", RULE) },                                              \
		.end = SCRIPTED_HOLD                                                                       \
	}

/* Whether it made a difference. */
static bool fail_nth(bool stream, unsigned nth)
{
	static const char *const rules[] = { "k8s-copier.fig.org/", NULL };
	static const struct scripted_step steps[] = { A_STREAM, A_STREAM, A_STREAM, A_LIST, A_LIST,
						      A_LIST,	A_WATCH,  A_WATCH,  A_WATCH };
	struct bench *b = bench_new(steps, FC_ARRAY_LEN(steps));
	int64_t give_up_ms = fc_clock_mono_ms() + 20000;
	FC_AUTO_FREE char *room = filled("", 'x', 4096, "");

	/* What is told must not be what fails. */
	fc_buf_puts(&b->told, room);
	fc_buf_clear(&b->told);
	fc_transport_saw_discovery(b->transport, stream);
	start(b, (struct fc_informer_options){ .annotation_prefixes = rules });
	fc_mem_fail_nth(nth);
	while (!all_told(b)) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("allocation %u failed, and it did not go on:\n%s", nth, fc_buf_str(&b->told));
		fc_loop_run_once(b->loop, 10);
		fc_informer_retry_now(b->informer);
	}
	fc_mem_fail_nth(0);
	bool calm = strcmp(fc_buf_str(&b->told), CALM) == 0;
	/* An error was told, or an object counted as not to be read. */
	if (!calm && !strstr(fc_buf_str(&b->told), "failed ") && !strstr(fc_buf_str(&b->told), "unreadable"))
		fail_msg("allocation %u failed unsaid:\n%s", nth, fc_buf_str(&b->told));
	bench_free(b);
	return !calm;
}

static void fail_everywhere(bool stream)
{
	unsigned calm = 0, stirred = 0;

	/* The last of them is behind when ten in a row fail nothing. */
	for (unsigned nth = 1; calm < 10; nth++) {
		if (fail_nth(stream, nth)) {
			stirred++;
			calm = 0;
		} else {
			calm++;
		}
	}
	assert_true(stirred > 20);
}

static void test_an_allocation_that_fails_anywhere_stops_nothing_for_good(void **state FC_UNUSED)
{
	fail_everywhere(false);
}

static void test_an_allocation_that_fails_anywhere_in_a_stream_stops_nothing_for_good(void **state FC_UNUSED)
{
	fail_everywhere(true);
}

static int set_up(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	fc_decode_init();
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relisting_a_watch_lists_once_and_forgets_the_version),
		cmocka_unit_test_setup(test_relisting_at_the_end_of_a_list_lists_once_more, set_relists),
		cmocka_unit_test_setup(test_relisting_inside_a_page_tells_no_more_of_it, set_relists),
		cmocka_unit_test_setup(test_relisting_inside_a_watch_ends_it, set_relists),
		cmocka_unit_test(test_relisting_at_a_failure_does_not_wait),
		cmocka_unit_test(test_stopping_after_a_relist_is_the_end),
		cmocka_unit_test(test_a_watch_of_a_renewed_transport_goes_on_at_once_and_untold),
		cmocka_unit_test(test_a_first_page_that_is_interrupted_begins_anew_untold),
		cmocka_unit_test(test_a_later_page_that_is_interrupted_is_asked_for_again),
		cmocka_unit_test(test_lists_and_watches_may_come_byte_by_byte),
		cmocka_unit_test(test_a_last_event_needs_no_newline_and_410_may_come_first),
		cmocka_unit_test(test_a_watch_from_no_version_takes_none_of_its_first_additions),
		cmocka_unit_test(test_an_object_of_3_mib_is_passed_on_and_one_of_5_is_named),
		cmocka_unit_test(test_an_object_nested_2000_deep_is_named),
		cmocka_unit_test(test_a_zero_character_is_a_character_but_in_no_name),
		cmocka_unit_test(test_fields_that_nobody_knows_are_passed_over_or_on),
		cmocka_unit_test(test_names_at_their_limit_are_told_whole),
		cmocka_unit_test(test_the_head_of_a_watch_may_come_late),
		cmocka_unit_test(test_an_event_of_another_kind_is_dropped),
		cmocka_unit_test(test_events_of_any_kind_are_told_where_the_kind_is_not_known),
		cmocka_unit_test(test_a_list_is_held_one_object_at_a_time),
		cmocka_unit_test(test_an_allocation_that_fails_anywhere_stops_nothing_for_good),
		cmocka_unit_test(test_an_allocation_that_fails_anywhere_in_a_stream_stops_nothing_for_good),
	};
	return cmocka_run_group_tests_name("informer_faults", tests, set_up, NULL);
}
