/* SPDX-License-Identifier: Apache-2.0 */
/* Whole objects: that every copy which is wanted is there, that none is left which nobody wants, and that nothing is
 * touched which is nobody's copy (promises 1, 4, 5 and 9). */
#include "copy_dialect.h"
#include "dialects_parts.h"
#include "world_parts.h"

#include "json/decode.h"

#include <stdio.h>

static const char *annotation(const json_t *object, const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), key));
}

static bool paused(const json_t *object)
{
	const char *text = annotation(object, "fedcopy.dev/pause");

	return text && strcmp(text, "true") == 0;
}

static const json_t *space_of(const struct member *m, const char *ns)
{
	return api_server_object(m->home->api, "", "namespaces", "", ns);
}

static const json_t *source_of(const struct world *w, const struct api_type *type, const char *origin)
{
	char ns[64];
	const char *slash = strchr(origin, '/');

	if (!slash)
		return NULL;
	snprintf(ns, sizeof(ns), "%.*s", (int)(slash - origin), origin);
	return api_server_object(w->members[0].home->api, type->group, type->plural, ns, slash + 1);
}

/* Is it wanted there, as things are? */
static bool is_wanted(struct world *w, const struct api_type *type, const json_t *source, const struct member *to,
		      const char *ns)
{
	const json_t *space = space_of(to, ns);

	(void)type;
	return source && copy_is_selected(w, source, to, space);
}

/* --- at rest --- */

struct copies {
	struct world *world;
	struct member *member;
	const json_t *rules; /* what the engine says, by wish_key */
};

/* Copies that feed each other: promises_end.c knows the cycles of path rules, and these are told by the engine. */
static bool is_on_cycle(const struct copies *c, const struct api_type *type, const struct member *to, const char *ns,
			const char *name)
{
	char key[320];

	snprintf(key, sizeof(key), "%s/%s/%s/%s ", to->name, type->plural, ns, name);
	return strcmp(json_string_value(json_object_get(json_object_get(c->rules, key), "state")) ?: "", "Cycle") == 0;
}

static bool same_payload(const json_t *source, const json_t *copy)
{
	static const char *const members[] = { "data", "binaryData", "immutable", "type" };

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		const json_t *a = json_object_get(source, members[i]), *b = json_object_get(copy, members[i]);

		if ((a || b) && !json_equal(a, b))
			return false;
	}
	return true;
}

static void check_place(const struct copies *c, const struct api_type *type, const json_t *source, struct member *to,
			const char *ns)
{
	struct world *w = c->world;
	const char *name = fc_json_metadata(source, "name"), *origin;
	const json_t *space = space_of(to, ns), *copy;
	char from[128];

	if (to->away || !copy_is_selected(w, source, to, space) || paused(space) ||
	    json_object_get(json_object_get(space, "metadata"), "deletionTimestamp") ||
	    !copy_allowed(w, type, source, to, ns, false) || is_on_cycle(c, type, to, ns, name))
		return;
	copy = api_server_object(to->home->api, type->group, type->plural, ns, name);
	snprintf(from, sizeof(from), "%s/%s", fc_json_metadata(source, "namespace"), name);
	if (!copy) {
		world_fail(w, 1, "no copy of %s %s in %s of %s", type->plural, from, ns, to->name);
		return;
	}
	origin = copy_origin(w, to, copy);
	/* Somebody else's, or one that is not to be changed. */
	if (!origin || strcmp(origin, from) != 0 || paused(copy) || wishes_any(copy) ||
	    json_object_get(copy, "immutable") ||
	    json_object_get(json_object_get(copy, "metadata"), "deletionTimestamp"))
		return;
	if (!same_payload(source, copy))
		world_fail(w, 1, "the copy of %s %s in %s of %s differs", type->plural, from, ns, to->name);
}

static void check_source(void *user, const struct api_type *type, const json_t *object)
{
	struct copies *c = user;
	struct world *w = c->world;
	bool of_copies = type == world_types[SECRETS] || type == world_types[CONFIG_MAPS];

	if (!of_copies || !copy_is_source(object) || paused(object) ||
	    paused(space_of(&w->members[0], fc_json_metadata(object, "namespace"))))
		return;
	/* It may be on a cycle. */
	if (wishes_any(object))
		return;
	for (unsigned i = 0; i < w->member_count && !broken(w); i++)
		for (unsigned k = 0; w->members[i].alive && k < SPACES; k++)
			check_place(c, type, object, &w->members[i], world_spaces[k]);
}

/* What nobody wants any more, by its marks. */
static void check_stray(void *user, const struct api_type *type, const json_t *object)
{
	struct copies *c = user;
	const char *origin = copy_origin(c->world, c->member, object), *ns = fc_json_metadata(object, "namespace");
	const json_t *space, *source;

	if (!origin || c->world->max_deletes || (type != world_types[SECRETS] && type != world_types[CONFIG_MAPS]))
		return;
	space = space_of(c->member, ns);
	source = source_of(c->world, type, origin);
	if (paused(object) || paused(space) || paused(source) || wishes_any(object) ||
	    json_object_get(json_object_get(object, "metadata"), "deletionTimestamp") ||
	    json_object_get(json_object_get(space, "metadata"), "deletionTimestamp") ||
	    (strchr(origin, '/') &&
	     paused(source ? space_of(&c->world->members[0], fc_json_metadata(source, "namespace")) : NULL)))
		return;
	/* A rule that cannot be read deletes nothing. */
	if (source && copy_is_bad(source))
		return;
	if (!is_wanted(c->world, type, source, c->member, ns))
		world_fail(c->world, 1, "the copy %s %s/%s on %s of %s is left, and nobody wants it", type->plural, ns,
			   fc_json_metadata(object, "name"), c->member->name, origin);
}

void promises_of_copies(struct world *w, const json_t *rules)
{
	struct copies c = { .world = w, .rules = rules };

	if (!(w->speaks & SPEAKS_COPY_TEST) || w->members[0].away)
		return;
	api_server_each(w->members[0].home->api, check_source, &c);
	for (unsigned i = 0; i < w->member_count && !broken(w); i++) {
		c.member = &w->members[i];
		if (c.member->alive && !c.member->away)
			api_server_each(c.member->home->api, check_stray, &c);
	}
}

/* --- as requests arrive --- */

static const struct api_type *type_of(const struct fc_action *a)
{
	if (strcmp(a->resource->plural, "secrets") == 0)
		return world_types[SECRETS];
	return strcmp(a->resource->plural, "configmaps") == 0 ? world_types[CONFIG_MAPS] : NULL;
}

bool copy_may_be_changed(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object,
			 const json_t *operation)
{
	const char *path = json_string_value(json_object_get(operation, "path"));
	bool finalizer = strncmp(path, "/metadata/finalizers", 20) == 0;

	if (speaks_ours(w))
		return dialect_may_change(w, s, a, object, operation);
	if (!w->copies || !type_of(a))
		return false;
	/* The one thing that is ever written to a source. */
	if (finalizer && s->member == &w->members[0])
		return true;
	return copy_origin(w, s->member, object);
}

void promise_of_creation(struct world *w, const struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const char *origin = type ? copy_origin(w, s->member, a->body) : NULL;
	const json_t *source = origin ? source_of(w, type, origin) : NULL;

	if (speaks_ours(w))
		dialect_creates(w, s, a);
	else if (!origin)
		world_fail(w, 4, "%s/%s on %s is created without marks", a->namespace_, a->name ? a->name : "",
			   s->member->name);
	else if (source && !copy_allowed(w, type, source, s->member, a->namespace_, true))
		world_fail(w, 4, "a copy of %s in %s of %s, where none may be", origin, a->namespace_, s->member->name);
}

static const json_t *object_of(const struct slot *s, const struct api_type *type, const struct fc_action *a)
{
	return api_server_object(s->member->home->api, type->group, type->plural, a->namespace_, a->name);
}

/* What the pause of one of them keeps from being written. */
bool copy_is_paused(const struct world *w, const struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const json_t *object = type && a->name ? object_of(s, type, a) : NULL;
	const char *origin = object ? copy_origin(w, s->member, object) : NULL;
	const json_t *source = origin ? source_of(w, type, origin) : NULL;

	if (speaks_ours(w))
		return dialect_is_paused(w, s, a);
	return paused(source) || (source && paused(space_of(&w->members[0], fc_json_metadata(source, "namespace")))) ||
	       paused(object);
}

/* As one sees it everywhere: nothing is under way that says otherwise. */
bool copy_all_say(struct slot *s, const char *plural, const char *ns, const char *name, const json_t *real,
		  const char *member)
{
	bool any = false;

	for (const struct view *v = s->views; v; v = v->next) {
		const json_t *o = strcmp(v->plural, plural) == 0 ? view_object(v, ns, name) : NULL;

		if (!o)
			continue;
		any = true;
		if (!json_equal(json_object_get(json_object_get(o, "metadata"), member),
				json_object_get(json_object_get(real, "metadata"), member)) &&
		    json_object_get(json_object_get(o, "metadata"), member) !=
			    json_object_get(json_object_get(real, "metadata"), member))
			return false;
	}
	return any;
}

void promise_of_deletion(struct world *w, struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const json_t *object = type ? object_of(s, type, a) : NULL;
	const char *origin = object ? copy_origin(w, s->member, object) : NULL;
	const json_t *source = origin ? source_of(w, type, origin) : NULL, *space;
	struct slot *master = process_slot(s->process, &w->members[0]);
	const char *ns = fc_json_metadata(source, "namespace"), *name = fc_json_metadata(source, "name");

	if (speaks_ours(w))
		dialect_deletes(w, s, a);
	if (!origin || speaks_ours(w))
		return;
	space = space_of(s->member, a->namespace_);
	if (!source || !master || !is_wanted(w, type, source, s->member, a->namespace_) ||
	    json_object_get(object, "immutable"))
		return;
	/* It is wanted, and all that was told says so. */
	if (copy_all_say(master, type->plural, ns, name, source, "annotations") &&
	    copy_all_say(master, type->plural, ns, name, source, "deletionTimestamp") &&
	    copy_all_say(s, "namespaces", "", a->namespace_, space, "labels") && !w->set_changed)
		world_fail(w, 9, "the copy %s/%s on %s is deleted, and its source is there and wants it", a->namespace_,
			   a->name, s->member->name);
}

/* Promise 9: whose source is gone. */
static void count_delete(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object)
{
	const struct api_type *type = type_of(a);
	const char *origin = type ? copy_origin(w, s->member, object) : NULL;
	unsigned recent = 0;

	if (!origin || w->max_deletes <= 0 || w->selection_changed || w->set_changed || source_of(w, type, origin))
		return;
	if (json_object_get(json_object_get(space_of(s->member, a->namespace_), "metadata"), "deletionTimestamp"))
		return;
	for (unsigned i = 0; i < s->delete_count; i++)
		recent += s->deletes_ms[i] > w->now_ms - 10 * 60 * 1000;
	if (recent >= (unsigned)w->max_deletes)
		world_fail(w, 9, "%u copies on %s are deleted in ten minutes, and %ld are allowed", recent + 1,
			   s->member->name, w->max_deletes);
	if (s->delete_count < FC_ARRAY_LEN(s->deletes_ms))
		s->deletes_ms[s->delete_count++] = w->now_ms;
}

void promise_of_copy(struct world *w, struct slot *s, const struct fc_action *a, const json_t *object)
{
	if (a->type != FC_ACTION_DELETE || !object || !a->version || !a->uid ||
	    strcmp(a->version, fc_json_metadata(object, "resourceVersion")) != 0 ||
	    strcmp(a->uid, fc_json_metadata(object, "uid")) != 0 || speaks_ours(w))
		return;
	if (!copy_origin(w, s->member, object))
		world_fail(w, 4, "%s/%s on %s is deleted, and is nobody's copy", a->namespace_, a->name,
			   s->member->name);
	count_delete(w, s, a, object);
}
