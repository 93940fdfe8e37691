/* SPDX-License-Identifier: Apache-2.0 */
/* Bearers: annotated sources and custom resources that ask for copies of whole objects. Their rules are scanned where
 * the text that they are read from changes. What these mean is in copy_rules.c. */
#include "engine/bearers.h"

#include <string.h>

#include "base/mem.h"
#include "engine/copy_judge.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"

bool dialect_has_word(const struct fc_dialect *d, const char *key)
{
	for (const char *const *p = d->annotation_prefixes; p && *p; p++)
		if (strncmp(key, *p, strlen(*p)) == 0)
			return true;
	return false;
}

static bool is_of_dialect(const struct fc_dialect *d, const char *key)
{
	return dialect_has_word(d, key) || strncmp(key, FC_MARK_PREFIX, strlen(FC_MARK_PREFIX)) == 0;
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

/* Its finalizer of that dialect is a copy's then, and no sign of one who asked. */
static bool is_copy_of(const struct fc_dialect *d, const json_t *object)
{
	struct fc_copy_mark m = { 0 };
	bool is_copy = d->copy->mark && d->copy->mark(d, object, &m) && !m.released;

	fc_copy_mark_fini(&m);
	return is_copy;
}

static bool bears_finalizer_of_bearer(const struct fc_dialect *d, const json_t *object)
{
	return bears_finalizer(d, object) && !is_copy_of(d, object);
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

/* The source of a custom resource, or what was one. */
static bool is_held(const struct fc_engine *e, const struct cluster *c, const struct fc_resource *r,
		    const json_t *object)
{
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (dialect_acts(e, d, c) && d->copy->source_finalizer && !is_bearer_resource(d, c, r) &&
		    bears_finalizer_of_bearer(d, object))
			return true;
	}
	return false;
}

/* A custom resource elsewhere is no concern, unless it was one: it bears a finalizer, which is to go with it. Until
 * then it is as if it were paused. */
static bool is_worked_in(const struct fc_engine *e, const json_t *object)
{
	return namespace_is_in(&e->options.bearers_in, fc_json_metadata(object, "namespace"));
}

bool bearer_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object)
{
	const struct cluster *c = cluster_of(e, w->cluster);

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (reads_rules_of(e, d, c, w->resource) &&
		    ((d->copy->bodies && is_worked_in(e, object)) || bears_annotation(d, object) ||
		     bears_finalizer_of_bearer(d, object)))
			return true;
	}
	return is_held(e, c, w->resource, object);
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
		/* A copy may be no source. */
		if (is_copy_of(d, object))
			json_object_set_new(mine, d->name, json_true());
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
static struct copy_rule **scan(struct fc_engine *e, struct bearer *b, const struct fc_dialect *d, const json_t *object,
			       struct copy_rule **old, struct copy_rule **end)
{
	struct fc_copy_specs specs = { 0 };

	d->copy->scan(d, object, &specs);
	for (size_t i = 0; i < specs.count; i++) {
		struct copy_rule *cr = take_same(old, d, &specs.items[i]);

		if (!cr) {
			cr = fc_xcalloc(1, sizeof(*cr));
			cr->bearer = b;
			cr->dialect = d;
			cr->spec = specs.items[i];
			memset(&specs.items[i], 0, sizeof(specs.items[i]));
			if (cr->spec.warning)
				notice_warning(e, b->target, cr->spec.warning);
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
	/* What it names cannot be said for sure: a source's finalizer may have waited for that to end. */
	if (list && copy_rule_is_invalid(list) && list->dialect->copy->source_finalizer)
		holds_mark_all(e);
	while (list) {
		struct copy_rule *cr = list;

		list = cr->next;
		copy_rule_free(e, cr);
	}
}

/* What ends may wait for an answer of a cluster that none of its rules names. */
void bearers_mark_ending(struct fc_engine *e)
{
	for (size_t i = 0; i < e->cluster_count; i++)
		for (const struct watch *w = e->clusters[i]->watches; w; w = w->next_in_cluster)
			for (struct target *t = w->content == FC_WATCH_BODIES ? w->targets : NULL; t;
			     t = t->next_in_watch)
				if (t->deleting && t->bearer && t->bearer->object)
					target_mark(e, t);
}

void bearer_changed(struct fc_engine *e, const struct target *t)
{
	if (!t->bearer || !t->bearer->awaited)
		return;
	t->bearer->awaited = false;
	for (struct copy_rule *cr = t->bearer->rules; cr; cr = cr->next) {
		origin_mark(e, cr->near);
		origin_mark(e, cr->far);
	}
	for (struct memory *m = t->bearer->memories; m; m = m->next)
		if (m->target)
			target_mark(e, m->target);
	origins_mark_named(e, t);
}

/* At home they are left over from a copy that was brought back. */
bool is_copy_from_elsewhere(const struct fc_engine *e, const struct target *t)
{
	return t->copy && t->copy->origin && t->copy->origin->key.cluster_id && !copy_stands_at_home(e, t);
}

static void rescan(struct fc_engine *e, struct bearer *b, const json_t *object)
{
	const struct key *k = &b->target->key;
	struct copy_rule *old = fc_steal(&b->rules), **end = &b->rules;
	bool was_bad = b->bad_clusters;

	take_clusters(b, object);
	/* Which source one means that cannot be followed is not known for sure: what waited for that may go. */
	if (was_bad && !b->bad_clusters)
		holds_mark_all(e);
	for (size_t i = 0; e->options.dialects[i] && !is_copy_from_elsewhere(e, b->target); i++)
		if (reads_rules_of(e, e->options.dialects[i], cluster_of(e, k->cluster), k->resource))
			end = scan(e, b, e->options.dialects[i], object, &old, end);
	/* New ones first: what they go on using is not let go with the old. */
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next)
		copy_rule_bind(e, cr);
	free_rules(e, old);
	bearer_changed(e, b->target);
}

/* One that is being deleted wants no copies any more; a source says so itself as well (copy_sources.c). */
static void take_ending(struct fc_engine *e, struct bearer *b)
{
	bool changed = false;

	for (struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		bool ending = b->target->deleting || (cr->source_ending && !copy_rule_clears(cr));

		if (cr->ending == ending)
			continue;
		cr->ending = ending;
		changed = true;
		for (struct site *s = cr->sites; s; s = s->next)
			site_settle(e, s);
		origin_mark(e, cr->near);
		origin_mark(e, cr->far);
		/* What it cannot say now it had asked for once. */
		bearer_changed(e, b->target);
	}
	/* Those of a rule that cannot be understood any more. */
	for (size_t i = 0; changed && i < b->origin_count; i++)
		origin_mark(e, b->origins[i]);
}

static bool same_list(const json_t *a, const json_t *b)
{
	return a && b ? json_equal(a, b) : json_array_size(a) == json_array_size(b);
}

static void keep(json_t **slot, json_t *value)
{
	json_incref(value);
	json_decref(*slot);
	*slot = value;
}

static void forget_words(struct bearer *b)
{
	readings_free(&b->readings);
	json_decref(fc_steal(&b->words));
}

static void take_words(const struct fc_engine *e, struct bearer *b, const json_t *object)
{
	json_t *words = NULL, *value;
	const char *key;

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (!dialect_judges(d))
			continue;
		json_object_foreach(json_object_get(json_object_get(object, "metadata"), "annotations"), key, value) {
			if (!dialect_has_word(d, key))
				continue;
			if (!words)
				words = json_object();
			json_object_set(words, key, value);
		}
	}
	if (words && json_equal(words, b->words)) {
		json_decref(words);
		return;
	}
	forget_words(b);
	b->words = words;
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

/* What bears the finalizer of a source, of a dialect whose sources do not ask themselves. */
static void take_hold(const struct fc_engine *e, struct bearer *b, const json_t *object)
{
	const struct cluster *c = cluster_of(e, b->target->key.cluster);

	b->unseen = false;
	b->held = is_held(e, c, b->target->key.resource, object);
	b->keeps_hold = false;
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		b->keeps_hold = b->keeps_hold || (d->copy && d->copy->source_annotation &&
						  fc_json_annotation(object, d->copy->source_annotation));
	}
}

static bool bears_any(const struct bearer *b, const char *const *finalizers)
{
	for (; finalizers && *finalizers; finalizers++)
		if (bearer_has_finalizer(b, *finalizers))
			return true;
	return false;
}

/* After a restart a finalizer may be all that is left of a rule: its copies' marks name the bearer. */
void bearer_expect_copies(struct fc_engine *e, struct bearer *b, const json_t *object)
{
	const struct key *k = &b->target->key;

	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (reads_rules_of(e, d, cluster_of(e, k->cluster), k->resource) &&
		    (object ? bears_finalizer_of_bearer(d, object)
			    : d->copy->bodies && bears_any(b, d->copy->finalizers)))
			origins_expect(e, b, d);
	}
}

/* What a copy bears, on what asks for copies itself: it goes with the finalizer that comes, since with both it would be
 * a copy. */
static void take_stale_marks(struct bearer *b, const json_t *object)
{
	json_t *labels = json_object_get(json_object_get(object, "metadata"), "labels");

	json_decref(b->stale);
	b->stale = NULL;
	for (const struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		const struct fc_copy_dialect *d = cr->dialect->copy;

		/* A custom resource is no copy, whatever it bears. */
		for (const char *const *l = d->mark_labels; cr->spec.finalizer && !d->bodies && l && *l; l++) {
			if (!json_object_get(labels, *l))
				continue;
			if (!b->stale)
				b->stale = json_array();
			json_array_append_new(b->stale, json_string(*l));
		}
	}
}

/* What it bears after its last rule has gone is a source's finalizer still. */
static bool goes_on_as_source(const struct fc_engine *e, const struct bearer *b)
{
	bool ours = false;

	for (size_t i = 0; e->options.dialects[i]; i++)
		ours = ours || (e->options.dialects[i]->copy && bears_any(b, e->options.dialects[i]->copy->finalizers));
	return b->asked && ours && !(b->target->copy && b->target->copy->origin);
}

void bearer_take(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct fc_digest text;
	struct bearer *b = t->bearer;
	bool was_paused, news;

	if (!b && !bearer_concerns(e, t->watch, object))
		return;
	if (!b) {
		b = t->bearer = fc_xcalloc(1, sizeof(*b));
		b->target = t;
	}
	text = text_of(e, t, object);
	was_paused = b->paused;
	b->paused = fc_marks_paused(object) || (keeps_object(e, t) && !is_worked_in(e, object));
	b->creates_spaces = fc_marks_creates_namespaces(object);
	news = b->unseen ||
	       !same_list(b->finalizers, json_object_get(json_object_get(object, "metadata"), "finalizers"));
	keep(&b->finalizers, json_object_get(json_object_get(object, "metadata"), "finalizers"));
	take_words(e, b, object);
	take_hold(e, b, object);
	if (keeps_object(e, t))
		keep(&b->object, (json_t *)(uintptr_t)object);
	if (!fc_digest_equal(&text, &b->text)) {
		b->text = text;
		b->begun = false;
		rescan(e, b, object);
	}
	memories_take(e, b);
	b->asked = b->rules || goes_on_as_source(e, b);
	take_stale_marks(b, object);
	bearer_expect_copies(e, b, object);
	take_ending(e, b);
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		copy_rules_mark(e, cr);
		if (!was_paused)
			continue;
		origin_mark(e, cr->near);
		origin_mark(e, cr->far);
	}
	for (struct memory *m = b->memories; m; m = m->next)
		if (m->target) {
			target_mark(e, m->target);
			/* What others say of it may depend on what this one says. */
			memories_mark_bearers(e, m->target->copy);
		}
	if (news)
		holds_changed(e, b);
	target_mark(e, t);
}

bool bearer_is_used(const struct bearer *b)
{
	return b && (b->rules || b->origin_count || b->object || b->held_for || b->held);
}

static void forget_all(struct fc_engine *e, struct bearer *b)
{
	free_rules(e, fc_steal(&b->rules));
	bearer_changed(e, b->target);
	memories_free(e, b);
	origins_forget_bearer(e, b);
	fc_cluster_selection_free(b->clusters);
	free(b->bad_clusters);
	json_decref(b->finalizers);
	json_decref(b->stale);
	json_decref(b->object);
	forget_words(b);
}

void bearer_absent(struct fc_engine *e, struct target *t)
{
	struct bearer *b = t->bearer;
	struct copy_rule *held_for = b ? b->held_for : NULL;

	if (!held_for) {
		bearer_free(e, t);
		return;
	}
	forget_all(e, b);
	*b = (struct bearer){ .target = t, .held_for = held_for };
	holds_changed(e, b);
}

void bearer_free(struct fc_engine *e, struct target *t)
{
	struct bearer *b = t->bearer;

	if (!b)
		return;
	forget_all(e, b);
	holds_lose_target(e, b);
	free(b);
	t->bearer = NULL;
}
