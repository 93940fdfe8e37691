/* SPDX-License-Identifier: Apache-2.0 */
/* sb_admin - the endpoint by which the sandbox is ruled while it runs: cruelties, tokens, the journal, compaction,
 * stops and restarts of each cluster. docs/sandbox.md lists the paths.
 * Owns:    its token; sites are borrowed.
 * Threads: the loop's one.
 * Fails:   with an answer: {"error": ..., "mend": ...}.
 * Source:  our own. */
#ifndef FC_SANDBOX_ADMIN_H
#define FC_SANDBOX_ADMIN_H

#include "sandbox/exchange.h"
#include "sandbox/site.h"

struct sb_admin {
	const char *token; /* who has it may do all; borrowed */
	struct sb_site **sites;
	unsigned site_count;
};

/* `user` is a struct sb_admin; for sb_service. */
void sb_admin_handle(void *user, const struct sb_request *request, struct sb_response *response);

#endif
