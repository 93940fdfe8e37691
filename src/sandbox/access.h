/* SPDX-License-Identifier: Apache-2.0 */
/* sb_access - who asks, by bearer token, and what is denied to whom.
 * Owns:    tokens and rules.
 * Threads: the loop's one.
 * Fails:   401 and 403, worded as the real server words them; rules that cannot be read are an error.
 * Source:  design section 8; RBAC's wording of denials. */
#ifndef FC_SANDBOX_ACCESS_H
#define FC_SANDBOX_ACCESS_H

#include <jansson.h>

#include "base/error.h"
#include "sandbox/call.h"

struct sb_access;
struct sb_access *sb_access_new(const char *admin_token);
void sb_access_free(struct sb_access *a);
/* {"token": "...", "user": "...", "deny": [{"verbs": ["*"], "groups": [""], "resources": ["secrets"], "namespaces":
 * [...], "names": [...]}, {"nonResourceURLs": ["/metrics"]}], "allow": [...], "revoked": false}: a further token, or
 * new rules for one that is known. Where `allow` is given, only resources that a rule of it names may be had. One that
 * is revoked is answered with 401 from now on. */
int sb_access_set(struct sb_access *a, const json_t *entry, struct fc_error *err) FC_MUST_CHECK;
/* Sets call->user; -1: 401 is answered. */
int sb_access_authenticate(struct sb_access *a, struct sb_call *call);
/* -1: 403 is answered. */
int sb_access_authorize(struct sb_access *a, struct sb_call *call);

#endif
