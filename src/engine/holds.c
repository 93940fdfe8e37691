/* SPDX-License-Identifier: Apache-2.0 */
/* Finalizers on the sources that custom resources name: put on before the first copy is made, so that the copies are
 * gone before the source is; taken off when no custom resource names it any more. Which of them do is known only when
 * all of them have been told. */
#include <string.h>

#include "base/mem.h"
#include "engine/memories.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"

static const struct fc_copy_dialect *way_of(const struct copy_rule *cr)
{
	return cr->dialect->copy;
}

/* --- whose source it is --- */

static struct bearer *bearer_part(struct target *t)
{
	if (!t->bearer) {
		t->bearer = fc_xcalloc(1, sizeof(*t->bearer));
		t->bearer->target = t;
		t->bearer->unseen = true;
	}
	return t->bearer;
}

void hold_take(struct fc_engine *e, struct copy_rule *cr)
{
	const char *namespace_ = copy_rule_source_namespace(cr);
	bool narrow = (e->options.namespace_count || e->options.sources_in.count) && cr->resource->namespaced;
	struct watch *w;

	if (cr->hold || !way_of(cr)->source_finalizer)
		return;
	w = target_watch(e, cr->word->cluster, cr->resource, narrow ? namespace_ : NULL, FC_WATCH_METADATA);
	cr->hold = target_take(e, w, namespace_, copy_rule_source_name(cr));
	DL_APPEND2(bearer_part(cr->hold)->held_for, cr, prev_in_held, next_in_held);
	target_mark(e, cr->hold);
}

void hold_drop(struct fc_engine *e, struct copy_rule *cr)
{
	struct target *t = fc_steal(&cr->hold);

	if (!t)
		return;
	DL_DELETE2(t->bearer->held_for, cr, prev_in_held, next_in_held);
	target_mark(e, t);
}

void holds_lose_target(struct fc_engine *e, struct bearer *b)
{
	while (b->held_for) {
		struct copy_rule *cr = b->held_for;

		DL_DELETE2(b->held_for, cr, prev_in_held, next_in_held);
		cr->hold = NULL;
		target_mark(e, cr->bearer->target);
	}
}

void holds_changed(struct fc_engine *e, struct bearer *b)
{
	for (struct copy_rule *cr = b->held_for; cr; cr = cr->next_in_held) {
		copy_rules_mark(e, cr);
		target_mark(e, cr->bearer->target);
	}
}

/* --- putting it on --- */

/* Who asks for a source that it may not read puts nothing on it. */
static bool is_permitted(struct fc_engine *e, const struct copy_rule *cr)
{
	bool pairs = false;

	for (const struct site *s = cr->sites; s; s = s->next) {
		if (!s->settled)
			pairs = true;
		for (const struct pair *p = s->pairs; p; p = p->next_in_site) {
			pairs = true;
			if (namespaces_known(s->cluster) && pair_is_permitted(e, p))
				return true;
		}
	}
	return !pairs && strcmp(copy_rule_source_namespace(cr), cr->bearer->target->key.namespace_) == 0;
}

static bool may_hold(struct fc_engine *e, const struct copy_rule *cr)
{
	return !cr->ending && !cr->denied && !copy_rule_is_invalid(cr) && !cr->bearer->paused && cr->source &&
	       cr->source->known && cr->source->present && !cr->source_paused &&
	       (!cr->spec.finalizer || bearer_has_finalizer(cr->bearer, cr->spec.finalizer)) && is_permitted(e, cr);
}

bool hold_is_put_on(const struct copy_rule *cr)
{
	const char *finalizer = way_of(cr)->source_finalizer;

	return !finalizer || (cr->hold && bearer_has_finalizer(cr->hold->bearer, finalizer));
}

const char *hold_lacks(struct fc_engine *e, const struct target *t)
{
	const struct bearer *b = t->bearer;

	for (const struct copy_rule *cr = b->held_for; cr && !t->deleting; cr = cr->next_in_held)
		if (!hold_is_put_on(cr) && may_hold(e, cr))
			return way_of(cr)->source_finalizer;
	return NULL;
}

/* Then no body is to come that tells it. */
static bool any_source_is_known(const struct bearer *b)
{
	for (const struct copy_rule *cr = b->held_for; cr; cr = cr->next_in_held)
		if (!cr->source || cr->source->known)
			return true;
	return false;
}

bool hold_must_look(struct fc_engine *e, struct target *t)
{
	const struct bearer *b = t->bearer;

	if (!b->unseen || !b->held_for || t->phase != IDLE || !t->watch->synced || !any_source_is_known(b) ||
	    cluster_of(e, t->key.cluster)->connection != UP)
		return false;
	if (!copy_must_wait(e, t))
		target_read(e, t);
	return true;
}

/* --- taking it off --- */

static bool names(const struct copy_rule *cr, const struct key *k)
{
	if (strcmp(copy_rule_source_namespace(cr), k->namespace_) != 0 ||
	    strcmp(copy_rule_source_name(cr), k->name) != 0)
		return false;
	/* Of what cannot be understood the kind is not known; of what is not served, or not looked up yet, it is. */
	return copy_rule_is_invalid(cr) || !cr->spec.kind ||
	       (strcmp(cr->spec.kind, k->resource->kind) == 0 && strcmp(cr->spec.group, k->resource->group) == 0);
}

static bool is_named_on(const struct watch *w, const struct fc_dialect *d, const struct key *k)
{
	for (const struct target *t = w->targets; t; t = t->next_in_watch)
		for (const struct copy_rule *cr = t->bearer && !t->deleting ? t->bearer->rules : NULL; cr;
		     cr = cr->next)
			if (cr->dialect == d && names(cr, k))
				return true;
	return false;
}

/* By a custom resource that is not being deleted. */
static bool is_used(const struct fc_engine *e, const struct fc_dialect *d, const struct target *source)
{
	const struct cluster *c = cluster_of(e, source->key.cluster);

	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && is_bearer_resource(d, c, w->resource) && is_named_on(w, d, &source->key))
			return true;
	return false;
}

static bool all_have_told(const struct fc_dialect *d, const struct cluster *c)
{
	bool any = false;

	for (const struct watch *w = c->watches; w; w = w->next_in_cluster) {
		if (w->use != WATCH_TARGETS || !is_bearer_resource(d, c, w->resource))
			continue;
		any = true;
		if (!w->synced || w->listing || w->unserved)
			return false;
		for (const struct target *t = w->targets; t; t = t->next_in_watch)
			if (t->unreadable)
				return false;
	}
	return any;
}

/* With a source that is being deleted all its copies go, whether their rules know of that yet or not. */
static bool waits_for(struct fc_engine *e, const struct target *source, const struct target *t)
{
	const struct copy *c = t->copy;

	return !c->released && !copy_is_let_go(t) && (source->deleting || !copy_has_owner(c)) &&
	       cluster_is_waited_for(cluster_of(e, t->key.cluster)) && !stray_is_paused(e, t) && !stray_is_kept(t) &&
	       !copy_stands_at_home(e, t) && (c->origin->key.cluster_id || memory_is_of_copy(t));
}

static bool is_of_source(const struct fc_engine *e, const struct origin *o, const struct fc_dialect *d,
			 const struct key *k)
{
	return o->key.dialect == d && o->key.name && strcmp(o->key.name, k->name) == 0 &&
	       strcmp(o->key.namespace_, k->namespace_) == 0 && strcmp(o->key.kind, k->resource->kind) == 0 &&
	       strcmp(o->key.group, k->resource->group) == 0 && origin_cluster(e, o) == cluster_of(e, k->cluster);
}

/* What statuses of those that had named it list, and may not be told yet, or bears no marks. */
static bool memories_are_open(const struct fc_engine *e, const struct bearer *b)
{
	for (const struct copy_rule *cr = b->held_for; cr; cr = cr->next_in_held)
		for (const struct memory *m = cr->bearer->memories; m; m = m->next) {
			const struct target *t = m->target;

			if (t && watch_has_told(t->watch) &&
			    (t->copy->origin || copy_is_let_go(t) || stray_is_paused(e, t)))
				continue;
			if (memory_is_left(e, m))
				return true;
		}
	return false;
}

static bool copies_are_gone(struct fc_engine *e, const struct fc_dialect *d, const struct bearer *b)
{
	struct origin *o, *next;

	if (memories_are_open(e, b))
		return false;
	HASH_ITER(hh, e->origins, o, next) {
		if (!is_of_source(e, o, d, &b->target->key))
			continue;
		for (const struct target *t = o->targets; t; t = t->copy->next_in_origin)
			if (waits_for(e, b->target, t))
				return false;
	}
	return true;
}

static const struct fc_dialect *dialect_of(const struct fc_engine *e, const struct bearer *b, const char *finalizer)
{
	const struct cluster *c = cluster_of(e, b->target->key.cluster);

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (dialect_acts(e, d, c) && d->copy->source_finalizer &&
		    strcmp(d->copy->source_finalizer, finalizer) == 0 &&
		    !is_bearer_resource(d, c, b->target->key.resource))
			return d;
	}
	return NULL;
}

bool hold_is_of_source(const struct fc_engine *e, const struct bearer *b, const char *finalizer)
{
	return dialect_of(e, b, finalizer);
}

bool hold_is_over(struct fc_engine *e, struct bearer *b, const char *finalizer)
{
	const struct target *t = b->target;
	const struct fc_dialect *d = dialect_of(e, b, finalizer);

	/* A copy that has lost its marks gets them back first, unless it ends: whosever marks it bears then. */
	if (!d || (b->keeps_hold && !t->deleting) ||
	    (!t->deleting && t->copy && (memory_by_uid(t->copy, NULL) || proof_is_open(t))) ||
	    !all_have_told(d, cluster_of(e, t->key.cluster)))
		return false;
	return (t->deleting || !is_used(e, d, t)) && copies_are_gone(e, d, b);
}

/* After a restart: who may name it has not been told yet, or by a word that is still being looked up. */
static bool may_be_named(const struct cluster *c, const struct fc_dialect *d, const struct key *k)
{
	for (const struct word *w = c->words; w; w = w->next)
		for (const struct copy_rule *cr = w->answered ? NULL : w->copy_rules; cr; cr = cr->next_in_word)
			if (cr->dialect == d && names(cr, k))
				return true;
	return false;
}

static bool is_open_to(const struct fc_engine *e, const struct fc_dialect *d, const struct target *t)
{
	const struct cluster *c = cluster_of(e, t->key.cluster);

	if (!dialect_acts(e, d, c) || !d->copy->source_finalizer || is_bearer_resource(d, c, t->key.resource) ||
	    !copy_bears_finalizer(t->copy, d->copy->source_finalizer))
		return false;
	for (const struct word *w = c->words; w; w = w->next)
		if (w->for_copies && !w->answered && is_listed(d->copy->bearers, w->text))
			return true;
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && is_bearer_resource(d, c, w->resource) && !w->synced &&
		    w->error.cls == FC_ERR_NONE)
			return true;
	return may_be_named(c, d, &t->key);
}

bool holds_let_copy_go(struct fc_engine *e, struct target *t)
{
	const struct bearer *b = t->bearer;

	for (size_t i = 0; e->options.dialects[i]; i++)
		if (is_open_to(e, e->options.dialects[i], t))
			return false;
	return !b || !b->held_for || copies_are_gone(e, b->held_for->dialect, b);
}

static bool stays(struct fc_engine *e, const struct target *t)
{
	const struct copy *c = t->copy;

	if (t->deleting)
		return c->stuck;
	return (c->speaks && !condition_is_passing(&c->cond)) || memory_is_held(c) || origin_is_held(e, t);
}

bool holds_wait_for_somebody(struct fc_engine *e, const struct target *t)
{
	const struct bearer *b = t->bearer;
	struct origin *o, *next;

	if (!b || !b->held_for)
		return false;
	HASH_ITER(hh, e->origins, o, next) {
		if (!is_of_source(e, o, b->held_for->dialect, &t->key))
			continue;
		for (const struct target *made = o->targets; made; made = made->copy->next_in_origin)
			if (waits_for(e, t, made) && stays(e, made))
				return true;
	}
	return false;
}

static void mark_ending_copies(struct fc_engine *e, const struct cluster *c)
{
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		for (struct target *t = w->targets; t; t = t->next_in_watch)
			if (t->copy && t->deleting)
				target_mark(e, t);
}

/* Copies that are being deleted, of what may be the source that it means. */
static void mark_meant(struct fc_engine *e, const struct cluster *c, const struct copy_rule *cr)
{
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster) {
		struct target *t =
			target_find(e, c->no, w->resource, copy_rule_source_namespace(cr), copy_rule_source_name(cr));

		if (t && t->copy && t->deleting)
			target_mark(e, t);
	}
}

void holds_word_told(struct fc_engine *e, const struct word *w)
{
	/* Custom resources, perhaps, that are not served. */
	if (w->for_copies)
		mark_ending_copies(e, w->cluster);
	for (const struct copy_rule *cr = w->copy_rules; cr; cr = cr->next_in_word) {
		if (!way_of(cr)->source_finalizer)
			continue;
		/* One that is being deleted may have waited for its source. */
		target_mark(e, cr->bearer->target);
		mark_meant(e, w->cluster, cr);
	}
}

/* Whether it bears the finalizer is not known yet. */
static bool is_open(const struct copy_rule *cr)
{
	const struct target *t = cr->hold;

	if (!way_of(cr)->source_finalizer || !cr->word || cr->word->cluster->connection != UP)
		return false;
	if (!t)
		return !cr->word->answered;
	return t->bearer->unseen && t->watch->error.cls == FC_ERR_NONE &&
	       !setback_or_none(t->setbacks[PART_OBJECT])->failures;
}

/* By its marks, or by a status that lists it although they are gone; or it asks for copies itself. */
static bool bears_it_otherwise(const struct fc_engine *e, const struct fc_dialect *d, const struct target *t)
{
	if (is_bearer_resource(d, cluster_of(e, t->key.cluster), t->key.resource))
		return true;
	return t->copy && (t->copy->origin || (!t->deleting && memory_by_uid(t->copy, NULL)));
}

bool holds_are_free(const struct fc_engine *e, const struct bearer *b)
{
	for (const struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		const struct target *t = cr->hold;

		if (is_open(cr))
			return false;
		if (!t || !fc_rv_is_set(&t->version) || t->bearer->unseen || !way_of(cr)->source_finalizer ||
		    cluster_of(e, t->key.cluster)->connection != UP || bears_it_otherwise(e, cr->dialect, t) ||
		    (t->bearer->keeps_hold && !t->deleting))
			continue;
		if (bearer_has_finalizer(t->bearer, way_of(cr)->source_finalizer) && !is_used(e, cr->dialect, t))
			return false;
	}
	return true;
}

void holds_mark_source(struct fc_engine *e, const struct origin *o, const struct fc_resource *r)
{
	const struct cluster *c = o->key.dialect->copy->source_finalizer ? origin_cluster(e, o) : NULL;
	struct target *t = c && o->key.name ? target_find(e, c->no, r, o->key.namespace_, o->key.name) : NULL;

	if (t)
		target_mark(e, t);
}

/* What may be said of them waits until all who could name them have told. */
void holds_mark_all(struct fc_engine *e)
{
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t)
		if (t->bearer && t->bearer->held)
			target_mark(e, t);
}
