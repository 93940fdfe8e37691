/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_recorder.h"

#include "base/log.h"
#include "unit/kube/client.h"

#define MOST_SEEN 128

/* What the server does with the next requests; written and read under the lock. */
struct server {
	pthread_mutex_t lock;
	struct tls_seen seen[MOST_SEEN];
	unsigned count; /* of all requests; only the first MOST_SEEN are kept */
	unsigned close; /* so many are not answered */
	unsigned lose;	/* so many creates are done, and their answers lost: from then on the name exists */
	bool hang, old, terminating, throttled;
	bool gone;	    /* what was created is there no more */
	int status;	    /* of what is refused; 0: nothing is */
	const char *refuse; /* part of "METHOD url" of what is refused; NULL: everything */
};

struct fixture {
	struct tls_server *tls;
	struct server server;
	struct client client;
	struct fc_random random;
	struct fc_event_recorder *recorder;
	bool away; /* may_send says no */
	unsigned asked;
};

static const char *status_body(int status)
{
	switch (status) {
	case 403:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403}";
	case 404:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"NotFound\",\"code\":404,"
		       "\"details\":{\"name\":\"web.1\",\"kind\":\"events\"}}";
	case 409:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"AlreadyExists\",\"code\":409}";
	default:
		return "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Invalid\",\"code\":422}";
	}
}

static bool is_refused(const struct server *s, const struct tls_seen *request)
{
	char line[600];

	snprintf(line, sizeof(line), "%s %s", request->method, request->url);
	return s->status && (!s->refuse || strstr(line, s->refuse));
}

static void decide(struct server *s, const struct tls_seen *request, struct tls_reply *reply)
{
	static const char terminating[] =
		"{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,\"details\":"
		"{\"causes\":[{\"reason\":\"NamespaceTerminating\",\"field\":\"metadata.namespace\"}]}}";
	bool create = strcmp(request->method, "POST") == 0;

	*reply = (struct tls_reply){ .status = create ? 201 : 200, .body = "{\"kind\":\"Event\"}" };
	if (s->hang) {
		reply->manner = TLS_HANG;
	} else if (s->close) {
		s->close--;
		reply->manner = TLS_CLOSE;
	} else if (s->lose && create) {
		s->lose--;
		s->status = 409;
		reply->manner = TLS_CLOSE;
	} else if (s->throttled) {
		s->throttled = false;
		*reply = (struct tls_reply){ .status = 429, .body = "{}", .retry_after = "1" };
	} else if (s->old && strstr(request->url, "/apis/")) {
		*reply = (struct tls_reply){ .status = 404,
					     .body = "404 page not found\n",
					     .content_type = "text/plain" };
	} else if (s->terminating) {
		*reply = (struct tls_reply){ .status = 403, .body = terminating };
	} else if (s->gone && !create) {
		s->gone = false;
		*reply = (struct tls_reply){ .status = 404, .body = status_body(404) };
	} else if (is_refused(s, request)) {
		*reply = (struct tls_reply){ .status = s->status, .body = status_body(s->status) };
	}
}

static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct fixture *f = user;
	struct server *s = &f->server;

	pthread_mutex_lock(&s->lock);
	if (s->count < MOST_SEEN)
		s->seen[s->count] = *request;
	s->count++;
	decide(s, request, reply);
	pthread_mutex_unlock(&s->lock);
}

static bool may_send(void *user)
{
	struct fixture *f = user;

	f->asked++;
	return !f->away;
}

static void make_recorder(struct fixture *f, const struct fc_event_recorder_options *times)
{
	struct fc_event_recorder_options o = *times;

	o.transport = f->client.transport;
	o.random = &f->random;
	o.instance = "fedcopy-test";
	o.may_send = may_send;
	o.user = f;
	fc_event_recorder_free(f->recorder);
	f->recorder = fc_event_recorder_new(&o);
}

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	pthread_mutex_init(&f->server.lock, NULL);
	f->random.state = 1;
	f->tls = tls_server_start(NULL, route, f);
	client_start(&f->client, f->tls);
	/* Nothing by time, but what a test asks for. */
	make_recorder(f, &(struct fc_event_recorder_options){ .retry_ms = 2 });
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_event_recorder_free(f->recorder);
	client_stop(&f->client);
	tls_server_stop(f->tls);
	pthread_mutex_destroy(&f->server.lock);
	free(f);
	return 0;
}

/* --- words of the tests --- */

static struct fc_event_record *record_of(const char *reason, const char *namespace_, const char *name)
{
	struct fc_event_record *r = fc_event_record_new();

	r->type = FC_RECORD_WARNING;
	r->reason = reason;
	r->action = "Copy";
	r->note = fc_xstrdup("data from hub/secrets/shop/cert: no");
	r->regarding.api_version = fc_xstrdup("v1");
	r->regarding.kind = fc_xstrdup("Secret");
	r->regarding.namespace_ = fc_xstrdup_null(namespace_);
	r->regarding.name = fc_xstrdup(name);
	r->regarding.uid = fc_xstrdup("u-1");
	r->regarding.resource_version = fc_xstrdup("7");
	r->wall_ms = 1767225600123; /* 2026-01-01T00:00:00.123Z */
	return r;
}

static void record(struct fixture *f, const char *reason, const char *namespace_, const char *name)
{
	fc_event_recorder_record(f->recorder, record_of(reason, namespace_, name));
}

static unsigned requests(struct fixture *f)
{
	pthread_mutex_lock(&f->server.lock);
	unsigned count = f->server.count;
	pthread_mutex_unlock(&f->server.lock);
	return count;
}

static struct fc_event_recorder_counts counts(struct fixture *f)
{
	return fc_event_recorder_counts(f->recorder);
}

static void until_told(struct fixture *f)
{
	WAIT_FOR(&f->client, counts(f).queued == 0);
}

/* The n-th request (0: the first) is this one; its body, to be freed. */
static json_t *expect(struct fixture *f, unsigned nth, const char *method, const char *url)
{
	assert_true(nth < requests(f));
	const struct tls_seen *seen = &f->server.seen[nth];

	assert_string_equal(seen->method, method);
	if (strncmp(seen->url, url, strlen(url)) != 0)
		fail_msg("%s in place of %s", seen->url, url);
	json_t *body = json_loads(seen->body, 0, NULL);
	assert_non_null(body);
	return body;
}

static const char *text_at(json_t *body, const char *member, const char *inner)
{
	json_t *value = json_object_get(body, member);

	return json_string_value(inner ? json_object_get(value, inner) : value);
}

static void expect_series(struct fixture *f, unsigned nth, const char *method, json_int_t count)
{
	json_t *body = expect(f, nth, method, "/apis/events.k8s.io/v1/namespaces/shop/events");

	assert_int_equal(json_integer_value(json_object_get(json_object_get(body, "series"), "count")), count);
	json_decref(body);
}

#define SET(f, field, value)                             \
	do {                                             \
		pthread_mutex_lock(&(f)->server.lock);   \
		(f)->server.field = (value);             \
		pthread_mutex_unlock(&(f)->server.lock); \
	} while (0)

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

static void test_event_that_rbac_forbids_in_one_namespace_is_written_in_others(void **state)
{
	struct fixture *f = *state;

	SET(f, status, 403);
	SET(f, refuse, "/namespaces/shop/");
	for (int i = 0; i < 3; i++) {
		record(f, "NotAllowed", "shop", "web");
		record(f, "NotAllowed", "bar", "web");
		until_told(f);
	}
	/* One refused; one made and one told to be a series. */
	assert_int_equal(requests(f), 3);
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
		T(test_event_of_an_old_server_combines_what_is_similar),
		T(test_event_api_is_looked_for_again_after_a_while),
		T(test_event_that_rbac_forbids_is_not_asked_for_again_before_a_while),
		T(test_event_that_rbac_forbids_in_one_namespace_is_written_in_others),
		T(test_event_that_rbac_forbids_wherever_it_was_tried_is_tried_nowhere),
		T(test_event_is_created_where_rbac_forbids_to_patch_it),
#undef T
	};

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return cmocka_run_group_tests(tests, client_global_setup, client_global_teardown);
}
