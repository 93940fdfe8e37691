/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that the status of a custom resource lists. The status is all that a process knows of them after a restart: by
 * it a copy is one's own although its marks are gone, and without it nothing is deleted that marks alone call a copy.
 */
#include "engine/memories.h"

#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* --- to which word and object it leads --- */

static struct cluster *cluster_for(const struct fc_engine *e, const struct memory *m)
{
	if (!m->is.cluster)
		return cluster_of(e, m->bearer->target->key.cluster);
	for (size_t i = 0; i < e->cluster_count; i++)
		if (!e->clusters[i]->leaving && strcmp(e->clusters[i]->info.name, m->is.cluster) == 0)
			return e->clusters[i];
	return NULL;
}

/* The one that it has led to has another name by now, which the status is about to say. */
static struct cluster *renamed_cluster(const struct fc_engine *e, const struct memory *m)
{
	for (size_t i = 0; m->cluster && i < e->cluster_count; i++)
		if (e->clusters[i] == m->cluster && !m->cluster->leaving)
			return m->cluster;
	return NULL;
}

/* Where a rule of its bearer means the same kind, it is looked up by the same word: one watch, one object. */
static char *text_for(const struct memory *m)
{
	for (const struct copy_rule *cr = m->bearer->rules; cr; cr = cr->next)
		if (cr->word && (cr->resource || !cr->word->answered) && same_text(cr->spec.kind, m->is.kind) &&
		    same_text(cr->spec.group, m->is.group))
			return fc_xstrdup(cr->spec.word);
	return m->is.group[0] ? fc_xasprintf("%s.%s", m->is.kind, m->is.group) : fc_xasprintf("%s.v1.", m->is.kind);
}

static void leave_word(struct fc_engine *e, struct memory *m)
{
	struct word *w = fc_steal(&m->word);

	if (!w)
		return;
	LL_DELETE2(w->memories, m, next_in_word);
	if (!word_is_used(w))
		cluster_forget_word(e, w);
}

void memory_mark_bearer(struct fc_engine *e, const struct memory *m)
{
	target_mark(e, m->bearer->target);
	/* All rules of one that has a status are of one source. */
	for (const struct copy_rule *cr = m->bearer->rules; cr; cr = cr->next) {
		if (!cr->hold)
			continue;
		target_mark(e, cr->hold);
		return;
	}
}

static void leave_target(struct fc_engine *e, struct memory *m)
{
	struct target *t = fc_steal(&m->target);

	if (!t)
		return;
	LL_DELETE2(t->copy->memories, m, next_in_target);
	target_mark(e, t);
	/* By what this one said it may have been a copy for others, too. */
	for (const struct memory *other = t->copy->memories; other; other = other->next_in_target)
		if (other->bearer != m->bearer)
			memory_mark_bearer(e, other);
}

static bool leads_there(const struct memory *m, const struct fc_resource *r)
{
	return r && r->namespaced && strcmp(r->kind, m->is.kind) == 0 && strcmp(r->group, m->is.group) == 0;
}

/* It may be known for another reason. */
static void learn_uid(struct target *t)
{
	struct copy *c = copy_part(t);
	char uid[FC_UID_TEXT_BYTES];

	if (!c->uid && fc_rv_is_set(&t->version) && fc_uid_text(&t->uid, uid))
		c->uid = fc_xstrdup(uid);
}

static void find_target(struct fc_engine *e, struct memory *m)
{
	const struct fc_resource *r = m->word ? m->word->resource : NULL;
	bool narrow = e->options.namespace_count || e->options.copies_in.count;
	struct target *t;

	if (m->target && m->target->key.resource == r)
		return;
	leave_target(e, m);
	if (!leads_there(m, r) || !namespace_selected(e, m->is.namespace_))
		return;
	t = target_take(e, target_watch(e, m->cluster, r, narrow ? m->is.namespace_ : NULL, FC_WATCH_METADATA),
			m->is.namespace_, m->is.name);
	learn_uid(t);
	LL_PREPEND2(t->copy->memories, m, next_in_target);
	m->target = t;
	site_copy_is_listed(e, m);
	target_mark(e, t);
}

void copies_are_sought(struct fc_engine *e, struct cluster *c, const char *text)
{
	struct word *w = c->leaving ? NULL : cluster_word(e, c, text);

	if (!w || w->for_copies)
		return;
	w->for_copies = true;
	if (w->resource)
		copy_word_resolved(e, w);
}

/* Its cluster has left the set, or has been given another name while nobody looked. In the second case a copy stands in
 * one that no rule may mean: by its marks it is found where its kind is looked at, which it is from now on. Not where
 * namespaces are narrow, nor at home, which has no name in a status. */
static void look_everywhere(struct fc_engine *e, struct memory *m, const char *text)
{
	if (m->sought == e->set_changes + 1 || e->options.copies_in.count)
		return;
	m->sought = e->set_changes + 1;
	for (size_t i = 0; i < e->cluster_count; i++)
		if (e->clusters[i]->no != m->bearer->target->key.cluster)
			copies_are_sought(e, e->clusters[i], text);
}

static void find_word(struct fc_engine *e, struct memory *m)
{
	FC_AUTO_FREE char *text = text_for(m);
	struct fc_error error = FC_ERROR_INIT;
	struct cluster *c = cluster_for(e, m) ?: renamed_cluster(e, m);
	struct word *w = NULL;

	m->cluster = c;
	if (fc_resource_word_check(text, &error) == 0) {
		if (c)
			w = cluster_word(e, c, text);
		else
			look_everywhere(e, m, text);
	}
	if (w == m->word)
		return;
	leave_target(e, m);
	struct word *old = m->word;
	if (old)
		LL_DELETE2(old->memories, m, next_in_word);
	m->word = w;
	if (w)
		LL_PREPEND2(w->memories, m, next_in_word);
	if (old && !word_is_used(old))
		cluster_forget_word(e, old);
}

static void bind(struct fc_engine *e, struct memory *m)
{
	find_word(e, m);
	find_target(e, m);
}

/* --- what a status says --- */

static const struct fc_copy_dialect *dialect_of(const struct fc_engine *e, const struct target *t)
{
	const struct cluster *c = cluster_of(e, t->key.cluster);

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (d->copy && d->copy->remember && dialect_acts(e, d, c) && is_bearer_resource(d, c, t->key.resource))
			return d->copy;
	}
	return NULL;
}

static struct memory *read_status(struct fc_engine *e, struct bearer *b, const struct fc_copy_dialect *d)
{
	struct fc_copy_memories list = { 0 };
	struct memory *first = NULL;

	d->remember(b->object, &list);
	for (size_t i = 0; i < list.count; i++) {
		struct memory *m = fc_xcalloc(1, sizeof(*m));

		m->bearer = b;
		m->of = d;
		m->is = list.items[i];
		m->next = first;
		first = m;
		bind(e, m);
	}
	free(list.items);
	return first;
}

static void free_list(struct fc_engine *e, struct memory *list)
{
	while (list) {
		struct memory *m = list;

		list = m->next;
		leave_target(e, m);
		leave_word(e, m);
		free(m);
	}
}

void memories_take(struct fc_engine *e, struct bearer *b)
{
	const struct fc_copy_dialect *d = b->object ? dialect_of(e, b->target) : NULL;
	json_t *status = json_object_get(b->object, "status"), *old_status = b->remembered;
	struct memory *old = b->memories;

	if (!d)
		return;
	if (status && old_status && json_equal(status, old_status)) {
		/* Its rules may say otherwise now by which word the kind is known. */
		memories_bind(e, b);
		return;
	}
	b->remembered = json_incref(status);
	b->memories = status ? read_status(e, b, d) : NULL;
	/* New ones first: what they go on using is not let go with the old. */
	free_list(e, old);
	json_decref(old_status);
}

void memories_bind(struct fc_engine *e, struct bearer *b)
{
	for (struct memory *m = b->memories; m; m = m->next)
		bind(e, m);
}

void memories_of_word_changed(struct fc_engine *e, struct word *w)
{
	for (struct memory *m = w->memories; m; m = m->next_in_word) {
		find_target(e, m);
		memory_mark_bearer(e, m);
	}
}

/* What they list may have waited for that, by whatever word it is known. */
void memories_of_word_told(struct fc_engine *e, const struct word *w)
{
	for (const struct memory *m = w->memories; m; m = m->next_in_word) {
		memory_mark_bearer(e, m);
		for (const struct watch *at = w->cluster->watches; at; at = at->next_in_cluster) {
			struct target *t = leads_there(m, at->resource) ? target_find(e, at->cluster, at->resource,
										      m->is.namespace_, m->is.name)
									: NULL;

			if (t)
				target_mark(e, t);
		}
	}
}

void memories_free(struct fc_engine *e, struct bearer *b)
{
	free_list(e, fc_steal(&b->memories));
	json_decref(fc_steal(&b->remembered));
}

void memories_lose_target(struct copy *c)
{
	while (c->memories) {
		struct memory *m = c->memories;

		c->memories = m->next_in_target;
		m->target = NULL;
	}
}

void memories_mark_bearers(struct fc_engine *e, const struct copy *c)
{
	for (const struct memory *m = c->memories; m; m = m->next_in_target)
		memory_mark_bearer(e, m);
}

/* --- whose it is by that --- */

bool memory_is_of(const struct memory *m, const struct copy *c)
{
	return same_text(m->is.uid, c->uid);
}

const struct memory *memory_by_uid(const struct copy *c, const struct bearer *b)
{
	for (const struct memory *m = c->memories; m; m = m->next_in_target)
		if ((!b || m->bearer == b) && memory_is_of(m, c) && proof_counts(c, m))
			return m;
	return NULL;
}

const struct memory *memory_of(const struct copy *c, const struct bearer *b)
{
	const struct memory *m = c->memories;

	while (m && m->bearer != b)
		m = m->next_in_target;
	return m;
}

const struct fc_dialect *copy_dialect_of(const struct target *t)
{
	const struct copy *c = t->copy;

	if (c->origin)
		return c->origin->key.dialect;
	for (const struct memory *m = c->memories; m; m = m->next_in_target)
		if (m->bearer->rules && memory_is_of(m, c) && proof_counts(c, m))
			return m->bearer->rules->dialect;
	return NULL;
}

/* As it was written last: nothing has happened to it, nor to what it was made of. */
bool memory_is_true(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct copy *c = p->target->copy;
	const struct memory *m = memory_of(c, cr->bearer);
	FC_AUTO_FREE char *version = fc_rv_text(&p->target->version);

	return m && memory_is_of(m, c) && m->is.strategy == cr->spec.strategy && same_text(m->is.version, version) &&
	       same_text(m->is.source_uid, cr->source_uid) && same_text(m->is.source_version, cr->source_version);
}

/* --- what nobody wants any more --- */

/* Does what it wants say nothing just now, so that what it had is left as it is? */
static bool says_nothing(const struct bearer *b, const struct cluster *c)
{
	const struct target *t = b->target;

	if (t->phase == WRITING || !t->watch->synced || t->unreadable)
		return true;
	if (t->deleting)
		return false;
	if (b->paused || !b->rules)
		return true;
	for (const struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		if (copy_rule_is_invalid(cr) || cr->denied || !cr->resource ||
		    (cr->source && source_is_in_question(cr->source)) || (!cr->ending && cr->source_paused))
			return true;
		for (const struct site *s = cr->ending ? NULL : cr->sites; s; s = s->next)
			if (s->cluster == c && !s->settled)
				return true;
	}
	return false;
}

static bool any_ends_with_source(const struct origin *o)
{
	for (size_t i = 0; o && i < o->rule_count; i++)
		if (!o->rules[i]->source_ending)
			return false;
	return o && o->rule_count;
}

/* Is what stands there the one that a status lists? What ends, and bears neither marks nor a finalizer of ours any
 * more, is nobody's: another process could not tell that it was a copy once. */
bool memory_is_of_copy(const struct target *t)
{
	const struct copy *c = t->copy;

	if (!c->memories || !fc_rv_is_set(&t->version) || c->released || (!c->origin && copy_is_let_go(t)))
		return false;
	return c->origin ? c->origin->key.dialect->copy->remember != NULL : memory_by_uid(c, NULL) && !c->adopted;
}

/* Another one's status lists it too, perhaps, by a word of which is not known yet what it means. */
static bool may_be_listed_by_others(const struct cluster *c, const struct target *t)
{
	for (const struct word *w = c->words; w; w = w->next)
		for (const struct memory *m = w->answered ? NULL : w->memories; m; m = m->next_in_word)
			if (leads_there(m, t->key.resource) && same_text(m->is.namespace_, t->key.namespace_) &&
			    same_text(m->is.name, t->key.name))
				return true;
	return false;
}

/* Whose copy it is has a say in what becomes of it; of one that nobody has made for sure, all who list it. */
static bool has_a_say(const struct copy *c, const struct memory *m)
{
	if (proof_says_more(c, m))
		return true;
	for (const struct memory *other = c->memories; other; other = other->next_in_target)
		if (proof_says_more(c, other))
			return false;
	return true;
}

bool memory_is_held(const struct copy *c)
{
	for (const struct memory *m = c->memories; m; m = m->next_in_target) {
		const struct bearer *b = m->bearer;

		if (b->target->deleting || !has_a_say(c, m))
			continue;
		if (b->paused || !b->rules)
			return true;
		for (const struct copy_rule *cr = b->rules; cr; cr = cr->next)
			if (copy_rule_is_invalid(cr) || cr->denied || (!cr->ending && cr->source_paused) ||
			    (!cr->resource && cr->word && cr->word->answered))
				return true;
	}
	return false;
}

/* It has lost its marks, and bears words of others, which keep it from being mended: it is wanted all the same. */
static bool is_wanted_unmarked(const struct copy *c)
{
	for (const struct pair *p = c->origin ? NULL : c->pairs; p; p = p->next)
		if (memory_of(c, p->site->rule->bearer))
			return true;
	return false;
}

bool memory_is_over(struct fc_engine *e, struct target *t, enum fc_copy_reason *why, bool *counts)
{
	const struct cluster *c = cluster_of(e, t->key.cluster);
	const struct origin *o = t->copy->origin;
	bool deleted = true;

	*counts = false;
	if (!memory_is_of_copy(t) || !proof_lets_delete(e, t) || !watch_has_told(t->watch) ||
	    is_wanted_unmarked(t->copy) || may_be_listed_by_others(c, t))
		return false;
	for (const struct memory *m = t->copy->memories; m; m = m->next_in_target) {
		if (!has_a_say(t->copy, m))
			continue;
		if (says_nothing(m->bearer, c)) {
			m->bearer->awaited = true;
			return false;
		}
		deleted = deleted && m->bearer->target->deleting;
	}
	if (o && o->rule_count && !origin_rules_have_settled(o, c))
		return false;
	*why = deleted ? FC_COPY_BEARER_GONE : FC_COPY_RULE_GONE;
	if (!deleted && any_ends_with_source(o)) {
		*why = FC_COPY_SOURCE_GONE;
		*counts = true;
	} else if (!deleted && o && o->rule_count) {
		*why = FC_COPY_DESELECTED;
	}
	return true;
}

/* Nobody's but this one's to wait for: another one that is there lists it too, or has it. */
static bool is_for_another(const struct copy *c, const struct bearer *b)
{
	for (const struct memory *m = c->memories; m; m = m->next_in_target)
		if (m->bearer != b && !m->bearer->target->deleting)
			return true;
	return false;
}

bool memory_is_left(const struct fc_engine *e, const struct memory *m)
{
	const struct target *t = m->target;

	if (!m->cluster || !cluster_is_waited_for(m->cluster))
		return false;
	if (!t)
		return m->word && !m->word->answered;
	/* What is not served waits for nobody, as it would not after a restart. */
	if (t->watch->unserved || fault_is_of_type(&t->watch->error))
		return false;
	if (!watch_has_told(t->watch))
		return t->watch->error.cls == FC_ERR_NONE;
	if (copy_must_be_seen(t) || proof_is_open(t))
		return true;
	return memory_is_of_copy(t) && !copy_has_owner(t->copy) && proof_lets_delete(e, t);
}

bool memories_are_released(const struct fc_engine *e, const struct bearer *b)
{
	for (const struct memory *m = b->memories; m; m = m->next)
		if (memory_is_left(e, m) &&
		    !(m->target && (is_for_another(m->target->copy, b) || stray_is_paused(e, m->target) ||
				    copy_is_let_go(m->target))))
			return false;
	return true;
}
