/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is made of, as digests: enough to say whether a copy is as it is wanted, and to make the patch that
 * mends it, without holding or reading it. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/copy_marks.h"

static void add(struct fc_engine *e, struct pieces *p, enum piece_kind kind, const char *key, const json_t *value)
{
	FC_GROW(p->items, p->count, p->cap);
	p->items[p->count++] = (struct piece){
		.key = fc_intern_take(e->strings, key),
		.kind = kind,
		.value = fc_digest_json(value),
	};
}

static void add_map(struct fc_engine *e, struct pieces *p, enum piece_kind kind, const json_t *map)
{
	const char *key;
	json_t *value;

	/* Only read: jansson iterates over what is not const. */
	json_object_foreach((json_t *)(uintptr_t)map, key, value)
		add(e, p, kind, key, value);
}

/* A null member is one that is not there. The rest of what is left out is the server's. */
static void add_members(struct fc_engine *e, struct pieces *p, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		if (!json_is_null(value) && strcmp(key, "apiVersion") != 0 && strcmp(key, "kind") != 0 &&
		    strcmp(key, "metadata") != 0 && strcmp(key, "status") != 0)
			add(e, p, PIECE_MEMBER, key, value);
}

static void add_metadata(struct fc_engine *e, struct pieces *p, const json_t *object)
{
	const json_t *metadata = json_object_get(object, "metadata");
	json_t *finalizer;
	size_t i;

	add_map(e, p, PIECE_LABEL, json_object_get(metadata, "labels"));
	add_map(e, p, PIECE_ANNOTATION, json_object_get(metadata, "annotations"));
	json_array_foreach(json_object_get(metadata, "finalizers"), i, finalizer)
		if (json_is_string(finalizer))
			add(e, p, PIECE_FINALIZER, json_string_value(finalizer), finalizer);
}

struct pieces pieces_of(struct fc_engine *e, const json_t *object)
{
	struct pieces p = { 0 };

	add_members(e, &p, object);
	add_metadata(e, &p, object);
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

void pieces_survey(struct fc_engine *e, struct pieces *p, const json_t *object, bool whole)
{
	struct pieces now = { 0 };

	if (whole)
		add_members(e, &now, object);
	for (size_t i = 0; !whole && i < p->count; i++) {
		if (p->items[i].kind != PIECE_MEMBER)
			continue;
		FC_GROW(now.items, now.count, now.cap);
		now.items[now.count] = p->items[i];
		now.items[now.count++].key = fc_intern_again(e->strings, p->items[i].key);
	}
	add_metadata(e, &now, object);
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

/* Does what stands have no place in what is wanted? Finalizers of others are theirs to take off. */
static bool is_surplus(const struct pair *p, const struct piece *have)
{
	if (piece_find(&p->wanted, have->kind, have->key))
		return false;
	switch (have->kind) {
	case PIECE_MEMBER:
		return true;
	case PIECE_LABEL:
	case PIECE_ANNOTATION:
		return have->ours || p->site->rule->spec.exact_metadata;
	case PIECE_FINALIZER:
		return have->ours;
	}
	return false;
}

static bool must_add(const struct pair *p, const struct piece *want, const struct pieces *standing)
{
	const struct piece *have = piece_find(standing, want->kind, want->key);

	return !same(want, have) && !is_settled(p, want->kind, want->key, want, have);
}

static bool must_remove(const struct pair *p, const struct piece *have)
{
	return is_surplus(p, have) && !is_settled(p, have->kind, have->key, NULL, have);
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
		if (p->wanted.items[i].kind == PIECE_MEMBER && must_add(p, &p->wanted.items[i], standing))
			return true;
	for (size_t i = 0; i < standing->count; i++)
		if (standing->items[i].kind == PIECE_MEMBER && must_remove(p, &standing->items[i]))
			return true;
	return false;
}

/* What no patch can change: an immutable ConfigMap or Secret, and a Secret's type. */
bool pieces_need_recreation(const struct pair *p, const struct pieces *standing, const struct fc_resource *r)
{
	const struct piece *type = member_named(&p->wanted, "type");

	if (is_true(member_named(standing, "immutable")) && members_differ(p, standing))
		return true;
	return fc_resource_is_secret(r) && type && must_add(p, type, standing);
}

/* --- patches --- */

static char *pointer_of(enum piece_kind kind, const char *key)
{
	struct fc_buf out = FC_BUF_INIT;

	fc_buf_puts(&out, kind == PIECE_LABEL	     ? "/metadata/labels/"
			  : kind == PIECE_ANNOTATION ? "/metadata/annotations/"
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
	json_t *patch = json_array();

	operation(patch, "replace", "/metadata/resourceVersion", json_string(t->version));
	return patch;
}

static void put(json_t *patch, enum piece_kind kind, const char *key, json_t *value)
{
	FC_AUTO_FREE char *pointer = pointer_of(kind, key);

	operation(patch, "add", pointer, json_incref(value));
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

static json_t *value_in(const json_t *desired, enum piece_kind kind, const char *key)
{
	const json_t *metadata = json_object_get(desired, "metadata");

	if (kind == PIECE_MEMBER)
		return json_object_get(desired, key);
	return json_object_get(json_object_get(metadata, kind == PIECE_LABEL ? "labels" : "annotations"), key);
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

		if (want->kind == PIECE_FINALIZER || !must_add(p, want, standing))
			continue;
		if (want->kind != PIECE_MEMBER)
			put_map(patch, want->kind, want->kind == PIECE_LABEL ? &labels : &annotations, standing);
		put(patch, want->kind, want->key, value_in(desired, want->kind, want->key));
	}
	finalizers = finalizers_for(p, standing, &news);
	if (news)
		operation(patch, "add", "/metadata/finalizers", json_incref(finalizers));
	json_decref(finalizers);
	return patch;
}

/* --- taking marks off --- */

static bool is_listed(const char *const *list, const char *key)
{
	for (; list && *list; list++)
		if (strcmp(*list, key) == 0)
			return true;
	return false;
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
	const struct origin *o = t->copy->origin;
	json_t *rest = o ? finalizers_without(&t->copy->standing, o->key.dialect->copy->finalizers) : NULL;
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
		json_t *from = json_string(o->key.namespace_);

		put_map(patch, PIECE_ANNOTATION, &made, standing);
		put(patch, PIECE_ANNOTATION, d->released_annotation, from);
		json_decref(from);
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
			put(patch, kind, key, value);
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
