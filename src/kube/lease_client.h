/* SPDX-License-Identifier: Apache-2.0 */
/* fc_lease_client - the requests on one Lease, over a connection of their own.
 * Owns:    its client, and a second one while another access is tried; one request at a time.
 * Threads: the one that runs the loop.
 * Fails:   _new, for an access that cannot be used; all else is the answer.
 * Source:  kube-client 9.2 (how long a request may take), 9.11 (nothing else goes over this connection but Events about
 *          the Lease, so that no flood of writes can hold a renewal up). */
#ifndef FC_LEASE_CLIENT_H
#define FC_LEASE_CLIENT_H

#include "base/loop.h"
#include "kube/kubeconfig.h"
#include "kube/lease_election.h"
#include "kube/transport.h"

struct fc_exec_plugins;
struct fc_lease_client;

struct fc_lease_client_options {
	struct fc_loop *loop;
	const char *cluster;		 /* its name, for logs; borrowed, like the next ones */
	struct fc_access *access;	 /* taken over, also by a call that fails */
	struct fc_exec_plugins *plugins; /* NULL where no access names one */
	const char *namespace_, *name;	 /* of the Lease */
	int64_t timeout_ms;		 /* of each request */
	/* The Lease of the answer (borrowed; it has passed fc_lease_check), or NULL with why. Never from inside _send.
	 */
	void (*on_done)(void *user, json_t *lease, const struct fc_error *why);
	/* _transport is another one from now on; the old one goes when this returns. */
	void (*on_moved)(void *user);
	void *user;
};

struct fc_lease_client *fc_lease_client_new(const struct fc_lease_client_options *options, struct fc_error *err)
	FC_MUST_CHECK;
/* A request under way is cancelled. Not from inside a callback. NULL allowed. */
void fc_lease_client_free(struct fc_lease_client *c);

/* Sends what is ordered: FC_LEASE_GET, _CREATE, _UPDATE; takes over its Lease. */
void fc_lease_client_send(struct fc_lease_client *c, const struct fc_lease_order *order);
/* Takes over `access`: each request goes there first from now on, and where that brings no good answer, to the old one.
 * With the first good answer the old one goes. So an entry that is not good yet costs no leader its Lease; nor does one
 * that leads to another cluster make a second leader: once a Lease was seen, only that object's answers are good. */
void fc_lease_client_renew(struct fc_lease_client *c, struct fc_access *access);

/* The one that is used; one more holder's, who frees it. */
struct fc_access *fc_lease_client_access(const struct fc_lease_client *c);
/* For Events about the Lease; borrowed until on_moved. */
struct fc_transport *fc_lease_client_transport(const struct fc_lease_client *c);

#endif
