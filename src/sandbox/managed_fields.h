/* SPDX-License-Identifier: Apache-2.0 */
/* sb_managed_fields - who set which member: metadata.managedFields, and server-side apply.
 * Owns:    field sets belong to the caller.
 * Threads: the loop's one.
 * Fails:   apply: conflicts and what cannot be merged are answers.
 * Source:  the server-side apply page; KEP-555; FieldsV1; recorded conversations. */
#ifndef FC_SANDBOX_MANAGED_FIELDS_H
#define FC_SANDBOX_MANAGED_FIELDS_H

#include <jansson.h>

#include "sandbox/call.h"

/* After an update, a create or a patch: sets object.metadata.managedFields from those of `old` (NULL: created) and what
 * this write changed. The manager is ?fieldManager, else the User-Agent up to its first slash. What changes nothing
 * leaves the entries and their times alone. */
void sb_managed_fields_update(struct sb_call *call, const json_t *old, json_t *object);
/* Apply: merges `applied` into `old` (NULL: creates), with the managers' fields. Returns the new object with its
 * managedFields, the caller's; NULL: the answer is written (409 with FieldManagerConflict causes, 400, 422). */
json_t *sb_apply(struct sb_call *call, const json_t *old, const json_t *applied);

#endif
