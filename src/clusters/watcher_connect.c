/* SPDX-License-Identifier: Apache-2.0 */
/* Is the cluster there, and is it the one that was known by this name? Its id is read before it is up, and again when a
 * new connection was made to it: nothing is ever told of, or written to, a cluster that took its place. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"

#include <stdio.h>
#include <string.h>

#define PROBE_BASE_MS 400
/* An API server that restarts is back within a minute or so and should be used 1 to 2 s after that; one that stays away
 * costs a connection attempt every 5 to 10 s; what only an operator can mend is tried every 30 to 60 s. */
#define PROBE_CAP_FRESH_MS 1000
#define PROBE_FRESH_MS 120000
#define PROBE_CAP_MS 5000
#define PROBE_CAP_OPERATOR_MS 30000
/* A 401 makes a token file be read again, or a plug-in be run: the first try after it comes when that is done, however
 * long the cluster was away before (kube-client 2.17, 1.33). */
#define RENEWED_BASE_MS 1000

/* A cluster that answers probes and fails everything else goes up and down without end. What such a beginning sets off
 * (every watch tried again, discovery, a probe before its time) it does this often at most. */
#define HURRY_MS 10000

/* Whoever answered with the known id less than this ago is not another cluster yet. */
#define LOOK_PAUSE_MS 1000
/* Where every request has a connection of its own, each look causes the next one: ever more seldom. */
#define LOOK_CAP_MS 60000

/* The mend must not be what is cut off. */
#define REASON_CHARS "360"

/* When an id that may not be read is looked at again: RBAC of a server that has just started may refuse what it allows
 * a little later. Then never again while it is up: most who forbid it mean it. */
static const int64_t id_looks_ms[] = { 2000, 10000, 60000 };

static void probe(void *user);
static void on_look_timer(void *user);

void fc_watcher_set_up_metric(struct fc_watcher *w)
{
	/* Nobody knows before the first outcome. */
	if (w->connection.state != FC_WATCHER_CONNECTING)
		fc_metrics_set(w->o.metrics, FC_METRIC_CLUSTER_UP, w->connection.state == FC_WATCHER_UP,
			       FC_LABELS(w->name));
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
	return cls == FC_ERR_TLS || cls == FC_ERR_UNAUTHORIZED || cls == FC_ERR_CONFIG ? cls : FC_ERR_NETWORK;
}

static const char *mend_for(enum fc_error_class cls)
{
	switch (cls) {
	case FC_ERR_UNAUTHORIZED:
		return "renew the credentials that its kubeconfig entry names";
	case FC_ERR_TLS:
		return "check certificate-authority, client certificate and tls-server-name of its kubeconfig entry";
	case FC_ERR_PROTOCOL:
		return "check the server address of its kubeconfig entry";
	case FC_ERR_FORBIDDEN:
		return "allow its user to GET /version, unless the server is about to start";
	default:
		return NULL;
	}
}

static struct fc_error explained(const struct fc_error *why)
{
	const char *mend = mend_for(why->cls);
	struct fc_error out = *why;

	if (mend)
		snprintf(out.text, sizeof(out.text), "%." REASON_CHARS "s; %s", why->text, mend);
	return out;
}

int64_t fc_watcher_probe_delay(struct fc_watcher *w, struct fc_backoff *backoff, int64_t since_ms,
			       const struct fc_error *why)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (down_kind(why->cls) != FC_ERR_NETWORK)
		backoff->cap_ms = PROBE_CAP_OPERATOR_MS;
	else
		backoff->cap_ms = now_ms - since_ms < PROBE_FRESH_MS ? PROBE_CAP_FRESH_MS : PROBE_CAP_MS;

	int64_t delay_ms = fc_backoff_next(backoff, &w->random, now_ms);
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

static void tell_down(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;
	bool other = c->elsewhere != FC_WATCHER_HERE && c->down_kind == FC_ERR_CONFIG;
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_CLUSTER_DOWN);

	fc_log(other ? FC_LOG_ERROR : FC_LOG_WARN, other ? "cluster is another one" : "cluster unreachable",
	       FC_KV("cluster", w->name), FC_KV("reason", c->why.text));
	event->error = c->why;
	fc_watcher_emit(w, event);
}

/* The next delay is this one, whatever came before. */
static void restart(struct fc_backoff *b, int64_t next_ms)
{
	b->next_ms = next_ms;
	b->last_ms = fc_clock_mono_ms();
}

static void down(struct fc_watcher *w, const struct fc_error *why)
{
	struct fc_watcher_connection *c = &w->connection;
	enum fc_error_class kind = down_kind(why->cls);
	bool known = c->state == FC_WATCHER_DOWN && c->down_kind == kind;

	fc_watcher_hold_unsure(w);
	if (!known && kind == FC_ERR_UNAUTHORIZED)
		restart(&c->backoff, RENEWED_BASE_MS);
	note_outage(c);
	arm(w, fc_watcher_probe_delay(w, &c->backoff, c->down_ms, why), probe);
	c->why = explained(why);
	if (known)
		return;

	c->state = FC_WATCHER_DOWN;
	c->down_kind = kind;
	fc_watcher_set_up_metric(w);
	tell_down(w);
}

static void emit_up(struct fc_watcher *w)
{
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_CLUSTER_UP);

	event->name = fc_xstrdup_null(w->connection.id);
	event->server_version = fc_xstrdup_null(w->connection.probe.server_version);
	event->round_trip_us = w->connection.probe.round_trip_us;
	fc_watcher_emit(w, event);
}

static void up(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;
	/* Where the first probe came through it was no outage, perhaps. */
	bool after_outage = c->state == FC_WATCHER_CONNECTING || c->elsewhere != FC_WATCHER_HERE ||
			    c->probes_failed > 0 || may_hurry(&c->up_hurried_ms);

	fc_loop_timer_cancel(w->loop, &c->timer);
	c->state = FC_WATCHER_UP;
	c->elsewhere = FC_WATCHER_HERE;
	c->up_ms = fc_clock_mono_ms();
	c->probe.version_refused = 0;
	c->id_looks = 0;
	fc_watcher_set_up_metric(w);
	fc_log(FC_LOG_INFO, "cluster connected", FC_KV("cluster", w->name), FC_KV("id", c->id),
	       FC_KV("version", c->probe.server_version));
	emit_up(w);
	fc_watcher_hold_confirm(w);
	fc_watcher_resolve_up(w, after_outage);
	if (after_outage)
		fc_watcher_watch_retry_all(w);
}

/* An id that was read before still holds where it may not be read (now): a cluster does not change its identity by
 * forbidding to look at it, and what is no API server tells nothing of another cluster. But one without kube-system is
 * not the one that had it; it is about to be made, perhaps. */
static int judge_unreadable(const struct fc_watcher *w, const struct fc_error *unreadable, struct fc_error *err)
{
	const struct fc_watcher_connection *c = &w->connection;

	if (!c->id)
		return 0;
	if (c->elsewhere != FC_WATCHER_HERE)
		return fc_error_set(err, FC_ERR_CONFIG, "whether it is the cluster of id %s again cannot be seen: %s",
				    c->id, unreadable->text);
	if (unreadable->cls != FC_ERR_NOT_FOUND)
		return 0;
	*err = *unreadable;
	return -1;
}

int fc_watcher_judge(const struct fc_watcher *w, const struct fc_server_answer *answer, struct fc_error *err)
{
	const struct fc_watcher_connection *c = &w->connection;

	if (answer->error) {
		*err = *answer->error;
		return -1;
	}
	if (!answer->id)
		return judge_unreadable(w, answer->unreadable, err);
	if (!c->id || strcmp(c->id, answer->id) == 0)
		return 0;
	return fc_error_set(err, FC_ERR_CONFIG,
			    "the name leads to another cluster now: its id is %s, and was %s; nothing is read or "
			    "written there; correct its kubeconfig entry, or, if it was replaced on purpose, give it a "
			    "new name in the cluster set",
			    answer->id, c->id);
}

void fc_watcher_sever(struct fc_watcher *w, enum fc_watcher_elsewhere how, const struct fc_error *why)
{
	struct fc_watcher_connection *c = &w->connection;

	fc_watcher_hold_drop(w);
	fc_watcher_watch_pause_all(w);
	fc_watcher_resolve_rest(w);
	c->elsewhere = how;
	down(w, why);
	fc_watcher_lose_calls(w);
	fc_watcher_record_interrupt(w);
	/* The old client could still reach the old cluster, which is not what the entry says any more. */
	if (how == FC_WATCHER_MISLED)
		fc_watcher_connect_stop(w);
}

/* A look in `delay_ms`, or sooner if one is planned sooner. */
static void plan_look(struct fc_watcher *w, int64_t delay_ms)
{
	struct fc_watcher_connection *c = &w->connection;
	int64_t due_ms = fc_clock_mono_ms() + delay_ms;

	if (c->timer && c->look_due_ms <= due_ms)
		return;
	c->look_due_ms = due_ms;
	arm(w, delay_ms, on_look_timer);
}

/* At an id that could not be read. */
static void look_again(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;

	if (c->id_looks < FC_ARRAY_LEN(id_looks_ms))
		plan_look(w, id_looks_ms[c->id_looks++]);
}

static void plan_next_look(struct fc_watcher *w, const struct fc_server_answer *answer)
{
	struct fc_watcher_connection *c = &w->connection;
	bool forbidden = answer->unreadable && answer->unreadable->cls == FC_ERR_FORBIDDEN;

	if (forbidden)
		look_again(w);
	if (!c->connected_meanwhile)
		fc_backoff_reset(&c->look_pace);
	else if (c->id)
		plan_look(w, fc_backoff_next(&c->look_pace, &w->random, fc_clock_mono_ms()));
}

/* Returns whether it was not known. */
static bool take_id(struct fc_watcher_connection *c, const char *id)
{
	if (!id)
		return false;
	c->looked_ms = fc_clock_mono_ms();
	if (c->id)
		return false;
	c->id = fc_xstrdup(id);
	return true;
}

static void came_through(struct fc_watcher *w, const struct fc_server_answer *answer)
{
	struct fc_watcher_connection *c = &w->connection;
	bool news = take_id(c, answer->id);

	if (c->state != FC_WATCHER_UP) {
		up(w);
	} else {
		if (news)
			emit_up(w);
		fc_watcher_hold_confirm(w);
	}
	plan_next_look(w, answer);
}

static void answered(void *user, const struct fc_server_answer *answer)
{
	struct fc_watcher *w = user;
	struct fc_watcher_connection *c = &w->connection;
	struct fc_error err = FC_ERROR_INIT;

	/* It went down while it was looked at: a probe is due. */
	if (c->looking && c->state != FC_WATCHER_UP)
		return;
	if (fc_watcher_judge(w, answer, &err) == 0)
		came_through(w, answer);
	else if (!answer->error && answer->id)
		fc_watcher_sever(w, FC_WATCHER_REPLACED, &err);
	/* A look at an id that was never read risks nothing. */
	else if (!c->looking || c->id)
		down(w, &err);
	else
		look_again(w);
}

static void look(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;

	fc_loop_timer_cancel(w->loop, &c->timer);
	c->looking = true;
	c->connected_meanwhile = false;
	if (c->id)
		fc_watcher_hold(w);
	fc_server_probe_id(&c->probe);
}

static void on_look_timer(void *user)
{
	struct fc_watcher *w = user;

	w->connection.timer = NULL;
	look(w);
}

static void probe(void *user)
{
	struct fc_watcher *w = user;
	struct fc_watcher_connection *c = &w->connection;

	c->timer = NULL;
	c->looking = false;
	c->connected_meanwhile = false;
	/* A look at the id may be under way still: from before the cluster went away. */
	fc_server_probe_cancel(&c->probe);
	fc_server_probe_start(&c->probe);
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

/* While it is down, its id is read before it is up anyway. */
void fc_watcher_connected(void *user)
{
	struct fc_watcher *w = user;
	struct fc_watcher_connection *c = &w->connection;

	if (w->stopping || c->state != FC_WATCHER_UP || !c->id)
		return;
	if (c->probe.request) {
		/* Its own, or one that it does not go over. */
		c->connected_meanwhile = true;
		return;
	}
	int64_t left_ms = c->looked_ms + LOOK_PAUSE_MS - fc_clock_mono_ms();
	if (left_ms > 0)
		plan_look(w, left_ms);
	else
		look(w);
}

/* At once, as if the cluster had just been added. */
static void probe_afresh(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;

	c->down_ms = fc_clock_mono_ms();
	fc_backoff_reset(&c->backoff);
	fc_server_probe_cancel(&c->probe);
	arm(w, 0, probe);
}

/* Returns whether it is another one. */
static bool take_version(struct fc_watcher_connection *c, struct fc_server_probe *p)
{
	const char *now = p->server_version ? p->server_version : "";
	const char *before = c->probe.server_version ? c->probe.server_version : "";
	bool news = strcmp(now, before) != 0;

	free(c->probe.server_version);
	c->probe.server_version = fc_steal(&p->server_version);
	c->probe.round_trip_us = p->round_trip_us;
	return news;
}

void fc_watcher_entry_changed(struct fc_watcher *w, struct fc_server_probe *p, const char *id)
{
	struct fc_watcher_connection *c = &w->connection;

	if (c->state == FC_WATCHER_UP) {
		bool news = take_version(c, p);
		if (take_id(c, id) || news)
			emit_up(w);
		return;
	}
	if (c->elsewhere == FC_WATCHER_MISLED)
		c->elsewhere = FC_WATCHER_REPLACED;
	/* What is wrong with the new entry is another matter than what was wrong with the old one. */
	if (!c->up_ms)
		c->down_kind = FC_ERR_NONE;
	probe_afresh(w);
}

void fc_watcher_entry_back(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;

	if (c->elsewhere != FC_WATCHER_MISLED)
		return;
	c->elsewhere = FC_WATCHER_REPLACED;
	probe_afresh(w);
}

void fc_watcher_connect(struct fc_watcher *w)
{
	struct fc_watcher_connection *c = &w->connection;

	c->backoff = FC_BACKOFF_INIT(PROBE_BASE_MS, PROBE_CAP_FRESH_MS);
	c->look_pace = FC_BACKOFF_INIT(LOOK_PAUSE_MS, LOOK_CAP_MS);
	c->probe.transport = w->transport;
	c->probe.answered = answered;
	c->probe.user = w;
	arm(w, 0, probe);
}

void fc_watcher_connect_stop(struct fc_watcher *w)
{
	fc_server_probe_cancel(&w->connection.probe);
	fc_loop_timer_cancel(w->loop, &w->connection.timer);
}
