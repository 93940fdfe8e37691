/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is made of, as digests: enough to say whether a copy is as it is wanted, and to make the patch that
 * mends it, without holding or reading it. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/copy_marks.h"
#include "model/marks.h"
#include "model/owned_fields.h"

static struct piece *add(struct fc_engine *e, struct pieces *p, enum piece_kind kind, const char *key,
			 const json_t *value)
{
	FC_GROW(p->items, p->count, p->cap);
	p->items[p->count] = (struct piece){
		.key = fc_intern_take(e->strings, key),
		.kind = kind,
		.value = fc_digest_json(value),
	};
	return &p->items[p->count++];
}

/* A null member is one that is not there. Who and what the object is goes without saying. */
static bool says_something(const char *key, const json_t *value)
{
	return !json_is_null(value) && strcmp(key, "apiVersion") != 0 && strcmp(key, "kind") != 0 &&
	       strcmp(key, "metadata") != 0;
}

static void add_spec(struct fc_engine *e, struct pieces *p, const json_t *spec)
{
	const char *key;
	json_t *value;

	/* Only read: jansson iterates over what is not const. */
	json_object_foreach((json_t *)(uintptr_t)spec, key, value)
		if (!json_is_null(value))
			add(e, p, PIECE_SPEC, key, value);
}

/* Of an object without what is the server's. */
static void add_members(struct fc_engine *e, struct pieces *p, const struct fc_resource *r, const json_t *object)
{
	bool parts = fc_owned_parts_spec(r);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		if (parts && strcmp(key, "spec") == 0)
			add_spec(e, p, value);
		else if (says_something(key, value))
			add(e, p, PIECE_MEMBER, key, value);
}

static void add_map(struct fc_engine *e, struct pieces *p, enum piece_kind kind, const struct fc_resource *r,
		    const json_t *object)
{
	bool label = kind == PIECE_LABEL;
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(json_object_get(object, "metadata"), label ? "labels" : "annotations"), key,
			    value)
		add(e, p, kind, key, value)->theirs =
			fc_owned_is_key(r, label ? FC_OWNED_LABEL : FC_OWNED_ANNOTATION, key, object);
}

static void add_metadata(struct fc_engine *e, struct pieces *p, const struct fc_resource *r, const json_t *object)
{
	json_t *finalizer;
	size_t i;

	add_map(e, p, PIECE_LABEL, r, object);
	add_map(e, p, PIECE_ANNOTATION, r, object);
	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "finalizers"), i, finalizer)
		if (json_is_string(finalizer))
			add(e, p, PIECE_FINALIZER, json_string_value(finalizer), finalizer);
}

struct pieces pieces_of(struct fc_engine *e, const struct fc_resource *r, const json_t *object)
{
	struct pieces p = { 0 };

	add_members(e, &p, r, object);
	add_metadata(e, &p, r, object);
	return p;
}

void pieces_fini(struct fc_engine *e, struct pieces *p)
{
	for (size_t i = 0; i < p->count; i++)
		fc_intern_drop(e->strings, p->items[i].key);
	free(p->items);
	*p = (struct pieces){ 0 };
}

/* Of some ten: a walk is as fast as anything. */
const struct piece *piece_find(const struct pieces *p, enum piece_kind kind, const char *key)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].key == key && p->items[i].kind == kind)
			return &p->items[i];
	return NULL;
}

static bool is_of_metadata(enum piece_kind kind)
{
	return kind != PIECE_MEMBER && kind != PIECE_SPEC;
}

/* What of `spec` holds parts of the server's is kept: whoever writes such a member writes those back. */
static void keep_allotted(struct copy *c, const json_t *object, const json_t *stripped)
{
	const json_t *spec = json_object_get(stripped, "spec");
	const char *key;
	json_t *value;

	json_decref(fc_steal(&c->allotted));
	json_object_foreach(json_object_get(object, "spec"), key, value) {
		json_t *left = json_object_get(spec, key);

		if (!left || left == value)
			continue;
		if (!c->allotted)
			c->allotted = json_object();
		json_object_set(c->allotted, key, value);
	}
}

static void survey_members(struct fc_engine *e, struct target *t, const json_t *object, struct pieces *now)
{
	json_t *stripped = fc_owned_strip(t->key.resource, object);

	add_members(e, now, t->key.resource, stripped);
	keep_allotted(t->copy, object, stripped);
	json_decref(stripped);
}

static void keep_members(struct fc_engine *e, const struct pieces *before, struct pieces *now)
{
	for (size_t i = 0; i < before->count; i++) {
		if (is_of_metadata(before->items[i].kind))
			continue;
		FC_GROW(now->items, now->count, now->cap);
		now->items[now->count] = before->items[i];
		now->items[now->count++].key = fc_intern_again(e->strings, before->items[i].key);
	}
}

void pieces_survey(struct fc_engine *e, struct target *t, const json_t *object, bool whole)
{
	struct pieces *p = &t->copy->standing, now = { 0 };

	if (whole)
		survey_members(e, t, object, &now);
	else
		keep_members(e, p, &now);
	add_metadata(e, &now, t->key.resource, object);
	for (size_t i = 0; i < now.count; i++) {
		const struct piece *before = piece_find(p, now.items[i].kind, now.items[i].key);

		now.items[i].ours = before && before->ours;
	}
	pieces_fini(e, p);
	*p = now;
}

/* --- what differs --- */

static bool same(const struct piece *a, const struct piece *b)
{
	if (!a || !b)
		return !a && !b;
	return fc_digest_equal(&a->value, &b->value);
}

static struct fc_digest digest_of(const struct piece *p)
{
	return p ? p->value : fc_digest_json(NULL);
}

static bool is_settled(const struct pair *p, enum piece_kind kind, const char *key, const struct piece *want,
		       const struct piece *have)
{
	struct fc_digest w = digest_of(want), v = digest_of(have);

	for (size_t i = 0; i < p->settled_count; i++) {
		const struct settled *s = &p->settled[i];

		if (s->key == key && s->kind == kind)
			return fc_digest_equal(&s->want, &w) && fc_digest_equal(&s->value, &v);
	}
	return false;
}

/* The time of the last write: it goes with every write, and makes none. */
static bool is_time(const struct pair *p, const struct piece *want)
{
	const char *key = p->site->rule->dialect->copy->written_annotation;

	return want->kind == PIECE_ANNOTATION && key && strcmp(want->key, key) == 0;
}

/* Is it a label or a finalizer by which the dialect knows its copies, in its own cluster? */
static bool is_mark_of(const struct pair *p, const struct piece *piece)
{
	const struct copy_rule *cr = p->site->rule;
	const struct fc_copy_dialect *d = cr->dialect->copy;

	if (p->site->cluster != cr->word->cluster)
		return false;
	return piece->kind == PIECE_LABEL	? is_listed(d->mark_labels, piece->key)
	       : piece->kind == PIECE_FINALIZER ? is_listed(d->finalizers, piece->key)
						: false;
}

/* What people tell us by way of the copy itself. */
static bool is_word_for_us(const struct piece *p)
{
	return strcmp(p->key, FC_MARK_PAUSE) == 0 || strcmp(p->key, FC_MARK_HUB) == 0;
}

static bool wants_no_other_metadata(const struct pair *p)
{
	return p->site->rule->spec.exact_metadata || p->site->rule->spec.strategy == FC_COPY_REPLACES;
}

/* Of a dialect that judges: its own words in its own cluster are all its own, and what else stands goes where it says
 * so now; what was wanted once may be another rule's. */
static bool is_surplus_to_judge(const struct pair *p, const struct piece *have)
{
	const struct copy_rule *cr = p->site->rule;
	bool own = p->site->cluster == cr->word->cluster;

	if (have->kind == PIECE_ANNOTATION && own && dialect_has_word(cr->dialect, have->key))
		return true;
	if (p->wish == FC_COPY_WANTED_WORDS || have->kind == PIECE_FINALIZER)
		return false;
	if (have->kind == PIECE_LABEL || have->kind == PIECE_ANNOTATION)
		return wants_no_other_metadata(p) && !have->theirs && !is_word_for_us(have);
	return p->wish != FC_COPY_WANTED_FRAME && !is_listed(cr->dialect->copy->spared_members, have->key);
}

/* Does what stands have no place in what is wanted? Finalizers of others are theirs to take off. */
static bool is_surplus(const struct pair *p, const struct piece *have)
{
	if (piece_find(&p->wanted, have->kind, have->key))
		return false;
	if (dialect_judges(p->site->rule->dialect))
		return is_surplus_to_judge(p, have);
	switch (have->kind) {
	case PIECE_MEMBER:
		return !is_listed(p->site->rule->dialect->copy->spared_members, have->key);
	case PIECE_SPEC:
		return true;
	case PIECE_LABEL:
	case PIECE_ANNOTATION:
		return have->ours || is_mark_of(p, have) ||
		       (wants_no_other_metadata(p) && !have->theirs && !is_word_for_us(have));
	case PIECE_FINALIZER:
		return have->ours || is_mark_of(p, have);
	}
	return false;
}

static bool must_add(const struct pair *p, const struct piece *want, const struct pieces *standing)
{
	const struct piece *have = piece_find(standing, want->kind, want->key);

	if (have && is_time(p, want))
		return false;
	return !same(want, have) && !is_settled(p, want->kind, want->key, want, have);
}

static bool must_remove(const struct pair *p, const struct piece *have)
{
	return is_surplus(p, have) && !is_settled(p, have->kind, have->key, NULL, have);
}

bool piece_stays(const struct pair *p, const struct piece *have)
{
	return !piece_find(&p->wanted, have->kind, have->key) && !must_remove(p, have);
}

bool pieces_differ(const struct pair *p, const struct pieces *standing)
{
	for (size_t i = 0; i < p->wanted.count; i++)
		if (must_add(p, &p->wanted.items[i], standing))
			return true;
	for (size_t i = 0; i < standing->count; i++)
		if (must_remove(p, &standing->items[i]))
			return true;
	return false;
}

/* It has all that is wanted but the labels that say whose it is, and nothing else. */
bool pieces_lack_marks_alone(const struct pair *p, const struct pieces *standing)
{
	bool lacks = false;

	for (size_t i = 0; i < p->wanted.count; i++) {
		const struct piece *want = &p->wanted.items[i];

		if (!must_add(p, want, standing))
			continue;
		if (want->kind != PIECE_LABEL || !is_mark_of(p, want))
			return false;
		lacks = true;
	}
	for (size_t i = 0; i < standing->count; i++)
		if (must_remove(p, &standing->items[i]))
			return false;
	return lacks;
}

static const struct piece *member_named(const struct pieces *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].kind == PIECE_MEMBER && strcmp(p->items[i].key, name) == 0)
			return &p->items[i];
	return NULL;
}

static bool is_true(const struct piece *p)
{
	json_t *yes = json_true();
	struct fc_digest digest = fc_digest_json(yes);

	return p && fc_digest_equal(&p->value, &digest);
}

static bool members_differ(const struct pair *p, const struct pieces *standing)
{
	for (size_t i = 0; i < p->wanted.count; i++)
		if (!is_of_metadata(p->wanted.items[i].kind) && must_add(p, &p->wanted.items[i], standing))
			return true;
	for (size_t i = 0; i < standing->count; i++)
		if (!is_of_metadata(standing->items[i].kind) && must_remove(p, &standing->items[i]))
			return true;
	return false;
}

/* What no patch can change: an immutable ConfigMap or Secret, a Secret's type, to what a RoleBinding binds. */
bool pieces_need_recreation(const struct pair *p, const struct pieces *standing, const struct fc_resource *r)
{
	if (is_true(member_named(standing, "immutable")) && members_differ(p, standing))
		return true;
	for (size_t i = 0; i < p->wanted.count; i++) {
		const struct piece *want = &p->wanted.items[i];

		if (want->kind == PIECE_MEMBER && fc_owned_is_fixed(r, want->key) && must_add(p, want, standing))
			return true;
	}
	return false;
}

/* --- patches --- */

static char *pointer_of(enum piece_kind kind, const char *key)
{
	struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, kind == PIECE_LABEL	     ? "/metadata/labels/"
			  : kind == PIECE_ANNOTATION ? "/metadata/annotations/"
			  : kind == PIECE_SPEC	     ? "/spec/"
						     : "/");
	for (const char *c = key; *c; c++) {
		if (*c == '~')
			fc_buf_puts(&out, "~0");
		else if (*c == '/')
			fc_buf_puts(&out, "~1");
		else
			fc_buf_putc(&out, *c);
	}
	return fc_buf_steal(&out);
}

/* Takes over `value`. */
static void operation(json_t *patch, const char *op, const char *pointer, json_t *value)
{
	json_t *o = json_pack("{s:s, s:s}", "op", op, "path", pointer);

	if (value)
		json_object_set_new(o, "value", value);
	json_array_append_new(patch, o);
}

static json_t *patch_new(const struct target *t)
{
	FC_AUTO_FREE char *version = fc_rv_text(&t->version);
	json_t *patch = json_array();

	operation(patch, "replace", "/metadata/resourceVersion", json_string(version));
	return patch;
}

/* Takes over `value`. */
static void put(json_t *patch, enum piece_kind kind, const char *key, json_t *value)
{
	FC_AUTO_FREE char *pointer = pointer_of(kind, key);

	operation(patch, "add", pointer, value);
}

static void remove_part(json_t *patch, const struct piece *p)
{
	FC_AUTO_FREE char *pointer = pointer_of(p->kind, p->key);

	operation(patch, "remove", pointer, NULL);
}

static bool any_of(const struct pieces *p, enum piece_kind kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].kind == kind)
			return true;
	return false;
}

/* An empty map is not stored: without an entry there is no map to add to. */
static void put_map(json_t *patch, enum piece_kind kind, bool *made, const struct pieces *standing)
{
	if (*made || any_of(standing, kind))
		return;
	*made = true;
	operation(patch, "add", kind == PIECE_LABEL ? "/metadata/labels" : "/metadata/annotations", json_object());
}

/* A new reference. */
static json_t *value_in(const struct target *t, const json_t *desired, enum piece_kind kind, const char *key)
{
	const json_t *metadata = json_object_get(desired, "metadata"), *spec = json_object_get(desired, "spec");

	if (kind == PIECE_MEMBER)
		return json_incref(json_object_get(desired, key));
	if (kind == PIECE_SPEC)
		return fc_owned_restore_part(t->key.resource, key, json_object_get(spec, key),
					     json_object_get(t->copy->allotted, key), spec);
	return json_incref(
		json_object_get(json_object_get(metadata, kind == PIECE_LABEL ? "labels" : "annotations"), key));
}

/* The list of finalizers with those that are wanted, and without those that were. */
static json_t *finalizers_for(const struct pair *p, const struct pieces *standing, bool *news)
{
	json_t *list = json_array();

	*news = false;
	for (size_t i = 0; i < standing->count; i++) {
		if (standing->items[i].kind != PIECE_FINALIZER)
			continue;
		if (must_remove(p, &standing->items[i]))
			*news = true;
		else
			json_array_append_new(list, json_string(standing->items[i].key));
	}
	for (size_t i = 0; i < p->wanted.count; i++) {
		if (p->wanted.items[i].kind != PIECE_FINALIZER || !must_add(p, &p->wanted.items[i], standing))
			continue;
		json_array_append_new(list, json_string(p->wanted.items[i].key));
		*news = true;
	}
	return list;
}

json_t *pieces_patch(const struct pair *p, const struct target *t, const json_t *desired)
{
	const struct pieces *standing = &t->copy->standing;
	json_t *patch = patch_new(t), *finalizers;
	bool labels = false, annotations = false, news;

	for (size_t i = 0; i < standing->count; i++)
		if (standing->items[i].kind != PIECE_FINALIZER && must_remove(p, &standing->items[i]))
			remove_part(patch, &standing->items[i]);
	for (size_t i = 0; i < p->wanted.count; i++) {
		const struct piece *want = &p->wanted.items[i];

		if (want->kind == PIECE_FINALIZER || (!must_add(p, want, standing) && !is_time(p, want)))
			continue;
		if (is_of_metadata(want->kind))
			put_map(patch, want->kind, want->kind == PIECE_LABEL ? &labels : &annotations, standing);
		put(patch, want->kind, want->key, value_in(t, desired, want->kind, want->key));
	}
	finalizers = finalizers_for(p, standing, &news);
	if (news)
		operation(patch, "add", "/metadata/finalizers", json_incref(finalizers));
	json_decref(finalizers);
	return patch;
}

/* --- taking marks off --- */

void pieces_patch_remove_label(json_t *patch, const char *label)
{
	FC_AUTO_FREE char *pointer = pointer_of(PIECE_LABEL, label);

	operation(patch, "remove", pointer, NULL);
}

/* NULL: nothing is to be taken off. */
static json_t *finalizers_without(const struct pieces *standing, const char *const *ours)
{
	json_t *rest = json_array();
	bool any = false;

	for (size_t i = 0; i < standing->count; i++) {
		if (standing->items[i].kind != PIECE_FINALIZER)
			continue;
		if (is_listed(ours, standing->items[i].key))
			any = true;
		else
			json_array_append_new(rest, json_string(standing->items[i].key));
	}
	if (any)
		return rest;
	json_decref(rest);
	return NULL;
}

json_t *pieces_patch_finalizers(const struct target *t)
{
	/* Its marks may be lost: a status knows it by its uid. */
	const struct fc_dialect *d = copy_dialect_of(t);
	json_t *rest = d ? finalizers_without(&t->copy->standing, d->copy->finalizers) : NULL;
	json_t *patch;

	if (!rest)
		return NULL;
	patch = patch_new(t);
	operation(patch, "add", "/metadata/finalizers", rest);
	return patch;
}

static bool is_mark(const struct origin *o, const struct piece *p)
{
	const struct fc_copy_dialect *d = o->key.dialect->copy;

	if (p->kind != PIECE_LABEL && p->kind != PIECE_ANNOTATION)
		return false;
	if (o->key.cluster_id)
		return fc_origin_is_mark(p->key);
	return is_listed(p->kind == PIECE_LABEL ? d->mark_labels : d->mark_annotations, p->key);
}

json_t *pieces_patch_release(const struct target *t)
{
	const struct pieces *standing = &t->copy->standing;
	const struct origin *o = t->copy->origin;
	const struct fc_copy_dialect *d = o->key.dialect->copy;
	json_t *patch = patch_new(t), *rest = finalizers_without(standing, d->finalizers);
	bool made = false;

	if (rest)
		operation(patch, "add", "/metadata/finalizers", rest);
	for (size_t i = 0; i < standing->count; i++)
		if (is_mark(o, &standing->items[i]))
			remove_part(patch, &standing->items[i]);
	if (!o->key.cluster_id && d->released_annotation && o->key.namespace_) {
		put_map(patch, PIECE_ANNOTATION, &made, standing);
		put(patch, PIECE_ANNOTATION, d->released_annotation, json_string(o->key.namespace_));
	}
	return patch;
}

static void patch_map(json_t *patch, enum piece_kind kind, const json_t *from, const json_t *to)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)from, key, value) {
		FC_AUTO_FREE char *pointer = pointer_of(kind, key);

		if (!json_object_get(to, key))
			operation(patch, "remove", pointer, NULL);
	}
	json_object_foreach((json_t *)(uintptr_t)to, key, value) {
		if (kind == PIECE_MEMBER && strcmp(key, "metadata") == 0)
			continue;
		if (!json_equal(json_object_get(from, key), value))
			put(patch, kind, key, json_incref(value));
	}
}

json_t *pieces_patch_to(const struct target *t, const json_t *from, const json_t *to)
{
	static const char *const maps[] = { "labels", "annotations" };
	json_t *patch = patch_new(t);

	patch_map(patch, PIECE_MEMBER, from, to);
	for (size_t i = 0; i < FC_ARRAY_LEN(maps); i++) {
		const json_t *a = json_object_get(json_object_get(from, "metadata"), maps[i]);
		const json_t *b = json_object_get(json_object_get(to, "metadata"), maps[i]);
		FC_AUTO_FREE char *pointer = fc_xasprintf("/metadata/%s", maps[i]);

		if (!json_object_size(a) && json_object_size(b))
			operation(patch, "add", pointer, json_object());
		patch_map(patch, i == 0 ? PIECE_LABEL : PIECE_ANNOTATION, a, b);
	}
	return patch;
}

/* --- what the server made of a wish --- */

void pair_forget_settled(struct fc_engine *e, struct pair *p)
{
	for (size_t i = 0; i < p->settled_count; i++)
		fc_intern_drop(e->strings, p->settled[i].key);
	free(p->settled);
	p->settled = NULL;
	p->settled_count = p->settled_cap = 0;
}

static void settle(struct fc_engine *e, struct pair *p, const struct piece *any, const struct piece *want,
		   const struct piece *have)
{
	FC_GROW(p->settled, p->settled_count, p->settled_cap);
	p->settled[p->settled_count++] = (struct settled){
		.key = fc_intern_again(e->strings, any->key),
		.kind = any->kind,
		.want = digest_of(want),
		.value = digest_of(have),
	};
}

void pieces_settle(struct fc_engine *e, struct pair *p, struct pieces *standing)
{
	pair_forget_settled(e, p);
	for (size_t i = 0; i < p->wanted.count; i++) {
		const struct piece *want = &p->wanted.items[i];
		const struct piece *have = piece_find(standing, want->kind, want->key);

		if (!same(want, have))
			settle(e, p, want, want, have);
	}
	for (size_t i = 0; i < standing->count; i++) {
		struct piece *have = &standing->items[i];

		if (is_surplus(p, have))
			settle(e, p, have, NULL, have);
		have->ours = piece_find(&p->wanted, have->kind, have->key);
	}
}
