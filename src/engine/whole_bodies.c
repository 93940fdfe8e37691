/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent where a copy is not patched: the body of a server-side apply, and that of a PUT. */
#include "engine/whole_bodies.h"

#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "model/marks.h"
#include "model/owned_fields.h"

static json_t *metadata_of(const json_t *object)
{
	return json_object_get(object, "metadata");
}

/* Takes over `object`. */
static json_t *with_preconditions(const struct target *t, json_t *object)
{
	FC_AUTO_FREE char *version = fc_rv_text(&t->version);

	json_object_set_new(metadata_of(object), "uid", json_string(t->copy->uid));
	json_object_set_new(metadata_of(object), "resourceVersion", json_string(version));
	return object;
}

/* Its maps down to metadata are its own. */
static json_t *opened(const json_t *object)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)object);

	json_object_set_new(copy, "metadata", json_copy(metadata_of(object)));
	return copy;
}

/* Of any dialect that is known: another process may speak what this one does not. */
static bool is_of_a_dialect(const struct fc_engine *e, const char *finalizer)
{
	const struct fc_dialect *const *known = e->options.known_dialects ?: e->options.dialects;

	for (size_t i = 0; known[i]; i++)
		for (const char *const *f = known[i]->copy ? known[i]->copy->finalizers : NULL; f && *f; f++)
			if (strcmp(*f, finalizer) == 0)
				return true;
	return false;
}

/* Finalizers that we have put there for other reasons: the object may ask for copies itself. All that we write is of
 * one field manager, and what an apply of its leaves out goes. */
static void name_finalizers(const struct fc_engine *e, const struct pair *p, json_t *metadata)
{
	const struct pieces *standing = &p->target->copy->standing;
	json_t *list = json_object_get(metadata, "finalizers");

	list = list ? json_copy(list) : json_array();
	for (size_t i = 0; i < standing->count; i++) {
		const struct piece *have = &standing->items[i];

		if (have->kind == PIECE_FINALIZER && is_of_a_dialect(e, have->key) && piece_stays(p, have))
			json_array_append_new(list, json_string(have->key));
	}
	if (json_array_size(list))
		json_object_set(metadata, "finalizers", list);
	json_decref(list);
}

json_t *pieces_apply(const struct fc_engine *e, const struct pair *p, const json_t *desired)
{
	json_t *object = opened(desired);

	name_finalizers(e, p, metadata_of(object));
	return with_preconditions(p->target, object);
}

/* --- PUT --- */

/* Whoever has put a finalizer there takes it off. */
static void keep_finalizers(const struct pair *p, json_t *object, const json_t *standing)
{
	json_t *list = json_array(), *name;
	size_t i;

	json_array_foreach(json_object_get(metadata_of(standing), "finalizers"), i, name) {
		const char *text = json_is_string(name) ? json_string_value(name) : "";
		const char *const *f = p->site->rule->dialect->copy->finalizers;

		while (f && *f && strcmp(*f, text) != 0)
			f++;
		if (!f || !*f)
			json_array_append(list, name);
	}
	json_array_extend(list, json_object_get(metadata_of(object), "finalizers"));
	if (json_array_size(list))
		json_object_set(metadata_of(object), "finalizers", list);
	json_decref(list);
}

static void keep_map(const struct fc_resource *r, json_t *object, const json_t *standing, enum fc_owned_map which)
{
	const char *map = which == FC_OWNED_LABEL ? "labels" : "annotations", *key;
	json_t *entries = json_object_get(metadata_of(object), map), *value;

	json_object_foreach(json_object_get(metadata_of(standing), map), key, value) {
		if (!fc_owned_is_key(r, which, key, standing) || json_object_get(entries, key))
			continue;
		if (!entries) {
			entries = json_object();
			json_object_set_new(metadata_of(object), map, entries);
		}
		json_object_set(entries, key, value);
	}
}

json_t *pieces_replace(const struct pair *p, const struct target *t, const json_t *desired, const json_t *standing)
{
	const struct fc_resource *r = t->key.resource;
	json_t *finalizers = json_incref(json_object_get(metadata_of(desired), "finalizers"));
	json_t *object = fc_owned_restore(r, desired, standing);

	if (finalizers)
		json_object_set(metadata_of(object), "finalizers", finalizers);
	else
		json_object_del(metadata_of(object), "finalizers");
	json_decref(finalizers);
	keep_finalizers(p, object, standing);
	keep_map(r, object, standing, FC_OWNED_LABEL);
	keep_map(r, object, standing, FC_OWNED_ANNOTATION);
	return with_preconditions(t, object);
}

/* --- field owners --- */

static bool is_entry_of_ours(const json_t *entry, const char *operation)
{
	const char *manager = json_string_value(json_object_get(entry, "manager"));
	const char *is = json_string_value(json_object_get(entry, "operation"));

	return manager && is && strcmp(manager, FC_FIELD_MANAGER) == 0 && strcmp(is, operation) == 0 &&
	       !json_object_get(entry, "subresource");
}

void pieces_find_owners(struct copy *c, const json_t *object)
{
	json_t *entry;
	size_t i;

	c->owners_known = true;
	c->updates = c->applies = -1;
	json_array_foreach(json_object_get(metadata_of(object), "managedFields"), i, entry) {
		if (is_entry_of_ours(entry, OPERATION_UPDATE))
			c->updates = (int)i;
		if (is_entry_of_ours(entry, OPERATION_APPLY))
			c->applies = (int)i;
	}
}

/* What was created, or patched, counts as updated, and an update's fields are never given up by an apply that leaves
 * them out. So the entry becomes one of an apply before the next one, in the place of that of an earlier one. */
json_t *pieces_patch_turn(const struct target *t)
{
	FC_AUTO_FREE char *pointer = fc_xasprintf("/metadata/managedFields/%d/operation", t->copy->updates);
	FC_AUTO_FREE char *version = fc_rv_text(&t->version);
	FC_AUTO_FREE char *earlier = fc_xasprintf("/metadata/managedFields/%d", t->copy->applies);
	json_t *patch =
		json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "op", "replace", "path", "/metadata/resourceVersion",
			  "value", version, "op", "replace", "path", pointer, "value", OPERATION_APPLY);

	if (t->copy->applies >= 0)
		json_array_append_new(patch, json_pack("{s:s, s:s}", "op", "remove", "path", earlier));
	return patch;
}
