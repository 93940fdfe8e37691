/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A slot holds the place in `items`, counted from 1, in its lower bits, and above it the upper bits of the hash: most
 * items of other hashes are passed by without being looked at. */
#define PLACE_BITS 26
#define PLACE_MASK ((1u << PLACE_BITS) - 1)
#define FEWEST_SLOTS 8u

static uint32_t tag_of(uint32_t hash)
{
	return hash & ~PLACE_MASK;
}

/* At most four fifths of the slots are taken: every search ends soon. */
static bool are_too_few(uint32_t slots, uint32_t items)
{
	return (uint64_t)items * 5 > (uint64_t)slots * 4;
}

static uint32_t slots_for(uint32_t items)
{
	uint32_t n = FEWEST_SLOTS;

	while (are_too_few(n, items))
		n *= 2;
	return n;
}

static void put(struct fc_table *t, uint32_t place)
{
	uint32_t hash = t->hash(t->items[place - 1]), at = hash & (t->slot_count - 1);

	while (t->slots[at])
		at = (at + 1) & (t->slot_count - 1);
	t->slots[at] = tag_of(hash) | place;
}

/* The slots anew; those of items that were taken out are free then. */
static void make_slots(struct fc_table *t, uint32_t slot_count)
{
	free(t->slots);
	t->slots = fc_xcalloc(slot_count, sizeof(*t->slots));
	t->slot_count = slot_count;
	for (uint32_t i = 0; i < t->used; i++)
		if (t->items[i])
			put(t, i + 1);
}

static void set_item_cap(struct fc_table *t, uint32_t cap)
{
	t->items = fc_xrealloc(t->items, cap * sizeof(*t->items));
	t->item_cap = cap;
}

void fc_table_init(struct fc_table *t, uint32_t (*hash)(const void *item))
{
	*t = (struct fc_table){ .hash = hash };
}

void fc_table_fini(struct fc_table *t)
{
	free(t->items);
	free(t->slots);
	fc_table_init(t, t->hash);
}

void *fc_table_find(const struct fc_table *t, uint32_t hash, bool (*same)(const void *item, const void *key),
		    const void *key)
{
	uint32_t mask = t->slot_count - 1;

	if (t->count == 0)
		return NULL;
	for (uint32_t at = hash & mask; t->slots[at]; at = (at + 1) & mask) {
		void *item;

		if (tag_of(t->slots[at]) != tag_of(hash))
			continue;
		item = t->items[(t->slots[at] & PLACE_MASK) - 1];
		if (item && same(item, key))
			return item;
	}
	return NULL;
}

void fc_table_add(struct fc_table *t, void *item)
{
	if (t->used == PLACE_MASK)
		abort();
	if (t->used == t->item_cap)
		set_item_cap(t, t->item_cap + t->item_cap / 4 + 6);
	/* What was taken out keeps its place, since somebody may be walking; its slot is free with the next ones. */
	if (are_too_few(t->slot_count, t->used + 1))
		make_slots(t, slots_for(t->used + 1));
	t->items[t->used++] = item;
	t->count++;
	put(t, t->used);
}

void fc_table_remove(struct fc_table *t, const void *item)
{
	uint32_t mask = t->slot_count - 1, at = t->hash(item) & mask;

	while (t->items[(t->slots[at] & PLACE_MASK) - 1] != item)
		at = (at + 1) & mask;
	t->items[(t->slots[at] & PLACE_MASK) - 1] = NULL;
	t->count--;
}

void fc_table_tidy(struct fc_table *t)
{
	uint32_t kept = 0;

	if (t->count == 0) {
		fc_table_fini(t);
		return;
	}
	if (t->used - t->count <= t->count / 2 + FEWEST_SLOTS)
		return;
	for (uint32_t i = 0; i < t->used; i++)
		if (t->items[i])
			t->items[kept++] = t->items[i];
	t->used = kept;
	set_item_cap(t, kept);
	make_slots(t, slots_for(kept));
}

uint32_t fc_table_hash(const void *bytes, size_t len)
{
	uint64_t h = 0x9e3779b97f4a7c15u ^ len;

	for (const char *at = bytes; len > 0;) {
		size_t n = len < sizeof(uint64_t) ? len : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, at, n);
		h = (h ^ word) * 0xbf58476d1ce4e5b9u;
		h ^= h >> 32;
		at += n;
		len -= n;
	}
	h *= 0x94d049bb133111ebu;
	return (uint32_t)(h >> 32);
}
