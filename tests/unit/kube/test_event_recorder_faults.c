/* SPDX-License-Identifier: Apache-2.0 */
/* What a recorder of Events does when a server fails, refuses, forbids, or is old. */
#include "kube/event_recorder.h"

#include "unit/kube/event_bench.h"

/* --- failures --- */

static void test_event_is_tried_again_when_the_network_fails(void **state)
{
	struct fixture *f = *state;

	/* 10.5 */
	SET(f, close, 3);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 4);
	assert_int_equal(counts(f).written, 1);
}

static void test_event_is_given_up_after_twelve_tries(void **state)
{
	struct fixture *f = *state;

	/* 10.5. One that waits behind it has waited as long, and is given up with it. */
	SET(f, close, 1000);
	record(f, "NotAllowed", "shop", "web");
	record(f, "NotAllowed", "shop", "web2");
	until_told(f);
	assert_int_equal(requests(f), 12);
	assert_int_equal(counts(f).dropped, 2);
	assert_int_equal(counts(f).remembered, 0);
}

static void test_event_whose_answer_was_lost_is_not_written_twice(void **state)
{
	struct fixture *f = *state;

	SET(f, lose, 1);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 2);
	assert_string_equal(f->server.seen[0].body, f->server.seen[1].body);
	assert_int_equal(counts(f).dropped, 0);
	assert_int_equal(counts(f).remembered, 1);
}

static void test_event_waits_as_long_as_a_server_that_throttles_says(void **state)
{
	struct fixture *f = *state;
	int64_t begun_ms = fc_clock_mono_ms();

	SET(f, throttled, true);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 2);
	assert_true(fc_clock_mono_ms() - begun_ms >= 1000);
}

static void test_event_that_the_server_refuses_is_dropped(void **state)
{
	struct fixture *f = *state;

	/* 10.5: final. */
	SET(f, status, 422);
	record(f, "NotAllowed", "shop", "web");
	record(f, "NotAllowed", "shop", "web2");
	until_told(f);
	client_settle(&f->client);
	assert_int_equal(requests(f), 2);
	assert_int_equal(counts(f).dropped, 2);
	assert_int_equal(counts(f).remembered, 0);
}

static void test_event_that_is_gone_is_made_anew(void **state)
{
	struct fixture *f = *state;

	/* 10.5 */
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	SET(f, gone, true);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 3);
	expect_series(f, 1, "PATCH", 2);
	expect_series(f, 2, "POST", 2);
	assert_int_equal(counts(f).dropped, 0);
}

static void test_event_in_a_namespace_that_goes_away_is_dropped(void **state)
{
	struct fixture *f = *state;

	/* 10.5. It mutes nothing: the namespace may be made again. */
	SET(f, terminating, true);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	SET(f, terminating, false);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 2);
	assert_int_equal(counts(f).written, 1);
}

static void test_event_is_not_sent_while_the_cluster_is_away(void **state)
{
	struct fixture *f = *state;

	f->away = true;
	record(f, "NotAllowed", "shop", "web");
	WAIT_FOR(&f->client, f->asked == 3);
	f->away = false;
	until_told(f);
	assert_int_equal(requests(f), 1);
	assert_int_equal(counts(f).written, 1);
}

static void test_event_request_that_is_interrupted_is_sent_again(void **state)
{
	struct fixture *f = *state;

	fc_event_recorder_interrupt(NULL);
	fc_event_recorder_interrupt(f->recorder);
	SET(f, hang, true);
	record(f, "NotAllowed", "shop", "web");
	WAIT_FOR(&f->client, requests(f) == 1);
	SET(f, hang, false);
	fc_event_recorder_interrupt(f->recorder);
	until_told(f);
	assert_int_equal(requests(f), 2);
	assert_int_equal(counts(f).written, 1);
}

static void test_event_recorder_goes_with_a_request_under_way(void **state)
{
	struct fixture *f = *state;

	SET(f, hang, true);
	record(f, "NotAllowed", "shop", "web");
	record(f, "NotAllowed", "shop", "web2");
	WAIT_FOR(&f->client, requests(f) == 1);
	fc_event_recorder_free(fc_steal(&f->recorder));
	client_settle(&f->client);
	assert_int_equal(requests(f), 1);
	tls_server_release(f->tls);
	fc_event_recorder_free(NULL);
}

/* --- old servers --- */

static void test_event_of_an_old_server_is_a_core_one(void **state)
{
	struct fixture *f = *state;

	/* Before 1.19 there is no events.k8s.io/v1. It is asked for once. */
	SET(f, old, true);
	for (int i = 0; i < 2; i++) {
		record(f, "NotAllowed", "shop", "web");
		until_told(f);
	}
	record(f, "Invalid", NULL, "node-1");
	until_told(f);
	assert_int_equal(requests(f), 4);
	json_decref(expect(f, 0, "POST", "/apis/events.k8s.io/v1/namespaces/shop/events?"));
	json_t *body = expect(f, 1, "POST", "/api/v1/namespaces/shop/events?");
	json_object_del(json_object_get(body, "metadata"), "name");
	json_t *want = json_pack(
		"{s:s, s:s, s:{s:s}, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s, s:s, s:s, s:s}}",
		"apiVersion", "v1", "kind", "Event", "metadata", "namespace", "shop", "firstTimestamp",
		"2026-01-01T00:00:00.123Z", "lastTimestamp", "2026-01-01T00:00:00.123Z", "count", 1, "type", "Warning",
		"reason", "NotAllowed", "action", "Copy", "message", "data from hub/secrets/shop/cert: no", "source",
		"component", "fedcopy", "host", "fedcopy-test", "involvedObject", "apiVersion", "v1", "kind", "Secret",
		"namespace", "shop", "name", "web", "uid", "u-1", "resourceVersion", "7");
	assert_non_null(want);
	assert_true(json_equal(body, want));
	json_decref(want);
	json_decref(body);
	body = expect(f, 2, "PATCH", "/api/v1/namespaces/shop/events/web.");
	assert_int_equal(json_integer_value(json_object_get(body, "count")), 2);
	json_decref(body);
	json_decref(expect(f, 3, "POST", "/api/v1/namespaces/default/events?"));
}

static void test_event_about_a_cluster_scoped_object_is_a_core_one_where_the_new_form_is_refused(void **state)
{
	struct fixture *f = *state;

	SET(f, status, 422);
	SET(f, refuse, "POST /apis/events.k8s.io/v1/namespaces/default/");
	record(f, "Invalid", NULL, "node-1");
	record(f, "Invalid", NULL, "node-2");
	record(f, "Invalid", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 4);
	json_decref(expect(f, 1, "POST", "/api/v1/namespaces/default/events?"));
	json_decref(expect(f, 2, "POST", "/api/v1/namespaces/default/events?"));
	json_decref(expect(f, 3, "POST", "/apis/events.k8s.io/v1/namespaces/shop/events?"));
	assert_int_equal(counts(f).written, 3);
	/* What is refused in the old form, too, is. */
	SET(f, refuse, "POST ");
	record(f, "Invalid", NULL, "node-3");
	until_told(f);
	client_settle(&f->client);
	assert_int_equal(requests(f), 5);
	assert_int_equal(counts(f).dropped, 1);
}

static void test_event_of_an_old_server_combines_what_is_similar(void **state)
{
	struct fixture *f = *state;

	/* 10.4: more than ten with different notes. */
	SET(f, old, true);
	f->away = true;
	for (int i = 0; i < 11; i++) {
		struct fc_event_record *r = record_of("NotAllowed", "shop", "web");

		free(r->note);
		r->note = fc_xasprintf("note %d", i);
		fc_event_recorder_record(f->recorder, r);
	}
	f->away = false;
	until_told(f);
	json_t *body = expect(f, 1, "POST", "/api/v1/");
	assert_string_equal(text_at(body, "message", NULL), "(combined from similar events): note 10");
	assert_int_equal(json_integer_value(json_object_get(body, "count")), 11);
	json_decref(body);
}

static void test_event_api_is_looked_for_again_after_a_while(void **state)
{
	struct fixture *f = *state;

	make_recorder(f, &(struct fc_event_recorder_options){ .again_ms = 30 });
	SET(f, old, true);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	SET(f, old, false);
	int64_t until_ms = fc_clock_mono_ms() + 30;
	WAIT_FOR(&f->client, fc_clock_mono_ms() > until_ms);
	record(f, "Invalid", "shop", "web");
	/* The old one stays what it was made as. */
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(requests(f), 4);
	json_decref(expect(f, 2, "POST", "/apis/"));
	json_decref(expect(f, 3, "PATCH", "/api/v1/"));
}

/* --- RBAC --- */

static void test_event_that_rbac_forbids_is_not_asked_for_again_before_a_while(void **state)
{
	struct fixture *f = *state;

	make_recorder(f, &(struct fc_event_recorder_options){ .again_ms = 200 });
	SET(f, status, 403);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	int64_t until_ms = fc_clock_mono_ms() + 200;
	record(f, "Invalid", "shop", "web");
	record(f, "NotAllowed", "shop", "web2");
	until_told(f);
	assert_int_equal(requests(f), 1);
	assert_int_equal(counts(f).dropped, 3);
	SET(f, status, 0);
	WAIT_FOR(&f->client, fc_clock_mono_ms() > until_ms);
	record(f, "NotAllowed", "shop", "web");
	until_told(f);
	assert_int_equal(counts(f).written, 1);
}

static void test_event_that_rbac_forbids_in_some_namespaces_is_written_in_others(void **state)
{
	struct fixture *f = *state;

	SET(f, status, 403);
	SET(f, refuse, "/namespaces/shop-");
	record(f, "NotAllowed", "bar", "web");
	for (int i = 0; i < 12; i++) {
		FC_AUTO_FREE char *namespace_ = fc_xasprintf("shop-%d", i % 6);
		record(f, "NotAllowed", namespace_, "web");
	}
	until_told(f);
	record(f, "NotAllowed", "bar", "web");
	until_told(f);
	/* Each of the six is refused once; one is made and told to be a series. */
	assert_int_equal(requests(f), 6 + 2);
	assert_int_equal(counts(f).written, 2);
}

static void test_event_that_rbac_forbids_wherever_it_was_tried_is_tried_nowhere(void **state)
{
	struct fixture *f = *state;

	SET(f, status, 403);
	for (int i = 0; i < 50; i++) {
		FC_AUTO_FREE char *namespace_ = fc_xasprintf("ns-%d", i);
		record(f, "NotAllowed", namespace_, "web");
	}
	until_told(f);
	assert_int_equal(requests(f), 4);
	assert_int_equal(counts(f).dropped, 50);
}

static void test_event_is_created_where_rbac_forbids_to_patch_it(void **state)
{
	struct fixture *f = *state;

	SET(f, status, 403);
	SET(f, refuse, "PATCH ");
	for (int i = 0; i < 3; i++) {
		record(f, "NotAllowed", "shop", "web");
		until_told(f);
		record(f, "Invalid", "shop", "web");
		until_told(f);
	}
	assert_int_equal(requests(f), 3);
	assert_int_equal(counts(f).written, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_event_is_tried_again_when_the_network_fails),
		T(test_event_is_given_up_after_twelve_tries),
		T(test_event_whose_answer_was_lost_is_not_written_twice),
		T(test_event_waits_as_long_as_a_server_that_throttles_says),
		T(test_event_that_the_server_refuses_is_dropped),
		T(test_event_that_is_gone_is_made_anew),
		T(test_event_in_a_namespace_that_goes_away_is_dropped),
		T(test_event_is_not_sent_while_the_cluster_is_away),
		T(test_event_request_that_is_interrupted_is_sent_again),
		T(test_event_recorder_goes_with_a_request_under_way),
		T(test_event_of_an_old_server_is_a_core_one),
		T(test_event_about_a_cluster_scoped_object_is_a_core_one_where_the_new_form_is_refused),
		T(test_event_of_an_old_server_combines_what_is_similar),
		T(test_event_api_is_looked_for_again_after_a_while),
		T(test_event_that_rbac_forbids_is_not_asked_for_again_before_a_while),
		T(test_event_that_rbac_forbids_in_some_namespaces_is_written_in_others),
		T(test_event_that_rbac_forbids_wherever_it_was_tried_is_tried_nowhere),
		T(test_event_is_created_where_rbac_forbids_to_patch_it),
#undef T
	};

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return cmocka_run_group_tests(tests, client_global_setup, client_global_teardown);
}
