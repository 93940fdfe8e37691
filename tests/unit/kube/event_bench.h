/* SPDX-License-Identifier: Apache-2.0 */
/* event_bench - a recorder of Events before a server that is as kind or cruel as the test wants, for the recorder's
 * tests.
 * Owns:    server, client, recorder.
 * Threads: the test's; what it shares with the server's is behind a lock.
 * Fails:   the test, by assertion.
 * Source:  kube/event_recorder.h, unit/kube/client.h. */
#ifndef TESTS_EVENT_BENCH_H
#define TESTS_EVENT_BENCH_H

#include "base/log.h"
#include "kube/event_recorder.h"
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

static inline const char *status_body(int status)
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

static inline bool is_refused(const struct server *s, const struct tls_seen *request)
{
	char line[600];

	snprintf(line, sizeof(line), "%s %s", request->method, request->url);
	return s->status && (!s->refuse || strstr(line, s->refuse));
}

static inline void decide(struct server *s, const struct tls_seen *request, struct tls_reply *reply)
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

static inline void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
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

static inline bool may_send(void *user)
{
	struct fixture *f = user;

	f->asked++;
	return !f->away;
}

static inline void make_recorder(struct fixture *f, const struct fc_event_recorder_options *times)
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

static inline int setup(void **state)
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

static inline int teardown(void **state)
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

static inline struct fc_event_record *record_of(const char *reason, const char *namespace_, const char *name)
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

static inline void record(struct fixture *f, const char *reason, const char *namespace_, const char *name)
{
	fc_event_recorder_record(f->recorder, record_of(reason, namespace_, name));
}

static inline unsigned requests(struct fixture *f)
{
	pthread_mutex_lock(&f->server.lock);
	unsigned count = f->server.count;
	pthread_mutex_unlock(&f->server.lock);
	return count;
}

static inline struct fc_event_recorder_counts counts(struct fixture *f)
{
	return fc_event_recorder_counts(f->recorder);
}

static inline void until_told(struct fixture *f)
{
	WAIT_FOR(&f->client, counts(f).queued == 0);
}

/* The n-th request (0: the first) is this one; its body, to be freed. */
static inline json_t *expect(struct fixture *f, unsigned nth, const char *method, const char *url)
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

static inline const char *text_at(json_t *body, const char *member, const char *inner)
{
	json_t *value = json_object_get(body, member);

	return json_string_value(inner ? json_object_get(value, inner) : value);
}

static inline void expect_series(struct fixture *f, unsigned nth, const char *method, json_int_t count)
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

#endif
