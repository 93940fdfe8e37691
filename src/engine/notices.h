/* SPDX-License-Identifier: Apache-2.0 */
/* notices - which changes of state become a Kubernetes Event, and on which object.
 * Owns:    nothing; what is owed stands in fc_engine.owed until the step ends.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  kube-client 10.6: Events only on transitions; here into a state that is bad, and out of one. This header is
 *          for src/engine alone, as engine/parts.h is. */
#ifndef FC_ENGINE_NOTICES_H
#define FC_ENGINE_NOTICES_H

struct fc_engine;
struct pair;
struct rule;
struct site;
struct target;

/* The state has been set, perhaps to what it was. */
void notice_rule(struct fc_engine *e, struct rule *r);
void notice_pair(struct fc_engine *e, struct pair *p);
void notice_site(struct fc_engine *e, struct site *s);
void notice_stray(struct fc_engine *e, struct target *t);
/* A rule that is followed has something that its author should know; `text` is static. A Warning of its own. */
void notice_warning(struct fc_engine *e, const struct target *on, const char *text);
/* `old` is withdrawn by the edit that brought `heir` (NULL: it brought none): where an Event has told of `old` that it
 * is in a bad state, one may tell of `heir` that it is well. */
void notice_heir(const struct rule *old, struct rule *heir);
/* The target goes: nothing is owed any more. */
void notice_forget(struct fc_engine *e, struct target *t);
/* The end of a step: what has come to the same state together, and is told on the same object, is one Event. */
void notices_settle(struct fc_engine *e);

#endif
