/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"
#include "json/decode.h"

#include <string.h>

/* Two requests, and the first attempt is to have an outcome within 10 s (design section 8, /readyz). */
#define PROBE_TIMEOUT_MS 5000
#define PROBE_BASE_MS 400
/* An API server that restarts is back within a minute or so and should be used 1 to 2 s after that; one that stays away
 * costs a connection attempt every 5 to 10 s; what only an operator can mend is tried every 30 to 60 s. */
#define PROBE_CAP_FRESH_MS 1000
#define PROBE_FRESH_MS 120000
#define PROBE_CAP_MS 5000
#define PROBE_CAP_OPERATOR_MS 30000
/* 403 to /version in a row, after which it is taken for the server's last word: one that starts answers so for some
 * seconds, one whose operator took /version from everybody does so for ever. */
#define VERSION_REFUSALS 5

/* A cluster that answers probes and fails everything else goes up and down without end. What such a beginning sets off
 * (every watch tried again, discovery, a probe before its time) it does this often at most. */
#define HURRY_MS 10000

#define VERSION_PATH "/version"
#define ID_PATH "/api/v1/namespaces/kube-system"
#define ACCEPT_METADATA "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"

/* When an id that may not be read is looked at again: RBAC of a server that has just started may refuse what it allows
 * a little later. Then never again while it is up: most who forbid it mean it. */
static const int64_t id_looks_ms[] = { 2000, 10000, 60000 };

static void probe(void *user);
static void look_at_id(void *user);

static void set_up_metric(struct fc_watcher *w, double up)
{
	fc_metrics_set(w->o.metrics, FC_METRIC_CLUSTER_UP, up, FC_LABELS(w->name));
}

static void arm(struct fc_watcher *w, int64_t delay_ms, void (*fn)(void *user))
{
	fc_loop_timer_cancel(w->loop, &w->connection.timer);
	w->connection.timer = fc_loop_timer(w->loop, delay_ms, fn, w);
}

/* Failures that are told apart in an outage: what an operator must mend is worth a word of its own. A server on its way
 * down or up shows the others one after the other. */
static enum fc_error_class down_kind(enum fc_error_class cls)
{
	return cls == FC_ERR_TLS || cls == FC_ERR_UNAUTHORIZED ? cls : FC_ERR_NETWORK;
}

static int64_t probe_delay(struct fc_watcher *w, const struct fc_error *why)
{
	struct fc_watcher_connection *c = &w->connection;
	int64_t now_ms = fc_clock_mono_ms();

	if (down_kind(why->cls) != FC_ERR_NETWORK)
		c->backoff.cap_ms = PROBE_CAP_OPERATOR_MS;
	else
		c->backoff.cap_ms = now_ms - c->down_ms < PROBE_FRESH_MS ? PROBE_CAP_FRESH_MS : PROBE_CAP_MS;

	int64_t delay_ms = fc_backoff_next(&c->backoff, &w->random, now_ms);
	return why->retry_after_ms > delay_ms ? why->retry_after_ms : delay_ms;
}

/* One that comes soon after another is more of the same: probes do not begin to be frequent again. */
static void note_outage(struct fc_watcher_connection *c)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (c->state == FC_WATCHER_DOWN) {
		c->probes_failed++;
		return;
	}
	c->probes_failed = c->state == FC_WATCHER_CONNECTING;
	if (c->state == FC_WATCHER_CONNECTING || now_ms - c->up_ms > FC_BACKOFF_RESET_MS)
		c->down_ms = now_ms;
}

static bool may_hurry(int64_t *last_ms)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (*last_ms && now_ms - *last_ms < HURRY_MS)
		return false;
	*last_ms = now_ms;
	return true;
}

static void down(struct fc_watcher *w, const struct fc_error *why)
{
	struct fc_watcher_connection *c = &w->connection;

	note_outage(c);
	arm(w, probe_delay(w, why), probe);
	if (c->state == FC_WATCHER_DOWN && c->down_kind == down_kind(why->cls))
		return;

	c->state = FC_WATCHER_DOWN;
	c->down_kind = down_kind(why->cls);
	set_up_metric(w, 0);
	fc_log(FC_LOG_WARN, "cluster unreachable", FC_KV("cluster", w->name), FC_KV("reason", why->text));

	struct fc_event *event = fc_watcher_event(w, FC_EVENT_CLUSTER_DOWN);
	event->error = *why;
	fc_watcher_emit(w, event);
}

static void emit_up(struct fc_watcher *w)
{
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_CLUSTER_UP);

	event->name = fc_xstrdup_null(w->connection.id);
	event->server_version = fc_xstrdup_null(w->connection.server_version);
	fc_watcher_emit(w, event);
}

static void up(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;
	/* Where the first probe came through it was no outage, perhaps. */
	bool after_outage = c->state == FC_WATCHER_CONNECTING || c->probes_failed > 0 || may_hurry(&c->up_hurried_ms);

	fc_loop_timer_cancel(w->loop, &c->timer);
	c->state = FC_WATCHER_UP;
	c->up_ms = fc_clock_mono_ms();
	c->version_refused = 0;
	c->id_looks = 0;
	set_up_metric(w, 1);
	fc_log(FC_LOG_INFO, "cluster connected", FC_KV("cluster", w->name), FC_KV("id", c->id),
	       FC_KV("version", c->server_version));
	emit_up(w);
	fc_watcher_resolve_up(w, after_outage);
	if (after_outage)
		fc_watcher_watch_retry_all(w);
}

/* Keeps the uid of kube-system. Where it may not be read (now), one that was read before still holds: a cluster does
 * not change its identity by forbidding to look at it. Returns false when there is another failure. */
static bool take_id(struct fc_watcher *w, const struct fc_response *response, bool *forbidden)
{
	if (response->error) {
		*forbidden = response->error->cls == FC_ERR_FORBIDDEN;
		return *forbidden || response->error->cls == FC_ERR_NOT_FOUND ||
		       response->error->cls == FC_ERR_NOT_SERVED;
	}

	json_auto_t *namespace_ = fc_decode(response->body, response->body_bytes, NULL);
	const char *uid = fc_json_metadata(namespace_, "uid");
	*forbidden = false;
	if (*uid) {
		free(w->connection.id);
		w->connection.id = fc_xstrdup(uid);
	}
	return true;
}

static void look_again_later(struct fc_watcher *w, bool forbidden)
{
	struct fc_watcher_connection *c = &w->connection;

	if (forbidden && !c->id && c->id_looks < FC_ARRAY_LEN(id_looks_ms))
		arm(w, id_looks_ms[c->id_looks++], look_at_id);
}

static void id_answered(void *user, const struct fc_response *response)
{
	struct fc_watcher *w = user;
	bool was_up = w->connection.state == FC_WATCHER_UP, forbidden;

	w->connection.request = NULL;
	if (!take_id(w, response, &forbidden)) {
		if (!was_up)
			down(w, response->error);
		return;
	}
	if (!was_up)
		up(w);
	else if (w->connection.id)
		emit_up(w);
	look_again_later(w, forbidden);
}

static void get(struct fc_watcher *w, const char *path, const char *accept,
		void (*on_done)(void *user, const struct fc_response *response))
{
	struct fc_error err = FC_ERROR_INIT;

	w->connection.request = fc_transport_send(w->transport,
						  &(struct fc_request_options){
							  .method = "GET",
							  .path = path,
							  .accept = accept,
							  .timeout_ms = PROBE_TIMEOUT_MS,
							  .on_done = on_done,
							  .user = w,
						  },
						  &err);
	/* Refused before it was sent, for want of credentials or of descriptors. */
	if (!w->connection.request && w->connection.state != FC_WATCHER_UP)
		down(w, &err);
}

static void look_at_id(void *user)
{
	struct fc_watcher *w = user;

	w->connection.timer = NULL;
	get(w, ID_PATH, ACCEPT_METADATA, id_answered);
}

static int read_version(struct fc_watcher *w, const struct fc_response *response, struct fc_error *err)
{
	json_auto_t *version = fc_decode(response->body, response->body_bytes, err);
	const char *git = NULL;

	if (!version)
		return fc_error_wrap(err, "the answer to " VERSION_PATH);
	if (!json_is_object(version))
		return fc_error_set(err, FC_ERR_PROTOCOL, "the answer to " VERSION_PATH " is not an API server's");
	(void)fc_json_get_string(version, "gitVersion", &git);
	free(w->connection.server_version);
	w->connection.server_version = fc_xstrdup_null(git);
	return 0;
}

/* An API server that starts or stops refuses this with 503 or 403; one that answers it serves. */
static void version_answered(void *user, const struct fc_response *response)
{
	struct fc_watcher *w = user;
	struct fc_watcher_connection *c = &w->connection;
	struct fc_error err = response->error ? *response->error : FC_ERROR_INIT;

	c->request = NULL;
	c->version_refused = err.cls == FC_ERR_FORBIDDEN ? c->version_refused + 1 : 0;
	if (c->version_refused >= VERSION_REFUSALS || (!response->error && read_version(w, response, &err) == 0))
		get(w, ID_PATH, ACCEPT_METADATA, id_answered);
	else
		down(w, &err);
}

static void probe(void *user)
{
	struct fc_watcher *w = user;

	w->connection.timer = NULL;
	/* A look at the id may be under way still: from before the cluster went away. */
	fc_watcher_connect_stop(w);
	get(w, VERSION_PATH, NULL, version_answered);
}

void fc_watcher_reachable(void *user, bool reachable, const struct fc_error *why)
{
	struct fc_watcher *w = user;
	struct fc_watcher_connection *c = &w->connection;

	if (w->stopping)
		return;
	if (!reachable && c->state == FC_WATCHER_UP) {
		down(w, why);
	} else if (reachable && c->state == FC_WATCHER_DOWN && c->timer && may_hurry(&c->probe_hurried_ms)) {
		/* Somebody else's request came through: no need to wait for the next probe. */
		arm(w, 0, probe);
	}
}

void fc_watcher_connect(struct fc_watcher *w)
{
	w->connection.backoff = FC_BACKOFF_INIT(PROBE_BASE_MS, PROBE_CAP_FRESH_MS);
	arm(w, 0, probe);
}

void fc_watcher_connect_stop(struct fc_watcher *w)
{
	if (w->connection.request)
		fc_request_cancel(w->connection.request);
	w->connection.request = NULL;
	fc_loop_timer_cancel(w->loop, &w->connection.timer);
}
