/* SPDX-License-Identifier: Apache-2.0 */
/* sb_discovery - what the server says of itself: /api, /apis, their groups and versions, aggregated discovery,
 * /openapi/v2 (JSON and protobuf) and /openapi/v3.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   -1, the answer is written.
 * Source:  kube-client section 3; KEP-3352 (aggregated discovery); KEP-2896 (OpenAPI v3); the gnostic OpenAPIv2
 * message. */
#ifndef FC_SANDBOX_DISCOVERY_H
#define FC_SANDBOX_DISCOVERY_H

#include "sandbox/call.h"

int sb_handle_discovery(struct sb_call *call); /* /api, /apis, /api/v1, /apis/G, /apis/G/V */
int sb_handle_openapi(struct sb_call *call);   /* /openapi/v2, /openapi/v3, /openapi/v3/... */

#endif
