/* SPDX-License-Identifier: Apache-2.0 */
/* sb_namespaces - the life of Namespaces: the finalizer `kubernetes`, phase Terminating, the end of what is in them.
 * Owns:    the list of those that are terminating.
 * Threads: the loop's one.
 * Fails:   never: what is held by finalizers is looked at again when it changes.
 * Source:  Kubernetes' page on namespaces and the namespace controller's conditions (NamespaceDeletionContentFailure
 * and others); recorded conversations. */
#ifndef FC_SANDBOX_NAMESPACES_H
#define FC_SANDBOX_NAMESPACES_H

#include <stdbool.h>

#include "sandbox/call.h"

struct sb_namespaces;
struct sb_namespaces *sb_namespaces_new(struct sb_cluster *c);
void sb_namespaces_free(struct sb_namespaces *n);
/* Before an object of that name is created: 404 where the namespace does not exist, 403 with reason
 * NamespaceTerminating. -1: answered. */
int sb_namespaces_admit(struct sb_call *call, const char *name) FC_MUST_CHECK;
/* A Namespace is being deleted: work is due, on the loop. */
void sb_namespaces_terminating(struct sb_namespaces *n, const char *ns);
/* Something in a namespace was changed or removed: where that is being deleted, work is due. */
void sb_namespaces_poke(struct sb_namespaces *n, const char *ns);
/* One step of work; false: nothing to do. The loop calls it; tests do. */
bool sb_namespaces_step(struct sb_namespaces *n);

#endif
