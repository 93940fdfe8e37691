/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/transport.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/transport_internal.h"

#include <stdio.h>

/* Design section 4: together below the 45 s in which a stopped server must be noticed. */
#define SILENT_MS 20000
#define PROBE_MS 15000

static void on_finished(void *user, struct fc_request *r, CURLcode code, const struct fc_error *why);
static void on_silent(void *user, struct fc_connection *c);
static void give_up(void *user, struct fc_connection *c, const struct fc_error *why);
static void on_connecting(void *user);
static void on_connected(void *user, struct fc_connection *c);

struct fc_transport *fc_transport_new(const struct fc_transport_options *options, struct fc_error *err)
{
	struct fc_tls_material tls = fc_credentials_tls(options->credentials);
	struct fc_peer *peer = fc_peer_new(options->access, &tls, err);

	if (!peer) {
		fc_error_wrap(err, "cluster %s", options->cluster ? options->cluster : "");
		return NULL;
	}
	struct fc_transport *t = fc_xcalloc(1, sizeof(*t));
	t->o = *options;
	t->o.silent_ms = options->silent_ms ? options->silent_ms : SILENT_MS;
	t->o.probe_ms = options->probe_ms ? options->probe_ms : PROBE_MS;
	t->cluster = fc_xstrdup(options->cluster ? options->cluster : "");
	fc_peer_say_purpose(peer, options->purpose);
	t->peer = peer;
	t->tls = tls;
	t->pool = fc_pool_new(&(const struct fc_connection_options){ .loop = t->o.loop,
								     .silent_ms = t->o.silent_ms,
								     .on_finished = on_finished,
								     .on_silent = on_silent,
								     .on_connecting = on_connecting,
								     .on_connected = on_connected,
								     .on_broken = give_up,
								     .user = t });
	fc_transport_listen(t);
	return t;
}

void fc_transport_free(struct fc_transport *t)
{
	if (!t)
		return;
	fc_transport_listen_no_more(t);
	while (t->parked) {
		struct fc_request *r = t->parked;
		fc_transport_unpark(t, r);
		fc_request_free(r);
	}
	fc_loop_timer_cancel(t->o.loop, &t->news);
	fc_loop_timer_cancel(t->o.loop, &t->look);
	fc_pool_free(t->pool);
	fc_peer_unref(t->peer);
	free(t->cluster);
	free(t);
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

/* What we ended ourselves before an answer came is no failure of the server's (13.18). */
static void count_answer(struct fc_transport *t, const struct fc_request *r, const struct fc_response *response)
{
	char code[16];

	if (response->status == 0 && response->error && response->error->cls == FC_ERR_CANCELLED)
		return;
	snprintf(code, sizeof(code), "%d", response->status);
	fc_metrics_add(t->o.metrics, FC_METRIC_REST_CLIENT_REQUESTS, 1,
		       FC_LABELS(response->status ? code : "<error>", r->method, r->peer->host));
}

static void log_refused(struct fc_transport *t, const struct fc_request *r, int status)
{
	if (!r->marks || !fc_log_enabled(FC_LOG_DEBUG))
		return;
	fc_log(FC_LOG_DEBUG, "request refused", FC_KV("cluster", t->cluster), FC_KV("method", r->method),
	       FC_KN("status", status), FC_KV("audit_id", r->marks->audit_id),
	       FC_KV("flow_schema", r->marks->flow_schema), FC_KV("priority_level", r->marks->priority_level));
}

static void set_reachable(struct fc_transport *t, bool reachable, const struct fc_error *why)
{
	enum fc_reachable now = reachable ? FC_REACHABLE_YES : FC_REACHABLE_NO;

	t->answered = false;
	if (t->reachable == now)
		return;
	t->reachable = now;
	if (t->o.on_reachable)
		t->o.on_reachable(t->o.user, reachable, why);
}

static void on_news(void *user)
{
	struct fc_transport *t = user;

	t->news = NULL;
	t->connected = false;
	if (t->answered)
		set_reachable(t, true, NULL);
}

/* Said from the loop, since this is inside libcurl. */
static void want_news(struct fc_transport *t)
{
	if (!t->news)
		t->news = fc_loop_timer(t->o.loop, 0, on_news, t);
}

static void on_connected(void *user, struct fc_connection *c)
{
	struct fc_transport *t = user;

	if (fc_connection_peer(c) != t->peer || t->connected)
		return;
	t->connected = true;
	want_news(t);
	/* At once: what else the answer holds may be passed on before libcurl returns. */
	if (t->o.on_connected)
		t->o.on_connected(t->o.user);
}

static void on_connecting(void *user)
{
	fc_credentials_connecting(((struct fc_transport *)user)->o.credentials);
}

/* The head of a watch's answer must do: its end may be minutes away. */
static void on_answered(struct fc_request *r)
{
	struct fc_transport *t = r->transport;

	if (r->connection)
		fc_connection_answered(r->connection, r);
	if (t->reachable != FC_REACHABLE_YES && r->peer == t->peer) {
		t->answered = true;
		want_news(t);
	}
}

static void on_warning(struct fc_request *r, const char *value, size_t len)
{
	(void)fc_warnings_show(&r->transport->warnings, r->transport->cluster, value, len);
}

/* A watch that breaks off says nothing, and one slow request among others that are answered neither; nor does what
 * ended on our side. */
static void note_reachable(struct fc_transport *t, const struct fc_request *r, const struct fc_response *response)
{
	const struct fc_error *e = response->error;
	bool network = e && (e->cls == FC_ERR_NETWORK || e->cls == FC_ERR_TLS || e->cls == FC_ERR_TIMEOUT);

	if (response->status > 0 && !(network && response->status < 300))
		set_reachable(t, true, NULL);
	else if (response->status == 0 && network && fc_pool_heard_us(t->pool) < r->started_us)
		set_reachable(t, false, e);
}

/* What an answer says of the present server and credentials; one to a request that went to others says nothing. */
static void learn(struct fc_transport *t, const struct fc_request *r, const struct fc_response *response)
{
	/* A request signed before another one's 401 bears what that one has told of (1.33). A probe bears nothing,
	 * maybe.
	 */
	if (response->status == 401 && r->signature == t->signature && !r->probe) {
		t->signature++;
		fc_credentials_refused(t->o.credentials);
	}
	if (r->peer != t->peer)
		return;
	/* Files that have changed may mend it (1.25, 1.26). */
	if (response->error && response->error->cls == FC_ERR_TLS)
		fc_credentials_connecting(t->o.credentials);
	note_reachable(t, r, response);
}

static void judge_connection(struct fc_transport *t, struct fc_connection *c, const struct fc_request *probe,
			     const struct fc_response *response);

/* 2.7, 2.14: a GOAWAY that crossed its way, or a connection that broke, is nothing that a read's caller must hear of.
 */
static bool put_anew(struct fc_transport *t, struct fc_request *r)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_connection *c = fc_pool_get(t->pool, r->watch, t->peer, &err);

	return c && fc_connection_add(c, r, &err) == 0;
}

static void on_finished(void *user, struct fc_request *r, CURLcode code, const struct fc_error *why)
{
	struct fc_transport *t = user;
	struct fc_error err;
	struct fc_response response;

	if (!why && r->peer == t->peer && fc_request_repeat(r, code) && put_anew(t, r))
		return;
	r->state = FC_REQUEST_FINISHING;
	fc_request_outcome(r, code, why, &response, &err);
	count_in_flight(t, r, false);
	count_answer(t, r, &response);
	log_refused(t, r, response.status);
	learn(t, r, &response);
	if (r->on_done)
		r->on_done(r->user, &response);
	if (r->probe && !why)
		judge_connection(t, r->user, r, &response);
	fc_request_free(r);
	fc_pool_tidy(t->pool);
}

int fc_transport_put_on(struct fc_transport *t, struct fc_connection *c, struct fc_request *r, struct fc_error *err)
{
	r->transport = t;
	r->signature = t->signature;
	r->on_answered = on_answered;
	r->on_warning = on_warning;
	return fc_connection_add(c, r, err);
}

void fc_transport_finish_unsent(struct fc_transport *t, struct fc_request *r, const struct fc_error *why)
{
	struct fc_error err;
	struct fc_response response;

	r->state = FC_REQUEST_FINISHING;
	count_in_flight(t, r, false);
	fc_request_outcome(r, CURLE_OK, why, &response, &err);
	if (r->on_done)
		r->on_done(r->user, &response);
	fc_request_free(r);
}

static void on_silent(void *user, struct fc_connection *c)
{
	struct fc_transport *t = user;
	struct fc_peer *peer = fc_connection_peer(c);
	struct fc_error err = FC_ERROR_INIT;
	struct curl_slist *headers = NULL;
	const struct fc_request_options options = { .method = "GET", .path = "/version", .user = c };
	struct fc_request *r = fc_request_new(&options, &err);

	if (!r)
		return; /* never: it is sound */
	r->probe = true;
	/* Any answer will do, a 401 too. So credentials that are not to be had do not hold it up, and none are given to
	 * a server that they are not for. */
	if (peer == t->peer && fc_credentials_headers(t->o.credentials, fc_clock_mono_ms(), &headers, &err) != 0) {
		fc_credentials_free_headers(headers);
		headers = NULL;
	}
	if (fc_request_prepare(r, peer, headers, t->o.probe_ms, &err) == 0 && fc_transport_put_on(t, c, r, &err) == 0)
		return;
	/* Without memory there is no telling: asked again after the next silence. */
	fc_request_free(r);
	fc_connection_alive(c);
}

static void give_up(void *user, struct fc_connection *c, const struct fc_error *why)
{
	struct fc_transport *t = user;

	fc_log(FC_LOG_WARN, "connection given up", FC_KV("cluster", t->cluster),
	       FC_KN("requests", fc_connection_requests(c)), FC_KV("reason", why->text));
	fc_pool_retire(t->pool, c);
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

struct fc_request *fc_transport_send(struct fc_transport *t, const struct fc_request_options *options,
				     struct fc_error *err)
{
	struct fc_request *r = fc_request_new(options, err);
	int rc = r ? fc_transport_set_out(t, r, err) : -1;

	if (rc < 0) {
		fc_request_free(r);
		return NULL;
	}
	if (rc == 1)
		fc_transport_park(t, r);
	count_in_flight(t, r, true);
	return r;
}

void fc_request_cancel(struct fc_request *r)
{
	if (!r || r->state == FC_REQUEST_FINISHING || r->state == FC_REQUEST_CANCELLED)
		return;
	struct fc_transport *t = r->transport;
	count_in_flight(t, r, false);
	if (r->state == FC_REQUEST_PARKED) {
		fc_transport_unpark(t, r);
		fc_request_free(r);
		return;
	}
	fc_connection_cancel(r->connection, r);
	fc_pool_tidy(t->pool);
}

size_t fc_transport_in_flight(const struct fc_transport *t)
{
	return t->in_flight;
}

size_t fc_transport_connections(const struct fc_transport *t)
{
	return fc_pool_count(t->pool);
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

enum fc_stream_lists fc_transport_stream_lists(const struct fc_transport *t)
{
	return t->stream_lists;
}

void fc_transport_saw_discovery(struct fc_transport *t, bool aggregated)
{
	if (!aggregated)
		t->stream_lists = FC_STREAM_LISTS_UNKNOWN;
	else if (t->stream_lists == FC_STREAM_LISTS_UNKNOWN)
		t->stream_lists = FC_STREAM_LISTS_LIKELY;
}

void fc_transport_saw_stream_list(struct fc_transport *t, bool works)
{
	if (works)
		t->stream_lists = FC_STREAM_LISTS_WORK;
	else if (t->stream_lists != FC_STREAM_LISTS_WORK)
		t->stream_lists = FC_STREAM_LISTS_REFUSED;
}
