/* SPDX-License-Identifier: Apache-2.0 */
/* ConfigMapSyncs at rest: their finalizers, and that each status tells what is the case (promises 1 and 8). */
#include "dialects_parts.h"

#include "json/decode.h"

#include <stdio.h>

struct look {
	struct world *world;
	const json_t *rules;
};

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

static const json_t *condition(const json_t *object, const char *type)
{
	const json_t *list = json_object_get(json_object_get(object, "status"), "conditions"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(text_of(one, "type"), type) == 0)
			return one;
	return NULL;
}

/* --- what is the case in one cluster --- */

/* The reason of Synced; NULL: nothing can be said of it just now. */
static const char *reason_in(struct world *w, const struct sync *s, struct member *to)
{
	const json_t *space = whole_space(to, s->to), *copy;
	bool at_home = to == &w->members[0] && strcmp(s->from, s->to) == 0;
	struct whole whole;

	if (s->invalid)
		return "InvalidSpec";
	if (!at_home && (whole_is_paused(space)))
		return NULL;
	copy = api_server_object(to->home->api, "", "configmaps", s->to, s->copy);
	if (!at_home && whole_is_paused(copy))
		return NULL;
	if (!at_home && !sync_allowed(w, s, to, false))
		return "NotAllowed";
	if (!sync_source(w, s))
		return "SourceNotFound";
	if (at_home)
		return "SyncSucceeded";
	if (!space || !copy)
		return "SyncFailed";
	/* It waits for somebody's finalizer. */
	if (whole_is_ending(copy))
		return NULL;
	if (!whole_of(w, to, copy, &whole) || whole.kind != WHOLE_SYNC || strcmp(whole.rule_ns, s->ns) != 0 ||
	    strcmp(whole.rule, s->name) != 0)
		return "DestinationConflict";
	/* It may be immutable, and not its own to delete. */
	return json_object_get(copy, "immutable") ? NULL : "SyncSucceeded";
}

bool sync_is_followed(struct world *w, const struct sync *s)
{
	for (unsigned i = 0; i < w->member_count; i++) {
		struct member *m = &w->members[i];
		const char *reason;

		if (!m->alive || !copy_cluster_is_selected(w, m, whole_annotation(s->object, "fedcopy.dev/clusters")))
			continue;
		reason = m->away ? NULL : reason_in(w, s, m);
		if (!reason || strcmp(reason, "SyncSucceeded") != 0)
			return false;
	}
	return !s->invalid;
}

/* --- the status --- */

static bool is_hidden(const char *reason)
{
	return strcmp(reason, "InvalidSpec") == 0 || strcmp(reason, "NotAllowed") == 0;
}

static void check_existence(struct world *w, const struct sync *s, const char *reason)
{
	const json_t *status = json_object_get(s->object, "status");
	bool source = !is_hidden(reason) && sync_source(w, s);
	bool copy = !is_hidden(reason) && api_server_object(w->members[0].home->api, "", "configmaps", s->to, s->copy);

	if (json_is_true(json_object_get(status, "sourceExists")) != source)
		world_fail(w, 8, "the status of %s/%s is wrong about its source (%s)", s->ns, s->name, reason);
	else if (json_is_true(json_object_get(status, "destinationExists")) != copy)
		world_fail(w, 8, "the status of %s/%s is wrong about its destination (%s)", s->ns, s->name, reason);
}

static void check_entry(struct world *w, const struct sync *s, struct member *m)
{
	const char *reason = reason_in(w, s, m), *word = NULL;
	const json_t *entry, *list = json_object_get(json_object_get(s->object, "status"), "clusters");
	size_t i;

	json_array_foreach(list, i, entry)
		if (strcmp(text_of(entry, "name"), m->name) == 0)
			word = text_of(entry, "syncStatus");
	if (!reason)
		return;
	if (!word)
		world_fail(w, 8, "the status of %s/%s does not tell of %s", s->ns, s->name, m->name);
	else if (strcmp(word, strcmp(reason, "SyncSucceeded") == 0 ? "Success" : "Failed") != 0)
		world_fail(w, 8, "the status of %s/%s says %s of %s, and should say %s", s->ns, s->name, word, m->name,
			   reason);
}

static bool all_are_well(const json_t *status, bool own)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(status, "clusters"), i, entry)
		own = own && strcmp(text_of(entry, "syncStatus"), "Success") == 0;
	return own;
}

static void check_sum(struct world *w, const struct sync *s, const json_t *synced)
{
	const json_t *status = json_object_get(s->object, "status"), *ready = condition(s->object, "Ready");
	bool well = all_are_well(status, strcmp(text_of(synced, "status"), "True") == 0);
	const json_t *generation = json_object_get(json_object_get(s->object, "metadata"), "generation");

	if (strcmp(text_of(status, "syncStatus"), well ? "Success" : "Failed") != 0 &&
	    strcmp(text_of(status, "syncStatus"), "InProgress") != 0)
		world_fail(w, 8, "the status of %s/%s is %s, and should be %s", s->ns, s->name,
			   text_of(status, "syncStatus"), well ? "Success" : "Failed");
	else if (strcmp(text_of(ready, "status"),
			strcmp(text_of(status, "syncStatus"), "Success") == 0 ? "True" : "False") != 0)
		world_fail(w, 8, "Ready of %s/%s is %s", s->ns, s->name, text_of(ready, "status"));
	else if (!json_equal(json_object_get(synced, "observedGeneration"), generation))
		world_fail(w, 8, "the status of %s/%s is of another generation", s->ns, s->name);
}

static void check_status(struct world *w, const struct sync *s)
{
	const char *reason = reason_in(w, s, &w->members[0]);
	const json_t *synced = condition(s->object, "Synced");

	if (!reason)
		return;
	if (!synced) {
		world_fail(w, 8, "%s/%s has no status, and should have %s", s->ns, s->name, reason);
		return;
	}
	/* promises_dialects.c leaves cycles to the engine. */
	if (strcmp(text_of(synced, "reason"), "LoopDetected") == 0)
		return;
	/* The second of two waits its turn, also where the first fails. */
	if (strcmp(text_of(synced, "reason"), "DestinationConflict") == 0 && strcmp(reason, "SyncFailed") == 0 &&
	    !whole_is_ending(whole_space(&w->members[0], s->to)))
		reason = "DestinationConflict";
	if (strcmp(text_of(synced, "reason"), reason) != 0)
		world_fail(w, 8, "Synced of %s/%s is %s (%s), and should be %s", s->ns, s->name,
			   text_of(synced, "reason"), text_of(synced, "message"), reason);
	if (!broken(w))
		check_existence(w, s, reason);
	if (!broken(w))
		check_sum(w, s, synced);
	for (unsigned i = 1; i < w->member_count && !broken(w) && !is_hidden(reason); i++) {
		struct member *m = &w->members[i];

		if (m->alive && !m->away &&
		    copy_cluster_is_selected(w, m, whole_annotation(s->object, "fedcopy.dev/clusters")))
			check_entry(w, s, m);
	}
}

/* --- and the finalizer --- */

struct held {
	const struct world *world;
	const struct member *member;
	const struct sync *sync;
	bool any;
};

static void find_held(void *user, const struct api_type *type, const json_t *object)
{
	struct held *h = user;
	struct whole whole;

	if (type != world_types[CONFIG_MAPS] || !whole_of(h->world, h->member, object, &whole))
		return;
	h->any = h->any || (whole.kind == WHOLE_SYNC && strcmp(whole.rule_ns, h->sync->ns) == 0 &&
			    strcmp(whole.rule, h->sync->name) == 0);
}

/* A copy may wait for a finalizer of others, or be paused. */
static bool has_copies(const struct world *w, const struct sync *s)
{
	struct held h = { .world = w, .sync = s };

	for (unsigned i = 0; i < w->member_count; i++) {
		h.member = &w->members[i];
		if (h.member->alive)
			api_server_each(h.member->home->api, find_held, &h);
	}
	return h.any;
}

static void check_sync(void *user, const struct api_type *type, const json_t *object)
{
	const struct look *l = user;
	struct world *w = l->world;
	struct sync s;

	if (type != &world_syncs || broken(w))
		return;
	sync_read(object, &s);
	if (whole_is_ending(object)) {
		if (whole_has_finalizer(object, SYNC_KEY "finalizer") && !has_copies(w, &s))
			world_fail(w, 1, "%s/%s is being deleted and not let go", s.ns, s.name);
		return;
	}
	if (!whole_has_finalizer(object, SYNC_KEY "finalizer"))
		world_fail(w, 1, "%s/%s bears no finalizer", s.ns, s.name);
	else if (!whole_is_paused(object) && !whole_is_paused(sync_source(w, &s)) &&
		 !whole_is_paused(whole_space(&w->members[0], s.ns)) &&
		 !whole_is_paused(whole_space(&w->members[0], s.from)))
		check_status(w, &s);
}

void promises_of_syncs(struct world *w, const json_t *rules)
{
	struct look l = { .world = w, .rules = rules };

	api_server_each(w->members[0].home->api, check_sync, &l);
}
