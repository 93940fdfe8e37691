/* SPDX-License-Identifier: Apache-2.0 */
/* fc_flood_gate - how much is told of one object: much at once, little for long.
 * Owns:    an entry for each object that was told of lately, 4096 at most.
 * Threads: one owner.
 * Fails:   never; beyond the limit the object that was told of longest ago is forgotten.
 * Source:  kube-client 10.4: a bucket per object, 25 tokens, one more every 300 s; the LRU of 4096. */
#ifndef FC_FLOOD_GATE_H
#define FC_FLOOD_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/digest.h"

struct fc_flood_entry;

/* Zeroed: empty. */
struct fc_flood_gate {
	struct fc_flood_entry *entries;
};

/* Takes a token of the object's; false: it has none left. */
bool fc_flood_gate_passes(struct fc_flood_gate *g, const struct fc_digest *object, int64_t now_ms);
/* Forgets objects whose buckets are full again; what is left. */
size_t fc_flood_gate_sweep(struct fc_flood_gate *g, int64_t now_ms);
void fc_flood_gate_fini(struct fc_flood_gate *g);

#endif
