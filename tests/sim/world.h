/* SPDX-License-Identifier: Apache-2.0 */
/* world - a federation in one thread: 1 to 20 API servers, one or two fedcopy engines with their watchers, users,
 * rival controllers, and a clock; it plays a script and is then asked whether the promises hold.
 * Owns:    all of it.
 * Threads: one; the same script gives the same world.
 * Fails:   a broken promise is a sentence in struct verdict, with what was expected and what stands there.
 * Source:  design section 5, Promises; section 7 for what may be copied. */
#ifndef FC_SIM_WORLD_H
#define FC_SIM_WORLD_H

#include "script.h"

struct world;

/* Which promise is broken, and how; text empty: none. */
struct verdict {
	int promise; /* 1 to 9 as the design numbers them; 0: none; 10: a secret value was told */
	char text[1024];
};

struct world_stats {
	uint64_t steps, events, writes, reads, clusters, rules;
	uint64_t faults[64]; /* by step kind: what the worlds have been through */
};

/* Builds the script's world, plays its steps, stops the faults, lets time pass until all is at rest, and judges.
 * `stats` is added to, may be NULL. `told`: prints every step, event and action. */
void world_play(const struct script *s, bool told, struct verdict *out, struct world_stats *stats);

#endif
