/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for copies of whole objects, bound to what they mean: a type, a source and the marks of their copies; and bound
 * anew when what is around them changes. bearers.c reads them. */
#include "engine/bearers.h"

#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/marks.h"

bool dialect_acts(const struct fc_engine *e, const struct fc_dialect *d, const struct cluster *c)
{
	json_t *name;
	size_t i;

	if (!d->copy)
		return false;
	if (c->no == e->options.master)
		return true;
	json_array_foreach(c->info.dialects, i, name)
		if (json_is_string(name) && strcmp(json_string_value(name), d->name) == 0)
			return true;
	return false;
}

bool dialect_judges(const struct fc_dialect *d)
{
	return d->copy && d->copy->judge;
}

bool copy_rule_clears(const struct copy_rule *cr)
{
	return dialect_judges(cr->dialect) && cr->spec.name;
}

bool is_listed(const char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (strcmp(*list, text) == 0)
			return true;
	return false;
}

static const char *bearer_word(const struct fc_dialect *d, const struct cluster *c, const struct fc_resource *r)
{
	for (const struct word *w = c->words; w; w = w->next)
		if (w->for_copies && w->resource == r && is_listed(d->copy->bearers, w->text))
			return w->text;
	return NULL;
}

bool is_bearer_resource(const struct fc_dialect *d, const struct cluster *c, const struct fc_resource *r)
{
	return bearer_word(d, c, r);
}

const char *copy_rule_source_namespace(const struct copy_rule *cr)
{
	return cr->spec.namespace_ ? cr->spec.namespace_ : cr->bearer->target->key.namespace_;
}

const char *copy_rule_source_name(const struct copy_rule *cr)
{
	return cr->spec.name ? cr->spec.name : cr->bearer->target->key.name;
}

const char *copy_rule_name(const struct copy_rule *cr)
{
	return cr->spec.copy_name ? cr->spec.copy_name : copy_rule_source_name(cr);
}

/* --- words --- */

void copy_words_start(struct fc_engine *e, struct cluster *c)
{
	for (size_t d = 0; e->options.dialects[d]; d++) {
		const struct fc_copy_dialect *copy = e->options.dialects[d]->copy;

		if (!copy)
			continue;
		for (const char *const *w = copy->copies; w && *w; w++)
			cluster_word(e, c, *w)->for_copies = true;
		for (const char *const *w = copy->bearers; *w && dialect_acts(e, e->options.dialects[d], c); w++)
			cluster_word(e, c, *w)->for_copies = true;
	}
}

/* Where a dialect acts its own marks may be labels and finalizers; elsewhere they are annotations of fedcopy.dev/. */
static enum fc_watch_content content_for(const struct fc_engine *e, const struct word *w)
{
	enum fc_watch_content content = FC_WATCH_ANNOTATED;

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (!dialect_acts(e, d, w->cluster))
			continue;
		if (d->copy->bodies && is_listed(d->copy->bearers, w->text))
			return FC_WATCH_BODIES;
		if (is_listed(d->copy->bearers, w->text) || is_listed(d->copy->copies, w->text))
			content = FC_WATCH_METADATA;
	}
	return content;
}

void copy_word_resolved(struct fc_engine *e, struct word *w)
{
	enum fc_watch_content content = content_for(e, w);
	const struct fc_namespace_list in = { e->options.namespaces, e->options.namespace_count };

	if (in.count == 0 || !w->resource->namespaced) {
		target_watch(e, w->cluster, w->resource, NULL, content);
		return;
	}
	for (size_t i = 0; i < in.count; i++)
		target_watch(e, w->cluster, w->resource, in.items[i], content);
}

/* --- binding --- */

static void take_word(struct fc_engine *e, struct copy_rule *cr)
{
	const struct key *k = &cr->bearer->target->key;
	struct cluster *c = cluster_of(e, k->cluster);
	const char *text = cr->spec.word ? cr->spec.word : bearer_word(cr->dialect, c, k->resource);

	if (cr->word || !text)
		return;
	cr->word = cluster_word(e, c, text);
	DL_APPEND2(cr->word->copy_rules, cr, prev_in_word, next_in_word);
}

static void drop_origin(struct fc_engine *e, struct copy_rule *cr, struct origin **slot)
{
	struct origin *o = fc_steal(slot);

	if (!o)
		return;
	origin_remove_rule(e, o, cr);
	origin_unref(e, o);
}

static void take_origin(struct fc_engine *e, struct copy_rule *cr, struct origin **slot, bool far)
{
	if (*slot)
		return;
	*slot = origin_of_rule(e, cr, far);
	if (!*slot)
		return;
	origin_add_rule(*slot, cr);
	if (cr->spec.finalizer)
		origin_add_bearer(*slot, cr->bearer);
	origin_mark(e, *slot);
}

static void unbind(struct fc_engine *e, struct copy_rule *cr)
{
	struct site *next;

	for (struct site *s = cr->sites; s; s = next) {
		next = s->next;
		site_free(e, s);
	}
	copy_rule_drop_source(e, cr);
	hold_drop(e, cr);
	drop_origin(e, cr, &cr->near);
	drop_origin(e, cr, &cr->far);
	cr->resource = NULL;
}

bool copy_rule_is_invalid(const struct copy_rule *cr)
{
	return cr->spec.invalid_reason || cr->bearer->bad_clusters;
}

bool source_is_selected(const struct fc_engine *e, const struct copy_rule *cr)
{
	const char *namespace_ = copy_rule_source_namespace(cr);

	return namespace_selected(e, namespace_) && namespace_is_in(&e->options.sources_in, namespace_);
}

/* What the word means there, where that is what the rule means; NULL: it is not, or nothing. */
static const struct fc_resource *meant(struct copy_rule *cr)
{
	const struct fc_resource *r = cr->word->resource;

	cr->misfit = NULL;
	if (!r || !cr->spec.kind)
		return r;
	if (strcmp(r->kind, cr->spec.kind) != 0 || strcmp(r->group, cr->spec.group) != 0)
		return NULL;
	if (!r->namespaced)
		cr->misfit = "the kind is cluster-scoped: only objects of namespaces are copied";
	return r->namespaced ? r : NULL;
}

void copy_rule_bind(struct fc_engine *e, struct copy_rule *cr)
{
	const struct key *k = &cr->bearer->target->key;
	const struct fc_resource *r;

	cr->denied = NULL;
	if (!copy_rule_is_invalid(cr)) {
		if (cr->bearer->names_clusters && k->cluster != e->options.master)
			cr->denied = FC_MARK_CLUSTERS " counts on objects of the master only";
		else
			cr->denied = cr->refused;
	}
	/* One that cannot be followed may have put a finalizer on its source when it could. */
	if (!copy_rule_is_invalid(cr) || cr->spec.names_source)
		take_word(e, cr);
	r = cr->word ? meant(cr) : NULL;
	if (cr->word && r != cr->resource) {
		unbind(e, cr);
		cr->resource = r;
		bearer_changed(e, cr->bearer->target);
	}
	if (cr->resource && !copy_rule_is_invalid(cr)) {
		take_origin(e, cr, &cr->near, false);
		take_origin(e, cr, &cr->far, true);
		if (!cr->denied && source_is_selected(e, cr) && copy_rule_may_look(e, cr))
			copy_rule_bind_source(e, cr);
	}
	if (cr->resource && source_is_selected(e, cr))
		hold_take(e, cr);
	copy_rule_select_clusters(e, cr);
}

void copy_rule_free(struct fc_engine *e, struct copy_rule *cr)
{
	unbind(e, cr);
	if (cr->word) {
		DL_DELETE2(cr->word->copy_rules, cr, prev_in_word, next_in_word);
		if (!word_is_used(cr->word))
			cluster_forget_word(e, cr->word);
	}
	fc_copy_spec_fini(cr->dialect, &cr->spec);
	free(cr->secret_type);
	free(cr->source_uid);
	free(cr->source_version);
	free(cr);
}

/* --- what changes around them --- */

static void mark_rule(struct fc_engine *e, struct copy_rule *cr)
{
	copy_rule_bind(e, cr);
	copy_rules_mark(e, cr);
}

void copy_rules_of_space_changed(struct fc_engine *e, struct word *w, const char *name)
{
	struct copy_rule *cr, *next;

	DL_FOREACH_SAFE2(w->copy_rules, cr, next, next_in_word)
		if (cr->dialect->copy->bodies && (!name || strcmp(copy_rule_source_namespace(cr), name) == 0))
			mark_rule(e, cr);
}

void copy_rules_of_word_changed(struct fc_engine *e, struct word *w)
{
	struct copy_rule *cr, *next;
	struct site *s, *next_site;

	DL_FOREACH_SAFE2(w->copy_rules, cr, next, next_in_word) {
		mark_rule(e, cr);
		memories_bind(e, cr->bearer);
	}
	DL_FOREACH_SAFE2(w->sites, s, next_site, next_in_word)
		site_settle(e, s);
	memories_of_word_changed(e, w);
}

void copy_word_mark(struct fc_engine *e, const struct word *w)
{
	memories_of_word_told(e, w);
	for (struct copy_rule *cr = w->copy_rules; cr; cr = cr->next_in_word) {
		copy_rules_mark(e, cr);
		memories_bind(e, cr->bearer);
	}
	for (struct site *s = w->sites; s; s = s->next_in_word) {
		site_judge(e, s);
		for (struct pair *p = s->pairs; p; p = p->next_in_site)
			target_mark(e, p->target);
	}
}

/* Finalizers wait for it. */
void copy_cluster_told(struct fc_engine *e, const struct cluster *c)
{
	struct target *t;

	if (!e->copies)
		return;
	FC_TABLE_FOREACH(&e->targets, at, t)
		if (t->bearer && (t->bearer->origin_count || t->bearer->held))
			target_mark(e, t);
	origins_mark_cluster(e, c);
}

void copy_watch_told(struct fc_engine *e, struct watch *w)
{
	struct target *t;

	if (!e->copies)
		return;
	FC_TABLE_FOREACH(&e->targets, at, t) {
		if ((t->copy && t->watch == w) || (t->bearer && (t->bearer->origin_count || t->bearer->held)))
			target_mark(e, t);
		if (t->copy && t->watch == w)
			memories_mark_bearers(e, t->copy);
	}
	origins_mark_cluster(e, cluster_of(e, w->cluster));
}

bool whole_reads_from(const struct target *t, const struct cluster *c, const char *name)
{
	for (const struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next) {
		const struct copy_rule *cr = p->site->rule;

		if (cr->word->cluster == c && (!name || strcmp(copy_rule_source_namespace(cr), name) == 0))
			return true;
	}
	return false;
}

void copy_rules_of_cluster_changed(struct fc_engine *e, struct cluster *c)
{
	struct target *t;

	if (!e->copies)
		return;
	FC_TABLE_FOREACH(&e->targets, at, t) {
		if (!t->bearer || t->key.cluster != c->no)
			continue;
		for (struct copy_rule *cr = t->bearer->rules; cr; cr = cr->next)
			mark_rule(e, cr);
		target_mark(e, t);
	}
	/* What statuses list there can be told of again, or not any more. */
	for (const struct word *w = c->words; w; w = w->next)
		for (const struct memory *m = w->memories; m; m = m->next_in_word)
			memory_mark_bearer(e, m);
	sites_cluster_changed(e, c);
	origins_mark_cluster(e, c);
}
