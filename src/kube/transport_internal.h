/* SPDX-License-Identifier: Apache-2.0 */
/* fc_transport_internal - what the parts of a transport share.
 * Owns:    see transport.h.
 * Threads: the cluster's thread.
 * Fails:   see transport.h.
 * Source:  see transport.h. */
#ifndef FC_TRANSPORT_INTERNAL_H
#define FC_TRANSPORT_INTERNAL_H

#include "kube/peer.h"
#include "kube/pool.h"
#include "kube/request.h"
#include "kube/transport.h"
#include "kube/warnings.h"

enum fc_reachable { FC_REACHABLE_UNKNOWN, FC_REACHABLE_NO, FC_REACHABLE_YES };

struct fc_transport {
	struct fc_transport_options o;
	char *cluster;
	struct fc_peer *peer; /* of new requests */
	struct fc_pool *pool;

	/* Requests whose credentials are not there yet, in the order they came. */
	struct fc_request *parked;
	unsigned round;
	struct fc_timer *look; /* at the parked ones, for other credentials have come */

	/* What the peer's was copied from; as long as these are the same and on_tls_changed was not called, so is what
	 * they point to. */
	struct fc_tls_material tls;
	/* Which signature new requests bear: another one after each 401 that told of it (1.33). */
	unsigned signature;

	struct fc_timer *news; /* an answer has begun: for on_reachable, and the end of `connected` */
	bool connected;	       /* on_connected was told, in this round of the loop */
	bool answered;	       /* on_reachable is */
	size_t in_flight;
	enum fc_reachable reachable;
	enum fc_stream_lists stream_lists;
	struct fc_warnings warnings;
};

/* --- transport.c --- */

/* Puts a signed request on a connection. On failure it stays the caller's. */
int fc_transport_put_on(struct fc_transport *t, struct fc_connection *c, struct fc_request *r, struct fc_error *err)
	FC_MUST_CHECK;
/* Ends one that libcurl never had, and frees it. */
void fc_transport_finish_unsent(struct fc_transport *t, struct fc_request *r, const struct fc_error *why);

/* --- transport_credentials.c --- */

void fc_transport_listen(struct fc_transport *t);
void fc_transport_listen_no_more(struct fc_transport *t);
/* Signs a request and puts it on a connection. 1: its credentials are not there yet, to be parked. -1 with err: it is
 * still the caller's. */
int fc_transport_set_out(struct fc_transport *t, struct fc_request *r, struct fc_error *err) FC_MUST_CHECK;
/* It waits until its credentials, its deadline or its cancellation come. */
void fc_transport_park(struct fc_transport *t, struct fc_request *r);
void fc_transport_unpark(struct fc_transport *t, struct fc_request *r);

#endif
