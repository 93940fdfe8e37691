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

bool api_server_run_controllers(struct api_server *s)
{
	const struct api_resource *namespaces = s->resources[0];

	for (size_t i = 0; i < namespaces->count; i++)
		if (json_object_get(api_metadata(namespaces->cells[i]->object), "deletionTimestamp") &&
		    step(s, namespaces->cells[i]))
			return true;
	return false;
}
