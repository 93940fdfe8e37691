/* SPDX-License-Identifier: Apache-2.0 */
/* sb_discovery_aggregated - all groups, versions and resources in one document.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never: whoever does not ask for it gets the other form.
 * Source:  KEP-3352; kube-client 3.1 to 3.4; apidiscovery.k8s.io/v2 and v2beta1. A real server of 1.20 has it not. */
#ifndef FC_SANDBOX_DISCOVERY_AGGREGATED_H
#define FC_SANDBOX_DISCOVERY_AGGREGATED_H

#include "sandbox/call.h"

/* Is Accept's first alternative that can be served the aggregated form? Then /api (`core`) or /apis is answered. */
bool sb_discovery_answer_aggregated(struct sb_call *call, bool core);

/* `"..."` of what the body holds, as strong ETags are; the caller frees. */
char *sb_etag(const char *bytes, size_t len);
/* Sets ETag, and makes it a 304 without a body where the client has that very one. */
void sb_answer_with_etag(struct sb_call *call, const char *etag);

#endif
