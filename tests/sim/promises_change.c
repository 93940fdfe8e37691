/* SPDX-License-Identifier: Apache-2.0 */
/* What one change costs when all is calm (promise 3), that many changes of a source are no fight (promise 6), and that
 * a change is there at once. */
#include "world_parts.h"

#include <stdio.h>

struct change {
	struct world *world;
	struct wish *rules; /* of the object that is looked at */
	unsigned count;
	struct wish chosen;
	bool any;
	struct member *member;
	unsigned met;
	struct dice dice;
	json_t *states; /* of the engine's rules by key */
	unsigned readers, chained;
	const json_t *source;
};

static const char *meta(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(json_object_get(object, "metadata"), key)) ?: "";
}

static bool in_sync(const struct change *c, const struct wish *r)
{
	char key[320];

	wish_key(r, key);
	return strcmp(json_string_value(json_object_get(json_object_get(c->states, key), "state")) ?: "", "InSync") ==
	       0;
}

/* One that nothing else has to do with: its place lies in no other's, and nobody reads from its target. */
static bool is_plain(const struct change *c, const struct wish *r)
{
	const json_t *want, *have;

	if (r->invalid || r->literal || r->to.count < 2 || r->type == world_types[WIDGETS] ||
	    strcmp(r->to.text[0], "metadata") == 0 || json_object_get(r->object, "immutable"))
		return false;
	for (unsigned i = 0; i < c->count; i++)
		if (&c->rules[i] != r && (!c->rules[i].to.count || place_compare(&c->rules[i].to, &r->to) != 2))
			return false;
	/* A server may make something else of it. */
	return place_get(&r->from, r->source, &want) == PLACE_FOUND &&
	       place_get(&r->to, r->object, &have) == PLACE_FOUND && json_equal(want, have) && in_sync(c, r);
}

/* By a rule, or as a copy: what users change there does not stay. */
static bool is_written_too(const json_t *source)
{
	return wishes_any(source) || copy_is_somebodys(source);
}

static void look_at(void *user, const struct api_type *type, const json_t *object)
{
	struct change *c = user;
	struct wish rules[MOST_WISHES];

	c->count = wishes_of(object, rules, MOST_WISHES);
	c->rules = rules;
	for (unsigned i = 0; i < c->count; i++) {
		struct wish *r = &rules[i];

		r->member = c->member;
		r->type = type;
		wish_find(c->world, r);
		if (!r->source || r->source == object || is_written_too(r->source) || !is_plain(c, r) ||
		    dice_below(&c->dice, ++c->met) != 0)
			continue;
		c->chosen = *r;
		c->any = true;
	}
	wishes_free(rules, c->count);
}

/* Who reads from the same source, and whether anybody reads from those. */
static void count_readers(void *user, const struct api_type *type, const json_t *object)
{
	struct change *c = user;
	struct wish rules[MOST_WISHES];
	unsigned count = wishes_of(object, rules, MOST_WISHES);
	bool reads = false, others = false;

	for (unsigned i = 0; i < count; i++) {
		struct wish *r = &rules[i];

		r->member = c->member;
		r->type = type;
		wish_find(c->world, r);
		reads = reads || r->source == c->source;
		/* What is refused is looked at anew. */
		c->chained += r->source == c->source && !in_sync(c, r);
		others = others || !r->to.count || r->source != c->source;
		/* A rule that itself is read from, or a source that is written. */
		c->chained += r->source && r->source != c->source;
		for (unsigned k = 0; k < i; k++)
			others = others || place_compare(&rules[k].to, &r->to) != 2;
	}
	c->readers += reads;
	/* What is copied as a whole may feed others. */
	c->chained += c->world->copies;
	c->chained += (reads && others) || (object == c->source && count);
	wishes_free(rules, count);
}

static void each(struct change *c, void (*fn)(void *user, const struct api_type *type, const json_t *o))
{
	for (unsigned i = 0; i < c->world->member_count; i++) {
		c->member = &c->world->members[i];
		if (c->member->alive)
			api_server_each(c->member->home->api, fn, c);
	}
}

static json_t *new_value(struct world *w, const struct wish *r)
{
	unsigned type = r->source_type == world_types[SECRETS]	   ? SECRETS
			: r->source_type == world_types[FEDERATED] ? FEDERATED
								   : CONFIG_MAPS;

	return user_value(w, &(struct dice){ { 4 } }, type, 0);
}

/* The place of the chosen rule in its source gets another value of the same kind: `*other`, or NULL: a new one. What
 * it had is the other one then. */
static bool change_source(struct world *w, const struct wish *r, json_t **other)
{
	json_t *o = json_deep_copy(r->source), *value = NULL;
	const json_t *have;
	bool done = false;

	place_get(&r->from, r->source, &have);
	if (json_is_string(have))
		value = *other ? json_incref(*other) : new_value(w, r);
	if (value && r->source_type != world_types[WIDGETS] && strncmp(json_string_value(have), "bad", 3) != 0 &&
	    place_set(&r->from, o, value)) {
		json_decref(*other);
		*other = json_deep_copy(have);
		done = user_put(w, r->source_member->home, r->source_type, r->source_ns, r->name, json_incref(o));
	}
	json_decref(value);
	json_decref(o);
	return done;
}

static bool has_arrived(struct world *w, const struct wish *r, const char *ns, const char *name)
{
	const json_t *target = api_server_object(r->member->home->api, r->type->group, r->type->plural, ns, name);
	const json_t *want, *have;

	struct wish again = *r;
	again.object = target;
	if (!target)
		return true;
	wish_find(w, &again);
	if (place_get(&r->from, again.source, &want) != PLACE_FOUND)
		return true;
	return place_get(&r->to, target, &have) == PLACE_FOUND && json_equal(want, have);
}

/* Every watch of the source's cluster lists again, and is answered by a replica that is behind: what is there by now
 * was known already, and nothing is to be written. */
static void check_stale_lists(struct change *c, const struct wish *r)
{
	struct world *w = c->world;
	struct slot *slot = process_slot(&w->processes[0], r->source_member);
	uint64_t patches = w->patches;

	for (unsigned i = 0; i < 24; i++) {
		api_server_lag(r->source_member->home->api, 1 + dice_below(&c->dice, 3));
		sim_watcher_fail_watch(slot->watcher, i, FC_ERR_GONE);
		sim_watcher_tell(slot->watcher, i, 0);
	}
	api_server_lag(r->source_member->home->api, 0);
	world_settle(w, w->now_ms + 1500);
	if (w->patches != patches)
		world_fail(w, 5, "%llu writes because of lists that are behind",
			   (unsigned long long)(w->patches - patches));
}

static bool change_once(struct change *c, struct wish *r, const char *ns, const char *name, json_t **other)
{
	struct world *w = c->world;
	uint64_t patches = w->patches, gets = w->gets;
	char path[160];

	r->object = api_server_object(r->member->home->api, r->type->group, r->type->plural, ns, name);
	wish_find(w, r);
	if (!r->object || !r->source || !change_source(w, r, other))
		return false;
	world_settle(w, w->now_ms + 1500);
	if (broken(w))
		return false;
	if (!has_arrived(w, r, ns, name))
		world_fail(w, w->max_writes_per_second ? 1 : 6,
			   "a change of a source has not arrived at %s of %s/%s on %s after a second",
			   place_text(&r->to, path), ns, name, r->member->name);
	if (c->chained == 0 && w->gets != gets)
		world_fail(w, 3, "%llu reads for one change of a source", (unsigned long long)(w->gets - gets));
	if (c->chained == 0 && w->patches - patches > c->readers)
		world_fail(w, 3, "%llu writes for one change of a source with %u targets",
			   (unsigned long long)(w->patches - patches), c->readers);
	return !broken(w);
}

/* Several changes in a row, each a second or more after the other, to and fro between two values: never slowed down. */
static void check_source_changes(struct change *c, struct wish *r)
{
	struct world *w = c->world;
	unsigned times = w->seed % 4 == 0 ? 18 : 2;
	json_t *other = NULL;
	char ns[32], name[40];

	snprintf(ns, sizeof(ns), "%s", meta(r->object, "namespace"));
	snprintf(name, sizeof(name), "%s", meta(r->object, "name"));
	c->source = r->source;
	each(c, count_readers);
	for (unsigned i = 0; i < times && change_once(c, r, ns, name, &other); i++) {
		if (w->seed % 4 == 1 && !w->copies && c->chained == 0)
			check_stale_lists(c, r);
		w->now_ms += 1000;
		process_tick(w);
	}
	json_decref(other);
}

static void check_drift(struct change *c, struct wish *r)
{
	struct world *w = c->world;
	char ns[32], name[40], path[160];
	uint64_t gets = w->gets, patches = w->patches;
	json_t *o, *value;

	snprintf(ns, sizeof(ns), "%s", meta(r->object, "namespace"));
	snprintf(name, sizeof(name), "%s", meta(r->object, "name"));
	r->object = api_server_object(r->member->home->api, r->type->group, r->type->plural, ns, name);
	if (!r->object)
		return;
	o = json_deep_copy(r->object);
	value = json_string("ZHJpZnQx");
	place_set(&r->to, o, value);
	json_decref(value);
	if (!user_put(w, r->member->home, r->type, ns, name, o))
		return;
	world_settle(w, w->now_ms + 1500);
	if (broken(w))
		return;
	if (!has_arrived(w, r, ns, name))
		world_fail(w, 1, "drift of %s of %s/%s on %s is not undone after a second", place_text(&r->to, path),
			   ns, name, r->member->name);
	if (c->chained == 0 && (w->gets - gets > 2 || w->patches - patches > 1))
		world_fail(w, 3, "%llu reads and %llu writes for one drift", (unsigned long long)(w->gets - gets),
			   (unsigned long long)(w->patches - patches));
}

void promises_of_change(struct world *w)
{
	struct change c = { .world = w, .dice = { { w->seed + 1 } } };
	struct wish chosen;

	if (broken(w) || w->max_writes_per_second)
		return;
	world_say(w, "--- one change");
	c.states = rules_of(&w->processes[0]);
	each(&c, look_at);
	chosen = c.chosen;
	if (c.any)
		check_source_changes(&c, &chosen);
	if (c.any && !broken(w))
		check_drift(&c, &chosen);
	json_decref(c.states);
}
