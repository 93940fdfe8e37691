/* SPDX-License-Identifier: Apache-2.0 */
/* What users of k8s-replicator do, and what others do to their replicas. */
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

static void set(json_t *object, const char *word, const char *value)
{
	char key[64];

	snprintf(key, sizeof(key), REPLICATOR_KEY "%s", word);
	if (value)
		json_object_set_new(map_of(object, "annotations"), key, json_string(value));
	else
		json_object_del(map_of(object, "annotations"), key);
}

#define ONE_OF(d, list) ((list)[dice_below(d, FC_ARRAY_LEN(list))])

/* --- words --- */

static const char *some_spaces(struct dice *d)
{
	static const char *const lists[] = { "n0",	 "n1",	    "n1,n2", "n[01]",	      " n2 , n0",    "n.*",
					     "[mn]2|n1", "n[0-9]+", "n1,n.", "nowhere,n[12]", "kube-system", "" };
	static const char *const bad[] = { "[n", "(((", "n0/o1" };

	return dice_chance(d, 95) ? ONE_OF(d, lists) : ONE_OF(d, bad);
}

static const char *some_places(struct dice *d)
{
	static const char *const lists[] = { "p0",     "p1,o1",	 "n1/p0",    "n[12]/p1",   "p0,n0/o3",		"n2/o2",
					     "n.*/p0", "o0, p1", "n1/o1,p1", "nowhere/p0", "n0/p0,n[12]/p0,p1", "" };
	static const char *const bad[] = { "p0!", "n0/n1/p0", "[n0/p0" };

	return dice_chance(d, 95) ? ONE_OF(d, lists) : ONE_OF(d, bad);
}

static const char *some_truth(struct dice *d)
{
	static const char *const words[] = { "true", "true", "1", "True", "false", "F" };

	return dice_chance(d, 95) ? ONE_OF(d, words) : "maybe";
}

static void set_from(struct dice *d, json_t *object)
{
	static const char *const bad[] = { "n0/n1/o1", "", "/o1", "n1!/o0" };
	const char *name =
		replicator_names[dice_chance(d, 80) ? dice_below(d, NAMES) : dice_below(d, REPLICATOR_NAMES)];
	char text[64];

	snprintf(text, sizeof(text), "%s/%s", world_spaces[dice_chance(d, 95) ? dice_below(d, SPACES - 1) : SPACES - 1],
		 name);
	if (dice_chance(d, 4))
		set(object, "replicate-from", ONE_OF(d, bad));
	else
		set(object, "replicate-from", dice_chance(d, 70) ? text : name);
}

static void set_clusters(struct dice *d, json_t *object)
{
	static const char *const clusters[] = { "*", "c1,c2", "c1", "region in (eu,us)", "region!=eu", "region in (" };

	if (dice_chance(d, 60))
		json_object_set_new(map_of(object, "annotations"), "fedcopy.dev/clusters",
				    json_string(clusters[dice_below(d, 6 - dice_chance(d, 90))]));
	else
		json_object_del(map_of(object, "annotations"), "fedcopy.dev/clusters");
}

static void set_pushes(struct dice *d, json_t *object)
{
	unsigned which = dice_below(d, 3);

	set(object, "replicate-to", which != 0 ? some_places(d) : NULL);
	set(object, "replicate-to-namespaces", which != 1 ? some_spaces(d) : NULL);
	if (dice_chance(d, 60))
		set_clusters(d, object);
}

static void set_permission(struct dice *d, json_t *object)
{
	unsigned which = dice_below(d, 5);

	if (dice_chance(d, 50)) {
		set(object, "replication-allowed", "true");
		return;
	}
	set(object, "replication-allowed", which < 2 || which == 3 ? some_truth(d) : NULL);
	set(object, "replication-allowed-namespaces", which == 2 || which == 3 ? some_spaces(d) : NULL);
}

static void set_once(struct dice *d, json_t *object)
{
	static const char *const versions[] = { "v1", "v2", "" };

	if (dice_chance(d, 60))
		set(object, "replicate-once", dice_chance(d, 65) ? some_truth(d) : NULL);
	if (dice_chance(d, 60))
		set(object, "replicate-once-version", dice_chance(d, 75) ? ONE_OF(d, versions) : NULL);
}

static void take_off(struct dice *d, json_t *object)
{
	static const char *const words[] = { "replicate-from",		"replicate-to",
					     "replicate-to-namespaces", "replicate-once",
					     "replication-allowed",	"replication-allowed-namespaces",
					     "replicate-once-version",	"unknown" };

	set(object, ONE_OF(d, words), NULL);
}

static void change_words(struct dice *d, json_t *object)
{
	switch (dice_below(d, 10)) {
	case 0:
	case 1:
		set_from(d, object);
		break;
	case 2:
	case 3:
		set_pushes(d, object);
		break;
	case 4:
	case 5:
		set_permission(d, object);
		break;
	case 6:
		set_once(d, object);
		break;
	case 7:
		set(object, "unknown", dice_chance(d, 30) ? "x" : NULL);
		break;
	default:
		take_off(d, object);
		break;
	}
}

void replicator_new_object(struct dice *d, unsigned type, json_t *object)
{
	static const char *const types[] = { "sim.test/one", "kubernetes.io/ssh-auth",
					     "bootstrap.kubernetes.io/token" };

	if (dice_chance(d, 45))
		set_from(d, object);
	if (dice_chance(d, 40))
		set_pushes(d, object);
	if (dice_chance(d, 60))
		set_permission(d, object);
	if (dice_chance(d, 20))
		set_once(d, object);
	if (dice_chance(d, 4))
		json_object_set_new(object, "immutable", json_true());
	if (type == SECRETS && dice_chance(d, 15))
		json_object_set_new(object, "type", json_string(ONE_OF(d, types)));
	if (type == SECRETS && strcmp(json_string_value(json_object_get(object, "type")) ?: "", types[1]) == 0)
		json_object_set_new(json_object_get(object, "data"), "ssh-privatekey", json_string("AAEC"));
}

/* --- which object --- */

struct found {
	struct dice *d;
	const struct world *world;
	bool replicas; /* else whatever there is */
	unsigned met;
	const struct api_type *type;
	const json_t *object;
};

static void find_one(void *user, const struct api_type *type, const json_t *object)
{
	struct found *f = user;
	char ns[64], name[64];

	if (type != world_types[SECRETS] && type != world_types[CONFIG_MAPS])
		return;
	if (f->replicas && !replicator_is_written(object) && !replicator_is_far_copy(f->world, object, ns, name))
		return;
	if (dice_below(f->d, ++f->met) != 0)
		return;
	f->type = type;
	f->object = object;
}

static bool find(struct world *w, struct dice *d, struct sim_server *s, bool replicas, struct found *f)
{
	*f = (struct found){ .d = d, .world = w, .replicas = replicas };
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

/* Another's copies are theirs to write. */
static bool is_anothers(const struct world *w, const struct member *on, const json_t *object)
{
	struct whole whole;

	return whole_of(w, on, object, &whole);
}

struct peer {
	struct dice *d;
	const struct api_type *type;
	const json_t *object;
	unsigned met;
};

static void find_peer(void *user, const struct api_type *type, const json_t *object)
{
	struct peer *p = user;

	if (type == p->type && dice_below(p->d, ++p->met) == 0)
		p->object = object;
}

/* From what stands there. */
static void pull_from_one(struct dice *d, struct sim_server *s, const struct api_type *type, json_t *object)
{
	struct peer p = { .d = d, .type = type };
	char text[128];

	api_server_each(s->api, find_peer, &p);
	if (!p.object)
		return;
	snprintf(text, sizeof(text), "%s/%s", fc_json_metadata(p.object, "namespace"),
		 fc_json_metadata(p.object, "name"));
	set(object, "replicate-from", text);
	if (dice_chance(d, 50)) {
		set(object, "replicate-to", NULL);
		set(object, "replicate-to-namespaces", NULL);
	}
	if (dice_chance(d, 50))
		set_permission(d, object);
}

static void edit_words(struct world *w, struct dice *d, struct sim_server *s)
{
	struct found f;
	json_t *o;

	/* On a member it says nothing to anybody. */
	s = dice_chance(d, 93) ? w->members[0].home : s;
	if (!find(w, d, s, false, &f) || is_anothers(w, &w->members[0], f.object))
		return;
	o = json_deep_copy(f.object);
	if (dice_chance(d, 35))
		pull_from_one(d, s, f.type, o);
	else
		for (unsigned n = 1 + dice_below(d, 2); n > 0; n--)
			change_words(d, o);
	put(w, s, &f, o);
}

void replicator_begin(struct world *w, struct dice *d)
{
	for (unsigned n = 4 + dice_below(d, 8); n > 0; n--)
		user_edit(w, d, w->members[0].home, STEP_CREATE);
	for (unsigned n = dice_below(d, 12); n > 0; n--)
		edit_words(w, d, w->members[0].home);
}

/* --- what replicas are known by --- */

static void forge(struct dice *d, json_t *o)
{
	const char *name = replicator_names[dice_below(d, REPLICATOR_NAMES)];
	char text[64];

	snprintf(text, sizeof(text), "%s/%s", world_spaces[dice_below(d, SPACES - 1)], name);
	set(o, "replicated-by", dice_chance(d, 90) ? text : "n0");
}

static void tamper_with(struct world *w, struct dice *d, const struct found *f, json_t *o)
{
	static const char *const books[] = { "replicated-from-version", "replicated-from-origin",
					     "replicated-from-allowed", "replicate-once-version", "replicated-at" };
	json_t *metadata = json_object_get(o, "metadata");

	switch (dice_below(d, 9)) {
	case 0:
	case 1:
		set(o, ONE_OF(d, books), NULL);
		break;
	case 2:
		set(o, "replicated-from-allowed", some_spaces(d));
		break;
	case 3:
		set(o, "replicated-by", NULL);
		break;
	case 4:
		json_object_del(metadata, "labels");
		break;
	case 5:
		json_object_del(map_of(o, "annotations"), "fedcopy.dev/origin-state");
		break;
	case 6:
		json_object_set_new(metadata, "finalizers", json_pack("[s]", "sim.test/wait"));
		break;
	case 7:
		if (dice_chance(d, 30))
			json_object_set_new(o, "immutable", json_true());
		break;
	default:
		json_object_set_new(
			o, "data",
			json_pack("{s:o}", "z",
				  user_value(w, d, f->type == world_types[SECRETS] ? SECRETS : CONFIG_MAPS, 0)));
		break;
	}
}

static void tamper(struct world *w, struct dice *d, struct sim_server *s)
{
	bool forges = dice_chance(d, 8);
	struct found f;
	json_t *o;

	if (!find(w, d, s, !forges, &f) || is_anothers(w, &w->members[0], f.object))
		return;
	o = json_deep_copy(f.object);
	if (forges)
		forge(d, o);
	else if (dice_chance(d, 30))
		json_decref(fc_steal(&o));
	else
		tamper_with(w, d, &f, o);
	put(w, s, &f, o);
}

void replicator_edit(struct world *w, struct dice *d, struct sim_server *s, enum step_kind kind)
{
	if (!speaks_replicator(w))
		return;
	if (kind == STEP_REPLICATE)
		edit_words(w, d, s);
	else
		tamper(w, d, dice_chance(d, 60) ? w->members[0].home : s);
}
