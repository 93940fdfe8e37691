/* SPDX-License-Identifier: Apache-2.0 */
/* sb_api - a cluster's answer to a request: routing to the verbs, discovery, health, metrics.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never: whatever cannot be served is an answer.
 * Source:  paths of kube-apiserver. */
#ifndef FC_SANDBOX_API_H
#define FC_SANDBOX_API_H

#include "sandbox/cluster.h"
#include "sandbox/exchange.h"

/* Fills `response` (SB_RESPONSE_INIT before; fini by the caller). A watch in it is to be started. */
void sb_api_handle(struct sb_cluster *c, const struct sb_request *request, struct sb_response *response);

#endif
