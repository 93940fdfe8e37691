/* SPDX-License-Identifier: Apache-2.0 */
/* fc_lease_keeper - takes part in the election of the one process that acts: a thread that holds a Lease, or waits for
 * it.
 * Owns:    its thread, loop, client, election, the Events about it; borrows plug-ins and metrics.
 * Threads: _new, _start, _release, _free from the main thread; all else from any; the callbacks come on its own thread.
 * Fails:   _new and _start (an access that cannot be used, no descriptors, no thread). What fails later is tried again.
 * Source:  kube-client 9.1 to 9.12, 11.5. What it guards is safe only if it asks fc_lease_keeper_may_act before each
 * write and leaves the process in on_lost: a process that slept does not know that it did (9.10). */
#ifndef FC_LEASE_KEEPER_H
#define FC_LEASE_KEEPER_H

#include <stdbool.h>

#include "kube/kubeconfig.h"
#include "kube/lease_election.h"
#include "model/metric.h"

/* How much longer than its lease a leader may be without a renewal before it counts as hung (9.12). */
#define FC_LEASE_TOLERANCE_MS 20000

struct fc_exec_plugins;
struct fc_lease_keeper;

struct fc_lease_keeper_options {
	const char *cluster;		 /* its name, for logs; copied, like the next ones */
	struct fc_access *access;	 /* taken over, also by a call that fails */
	struct fc_exec_plugins *plugins; /* NULL where no access names one */
	const char *namespace_, *name;	 /* of the Lease; the name is the metrics' label too */
	const char *identity;		 /* NULL: fc_lease_identity makes one */
	struct fc_lease_timing timing;	 /* has passed the check */
	struct fc_metrics *metrics;	 /* may be NULL */
	void (*on_elected)(void *user);
	/* It may not act any more, and another one may do so already: leave the process, at once (9.7). Where it
	 * returns all the same, the thread ends. */
	void (*on_lost)(void *user, const char *why);
	void *user;
};

struct fc_lease_keeper *fc_lease_keeper_new(const struct fc_lease_keeper_options *options, struct fc_error *err)
	FC_MUST_CHECK;
/* Signals should be blocked, since the thread inherits the mask. */
int fc_lease_keeper_start(struct fc_lease_keeper *k, struct fc_error *err) FC_MUST_CHECK;
/* What is guarded has ended: gives the Lease back, if it is held, within the deadline, and ends the thread. Waits for
 * it. One that was never started is passed over. */
void fc_lease_keeper_release(struct fc_lease_keeper *k);
/* After _release, or when never started. NULL allowed. */
void fc_lease_keeper_free(struct fc_lease_keeper *k);

/* Is it certain, at this moment, that no other one acts? Costs a look at a clock. */
bool fc_lease_keeper_may_act(const struct fc_lease_keeper *k);
/* That by which it has got the Lease; one more holder's, who frees it. From inside on_elected only. */
struct fc_access *fc_lease_keeper_access(const struct fc_lease_keeper *k);
/* The cluster's entry has changed. Takes over the access, which is tried beside the old one. */
void fc_lease_keeper_renew(struct fc_lease_keeper *k, struct fc_access *access);

#define FC_LEASE_HOLDER_BYTES 256
struct fc_lease_status {
	bool leading;
	bool looked;	       /* the Lease was seen, or seen to be missing */
	bool hung;	       /* it leads by its own words and has not renewed for far too long: the thread is stuck */
	struct fc_error error; /* of the last attempt; FC_ERR_NONE: it went well */
	char holder[FC_LEASE_HOLDER_BYTES]; /* as last seen; "": nobody */
};
void fc_lease_keeper_status(struct fc_lease_keeper *k, struct fc_lease_status *out);

/* <hostname>_<uuid>: another one with each call (9.9); the caller frees. */
char *fc_lease_identity(void);

#endif
