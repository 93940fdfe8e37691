/* SPDX-License-Identifier: Apache-2.0 */
/* fc_watcher - the thread of one cluster: executes the engine's actions there and posts what it sees.
 * Owns:    its thread, loop, transport, credentials, informers, requests in flight. Borrows the cluster's
 *          description.
 * Threads: _new, _start, _stop, _join, _free from the main thread; _post from any; the sink is called on its thread.
 * Fails:   _new and _start (no thread, no descriptors). A cluster that is slow, hung or dead stalls only this thread.
 * Source:  design section 4; kube-client 2.6. */
#ifndef FC_WATCHER_H
#define FC_WATCHER_H

#include "base/error.h"
#include "clusters/cluster_set.h"
#include "model/action.h"
#include "model/event.h"
#include "model/metric.h"

struct fc_watcher;

struct fc_watcher_options {
	const struct fc_cluster_spec *cluster;
	fc_cluster_no number;
	const char *const
		*annotation_prefixes; /* of the dialects, NULL-terminated: what metadata watches let through */
	struct fc_metrics *metrics;
	uint64_t seed;
	/* Takes over the event; may wait while the engine is behind, and so slow this cluster down. */
	void (*sink)(void *user, struct fc_event *event);
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

/* Stops taking actions and events, lets writes in flight finish for at most `grace_ms`, then ends the thread. Does
 * not wait. */
void fc_watcher_stop(struct fc_watcher *w, int64_t grace_ms);
/* Waits for the thread's end, after _stop. One that was never started is passed over. */
void fc_watcher_join(struct fc_watcher *w);
/* After _join, or when never started. */
void fc_watcher_free(struct fc_watcher *w);

#endif
