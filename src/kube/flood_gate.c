/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/flood_gate.h"

#include "base/hash.h"
#include "base/mem.h"

#define BURST 25
#define TOKEN_MS 300000
#define MOST_OBJECTS 4096

/* A bucket as the moment at which it will be full again: each token taken puts it off by the time that one needs. */
struct fc_flood_entry {
	struct fc_digest object;
	int64_t full_ms;
	UT_hash_handle hh; /* in the order in which tokens were taken last */
};

static void drop(struct fc_flood_gate *g, struct fc_flood_entry *entry)
{
	HASH_DEL(g->entries, entry);
	free(entry);
}

static struct fc_flood_entry *take_entry(struct fc_flood_gate *g, const struct fc_digest *object)
{
	struct fc_flood_entry *entry = NULL;

	HASH_FIND(hh, g->entries, object, sizeof(*object), entry);
	if (entry) {
		/* Behind all others. */
		HASH_DEL(g->entries, entry);
	} else {
		if (HASH_COUNT(g->entries) >= MOST_OBJECTS)
			drop(g, g->entries);
		entry = fc_xcalloc(1, sizeof(*entry));
		entry->object = *object;
	}
	HASH_ADD(hh, g->entries, object, sizeof(entry->object), entry);
	return entry;
}

bool fc_flood_gate_passes(struct fc_flood_gate *g, const struct fc_digest *object, int64_t now_ms)
{
	struct fc_flood_entry *entry = take_entry(g, object);
	int64_t full_ms = (entry->full_ms > now_ms ? entry->full_ms : now_ms) + TOKEN_MS;

	if (full_ms - now_ms > (int64_t)BURST * TOKEN_MS)
		return false;
	entry->full_ms = full_ms;
	return true;
}

size_t fc_flood_gate_sweep(struct fc_flood_gate *g, int64_t now_ms)
{
	struct fc_flood_entry *entry, *next;

	HASH_ITER(hh, g->entries, entry, next) {
		if (entry->full_ms <= now_ms)
			drop(g, entry);
	}
	return HASH_COUNT(g->entries);
}

void fc_flood_gate_fini(struct fc_flood_gate *g)
{
	while (g->entries)
		drop(g, g->entries);
}
