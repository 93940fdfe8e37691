/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/key_set.h"

#include "base/mem.h"

/* SplitMix64's finalizer over a seeded FNV-1a: the low bits choose the slot and must depend on every byte. */
static uint64_t hash_key(const struct fc_key_set *s, const char *namespace_, const char *name)
{
	uint64_t h = 0xcbf29ce484222325u ^ s->seed;

	for (const char *p = namespace_ ? namespace_ : ""; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;
	/* No namespace and no name holds a slash. */
	h = (h ^ '/') * 0x100000001b3u;
	for (const char *p = name; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;

	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	h ^= h >> 31;
	return h ? h : 1;
}

/* The slot that holds `hash`, or the empty one where it belongs. There always is one: at most 3/4 are taken. */
static size_t slot_of(const struct fc_key_set *s, uint64_t hash)
{
	size_t at = hash & (s->cap - 1);

	while (s->slots[at] && s->slots[at] != hash)
		at = (at + 1) & (s->cap - 1);
	return at;
}

static void grow(struct fc_key_set *s)
{
	uint64_t *old = s->slots;
	size_t old_cap = s->cap;

	s->cap = old_cap ? old_cap * 2 : 8;
	s->slots = fc_xcalloc(s->cap, sizeof(*s->slots));
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i])
			s->slots[slot_of(s, old[i])] = old[i];
	}
	free(old);
}

static void add_hash(struct fc_key_set *s, uint64_t hash)
{
	if (s->count * 4 >= s->cap * 3)
		grow(s);

	size_t at = slot_of(s, hash);
	if (!s->slots[at]) {
		s->slots[at] = hash;
		s->count++;
	}
}

void fc_key_set_init(struct fc_key_set *s, uint64_t seed)
{
	*s = (struct fc_key_set){ .seed = seed };
}

void fc_key_set_fini(struct fc_key_set *s)
{
	free(s->slots);
	s->slots = NULL;
	s->count = s->cap = 0;
}

void fc_key_set_add(struct fc_key_set *s, const char *namespace_, const char *name)
{
	add_hash(s, hash_key(s, namespace_, name));
}

bool fc_key_set_has(const struct fc_key_set *s, const char *namespace_, const char *name)
{
	return s->count && s->slots[slot_of(s, hash_key(s, namespace_, name))];
}

bool fc_key_set_remove(struct fc_key_set *s, const char *namespace_, const char *name)
{
	if (s->count == 0)
		return false;

	size_t mask = s->cap - 1;
	size_t hole = slot_of(s, hash_key(s, namespace_, name));
	if (!s->slots[hole])
		return false;

	/* Whatever was pushed past the hole by it moves back, so that no search ends early. */
	for (size_t at = (hole + 1) & mask; s->slots[at]; at = (at + 1) & mask) {
		size_t home = s->slots[at] & mask;
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			s->slots[hole] = s->slots[at];
			hole = at;
		}
	}
	s->slots[hole] = 0;
	s->count--;
	return true;
}

void fc_key_set_merge(struct fc_key_set *s, struct fc_key_set *from)
{
	for (size_t i = 0; i < from->cap; i++) {
		if (from->slots[i])
			add_hash(s, from->slots[i]);
	}
	fc_key_set_fini(from);
}

void fc_key_set_replace(struct fc_key_set *s, struct fc_key_set *from)
{
	fc_key_set_fini(s);
	*s = *from;
	fc_key_set_init(from, s->seed);
}
