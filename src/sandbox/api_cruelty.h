/* SPDX-License-Identifier: Apache-2.0 */
/* sb_api_cruelty - answers that the API gives on purpose in place of the right one, as the cluster's rules say.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  cruelty.h. */
#ifndef FC_SANDBOX_API_CRUELTY_H
#define FC_SANDBOX_API_CRUELTY_H

#include "sandbox/call.h"

/* Before the request is executed: token refused, throttled, 500, 502, 503, a group whose discovery is broken, 409 to a
 * write, 410 to a continue token. True: answered, nothing is executed. */
bool sb_api_cruelty_before(struct sb_call *call);
/* Does the discovery of that group fail now? */
bool sb_api_cruelty_breaks_group(const struct sb_call *call, const char *group);
/* Is a watch that goes on from a version told that this is too old? */
bool sb_api_cruelty_ends_watch(const struct sb_call *call);
/* What is about to be stored, defaulted and pruned as `mutate` says; of a create, an update or a patch. */
void sb_api_cruelty_mutate(struct sb_call *call, json_t *object);
/* After it was executed: a write that happened is answered with 504. */
void sb_api_cruelty_after(struct sb_call *call);

#endif
