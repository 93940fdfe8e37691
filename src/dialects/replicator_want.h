/* SPDX-License-Identifier: Apache-2.0 */
/* fc_replicator_want - where a source of k8s-replicator wants its copies: its want set.
 * Owns:    its texts; a reference to each pattern.
 * Threads: pure functions, any thread.
 * Fails:   what an inert object wants is not known: -1 with its sentence.
 * Source:  systems/k8s-replicator.md B3, B4. */
#ifndef FC_REPLICATOR_WANT_H
#define FC_REPLICATOR_WANT_H

#include "dialects/replicator_words.h"

/* Copies of that name in one namespace, or in all that the pattern fits. */
struct fc_replicator_wanted {
	char *name;
	char *namespace_;		      /* NULL: as the pattern says */
	struct fc_namespace_pattern *pattern; /* NULL: as the namespace says */
};
struct fc_replicator_want {
	struct fc_replicator_wanted *items; /* by name, then paths before patterns, by their text; no two alike */
	size_t count, cap;
	const char *own_namespace, *own_name; /* the source, which is never in it; borrowed from it */
};

/* Fills `out`, also where nothing is wanted. -1 with err: nothing to free. The result lives no longer than what
 * `source` was read from. */
int fc_replicator_want_read(const struct fc_replicator_object *source, struct fc_replicator_want *out,
			    struct fc_error *err) FC_MUST_CHECK;
void fc_replicator_want_fini(struct fc_replicator_want *w);
/* Is that object in it? */
bool fc_replicator_want_holds(const struct fc_replicator_want *w, const char *namespace_, const char *name);

#endif
