/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync at rest: every copy that is wanted and permitted stands and is as its source, what stands in its way is a
 * Conflict, what nobody wants any more has gone, and no finalizer waits (promises 1, 4 and 8). */
#include "object_sync_parts.h"

#include "json/decode.h"

#include <stdio.h>

struct rest {
	struct world *world;
	struct member *member;
	const json_t *rules;
};

/* --- what a copy holds --- */

/* Is all of `a` in `b`? */
static bool holds(const json_t *b, const json_t *a)
{
	const char *key;
	json_t *value;

	if (!json_is_object(a) || !json_is_object(b))
		return json_equal(a, b);
	json_object_foreach((json_t *)(uintptr_t)a, key, value)
		if (!json_object_get(b, key) || !holds(json_object_get(b, key), value))
			return false;
	return true;
}

/* B16: what the source has lost, and nobody else has set. */
static bool is_kept(const json_t *copy, const char *member, const char *key)
{
	json_t *entries = json_object_get(json_object_get(copy, "metadata"), "managedFields"), *entry;
	char path[160];
	size_t i;

	snprintf(path, sizeof(path), "%s\n%s", member, key);
	json_array_foreach(entries, i, entry)
		if (json_object_get(json_object_get(entry, "paths"), path) &&
		    strcmp(json_string_value(json_object_get(entry, "manager")), "fedcopy") == 0)
			return true;
	return false;
}

static bool keeps_what_is_lost(const json_t *source, const json_t *copy, const char *member)
{
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(copy, member), key, value)
		if (!json_object_get(json_object_get(source, member), key) && is_kept(copy, member, key))
			return true;
	return false;
}

static bool is_a_word(const char *key)
{
	static const char *const heads[] = { "fedcopy.dev/",	OBJECT_SYNC_KEY,
					     KOPY_HEAD,		KOPY_GUIDE,
					     SYNC_KEY,		"k8s-copier.fig.org/",
					     "k8s-replicator/", "app.kubernetes.io/managed-by" };

	for (size_t i = 0; i < FC_ARRAY_LEN(heads); i++)
		if (strncmp(key, heads[i], strlen(heads[i])) == 0)
			return true;
	return false;
}

static const char *what_differs_of_map(const json_t *source, const json_t *copy, const char *map, bool replaces)
{
	const json_t *has = json_object_get(json_object_get(copy, "metadata"), map);
	const json_t *wants = json_object_get(json_object_get(source, "metadata"), map);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)wants, key, value)
		if (!is_a_word(key) && (!json_object_get(has, key) || !json_equal(json_object_get(has, key), value)))
			return key;
	json_object_foreach((json_t *)(uintptr_t)has, key, value)
		if (replaces && !is_a_word(key) && !json_object_get(wants, key))
			return key;
	return NULL;
}

const char *object_sync_difference(const struct world *w, const json_t *source, const json_t *copy, bool own,
				   bool replaces)
{
	static const char *const members[] = { "data", "binaryData", "spec", "immutable", "type" };
	const char *differs;

	(void)w;
	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		const json_t *wants = json_object_get(source, members[i]), *has = json_object_get(copy, members[i]);

		if (wants && (!has || (replaces ? !json_equal(has, wants) : !holds(has, wants))))
			return members[i];
		if (replaces ? has && !wants : i < 3 && keeps_what_is_lost(source, copy, members[i]))
			return members[i];
	}
	differs = what_differs_of_map(source, copy, "labels", replaces);
	differs = differs ? differs : what_differs_of_map(source, copy, "annotations", replaces);
	if (differs || !own)
		return differs;
	return whole_has_finalizer(copy, OBJECT_SYNC_FINALIZER) ? NULL : "its finalizer";
}

/* --- one destination --- */

/* Another dialect, or path rules, have a word there too. */
static bool is_shared(const struct world *w, const struct member *on, const json_t *copy)
{
	const char *family;
	struct whole whole;

	return whole_of(w, on, copy, &whole) || kopy_selector(copy, &family) || kopy_has_finalizer(copy) ||
	       whole_bears_marks(copy) || wishes_any(copy);
}

static void check_standing(const struct rest *r, const struct object_sync *o, struct member *to, const json_t *copy,
			   bool replaces)
{
	const char *ns = fc_json_metadata(copy, "namespace"), *name = fc_json_metadata(copy, "name"), *differs;
	struct world *w = r->world;

	if (whole_is_ending(copy) || whole_is_paused(copy) || is_shared(w, to, copy))
		return;
	if (!object_sync_is_of(w, to, copy, o)) {
		if (!said_of_copy(r->rules, "object-sync", to, o->type, ns, name, "Conflict"))
			world_fail(w, 8,
				   "%s %s/%s on %s stands in the way of the ObjectSync %s/%s, and no Conflict is told",
				   o->type->plural, ns, name, to->name, o->ns, o->name);
		return;
	}
	differs = object_sync_difference(w, object_sync_source(w, o), copy, to == &w->members[0], replaces);
	if (differs)
		world_fail(w, 1, "the copy %s %s/%s on %s of the ObjectSync %s/%s differs in %s", o->type->plural, ns,
			   name, to->name, o->ns, o->name, differs);
}

/* Another ObjectSync of the same source writes it otherwise. */
struct twin {
	const struct rest *rest;
	const struct object_sync *of;
	struct member *to;
	const char *ns, *name;
	bool replaces, any;
};

static bool is_no_twin(void *user, const struct object_sync *o)
{
	struct twin *t = user;
	bool replaces = false;

	if (o->object == t->of->object || o->type != t->of->type || strcmp(o->from, t->of->from) != 0 ||
	    strcmp(o->source, t->of->source) != 0 ||
	    !object_sync_wants(t->rest->world, o, t->to, t->ns, t->name, &replaces))
		return true;
	t->any = t->any || replaces != t->replaces;
	return true;
}

static bool has_twin(const struct rest *r, const struct object_sync *o, struct member *to, const char *ns,
		     const char *name, bool replaces)
{
	struct twin t = { r, o, to, ns, name, replaces, false };

	object_sync_each(r->world, is_no_twin, &t);
	return t.any;
}

static void check_place(const struct rest *r, const struct object_sync *o, struct member *to, const char *ns,
			const char *name)
{
	struct world *w = r->world;
	const json_t *copy;
	bool replaces = false;

	if (to->away || object_sync_wants(w, o, to, ns, name, &replaces) != WANTED ||
	    object_sync_allows(w, o, to, ns, false) != WANTED || whole_is_paused(whole_space(to, ns)) ||
	    !api_server_serves(to->home->api, o->type) ||
	    said_of_copy(r->rules, "object-sync", to, o->type, ns, name, "Cycle"))
		return;
	copy = api_server_object(to->home->api, o->type->group, o->type->plural, ns, name);
	if (!copy)
		world_fail(w, 1, "the ObjectSync %s/%s has no copy %s %s/%s on %s", o->ns, o->name, o->type->plural, ns,
			   name, to->name);
	else if (!has_twin(r, o, to, ns, name, replaces))
		check_standing(r, o, to, copy, replaces);
}

static void check_places(const struct rest *r, const struct object_sync *o)
{
	struct world *w = r->world;

	for (unsigned i = 0; i < w->member_count && !broken(w); i++)
		for (unsigned k = 0; w->members[i].alive && k < ALL_SPACES; k++)
			for (unsigned n = 0; n < NAMES; n++) {
				char name[8];

				snprintf(name, sizeof(name), "o%u", n);
				check_place(r, o, &w->members[i], all_spaces[k], name);
			}
}

/* --- an ObjectSync --- */

struct held {
	const struct world *world;
	const struct member *member;
	const struct object_sync *sync;
	bool any;
};

static void find_held(void *user, const struct api_type *type, const json_t *object)
{
	struct held *h = user;

	if (type != &world_object_syncs)
		h->any = h->any || object_sync_is_of(h->world, h->member, object, h->sync) ||
			 object_sync_lists(h->world, object);
}

/* A copy may wait for a finalizer of others, or be on a cluster that is away. */
static bool has_copies(const struct world *w, const struct object_sync *o)
{
	struct held h = { .world = w, .sync = o };

	for (unsigned i = 0; i < w->member_count; i++) {
		h.member = &w->members[i];
		if (h.member->alive)
			api_server_each(h.member->home->api, find_held, &h);
	}
	return h.any;
}

static bool check_sync(void *user, const struct object_sync *o)
{
	struct rest *r = user;
	struct world *w = r->world;
	const json_t *source = object_sync_source(w, o);

	if (whole_is_ending(o->object)) {
		if (whole_has_finalizer(o->object, OBJECT_SYNC_FINALIZER) && !has_copies(w, o))
			world_fail(w, 1, "the ObjectSync %s/%s is being deleted and not let go", o->ns, o->name);
		return !broken(w);
	}
	if (!whole_has_finalizer(o->object, OBJECT_SYNC_FINALIZER) && !whole_is_paused(o->object) &&
	    !whole_is_paused(whole_space(&w->members[0], o->ns)))
		world_fail(w, 1, "the ObjectSync %s/%s bears no finalizer", o->ns, o->name);
	if (source && !whole_is_ending(source) && !object_sync_is_paused(w, o))
		check_places(r, o);
	if (!broken(w))
		promises_of_object_sync_status(w, o, r->rules);
	return !broken(w);
}

/* --- what nobody wants any more --- */

struct asked {
	const struct rest *rest;
	const struct api_type *type;
	const json_t *object;
	bool any, of_all; /* of_all: somebody's whose copies are not looked at now */
};

static bool cannot_be_followed(const struct world *w, const struct object_sync *o)
{
	return o->invalid || !o->type || !api_server_serves(w->members[0].home->api, o->type);
}

static bool asks_not(void *user, const struct object_sync *o)
{
	struct asked *a = user;
	const struct rest *r = a->rest;

	/* What an earlier spec has made of another source stays as well: nothing is written for what cannot be followed
	 * (design section 6). */
	a->of_all = a->of_all || (cannot_be_followed(r->world, o) && !whole_is_ending(o->object) &&
				  object_sync_has_listed(o, a->object));
	if (o->type != a->type || !object_sync_is_of(r->world, r->member, a->object, o))
		return true;
	a->any = a->any || object_sync_wants(r->world, o, r->member, fc_json_metadata(a->object, "namespace"),
					     fc_json_metadata(a->object, "name"), NULL);
	/* An earlier spec's copies stay while one cannot be followed. Nor can it while its kind is not served: there is
	 * no read that could tell that the source is gone. */
	a->of_all = a->of_all || cannot_be_followed(r->world, o) || object_sync_is_paused(r->world, o) ||
		    whole_has_finalizer(o->object, "sim.test/wait");
	return true;
}

static const json_t *source_of(const struct rest *r, const struct api_type *type, const char *origin)
{
	const char *slash = strchr(origin, '/');
	char ns[64];

	snprintf(ns, sizeof(ns), "%.*s", slash ? (int)(slash - origin) : 0, origin);
	return slash ? api_server_object(r->world->members[0].home->api, type->group, type->plural, ns, slash + 1)
		     : NULL;
}

/* Then the status listed its copies no more, and a process that was started since knows of none but by that. */
static bool has_left_before(const struct world *w, const struct member *m)
{
	for (unsigned i = 0; i < w->member_count; i++)
		if (!w->members[i].alive && w->members[i].home == m->home)
			return true;
	return false;
}

/* In its own cluster a copy is known by the status that lists it, elsewhere by its marks. */
static void check_stray(const struct rest *r, const struct api_type *type, const json_t *object, const char *origin)
{
	struct asked a = { .rest = r, .type = type, .object = object };
	struct world *w = r->world;
	const json_t *source = source_of(r, type, origin);

	if (whole_is_ending(object) || whole_is_paused(object) || whole_is_paused(source) ||
	    is_shared(w, r->member, object) ||
	    (source && whole_is_paused(whole_space(&w->members[0], fc_json_metadata(source, "namespace")))) ||
	    whole_is_paused(whole_space(r->member, fc_json_metadata(object, "namespace"))) ||
	    whole_is_ending(whole_space(r->member, fc_json_metadata(object, "namespace"))))
		return;
	object_sync_each(w, asks_not, &a);
	if (a.of_all || has_left_before(w, r->member) || (a.any && source) ||
	    (r->member == &w->members[0] && !object_sync_lists(w, object)))
		return;
	world_fail(w, 1, "the copy %s %s/%s on %s of %s is left, and nobody wants it", type->plural,
		   fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"), r->member->name, origin);
}

static void check_finalizer(const struct rest *r, const struct api_type *type, const json_t *object)
{
	struct world *w = r->world;

	if (!whole_has_finalizer(object, OBJECT_SYNC_FINALIZER) || r->member != &w->members[0] ||
	    object_sync_is_named(w, type, object) || object_sync_lists(w, object) ||
	    whole_annotation(object, OBJECT_SYNC_SOURCE))
		return;
	world_fail(w, 1, "%s %s/%s bears a finalizer still, and is neither source nor copy", type->plural,
		   fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"));
}

static void check_object(void *user, const struct api_type *type, const json_t *object)
{
	const struct rest *r = user;
	char origin[128];

	if (type == &world_object_syncs || broken(r->world))
		return;
	check_finalizer(r, type, object);
	if (object_sync_origin(r->world, r->member, object, origin))
		check_stray(r, type, object, origin);
}

void promises_of_object_syncs(struct world *w, const json_t *rules)
{
	struct rest r = { .world = w, .rules = rules };

	object_sync_each(w, check_sync, &r);
	for (unsigned i = 0; i < w->member_count && !broken(w); i++) {
		r.member = &w->members[i];
		if (r.member->alive && !r.member->away)
			api_server_each(r.member->home->api, check_object, &r);
	}
}
