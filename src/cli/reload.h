/* SPDX-License-Identifier: Apache-2.0 */
/* fc_reload - keeps the fleet as the cluster set's files say: reads them again when they change.
 * Owns:    the watch over the files, its timers.
 * Threads: main thread: its loop.
 * Fails:   never: a set that cannot be read, or is refused, changes nothing; the log says why, once.
 * Source:  design section 8; kube-client 12.1, 12.5. */
#ifndef FC_RELOAD_H
#define FC_RELOAD_H

#include "base/loop.h"
#include "clusters/fleet.h"

struct fc_reload;

struct fc_reload_options {
	struct fc_loop *loop;
	struct fc_cluster_set_options set; /* as the first set was loaded; `files` and `again` are its own affair */
	const struct fc_cluster_set_files *files; /* that the first set was read from; needed in _new only */
	struct fc_fleet *fleet;		    /* NULL: nothing is watched yet, all that a set is good for is on_set */
	const char *master;		    /* without a fleet: the master's name in the first set; copied */
	struct fc_permissions *permissions; /* of the first set; a reference of its own is taken */
	/* The set permits something else: called after its clusters were made so. Borrows; may be NULL */
	void (*on_permissions)(void *user, struct fc_permissions *permissions);
	/* Every set that was taken, after the fleet has gone over to it; takes it over. NULL: nobody wants it */
	void (*on_set)(void *user, struct fc_cluster_set *set);
	void *user;
	struct fc_metrics *metrics;
};

/* The set was loaded and the fleet, if there is one, started; never NULL. What the options point to is borrowed. */
struct fc_reload *fc_reload_new(const struct fc_reload_options *options);
/* Before the fleet is stopped. NULL allowed. */
void fc_reload_free(struct fc_reload *r);

/* Reads the files now, changed or not. */
void fc_reload_now(struct fc_reload *r);

#endif
