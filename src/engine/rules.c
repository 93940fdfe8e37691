/* SPDX-License-Identifier: Apache-2.0 */
/* A target's rules: found in its annotations, bound to their sources, measured against what stands in the target. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"

static bool is_of_a_dialect(const struct fc_engine *e, const char *key)
{
	for (size_t d = 0; e->options.dialects[d]; d++)
		for (const char *const *p = e->options.dialects[d]->annotation_prefixes; p && *p; p++)
			if (strncmp(key, *p, strlen(*p)) == 0)
				return true;
	return false;
}

static json_t *annotations_of(const json_t *object)
{
	return json_object_get(json_object_get(object, "metadata"), "annotations");
}

bool rules_present(const struct fc_engine *e, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(annotations_of(object), key, value)
		if (is_of_a_dialect(e, key))
			return true;
	return false;
}

bool rules_follow_master(const struct fc_engine *e, const json_t *object)
{
	const char *hub = fc_marks_annotation(object, FC_MARK_HUB);
	const struct cluster *master = cluster_of(e, e->options.master);

	return !hub || (master && strcmp(hub, master->info.name) == 0);
}

/* All annotations that any dialect reads: while they stay equal, so do the rules. Those of another master's are none.
 */
static struct fc_digest rules_text(const struct fc_engine *e, const json_t *object)
{
	json_t *mine = json_object();
	struct fc_digest digest;
	const char *key;
	json_t *value;

	json_object_foreach(annotations_of(object), key, value)
		if (rules_follow_master(e, object) && is_of_a_dialect(e, key))
			json_object_set(mine, key, value);
	digest = json_object_size(mine) ? fc_digest_json(mine) : (struct fc_digest){ { 0 } };
	json_decref(mine);
	return digest;
}

static struct rule *rule_new(struct fc_engine *e, struct target *t, const struct fc_dialect *d,
			     struct fc_rule_spec *spec)
{
	struct rule *r = fc_xcalloc(1, sizeof(*r));

	r->target = t;
	condition_init(e, &r->cond, d);
	r->text = spec->text;
	r->source_name = fc_intern_take(e->strings, spec->name);
	r->spec = spec_take(e, spec);
	r->fresh = true;
	return r;
}

void rule_drop_value(struct rule *r)
{
	json_decref(r->value);
	r->value = NULL;
	r->wants_value = false;
}

struct echo *rule_echo(struct rule *r)
{
	return r->echo = r->echo ?: fc_xcalloc(1, sizeof(*r->echo));
}

void rule_forget_echo(struct rule *r)
{
	free(fc_steal(&r->echo));
}

void rule_settles(struct rule *r, const struct fc_digest *wish)
{
	struct fc_digest of = *wish;

	/* As it was wished: then it holds without being remembered. */
	if (fc_digest_equal(&of, &r->present)) {
		rule_forget_echo(r);
		return;
	}
	rule_echo(r)->settled_wish = of;
	r->echo->settled = r->present;
}

void rule_joins(struct rule *r)
{
	r->fresh = r->want_moved = true;
	target_wants_anew(r->target, r);
}

static void rule_free(struct fc_engine *e, struct rule *r)
{
	rule_unbind(e, r);
	rule_drop_value(r);
	rule_forget_echo(r);
	spec_drop(e, r->spec);
	fc_intern_drop(e->strings, r->source_name);
	condition_fini(e, &r->cond);
	free(r);
}

void rules_free(struct fc_engine *e, struct target *t)
{
	while (t->rules) {
		struct rule *r = t->rules;

		t->rules = r->next;
		rule_free(e, r);
	}
}

static int by_path(const void *a, const void *b)
{
	const struct rule *x = *(struct rule *const *)a, *y = *(struct rule *const *)b;

	if (!x->spec->target_path || !y->spec->target_path)
		return (x->spec->target_path == NULL) - (y->spec->target_path == NULL);
	return fc_path_order(x->spec->target_path, y->spec->target_path);
}

static struct rule *take_same(struct rule **list, const struct fc_dialect *d, const struct fc_rule_spec *spec)
{
	for (struct rule **at = list; *at; at = &(*at)->next) {
		struct rule *r = *at;

		if (r->cond.dialect != d || !fc_digest_equal(&r->text, &spec->text))
			continue;
		*at = r->next;
		return r;
	}
	return NULL;
}

struct rule_array {
	struct rule **items;
	size_t count, cap;
};

/* Annotations hold 256 KiB: without a ceiling one object could bear thousands of rules, each measured against the
 * others. */
#define RULES_PER_OBJECT 256

static void refuse_surplus(struct fc_rule_spec *spec)
{
	if (spec->invalid_reason)
		return;
	spec->invalid_reason = "TooManyRules";
	spec->invalid_message =
		fc_xasprintf("an object bears at most %d rules: copy a path above several of them", RULES_PER_OBJECT);
	/* It is another rule than the same text would be with room for it. */
	spec->text.bytes[0] ^= 0xff;
}

static void scan_dialect(struct fc_engine *e, struct target *t, const struct fc_dialect *d, const json_t *object,
			 struct rule **old, struct rule_array *now, struct rule_array *fresh)
{
	struct fc_rule_specs specs = { 0 };

	d->scan(object, &specs);
	for (size_t i = 0; i < specs.count; i++) {
		struct rule *r;

		if (now->count >= RULES_PER_OBJECT)
			refuse_surplus(&specs.items[i]);
		r = take_same(old, d, &specs.items[i]);
		if (!r) {
			r = rule_new(e, t, d, &specs.items[i]);
			FC_GROW(fresh->items, fresh->count, fresh->cap);
			fresh->items[fresh->count++] = r;
		}
		FC_GROW(now->items, now->count, now->cap);
		now->items[now->count++] = r;
	}
	fc_rule_specs_fini(&specs);
}

/* The word of its source, asked for if it is new. */
static void take_word(struct fc_engine *e, struct rule *r)
{
	struct cluster *c;

	if (r->spec->invalid_reason || r->spec->literal || r->word)
		return;
	c = cluster_of_source(e, r);
	if (!c) {
		r->misfit = "the source names a cluster that is not in the cluster set";
		return;
	}
	r->word = cluster_word(e, c, r->spec->word);
	DL_APPEND2(r->word->rules, r, prev_in_word, next_in_word);
}

/* Of a rule that an edit took away: the one at its place, else any. An edit that mends a path moves the place. */
static struct rule *heir_of(const struct rule *old, const struct rule_array *fresh)
{
	for (size_t i = 0; i < fresh->count && old->spec->target_path; i++)
		if (fresh->items[i]->spec->target_path &&
		    fc_path_order(fresh->items[i]->spec->target_path, old->spec->target_path) == 0)
			return fresh->items[i];
	return fresh->count ? fresh->items[0] : NULL;
}

/* They are in order of path: what lies in a place follows it. */
static void note_overlaps(struct target *t)
{
	struct rule *widest = NULL;

	for (struct rule *r = t->rules; r && r->spec->target_path; r = r->next) {
		r->overlaps =
			widest && fc_path_compare(widest->spec->target_path, r->spec->target_path) != FC_PATH_APART;
		if (r->overlaps)
			widest->overlaps = true;
		else
			widest = r;
	}
}

/* What is watched for copies alone carries no path rules (systems/k8s-copier.md B4). */
static bool carries_path_rules(const struct fc_engine *e, const struct target *t)
{
	const struct word *w = cluster_of(e, t->key.cluster)->words;

	while (w && !(w->for_targets && w->resource == t->key.resource))
		w = w->next;
	return w;
}

bool rules_scan(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct fc_digest text = carries_path_rules(e, t) ? rules_text(e, object) : (struct fc_digest){ { 0 } };
	struct rule_array now = { 0 }, fresh = { 0 };
	struct rule *old = t->rules, **end = &t->rules;
	bool any_fresh, changed;

	if (fc_digest_equal(&text, &t->rules_text))
		return false;
	t->rules_text = text;
	for (size_t d = 0; e->options.dialects[d] && rules_follow_master(e, object); d++)
		if (e->options.dialects[d]->scan)
			scan_dialect(e, t, e->options.dialects[d], object, &old, &now, &fresh);
	if (now.count)
		qsort(now.items, now.count, sizeof(struct rule *), by_path);
	for (size_t i = 0; i < now.count; i++) {
		*end = now.items[i];
		end = &now.items[i]->next;
	}
	*end = NULL;
	note_overlaps(t);
	changed = fresh.count || old;
	/* Words first: what the new rules go on using is not forgotten with the old. Then the withdrawn ones: an edit
	 * that turns a rule round must not look like a cycle. */
	for (size_t i = 0; i < fresh.count; i++)
		take_word(e, fresh.items[i]);
	while (old) {
		struct rule *r = old;

		old = r->next;
		notice_heir(r, heir_of(r, &fresh));
		rule_free(e, r);
	}
	for (size_t i = 0; i < fresh.count; i++)
		rule_bind(e, fresh.items[i]);
	/* Marks of copies are words of dialects too, and no rules. */
	if (changed)
		target_wants_anew(t, NULL);
	any_fresh = fresh.count > 0;
	free(now.items);
	free(fresh.items);
	return any_fresh;
}

void rules_survey(struct target *t, const json_t *object)
{
	for (struct rule *r = t->rules; r; r = r->next) {
		json_t *value = NULL;

		if (!r->spec->target_path)
			continue;
		fc_path_get(r->spec->target_path, object, &value);
		r->present = fc_digest_json(value);
		fc_path_survey(r->spec->target_path, object, &r->ground);
	}
}

const char *rule_source_namespace(const struct rule *r)
{
	switch (r->spec->namespace_of) {
	case FC_NAMESPACE_OF_TARGET:
		/* A cluster-scoped source is often named like one of the target's own namespace. */
		if (r->word && r->word->resource && !r->word->resource->namespaced)
			return NULL;
		return r->target->key.namespace_[0] ? r->target->key.namespace_ : NULL;
	case FC_NAMESPACE_NAMED:
		return r->spec->namespace_;
	case FC_NAMESPACE_NONE:
		break;
	}
	return NULL;
}

static void bind_literal(struct fc_engine *e, struct rule *r)
{
	bool was_denied = r->denied;

	permission_renew(e, r);
	if (was_denied && !r->denied)
		rule_joins(r);
	r->wanted = r->cond.dialect->desired(r->spec, NULL, &(json_t *){ NULL });
	r->want = fc_digest_json(r->spec->literal);
	r->want_known = true;
}

/* Why the instance cannot be one of that resource, or NULL. */
static const char *scope_misfit(const struct rule *r)
{
	if (r->word->resource->namespaced)
		return rule_source_namespace(r) ? NULL : "the source is namespaced: name it as NAMESPACE/NAME";
	return r->spec->namespace_of == FC_NAMESPACE_NAMED ? "the source is cluster-scoped: name it without a namespace"
							   : NULL;
}

static void release_source(struct fc_engine *e, struct rule *r)
{
	if (!r->source)
		return;
	source_detach(e, r);
	/* After it has left: the search must not find it any more. */
	r->linked = false;
	cycles_rule_unbound(e, r);
	rule_drop_value(r);
	r->want_known = false;
	/* What it will want, if ever, is another's word or a later one: nothing that was said against the old counts.
	 */
	rule_joins(r);
}

/* May there be a source? Says why not. One whose word could permit it is watched for that word. */
static bool may_have_source(struct fc_engine *e, struct rule *r, const char *namespace_)
{
	struct verdict v;

	r->misfit = r->denied = NULL;
	r->asks_source = r->outside = false;
	if (!r->word->resource)
		return false;
	r->misfit = scope_misfit(r);
	if (r->misfit)
		return false;
	v = permission_of_rule(e, r);
	r->denied = v.denied;
	r->asks_source = v.asks_source;
	r->outside = !namespace_selected(e, namespace_);
	if (r->denied && !r->asks_source)
		return false;
	if (namespace_)
		namespaces_watch(e, r->word->cluster);
	return !r->outside;
}

static void bind_source(struct fc_engine *e, struct rule *r)
{
	const char *namespace_ = rule_source_namespace(r);
	struct key key;

	if (!may_have_source(e, r, namespace_)) {
		release_source(e, r);
		return;
	}
	key = key_take(e, r->word->cluster->no, r->word->resource, namespace_, r->source_name);
	if (!r->source || memcmp(&r->source->key, &key, sizeof(key)) != 0) {
		release_source(e, r);
		r->source = source_attach(e, &key, r);
	}
	key_drop(e, &key);
	permission_renew(e, r);
}

void rule_bind(struct fc_engine *e, struct rule *r)
{
	if (r->spec->invalid_reason)
		return;
	if (r->spec->literal) {
		bind_literal(e, r);
		return;
	}
	take_word(e, r);
	if (r->word)
		bind_source(e, r);
}

void rules_bind_all(struct fc_engine *e)
{
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t) {
		for (struct rule *r = t->rules; r; r = r->next)
			rule_bind(e, r);
		target_mark(e, t);
	}
	cycles_pairs_permitted_anew(e);
}

void rule_unbind(struct fc_engine *e, struct rule *r)
{
	release_source(e, r);
	if (!r->word)
		return;
	DL_DELETE2(r->word->rules, r, prev_in_word, next_in_word);
	if (!word_is_used(r->word))
		cluster_forget_word(e, r->word);
	r->word = NULL;
}

void rule_rebind(struct fc_engine *e, struct rule *r)
{
	if (r->word && r->word->cluster == cluster_of_source(e, r))
		return;
	rule_unbind(e, r);
	r->misfit = NULL;
	rule_bind(e, r);
	target_mark(e, r->target);
}
