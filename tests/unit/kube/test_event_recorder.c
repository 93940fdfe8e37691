/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_recorder.h"

#include "unit/kube/event_bench.h"

/* --- what an Event looks like --- */

static void test_event_is_created_with_all_that_the_api_wants(void **state)
{
	struct fixture *f = *state;

	/* 10.1, 10.2 */
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 1);
	json_t *body =
		expect(f, 0, "POST", "/apis/events.k8s.io/v1/namespaces/shop/events?fieldManager=fedcopy&timeout=30s");
	assert_string_equal(f->server.seen[0].content_type, "application/json");
	json_t *metadata = json_object_get(body, "metadata");
	const char *name = json_string_value(json_object_get(metadata, "name"));
	assert_int_equal(strncmp(name, "web.", 4), 0);
	/* 1767225600123 ms are 0x18867d0ed... ns: 16 digits. */
	assert_int_equal(strlen(name), 4 + 16);
	assert_int_equal(strspn(name + 4, "0123456789abcdef"), 16);
	assert_int_equal(strtoull(name + 4, NULL, 16) / 1000000, 1767225600123ull);
	json_object_del(metadata, "name");
	json_t *want =
		json_pack("{s:s, s:s, s:{s:s}, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}}",
			  "apiVersion", "events.k8s.io/v1", "kind", "Event", "metadata", "namespace", "shop",
			  "eventTime", "2026-01-01T00:00:00.123000Z", "type", "Warning", "reason", "NotAllowed",
			  "action", "Copy", "note", "data from hub/secrets/shop/cert: no", "reportingController",
			  "fedcopy.dev/fedcopy", "reportingInstance", "fedcopy-test", "regarding", "apiVersion", "v1",
			  "kind", "Secret", "namespace", "shop", "name", "web", "uid", "u-1", "resourceVersion", "7");
	assert_non_null(want);
	assert_true(json_equal(body, want));
	json_decref(want);
	json_decref(body);
}

static void test_event_on_a_cluster_scoped_object_goes_to_the_namespace_default(void **state)
{
	struct fixture *f = *state;

	/* 10.2 */
	record(f, "Invalid", NULL, "node-1");
	until_told(f);
	json_t *body = expect(f, 0, "POST", "/apis/events.k8s.io/v1/namespaces/default/events?");
	assert_string_equal(text_at(body, "metadata", "namespace"), "default");
	assert_null(text_at(body, "regarding", "namespace"));
	json_decref(body);
}

static void test_event_name_is_a_name_whatever_the_objects_is(void **state)
{
	struct fixture *f = *state;
	char longest[254];

	memset(longest, 'a', 253);
	longest[253] = '\0';
	longest[235] = '.';
	record(f, "Invalid", "shop", "system:admin");
	record(f, "Invalid", "shop", longest);
	until_told(f);
	json_t *body = expect(f, 0, "POST", "/");
	assert_int_equal(strncmp(text_at(body, "metadata", "name"), "fedcopy.", 8), 0);
	assert_string_equal(text_at(body, "regarding", "name"), "system:admin");
	json_decref(body);
	body = expect(f, 1, "POST", "/");
	/* 235 of the name, since the dot would stand before another one. */
	assert_int_equal(strlen(text_at(body, "metadata", "name")), 235 + 17);
	json_decref(body);
}

static void test_event_related_object_is_told(void **state)
{
	struct fixture *f = *state;
	struct fc_event_record *r = record_of("Invalid", "shop", "web");

	r->related.kind = fc_xstrdup("Secret");
	r->related.name = fc_xstrdup("cert");
	fc_event_recorder_record(f->recorder, r);
	until_told(f);
	json_t *body = expect(f, 0, "POST", "/");
	assert_string_equal(text_at(body, "related", "name"), "cert");
	json_decref(body);
}

/* --- series --- */

static void test_event_that_comes_again_becomes_a_series_and_is_then_only_counted(void **state)
{
	struct fixture *f = *state;

	/* 10.3 */
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	for (int i = 0; i < 10; i++)
		record(f, "NotAllowed", "shop", "web");
	until_told(f);
	client_settle(&f->client);
	assert_int_equal(requests(f), 2);
	json_t *body = expect(f, 0, "POST", "/");
	FC_AUTO_FREE char *url = fc_xasprintf("/apis/events.k8s.io/v1/namespaces/shop/events/%s?fieldManager=fedcopy",
					      text_at(body, "metadata", "name"));
	json_decref(body);
	body = expect(f, 1, "PATCH", url);
	assert_string_equal(f->server.seen[1].content_type, "application/merge-patch+json");
	json_t *want =
		json_pack("{s:{s:i, s:s}}", "series", "count", 2, "lastObservedTime", "2026-01-01T00:00:00.123000Z");
	assert_true(json_equal(body, want));
	json_decref(want);
	json_decref(body);
	assert_int_equal(counts(f).remembered, 1);
	assert_int_equal(counts(f).dropped, 0);
}

static void test_event_is_the_same_whatever_its_note_says_and_another_by_anything_else(void **state)
{
	struct fixture *f = *state;
	struct fc_event_record *same = record_of("NotAllowed", "shop", "web");

	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	free(same->note);
	same->note = fc_xstrdup("another");
	free(same->regarding.resource_version);
	same->regarding.resource_version = fc_xstrdup("8");
	fc_event_recorder_record(f->recorder, same);
	until_told(f);
	assert_int_equal(counts(f).remembered, 1);

	struct fc_event_record *others[7];
	for (size_t i = 0; i < FC_ARRAY_LEN(others); i++)
		others[i] = record_of("NotAllowed", "shop", "web");
	others[0]->type = FC_RECORD_NORMAL;
	others[1]->reason = "Invalid";
	others[2]->action = "Delete";
	free(others[3]->regarding.uid);
	others[3]->regarding.uid = fc_xstrdup("u-2");
	free(others[4]->regarding.name);
	others[4]->regarding.name = fc_xstrdup("web2");
	free(others[5]->regarding.kind);
	others[5]->regarding.kind = fc_xstrdup("ConfigMap");
	others[6]->related.name = fc_xstrdup("cert");
	for (size_t i = 0; i < FC_ARRAY_LEN(others); i++)
		fc_event_recorder_record(f->recorder, others[i]);
	until_told(f);
	assert_int_equal(counts(f).remembered, 1 + FC_ARRAY_LEN(others));
	assert_int_equal(requests(f), 2 + FC_ARRAY_LEN(others));
}

static void test_event_that_comes_again_before_it_was_sent_is_one_request(void **state)
{
	struct fixture *f = *state;

	f->away = true;
	for (int i = 0; i < 3; i++)
		record(f, "NotAllowed", "shop", "web");
	f->away = false;
	until_told(f);
	assert_int_equal(requests(f), 1);
	expect_series(f, 0, "POST", 3);
}

static void test_event_that_comes_again_while_it_is_sent_is_told_after_that(void **state)
{
	struct fixture *f = *state;

	record(f, "NotAllowed", "shop", "web");
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 2);
	expect_series(f, 0, "POST", 0);
	expect_series(f, 1, "PATCH", 2);
}

static void test_event_series_is_told_at_each_heartbeat_while_it_goes_on(void **state)
{
	struct fixture *f = *state;

	make_recorder(f, &(struct fc_event_recorder_options){ .heartbeat_ms = 60, .silence_ms = 600000 });
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	record(f, "NotAllowed", "shop", "web");
	client_settle(&f->client);
	assert_int_equal(requests(f), 2);
	/* As often as it is looked: a sixth of the silence, so here by another recorder. */
	make_recorder(f, &(struct fc_event_recorder_options){ .heartbeat_ms = 100, .silence_ms = 3000 });
	int64_t begun_ms = fc_clock_mono_ms();
	record(f, "Invalid", "shop", "web");
	until_told(f);
	record(f, "Invalid", "shop", "web");
	until_told(f);
	record(f, "Invalid", "shop", "web");
	record(f, "Invalid", "shop", "web");
	WAIT_FOR(&f->client, requests(f) == 5);
	assert_true(fc_clock_mono_ms() - begun_ms >= 100);
	until_told(f);
	expect_series(f, 4, "PATCH", 4);
}

static void test_event_series_is_told_once_more_when_it_ends(void **state)
{
	struct fixture *f = *state;

	make_recorder(f, &(struct fc_event_recorder_options){ .silence_ms = 60 });
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	for (int i = 0; i < 4; i++)
		record(f, "NotAllowed", "shop", "web");
	WAIT_FOR(&f->client, counts(f).remembered == 0);
	assert_int_equal(requests(f), 3);
	expect_series(f, 2, "PATCH", 5);
	/* A new one begins. */
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	json_decref(expect(f, 3, "POST", "/"));
}

static void test_event_at_rest_costs_no_request_and_no_memory(void **state)
{
	struct fixture *f = *state;

	make_recorder(f, &(struct fc_event_recorder_options){ .silence_ms = 30, .heartbeat_ms = 10 });
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	record(f, "Invalid", "shop", "web");
	until_told(f);
	record(f, "Invalid", "shop", "web");
	until_told(f);
	WAIT_FOR(&f->client, counts(f).remembered == 0);
	client_settle(&f->client);
	/* Two that were made, one of them told to be a series: nothing of it is told again. */
	assert_int_equal(requests(f), 3);
}

static void test_event_series_that_cannot_be_told_of_at_its_end_is_forgotten(void **state)
{
	struct fixture *f = *state;

	make_recorder(f, &(struct fc_event_recorder_options){ .silence_ms = 60 });
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	for (int i = 0; i < 4; i++)
		record(f, "NotAllowed", "shop", "web");
	WAIT_FOR(&f->client, requests(f) == 2);
	until_told(f);
	SET(f, status, 422);
	WAIT_FOR(&f->client, counts(f).remembered == 0);
	client_settle(&f->client);
	assert_int_equal(requests(f), 3);
}

/* --- limits --- */

static void test_event_queue_is_bounded_and_what_is_too_much_is_counted(void **state)
{
	struct fixture *f = *state;

	/* 10.5. Returns at once, whatever the server does. */
	f->away = true;
	int64_t begun_ms = fc_clock_mono_ms();
	for (int i = 0; i < 1100; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("web-%d", i);
		record(f, "NotAllowed", "shop", name);
	}
	assert_true(fc_clock_mono_ms() - begun_ms < 5000);
	assert_int_equal(counts(f).queued, 1000);
	assert_int_equal(counts(f).remembered, 1000);
	assert_int_equal(counts(f).dropped, 100);
}

static void test_event_memory_is_bounded(void **state)
{
	struct fixture *f = *state;

	/* 10.4 */
	for (int i = 0; i < 4200; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("web-%d", i);
		record(f, "NotAllowed", "shop", name);
		if (i % 500 == 499)
			until_told(f);
	}
	until_told(f);
	assert_int_equal(counts(f).remembered, 4096);
	assert_int_equal(counts(f).dropped, 0);
	unsigned before = requests(f);
	/* The first was forgotten, the last is known. */
	record(f, "NotAllowed", "shop", "web-4199");
	until_told(f);
	record(f, "NotAllowed", "shop", "web-0");
	until_told(f);
	assert_int_equal(requests(f), before + 2);
	assert_string_equal(tls_server_last(f->tls).method, "POST");
}

static void test_event_flood_about_one_object_is_cut_off(void **state)
{
	static const char *const reasons[] = { "Aa", "Ab", "Ac", "Ad", "Ae", "Af", "Ag", "Ah", "Ai", "Aj",
					       "Ak", "Al", "Am", "An", "Ao", "Ap", "Aq", "Ar", "As", "At",
					       "Au", "Av", "Aw", "Ax", "Ay", "Az", "Ba", "Bb" };
	struct fixture *f = *state;

	/* 10.4: a burst of 25. */
	for (size_t i = 0; i < FC_ARRAY_LEN(reasons); i++)
		record(f, reasons[i], "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 25);
	assert_int_equal(counts(f).dropped, FC_ARRAY_LEN(reasons) - 25);
	/* Another object has a bucket of its own. */
	record(f, "Aa", "shop", "web2");
	until_told(f);
	assert_int_equal(requests(f), 26);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_event_is_created_with_all_that_the_api_wants),
		T(test_event_on_a_cluster_scoped_object_goes_to_the_namespace_default),
		T(test_event_name_is_a_name_whatever_the_objects_is),
		T(test_event_related_object_is_told),
		T(test_event_that_comes_again_becomes_a_series_and_is_then_only_counted),
		T(test_event_is_the_same_whatever_its_note_says_and_another_by_anything_else),
		T(test_event_that_comes_again_before_it_was_sent_is_one_request),
		T(test_event_that_comes_again_while_it_is_sent_is_told_after_that),
		T(test_event_series_is_told_at_each_heartbeat_while_it_goes_on),
		T(test_event_series_is_told_once_more_when_it_ends),
		T(test_event_at_rest_costs_no_request_and_no_memory),
		T(test_event_series_that_cannot_be_told_of_at_its_end_is_forgotten),
		T(test_event_queue_is_bounded_and_what_is_too_much_is_counted),
		T(test_event_memory_is_bounded),
		T(test_event_flood_about_one_object_is_cut_off),
#undef T
	};

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return cmocka_run_group_tests(tests, client_global_setup, client_global_teardown);
}
