/* SPDX-License-Identifier: Apache-2.0 */
/* What is checked when all has come to rest: every rule against what the oracle says of it, promises 1, 2, 3, 6, 7
 * and 8. */
#include "dialects_parts.h"
#include "world_parts.h"

#include "json/decode.h"

#include <stdio.h>

/* Every rule of the federation. */
struct survey {
	struct world *world;
	struct member *member;
	struct wish *wishes;
	unsigned count, cap;
};

static const char *meta(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(json_object_get(object, "metadata"), key)) ?: "";
}

static bool paused(const json_t *object)
{
	const json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	const char *text = json_string_value(json_object_get(annotations, "fedcopy.dev/pause"));

	return text && strcmp(text, "true") == 0;
}

static bool selected(const struct world *w, const char *ns)
{
	for (size_t i = 0; i < w->space_count; i++)
		if (strcmp(w->spaces[i], ns) == 0)
			return true;
	return w->space_count == 0 || !*ns;
}

static bool bears_rules(const struct world *w, const struct api_type *type, const json_t *object)
{
	for (unsigned i = 0; i < TYPES; i++)
		if (world_types[i] == type)
			return w->is_target[i] && selected(w, meta(object, "namespace"));
	return false;
}

static void add_rules(void *user, const struct api_type *type, const json_t *object)
{
	struct survey *s = user;
	unsigned count;

	if (!(s->world->speaks & SPEAKS_PATHS) || !bears_rules(s->world, type, object))
		return;
	if (s->cap - s->count < MOST_WISHES) {
		s->cap = s->cap ? s->cap * 2 : 2 * MOST_WISHES;
		s->wishes = fc_xrealloc(s->wishes, s->cap * sizeof(*s->wishes));
	}
	count = wishes_of(object, s->wishes + s->count, MOST_WISHES);
	for (unsigned i = 0; i < count; i++) {
		struct wish *r = &s->wishes[s->count + i];

		r->member = s->member;
		r->type = type;
	}
	s->count += count;
}

static const json_t *space_of(const struct member *m, const char *ns)
{
	return *ns ? api_server_object(m->home->api, "", "namespaces", "", ns) : NULL;
}

static bool is_misfit(const struct wish *r)
{
	if (!r->source_type)
		return false;
	if (r->source_type->namespaced)
		return !*r->source_ns;
	return r->names_ns && *r->ns;
}

static enum fc_state judge_value(struct wish *r, const json_t *source)
{
	if (r->literal) {
		r->value = json_is_null(r->literal) ? NULL : r->literal;
		return r->value ? FC_STATE_IN_SYNC : FC_STATE_PATH_NOT_FOUND;
	}
	if (!source)
		return FC_STATE_SOURCE_NOT_FOUND;
	return place_get(&r->from, source, &r->value) == PLACE_FOUND ? FC_STATE_IN_SYNC : FC_STATE_PATH_NOT_FOUND;
}

static bool is_paused(const struct world *w, const struct wish *r, bool allowed)
{
	if (paused(r->object) || paused(space_of(r->member, meta(r->object, "namespace"))))
		return true;
	return allowed && !r->literal &&
	       ((selected(w, r->source_ns) && paused(r->source)) || paused(space_of(r->source_member, r->source_ns)));
}

/* All but what depends on other rules. */
static void judge_alone(struct world *w, struct wish *r)
{
	struct said said = { 0 };
	bool allowed;

	wish_find(w, r);
	r->value = NULL;
	r->unsure = r->undecided = false;
	if (r->invalid || (!r->literal && !r->source_member) || is_misfit(r)) {
		r->state = FC_STATE_INVALID;
		return;
	}
	if (r->member->away || (!r->literal && r->source_member->away)) {
		r->state = FC_STATE_CLUSTER_UNREACHABLE;
		return;
	}
	if (!r->literal && r->source_type) {
		/* What is not selected is not looked at either. */
		said.source = selected(w, r->source_ns) ? r->source : NULL;
		said.source_space = space_of(r->source_member, r->source_ns);
	}
	allowed = !r->literal && !r->source_type ? false : wish_allowed(w, r, &said);
	if (*meta(r->object, "deletionTimestamp") || (!r->literal && !r->source_type) || is_paused(w, r, allowed))
		r->state = FC_STATE_PENDING;
	else if (!allowed)
		r->state = FC_STATE_NOT_ALLOWED;
	else
		r->state = judge_value(r, r->literal || selected(w, r->source_ns) ? r->source : NULL);
}

/* --- cycles --- */

/* Is it a copy, as a whole, of what the wish is written to? */
static bool is_copy_of_target(const struct survey *s, const json_t *copy, const struct wish *a, const struct member *on)
{
	char name[128], other[128];
	const char *origin = s->world->copies && copy ? copy_source(s->world, on, copy, other) : NULL;

	snprintf(name, sizeof(name), "%s/%s", fc_json_metadata(a->object, "namespace"),
		 fc_json_metadata(a->object, "name"));
	return origin && a->member == &s->world->members[0] && strcmp(origin, name) == 0;
}

static bool feeds(const struct survey *s, const struct wish *a, const struct wish *b, bool copies)
{
	if (place_compare(&a->to, &b->from) == 2)
		return false;
	return b->source == a->object ||
	       (copies && a->type == b->source_type && is_copy_of_target(s, b->source, a, b->source_member));
}

static bool in_graph(const struct world *w, const struct wish *r)
{
	struct said said = { .source = r->source };

	if (r->state == FC_STATE_INVALID || r->literal || !r->source_type || !r->source || !selected(w, r->source_ns))
		return false;
	said.source_space = space_of(r->source_member, r->source_ns);
	return wish_allowed((struct world *)(uintptr_t)w, r, &said);
}

static bool reaches(const struct survey *s, const bool *in, unsigned from, unsigned to, bool *seen, bool copies)
{
	for (unsigned i = 0; i < s->count; i++) {
		if (!in[i] || seen[i] || !feeds(s, &s->wishes[from], &s->wishes[i], copies))
			continue;
		if (i == to)
			return true;
		seen[i] = true;
		if (reaches(s, in, i, to, seen, copies))
			return true;
	}
	return false;
}

static void find_cycles(struct survey *s)
{
	bool *in = fc_xcalloc(s->count + 1, 1), *seen = fc_xcalloc(s->count + 1, 1);

	for (unsigned i = 0; i < s->count; i++)
		in[i] = in_graph(s->world, &s->wishes[i]);
	for (unsigned i = 0; i < s->count; i++) {
		if (!in[i])
			continue;
		memset(seen, 0, s->count);
		s->wishes[i].on_cycle = reaches(s, in, i, i, seen, false);
		memset(seen, 0, s->count);
		s->wishes[i].by_copies = !s->wishes[i].on_cycle && reaches(s, in, i, i, seen, true);
		/* What is known of an unreachable cluster is old. */
		if (s->wishes[i].on_cycle && s->wishes[i].state == FC_STATE_CLUSTER_UNREACHABLE)
			s->wishes[i].unsure = true;
		else if (s->wishes[i].on_cycle)
			s->wishes[i].state = FC_STATE_CYCLE;
	}
	free(in);
	free(seen);
}

static bool is_said(const json_t *rules, const struct wish *r, const char *state)
{
	char key[320];

	wish_key(r, key);
	return strcmp(json_string_value(json_object_get(json_object_get(rules, key), "state")) ?: "", state) == 0;
}

/* What is invalid where it stands may be on one as well. */
static bool is_suspended(const json_t *rules, const struct wish *r)
{
	return is_said(rules, r, "Cycle") || is_said(rules, r, "Invalid");
}

static void follow_cycle(struct survey *s, const json_t *rules, const struct wish *from, bool *seen)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct wish *r = &s->wishes[i];

		if (seen[i] || !in_graph(s->world, r) || !feeds(s, from, r, true) || !is_suspended(rules, r))
			continue;
		seen[i] = true;
		if (r->state != FC_STATE_CYCLE && is_said(rules, r, "Cycle")) {
			r->state = FC_STATE_CYCLE;
			s->world->old_cycles = true;
		}
		follow_cycle(s, rules, r, seen);
	}
}

/* What the objects of a type that is not served, or of a cluster that is away, say by now is unknown: a cycle through
 * one that was found stands, for all that are on it. From there it comes back by a rule that reads there. */
static void find_old_cycles(struct survey *s, const json_t *rules)
{
	bool *seen = fc_xcalloc(s->count + 1, 1);

	for (unsigned i = 0; i < s->count; i++) {
		const struct wish *r = &s->wishes[i];

		if (!r->invalid && !r->literal && r->source_member && (!r->source_type || r->source_member->away) &&
		    is_suspended(rules, r))
			follow_cycle(s, rules, r, seen);
	}
	free(seen);
}

/* --- the rules of one target together --- */

static bool is_undecided(const struct wish *r)
{
	return r->state == FC_STATE_PENDING || r->state == FC_STATE_CLUSTER_UNREACHABLE;
}

static bool under_status(const struct wish *r)
{
	return r->type->status && strcmp(r->to.text[0], "status") == 0;
}

/* Puts what the group wants to the server: it should say that this is there already. False: it refuses it. */
static bool try_group(struct survey *s, const struct wish *r, const json_t *wanted)
{
	struct api_server *api = r->member->home->api;
	uint64_t before = api_server_version(api);
	struct api_answer a;
	char path[256], text[160];
	bool taken;

	world_type_path(r->type, meta(r->object, "namespace"), meta(r->object, "name"), path);
	if (under_status(r))
		strcat(path, "/status");
	a = api_request(api, "PUT", path, "application/json", false, wanted);
	taken = a.status < 300;
	if (taken && api_server_version(api) != before) {
		char *want = json_dumps(r->value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
		const json_t *have;
		char *has;

		place_get(&r->to, r->object, &have);
		has = have ? json_dumps(have, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS) : NULL;
		world_fail(s->world, 1, "%s%s: %s holds %s, and should hold %s", r->member->name, path,
			   place_text(&r->to, text), has ? has : "nothing", want);
		free(want);
		free(has);
	}
	api_answer_fini(&a);
	return taken;
}

/* All of them together, as far as one fits into the other. */
static bool group_is_taken(struct survey *s, struct wish *first, struct wish *end)
{
	json_t *wanted = json_deep_copy(first->object);
	bool taken = true;

	for (struct wish *r = first; r != end; r++) {
		json_t *copy;

		if (r->state != FC_STATE_IN_SYNC)
			continue;
		copy = json_deep_copy(r->value);
		if (!place_set(&r->to, wanted, copy)) {
			r->state = FC_STATE_INVALID;
			r->blocked = true;
		}
		json_decref(copy);
	}
	if (first->state == FC_STATE_IN_SYNC && !json_equal(wanted, first->object))
		taken = try_group(s, first, wanted);
	json_decref(wanted);
	return taken;
}

static void judge_target(struct survey *s, struct wish *first, struct wish *end);

static bool any_refused(const struct wish *first, const struct wish *end)
{
	for (; first != end; first++)
		if (first->state == FC_STATE_INVALID && !first->invalid && !first->blocked)
			return true;
	return false;
}

/* A wide rule that is refused leaves those inside it alone; where one of these is refused too, the wide one is tried
 * without it. */
static void judge_group(struct survey *s, struct wish *first, struct wish *end)
{
	bool refused_before = any_refused(first, end);

	for (struct wish *r = first + 1; r != end; r++) {
		if (!is_undecided(r))
			continue;
		for (r = first; r != end; r++)
			r->unsure = r->unsure || r->state == FC_STATE_IN_SYNC;
		return;
	}
	if (group_is_taken(s, first, end))
		return;
	first->state = FC_STATE_INVALID;
	for (struct wish *r = first + 1; r != end; r++) {
		if (r->blocked)
			r->state = FC_STATE_IN_SYNC;
		r->blocked = false;
	}
	judge_target(s, first + 1, end);
	if (refused_before || !any_refused(first + 1, end) || broken(s->world))
		return;
	first->state = FC_STATE_IN_SYNC;
	if (!group_is_taken(s, first, end))
		first->state = FC_STATE_INVALID;
}

/* A group: a rule that takes part, and all whose places lie in its. */
static struct wish *group_end(struct wish *first, struct wish *end)
{
	struct wish *r = first + 1;

	while (r != end && r->to.count && place_compare(&first->to, &r->to) <= 0)
		r++;
	return r;
}

static void judge_target(struct survey *s, struct wish *first, struct wish *end)
{
	for (struct wish *r = first; r != end && !broken(s->world);) {
		struct wish *next;

		/* Together with a rule above it. */
		for (struct wish *above = first; above != r; above++)
			if (above->was_refused && above->to.count && place_compare(&above->to, &r->to) < 0)
				r->unsure = true;
		if (r->state != FC_STATE_IN_SYNC || r->unsure) {
			r++;
			continue;
		}
		next = group_end(r, end);
		judge_group(s, r, next);
		r = next;
	}
}

void wish_key(const struct wish *r, char out[320])
{
	const struct api_type *t = r->type;
	char path[160];

	snprintf(out, 320, "%s/%s%s%s/%s/%s %s", r->member->name, t->plural, *t->group ? "." : "", t->group,
		 meta(r->object, "namespace"), meta(r->object, "name"),
		 r->to.count ? place_text(&r->to, path) : r->key);
}

/* A path rule on a copy, or one that lies on the way of copies, is another's affair: promises_copy.c. */
static bool meets_copies(const struct world *w, const struct wish *r)
{
	char origin[128];

	/* ObjectSyncs copy these too. */
	if ((w->speaks & SPEAKS_OBJECTS) && (r->type == world_types[GADGETS] || r->source_type == world_types[GADGETS]))
		return true;
	return copy_source(w, r->member, r->object, origin) || r->type == world_types[SECRETS] ||
	       r->type == world_types[CONFIG_MAPS] || r->source_type == world_types[SECRETS] ||
	       r->source_type == world_types[CONFIG_MAPS];
}

static bool is_of_copies(const char *state)
{
	return strcmp(state, "Conflict") == 0 || strcmp(state, "Cycle") == 0;
}

/* What was refused stands as long as neither source nor target changes, whatever else has come in its way. */
static void find_refused(struct survey *s, const json_t *rules)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct wish *r = &s->wishes[i];
		char key[320];
		const json_t *rule;

		wish_key(r, key);
		rule = json_object_get(rules, key);
		if (s->world->copies && (meets_copies(s->world, r) || r->by_copies) && rule &&
		    is_of_copies(json_string_value(json_object_get(rule, "state")))) {
			r->state = FC_STATE_PENDING;
			r->of_copies = true;
		}
		if (r->state == FC_STATE_IN_SYNC || r->state == FC_STATE_INVALID)
			continue;
		r->was_refused = rule && strcmp(json_string_value(json_object_get(rule, "reason")), "Refused") == 0;
	}
}

static void survey(struct world *w, struct survey *s, const json_t *rules)
{
	*s = (struct survey){ .world = w };
	for (unsigned i = 0; i < w->member_count; i++) {
		s->member = &w->members[i];
		if (s->member->alive)
			api_server_each(s->member->home->api, add_rules, s);
	}
	for (unsigned i = 0; i < s->count; i++)
		judge_alone(w, &s->wishes[i]);
	find_cycles(s);
	find_old_cycles(s, rules);
	find_refused(s, rules);
	for (unsigned i = 0, end; i < s->count && !broken(w); i = end) {
		for (end = i + 1; end < s->count && s->wishes[end].object == s->wishes[i].object; end++)
			;
		if (!s->wishes[i].member->away)
			judge_target(s, &s->wishes[i], &s->wishes[end]);
	}
}

static void survey_fini(struct survey *s)
{
	wishes_free(s->wishes, s->count);
	free(s->wishes);
}

/* --- what the engine says --- */

static bool blocked_now(const struct wish *r)
{
	json_t *copy = json_deep_copy(r->object), *value = json_true();
	bool blocked = r->to.count && !place_set(&r->to, copy, value);

	json_decref(copy);
	return blocked;
}

static bool agrees(const struct survey *s, const struct wish *r, const char *state, const char *reason)
{
	const struct wish *other;

	if (strcmp(state, fc_state_name(r->state)) == 0 || r->of_copies)
		return true;
	if (r->unsure && (strcmp(state, "Pending") == 0 || strcmp(state, "InSync") == 0 ||
			  strcmp(state, "Cycle") == 0 || strcmp(state, "Invalid") == 0))
		return true;
	/* What was found before it went away stands. */
	if (r->state == FC_STATE_CLUSTER_UNREACHABLE && (strcmp(state, "Invalid") == 0 || strcmp(state, "Cycle") == 0))
		return true;
	/* A type that comes and goes: discovery and watches know of it at different times. */
	if (r->state == FC_STATE_PENDING && strcmp(state, "NotAllowed") == 0 && !r->literal && !r->source_type)
		return true;
	/* Without its type nobody can look whether it still is on one. */
	if (r->state == FC_STATE_PENDING && strcmp(state, "Cycle") == 0 && !r->literal && !r->source_type)
		return true;
	/* That it was refused comes before what stands in its way since. */
	if (r->was_refused && strcmp(reason, "Refused") == 0)
		return r->state == FC_STATE_PENDING || r->state == FC_STATE_NOT_ALLOWED || r->state == FC_STATE_CYCLE;
	/* The target was not looked at: nothing else stands in the way of its being the first that applies. */
	if (strcmp(state, "Invalid") == 0 && r->state != FC_STATE_IN_SYNC && blocked_now(r))
		return true;
	/* Which of two overlapping rules is at fault is open. */
	for (unsigned i = 0; i < s->count; i++) {
		other = &s->wishes[i];
		if (other == r || other->object != r->object || !r->to.count || !other->to.count ||
		    place_compare(&r->to, &other->to) == 2)
			continue;
		if (strcmp(state, "Invalid") == 0 && (other->state == FC_STATE_INVALID || r->state == FC_STATE_PENDING))
			return true;
		if (strcmp(state, "InSync") == 0 && other->state == FC_STATE_INVALID)
			return true;
	}
	return false;
}

static void check_words(struct world *w, const json_t *rule)
{
	static const char *const keys[] = { "dialect", "target", "state", "reason", "message", "since" };
	const char *state = json_string_value(json_object_get(rule, "state"));
	const char *reason = json_string_value(json_object_get(rule, "reason"));
	const char *key;
	json_t *value;

	/* Of a place where nothing is selected there is no target. */
	for (size_t i = 0; i < FC_ARRAY_LEN(keys); i++)
		if (strcmp(keys[i], "target") != 0 && !json_string_length(json_object_get(rule, keys[i])))
			world_fail(w, 8, "the rule of %s, %s (%s), has no %s",
				   json_string_value(json_object_get(rule, "target")), state, reason, keys[i]);
	json_object_foreach((json_t *)(uintptr_t)rule, key, value)
		if (text_tells(json_string_value(value)))
			world_fail(w, 10, "the rule of %s tells a secret value in its %s",
				   json_string_value(json_object_get(rule, "target")), key);
}

static void check_rule(const struct survey *s, const struct wish *r, json_t *by_key)
{
	char key[320];
	const char *state, *reason;
	json_t *rule;

	wish_key(r, key);
	rule = json_object_get(by_key, key);
	if (!rule) {
		/* It has never been there, or is not heard. */
		if (!r->member->away)
			world_fail(s->world, 8, "the rule of %s is unknown", key);
		return;
	}
	state = json_string_value(json_object_get(rule, "state"));
	reason = json_string_value(json_object_get(rule, "reason"));
	json_object_set_new(rule, "met", json_true());
	if (!r->member->away && !agrees(s, r, state, reason))
		world_fail(s->world, r->state == FC_STATE_IN_SYNC ? 1 : 8,
			   "the rule of %s is %s (%s: %s), and should be %s", key, state, reason,
			   json_string_value(json_object_get(rule, "message")), fc_state_name(r->state));
}

/* A rule of an object that is no more: its cluster is away, or its type is. */
static bool may_be_left(struct world *w, const char *target)
{
	char name[16];
	const struct member *m;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(target, "/"), target);
	m = world_member(w, name);
	if (!m || m->away)
		return m;
	target += strlen(name) + 1;
	for (unsigned i = 0; i < TYPES; i++)
		if (strncmp(target, world_types[i]->plural, strlen(world_types[i]->plural)) == 0)
			return !api_server_serves(m->home->api, world_types[i]);
	return false;
}

/* By target and path. */
json_t *rules_of(const struct process *p)
{
	json_t *rules = json_array(), *by_key = json_object(), *rule;
	uint64_t cursor = 0;
	size_t i;

	fc_engine_rules(p->engine, &cursor, SIZE_MAX, rules);
	json_array_foreach(rules, i, rule) {
		char text[320];

		snprintf(text, sizeof(text), "%s %s", json_string_value(json_object_get(rule, "target")),
			 json_string_value(json_object_get(rule, "path")));
		json_object_set(by_key, text, rule);
	}
	json_decref(rules);
	return by_key;
}

static void check_process(const struct survey *s, json_t *rules)
{
	struct world *w = s->world;
	const char *key;
	json_t *rule;

	w->stats.rules += json_object_size(rules);
	for (unsigned k = 0; k < s->count && !broken(w); k++)
		check_rule(s, &s->wishes[k], rules);
	json_object_foreach(rules, key, rule) {
		check_words(w, rule);
		if (strcmp(json_string_value(json_object_get(rule, "dialect")), "k8s-copier") == 0 &&
		    !json_object_get(rule, "met") && !may_be_left(w, key))
			world_fail(w, 8, "the rule of %s is none", key);
	}
}

static void check_work(struct world *w, const struct process *p)
{
	struct fc_engine_work work;

	fc_engine_work(p->engine, &work);
	for (unsigned i = 0; i < w->member_count; i++)
		if (w->members[i].alive && w->members[i].away)
			return;
	if (work.in_flight || work.ready)
		world_fail(w, 1, "left: %zu in flight, %zu ready", work.in_flight, work.ready);
}

static void check_all(struct world *w)
{
	w->old_cycles = false;
	for (unsigned i = 0; i < MOST_PROCESSES && !broken(w); i++) {
		struct survey s;
		json_t *rules;

		if (!w->processes[i].engine)
			continue;
		rules = rules_of(&w->processes[i]);
		survey(w, &s, rules);
		if (!broken(w))
			check_process(&s, rules);
		if (!broken(w))
			promises_of_copies(w, rules);
		if (!broken(w) && speaks_ours(w))
			promises_of_dialects(w, &w->processes[i]);
		check_work(w, &w->processes[i]);
		survey_fini(&s);
		json_decref(rules);
	}
}

/* --- the phases of the end --- */

/* Of one object, for each rival: whoever fights writes it once in five minutes by then, and who is fed by what is
 * fought for follows each of the two values, from each of two processes. */
enum { MOST_WRITES_OF_A_FIGHT = 64 };

static void check_writes_of(struct world *w, unsigned rivals)
{
	const char *object;
	json_t *count;

	json_object_foreach(w->written, object, count)
		if (json_integer_value(count) > (json_int_t)rivals * MOST_WRITES_OF_A_FIGHT)
			world_fail(w, 6, "%s is written %" JSON_INTEGER_FORMAT " times in half an hour of a fight",
				   object, json_integer_value(count));
}

/* Who fights for half an hour gets tired. */
static void check_fight(struct world *w)
{
	unsigned rivals = 0;

	for (unsigned i = 0; i < MOST_RIVALS; i++)
		rivals += w->rivals[i].active;
	if (!rivals)
		return;
	world_say(w, "--- half an hour of fights");
	world_settle(w, w->now_ms + 10 * 60 * 1000);
	json_object_clear(w->written);
	world_settle(w, w->now_ms + 30 * 60 * 1000);
	check_writes_of(w, rivals);
}

static void check_isolation(struct world *w)
{
	struct member *m = world_living(w, (unsigned)(w->seed / 3));

	if (w->seed % 3 != 0 || w->member_count < 2)
		return;
	world_heal(w);
	if (!m->alive)
		return;
	world_say(w, "--- all but %s", m->name);
	m->away = true;
	member_lose(w, m);
	world_settle(w, 0);
	if (!broken(w))
		check_all(w);
	if (broken(w))
		w->verdict.promise = 7;
}

void promises_of_rest(struct world *w)
{
	if (broken(w))
		return;
	members_remove_doubles(w);
	check_fight(w);
	if (!broken(w))
		check_isolation(w);
	if (broken(w))
		return;
	world_say(w, "--- all faults end");
	world_heal(w);
	world_settle(w, 0);
	if (!broken(w))
		check_all(w);
	for (unsigned i = 0; i < w->member_count; i++)
		w->stats.clusters += w->members[i].alive;
}

static void restart_and_settle(struct world *w)
{
	process_stop(w, &w->processes[1]);
	process_stop(w, &w->processes[0]);
	process_start(w, &w->processes[0]);
	world_settle(w, 0);
}

void promises_of_calm(struct world *w)
{
	if (broken(w))
		return;
	if (w->old_cycles) {
		world_say(w, "--- a restart that forgets a cycle");
		restart_and_settle(w);
	}
	world_say(w, "--- a restart in sync");
	w->calm = true;
	restart_and_settle(w);
	if (!broken(w))
		check_all(w);
	w->calm = false;
}
