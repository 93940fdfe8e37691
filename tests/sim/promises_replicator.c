/* SPDX-License-Identifier: Apache-2.0 */
/* k8s-replicator at rest: each target that pulls holds its source's data with true books, or nothing where it may not,
 * or what it held where nothing may be done; each place that is pushed to has its copy, or a Conflict is told; copies
 * that nobody pushes any more are gone (promises 1 and 8). */
#include "object_sync_parts.h"
#include "replicator_parts.h"

#include "json/decode.h"

#include <stdio.h>

struct rest {
	struct world *world;
	struct member *member;
	const json_t *rules;
	const struct replicator *source; /* that pushes */
	const struct api_type *type;
};

static bool is(const char *text, const char *other)
{
	return text && strcmp(text, other) == 0;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const json_t *object_of(const struct member *m, const struct api_type *type, const char *ns, const char *name)
{
	return api_server_object(m->home->api, type->group, type->plural, ns, name);
}

static bool is_held(const struct member *m, const json_t *object)
{
	return object &&
	       (whole_is_paused(object) || whole_is_paused(whole_space(m, fc_json_metadata(object, "namespace"))));
}

/* The Namespace says so for what is not there, too: whether it is nobody asks then. */
static bool is_source_held(const struct member *m, const struct api_type *type, const char *ns, const char *name)
{
	return whole_is_paused(whole_space(m, ns)) || is_held(m, object_of(m, type, ns, name));
}

static void wrong(const struct rest *r, const struct api_type *type, const struct member *on, const json_t *object,
		  const char *what)
{
	world_fail(r->world, 1, "k8s-replicator: %s %s/%s on %s %s", type->plural,
		   fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"), on->name, what);
}

static bool has_bad_clusters(const json_t *object)
{
	return is(whole_annotation(object, "fedcopy.dev/clusters"), "region in (");
}

/* Nothing is written to it now, or other rules have their word in it. */
static bool is_out_of_reach(const struct member *on, const json_t *object)
{
	return whole_is_ending(object) || is_held(on, object) || wishes_any(object) ||
	       whole_is_ending(whole_space(on, fc_json_metadata(object, "namespace")));
}

static const json_t *said(const struct rest *r, const struct member *to, const char *ns, const char *name,
			  const char *state)
{
	return said_of_copy(r->rules, "k8s-replicator", to, r->type, ns, name, state);
}

/* --- what is pulled --- */

/* By its marks it is another dialect's copy: that one has the place, and a pull is told as a Conflict, as a push is
 * (design section 5, promise 4). */
static bool is_anothers(const struct rest *r, const json_t *object)
{
	const struct member *master = &r->world->members[0];
	struct whole whole;
	char origin[128];

	return object_sync_origin(r->world, master, object, origin) ||
	       (whole_of(r->world, master, object, &whole) && !whole.released && !whole.nobodys);
}

static void check_is_left(const struct rest *r, const struct replicator *t, const struct replicator *s)
{
	bool once = replicator_is_true(t->once) || replicator_is_true(s->once);

	if (replicator_need(s, t->from_version, t->once_version, once) == REPLICATOR_NEEDS &&
	    !said(r, &r->world->members[0], t->ns, t->name, "Conflict"))
		world_fail(r->world, 8,
			   "k8s-replicator: %s %s pulls and is another dialect's copy, and no Conflict is told",
			   r->type->plural, t->key);
}

static bool is_clear(const struct replicator *t)
{
	if (t->from_version || t->once_version || t->inherited || t->origin)
		return false;
	/* B16, D3 */
	return !t->by || !replicator_holds_more(t->object);
}

static void check_cleared(const struct rest *r, const struct api_type *type, const struct replicator *t)
{
	if (!is_clear(t) && !json_object_get(t->object, "immutable") && !is_anothers(r, t->object))
		wrong(r, type, &r->world->members[0], t->object, "is not cleared, and may not hold what it does");
}

/* D1: what a replica says of who may pull on is kept current. */
static void check_books(const struct rest *r, const struct api_type *type, const struct replicator *t,
			const struct replicator *s)
{
	char inherited[256], origin[96];

	replicator_inherited(s, inherited);
	replicator_origin(s, replicator_is_true(t->once), origin);
	if (!is(t->inherited, inherited))
		wrong(r, type, &r->world->members[0], t->object, "says wrongly who may pull from it");
	else if (!same(t->origin, *origin ? origin : NULL))
		wrong(r, type, &r->world->members[0], t->object, "says wrongly where its data was born");
}

static void check_filled(const struct rest *r, const struct api_type *type, const struct replicator *t,
			 const struct replicator *s)
{
	const struct member *master = &r->world->members[0];
	bool once = replicator_is_true(t->once) || replicator_is_true(s->once);

	/* Of another type, or not to be changed: D5, D17. */
	if (!replicator_same_type(t->object, s->object) || json_object_get(t->object, "immutable"))
		return;
	switch (replicator_need(s, t->from_version, t->once_version, once)) {
	case REPLICATOR_NEEDS:
		wrong(r, type, master, t->object, "is not filled from its source");
		return;
	case REPLICATOR_ONCE:
		check_books(r, type, t, s);
		return;
	case REPLICATOR_HAS:
		if (replicator_was_edited(r->world, master, type, t->object))
			return;
		if (!replicator_same_data(t->object, s->object))
			wrong(r, type, master, t->object, "differs from its source, and says that it does not");
		else if (!same(t->once_version, s->once_version))
			wrong(r, type, master, t->object, "bears another once-version than its source");
		else
			check_books(r, type, t, s);
		return;
	}
}

static bool may_stand(const struct rest *r, const struct api_type *type, const char *from_ns, struct member *to,
		      const char *ns)
{
	return copy_allowed_from(r->world, type, from_ns, NULL, to, ns, true, false);
}

static void check_pull(const struct rest *r, const struct api_type *type, const struct replicator *t)
{
	struct member *master = &r->world->members[0];
	bool permitted = copy_is_permitted_by_operator(r->world, type, t->from_ns, master, t->ns);
	struct replicator s;
	bool found;

	/* What it says of clusters cannot be understood: it is Invalid. */
	if (is_source_held(master, type, t->from_ns, t->from_name) || has_bad_clusters(t->object))
		return;
	found = replicator_read(object_of(master, type, t->from_ns, t->from_name), &s);
	/* Of the two types that are never replicated nothing is written, whatever else is the matter. */
	if (found && s.refused)
		return;
	if (!may_stand(r, type, t->from_ns, master, t->ns) || !found || whole_is_ending(s.object)) {
		check_cleared(r, type, t);
		return;
	}
	/* B1, D6 */
	if (s.inert)
		return;
	switch (replicator_permits(&s, t->ns, t->key, permitted)) {
	case REPLICATOR_DENIES:
		check_cleared(r, type, t);
		return;
	case REPLICATOR_ERROR:
		return;
	case REPLICATOR_ALLOWS:
		break;
	}
	/* B9 */
	if (s.from && !s.from_version)
		check_cleared(r, type, t);
	else if (is_anothers(r, t->object))
		check_is_left(r, t, &s);
	else
		check_filled(r, type, t, &s);
}

/* --- what is pushed --- */

static bool same_permissions(const struct replicator *a, const struct replicator *b)
{
	return same(a->allowed, b->allowed) && same(a->allowed_spaces, b->allowed_spaces);
}

/* B14 for a source that lets its copies pull. */
static const char *what_differs_of_frame(const struct replicator *t, const struct replicator *s)
{
	if (!t->from || !is(t->from_ns, s->from_ns) || !is(t->from_name, s->from_name))
		return "does not pull from where its source says";
	if (!same(t->once, s->once))
		return "does not say of once what its source says";
	return same_permissions(t, s) ? NULL : "does not say who may pull from it as its source does";
}

static const char *what_differs_of_data(const struct rest *r, const struct replicator *t, const struct replicator *s)
{
	if (t->from)
		return "pulls, and its source does not let it";
	switch (replicator_need(s, t->from_version, t->once_version, replicator_is_true(s->once))) {
	case REPLICATOR_NEEDS:
		return "is not brought up to date with who pushes it";
	case REPLICATOR_ONCE:
		return same_permissions(t, s) ? NULL : "is a once copy that does not say who may pull from it";
	case REPLICATOR_HAS:
		break;
	}
	if (replicator_was_edited(r->world, &r->world->members[0], r->type, t->object))
		return NULL;
	if (!replicator_same_data(t->object, s->object) || !replicator_same_type(t->object, s->object))
		return "differs from who pushes it, and says that it does not";
	return same_permissions(t, s) && same(t->once, s->once) && same(t->once_version, s->once_version)
		       ? NULL
		       : "does not bear the words of who pushes it";
}

static void check_conflict(const struct rest *r, struct member *to, const char *ns, const char *name,
			   const json_t *object)
{
	/* What a path rule there was refused is told of the copy too. */
	if (!said(r, to, ns, name, "Conflict") && !wishes_any(object) && !whole_is_ending(object) &&
	    !is_held(to, object))
		world_fail(r->world, 8,
			   "k8s-replicator: %s %s/%s on %s stands in the way of %s, and no Conflict is told",
			   r->type->plural, ns, name, to->name, r->source->key);
}

static void check_home(const struct rest *r, const char *ns, const char *name)
{
	struct member *master = &r->world->members[0];
	const struct replicator *s = r->source;
	const json_t *object = object_of(master, r->type, ns, name);
	const char *differs;
	struct replicator t;

	if (!may_stand(r, r->type, s->ns, master, ns))
		return;
	if (!replicator_read(object, &t)) {
		world_fail(r->world, 1, "k8s-replicator: no copy of %s %s at %s/%s", r->type->plural, s->key, ns, name);
		return;
	}
	if (t.inert && t.by)
		return;
	if (!is(t.by, s->key)) {
		check_conflict(r, master, ns, name, object);
		return;
	}
	if (is_out_of_reach(master, object))
		return;
	differs = s->from ? what_differs_of_frame(&t, s) : what_differs_of_data(r, &t, s);
	if (differs)
		wrong(r, r->type, master, object, differs);
}

/* --- what is pushed to other clusters --- */

static void check_far_clear(const struct rest *r, struct member *to, const json_t *object)
{
	if ((whole_annotation(object, "fedcopy.dev/origin-state") || replicator_holds_more(object)) &&
	    !json_object_get(object, "immutable"))
		wrong(r, r->type, to, object, "is not cleared, and may not hold what it does");
}

static void check_far_data(const struct rest *r, struct member *to, const json_t *object, const struct replicator *from)
{
	const char *version, *once_version;
	char one[64], other[64];

	version = replicator_state(object, "version", one);
	once_version = replicator_state(object, "onceVersion", other);
	switch (replicator_need(from, version, once_version,
				replicator_is_true(r->source->once) || replicator_is_true(from->once))) {
	case REPLICATOR_NEEDS:
		wrong(r, r->type, to, object, "is not brought up to date with its source");
		return;
	case REPLICATOR_ONCE:
		return;
	case REPLICATOR_HAS:
		break;
	}
	if (replicator_was_edited(r->world, to, r->type, object))
		return;
	if (!replicator_same_data(object, from->object) || !replicator_same_type(object, from->object))
		wrong(r, r->type, to, object, "differs from its source, and says that it does not");
	else if (!same(once_version, from->once_version))
		wrong(r, r->type, to, object, "bears another once-version than its source");
}

enum far_wish { FAR_NOTHING, FAR_CLEAR, FAR_DATA };

/* What it is to hold there: its own data, or those of what it names. */
static enum far_wish far_wish(const struct rest *r, struct member *to, const char *ns, const char *name,
			      struct replicator *from)
{
	struct member *master = &r->world->members[0];
	const struct replicator *s = r->source;
	char key[96];

	if (!s->from) {
		*from = *s;
		return may_stand(r, r->type, s->ns, to, ns) ? FAR_DATA : FAR_NOTHING;
	}
	if (is_source_held(master, r->type, s->from_ns, s->from_name) || !may_stand(r, r->type, s->from_ns, to, ns))
		return FAR_NOTHING;
	if (!replicator_read(object_of(master, r->type, s->from_ns, s->from_name), from) ||
	    whole_is_ending(from->object))
		return FAR_CLEAR;
	if (from->inert || from->refused)
		return FAR_NOTHING;
	snprintf(key, sizeof(key), "%s/%s", ns, name);
	switch (replicator_permits(from, ns, key,
				   copy_is_permitted_by_operator(r->world, r->type, s->from_ns, to, ns))) {
	case REPLICATOR_DENIES:
		return FAR_CLEAR;
	case REPLICATOR_ERROR:
		return FAR_NOTHING;
	case REPLICATOR_ALLOWS:
		break;
	}
	return from->from && !from->from_version ? FAR_CLEAR : FAR_DATA;
}

static void check_far(const struct rest *r, struct member *to, const char *ns, const char *name)
{
	const json_t *object = object_of(to, r->type, ns, name);
	char of_ns[64], of_name[64];
	struct replicator from;
	enum far_wish wish = far_wish(r, to, ns, name, &from);

	if (wish == FAR_NOTHING || (!object && wish == FAR_CLEAR))
		return;
	if (!object) {
		world_fail(r->world, 1, "k8s-replicator: no copy of %s %s at %s/%s of %s", r->type->plural,
			   r->source->key, ns, name, to->name);
		return;
	}
	if (!replicator_is_far_copy(r->world, object, of_ns, of_name)) {
		if (wish == FAR_DATA)
			check_conflict(r, to, ns, name, object);
		return;
	}
	if (is_out_of_reach(to, object) || strcmp(r->source->ns, of_ns) != 0 || strcmp(r->source->name, of_name) != 0)
		return;
	if (!replicator_is_from(r->world, object, r->source)) {
		wrong(r, r->type, to, object, "is of another source than who pushes it says");
		return;
	}
	if (wish == FAR_CLEAR)
		check_far_clear(r, to, object);
	else
		check_far_data(r, to, object, &from);
}

/* --- sources --- */

static bool is_far_meant(const struct world *w, const struct member *to, const struct replicator *s)
{
	const char *clusters = whole_annotation(s->object, "fedcopy.dev/clusters");

	return clusters && !is(clusters, "region in (") && copy_cluster_is_selected(w, to, clusters);
}

static void check_places(const struct rest *r, struct member *to, bool elsewhere)
{
	for (unsigned i = 0; i < SPACES; i++) {
		const json_t *space = whole_space(to, world_spaces[i]);

		for (unsigned k = 0; k < REPLICATOR_NAMES && !broken(r->world); k++) {
			if (!space || whole_is_paused(space) || whole_is_ending(space) ||
			    !replicator_wants(r->source, world_spaces[i], replicator_names[k], elsewhere))
				continue;
			if (elsewhere)
				check_far(r, to, world_spaces[i], replicator_names[k]);
			else
				check_home(r, world_spaces[i], replicator_names[k]);
		}
	}
}

static void check_push(struct rest *r, const struct api_type *type, const struct replicator *s)
{
	struct world *w = r->world;

	/* `region in (`: it cannot be understood, and nothing is done. */
	if (s->refused || has_bad_clusters(s->object))
		return;
	r->source = s;
	r->type = type;
	check_places(r, &w->members[0], false);
	for (unsigned i = 1; i < w->member_count && !broken(w); i++)
		if (w->members[i].alive && !w->members[i].away && is_far_meant(w, &w->members[i], s))
			check_places(r, &w->members[i], true);
}

/* --- what nobody pushes any more --- */

static void check_stray(const struct rest *r, const struct api_type *type, const json_t *object)
{
	const struct member *master = &r->world->members[0], *on = r->member;
	const char *ns = fc_json_metadata(object, "namespace"), *name = fc_json_metadata(object, "name");
	char of_ns[64], of_name[64];
	struct replicator t, s;

	replicator_read(object, &t);
	if ((on == master && t.inert) || !replicator_is_copy(r->world, on, object, of_ns, of_name) ||
	    is_held(on, object) || whole_is_ending(object) || whole_is_ending(whole_space(on, ns)))
		return;
	if (!replicator_read(object_of(master, type, of_ns, of_name), &s) || whole_is_ending(s.object)) {
		wrong(r, type, on, object, "is left, and who pushed it is gone");
		return;
	}
	if (s.inert || is_held(master, s.object) || has_bad_clusters(s.object))
		return;
	if (!replicator_wants(&s, ns, name, on != master) || (on != master && !is_far_meant(r->world, on, &s)))
		wrong(r, type, on, object, "is left, and nobody pushes it");
}

/* Who pushed it is inert or held, and so nothing is done with it. */
static bool is_kept_by(const struct rest *r, const struct api_type *type, const struct replicator *t)
{
	const struct member *master = &r->world->members[0];
	const json_t *object = t->by ? object_of(master, type, t->by_ns, t->by_name) : NULL;
	struct replicator s;

	return replicator_read(object, &s) && (s.inert || is_held(master, object) || has_bad_clusters(object));
}

/* --- all of them --- */

static void check_object(void *user, const struct api_type *type, const json_t *object)
{
	struct rest *r = user;
	struct member *master = &r->world->members[0];
	struct replicator o;

	if ((type != world_types[SECRETS] && type != world_types[CONFIG_MAPS]) || broken(r->world))
		return;
	check_stray(r, type, object);
	if (r->member != master || !replicator_read(object, &o) || o.inert || whole_is_ending(object) ||
	    is_held(master, object))
		return;
	r->type = type;
	if (replicator_pushes(&o))
		check_push(r, type, &o);
	else if (replicator_pulls(&o) && !o.refused && !is_out_of_reach(master, object) && !is_kept_by(r, type, &o))
		check_pull(r, type, &o);
}

void promises_of_replicator(struct world *w, const json_t *rules)
{
	struct rest r = { .world = w, .rules = rules };

	for (unsigned i = 0; i < w->member_count && !broken(w); i++) {
		r.member = &w->members[i];
		if (r.member->alive && !r.member->away)
			api_server_each(r.member->home->api, check_object, &r);
	}
}
