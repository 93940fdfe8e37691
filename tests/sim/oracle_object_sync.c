/* SPDX-License-Identifier: Apache-2.0 */
/* What ObjectSyncs and their copies say, by the guide alone. */
#include "object_sync_parts.h"

#include "json/decode.h"

#include <stdio.h>

const char *const all_spaces[ALL_SPACES] = { "n0", "n1", "n2", "default", "kube-system", "kube-public" };

static const char *text_in(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static bool is(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len > 0 && len < 64 && !text[len] && text[0] != '-' && text[len - 1] != '-';
}

static bool is_every(const char *ns)
{
	return !*ns || strcmp(ns, "*") == 0;
}

static bool is_system(const char *ns)
{
	return strncmp(ns, "kube-", 5) == 0;
}

/* --- an ObjectSync --- */

static const json_t *destinations_of(const json_t *object)
{
	return json_object_get(json_object_get(object, "spec"), "destinations");
}

static bool has_bad_destination(const json_t *object)
{
	const json_t *one;
	size_t i;

	json_array_foreach(destinations_of(object), i, one) {
		const char *ns = text_in(one, "namespace"), *strategy = text_in(one, "strategy");

		if ((!is_every(ns) && !is_name(ns)) || strcmp(strategy, "merge") == 0)
			return true;
	}
	return false;
}

void object_sync_read(const json_t *object, struct object_sync *out)
{
	const json_t *source = json_object_get(json_object_get(object, "spec"), "source");
	const char *from = text_in(source, "namespace");

	*out = (struct object_sync){ .object = object };
	snprintf(out->ns, sizeof(out->ns), "%s", fc_json_metadata(object, "namespace"));
	snprintf(out->name, sizeof(out->name), "%s", fc_json_metadata(object, "name"));
	snprintf(out->from, sizeof(out->from), "%s", *from ? from : out->ns);
	snprintf(out->source, sizeof(out->source), "%s", text_in(source, "name"));
	for (unsigned i = 0; i < TYPES; i++)
		if (world_types[i]->namespaced && strcmp(world_types[i]->group, text_in(source, "group")) == 0 &&
		    strcmp(world_types[i]->kind, text_in(source, "kind")) == 0)
			out->type = world_types[i];
	out->invalid =
		has_bad_destination(object) || is(whole_annotation(object, "fedcopy.dev/clusters"), "region in (");
}

struct each {
	bool (*fn)(void *user, const struct object_sync *o);
	void *user;
	bool more;
};

static void show_one(void *user, const struct api_type *type, const json_t *object)
{
	struct each *e = user;
	struct object_sync o;

	if (type != &world_object_syncs || !e->more)
		return;
	object_sync_read(object, &o);
	e->more = e->fn(e->user, &o);
}

bool object_sync_each(const struct world *w, bool (*fn)(void *user, const struct object_sync *o), void *user)
{
	struct each e = { fn, user, true };

	api_server_each(w->members[0].home->api, show_one, &e);
	return e.more;
}

const json_t *object_sync_source(const struct world *w, const struct object_sync *o)
{
	return o->type ? api_server_object(w->members[0].home->api, o->type->group, o->type->plural, o->from, o->source)
		       : NULL;
}

bool object_sync_is_paused(const struct world *w, const struct object_sync *o)
{
	const struct member *master = &w->members[0];

	return whole_is_paused(o->object) || whole_is_paused(object_sync_source(w, o)) ||
	       whole_is_paused(whole_space(master, o->ns)) || whole_is_paused(whole_space(master, o->from));
}

/* --- what it asks for --- */

/* B11: an explicit namespace before `*`, then the first in the list. */
static const json_t *destination_of(const struct object_sync *o, const char *ns, const char *name)
{
	const json_t *one, *found = NULL;
	size_t i;

	json_array_foreach(destinations_of(o->object), i, one) {
		const char *own = *text_in(one, "name") ? text_in(one, "name") : o->source;
		bool every = is_every(text_in(one, "namespace"));

		if (strcmp(own, name) != 0 || (!every && strcmp(text_in(one, "namespace"), ns) != 0))
			continue;
		if (!every)
			return one;
		found = found ?: one;
	}
	return found;
}

enum wanted object_sync_wants(struct world *w, const struct object_sync *o, struct member *to, const char *ns,
			      const char *name, bool *replaces)
{
	const json_t *space = whole_space(to, ns), *d = destination_of(o, ns, name);

	if (!d || !o->type || o->invalid || whole_is_ending(o->object) || !space || whole_is_ending(space) ||
	    !copy_cluster_is_selected(w, to, whole_annotation(o->object, "fedcopy.dev/clusters")))
		return WANTED_NOT;
	/* The source is no copy of itself. */
	if (to == &w->members[0] && strcmp(ns, o->from) == 0 && strcmp(name, o->source) == 0)
		return WANTED_NOT;
	if (replaces)
		*replaces = is(text_in(d, "strategy"), "replace");
	return is_every(text_in(d, "namespace")) && is_system(ns) ? WANTED_PERHAPS : WANTED;
}

enum wanted object_sync_allows(struct world *w, const struct object_sync *o, struct member *to, const char *ns,
			       bool generous)
{
	bool plain = o->type == world_types[SECRETS] || o->type == world_types[CONFIG_MAPS];
	const json_t *source = object_sync_source(w, o);

	if (!o->type)
		return WANTED_NOT;
	if (!plain || kopy_is_refused(source))
		return WANTED_PERHAPS;
	return copy_allowed_for(w, o->type, o->from, source, to, ns, o->ns, generous) ? WANTED : WANTED_NOT;
}

/* --- whose copy it is --- */

const char *object_sync_origin(const struct world *w, const struct member *on, const json_t *object, char out[128])
{
	const char *id = api_server_id(w->members[0].home->api);
	const char *from = whole_annotation(object, OBJECT_SYNC_SOURCE), *origin, *rule;

	if (!(w->speaks & SPEAKS_OBJECTS))
		return NULL;
	if (on == &w->members[0] && from &&
	    is(whole_label(object, "app.kubernetes.io/managed-by"), OBJECT_SYNC_MANAGER)) {
		snprintf(out, 128, "%s", from);
		return out;
	}
	origin = whole_annotation(object, "fedcopy.dev/origin");
	rule = whole_annotation(object, "fedcopy.dev/origin-rule");
	if (!origin || !rule || strncmp(rule, "object-sync/", 12) != 0 || strncmp(origin, id, strlen(id)) != 0)
		return NULL;
	snprintf(out, 128, "%s", origin + strlen(id) + 1);
	return out;
}

bool object_sync_is_of(const struct world *w, const struct member *on, const json_t *object,
		       const struct object_sync *o)
{
	char origin[128], own[130];

	snprintf(own, sizeof(own), "%s/%s", o->from, o->source);
	return object_sync_origin(w, on, object, origin) && strcmp(origin, own) == 0;
}

bool object_sync_has_listed(const struct object_sync *o, const json_t *copy)
{
	const json_t *list = json_object_get(json_object_get(o->object, "status"), "destinations"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(text_in(json_object_get(one, "syncedVersion"), "uid"), fc_json_metadata(copy, "uid")) == 0)
			return true;
	return false;
}

static bool lists_not(void *user, const struct object_sync *o)
{
	return !object_sync_has_listed(o, user);
}

bool object_sync_lists(const struct world *w, const json_t *object)
{
	return !object_sync_each(w, lists_not, (void *)(uintptr_t)object);
}

struct named {
	const struct api_type *type;
	const json_t *source;
};

static bool names_not(void *user, const struct object_sync *o)
{
	const struct named *n = user;
	const json_t *list = json_object_get(json_object_get(o->object, "status"), "destinations"), *one;
	size_t i;

	/* Copies of an earlier spec stay while the next one cannot be followed, and so does what they were made of. */
	json_array_foreach(list, i, one)
		if (strcmp(text_in(json_object_get(one, "sourceVersion"), "uid"), fc_json_metadata(n->source, "uid")) ==
		    0)
			return false;
	/* Of what cannot be understood the kind is not known. */
	return (o->type != n->type && o->type && !o->invalid) ||
	       strcmp(o->from, fc_json_metadata(n->source, "namespace")) != 0 ||
	       strcmp(o->source, fc_json_metadata(n->source, "name")) != 0;
}

bool object_sync_is_named(const struct world *w, const struct api_type *type, const json_t *source)
{
	struct named n = { type, source };

	return !object_sync_each(w, names_not, &n);
}
