/* SPDX-License-Identifier: Apache-2.0 */
/* fc_pool - the connections of a transport: which one the next request goes on, which ones are on their way out.
 * Owns:    the connections.
 * Threads: the cluster's thread.
 * Fails:   _get, when a connection cannot be made.
 * Source:  kube-client 1.25, 1.34, 2.2, 2.6; design section 4: at most 80 watches on one, a further one beyond; the
 *          first carries what is no watch. */
#ifndef FC_POOL_H
#define FC_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube/connection.h"

struct fc_pool;

/* What each connection is made with, all but its peer. */
struct fc_pool *fc_pool_new(const struct fc_connection_options *options);
/* Frees what is still on them, without calling back. NULL allowed. */
void fc_pool_free(struct fc_pool *p);

/* Has the connection that the next such request goes on a socket? */
bool fc_pool_is_open(const struct fc_pool *p, bool watch);
/* That connection; where there is none with room, a new one to `peer`. */
struct fc_connection *fc_pool_get(struct fc_pool *p, bool watch, struct fc_peer *peer, struct fc_error *err)
	FC_MUST_CHECK;

/* No new request gets onto `c`, which has been or is being given up; it is freed from the loop. */
void fc_pool_retire(struct fc_pool *p, struct fc_connection *c);
/* No new request gets onto any of those there are. Their watches end with FC_ERR_CANCELLED, from the loop; other
 * requests finish there, and each closes when it is idle. */
void fc_pool_drain(struct fc_pool *p);
/* A request has ended: what is left without one is closed, from the loop. */
void fc_pool_tidy(struct fc_pool *p);

size_t fc_pool_count(const struct fc_pool *p); /* those on their way out included */
/* When the last byte came on one that takes requests, monotonic; 0: never. */
int64_t fc_pool_heard_us(const struct fc_pool *p);

#endif
