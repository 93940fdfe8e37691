/* SPDX-License-Identifier: Apache-2.0 */
/* Which written values nobody may see: those that come from a Secret or a Federated object, directly or through other
 * rules. Asked only where writes are shown to people. A rule on the way counts in whatever state it is: what it copied
 * earlier still stands there. */
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

static bool is_of_secret_kind(const struct fc_resource *r)
{
	return fc_resource_is_secret(r) || fc_resource_is_federated(r);
}

/* A word that means nothing just now, or whose cluster has left, may have meant a Secret. */
static bool reads_secret_kind(const struct rule *r)
{
	if (!r->spec->word || r->spec->literal)
		return false;
	return !r->word || !r->word->resource || is_of_secret_kind(r->word->resource);
}

/* A place of an object that feeds somebody; without a path the whole of it. */
struct feed {
	const struct key *key;
	const struct fc_path *path;
};

struct way {
	struct feed *open;
	size_t count, cap;
	uint32_t visit;
};

static void open_feed(struct way *w, const struct source *s, const struct fc_path *path)
{
	if (!s)
		return;
	FC_GROW(w->open, w->count, w->cap);
	w->open[w->count++] = (struct feed){ .key = &s->key, .path = path };
}

static bool is_fed_by_rules(struct way *w, const struct target *t, const struct fc_path *path)
{
	for (struct rule *f = t->rules; f; f = f->next) {
		if (f->vertex.visit == w->visit || !f->spec->target_path ||
		    (path && fc_path_compare(f->spec->target_path, path) == FC_PATH_APART))
			continue;
		f->vertex.visit = w->visit;
		if (reads_secret_kind(f))
			return true;
		open_feed(w, f->source, f->spec->source_path);
	}
	return false;
}

/* What is no target here may bear rules all the same: those of another hub's fedcopy, or such as nobody has seen yet
 * while its first list is under way. */
static bool is_unseen(struct fc_engine *e, const struct key *key)
{
	const struct cluster *c = cluster_of(e, key->cluster);
	const struct source *s = source_of_key(e, key);

	if (s && !rules_follow_master(e, s->said))
		return true;
	if (!c || c->has_synced)
		return false;
	for (const struct word *word = c->words; word; word = word->next)
		if (word->for_targets && !word->answered)
			return true;
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && w->resource == key->resource && !w->synced)
			return true;
	return false;
}

/* A copy is of its source's kind: that is what the feed's own reader has looked at. */
static void open_copies(struct way *w, const struct target *t)
{
	for (struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next) {
		if (p->vertex.visit == w->visit)
			continue;
		p->vertex.visit = w->visit;
		open_feed(w, p->site->rule->source, NULL);
	}
}

static bool is_fed_by_secrets(struct fc_engine *e, const struct source *s, const struct fc_path *path)
{
	struct way w = { .visit = ++e->visit };
	bool found = false;

	open_feed(&w, s, path);
	while (!found && w.count) {
		struct feed feed = w.open[--w.count];
		struct target *t = target_of_key(e, feed.key);

		if (!t) {
			found = is_unseen(e, feed.key);
			continue;
		}
		found = is_fed_by_rules(&w, t, feed.path);
		open_copies(&w, t);
	}
	free(w.open);
	return found;
}

bool rule_is_confidential(struct fc_engine *e, const struct rule *r)
{
	return reads_secret_kind(r) || is_fed_by_secrets(e, r->source, r->spec->source_path);
}

json_t *confidential_copy(struct fc_engine *e, const struct target *t)
{
	bool found = !t->copy->pairs;

	if (!e->options.marks_confidential)
		return NULL;
	for (const struct pair *p = t->copy->pairs; p && !found; p = p->next)
		found = !p->site->rule->source || is_fed_by_secrets(e, p->site->rule->source, NULL);
	return found ? json_pack("[s]", "") : NULL;
}

json_t *confidential_places(struct fc_engine *e, const struct target *t)
{
	json_t *places = NULL;

	if (!e->options.marks_confidential)
		return NULL;
	/* Also of rules that want nothing just now: a write of a place around theirs takes away what they copied. */
	for (const struct rule *r = t->rules; r; r = r->next) {
		struct fc_buf pointer = FC_BUF_INIT;

		if (!r->spec->target_path || !rule_is_confidential(e, r))
			continue;
		if (!places)
			places = json_array();
		fc_path_pointer(r->spec->target_path, &pointer);
		json_array_append_new(places, json_string(fc_buf_str(&pointer)));
		fc_buf_fini(&pointer);
	}
	return places;
}
