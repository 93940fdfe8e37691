/* SPDX-License-Identifier: Apache-2.0 */
/* sb_managed_fields_parts - what managed_fields.c and apply.c share, and nobody else sees.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  managed_fields.h. */
#ifndef FC_SANDBOX_MANAGED_FIELDS_PARTS_H
#define FC_SANDBOX_MANAGED_FIELDS_PARTS_H

#include "sandbox/call.h"
#include "sandbox/field_walk.h"
#include "sandbox/managers.h"

/* Takes out of a set what nobody manages: apiVersion, kind, identity, what the server sets. */
void sb_managed_fields_strip(json_t *set);
/* An object of the type before anybody has written into it; the caller's. */
json_t *sb_managed_fields_ground(const struct sb_type *type);
/* A copy without metadata.managedFields. */
json_t *sb_managed_fields_without(const json_t *object);
/* Everybody loses what was removed; everybody but `but` what was changed or added. */
void sb_managed_fields_lose(struct sb_managers *managers, const struct sb_manager *but, const struct sb_comparison *c);
/* ?fieldManager, else the User-Agent up to its slash; the caller frees. */
char *sb_managed_fields_manager(const struct sb_call *call);
/* Its time is now. */
void sb_managed_fields_changed(struct sb_call *call, struct sb_manager *one);

#endif
