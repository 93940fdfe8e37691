/* SPDX-License-Identifier: Apache-2.0 */
/* fc_fleet - the watchers of all clusters of the set, while clusters come, go and change.
 * Owns:    the watchers, and of each cluster its description and access. A number is never used twice.
 * Threads: fc_fleet_post from any; all else from the main thread. The sink is called on the watchers' threads, and on
 *          the main thread within fc_fleet_apply.
 * Fails:   _new, _start, _apply: no thread, no descriptors, another master.
 * Source:  design section 8: what happens when the cluster set file or a kubeconfig changes. */
#ifndef FC_FLEET_H
#define FC_FLEET_H

#include "clusters/cluster_set.h"
#include "clusters/watcher.h"

struct fc_fleet;

/* All borrowed; they outlive the fleet. */
struct fc_fleet_options {
	struct fc_exec_plugins *plugins;
	const char *const *annotation_prefixes;
	struct fc_metrics *metrics;
	uint64_t seed;
	int64_t grace_ms;   /* for so long a cluster that is left may finish its writes in flight */
	bool master_proven; /* `proven` of the master's watcher in the first set */
	/* As that of a watcher. Gets CLUSTER_ADDED, _REMOVED and _CHANGED besides: _ADDED comes before anything else of
	 * that cluster. */
	void (*sink)(void *user, struct fc_event *event);
	/* As that of a watcher; may be NULL. */
	void (*before_write)(void *user);
	void *user;
};

/* With a watcher for each cluster of `set`, numbered by its place there, none started. Nothing is posted of their being
 * added: whoever made the set knows them. */
struct fc_fleet *fc_fleet_new(const struct fc_fleet_options *options, const struct fc_cluster_set *set,
			      struct fc_error *err) FC_MUST_CHECK;
int fc_fleet_start(struct fc_fleet *f, struct fc_error *err) FC_MUST_CHECK;

/* Takes over the action and gives it to its cluster; of a cluster that is there no more it is freed unexecuted. */
void fc_fleet_post(struct fc_fleet *f, struct fc_action *action);

/* Goes over to the clusters of `next`, while the others go on untouched: returns how many changes that took. -1: the
 * set is refused and nothing has changed; or, for want of threads, some that are new were left out. */
int fc_fleet_apply(struct fc_fleet *f, const struct fc_cluster_set *next, struct fc_error *err) FC_MUST_CHECK;
/* Lets go of clusters that were left and whose threads have ended: how many have not yet. Does not wait. */
size_t fc_fleet_reap(struct fc_fleet *f);

/* Every watcher is told to stop within the grace period; does not wait. */
void fc_fleet_stop(struct fc_fleet *f);
/* Waits for their ends, after _stop. */
void fc_fleet_join(struct fc_fleet *f);
/* After _join, or when never started. NULL allowed. */
void fc_fleet_free(struct fc_fleet *f);

#endif
