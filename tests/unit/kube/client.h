/* SPDX-License-Identifier: Apache-2.0 */
/* client - a transport on a loop of its own, and requests whose outcome is kept, for the client's tests.
 * Owns:    loop, credentials, transport, metrics.
 * Threads: the test's.
 * Fails:   the test, by assertion; a wait for something that does not come fails it after 10 s.
 * Source:  base/loop.h, kube/transport.h. */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "kube/transport.h"
#include "unit/kube/tls_server.h"

#include <curl/curl.h>
#include <jansson.h>
#include <signal.h>

struct client {
	struct fc_loop *loop;
	struct fc_access access; /* borrowed strings */
	struct fc_credentials *credentials;
	struct fc_metrics *metrics;
	struct fc_transport *transport;
	unsigned reachable_calls, connected_calls;
	bool reachable;
	struct fc_error unreachable_why;
};

struct outcome {
	unsigned calls;
	int status;
	char body[1024];
	size_t body_bytes;
	char content_type[64];
	bool failed;
	struct fc_error err;
	int64_t finished_us;
};

static inline void client_on_wake(void *user)
{
	(void)user;
}

static inline void client_on_reachable(void *user, bool reachable, const struct fc_error *why)
{
	struct client *c = user;

	c->reachable_calls++;
	c->reachable = reachable;
	c->unreachable_why = why ? *why : FC_ERROR_INIT;
}

static inline void client_on_connected(void *user)
{
	((struct client *)user)->connected_calls++;
}

/* After the test has filled in what it wants of c->access. */
static inline void client_connect(struct client *c, int64_t silent_ms, int64_t probe_ms)
{
	c->loop = fc_loop_new(client_on_wake, c, NULL);
	assert_non_null(c->loop);
	c->credentials =
		fc_credentials_new(&(struct fc_credentials_options){ .access = &c->access, .loop = c->loop }, NULL);
	assert_non_null(c->credentials);
	c->metrics = fc_metrics_new();
	const struct fc_transport_options options = {
		.loop = c->loop,
		.access = &c->access,
		.credentials = c->credentials,
		.metrics = c->metrics,
		.cluster = "edge",
		.on_reachable = client_on_reachable,
		.on_connected = client_on_connected,
		.user = c,
		.silent_ms = silent_ms,
		.probe_ms = probe_ms,
	};
	c->transport = fc_transport_new(&options, NULL);
	assert_non_null(c->transport);
}

static inline void client_start(struct client *c, struct tls_server *s)
{
	*c = (struct client){ .access = { .server = s->url, .ca_pem = s->ca_pem } };
	client_connect(c, 0, 0);
}

static inline void client_stop(struct client *c)
{
	fc_transport_free(c->transport);
	fc_credentials_free(c->credentials);
	fc_metrics_free(c->metrics);
	fc_loop_free(c->loop);
}

static inline void outcome_keep(void *user, const struct fc_response *r)
{
	struct outcome *o = user;

	o->calls++;
	o->status = r->status;
	o->body_bytes = r->body_bytes;
	snprintf(o->body, sizeof(o->body), "%s", r->body);
	snprintf(o->content_type, sizeof(o->content_type), "%s", r->content_type);
	o->failed = r->error != NULL;
	o->err = r->error ? *r->error : FC_ERROR_INIT;
	o->finished_us = r->finished_us;
}

/* Turns the loop until `condition` holds. */
#define WAIT_FOR(c, condition)                                         \
	do {                                                           \
		int64_t wait_until_ = fc_clock_mono_ms() + 30000;      \
		while (!(condition)) {                                 \
			assert_true(fc_clock_mono_ms() < wait_until_); \
			fc_loop_run_once((c)->loop, 20);               \
		}                                                      \
	} while (0)

/* All that is to happen at once has happened: for "this does not come". */
static inline void client_settle(struct client *c)
{
	int64_t until_ms = fc_clock_mono_ms() + 50;

	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(c->loop, 10);
}

static inline struct fc_request *client_send(struct client *c, const char *method, const char *path, const char *body,
					     struct outcome *o)
{
	const struct fc_request_options options = {
		.method = method,
		.path = path,
		.content_type = body ? "application/json-patch+json" : NULL,
		.body = body ? fc_xstrdup(body) : NULL,
		.body_bytes = body ? strlen(body) : 0,
		.timeout_ms = 20000,
		.on_done = outcome_keep,
		.user = o,
	};
	*o = (struct outcome){ .calls = 0 };
	struct fc_request *r = fc_transport_send(c->transport, &options, NULL);
	assert_non_null(r);
	assert_int_equal(o->calls, 0);
	return r;
}

static inline void client_do(struct client *c, const char *method, const char *path, const char *body,
			     struct outcome *o)
{
	client_send(c, method, path, body, o);
	WAIT_FOR(c, o->calls);
	assert_int_equal(o->calls, 1);
}

static inline struct fc_request *client_watch(struct client *c, const char *path,
					      int (*on_data)(void *user, const char *bytes, size_t len,
							     struct fc_error *err),
					      void (*on_done)(void *user, const struct fc_response *response),
					      void *user)
{
	const struct fc_request_options options = {
		.method = "GET", .path = path, .watch = true, .on_data = on_data, .on_done = on_done, .user = user
	};
	struct fc_request *r = fc_transport_send(c->transport, &options, NULL);

	assert_non_null(r);
	return r;
}

static inline int client_global_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	json_object_seed(1);
	return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static inline int client_global_teardown(void **state)
{
	(void)state;
	curl_global_cleanup();
	return 0;
}

#endif
