/* SPDX-License-Identifier: Apache-2.0 */
/* Which written values nobody may see: those that come from a Secret or a Federated object, directly or through other
 * rules. Asked only where writes are shown to people. A rule on the way counts in whatever state it is: what it copied
 * earlier still stands there. */
#include "base/mem.h"
#include "engine/parts.h"

static bool is_of_secret_kind(const struct fc_resource *r)
{
	return fc_resource_is_secret(r) || fc_resource_is_federated(r);
}

/* A word that means nothing just now may have meant a Secret. */
static bool reads_secret_kind(const struct rule *r)
{
	if (r->spec.invalid_reason || r->spec.literal || !r->word)
		return false;
	return !r->word->resource || is_of_secret_kind(r->word->resource);
}

struct way {
	struct rule **open;
	size_t count, cap;
	uint32_t visit;
};

static void take_feeders(struct fc_engine *e, struct way *w, const struct rule *r)
{
	struct target *t = NULL;

	if (!r->source)
		return;
	HASH_FIND(hh, e->targets, &r->source->key, sizeof(r->source->key), t);
	for (struct rule *f = t ? t->rules : NULL; f; f = f->next) {
		if (f->visit == w->visit || !f->spec.target_path ||
		    fc_path_compare(f->spec.target_path, r->spec.source_path) == FC_PATH_APART)
			continue;
		f->visit = w->visit;
		FC_GROW(w->open, w->count, w->cap);
		w->open[w->count++] = f;
	}
}

bool rule_is_confidential(struct fc_engine *e, const struct rule *r)
{
	struct way w = { .visit = ++e->visit };
	bool found = reads_secret_kind(r);

	if (!found)
		take_feeders(e, &w, r);
	while (!found && w.count) {
		const struct rule *feeder = w.open[--w.count];

		found = reads_secret_kind(feeder);
		take_feeders(e, &w, feeder);
	}
	free(w.open);
	return found;
}

json_t *confidential_places(struct fc_engine *e, const struct target *t)
{
	json_t *places = NULL;

	if (!e->options.marks_confidential)
		return NULL;
	for (const struct rule *r = t->rules; r; r = r->next) {
		struct fc_buf pointer = FC_BUF_INIT;

		if (!r->in_write || !rule_is_confidential(e, r))
			continue;
		if (!places)
			places = json_array();
		fc_path_pointer(r->spec.target_path, &pointer);
		json_array_append_new(places, json_string(fc_buf_str(&pointer)));
		fc_buf_fini(&pointer);
	}
	return places;
}
