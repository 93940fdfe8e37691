/* SPDX-License-Identifier: Apache-2.0 */
/* notices - which changes of state become a Kubernetes Event on the target.
 * Owns:    nothing; what is owed stands in fc_engine.owed until the step ends.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  kube-client 10.6: Events only on transitions; here into a state that is bad, and out of one. This header is
 *          for src/engine alone, as engine/parts.h is. */
#ifndef FC_ENGINE_NOTICES_H
#define FC_ENGINE_NOTICES_H

struct fc_engine;
struct rule;
struct target;

/* The rule's state has been set, perhaps to what it was. */
void notice_rule(struct fc_engine *e, struct rule *r);
/* `old` is withdrawn by the edit that brought `heir` (NULL: it brought none): where an Event has told of `old` that it
 * is in a bad state, one may tell of `heir` that it is well. */
void notice_heir(const struct rule *old, struct rule *heir);
/* The target goes: nothing is owed any more. */
void notice_forget(struct fc_engine *e, struct target *t);
/* The end of a step: rules of one target that have come to the same state together are one Event. */
void notices_settle(struct fc_engine *e);

#endif
