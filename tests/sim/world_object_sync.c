/* SPDX-License-Identifier: Apache-2.0 */
/* What users of ObjectSyncs do, and what others do to their copies. */
#include "object_sync_parts.h"

#include "json/decode.h"

#include <stdio.h>

static json_t *map_of(json_t *object, const char *key)
{
	json_t *metadata = json_object_get(object, "metadata"), *map = json_object_get(metadata, key);

	if (!map) {
		map = json_object();
		json_object_set_new(metadata, key, map);
	}
	return map;
}

static void annotate(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(map_of(object, "annotations"), key, json_string(value));
	else
		json_object_del(map_of(object, "annotations"), key);
}

static const char *some_clusters(struct dice *d)
{
	static const char *const clusters[] = { "*", "c1,c2", "c1", "region in (eu,us)", "region!=eu", "region in (" };

	return clusters[dice_below(d, 6 - dice_chance(d, 92))];
}

static json_t *some_name(struct dice *d)
{
	return json_sprintf("o%u", dice_below(d, NAMES));
}

static json_t *some_destination(struct dice *d)
{
	static const char *const bad[] = { "Bad_", "nowhere", "a/b" };
	const char *ns = world_spaces[dice_chance(d, 95) ? dice_below(d, SPACES - 1) : SPACES - 1];
	json_t *o = json_object();

	if (dice_chance(d, 25))
		ns = dice_chance(d, 80) ? "*" : "";
	else if (dice_chance(d, 4))
		ns = bad[dice_below(d, FC_ARRAY_LEN(bad))];
	json_object_set_new(o, "namespace", json_string(ns));
	if (dice_chance(d, 40))
		json_object_set_new(o, "name", some_name(d));
	if (dice_chance(d, 60))
		json_object_set_new(o, "strategy",
				    json_string(dice_chance(d, 3)    ? "merge"
						: dice_chance(d, 60) ? "replace"
								     : "apply"));
	return o;
}

static json_t *some_source(struct dice *d, const char *ns)
{
	static const char *const kinds[] = { "ConfigMap", "ConfigMap", "Secret", "Secret", "Gadget" };
	const char *kind = kinds[dice_below(d, FC_ARRAY_LEN(kinds))];
	json_t *o = json_object();

	if (dice_chance(d, 4))
		kind = dice_chance(d, 50) ? "Zone" : "Nothing";
	json_object_set_new(o, "group",
			    json_string(strcmp(kind, "Gadget") == 0 || strcmp(kind, "Zone") == 0 ? "sim.test" : ""));
	json_object_set_new(o, "kind", json_string(kind));
	json_object_set_new(o, "name", some_name(d));
	if (dice_chance(d, 25))
		json_object_set_new(o, "namespace",
				    json_string(dice_chance(d, 50) ? ns : world_spaces[dice_below(d, SPACES)]));
	if (dice_chance(d, 20))
		json_object_set_new(o, "version", json_string("v1"));
	return o;
}

static json_t *some_destinations(struct dice *d)
{
	json_t *list = json_array();

	for (unsigned n = dice_chance(d, 6) ? 0 : 1 + dice_below(d, 3); n > 0; n--)
		json_array_append_new(list, some_destination(d));
	return list;
}

static json_t *new_sync(struct dice *d, const char *ns, const char *name)
{
	json_t *destinations = some_destinations(d), *source = some_source(d, ns);
	json_t *o = json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:o, s:o}}", "apiVersion", "sync.rustrial.org/v1alpha1",
			      "kind", "ObjectSync", "metadata", "name", name, "namespace", ns, "spec", "source", source,
			      "destinations", destinations);

	if (dice_chance(d, 35))
		annotate(o, "fedcopy.dev/clusters", some_clusters(d));
	return o;
}

static void edit_found(struct world *w, struct dice *d, struct sim_server *s, const json_t *old)
{
	json_t *o = json_deep_copy(old), *spec = json_object_get(o, "spec");
	char ns[64], name[64];

	snprintf(ns, sizeof(ns), "%s", fc_json_metadata(old, "namespace"));
	snprintf(name, sizeof(name), "%s", fc_json_metadata(old, "name"));
	json_object_del(o, "status");
	switch (dice_below(d, 9)) {
	case 0:
	case 1:
		json_decref(o);
		o = NULL;
		break;
	case 2:
		annotate(o, "fedcopy.dev/clusters", dice_chance(d, 60) ? some_clusters(d) : NULL);
		break;
	case 3:
		annotate(o, "fedcopy.dev/pause", dice_chance(d, 40) ? "true" : NULL);
		break;
	case 4:
		json_object_set_new(spec, "source", some_source(d, ns));
		break;
	default:
		json_object_set_new(spec, "destinations", some_destinations(d));
		break;
	}
	user_put(w, s, &world_object_syncs, ns, name, o);
}

static void edit_sync(struct world *w, struct dice *d, struct sim_server *s)
{
	const char *ns = world_spaces[dice_chance(d, 95) ? dice_below(d, SPACES - 1) : SPACES - 1];
	const json_t *old;
	char name[8];

	/* On a member it says nothing to anybody. */
	s = dice_chance(d, 92) ? w->members[0].home : s;
	snprintf(name, sizeof(name), "t%u", dice_below(d, 2));
	old = api_server_object(s->api, world_object_syncs.group, world_object_syncs.plural, ns, name);
	if (old)
		edit_found(w, d, s, old);
	else
		user_put(w, s, &world_object_syncs, ns, name, new_sync(d, ns, name));
}

/* --- their copies --- */

struct found {
	struct dice *d;
	const struct world *world;
	const struct member *member;
	unsigned met;
	const struct api_type *type;
	const json_t *object;
};

static void find_one(void *user, const struct api_type *type, const json_t *object)
{
	struct found *f = user;
	char origin[128];

	if (!object_sync_origin(f->world, f->member, object, origin) || dice_below(f->d, ++f->met) != 0)
		return;
	f->type = type;
	f->object = object;
}

static void tamper_with(struct world *w, struct dice *d, const struct found *f, json_t *o)
{
	json_t *metadata = json_object_get(o, "metadata");
	bool secret = f->type == world_types[SECRETS];
	json_t *value;

	switch (dice_below(d, 8)) {
	case 0:
		json_object_set_new(map_of(o, "labels"), "foo", json_sprintf("v%u", ++w->values));
		break;
	case 1:
		json_object_del(metadata, "labels");
		break;
	case 2:
		json_object_del(metadata, "annotations");
		break;
	case 3:
		json_object_del(metadata, "finalizers");
		break;
	case 4:
		json_array_append_new(json_object_get(metadata, "finalizers"), json_string("sim.test/wait"));
		break;
	case 5:
		if (f->type != world_types[GADGETS])
			json_object_set_new(o, "immutable", json_true());
		break;
	default:
		value = user_value(w, d, secret ? SECRETS : CONFIG_MAPS, 0);
		json_object_set_new(o, f->type == world_types[GADGETS] ? "spec" : "data",
				    json_pack("{s:o}", dice_chance(d, 50) ? "z" : "a", value));
		break;
	}
}

static void tamper(struct world *w, struct dice *d, struct sim_server *s)
{
	struct found f = { .d = d, .world = w };
	char ns[64], name[64];
	json_t *o;

	for (unsigned i = 0; i < w->member_count; i++)
		if (w->members[i].alive && w->members[i].home == s)
			f.member = &w->members[i];
	if (!f.member)
		return;
	api_server_each(s->api, find_one, &f);
	if (!f.object)
		return;
	snprintf(ns, sizeof(ns), "%s", fc_json_metadata(f.object, "namespace"));
	snprintf(name, sizeof(name), "%s", fc_json_metadata(f.object, "name"));
	o = json_deep_copy(f.object);
	if (dice_chance(d, 25))
		json_decref(fc_steal(&o));
	else
		tamper_with(w, d, &f, o);
	user_put(w, s, f.type, ns, name, o);
}

/* --- in common --- */

void object_sync_begin(struct world *w, struct dice *d, struct sim_server *s)
{
	if (s == w->members[0].home)
		for (unsigned n = 1 + dice_below(d, 3); n > 0; n--)
			edit_sync(w, d, s);
}

void object_sync_edit(struct world *w, struct dice *d, struct sim_server *s)
{
	if (!(w->speaks & SPEAKS_OBJECTS))
		return;
	if (dice_chance(d, 70))
		edit_sync(w, d, s);
	else
		tamper(w, d, s);
}
