/* SPDX-License-Identifier: Apache-2.0 */
/* fc_key_set - which objects of one collection were met, at 8 bytes each: 64-bit hashes of namespace and name.
 * Owns:    its slots.
 * Threads: one owner.
 * Fails:   never. Two keys of one hash are one key to it; the seed is secret, so nobody can choose names that
 *          collide, and by chance it takes billions of objects.
 * Source:  open addressing with linear probing and backward shift deletion (Knuth, TAOCP 3, 6.4, algorithm R). */
#ifndef FC_KEY_SET_H
#define FC_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fc_key_set {
	uint64_t *slots; /* 0: empty */
	size_t count, cap;
	uint64_t seed;
};

/* Empty. The seed keeps a peer from choosing names that collide. */
void fc_key_set_init(struct fc_key_set *s, uint64_t seed);
void fc_key_set_fini(struct fc_key_set *s);

/* `namespace_` NULL or "": cluster-scoped. */
void fc_key_set_add(struct fc_key_set *s, const char *namespace_, const char *name);
/* False positives are possible (64-bit hashes), false negatives are not. */
bool fc_key_set_has(const struct fc_key_set *s, const char *namespace_, const char *name);
/* Whether it was there. */
bool fc_key_set_remove(struct fc_key_set *s, const char *namespace_, const char *name);
/* Moves all of `from`, which must have the same seed, into `s`; `from` is empty then. */
void fc_key_set_merge(struct fc_key_set *s, struct fc_key_set *from);
/* `s` becomes what `from` was, and `from` is empty then. */
void fc_key_set_replace(struct fc_key_set *s, struct fc_key_set *from);

#endif
