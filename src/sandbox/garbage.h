/* SPDX-License-Identifier: Apache-2.0 */
/* sb_garbage - dependents that go when their owners have gone, and the finalizers orphan and foregroundDeletion.
 * Owns:    what is to be looked at.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  Kubernetes' page on garbage collection; the garbage collector of kube-controller-manager, which a real
 *          cluster runs beside its API server. */
#ifndef FC_SANDBOX_GARBAGE_H
#define FC_SANDBOX_GARBAGE_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/cluster.h"
#include "sandbox/object.h"
#include "sandbox/types.h"

struct sb_garbage;
struct sb_garbage *sb_garbage_new(struct sb_cluster *c);
void sb_garbage_free(struct sb_garbage *g); /* NULL allowed */
/* It has owners, or is being deleted: work may be due, on the loop. */
void sb_garbage_look(struct sb_garbage *g, const struct sb_type *type, const struct sb_object *o);
/* The object of that uid has gone. */
void sb_garbage_owner_gone(struct sb_garbage *g, const char *uid);
/* An object that had owners, `object` its last state, has gone: one of them may have waited for it. */
void sb_garbage_dependent_gone(struct sb_garbage *g, const struct sb_object *o, const json_t *object);
/* One step of work; false: nothing to do. The loop calls it; tests do. */
bool sb_garbage_step(struct sb_garbage *g);

#endif
