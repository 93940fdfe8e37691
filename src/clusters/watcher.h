/* SPDX-License-Identifier: Apache-2.0 */
/* fc_watcher - the thread of one cluster: executes the engine's actions there and posts what it sees.
 * Owns:    its thread, loop, access, transport, credentials, informers, requests in flight.
 * Threads: _new, _start, _stop, _join, _free from the main thread; _post, _renew, _rename from any; the sink is called
 *          on its thread.
 * Fails:   _new and _start (no thread, no descriptors). A cluster that is slow, hung or dead stalls only this thread.
 * Source:  design section 4; kube-client 2.6. */
#ifndef FC_WATCHER_H
#define FC_WATCHER_H

#include "base/error.h"
#include "kube/kubeconfig.h"
#include "model/action.h"
#include "model/event.h"
#include "model/metric.h"

#include <stdbool.h>

struct fc_exec_plugins;
struct fc_watcher;

struct fc_watcher_options {
	const char *name;	  /* of the cluster; copied */
	struct fc_access *access; /* taken over, also by a call that fails */
	/* It is known to lead to the cluster that is meant, by who leads: no other one takes its place before it has
	 * come through and the two can be compared. */
	bool proven;
	fc_cluster_no number;
	struct fc_exec_plugins *plugins; /* borrowed; NULL where no access names one */
	const char *const
		*annotation_prefixes; /* of the dialects, NULL-terminated: what metadata watches let through */
	struct fc_metrics *metrics;
	uint64_t seed;
	/* Takes over the event; may wait while the engine is behind, and so slow this cluster down. */
	void (*sink)(void *user, struct fc_event *event);
	/* Called on its thread before a write, or an Event, is sent; where nothing may be sent any more it does not
	 * return. NULL: it always may. */
	void (*before_write)(void *user);
	void *user;
};

/* What it posts beside the answers to actions: CLUSTER_UP when the cluster answers (again, and once more if its id
 * becomes readable later); CLUSTER_DOWN once when it does not, and again when the reason becomes, or ceases to be,
 * TLS or credentials. RESOLVED bears the action's `request`. Credentials and transport are made here, and used on the
 * thread only. */
struct fc_watcher *fc_watcher_new(const struct fc_watcher_options *options, struct fc_error *err) FC_MUST_CHECK;
/* The thread begins to connect at once. Signals should be blocked, since it inherits the mask. */
int fc_watcher_start(struct fc_watcher *w, struct fc_error *err) FC_MUST_CHECK;

/* Takes over the action, which must be for this cluster. After _stop it is freed unexecuted. */
void fc_watcher_post(struct fc_watcher *w, struct fc_action *action);

/* The cluster's entry has changed: another address, other credentials, another CA. Takes over `access`. A new client is
 * tried beside the old one, which goes on; once it has reached the cluster of the same id, it takes the old one's
 * place, and nothing is missed (design section 8). One that reaches another cluster is never used: the cluster is down,
 * with why. The last call counts. Any thread. */
void fc_watcher_renew(struct fc_watcher *w, struct fc_access *access);
/* From now on logs and metrics bear this name; those of the old one go. Any thread. */
void fc_watcher_rename(struct fc_watcher *w, const char *name);

/* Stops taking actions and events, lets writes in flight finish for at most `grace_ms`, then ends the thread. Does
 * not wait. */
void fc_watcher_stop(struct fc_watcher *w, int64_t grace_ms);
/* Has the thread ended, after _stop? _join will not wait then. */
bool fc_watcher_has_ended(const struct fc_watcher *w);
/* Waits for the thread's end, after _stop. One that was never started is passed over. */
void fc_watcher_join(struct fc_watcher *w);
/* After _join, or when never started. */
void fc_watcher_free(struct fc_watcher *w);

#endif
