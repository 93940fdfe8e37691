/* SPDX-License-Identifier: Apache-2.0 */
/* kopy and configmap-sync, as requests are decided: nothing is made where none may be, nothing is touched that is
 * nobody's copy, nothing is deleted that is wanted (promises 4, 5 and 9). */
#include "dialects_parts.h"
#include "object_sync_parts.h"
#include "replicator_parts.h"

#include "json/decode.h"

#include <stdio.h>

static const struct api_type *type_of(const struct fc_action *a)
{
	if (strcmp(a->resource->plural, "secrets") == 0)
		return world_types[SECRETS];
	return strcmp(a->resource->plural, "configmaps") == 0 ? world_types[CONFIG_MAPS] : NULL;
}

static const json_t *object_of(const struct slot *s, const struct fc_action *a)
{
	return api_server_object(s->member->home->api, a->resource->group, a->resource->plural, a->namespace_ ?: "",
				 a->name ?: "");
}

static const json_t *source_of(const struct world *w, const struct api_type *type, const struct whole *whole)
{
	return api_server_object(w->members[0].home->api, type->group, type->plural, whole->ns, whole->name);
}

static bool is_master(const struct world *w, const struct slot *s)
{
	return s->member == &w->members[0];
}

/* News of what is being written are held until that is done. */
bool slot_is_writing(const struct slot *s, const char *plural, const char *ns, const char *name)
{
	char object[160];
	const char *key;
	json_t *asked;

	snprintf(object, sizeof(object), "/%s/%s/%s ", plural, ns, name);
	json_object_foreach(s->process->attempts, key, asked)
		if (key[0] == '#' && strstr(json_string_value(json_array_get(asked, 0)), object))
			return true;
	return false;
}

bool dialect_is_told(struct slot *s, const char *plural, const json_t *real, const char *ns, const char *name)
{
	return !slot_is_writing(s, plural, ns, name) && copy_all_say(s, plural, ns, name, real, "resourceVersion");
}

/* Whatever people could consent to, they do: is there any way to it? */
static bool may_be_there(struct world *w, const struct api_type *type, const struct whole *whole, const struct slot *at,
			 const char *ns)
{
	struct slot *master = process_slot(at->process, &w->members[0]);
	struct member *to = at->member;
	const json_t *rule, *source;
	struct sync s;

	if (whole->kind == WHOLE_KOPY) {
		source = source_of(w, type, whole);
		return copy_allowed_from(w, type, whole->ns, source, to, ns, true, true);
	}
	rule = sync_named(w, whole->rule_ns, whole->rule);
	if (!rule)
		return true;
	sync_read(rule, &s);
	/* It may mean another place or another source by now. */
	return strcmp(s.to, ns) != 0 || sync_allowed(w, &s, to, true) || !master ||
	       !dialect_is_told(master, world_syncs.plural, rule, whole->rule_ns, whole->rule);
}

/* Is it known to everybody that nobody asks for this copy, or that somebody does? */
static bool is_known(struct world *w, struct slot *s, const struct whole *whole, const char *plural, const char *ns)
{
	struct slot *master = process_slot(s->process, &w->members[0]);
	const json_t *space = whole_space(s->member, ns), *of;

	if (!master || !space || w->set_changed || !dialect_is_told(s, "namespaces", space, "", ns))
		return false;
	if (whole->kind == WHOLE_SYNC) {
		of = sync_named(w, whole->rule_ns, whole->rule);
		return of && dialect_is_told(master, world_syncs.plural, of, whole->rule_ns, whole->rule);
	}
	of = api_server_object(w->members[0].home->api, "", plural, whole->ns, whole->name);
	return of && dialect_is_told(master, plural, of, whole->ns, whole->name);
}

static bool is_asked_for(const struct world *w, const struct api_type *type, const struct whole *whole,
			 const struct member *to, const char *ns, const char *name)
{
	const json_t *rule;
	struct sync s;

	if (whole->kind == WHOLE_KOPY)
		return kopy_wants(w, source_of(w, type, whole), to, ns);
	rule = sync_named(w, whole->rule_ns, whole->rule);
	if (!rule)
		return false;
	sync_read(rule, &s);
	return sync_wants(w, &s, to, ns) && strcmp(s.copy, name) == 0;
}

void dialect_creates(struct world *w, const struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const char *name = fc_json_metadata(a->body, "name");
	struct whole whole;
	char of[64], source[64];

	if (object_sync_creates(w, s, a))
		return;
	if (type && replicator_is_copy(w, s->member, a->body, of, source)) {
		replicator_creates(w, s, a);
		return;
	}
	if (!type || !whole_of(w, s->member, a->body, &whole) || whole.released || whole.nobodys) {
		world_fail(w, 4, "%s/%s on %s is created without marks", a->namespace_, name, s->member->name);
		return;
	}
	if (whole.own != is_master(w, s))
		world_fail(w, 4, "%s/%s on %s is created with the marks of another cluster's", a->namespace_, name,
			   s->member->name);
	else if (is_master(w, s) && whole.kind == WHOLE_KOPY && strcmp(whole.ns, a->namespace_) == 0)
		world_fail(w, 4, "a copy of %s/%s is made in the place of its source", whole.ns, name);
	else if (!may_be_there(w, type, &whole, s, a->namespace_))
		world_fail(w, 4, "a copy of %s/%s in %s of %s, where none may be", whole.ns, name, a->namespace_,
			   s->member->name);
	else if (!is_asked_for(w, type, &whole, s->member, a->namespace_, name) &&
		 is_known(w, (struct slot *)(uintptr_t)s, &whole, type->plural, a->namespace_))
		world_fail(w, 4, "a copy of %s%s/%s%s in %s of %s, and nobody asks for one", whole.ns, whole.rule_ns,
			   whole.name, whole.rule, a->namespace_, s->member->name);
}

static bool is_of_finalizers(const char *path)
{
	return strncmp(path, "/metadata/finalizers", 20) == 0;
}

/* B24, B17: labels of a copy that has become a source. */
static bool is_of_labels(const char *path)
{
	return strncmp(path, "/metadata/labels", 16) == 0 && strstr(path, "origin.namespace");
}

/* Are these the marks of one dialect, on a copy of the other? */
static bool is_of_another(const struct whole *whole, const json_t *operation, const char *path)
{
	if (whole->released || !whole->own ||
	    strcmp(json_string_value(json_object_get(operation, "op")), "remove") == 0)
		return false;
	return strstr(path, whole->kind == WHOLE_KOPY ? "configmapsync.apps" : "origin.namespace");
}

bool dialect_may_change(struct world *w, const struct slot *s, const struct fc_action *a, const json_t *object,
			const json_t *operation)
{
	const char *path = json_string_value(json_object_get(operation, "path"));
	struct whole whole;

	if (object_sync_may_change(w, s, object, operation))
		return true;
	if (!type_of(a))
		return false;
	if (speaks_replicator(w) && replicator_may_change(w, s, a, object, path))
		return true;
	/* The one thing that is ever written to a source. */
	if (is_master(w, s) && (w->speaks & SPEAKS_KOPY) && (is_of_finalizers(path) || is_of_labels(path)))
		return true;
	/* What lost its label alone, and is known by its finalizer (kopy B4). */
	if (is_master(w, s) && kopy_has_finalizer(object) && strncmp(path, "/metadata/", 10) == 0)
		return true;
	if (!whole_of(w, s->member, object, &whole) || whole.nobodys || is_of_another(&whole, operation, path))
		return false;
	/* Whoever is let go is not filled. */
	return strncmp(path, "/metadata/", 10) == 0 || may_be_there(w, type_of(a), &whole, s, a->namespace_);
}

/* What cannot be changed is deleted and made anew. */
static bool is_fixed(const struct world *w, const struct api_type *type, const json_t *object,
		     const struct whole *whole)
{
	const json_t *source = whole->kind == WHOLE_KOPY ? source_of(w, type, whole) : NULL;
	const char *has = json_string_value(json_object_get(object, "type"));
	const char *wants = json_string_value(json_object_get(source, "type"));

	return json_object_get(object, "immutable") || (has && wants && strcmp(has, wants) != 0);
}

void dialect_deletes(struct world *w, struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const json_t *object = object_of(s, a);
	struct whole whole;
	char of[64], source[64];

	/* What it was decided on has changed meanwhile: it will be refused. */
	if (!object || !a->version || strcmp(a->version, fc_json_metadata(object, "resourceVersion")) != 0)
		return;
	if ((w->speaks & SPEAKS_OBJECTS) && object_sync_deletes(w, s, a, object))
		return;
	if (type && replicator_is_copy(w, s->member, object, of, source)) {
		replicator_deletes(w, s, a, object);
		return;
	}
	if (!type || !whole_of(w, s->member, object, &whole) || whole.nobodys) {
		world_fail(w, 4, "%s/%s on %s is deleted, and is nobody's copy", a->namespace_, a->name,
			   s->member->name);
		return;
	}
	if (is_fixed(w, type, object, &whole))
		return;
	if (whole.kind == WHOLE_KOPY && source_of(w, type, &whole) && type != world_types[SECRETS])
		world_fail(w, 4, "the copy %s/%s of kopy on %s is deleted, and could be changed", a->namespace_,
			   a->name, s->member->name);
	if (whole.kind == WHOLE_SYNC && whole_annotation(object, SYNC_KEY "adopted") && whole.own &&
	    strcmp(whole_annotation(object, SYNC_KEY "adopted"), "true") == 0)
		world_fail(w, 4, "%s/%s on %s is deleted, and was there before", a->namespace_, a->name,
			   s->member->name);
	else if (is_asked_for(w, type, &whole, s->member, a->namespace_, a->name) &&
		 is_known(w, s, &whole, type->plural, a->namespace_))
		world_fail(w, 9, "the copy %s/%s on %s is deleted, and is asked for", a->namespace_, a->name,
			   s->member->name);
}

void dialect_changes_sync(struct world *w, const struct slot *s, const struct fc_action *a)
{
	const json_t *operation;
	size_t i;

	if ((strcmp(a->resource->plural, world_syncs.plural) != 0 &&
	     strcmp(a->resource->plural, world_object_syncs.plural) != 0) ||
	    !is_master(w, s)) {
		world_fail(w, 4, "a patch of %s %s/%s on %s", a->resource->plural, a->namespace_, a->name,
			   s->member->name);
		return;
	}
	json_array_foreach(a->body, i, operation) {
		const char *path = json_string_value(json_object_get(operation, "path"));

		if (i == 0 && strcmp(path, "/metadata/resourceVersion") != 0)
			world_fail(w, 5, "a patch of %s/%s without a resourceVersion", a->namespace_, a->name);
		else if (i > 0 && (a->subresource ? strncmp(path, "/status", 7) != 0 : !is_of_finalizers(path)))
			world_fail(w, 4, "%s of the %s %s/%s is written", path, a->resource->kind, a->namespace_,
				   a->name);
	}
}

bool dialect_is_paused(const struct world *w, const struct slot *s, const struct fc_action *a)
{
	const struct api_type *type = type_of(a);
	const json_t *object = object_of(s, a), *source, *rule;
	const struct member *master = &w->members[0];
	struct whole whole;

	if (type && object && speaks_replicator(w) && replicator_is_paused(w, s, type, object))
		return true;
	if (!type || !whole_of(w, s->member, object, &whole))
		return object_sync_pauses(w, s, a, object);
	source = source_of(w, type, &whole);
	rule = whole.kind == WHOLE_SYNC ? sync_named(w, whole.rule_ns, whole.rule) : NULL;
	return whole_is_paused(object) || whole_is_paused(source) || whole_is_paused(rule) ||
	       (rule && whole_is_paused(whole_space(master, whole.rule_ns))) ||
	       (source && whole_is_paused(whole_space(master, whole.ns)));
}

bool dialect_tells_failure(struct world *w, const struct fc_action *a, const json_t *object)
{
	const char *word = json_string_value(json_object_get(json_object_get(object, "status"), "syncStatus"));

	(void)w;
	if (object_sync_tells_failure(a, object))
		return true;
	return a->subresource && strcmp(a->resource->plural, world_syncs.plural) == 0 && word &&
	       strcmp(word, "Failed") == 0;
}
