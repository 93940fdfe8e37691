/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces that are created for copies: fedcopy.dev/create-namespaces.
 * Owns:    nothing.
 * Threads: the engine's.
 * Fails:   never: what goes wrong is the condition of the pairs that wait, and is tried again.
 * Source:  design section 6, section 7 for row d. */
#ifndef FC_ENGINE_NEW_SPACES_H
#define FC_ENGINE_NEW_SPACES_H

#include "engine/whole.h"

/* The namespace is missing: is it named by whoever may have it made, on a member? */
bool new_space_is_wanted(struct fc_engine *e, const struct pair *p);
bool pair_operator_permits(struct fc_engine *e, const struct pair *p); /* row d alone; copy_states.c */
void new_space_tell(struct fc_engine *e, struct pair *p);
/* Begins to make it, unless somebody else does, or it has to wait. True: a write of the target is under way. */
bool new_space_make(struct fc_engine *e, struct target *t);
bool new_space_is_under_way(const struct target *t);
/* `answer` is the Namespace; NULL with an error. */
void new_space_done(struct fc_engine *e, struct target *t, const json_t *answer, const struct fc_error *error);

#endif
