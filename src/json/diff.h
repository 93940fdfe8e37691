/* SPDX-License-Identifier: Apache-2.0 */
/* fc_diff - where two JSON documents differ, leaf by leaf, for people to read.
 * Owns:    its texts, and a reference to each value.
 * Threads: one owner.
 * Fails:   never: what is compared is a few MiB at most, and small allocations abort.
 * Source:  paths as annotation keys spell them (design section 5, Paths); numbers are equal by value, as in digest.h.
 */
#ifndef FC_DIFF_H
#define FC_DIFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* One place at which the two differ. Where a map or list came or went, each leaf in it has an entry; an empty one is a
 * leaf. */
struct fc_difference {
	char *path;	/* "data.tls..crt", "spec.containers.0.image"; "" for the whole */
	char *pointer;	/* the same place as a JSON Pointer */
	json_t *before; /* NULL: nothing stood there */
	json_t *after;	/* NULL: nothing stands there any more */
};

struct fc_diff {
	struct fc_difference *items; /* by path: members in the order of their names, elements in that of the list */
	size_t count, cap;
};

/* Appends to `out`, zeroed before the first. NULL for either: nothing at all. */
void fc_diff_json(json_t *before, json_t *after, struct fc_diff *out);
void fc_diff_fini(struct fc_diff *d);

/* Do the places of two JSON Pointers overlap: is one the other, or above it? */
bool fc_pointers_overlap(const char *a, const char *b);

#endif
