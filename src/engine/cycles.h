/* SPDX-License-Identifier: Apache-2.0 */
/* Who feeds whom: rules of paths and pairs of whole objects in one graph.
 * Owns:    nothing; the marks that a search leaves are in the rules and pairs.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, State Cycle; systems/k8s-copier.md B22. */
#ifndef FC_ENGINE_CYCLES_H
#define FC_ENGINE_CYCLES_H

#include "engine/copy.h"
#include "engine/rule.h"

void cycles_rule_bound(struct fc_engine *e, struct rule *r);
void cycles_rule_unbound(struct fc_engine *e, struct rule *r);
/* At the end of a step, before anything is decided. */
void cycles_settle(struct fc_engine *e);
void cycles_pair_bound(struct fc_engine *e, struct pair *p);
void cycles_pair_unbound(struct fc_engine *e, struct pair *p);
/* What may be read or written has changed: pairs may have come into the graph, or left it. */
void cycles_pairs_permitted_anew(struct fc_engine *e);
void cycles_copies_permitted_anew(struct fc_engine *e, const struct copy_rule *cr); /* those of that rule */

#endif
