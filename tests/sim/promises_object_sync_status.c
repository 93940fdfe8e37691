/* SPDX-License-Identifier: Apache-2.0 */
/* The status of ObjectSyncs at rest: what it lists is what is wanted, and Ready and InSync tell what is the case
 * (B5, B13, B18, B32, B33). */
#include "object_sync_parts.h"

#include "json/decode.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static const json_t *condition(const struct object_sync *o, const char *type)
{
	const json_t *list = json_object_get(json_object_get(o->object, "status"), "conditions"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(text_of(one, "type"), type) == 0)
			return one;
	return NULL;
}

/* --- the list --- */

static const json_t *entry_of(const struct world *w, const struct object_sync *o, const struct member *m,
			      const char *ns, const char *name)
{
	const json_t *list = json_object_get(json_object_get(o->object, "status"), "destinations"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(text_of(one, "namespace"), ns) == 0 && strcmp(text_of(one, "name"), name) == 0 &&
		    strcmp(text_of(one, "kind"), o->type->kind) == 0 &&
		    strcmp(text_of(one, "cluster"), m == &w->members[0] ? "" : m->name) == 0)
			return one;
	return NULL;
}

/* What is the case at one place. Cycles are left to the engine. */
enum found { ALL_WELL, NOT_WELL, UNCLEAR, NOTHING };

static enum found look(struct world *w, const struct object_sync *o, struct member *to, const char *ns,
		       const char *name, const json_t *rules)
{
	const json_t *copy = api_server_object(to->home->api, o->type->group, o->type->plural, ns, name);
	enum wanted wanted = object_sync_wants(w, o, to, ns, name, NULL);
	bool own = to == &w->members[0];

	if (wanted == WANTED_NOT)
		return NOTHING;
	if (wanted == WANTED_PERHAPS || object_sync_allows(w, o, to, ns, false) == WANTED_PERHAPS ||
	    whole_is_paused(copy) || whole_is_paused(whole_space(to, ns)) || wishes_any(copy) ||
	    said_of_copy(rules, "object-sync", to, o->type, ns, name, "Cycle"))
		return UNCLEAR;
	if (object_sync_allows(w, o, to, ns, false) == WANTED_NOT || !copy || whole_is_ending(copy) ||
	    !api_server_serves(to->home->api, o->type))
		return NOT_WELL;
	if (!object_sync_is_of(w, to, copy, o))
		return NOT_WELL;
	/* B16: how it is written matters no more. */
	return object_sync_difference(w, object_sync_source(w, o), copy, own, false) ? NOT_WELL : ALL_WELL;
}

static void check_entry(struct world *w, const struct object_sync *o, struct member *to, const char *ns,
			const char *name, enum found found)
{
	const json_t *entry = entry_of(w, o, to, ns, name), *copy;
	const char *uid = text_of(json_object_get(entry, "syncedVersion"), "uid");

	copy = api_server_object(to->home->api, o->type->group, o->type->plural, ns, name);
	if (found == ALL_WELL && !entry)
		world_fail(w, 8, "the status of the ObjectSync %s/%s does not list %s/%s on %s", o->ns, o->name, ns,
			   name, to->name);
	else if (found == ALL_WELL && strcmp(uid, fc_json_metadata(copy, "uid")) != 0)
		world_fail(w, 8, "the status of the ObjectSync %s/%s names another copy than %s/%s on %s", o->ns,
			   o->name, ns, name, to->name);
	else if (found == NOTHING && entry && !copy)
		world_fail(w, 8, "the status of the ObjectSync %s/%s lists %s/%s on %s, which nobody wants", o->ns,
			   o->name, ns, name, to->name);
}

static enum found worse(enum found a, enum found b)
{
	if (a == NOTHING || b == NOTHING)
		return a == NOTHING ? b : a;
	if (a == NOT_WELL || b == NOT_WELL)
		return NOT_WELL;
	return a == UNCLEAR || b == UNCLEAR ? UNCLEAR : ALL_WELL;
}

static enum found check_list(struct world *w, const struct object_sync *o, const json_t *rules)
{
	enum found all = NOTHING;

	for (unsigned i = 0; i < w->member_count && !broken(w); i++)
		for (unsigned k = 0; w->members[i].alive && k < ALL_SPACES; k++)
			for (unsigned n = 0; n < NAMES && !broken(w); n++) {
				char name[8];
				enum found found;

				snprintf(name, sizeof(name), "o%u", n);
				found = w->members[i].away ? UNCLEAR
							   : look(w, o, &w->members[i], all_spaces[k], name, rules);
				/* It stands, perhaps, and waits for a finalizer of others. */
				if (found == NOTHING && entry_of(w, o, &w->members[i], all_spaces[k], name))
					all = worse(all, UNCLEAR);
				if (found != UNCLEAR)
					check_entry(w, o, &w->members[i], all_spaces[k], name, found);
				all = worse(all, found);
			}
	return all;
}

/* --- the conditions --- */

static void check_condition(struct world *w, const struct object_sync *o, const char *type, bool well)
{
	const json_t *is = condition(o, type);
	const json_t *generation = json_object_get(json_object_get(o->object, "metadata"), "generation");

	if (strcmp(text_of(is, "status"), well ? "True" : "False") != 0)
		world_fail(w, 8, "%s of the ObjectSync %s/%s is %s (%s), and should be %s", type, o->ns, o->name,
			   text_of(is, "status"), text_of(is, "message"), well ? "True" : "False");
	else if (!json_equal(json_object_get(is, "observedGeneration"), generation))
		world_fail(w, 8, "%s of the ObjectSync %s/%s is of another generation", type, o->ns, o->name);
}

static bool any_is_away(const struct world *w)
{
	for (unsigned i = 0; i < w->member_count; i++)
		if (w->members[i].alive && w->members[i].away)
			return true;
	return false;
}

void promises_of_object_sync_status(struct world *w, const struct object_sync *o, const json_t *rules)
{
	const json_t *source = object_sync_source(w, o);
	struct member *master = &w->members[0];
	bool ready = o->type && !o->invalid && api_server_serves(master->home->api, o->type);
	bool readable =
		o->type && object_sync_allows(w, o, master, o->from, false) == WANTED &&
		(strcmp(o->from, o->ns) == 0 || !copy_is_permitted_by_operator(w, o->type, o->from, master, o->from));
	enum found all;

	if (object_sync_is_paused(w, o) || any_is_away(w))
		return;
	if (!ready) {
		check_condition(w, o, "Ready", false);
		return;
	}
	/* Whether its source may be read at all is a matter of its own. */
	if (!readable)
		return;
	check_condition(w, o, "Ready", true);
	if (broken(w))
		return;
	if (!source || whole_is_ending(source)) {
		check_condition(w, o, "InSync", false);
		return;
	}
	all = check_list(w, o, rules);
	if (!broken(w) && all != UNCLEAR)
		check_condition(w, o, "InSync", all != NOT_WELL);
}
