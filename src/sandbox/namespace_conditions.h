/* SPDX-License-Identifier: Apache-2.0 */
/* sb_namespace_conditions - what a Namespace that is being deleted says of what is left in it.
 * Owns:    counts, by resource and by finalizer.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  the namespace controller's conditions, as a real cluster (1.20) shows them. */
#ifndef FC_SANDBOX_NAMESPACE_CONDITIONS_H
#define FC_SANDBOX_NAMESPACE_CONDITIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/types.h"

struct sb_remaining {
	json_t *resources;  /* {"configmaps.": 1}; NULL: none */
	json_t *finalizers; /* {"example.com/a": 1}; NULL: none */
};
#define SB_REMAINING_INIT ((struct sb_remaining){ .resources = NULL })
void sb_remaining_add(struct sb_remaining *r, const struct sb_type *type, const json_t *object);
bool sb_remaining_none(const struct sb_remaining *r);
void sb_remaining_fini(struct sb_remaining *r);

/* Sets status.conditions; false: they said so already. */
bool sb_namespace_conditions(json_t *status, const struct sb_remaining *r, const char *now);

#endif
