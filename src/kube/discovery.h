/* SPDX-License-Identifier: Apache-2.0 */
/* fc_discovery - which resources an API server serves: by two aggregated documents, or by many legacy ones.
 * Owns:    its requests while it runs; the table goes to the caller.
 * Threads: the cluster's thread.
 * Fails:   when /api or /apis cannot be read (404 of one of them is tolerated: it then offers nothing), because
 *          without them nobody knows what is missing; one broken group-version is noted in the table and hides no
 *          other (kube-client 3.6). One that answers 404 holds nothing.
 * Source:  kube-client 3.1 to 3.7: /api and /apis, which servers from 1.26 on answer with all that there is; else
 *          then every group-version in parallel. */
#ifndef FC_DISCOVERY_H
#define FC_DISCOVERY_H

#include "kube/transport.h"
#include "model/resource.h"

struct fc_discovery;

/* Everything failed that has not answered by then (kube-client 3.6). */
#define FC_DISCOVERY_TIMEOUT_MS 32000

/* Calls `done` exactly once unless cancelled, with a table (now the caller's) or an error; the handle is gone then.
 * Never from inside this call. */
struct fc_discovery *fc_discovery_start(struct fc_transport *t,
					void (*done)(void *user, struct fc_resource_table *table,
						     const struct fc_error *err),
					void *user);
/* The same, of the groups only that `wanted` names; the core group is "", and /api is not read where that is not
 * wanted. For looking again for what is not served, at the price of what could matter: one request, or where documents
 * are legacy one for each version of these groups too. `wanted` is called before `done`; its answer must stay the same
 * until then. */
struct fc_discovery *fc_discovery_start_some(struct fc_transport *t, bool (*wanted)(void *user, const char *group),
					     void (*done)(void *user, struct fc_resource_table *table,
							  const struct fc_error *err),
					     void *user);
void fc_discovery_cancel(struct fc_discovery *d); /* NULL allowed */

/* The documents, for tests: enters an APIResourceList's resources into `t`. */
int fc_discovery_read_resources(struct fc_resource_table *t, const char *group, const char *version, const char *body,
				size_t len, struct fc_error *err) FC_MUST_CHECK;

#endif
