/* SPDX-License-Identifier: Apache-2.0 */
/* What rules say, kept once for all that say the same but for the name of their source: a hundred thousand rules are
 * written in a handful of ways. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"

struct shared {
	struct fc_rule_spec spec;
	uint32_t refs;
	uint32_t hash;
	bool is_found; /* in fc_engine.specs, for others too */
};

static struct shared *shared_of(const struct fc_rule_spec *spec)
{
	return FC_CONTAINER_OF((uintptr_t)spec, struct shared, spec);
}

/* Literals are values, and faults are said in words of their own: hardly two are the same. */
static bool may_be_shared(const struct fc_rule_spec *spec)
{
	return !spec->invalid_reason && !spec->literal;
}

static uint32_t add_text(uint32_t hash, const char *text)
{
	uint32_t both[2] = { hash, text ? fc_table_hash(text, strlen(text)) : 0 };

	return fc_table_hash(both, sizeof(both));
}

static uint32_t add_path(uint32_t hash, const struct fc_path *p)
{
	for (size_t i = 0; i < fc_path_len(p); i++)
		hash = add_text(hash, fc_path_segment(p, i));
	return hash;
}

static uint32_t hash_of(const struct fc_rule_spec *spec)
{
	uint32_t hash = add_text((uint32_t)spec->namespace_of, spec->word);

	hash = add_text(hash, spec->cluster);
	hash = add_text(hash, spec->namespace_);
	return add_path(add_path(hash, spec->target_path), spec->source_path);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const void *item, const void *key)
{
	const struct fc_rule_spec *a = &((const struct shared *)item)->spec, *b = key;

	return a->namespace_of == b->namespace_of && same_text(a->word, b->word) && same_text(a->cluster, b->cluster) &&
	       same_text(a->namespace_, b->namespace_) && fc_path_same(a->target_path, b->target_path) &&
	       fc_path_same(a->source_path, b->source_path);
}

uint32_t spec_hash(const void *shared)
{
	return ((const struct shared *)shared)->hash;
}

const struct fc_rule_spec *spec_take(struct fc_engine *e, struct fc_rule_spec *scanned)
{
	bool is_found = may_be_shared(scanned);
	uint32_t hash = is_found ? hash_of(scanned) : 0;
	struct shared *s = is_found ? fc_table_find(&e->specs, hash, is_same, scanned) : NULL;

	free(fc_steal(&scanned->name));
	if (s) {
		fc_rule_spec_fini(scanned);
	} else {
		s = fc_xcalloc(1, sizeof(*s));
		*s = (struct shared){ .spec = *scanned, .hash = hash, .is_found = is_found };
		memset(scanned, 0, sizeof(*scanned));
		if (is_found)
			fc_table_add(&e->specs, s);
	}
	s->refs++;
	return &s->spec;
}

void spec_drop(struct fc_engine *e, const struct fc_rule_spec *spec)
{
	struct shared *s = shared_of(spec);

	if (--s->refs)
		return;
	if (s->is_found) {
		fc_table_remove(&e->specs, s);
		fc_table_tidy(&e->specs);
	}
	fc_rule_spec_fini(&s->spec);
	free(s);
}
