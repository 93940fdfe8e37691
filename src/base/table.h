/* SPDX-License-Identifier: Apache-2.0 */
/* fc_table - pointers to items, found by a hash and walked in the order in which they came: for a hundred thousand
 * items, at 12 to 20 bytes each and nothing in the item itself.
 * Owns:    its two arrays; the items are the holder's.
 * Threads: one owner.
 * Fails:   never: out of memory, and beyond 67 million items, it ends the program.
 * Source:  open addressing with linear probing (Knuth, TAOCP 3, 6.4) into an array in the order of coming, as in the
 *          dictionaries of Python since 3.6. */
#ifndef FC_TABLE_H
#define FC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fc_table {
	uint32_t (*hash)(const void *item);
	void **items;	     /* in the order of coming; NULL: taken out */
	uint32_t *slots;     /* by hash: where in `items`, see table.c; 0: empty */
	uint32_t slot_count; /* a power of two, or 0 */
	uint32_t item_cap;
	uint32_t used;	/* of `items`, those taken out included */
	uint32_t count; /* items that are in it */
};

/* Empty. `hash` gives the hash of an item, the same at all times; make it with fc_table_hash. */
void fc_table_init(struct fc_table *t, uint32_t (*hash)(const void *item));
void fc_table_fini(struct fc_table *t);

/* NULL: there is none. */
void *fc_table_find(const struct fc_table *t, uint32_t hash, bool (*same)(const void *item, const void *key),
		    const void *key);
/* One that is not in it. */
void fc_table_add(struct fc_table *t, void *item);
/* One that is in it. */
void fc_table_remove(struct fc_table *t, const void *item);
/* Gives back what those taken out have left behind, once it is worth it; not during a walk. */
void fc_table_tidy(struct fc_table *t);

/* Spreads over all 32 bits. */
uint32_t fc_table_hash(const void *bytes, size_t len);

/* The next item of a walk, which begins with *at = 0; NULL: that was all. Items may be taken out meanwhile, and added:
 * these are met in the end. */
static inline void *fc_table_next(const struct fc_table *t, uint32_t *at)
{
	while (*at < t->used) {
		void *item = t->items[(*at)++];

		if (item)
			return item;
	}
	return NULL;
}
#define FC_TABLE_FOREACH(table, at, item) for (uint32_t at = 0; ((item) = fc_table_next((table), &(at)));)

#endif
