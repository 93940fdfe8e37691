/* SPDX-License-Identifier: Apache-2.0 */
#include "api_server_parts.h"

static struct api_cell *first_in(const struct api_resource *r, const char *ns, bool *held)
{
	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->cells[i]->ns, ns) != 0)
			continue;
		if (!json_object_get(api_metadata(r->cells[i]->object), "deletionTimestamp"))
			return r->cells[i];
		*held = true;
	}
	return NULL;
}

/* Deletes one object of the namespace, or, when nothing is left, the namespace. */
static bool step(struct api_server *s, struct api_cell *ns)
{
	bool held = false;

	for (unsigned i = 0; i < s->count; i++) {
		struct api_resource *r = s->resources[i];
		struct api_cell *c = r->type->namespaced ? first_in(r, ns->name, &held) : NULL, *done = NULL;
		struct api_answer a;

		if (!c)
			continue;
		a = api_write_delete(&(struct api_write){ .s = s, .r = r, .ns = c->ns, .name = c->name }, NULL, &done);
		api_cell_unref(done);
		api_answer_fini(&a);
		return true;
	}
	if (held || json_array_size(json_object_get(api_metadata(ns->object), "finalizers")))
		return false;
	api_store_remove(s, s->resources[0], ns);
	return true;
}

/* The finalizers of the garbage collector. There are no dependents here: it has nothing to wait for. */
static bool is_collectors(const json_t *finalizer)
{
	return strcmp(json_string_value(finalizer), "foregroundDeletion") == 0 ||
	       strcmp(json_string_value(finalizer), "orphan") == 0;
}

static bool collect(struct api_server *s, struct api_resource *r, struct api_cell *c)
{
	const json_t *metadata = api_metadata(c->object);
	json_t *finalizers = json_array(), *item, *body;
	struct api_write w = { .s = s, .r = r, .ns = c->ns, .name = c->name };
	struct api_cell *done = NULL;
	struct api_answer a;
	size_t i;

	json_array_foreach(json_object_get(metadata, "finalizers"), i, item)
		if (!is_collectors(item))
			json_array_append(finalizers, item);
	if (!json_object_get(metadata, "deletionTimestamp") || json_array_size(finalizers) == i) {
		json_decref(finalizers);
		return false;
	}
	body = json_pack("{s:{s:o}}", "metadata", "finalizers", finalizers);
	w.ns = *w.ns ? w.ns : NULL;
	a = api_write_patch(&w, "application/merge-patch+json", body, &done);
	api_cell_unref(done);
	api_answer_fini(&a);
	json_decref(body);
	return true;
}

static bool collect_one(struct api_server *s)
{
	for (unsigned i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->resources[i]->count; k++)
			if (collect(s, s->resources[i], s->resources[i]->cells[k]))
				return true;
	return false;
}

bool api_server_run_controllers(struct api_server *s)
{
	const struct api_resource *namespaces = s->resources[0];

	if (collect_one(s))
		return true;

	for (size_t i = 0; i < namespaces->count; i++)
		if (json_object_get(api_metadata(namespaces->cells[i]->object), "deletionTimestamp") &&
		    step(s, namespaces->cells[i]))
			return true;
	return false;
}
