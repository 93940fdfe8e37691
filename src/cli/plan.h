/* SPDX-License-Identifier: Apache-2.0 */
/* fc_plan - the executor that writes nothing: it stands between the engine and the clusters and remembers what would
 * have been written.
 * Owns:    the objects as they would stand, the writes, what is under way. Borrows the fleet through `send`.
 * Threads: fc_plan_execute on the engine's; fc_plan_translate on any; the rest when both have ended.
 * Fails:   never: a write that could not be made fails for the engine as the server would have refused it.
 * Source:  design section 5 (executors of the same actions), section 8, `fedcopy plan`. */
#ifndef FC_PLAN_H
#define FC_PLAN_H

#include "model/action.h"
#include "model/event.h"

#include <stddef.h>

struct fc_plan;

/* `send` takes over an action for a cluster; it changes nothing there. On the engine's thread; must not wait. */
struct fc_plan *fc_plan_new(void (*send)(void *user, struct fc_action *action), void *user);
/* NULL allowed. */
void fc_plan_free(struct fc_plan *p);

/* Takes over an action of the engine. In place of a write its target is read. */
void fc_plan_execute(struct fc_plan *p, struct fc_action *action);
/* Takes over an event on its way to the engine and returns what the engine is told instead: objects as they would stand
 * after the writes so far, answers to writes that were not sent. */
struct fc_event *fc_plan_translate(struct fc_plan *p, struct fc_event *event);

/* All writes of one object (or of a subresource of it), as one. */
struct fc_planned {
	fc_cluster_no cluster;
	const struct fc_resource *resource;
	const char *namespace_; /* NULL: cluster-scoped */
	const char *name;
	const char *subresource;    /* NULL: the object */
	json_t *before, *after;	    /* what the write is about, without resourceVersion and uid; NULL: nothing there */
	const json_t *confidential; /* an array of JSON Pointers, perhaps empty */
};
/* Those that change anything, by cluster, then by resource, namespace, name. Borrowed from the plan, the array too. */
const struct fc_planned *fc_plan_writes(struct fc_plan *p, size_t *count);

#endif
