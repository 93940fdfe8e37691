/* SPDX-License-Identifier: Apache-2.0 */
/* fc_leadership - lets one process of several act: nothing is begun before it is elected, and it leaves when it may not
 * act any more.
 * Owns:    the keeper of the Lease, with its thread; borrows all else.
 * Threads: main thread; fc_leadership_must_hold, _live and _ready from any.
 * Fails:   _new and _start.
 * Source:  design section 8, --leader-elect; kube-client 9.7 to 9.12. */
#ifndef FC_LEADERSHIP_H
#define FC_LEADERSHIP_H

#include "base/buf.h"
#include "base/loop.h"
#include "clusters/cluster_set.h"
#include "kube/lease_election.h"
#include "model/metric.h"

struct fc_exec_plugins;
struct fc_leadership;

struct fc_leadership_options {
	struct fc_loop *loop;		      /* of the main thread */
	const struct fc_cluster_spec *master; /* where the Lease is; needed in _new only */
	struct fc_exec_plugins *plugins;
	struct fc_metrics *metrics;
	/* Of the Lease. Without a namespace that of the Pod, else that of the master's kubeconfig context. */
	const char *namespace_, *name;
	const char *identity; /* NULL: <hostname>_<uuid> */
	struct fc_lease_timing timing;
	/* Once, on the main thread, from the loop: begin. */
	void (*on_elected)(void *user);
	void *user;
};

/* Not begun yet; it can be asked how it is. */
struct fc_leadership *fc_leadership_new(const struct fc_leadership_options *options, struct fc_error *err)
	FC_MUST_CHECK;
int fc_leadership_start(struct fc_leadership *l, struct fc_error *err) FC_MUST_CHECK;
/* The work has ended: the Lease is given back, within the renew deadline; waits for it. NULL allowed. */
void fc_leadership_release(struct fc_leadership *l);
/* After _release, or when never started. NULL allowed. */
void fc_leadership_free(struct fc_leadership *l);

/* Before each write: where it is not certain that no other process acts, the process ends here, with exit status 1.
 * NULL: there is no election. */
void fc_leadership_must_hold(const struct fc_leadership *l);
/* From on_elected on: the access to the master by which it was elected; one more holder's, who frees it. The files may
 * have named another one since, which leads elsewhere. */
struct fc_access *fc_leadership_access(const struct fc_leadership *l);
/* The cluster set was read again; its master's entry may be another one. NULL allowed. */
void fc_leadership_renew(struct fc_leadership *l, const struct fc_cluster_spec *master);

/* A line for /livez and /readyz each: 0: well; -1: not. Who waits is ready. */
int fc_leadership_live(struct fc_leadership *l, struct fc_buf *out);
int fc_leadership_ready(struct fc_leadership *l, struct fc_buf *out);

#endif
