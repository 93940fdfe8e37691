/* SPDX-License-Identifier: Apache-2.0 */
/* What users of kopy and of ConfigMapSyncs do, and what others do to their copies. */
#include "dialects_parts.h"
#include "object_sync_parts.h"
#include "replicator_parts.h"

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

static void set(json_t *object, const char *map, const char *key, const char *value)
{
	if (value)
		json_object_set_new(map_of(object, map), key, json_string(value));
	else
		json_object_del(map_of(object, map), key);
}

static const char *some_clusters(struct dice *d)
{
	static const char *const clusters[] = { "*", "c1,c2", "c1", "region in (eu,us)", "region!=eu", "region in (" };

	return clusters[dice_below(d, 6 - dice_chance(d, 90))];
}

static void change_clusters(struct dice *d, json_t *object)
{
	if (dice_chance(d, 45))
		set(object, "annotations", "fedcopy.dev/clusters", some_clusters(d));
	else if (dice_chance(d, 40))
		set(object, "annotations", "fedcopy.dev/clusters", NULL);
}

/* --- kopy --- */

static const char *some_selector(struct dice *d)
{
	static const char *const selectors[] = { "team=a",  "team in (a,b)",	  "team", "!team", "team!=a",
						 "team==b", "team notin (b),team" };
	static const char *const bad[] = { "team in (", "", "  " };

	return dice_chance(d, 92) ? selectors[dice_below(d, FC_ARRAY_LEN(selectors))]
				  : bad[dice_below(d, FC_ARRAY_LEN(bad))];
}

static void annotate(struct dice *d, json_t *object)
{
	bool guide = dice_chance(d, 30), both = dice_chance(d, 6);

	if (dice_chance(d, 20)) {
		set(object, "annotations", KOPY_HEAD "sync", NULL);
		set(object, "annotations", KOPY_GUIDE "sync", NULL);
		return;
	}
	set(object, "annotations", KOPY_HEAD "sync", guide && !both ? NULL : some_selector(d));
	set(object, "annotations", KOPY_GUIDE "sync", guide || both ? some_selector(d) : NULL);
	change_clusters(d, object);
}

void dialects_new_source(struct dice *d, unsigned type, json_t *object)
{
	annotate(d, object);
	if (dice_chance(d, 8))
		json_object_set_new(object, "immutable", json_true());
	if (type == SECRETS && dice_chance(d, 20))
		json_object_set_new(object, "type",
				    json_string(dice_chance(d, 80) ? "sim.test/one" : "bootstrap.kubernetes.io/token"));
}

/* --- which object --- */

struct found {
	struct dice *d;
	const struct world *world;
	const struct member *member; /* whose copies are looked for; NULL: whatever there is */
	unsigned met;
	const struct api_type *type;
	const json_t *object;
};

static void find_one(void *user, const struct api_type *type, const json_t *object)
{
	struct found *f = user;
	struct whole whole;

	if (type != world_types[SECRETS] && type != world_types[CONFIG_MAPS])
		return;
	if (f->member && !whole_of(f->world, f->member, object, &whole))
		return;
	if (dice_below(f->d, ++f->met) != 0)
		return;
	f->type = type;
	f->object = object;
}

static bool find(struct world *w, struct dice *d, struct sim_server *s, bool copies, struct found *f)
{
	*f = (struct found){ .d = d, .world = w };
	for (unsigned i = 0; copies && i < w->member_count; i++)
		if (w->members[i].alive && w->members[i].home == s)
			f->member = &w->members[i];
	api_server_each(s->api, find_one, f);
	return f->object;
}

static void put(struct world *w, struct sim_server *s, const struct found *f, json_t *o)
{
	char ns[64], name[64];

	snprintf(ns, sizeof(ns), "%s", fc_json_metadata(f->object, "namespace"));
	snprintf(name, sizeof(name), "%s", fc_json_metadata(f->object, "name"));
	user_put(w, s, f->type, ns, name, o);
}

static void edit_annotation(struct world *w, struct dice *d, struct sim_server *s)
{
	struct found f;
	json_t *o;

	/* On a member it says nothing to anybody. */
	s = dice_chance(d, 90) ? w->members[0].home : s;
	if (!(w->speaks & SPEAKS_KOPY) || !find(w, d, s, false, &f))
		return;
	if (kopy_is_copy(f.object) && dice_chance(d, 70))
		return;
	o = json_deep_copy(f.object);
	annotate(d, o);
	put(w, s, &f, o);
}

/* --- ConfigMapSyncs --- */

static json_t *some_spec(struct dice *d, const char *ns)
{
	static const char *const bad[] = { "", "Bad_", "a/b" };
	const char *from = dice_chance(d, 75) ? ns : world_spaces[dice_below(d, SPACES)];
	const char *to = world_spaces[dice_chance(d, 95) ? dice_below(d, SPACES - 1) : SPACES - 1];
	json_t *spec = json_object();

	if (strcmp(from, ns) != 0 || dice_chance(d, 50))
		json_object_set_new(spec, "sourceNamespace", json_string(from));
	if (dice_chance(d, 4))
		to = dice_chance(d, 50) ? "nowhere" : bad[dice_below(d, FC_ARRAY_LEN(bad))];
	json_object_set_new(spec, "destinationNamespace", json_string(to));
	json_object_set_new(spec, "configMapName",
			    dice_chance(d, 98) ? json_sprintf("o%u", dice_below(d, NAMES)) : json_string("Bad_"));
	return spec;
}

static json_t *new_sync(struct dice *d, const char *ns, const char *name)
{
	json_t *o = json_pack("{s:s, s:s, s:{s:s, s:s}, s:o}", "apiVersion", "apps.kapendra.com/v1", "kind",
			      "ConfigMapSync", "metadata", "name", name, "namespace", ns, "spec", some_spec(d, ns));

	if (dice_chance(d, 40))
		set(o, "annotations", "fedcopy.dev/clusters", some_clusters(d));
	return o;
}

static void edit_found_sync(struct world *w, struct dice *d, struct sim_server *s, const json_t *old)
{
	char ns[64], name[64];
	json_t *o = json_deep_copy(old);

	snprintf(ns, sizeof(ns), "%s", fc_json_metadata(old, "namespace"));
	snprintf(name, sizeof(name), "%s", fc_json_metadata(old, "name"));
	json_object_del(o, "status");
	switch (dice_below(d, 8)) {
	case 0:
	case 1:
		json_decref(o);
		o = NULL;
		break;
	case 2:
		change_clusters(d, o);
		break;
	case 3:
		set(o, "annotations", "fedcopy.dev/pause", dice_chance(d, 40) ? "true" : NULL);
		break;
	case 4:
		/* Whoever takes all finalizers off wants it gone. */
		if (dice_chance(d, 25))
			json_object_del(json_object_get(o, "metadata"), "finalizers");
		break;
	default:
		json_object_set_new(o, "spec", some_spec(d, ns));
		break;
	}
	user_put(w, s, &world_syncs, ns, name, o);
}

static void edit_sync(struct world *w, struct dice *d, struct sim_server *s)
{
	const char *ns = world_spaces[dice_chance(d, 95) ? dice_below(d, SPACES - 1) : SPACES - 1];
	const json_t *old;
	char name[8];

	if (!(w->speaks & SPEAKS_SYNC))
		return;
	/* On a member it says nothing to anybody. */
	s = dice_chance(d, 92) ? w->members[0].home : s;
	snprintf(name, sizeof(name), "s%u", dice_below(d, 2));
	old = api_server_object(s->api, world_syncs.group, world_syncs.plural, ns, name);
	if (old)
		edit_found_sync(w, d, s, old);
	else
		user_put(w, s, &world_syncs, ns, name, new_sync(d, ns, name));
}

/* --- what copies are known by --- */

static void add_finalizer(json_t *o, const char *finalizer)
{
	json_t *metadata = json_object_get(o, "metadata");

	if (whole_has_finalizer(o, finalizer))
		return;
	if (!json_object_get(metadata, "finalizers"))
		json_object_set_new(metadata, "finalizers", json_array());
	json_array_append_new(json_object_get(metadata, "finalizers"), json_string(finalizer));
}

/* As whose copy it is to be taken. */
static void forge(struct world *w, struct dice *d, const struct found *f, json_t *o)
{
	const char *ns = world_spaces[dice_below(d, SPACES - 1)], *family = dice_chance(d, 70) ? KOPY_HEAD : KOPY_GUIDE;
	char text[128];

	if (whole_bears_marks(o) || wishes_any(o))
		return;
	if (f->type == world_types[CONFIG_MAPS] && (w->speaks & SPEAKS_SYNC) && dice_chance(d, 50)) {
		snprintf(text, sizeof(text), "%s/s%u", ns, dice_below(d, 2));
		set(o, "annotations", SYNC_KEY "owner", text);
		set(o, "annotations", SYNC_KEY "adopted", dice_chance(d, 30) ? "true" : NULL);
	} else if (w->speaks & SPEAKS_KOPY) {
		snprintf(text, sizeof(text), "%sorigin.namespace", family);
		set(o, "labels", text, ns);
		snprintf(text, sizeof(text), "%sfinalizer", family);
		if (dice_chance(d, 80))
			add_finalizer(o, text);
	}
}

static void tamper_with(struct world *w, struct dice *d, const struct found *f, json_t *o)
{
	json_t *metadata = json_object_get(o, "metadata");
	const char *text;

	switch (dice_below(d, 9)) {
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
		add_finalizer(o, "sim.test/wait");
		break;
	case 5:
		text = some_selector(d);
		set(o, "annotations", dice_chance(d, 70) ? KOPY_HEAD "sync" : KOPY_GUIDE "sync", text);
		break;
	case 6:
		json_object_set_new(
			o, "data",
			json_pack("{s:o}", "z",
				  user_value(w, d, f->type == world_types[SECRETS] ? SECRETS : CONFIG_MAPS, 0)));
		break;
	case 7:
		text = world_spaces[dice_below(d, SPACES - 1)];
		set(o, "labels", dice_chance(d, 70) ? KOPY_GUIDE "origin.namespace" : KOPY_HEAD "origin.namespace",
		    text);
		break;
	default:
		json_object_set_new(o, "immutable", json_true());
		break;
	}
}

static void tamper(struct world *w, struct dice *d, struct sim_server *s)
{
	bool forges = dice_chance(d, 20);
	struct found f;
	json_t *o;

	if (!find(w, d, s, !forges, &f))
		return;
	o = json_deep_copy(f.object);
	if (forges)
		forge(w, d, &f, o);
	else if (dice_chance(d, 25))
		json_decref(fc_steal(&o));
	else
		tamper_with(w, d, &f, o);
	put(w, s, &f, o);
}

/* --- payloads --- */

static void feed(struct world *w, struct dice *d)
{
	struct sim_server *s = w->members[0].home;
	unsigned type;
	struct found f;
	json_t *o, *value;

	if (!find(w, d, s, false, &f))
		return;
	type = f.type == world_types[SECRETS] ? SECRETS : CONFIG_MAPS;
	o = json_deep_copy(f.object);
	if (dice_chance(d, 75))
		json_object_set_new(map_of(o, "annotations"), "note", json_sprintf("v%u", ++w->values));
	value = user_value(w, d, type, 0);
	json_object_set_new(o, "data", json_pack("{s:o}", dice_chance(d, 80) ? "a" : "b", value));
	if (dice_chance(d, 30))
		json_object_set_new(o, type == SECRETS ? "data" : "binaryData", json_pack("{s:s}", "c~d", "AAEC"));
	put(w, s, &f, o);
}

/* --- in common --- */

void dialects_begin(struct world *w, struct dice *d, struct sim_server *s)
{
	static const struct api_type spaces = { "", "v1", "namespaces", "namespace", "Namespace", .namespaced = false };

	for (unsigned i = 0; i < SPACES - 1; i++) {
		const json_t *have = api_server_object(s->api, "", "namespaces", "", world_spaces[i]);
		json_t *o = json_deep_copy(have);

		if (dice_chance(d, 70))
			set(o, "labels", "team", dice_chance(d, 60) ? "a" : "b");
		user_put(w, s, &spaces, "", world_spaces[i], o);
	}
	for (unsigned n = dice_below(d, 4); n > 0; n--)
		edit_sync(w, d, s);
	if (w->speaks & SPEAKS_OBJECTS)
		object_sync_begin(w, d, s);
}

void dialects_edit(struct world *w, struct dice *d, struct sim_server *s, enum step_kind kind)
{
	switch (kind) {
	case STEP_KOPY:
		edit_annotation(w, d, s);
		break;
	case STEP_SYNC:
		edit_sync(w, d, s);
		break;
	case STEP_TAMPER:
		tamper(w, d, s);
		break;
	case STEP_FEED:
		feed(w, d);
		break;
	case STEP_REPLICATE:
	case STEP_BOOKS:
		replicator_edit(w, d, s, kind);
		break;
	case STEP_OBJECTS:
		object_sync_edit(w, d, s);
		break;
	default:
		break;
	}
}

bool dialects_finish(struct world *w)
{
	bool any = false;

	for (unsigned i = 0; speaks_ours(w) && i < w->server_count; i++)
		any = world_server_run_controllers(&w->servers[i]) || any;
	return any;
}
