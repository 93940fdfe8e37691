/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent where a copy is not patched.
 * Owns:    nothing; bodies are the caller's.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, promise 5: every write carries uid and resourceVersion. */
#ifndef FC_ENGINE_WHOLE_BODIES_H
#define FC_ENGINE_WHOLE_BODIES_H

#include "engine/whole.h"

/* What an entry of managedFields calls how it came about. */
#define OPERATION_UPDATE "Update"
#define OPERATION_APPLY "Apply"

/* With the finalizers of ours that stand there for other reasons. */
json_t *pieces_apply(const struct fc_engine *e, const struct pair *p, const json_t *desired);
/* A PUT, with what is the server's in `standing`, the object as it stands. */
json_t *pieces_replace(const struct pair *p, const struct target *t, const json_t *desired, const json_t *standing);
/* The patch that makes what we own what we have applied. */
json_t *pieces_patch_turn(const struct target *t);
void pieces_find_owners(struct copy *c, const json_t *object); /* of a whole one: its `updates` and `applies` */

#endif
