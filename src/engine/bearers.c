/* SPDX-License-Identifier: Apache-2.0 */
/* Bearers: annotated sources and custom resources that ask for copies of whole objects. Their rules are scanned where
 * the text that they are read from changes, and bound to a type, a source and the marks of their copies. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
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

static bool is_listed(const char *const *list, const char *text)
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

	if (e->options.namespace_count == 0 || !w->resource->namespaced) {
		target_watch(e, w->cluster, w->resource, NULL, content);
		return;
	}
	for (size_t i = 0; i < e->options.namespace_count; i++)
		target_watch(e, w->cluster, w->resource, e->options.namespaces[i], content);
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
	drop_origin(e, cr, &cr->near);
	drop_origin(e, cr, &cr->far);
	cr->resource = NULL;
}

bool copy_rule_is_invalid(const struct copy_rule *cr)
{
	return cr->spec.invalid_reason || cr->bearer->bad_clusters;
}

static bool source_is_selected(const struct fc_engine *e, const struct copy_rule *cr)
{
	return namespace_selected(e, copy_rule_source_namespace(cr));
}

void copy_rule_bind(struct fc_engine *e, struct copy_rule *cr)
{
	const struct key *k = &cr->bearer->target->key;

	cr->denied = NULL;
	if (!copy_rule_is_invalid(cr)) {
		if (cr->bearer->names_clusters && k->cluster != e->options.master)
			cr->denied = FC_MARK_CLUSTERS " counts on objects of the master only";
		take_word(e, cr);
	}
	if (cr->word && cr->word->resource != cr->resource) {
		unbind(e, cr);
		cr->resource = cr->word->resource;
	}
	if (cr->resource) {
		take_origin(e, cr, &cr->near, false);
		take_origin(e, cr, &cr->far, true);
		if (!cr->denied && source_is_selected(e, cr))
			copy_rule_bind_source(e, cr);
	}
	copy_rule_select_clusters(e, cr);
}

static void rule_free(struct fc_engine *e, struct copy_rule *cr)
{
	unbind(e, cr);
	if (cr->word) {
		DL_DELETE2(cr->word->copy_rules, cr, prev_in_word, next_in_word);
		if (!word_is_used(cr->word))
			cluster_forget_word(e, cr->word);
	}
	fc_copy_spec_fini(cr->dialect, &cr->spec);
	free(cr->secret_type);
	free(cr);
}

/* --- reading the rules --- */

static bool is_of_dialect(const struct fc_dialect *d, const char *key)
{
	for (const char *const *p = d->annotation_prefixes; p && *p; p++)
		if (strncmp(key, *p, strlen(*p)) == 0)
			return true;
	return strncmp(key, FC_MARK_PREFIX, strlen(FC_MARK_PREFIX)) == 0;
}

static bool bears_finalizer(const struct fc_dialect *d, const json_t *object)
{
	json_t *list = json_object_get(json_object_get(object, "metadata"), "finalizers"), *name;
	size_t i;

	json_array_foreach(list, i, name)
		if (json_is_string(name) && is_listed(d->copy->finalizers, json_string_value(name)))
			return true;
	return false;
}

static bool bears_annotation(const struct fc_dialect *d, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(json_object_get(object, "metadata"), "annotations"), key, value)
		if (is_of_dialect(d, key))
			return true;
	return false;
}

static bool reads_rules_of(const struct fc_engine *e, const struct fc_dialect *d, const struct cluster *c,
			   const struct fc_resource *r)
{
	return dialect_acts(e, d, c) && is_bearer_resource(d, c, r);
}

bool bearer_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object)
{
	const struct cluster *c = cluster_of(e, w->cluster);

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (reads_rules_of(e, d, c, w->resource) &&
		    (d->copy->bodies || bears_annotation(d, object) || bears_finalizer(d, object)))
			return true;
	}
	return false;
}

/* All that rules are read from: while it stays equal, so do they. */
static struct fc_digest text_of(const struct fc_engine *e, const struct target *t, const json_t *object)
{
	const struct cluster *c = cluster_of(e, t->key.cluster);
	json_t *mine = json_object(), *spec = json_object_get(object, "spec"), *value;
	struct fc_digest digest;
	const char *key;

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (!reads_rules_of(e, d, c, t->key.resource))
			continue;
		json_object_foreach(json_object_get(json_object_get(object, "metadata"), "annotations"), key, value)
			if (is_of_dialect(d, key))
				json_object_set(mine, key, value);
		if (d->copy->bodies && spec)
			json_object_set(mine, "", spec);
	}
	digest = fc_digest_json(mine);
	json_decref(mine);
	return digest;
}

static struct copy_rule *take_same(struct copy_rule **list, const struct fc_dialect *d, const struct fc_copy_spec *spec)
{
	for (struct copy_rule **at = list; *at; at = &(*at)->next) {
		struct copy_rule *cr = *at;

		if (cr->dialect != d || !fc_digest_equal(&cr->spec.text, &spec->text))
			continue;
		*at = cr->next;
		return cr;
	}
	return NULL;
}

/* Scans for one dialect: rules of an equal text stay, `old` keeps what is found no more. */
static struct copy_rule **scan(struct bearer *b, const struct fc_dialect *d, const json_t *object,
			       struct copy_rule **old, struct copy_rule **end)
{
	struct fc_copy_specs specs = { 0 };

	d->copy->scan(object, &specs);
	for (size_t i = 0; i < specs.count; i++) {
		struct copy_rule *cr = take_same(old, d, &specs.items[i]);

		if (!cr) {
			cr = fc_xcalloc(1, sizeof(*cr));
			cr->bearer = b;
			cr->dialect = d;
			cr->spec = specs.items[i];
			memset(&specs.items[i], 0, sizeof(specs.items[i]));
		}
		*end = cr;
		end = &cr->next;
	}
	*end = NULL;
	fc_copy_specs_fini(d, &specs);
	return end;
}

static void take_clusters(struct bearer *b, const json_t *object)
{
	const char *text = fc_marks_annotation(object, FC_MARK_CLUSTERS);
	struct fc_digest digest = text ? fc_digest_bytes(text, strlen(text)) : (struct fc_digest){ { 0 } };
	struct fc_error error = FC_ERROR_INIT;

	if (fc_digest_equal(&digest, &b->clusters_text))
		return;
	b->clusters_text = digest;
	fc_cluster_selection_free(b->clusters);
	free(fc_steal(&b->bad_clusters));
	b->names_clusters = text;
	b->clusters = text ? fc_cluster_selection_parse(text, &error) : NULL;
	if (text && !b->clusters)
		b->bad_clusters = fc_xstrdup(error.text);
}

static void free_rules(struct fc_engine *e, struct copy_rule *list)
{
	while (list) {
		struct copy_rule *cr = list;

		list = cr->next;
		rule_free(e, cr);
	}
}

static bool has_invalid(const struct copy_rule *list)
{
	for (; list; list = list->next)
		if (copy_rule_is_invalid(list))
			return true;
	return false;
}

static void rescan(struct fc_engine *e, struct bearer *b, const json_t *object)
{
	const struct key *k = &b->target->key;
	struct copy_rule *old = fc_steal(&b->rules), **end = &b->rules;
	bool was_bad = b->bad_clusters;

	take_clusters(b, object);
	for (size_t i = 0; e->options.dialects[i]; i++)
		if (reads_rules_of(e, e->options.dialects[i], cluster_of(e, k->cluster), k->resource))
			end = scan(b, e->options.dialects[i], object, &old, end);
	/* New ones first: what they go on using is not let go with the old. */
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next)
		copy_rule_bind(e, cr);
	/* What one that could not be understood has kept from being judged is judged now. */
	if (was_bad || has_invalid(old))
		origins_mark_named(e, b->target);
	free_rules(e, old);
}

/* One that is being deleted wants no copies any more; a source says so itself as well (copy_sources.c). */
static void take_ending(struct fc_engine *e, struct bearer *b)
{
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		bool ending = b->target->deleting || cr->source_ending;

		if (cr->ending == ending)
			continue;
		cr->ending = ending;
		for (struct site *s = cr->sites; s; s = s->next)
			site_settle(e, s);
		origin_mark(e, cr->near);
		origin_mark(e, cr->far);
	}
}

static void keep(json_t **slot, json_t *value)
{
	json_incref(value);
	json_decref(*slot);
	*slot = value;
}

static bool keeps_object(const struct fc_engine *e, const struct target *t)
{
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (d->copy && d->copy->status && reads_rules_of(e, d, cluster_of(e, t->key.cluster), t->key.resource))
			return true;
	}
	return false;
}

/* After a restart a finalizer may be all that is left of a rule: its copies' marks name the bearer. */
static void expect_copies(struct fc_engine *e, struct bearer *b, const json_t *object)
{
	const struct key *k = &b->target->key;

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (reads_rules_of(e, d, cluster_of(e, k->cluster), k->resource) && bears_finalizer(d, object))
			origins_expect(e, b, d);
	}
}

void bearer_take(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct fc_digest text;
	struct bearer *b = t->bearer;
	bool was_paused;

	if (!b && !bearer_concerns(e, t->watch, object))
		return;
	if (!b) {
		b = t->bearer = fc_xcalloc(1, sizeof(*b));
		b->target = t;
	}
	text = text_of(e, t, object);
	was_paused = b->paused;
	b->paused = fc_marks_paused(object);
	keep(&b->finalizers, json_object_get(json_object_get(object, "metadata"), "finalizers"));
	if (keeps_object(e, t))
		keep(&b->object, (json_t *)(uintptr_t)object);
	if (!fc_digest_equal(&text, &b->text)) {
		b->text = text;
		rescan(e, b, object);
	}
	expect_copies(e, b, object);
	take_ending(e, b);
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		copy_rules_mark(e, cr);
		if (!was_paused)
			continue;
		origin_mark(e, cr->near);
		origin_mark(e, cr->far);
	}
	target_mark(e, t);
}

bool bearer_is_used(const struct bearer *b)
{
	return b && (b->rules || b->origin_count || b->object);
}

void bearer_free(struct fc_engine *e, struct target *t)
{
	struct bearer *b = t->bearer;

	if (!b)
		return;
	free_rules(e, b->rules);
	origins_forget_bearer(e, b);
	fc_cluster_selection_free(b->clusters);
	free(b->bad_clusters);
	json_decref(b->finalizers);
	json_decref(b->object);
	free(b);
	t->bearer = NULL;
}

/* --- what changes around them --- */

static void mark_rule(struct fc_engine *e, struct copy_rule *cr)
{
	copy_rule_bind(e, cr);
	copy_rules_mark(e, cr);
}

void copy_rules_of_word_changed(struct fc_engine *e, struct word *w)
{
	struct copy_rule *cr, *next;
	struct site *s, *next_site;

	DL_FOREACH_SAFE2(w->copy_rules, cr, next, next_in_word)
		mark_rule(e, cr);
	DL_FOREACH_SAFE2(w->sites, s, next_site, next_in_word)
		site_settle(e, s);
}

void copy_word_mark(struct fc_engine *e, const struct word *w)
{
	for (struct copy_rule *cr = w->copy_rules; cr; cr = cr->next_in_word)
		copy_rules_mark(e, cr);
	for (struct site *s = w->sites; s; s = s->next_in_word) {
		site_judge(e, s);
		for (struct pair *p = s->pairs; p; p = p->next_in_site)
			target_mark(e, p->target);
	}
}

void copy_watch_told(struct fc_engine *e, struct watch *w)
{
	struct target *t, *next;

	if (!e->copies)
		return;
	HASH_ITER(hh, e->targets, t, next)
		if ((t->copy && t->watch == w) || (t->bearer && t->bearer->origin_count))
			target_mark(e, t);
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
	struct target *t, *next;

	if (!e->copies)
		return;
	HASH_ITER(hh, e->targets, t, next) {
		if (!t->bearer || t->key.cluster != c->no)
			continue;
		for (struct copy_rule *cr = t->bearer->rules; cr; cr = cr->next)
			mark_rule(e, cr);
		target_mark(e, t);
	}
	sites_cluster_changed(e, c);
	origins_mark_cluster(e, c);
}
