/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync, as requests are decided: nothing is made where none may be, nothing is touched that is nobody's copy,
 * nothing is deleted that is wanted (promises 4, 5 and 9). */
#include "object_sync_parts.h"

#include "json/decode.h"

#include <stdio.h>

static bool is_master(const struct world *w, const struct slot *s)
{
	return s->member == &w->members[0];
}

/* --- what a process was told --- */

static bool is_told(struct slot *s, const char *plural, const json_t *real)
{
	const char *ns = fc_json_metadata(real, "namespace"), *name = fc_json_metadata(real, "name");

	return !slot_is_writing(s, plural, ns, name) && copy_all_say(s, plural, ns, name, real, "resourceVersion");
}

/* What is asked of one place, by all of one source or of any. */
struct asked {
	struct world *world;
	struct slot *at, *master;
	const struct api_type *type;
	const char *origin, *ns, *name;
	bool known, wanted, allowed;
};

static bool ask(void *user, const struct object_sync *o)
{
	struct asked *a = user;
	char own[130];

	a->known = a->known && a->master && is_told(a->master, world_object_syncs.plural, o->object);
	snprintf(own, sizeof(own), "%s/%s", o->from, o->source);
	if (o->type != a->type || strcmp(own, a->origin) != 0)
		return true;
	if (object_sync_wants(a->world, o, a->at->member, a->ns, a->name, NULL)) {
		a->wanted = true;
		a->allowed = a->allowed || object_sync_allows(a->world, o, a->at->member, a->ns, true);
	}
	return true;
}

static struct asked asked_of(struct world *w, const struct slot *s, const struct api_type *type, const char *origin,
			     const char *ns, const char *name)
{
	struct slot *at = (struct slot *)(uintptr_t)s;
	struct asked a = {
		w, at, process_slot(s->process, &w->members[0]), type, origin, ns, name, true, false, false
	};
	const json_t *space = whole_space(s->member, ns);

	a.known = space && !w->set_changed && is_told(at, "namespaces", space);
	object_sync_each(w, ask, &a);
	return a;
}

static const struct api_type *type_of(const struct fc_action *a)
{
	for (unsigned i = 0; i < TYPES; i++)
		if (strcmp(world_types[i]->plural, a->resource->plural) == 0)
			return world_types[i];
	return NULL;
}

/* --- creations and deletions --- */

bool object_sync_creates(struct world *w, const struct slot *s, const struct fc_action *a)
{
	const char *name = fc_json_metadata(a->body, "name");
	char origin[128], own[130];
	struct asked asked;

	if (!object_sync_origin(w, s->member, a->body, origin))
		return false;
	asked = asked_of(w, s, type_of(a), origin, a->namespace_, name);
	snprintf(own, sizeof(own), "%s/%s", a->namespace_, name);
	if (is_master(w, s) != (whole_annotation(a->body, OBJECT_SYNC_SOURCE) != NULL))
		world_fail(w, 4, "%s on %s is created with the marks of another cluster's", own, s->member->name);
	else if (is_master(w, s) && strcmp(own, origin) == 0)
		world_fail(w, 4, "a copy of %s is made in the place of its source", origin);
	else if (asked.known && !asked.wanted)
		world_fail(w, 4, "a copy of %s is made as %s on %s, and nobody asks for one", origin, own,
			   s->member->name);
	else if (asked.known && !asked.allowed)
		world_fail(w, 4, "a copy of %s is made as %s on %s, where none may be", origin, own, s->member->name);
	return true;
}

/* What cannot be changed is deleted and made anew (B20). */
static bool is_fixed(const struct world *w, const struct api_type *type, const json_t *object, const char *origin)
{
	const char *slash = strchr(origin, '/'), *has = json_string_value(json_object_get(object, "type")), *wants;
	const json_t *source;
	char ns[64];

	snprintf(ns, sizeof(ns), "%.*s", slash ? (int)(slash - origin) : 0, origin);
	source = slash ? api_server_object(w->members[0].home->api, type->group, type->plural, ns, slash + 1) : NULL;
	wants = json_string_value(json_object_get(source, "type"));
	return !source || whole_is_ending(source) || json_object_get(object, "immutable") ||
	       (has && wants && strcmp(has, wants) != 0);
}

bool object_sync_deletes(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object)
{
	const struct api_type *type = type_of(a);
	char origin[128];
	struct asked asked;

	if (!type || !object_sync_origin(w, s->member, object, origin))
		return object_sync_lists(w, object);
	if (is_fixed(w, type, object, origin))
		return true;
	asked = asked_of(w, s, type, origin, a->namespace_, a->name);
	if (asked.known && asked.wanted && asked.allowed)
		world_fail(w, 9, "the copy %s %s/%s of %s on %s is deleted, and is asked for", type->plural,
			   a->namespace_, a->name, origin, s->member->name);
	return true;
}

/* --- changes --- */

static bool is_ours(const struct world *w, const struct slot *s, const json_t *object)
{
	char origin[128];

	return object_sync_origin(w, s->member, object, origin) || object_sync_lists(w, object);
}

/* Finalizers of others are theirs. */
static bool keeps_foreign_finalizers(const json_t *object, const json_t *now)
{
	json_t *name, *one;
	size_t i, k;

	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "finalizers"), i, name) {
		bool there = false;

		json_array_foreach(now, k, one)
			there = there || json_equal(one, name);
		if (!there && strcmp(json_string_value(name), "sim.test/wait") == 0)
			return false;
	}
	return true;
}

bool object_sync_may_change(struct world *w, const struct slot *s, const json_t *object, const json_t *operation)
{
	const char *path = json_string_value(json_object_get(operation, "path"));

	if (!(w->speaks & SPEAKS_OBJECTS))
		return false;
	if (is_master(w, s) && strcmp(path, "/metadata/finalizers") == 0)
		return keeps_foreign_finalizers(object, json_object_get(operation, "value"));
	return is_ours(w, s, object) && strncmp(path, "/metadata/", 10) == 0;
}

/* B9: it names the object and that finalizer. */
static bool puts_finalizer_on(const struct fc_action *a)
{
	const json_t *metadata = json_object_get(a->body, "metadata");

	return json_object_size(a->body) == 3 && json_object_size(metadata) == 5 &&
	       json_array_size(json_object_get(metadata, "finalizers")) == 1 &&
	       strcmp(json_string_value(json_array_get(json_object_get(metadata, "finalizers"), 0)),
		      OBJECT_SYNC_FINALIZER) == 0;
}

void object_sync_writes(struct world *w, const struct slot *s, const struct fc_action *a)
{
	const json_t *object = api_server_object(s->member->home->api, a->resource->group, a->resource->plural,
						 a->namespace_, a->name);
	const char *version = fc_json_metadata(a->body, "resourceVersion");

	if (!*version || !*fc_json_metadata(a->body, "uid")) {
		world_fail(w, 5, "%s/%s on %s is written without uid and version", a->namespace_, a->name,
			   s->member->name);
		return;
	}
	/* What it was decided on has changed meanwhile: it will be refused. */
	if (!object || strcmp(version, fc_json_metadata(object, "resourceVersion")) != 0)
		return;
	if (whole_is_ending(object))
		world_fail(w, 4, "%s/%s on %s is written while it is being deleted", a->namespace_, a->name,
			   s->member->name);
	else if (a->type == FC_ACTION_APPLY && puts_finalizer_on(a) && is_master(w, s))
		return;
	else if (!is_ours(w, s, object))
		world_fail(w, 4, "%s/%s on %s is written, and is nobody's copy", a->namespace_, a->name,
			   s->member->name);
	else if (whole_is_paused(object))
		world_fail(w, 4, "%s/%s on %s is written in spite of its pause", a->namespace_, a->name,
			   s->member->name);
	else if (a->type == FC_ACTION_REPLACE &&
		 !keeps_foreign_finalizers(object, json_object_get(json_object_get(a->body, "metadata"), "finalizers")))
		world_fail(w, 4, "%s/%s on %s loses the finalizer of somebody else", a->namespace_, a->name,
			   s->member->name);
}

bool object_sync_pauses(const struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object)
{
	const struct api_type *type = type_of(a);
	const char *slash;
	char origin[128], ns[64];

	if (!type || !object_sync_origin(w, s->member, object, origin) || !(slash = strchr(origin, '/')))
		return whole_is_paused(object);
	snprintf(ns, sizeof(ns), "%.*s", (int)(slash - origin), origin);
	return whole_is_paused(object) || whole_is_paused(whole_space(&w->members[0], ns)) ||
	       whole_is_paused(api_server_object(w->members[0].home->api, type->group, type->plural, ns, slash + 1));
}

bool object_sync_tells_failure(const struct fc_action *a, const json_t *object)
{
	const json_t *list = json_object_get(json_object_get(object, "status"), "conditions"), *one;
	size_t i;

	if (!a->subresource || strcmp(a->resource->plural, world_object_syncs.plural) != 0)
		return false;
	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(json_object_get(one, "status")) ?: "", "False") == 0)
			return true;
	return false;
}
