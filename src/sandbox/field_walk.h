/* SPDX-License-Identifier: Apache-2.0 */
/* sb_field_walk - objects and their schemas walked together: which places an object has, where two differ, what both
 * make together, what is left without some places.
 * Owns:    results are the caller's.
 * Threads: any.
 * Fails:   sb_field_walk_check, with the place and the words of the real server.
 * Source:  the server-side apply page (merge strategies); KEP-555; recorded conversations. */
#ifndef FC_SANDBOX_FIELD_WALK_H
#define FC_SANDBOX_FIELD_WALK_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "sandbox/schema.h"

/* A NULL schema is "anything": maps merge, lists are atomic. */
const struct sb_schema *sb_field_walk_below(const struct sb_schema *schema, const char *element);
bool sb_field_walk_is_named(const struct sb_schema *schema, const char *member);

/* The places that `value` has. */
json_t *sb_field_walk_set(const struct sb_schema *schema, const json_t *value);

struct sb_comparison {
	json_t *added, *modified, *removed;
};
struct sb_comparison sb_field_walk_compare(const struct sb_schema *schema, const json_t *old, const json_t *now);
bool sb_comparison_is_same(const struct sb_comparison *c);
void sb_comparison_fini(struct sb_comparison *c);

/* What `old` becomes when `applied` is laid over it. */
json_t *sb_field_walk_merge(const struct sb_schema *schema, const json_t *old, const json_t *applied);
/* `value` without the places of `set`; what that empties goes too. NULL: nothing is left. */
json_t *sb_field_walk_remove(const struct sb_schema *schema, const json_t *value, const json_t *set);
/* May this be applied: only known members, keys in lists, none twice. */
int sb_field_walk_check(const struct sb_schema *schema, const json_t *value, struct fc_error *err) FC_MUST_CHECK;

#endif
