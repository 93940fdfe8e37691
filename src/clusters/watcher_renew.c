/* SPDX-License-Identifier: Apache-2.0 */
/* What may change about a cluster while it is watched: its entry (address, credentials, CA) and its name. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"

#include <inttypes.h>
#include <string.h>
#include <utlist.h>

#define TRIAL_BASE_MS 400
#define TRIAL_CAP_MS 5000

/* A request that was sent before the change reads trust and key of the old entry in place. A watch is the longest: 300
 * s and 30 s of grace (informer_watch.c). */
#define RETIRED_MS 360000

/* A client of its own, made from the new entry, beside the one at work. */
struct fc_watcher_trial {
	struct fc_watcher *w;
	struct fc_access *access;
	struct fc_credentials *credentials;
	struct fc_transport *transport;
	struct fc_server_probe probe;
	struct fc_timer *timer; /* of the next attempt, or of taking the old one's place */
	struct fc_backoff backoff;
	int64_t since_ms;
	uint32_t told; /* a bit per class of failure that was logged */
	char *id;      /* of the cluster that it has reached; NULL: may not be read */
};

/* What an earlier client was made from. */
struct fc_watcher_retired {
	struct fc_watcher *w;
	struct fc_access *access;
	struct fc_credentials *credentials;
	struct fc_timer *timer;
	struct fc_watcher_retired *next;
};

_Static_assert(FC_ERR_CLASSES <= 32, "a bit of `told` for each class");

static void attempt(void *user);

/* --- the client on trial --- */

static void drop_client(struct fc_watcher_trial *t)
{
	fc_server_probe_cancel(&t->probe);
	fc_transport_free(fc_steal(&t->transport));
	fc_credentials_free(fc_steal(&t->credentials));
}

/* Not from inside a callback of its transport. */
static void end_trial(struct fc_watcher *w)
{
	struct fc_watcher_trial *t = fc_steal(&w->trial);

	if (!t)
		return;
	fc_loop_timer_cancel(w->loop, &t->timer);
	fc_server_probe_fini(&t->probe);
	drop_client(t);
	fc_access_free(t->access);
	free(t->id);
	free(t);
}

static int make_client(struct fc_watcher_trial *t, struct fc_error *err)
{
	struct fc_watcher *w = t->w;

	t->credentials = fc_credentials_new(
		&(struct fc_credentials_options){ .access = t->access, .loop = w->loop, .plugins = w->o.plugins }, err);
	if (!t->credentials)
		return -1;
	/* Without metrics: the gauge of requests in flight is the other one's. */
	t->transport = fc_transport_new(
		&(struct fc_transport_options){
			.loop = w->loop, .access = t->access, .credentials = t->credentials, .cluster = w->name },
		err);
	t->probe.transport = t->transport;
	if (t->transport)
		return 0;
	drop_client(t);
	return -1;
}

static void try_again(struct fc_watcher_trial *t, const struct fc_error *why)
{
	t->timer = fc_loop_timer(t->w->loop, fc_watcher_probe_delay(t->w, &t->backoff, t->since_ms, why), attempt, t);
}

static void failed(struct fc_watcher_trial *t, const struct fc_error *why)
{
	const struct fc_watcher *w = t->w;
	uint32_t bit = UINT32_C(1) << why->cls;

	if (!(t->told & bit))
		fc_log(FC_LOG_WARN,
		       w->connection.elsewhere == FC_WATCHER_MISLED
			       ? "the cluster's new entry does not work yet"
			       : "the cluster's new entry does not work yet, going on with the old one",
		       FC_KV("cluster", w->name), FC_KV("server", t->access->server), FC_KV("reason", why->text));
	t->told |= bit;
	try_again(t, why);
}

/* --- its success --- */

static void forget_retired(struct fc_watcher_retired *r)
{
	LL_DELETE(r->w->retired, r);
	fc_credentials_free(r->credentials);
	fc_access_free(r->access);
	free(r);
}

static void retired_for_good(void *user)
{
	struct fc_watcher_retired *r = user;

	r->timer = NULL;
	forget_retired(r);
}

static void retire(struct fc_watcher *w)
{
	struct fc_watcher_retired *r = fc_xcalloc(1, sizeof(*r));

	r->w = w;
	r->access = fc_steal(&w->access);
	r->credentials = fc_steal(&w->credentials);
	r->timer = fc_loop_timer(w->loop, RETIRED_MS, retired_for_good, r);
	LL_PREPEND(w->retired, r);
}

/* The transport that was on trial goes before the other one takes the credentials over: each tells them who listens. */
static int replace_client(struct fc_watcher_trial *t, struct fc_error *err)
{
	struct fc_watcher *w = t->w;

	fc_transport_free(fc_steal(&t->transport));
	if (fc_transport_renew(w->transport, t->access, t->credentials, err) < 0) {
		drop_client(t);
		return -1;
	}
	retire(w);
	w->access = fc_steal(&t->access);
	w->credentials = fc_steal(&t->credentials);
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whoever leads the way may lead to another server under the same address, and a cluster that was built anew at the
 * address of an older one has another CA. */
static bool may_lead_elsewhere(const struct fc_access *a, const struct fc_access *b)
{
	return !same_text(a->server, b->server) || !same_text(a->proxy_url, b->proxy_url) ||
	       !same_text(a->tls_server_name, b->tls_server_name) || !same_text(a->ca_file, b->ca_file) ||
	       !same_text(a->ca_pem, b->ca_pem);
}

static void take_place(void *user)
{
	struct fc_watcher_trial *t = user;
	struct fc_watcher *w = t->w;
	struct fc_error err = FC_ERROR_INIT;
	bool moved = may_lead_elsewhere(w->access, t->access);
	bool surely_the_same = w->connection.id && t->id;

	t->timer = NULL;
	if (replace_client(t, &err) < 0) {
		failed(t, &err);
		return;
	}
	fc_log(FC_LOG_INFO, "cluster's entry renewed", FC_KV("cluster", w->name), FC_KV("server", w->access->server));
	fc_watcher_entry_changed(w, &t->probe, t->id);
	if (moved && !surely_the_same) {
		fc_watcher_hold_drop(w);
		fc_watcher_watch_relist_all(w);
		fc_watcher_resolve_up(w, true); /* its types too */
	}
	end_trial(w);
}

static void answered(void *user, const struct fc_server_answer *answer)
{
	struct fc_watcher_trial *t = user;
	struct fc_watcher *w = t->w;
	struct fc_error err = FC_ERROR_INIT;

	if (fc_watcher_judge(w, answer, &err) == 0) {
		t->id = fc_xstrdup_null(answer->id);
		/* From the loop: its transport, whose callback this is, goes. */
		t->timer = fc_loop_timer(w->loop, 0, take_place, t);
	} else if (!answer->error && answer->id) {
		fc_watcher_sever(w, FC_WATCHER_MISLED, &err);
		try_again(t, &err);
	} else {
		failed(t, &err);
	}
}

static void attempt(void *user)
{
	struct fc_watcher_trial *t = user;
	struct fc_error err = FC_ERROR_INIT;

	t->timer = NULL;
	if (!t->transport && make_client(t, &err) < 0)
		failed(t, &err);
	else if (!t->w->connection.up_ms && t->w->o.proven)
		t->timer = fc_loop_timer(t->w->loop, TRIAL_BASE_MS, attempt, t);
	else if (!t->w->connection.up_ms)
		/* The old one never came through: nothing to go on with, and what is wrong with it is of no interest.
		 */
		take_place(t);
	else
		fc_server_probe_start(&t->probe);
}

static void begin_trial(struct fc_watcher *w, struct fc_access *access)
{
	struct fc_watcher_trial *t = fc_xcalloc(1, sizeof(*t));

	t->w = w;
	t->access = access;
	t->backoff = FC_BACKOFF_INIT(TRIAL_BASE_MS, TRIAL_CAP_MS);
	t->since_ms = fc_clock_mono_ms();
	t->probe.answered = answered;
	t->probe.user = t;
	w->trial = t;
	attempt(t);
}

/* --- what was handed over --- */

static void take_access(struct fc_watcher *w, struct fc_access *access)
{
	end_trial(w);
	if (!fc_access_same(access, w->access)) {
		begin_trial(w, access);
		return;
	}
	fc_access_free(access);
	fc_watcher_entry_back(w);
}

static void take_name(struct fc_watcher *w, char *name)
{
	char *old = w->name;

	if (strcmp(old, name) == 0) {
		free(name);
		return;
	}
	fc_log(FC_LOG_DEBUG, "cluster renamed", FC_KV("cluster", name), FC_KV("before", old));
	w->name = name;
	fc_transport_set_cluster(w->transport, name);
	if (w->trial && w->trial->transport)
		fc_transport_set_cluster(w->trial->transport, name);
	fc_metrics_forget(w->o.metrics, "cluster", old);
	fc_watcher_set_up_metric(w);
	free(old);
}

void fc_watcher_take_orders(struct fc_watcher *w)
{
	char *name = atomic_exchange(&w->new_name, NULL);

	/* At the end too: what was measured under the old one would stay for ever. */
	if (name)
		take_name(w, name);
	if (atomic_load(&w->stop_asked))
		return;
	struct fc_access *access = atomic_exchange(&w->new_access, NULL);
	if (access)
		take_access(w, access);
}

void fc_watcher_renew_stop(struct fc_watcher *w)
{
	end_trial(w);
}

void fc_watcher_renew_fini(struct fc_watcher *w)
{
	while (w->retired) {
		fc_loop_timer_cancel(w->loop, &w->retired->timer);
		forget_retired(w->retired);
	}
}
