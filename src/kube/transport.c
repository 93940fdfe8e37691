/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/transport.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/connection.h"
#include "kube/peer.h"
#include "kube/request.h"

#include <stdio.h>
#include <string.h>

/* Design section 4: together below the 45 s in which a stopped server must be noticed. */
#define SILENT_MS 20000
#define PROBE_MS 15000

enum reachable { REACHABLE_UNKNOWN, REACHABLE_NO, REACHABLE_YES };

struct fc_transport {
	struct fc_transport_options o;
	char *cluster;
	struct fc_peer peer;

	/* The first carries what is no watch. One that was given up moves to `dead`; those and further ones without
	 * a request are freed by the sweep, from the loop, where none of their own functions is on the stack. */
	struct fc_connection **connections, **dead;
	size_t count, cap, dead_count, dead_cap;
	struct fc_timer *sweep;
	struct fc_timer *reached; /* an answer has begun, and on_reachable has not been told */

	size_t in_flight;
	enum reachable reachable;
};

struct fc_transport *fc_transport_new(const struct fc_transport_options *options, struct fc_error *err)
{
	struct fc_transport *t = fc_xcalloc(1, sizeof(*t));

	t->o = *options;
	t->o.silent_ms = options->silent_ms ? options->silent_ms : SILENT_MS;
	t->o.probe_ms = options->probe_ms ? options->probe_ms : PROBE_MS;
	t->cluster = fc_xstrdup(options->cluster ? options->cluster : "");
	if (fc_peer_init(&t->peer, options->access, err) == 0)
		return t;
	fc_error_wrap(err, "cluster %s", t->cluster);
	fc_transport_free(t);
	return NULL;
}

static void free_connections(struct fc_connection **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fc_connection_free(list[i]);
	free(list);
}

void fc_transport_free(struct fc_transport *t)
{
	if (!t)
		return;
	fc_loop_timer_cancel(t->o.loop, &t->sweep);
	fc_loop_timer_cancel(t->o.loop, &t->reached);
	free_connections(t->connections, t->count);
	free_connections(t->dead, t->dead_count);
	fc_peer_fini(&t->peer);
	free(t->cluster);
	free(t);
}

static void on_sweep(void *user)
{
	struct fc_transport *t = user;
	size_t kept = 0;

	t->sweep = NULL;
	while (t->dead_count > 0)
		fc_connection_free(t->dead[--t->dead_count]);
	for (size_t i = 0; i < t->count; i++) {
		struct fc_connection *c = t->connections[i];
		if (i == 0 || fc_connection_requests(c) > 0)
			t->connections[kept++] = c;
		else
			fc_connection_free(c);
	}
	t->count = kept;
}

static void want_sweep(struct fc_transport *t)
{
	if (!t->sweep)
		t->sweep = fc_loop_timer(t->o.loop, 0, on_sweep, t);
}

/* From here on no new request gets onto `c`. */
static void retire(struct fc_transport *t, struct fc_connection *c)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->connections[i] != c)
			continue;
		memmove(t->connections + i, t->connections + i + 1, (t->count - i - 1) * sizeof(*t->connections));
		t->count--;
		FC_GROW(t->dead, t->dead_count, t->dead_cap);
		t->dead[t->dead_count++] = c;
		break;
	}
	want_sweep(t);
}

static void count_in_flight(struct fc_transport *t, const struct fc_request *r, bool begins)
{
	/* The probe neither: it is no work that a shutdown should wait for. */
	if (r->watch || r->probe)
		return;
	if (begins)
		t->in_flight++;
	else
		t->in_flight--;
	fc_metrics_set(t->o.metrics, FC_METRIC_REQUESTS_IN_FLIGHT, (double)t->in_flight, FC_LABELS(t->cluster));
}

static void count_answer(struct fc_transport *t, const struct fc_request *r, int status)
{
	char code[16];

	snprintf(code, sizeof(code), "%d", status);
	fc_metrics_add(t->o.metrics, FC_METRIC_REST_CLIENT_REQUESTS, 1,
		       FC_LABELS(status ? code : "<error>", r->method, t->peer.host));
}

static int64_t last_heard_us(const struct fc_transport *t)
{
	int64_t last = 0;

	for (size_t i = 0; i < t->count; i++) {
		int64_t heard = fc_connection_heard_us(t->connections[i]);
		if (heard > last)
			last = heard;
	}
	return last;
}

static void set_reachable(struct fc_transport *t, bool reachable, const struct fc_error *why)
{
	enum reachable now = reachable ? REACHABLE_YES : REACHABLE_NO;

	fc_loop_timer_cancel(t->o.loop, &t->reached);
	if (t->reachable == now)
		return;
	t->reachable = now;
	if (t->o.on_reachable)
		t->o.on_reachable(t->o.user, reachable, why);
}

static void on_reached(void *user)
{
	struct fc_transport *t = user;

	t->reached = NULL;
	set_reachable(t, true, NULL);
}

/* The head of a watch's answer must do: its end may be minutes away. Said from the loop, since this is inside
 * libcurl. */
static void on_answered(struct fc_request *r)
{
	struct fc_transport *t = r->transport;

	if (t->reachable != REACHABLE_YES && !t->reached)
		t->reached = fc_loop_timer(t->o.loop, 0, on_reached, t);
}

/* A watch that breaks off says nothing, and one slow request among others that are answered neither; nor does what
 * ended on our side. */
static void note_reachable(struct fc_transport *t, const struct fc_request *r, const struct fc_response *response)
{
	const struct fc_error *e = response->error;
	bool network = e && (e->cls == FC_ERR_NETWORK || e->cls == FC_ERR_TLS || e->cls == FC_ERR_TIMEOUT);

	if (response->status > 0 && !(network && response->status < 300))
		set_reachable(t, true, NULL);
	else if (response->status == 0 && network && last_heard_us(t) < r->started_us)
		set_reachable(t, false, e);
}

static void judge_connection(struct fc_transport *t, struct fc_connection *c, const struct fc_request *probe,
			     const struct fc_response *response);

static void on_finished(void *user, struct fc_request *r, CURLcode code, const struct fc_error *why)
{
	struct fc_transport *t = user;
	struct fc_error err;
	struct fc_response response;

	r->state = FC_REQUEST_FINISHING;
	fc_request_outcome(r, code, why, &response, &err);
	count_in_flight(t, r, false);
	count_answer(t, r, response.status);
	if (response.status == 401)
		fc_credentials_refused(t->o.credentials);
	note_reachable(t, r, &response);
	if (r->on_done)
		r->on_done(r->user, &response);
	if (r->probe && !why)
		judge_connection(t, r->user, r, &response);
	fc_request_free(r);
	want_sweep(t);
}

static struct fc_request *new_request(struct fc_transport *t, const struct fc_request_options *options,
				      struct fc_error *err)
{
	struct curl_slist *headers = NULL;
	struct fc_request *r = NULL;

	if (fc_credentials_headers(t->o.credentials, fc_clock_mono_ms(), &headers, err) == 0) {
		r = fc_request_new(&t->peer, options, headers, err);
	} else {
		fc_credentials_free_headers(headers);
		if (options->body)
			fc_free_secret(options->body, options->body_bytes);
	}
	if (!r)
		return NULL;
	r->transport = t;
	r->on_answered = on_answered;
	r->started_us = fc_clock_mono_us();
	return r;
}

static int put_on(struct fc_transport *t, struct fc_connection *c, struct fc_request *r, struct fc_error *err)
{
	if (!c || fc_connection_add(c, r, err) < 0) {
		fc_request_free(r);
		return -1;
	}
	count_in_flight(t, r, true);
	return 0;
}

static void on_silent(void *user, struct fc_connection *c)
{
	struct fc_transport *t = user;
	struct fc_error err = FC_ERROR_INIT;
	struct fc_request_options options = {
		.method = "GET", .path = "/version", .timeout_ms = t->o.probe_ms, .user = c
	};
	struct fc_request *r = new_request(t, &options, &err);

	if (r)
		r->probe = true;
	/* Without memory or a token there is no telling: asked again after the next silence. */
	if (!r || put_on(t, c, r, &err) < 0)
		fc_connection_alive(c);
}

static void give_up(void *user, struct fc_connection *c, const struct fc_error *why)
{
	struct fc_transport *t = user;

	fc_log(FC_LOG_WARN, "connection given up", FC_KV("cluster", t->cluster),
	       FC_KN("requests", fc_connection_requests(c)), FC_KV("reason", why->text));
	retire(t, c);
	fc_connection_fail(c, why);
}

static void judge_connection(struct fc_transport *t, struct fc_connection *c, const struct fc_request *probe,
			     const struct fc_response *response)
{
	struct fc_error why = FC_ERROR_INIT;

	if (response->status > 0 || fc_connection_heard_us(c) >= probe->started_us) {
		fc_connection_alive(c);
		return;
	}
	fc_error_set(&why, FC_ERR_NETWORK, "connection silent: no byte for %lld ms, and no answer to GET /version: %s",
		     (long long)t->o.silent_ms, response->error ? response->error->text : "");
	give_up(t, c, &why);
}

static struct fc_connection *add_connection(struct fc_transport *t, struct fc_error *err)
{
	const struct fc_connection_options options = { .loop = t->o.loop,
						       .silent_ms = t->o.silent_ms,
						       .on_finished = on_finished,
						       .on_silent = on_silent,
						       .on_broken = give_up,
						       .user = t };
	struct fc_connection *c = fc_connection_new(&options, err);

	if (!c)
		return NULL;
	FC_GROW(t->connections, t->count, t->cap);
	t->connections[t->count++] = c;
	return c;
}

static struct fc_connection *connection_for(struct fc_transport *t, bool watch, struct fc_error *err)
{
	for (size_t i = 0; i < t->count; i++)
		if (!watch || fc_connection_watches(t->connections[i]) < FC_TRANSPORT_MAX_WATCHES)
			return t->connections[i];
	return add_connection(t, err);
}

int fc_transport_renew(struct fc_transport *t, const struct fc_access *access, struct fc_credentials *credentials,
		       struct fc_error *err)
{
	struct fc_peer peer;

	if (fc_peer_init(&peer, access, err) < 0)
		return -1;
	fc_peer_fini(&t->peer);
	t->peer = peer;
	t->o.access = access;
	t->o.credentials = credentials;
	return 0;
}

struct fc_request *fc_transport_send(struct fc_transport *t, const struct fc_request_options *options,
				     struct fc_error *err)
{
	struct fc_request *r = new_request(t, options, err);

	if (!r || put_on(t, connection_for(t, options->watch, err), r, err) < 0)
		return NULL;
	return r;
}

void fc_request_cancel(struct fc_request *r)
{
	if (!r || r->state == FC_REQUEST_FINISHING || r->state == FC_REQUEST_CANCELLED)
		return;
	struct fc_transport *t = r->transport;
	count_in_flight(t, r, false);
	fc_connection_cancel(r->connection, r);
	want_sweep(t);
}

size_t fc_transport_in_flight(const struct fc_transport *t)
{
	return t->in_flight;
}

size_t fc_transport_connections(const struct fc_transport *t)
{
	return t->count;
}

struct fc_loop *fc_transport_loop(const struct fc_transport *t)
{
	return t->o.loop;
}

const char *fc_transport_cluster(const struct fc_transport *t)
{
	return t->cluster;
}

void fc_transport_set_cluster(struct fc_transport *t, const char *cluster)
{
	char *copy = fc_xstrdup(cluster);

	free(t->cluster);
	t->cluster = copy;
	fc_metrics_set(t->o.metrics, FC_METRIC_REQUESTS_IN_FLIGHT, (double)t->in_flight, FC_LABELS(t->cluster));
}
