/* SPDX-License-Identifier: Apache-2.0 */
/* fc_watcher_connection - is the cluster there, which one is it, and what is kept back until that is known?
 * Owns:    requests and timers of its probes, the held events, the client of a new entry while it is on trial.
 * Threads: as watcher_internal.h.
 * Fails:   what goes wrong is CLUSTER_DOWN, or is logged and tried again.
 * Source:  design section 8, end of the cluster set file: what changes about a cluster, and its id. */
#ifndef FC_WATCHER_CONNECTION_H
#define FC_WATCHER_CONNECTION_H

#include "base/loop.h"
#include "clusters/server_probe.h"
#include "clusters/watcher.h"
#include "kube/backoff.h"
#include "kube/transport.h"

#include <stdbool.h>

enum fc_watcher_state {
	FC_WATCHER_CONNECTING, /* no outcome yet */
	FC_WATCHER_UP,	       /* CLUSTER_UP was posted */
	FC_WATCHER_DOWN,       /* CLUSTER_DOWN was posted; it is probed until it answers */
};

/* Does the name lead to another cluster than the one that was known by it? Then nothing is read or written there. */
enum fc_watcher_elsewhere {
	FC_WATCHER_HERE,     /* no */
	FC_WATCHER_REPLACED, /* another id answered: asked again and again until the known one does */
	FC_WATCHER_MISLED,   /* the new entry leads there: the old client rests until a newer entry leads back */
};

/* watcher_connect.c: is the cluster there, and is it the one that was known by this name? */
struct fc_watcher_connection {
	enum fc_watcher_state state;
	enum fc_watcher_elsewhere elsewhere;
	struct fc_server_probe probe;
	bool looking;		/* the probe under way is a look at the id of a cluster that is up */
	struct fc_timer *timer; /* of the next probe, or of the next look at the id */
	int64_t look_due_ms;	/* when that look is due */
	int64_t looked_ms;	/* when the id was read last */
	bool connected_meanwhile;
	struct fc_backoff look_pace;
	struct fc_backoff backoff;
	int64_t down_ms;       /* when the present outage, or the first of a row of them, was noticed */
	int64_t up_ms;	       /* when it came up last; 0: never */
	int64_t up_hurried_ms; /* see HURRY_MS; 0: never */
	int64_t probe_hurried_ms;
	unsigned probes_failed;	       /* in the present outage */
	enum fc_error_class down_kind; /* of what CLUSTER_DOWN said */
	struct fc_error why;	       /* it is down */
	unsigned id_looks;	       /* at an id that may not be read, since it came up */
	char *id;		       /* the known one; NULL: none yet */
};

/* watcher_hold.c: what was seen and may be another cluster's. */
struct fc_watcher_held {
	bool doubt; /* who answers is being asked: nothing is told or begun before that is known */
	struct fc_event **events;
	size_t count, cap;
};

/* --- watcher_connect.c --- */

void fc_watcher_connect(struct fc_watcher *w);
void fc_watcher_connect_stop(struct fc_watcher *w);
/* The transport's on_reachable and on_connected. */
void fc_watcher_reachable(void *user, bool reachable, const struct fc_error *why);
void fc_watcher_connected(void *user);

/* Which cluster answered? With err, it cannot be used: FC_ERR_CONFIG where it is another one. */
int fc_watcher_judge(const struct fc_watcher *w, const struct fc_server_answer *answer, struct fc_error *err)
	FC_MUST_CHECK;
/* When to ask again after a failure; `since_ms`: of the first one. */
int64_t fc_watcher_probe_delay(struct fc_watcher *w, struct fc_backoff *backoff, int64_t since_ms,
			       const struct fc_error *why);
/* The cluster is down because its name leads to another one, as `why` says: nothing is read or written any more. */
void fc_watcher_sever(struct fc_watcher *w, enum fc_watcher_elsewhere how, const struct fc_error *why);
/* The transport leads to the server of another entry, which the probe `p` (NULL: none was made) has reached and which
 * may be the cluster of `id` (NULL: it may not be read). */
void fc_watcher_entry_changed(struct fc_watcher *w, struct fc_server_probe *p, const char *id);
/* The entry is the old one again. */
void fc_watcher_entry_back(struct fc_watcher *w);
/* Under the present name. */
void fc_watcher_set_up_metric(struct fc_watcher *w);

/* --- watcher_hold.c --- */

/* From now on, nothing is told but that the cluster is up or down. */
void fc_watcher_hold(struct fc_watcher *w);
/* Takes the event over where it is to be kept back. */
bool fc_watcher_hold_takes(struct fc_watcher *w, struct fc_event *event);
/* The cluster is the known one: all is told. */
void fc_watcher_hold_confirm(struct fc_watcher *w);
/* Who answered stays unknown for a while: what watches saw stays held, requests are taken for lost. */
void fc_watcher_hold_unsure(struct fc_watcher *w);
/* It is another cluster, or the thread ends: what watches saw is dropped, requests are taken for lost. */
void fc_watcher_hold_drop(struct fc_watcher *w);
void fc_watcher_hold_fini(struct fc_watcher *w);

/* --- watcher_renew.c --- */

/* What other threads have handed over. */
void fc_watcher_take_orders(struct fc_watcher *w);
void fc_watcher_renew_stop(struct fc_watcher *w);
/* When the transport is gone. */
void fc_watcher_renew_fini(struct fc_watcher *w);

#endif
