/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/garbage.h"

#include "base/loop.h"
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/store.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

/* An object to look at, by its place: it may change or go until then. */
struct item {
	const struct sb_type *type;
	char *ns, *name;
};

struct sb_garbage {
	struct sb_cluster *c;
	struct item *items;
	size_t count, cap;
	struct fc_timer *timer;
};

struct sb_garbage *sb_garbage_new(struct sb_cluster *c)
{
	struct sb_garbage *g = fc_xcalloc(1, sizeof(*g));

	g->c = c;
	return g;
}

static void item_fini(struct item *i)
{
	sb_type_unref(i->type);
	free(i->ns);
	free(i->name);
}

void sb_garbage_free(struct sb_garbage *g)
{
	if (!g)
		return;
	if (g->c->loop)
		fc_loop_timer_cancel(g->c->loop, &g->timer);
	while (g->count)
		item_fini(&g->items[--g->count]);
	free(g->items);
	free(g);
}

static void on_timer(void *user)
{
	struct sb_garbage *g = user;

	g->timer = NULL;
	while (sb_garbage_step(g))
		;
}

void sb_garbage_look(struct sb_garbage *g, const struct sb_type *type, const struct sb_object *o)
{
	if (!g)
		return;
	FC_GROW(g->items, g->count, g->cap);
	g->items[g->count++] =
		(struct item){ .type = sb_type_ref(type), .ns = fc_xstrdup(o->ns), .name = fc_xstrdup(o->name) };
	if (g->c->loop && !g->timer)
		g->timer = fc_loop_timer(g->c->loop, 0, on_timer, g);
}

/* --- who depends on whom --- */

static bool has_owner(const struct sb_object *o, const char *uid)
{
	for (const char *owner = o->owners; owner && *owner; owner += strlen(owner) + 1)
		if (strcmp(owner, uid) == 0)
			return true;
	return false;
}

static struct sb_resource *resource_of(const struct sb_garbage *g, const struct sb_type *type)
{
	return sb_store_resource(g->c->store, type->storage_group, type->plural);
}

/* Each resource once: under the version in which it is kept. */
static bool is_storage_version(const struct sb_type *type)
{
	return strcmp(type->group, type->storage_group) == 0 && strcmp(type->version, type->storage_version) == 0;
}

struct found {
	const struct sb_type *type;
	struct sb_object *o;
};

/* The dependents of an owner, each held; the caller releases them. */
static struct found *dependents_of(struct sb_garbage *g, const char *uid, size_t *count)
{
	struct found *list = NULL;
	size_t cap = 0;

	*count = 0;
	for (size_t t = 0; t < sb_types_count(g->c->types); t++) {
		const struct sb_type *type = sb_types_at(g->c->types, t);
		const struct sb_resource *r = resource_of(g, type);

		if (!is_storage_version(type) || !sb_store_owned(r))
			continue;
		for (size_t i = 0; i < sb_store_count(r); i++) {
			if (!has_owner(sb_store_at(r, i), uid))
				continue;
			FC_GROW(list, *count, cap);
			list[(*count)++] =
				(struct found){ .type = sb_type_ref(type), .o = sb_object_ref(sb_store_at(r, i)) };
		}
	}
	return list;
}

static void release(struct found *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sb_type_unref(list[i].type);
		sb_object_unref(list[i].o);
	}
	free(list);
}

void sb_garbage_owner_gone(struct sb_garbage *g, const char *uid)
{
	struct found *list;
	size_t count;

	if (!g || !*uid || !sb_store_any_owned(g->c->store))
		return;
	list = dependents_of(g, uid, &count);
	for (size_t i = 0; i < count; i++)
		sb_garbage_look(g, list[i].type, list[i].o);
	release(list, count);
}

/* The owner that a reference names, NULL when there is none, or another one of that name. */
static struct sb_object *find_owner(const struct sb_garbage *g, const json_t *reference, const char *ns,
				    const struct sb_type **type)
{
	const char *version = sb_text(reference, "apiVersion"), *slash = strchr(version, '/');
	FC_AUTO_FREE char *group = fc_xstrndup(version, slash ? (size_t)(slash - version) : 0);
	struct sb_object *o;
	json_t *owner;

	*type = sb_types_of_kind(g->c->types, group, slash ? slash + 1 : version, sb_text(reference, "kind"));
	if (!*type)
		return NULL;
	o = sb_store_find(resource_of(g, *type), (*type)->namespaced ? ns : "", sb_text(reference, "name"));
	if (!o)
		return NULL;
	owner = sb_object_stored(o, *type);
	if (strcmp(fc_json_metadata(owner, "uid"), sb_text(reference, "uid")) != 0)
		o = NULL;
	json_decref(owner);
	return o;
}

static bool has_finalizer(const json_t *object, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "finalizers"), i, item)
		if (strcmp(json_string_value(item) ?: "", name) == 0)
			return true;
	return false;
}

static bool waits_for_dependents(const struct sb_object *o, const struct sb_type *type)
{
	json_t *object = sb_object_stored(o, type);
	bool waits = sb_metadata_is_going(object) && has_finalizer(object, FOREGROUND);

	json_decref(object);
	return waits;
}

/* --- an object that has owners --- */

/* A type that is not served leaves open whether the owner is there. */
static bool may_exist(const struct sb_type *type, const struct sb_object *owner)
{
	return !type || owner;
}

static bool has_dependents(struct sb_garbage *g, const json_t *object)
{
	size_t count;

	struct found *list = dependents_of(g, fc_json_metadata(object, "uid"), &count);

	release(list, count);
	return count;
}

/* What becomes of the owners that a dependent names. */
struct owners {
	json_t *lost; /* references to those that are not there, or wait for their dependents */
	bool wanted;  /* one is there, and stays */
	bool waiting; /* one waits */
};

static void look_for_owners(const struct sb_garbage *g, const struct sb_object *o, const json_t *references,
			    struct owners *found)
{
	const json_t *reference;
	size_t i;

	json_array_foreach(references, i, reference) {
		const struct sb_type *type;
		const struct sb_object *owner = find_owner(g, reference, o->ns, &type);
		bool waits = owner && waits_for_dependents(owner, type);

		found->waiting = found->waiting || waits;
		if (!waits && may_exist(type, owner))
			found->wanted = true;
		else
			json_array_append(found->lost, (json_t *)(uintptr_t)reference);
	}
}

/* Takes references out of a dependent, which goes on without them. */
static void set_free(struct sb_garbage *g, const struct sb_type *type, struct sb_object *o, const json_t *lost)
{
	json_t *object = sb_object_stored(o, type), *metadata = json_object_get(object, "metadata");
	json_t *owners = json_object_get(metadata, "ownerReferences");

	for (size_t i = json_array_size(owners); i; i--)
		for (size_t k = 0; k < json_array_size(lost); k++)
			if (strcmp(sb_text(json_array_get(owners, i - 1), "uid"),
				   sb_text(json_array_get(lost, k), "uid")) == 0) {
				json_array_remove(owners, i - 1);
				break;
			}
	if (!json_array_size(owners))
		json_object_del(metadata, "ownerReferences");
	sb_write_quietly(g->c, type, o, object);
	json_decref(object);
}

static bool tend_dependent(struct sb_garbage *g, const struct sb_type *type, struct sb_object *o, const json_t *object)
{
	const json_t *references = json_object_get(json_object_get(object, "metadata"), "ownerReferences");
	struct owners found = { .lost = NULL };
	bool worked;

	if (sb_metadata_is_going(object) || !json_array_size(references))
		return false;
	found.lost = json_array();
	look_for_owners(g, o, references, &found);
	worked = json_array_size(found.lost);
	if (found.wanted && worked)
		set_free(g, type, o, found.lost);
	else if (!found.wanted)
		/* It waits for its own dependents where its owner waits for it. */
		sb_delete_by(g->c, type, o,
			     found.waiting && has_dependents(g, object) ? SB_PROPAGATE_FOREGROUND
									: SB_PROPAGATE_DEFAULT);
	json_decref(found.lost);
	return worked || !found.wanted;
}

/* --- an object that is being deleted, and waits --- */

static void take_off(json_t *object, const char *finalizer)
{
	json_t *metadata = json_object_get(object, "metadata"), *list = json_object_get(metadata, "finalizers");

	for (size_t i = json_array_size(list); i; i--)
		if (strcmp(json_string_value(json_array_get(list, i - 1)) ?: "", finalizer) == 0)
			json_array_remove(list, i - 1);
	if (!json_array_size(list))
		json_object_del(metadata, "finalizers");
}

static void finish(struct sb_garbage *g, const struct sb_type *type, struct sb_object *o, const json_t *object,
		   const char *finalizer)
{
	json_t *now = json_deep_copy(object);

	take_off(now, finalizer);
	sb_write_quietly(g->c, type, o, now);
	json_decref(now);
}

static void orphan(struct sb_garbage *g, const struct sb_type *type, struct sb_object *o, const json_t *object)
{
	const char *uid = fc_json_metadata(object, "uid");
	json_t *lost = json_pack("[{s:s}]", "uid", uid);
	size_t count;
	struct found *list = dependents_of(g, uid, &count);

	for (size_t i = 0; i < count; i++)
		set_free(g, list[i].type, list[i].o, lost);
	release(list, count);
	json_decref(lost);
	finish(g, type, o, object, ORPHAN);
}

static bool blocks(const struct found *d, const char *uid)
{
	json_t *object = sb_object_stored(d->o, d->type), *reference;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "ownerReferences"), i, reference)
		if (strcmp(sb_text(reference, "uid"), uid) == 0 &&
		    json_is_true(json_object_get(reference, "blockOwnerDeletion")))
			found = true;
	json_decref(object);
	return found;
}

/* Its dependents go first; those that block it are waited for: their end brings us back. */
static bool await_dependents(struct sb_garbage *g, const struct sb_type *type, struct sb_object *o,
			     const json_t *object)
{
	const char *uid = fc_json_metadata(object, "uid");
	bool blocked = false, worked = false;
	size_t count;
	struct found *list = dependents_of(g, uid, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *dependent = sb_object_stored(list[i].o, list[i].type);
		bool going = sb_metadata_is_going(dependent);

		blocked = blocked || blocks(&list[i], uid);
		if (!going)
			worked = tend_dependent(g, list[i].type, list[i].o, dependent) || worked;
		json_decref(dependent);
	}
	release(list, count);
	if (worked) {
		sb_garbage_look(g, type, o);
		return true;
	}
	if (!blocked)
		finish(g, type, o, object, FOREGROUND);
	return !blocked;
}

static bool tend_going(struct sb_garbage *g, const struct sb_type *type, struct sb_object *o, const json_t *object)
{
	if (!sb_metadata_is_going(object))
		return false;
	if (has_finalizer(object, ORPHAN)) {
		orphan(g, type, o, object);
		return true;
	}
	return has_finalizer(object, FOREGROUND) && await_dependents(g, type, o, object);
}

/* A dependent that goes may have been what its owner waited for. */
static void look_at_owners(struct sb_garbage *g, const struct sb_object *o, const json_t *object)
{
	json_t *reference;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "ownerReferences"), i, reference) {
		const struct sb_type *type;
		const struct sb_object *owner = find_owner(g, reference, o->ns, &type);

		if (owner && waits_for_dependents(owner, type))
			sb_garbage_look(g, type, owner);
	}
}

void sb_garbage_dependent_gone(struct sb_garbage *g, const struct sb_object *o, const json_t *object)
{
	if (g && o->owners)
		look_at_owners(g, o, object);
}

bool sb_garbage_step(struct sb_garbage *g)
{
	struct item item;
	struct sb_object *o;
	json_t *object;

	if (!g->count)
		return false;
	item = g->items[--g->count];
	o = sb_store_find(resource_of(g, item.type), item.ns, item.name);
	if (o) {
		sb_object_ref(o);
		object = sb_object_stored(o, item.type);
		if (!tend_going(g, item.type, o, object))
			tend_dependent(g, item.type, o, object);
		json_decref(object);
		sb_object_unref(o);
	}
	item_fini(&item);
	return true;
}
