/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: their own echoes, drift, conflicts, refusals and failures. */
#include "engine/parts.h"

#include "world.h"

static int setup(void **state)
{
	*state = world_new();
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* kube-client 6.14: the event of our own write comes before its answer, and must not look like somebody else's change.
 */
static void test_own_echo_before_the_answer_causes_no_read(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_object(w, watches.secrets[EDGE1], world_target("2", "22"));
	assert_quiet(w);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	/* And an echo that comes late is no news either. */
	world_object(w, watches.secrets[EDGE1], world_target("2", "22"));
	assert_quiet(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_foreign_change_behind_the_echo_is_read_and_undone(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_object(w, watches.secrets[EDGE1], world_target("2", "22"));
	world_object(w, watches.secrets[EDGE1], world_target("foreign", "23"));
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	/* One read of the target; it drifted: the value is still at hand, so the source need not be read; one write on
	 * the version read. */
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "dst");
	world_answer(w, a, world_target("foreign", "23"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 0), J("{'op':'replace','path':'/metadata/resourceVersion','value':'23'}"));
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Nothing was under way: one read of the target and, since it drifted, one of its source. */
static void test_drift_at_rest_costs_one_read_of_each_side_and_one_write(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1], world_target("foreign", "23"));
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "dst");
	world_answer(w, a, world_target("foreign", "23"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "src");
	world_answer(w, a, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 1), J("{'op':'add','path':'/data','value':{'a':'1'}}"));
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* The answer is the truth: what the server made of our wish is not fought over. */
static void test_value_that_the_server_mutates_is_written_once(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_answer(w, a, world_target("TWO", "22"));
	fc_action_free(a);
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	/* Somebody else touches the object and leaves the place alone: one read, no write. */
	world_object(w, watches.secrets[EDGE1], world_target("TWO", "23"));
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a, world_target("TWO", "23"));
	fc_action_free(a);
	assert_quiet(w);
	/* Another wish is a wish again. */
	world_source_changes(w, source, "3", "12");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_conflict_waits_for_its_event_and_decides_again(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_fail(w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "Pending/Conflict");
	world_object(w, watches.secrets[EDGE1], world_target("1", "30"));
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a, world_target("1", "30"));
	fc_action_free(a);
	/* The value was kept meanwhile: no read of the source. */
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 0), J("{'op':'replace','path':'/metadata/resourceVersion','value':'30'}"));
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static struct target *only_target(const struct world *w)
{
	assert_int_equal(w->engine->targets.count, 1);
	return fc_table_next(&w->engine->targets, &(uint32_t){ 0 });
}

/* There may be a hundred thousand of them. */
static void assert_nothing_seldom_is_kept(const struct world *w)
{
	const struct target *t = only_target(w);
	const struct rule *r = t->rules;

	assert_null(t->setbacks[PART_OBJECT]);
	assert_null(t->setbacks[PART_STATUS]);
	assert_null(t->doubt);
	assert_null(t->held);
	assert_null(t->fight);
	assert_null(r->echo);
	assert_null(r->value);
	assert_null(r->source->setback);
	assert_null(r->source->held);
	assert_int_equal(t->job.kind, JOB_NONE);
	assert_int_equal(t->alarm.place, 0);
}

static void test_nothing_of_a_failure_is_kept_once_all_is_well(void **state)
{
	static const enum fc_error_class failures[] = { FC_ERR_CONFLICT, FC_ERR_INVALID, FC_ERR_SERVER,
							FC_ERR_FORBIDDEN, FC_ERR_TIMEOUT };
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;
	int version = 100;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	assert_nothing_seldom_is_kept(w);
	for (size_t i = 0; i < FC_ARRAY_LEN(failures); i++) {
		char value[16], text[16];

		snprintf(value, sizeof(value), "%zu", i + 2);
		snprintf(text, sizeof(text), "%d", version);
		world_source_changes(w, source, value, text);
		a = world_take(w, FC_ACTION_PATCH);
		assert_non_null(a);
		assert_non_null(only_target(w)->rules->echo);
		world_fail(w, a, failures[i], -1);
		fc_action_free(a);
		assert_true(only_target(w)->doubt || only_target(w)->setbacks[PART_OBJECT]);
		world_tick(w, 60000);
		/* Somebody has changed it meanwhile; what is read of the source, if it is, is the same. */
		while ((a = world_take(w, FC_ACTION_READ)) || (a = world_take(w, FC_ACTION_PATCH))) {
			snprintf(text, sizeof(text), "%d", ++version);
			if (strcmp(a->name, "src") == 0)
				world_answer(w, a,
					     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'%s'},"
					       "'data':{'a':'%s'}}",
					       text, value));
			else
				world_answer(w, a, world_target(a->type == FC_ACTION_PATCH ? value : "0", text));
			fc_action_free(a);
		}
		assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
		/* A minute later nobody is fighting either. */
		world_tick(w, 60000);
		snprintf(text, sizeof(text), "%d", ++version);
		world_object(w, watches.secrets[EDGE1], world_target(value, text));
		world_answer_read(w, "dst", world_target(value, text));
		assert_nothing_seldom_is_kept(w);
		version++;
	}
	fc_action_free(source);
	world_watches_free(&watches);
}

/* What the server made of it: else it would be written again and again. */
static void test_echo_is_kept_where_the_server_made_something_else_of_the_wish(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_answer(w, a, world_target("pruned", "30"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	assert_non_null(only_target(w)->rules->echo);
	world_source_changes(w, source, "3", "12");
	a = world_take(w, FC_ACTION_PATCH);
	world_answer(w, a, world_target("3", "31"));
	fc_action_free(a);
	assert_nothing_seldom_is_kept(w);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_conflict_whose_event_was_held_is_decided_at_once(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_object(w, watches.secrets[EDGE1], world_target("1", "30"));
	assert_quiet(w);
	world_fail(w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	assert_int_equal(world_count(w, FC_ACTION_READ), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_conflict_without_an_event_reads_after_two_seconds(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_fail(w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	assert_int_equal(fc_engine_deadline(w->engine), w->now_ms + 2000);
	world_tick(w, 1999);
	assert_quiet(w);
	world_tick(w, 1);
	assert_int_equal(world_count(w, FC_ACTION_READ), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* The refusal comes after the source has moved on: it was of the old value. */
static void test_refusal_of_a_value_that_is_no_longer_wanted_counts_for_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "bad", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_source_changes(w, source, "good", "12");
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a, world_target("1", "21"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'good'}"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A 422 is also what another object under that name gives: one read tells. */
static void test_refusal_is_invalid_only_at_the_version_it_was_decided_on(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a, world_target("1", "25"));
	fc_action_free(a);
	/* It had moved on: decide again. */
	a = world_take(w, FC_ACTION_PATCH);
	if (!a) {
		a = world_take(w, FC_ACTION_READ);
		assert_non_null(a);
		world_answer(w, a,
			     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
		fc_action_free(a);
		a = world_take(w, FC_ACTION_PATCH);
	}
	assert_non_null(a);
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	a = world_take(w, FC_ACTION_READ);
	world_answer(w, a, world_target("1", "25"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "dst", "data"), "Invalid/Refused");
	assert_quiet(w);
	/* Not again by itself, but with a new value. */
	world_tick(w, 3600000);
	assert_quiet(w);
	world_source_changes(w, source, "3", "12");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_unknown_outcome_is_read_back_once(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	world_fail(w, a, FC_ERR_TIMEOUT, -1);
	fc_action_free(a);
	assert_quiet(w);
	world_tick(w, 250);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "dst");
	/* It had taken effect: nothing more to do. */
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_server_error_is_retried_with_growing_delays_and_called_error_after_three(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	for (int tries = 1; tries <= 4; tries++) {
		int64_t before = w->now_ms;

		a = world_take(w, FC_ACTION_PATCH);
		assert_non_null(a);
		world_fail(w, a, FC_ERR_SERVER, tries == 4 ? 30000 : -1);
		fc_action_free(a);
		assert_string_equal(world_state(w, "dst", "data"),
				    tries < 3 ? "Pending/Retrying" : "Error/TargetFailed");
		assert_quiet(w);
		/* Retry-After is obeyed where it is longer. */
		if (tries == 4)
			assert_int_equal(fc_engine_deadline(w->engine) - before, 30000);
		else
			assert_in_range(fc_engine_deadline(w->engine) - before, 200 << (tries - 1), 250 << (tries - 1));
		world_tick(w, fc_engine_deadline(w->engine) - w->now_ms);
		/* The value did not live that long: the source is read again. */
		a = world_take(w, FC_ACTION_READ);
		assert_non_null(a);
		assert_string_equal(a->name, "src");
		world_answer(w, a,
			     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
		fc_action_free(a);
	}
	a = world_take(w, FC_ACTION_PATCH);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Restored from a backup: versions begin again below those that were seen. What the server says, unovertaken, is so. */
static void test_older_answer_that_nothing_has_overtaken_is_believed(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1], world_target("foreign", "90"));
	a = world_take(w, FC_ACTION_READ);
	world_answer(w, a, world_target("restored", "15"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "src");
	world_answer(w, a, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'7'},'data':{'a':'1'}}"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 0), J("{'op':'replace','path':'/metadata/resourceVersion','value':'15'}"));
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Of a dead one under the same name nothing holds for the new one (kube-client 6.6). */
static void test_target_made_again_under_its_name_is_a_new_target(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;
	json_t *again;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	again = world_target("other", "40");
	json_object_set_new(json_object_get(again, "metadata"), "uid", json_string("another"));
	world_object(w, watches.secrets[EDGE1], json_incref(again));
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a, again);
	fc_action_free(a);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "src");
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* B30. */
static void test_target_being_deleted_is_not_written(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;
	json_t *dying;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	dying = world_target("1", "22");
	json_object_set_new(json_object_get(dying, "metadata"), "deletionTimestamp",
			    json_string("2026-01-01T00:00:00Z"));
	world_object(w, watches.secrets[EDGE1], dying);
	world_source_changes(w, source, "2", "11");
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "Pending/TargetTerminating");
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_list_with_an_unnamed_item_removes_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;
	struct fc_event *end;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_list_begin(w, watches.secrets[EDGE1]);
	end = world_watch_event(FC_EVENT_LIST_END, watches.secrets[EDGE1]);
	world_step(w, end);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_conflict_that_persists_is_tried_less_and_less_often(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *a;
	int writes = 0;

	world_start(w, &watches);
	world_object(w, watches.configmaps[HUB], world_bearer("t", "20", WORLD_RULE("data.k", "json:1"), ""));
	for (int second = 0; second < 3600; second++) {
		while ((a = world_take(w, FC_ACTION_READ))) {
			world_answer(w, a, world_bearer("t", "20", WORLD_RULE("data.k", "json:1"), ""));
			fc_action_free(a);
		}
		while ((a = world_take(w, FC_ACTION_PATCH))) {
			writes++;
			world_fail(w, a, FC_ERR_CONFLICT, -1);
			fc_action_free(a);
		}
		world_tick(w, 1000);
	}
	/* Doubled up to five minutes: ten on the way, twelve to sixteen in the rest of the hour. */
	assert_in_range(writes, 10, 30);
	world_watches_free(&watches);
}

static void test_unreadable_version_that_comes_during_a_write_is_an_error_after_it(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *a;
	struct fc_event *e;

	world_start(w, &watches);
	world_object(w, watches.configmaps[HUB], world_bearer("t", "20", WORLD_RULE("data.k", "json:1"), ""));
	world_answer_read(w, "t", world_bearer("t", "20", WORLD_RULE("data.k", "json:1"), ""));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	e = world_watch_event(FC_EVENT_OBJECT_UNREADABLE, watches.configmaps[HUB]);
	e->namespace_ = fc_xstrdup("ns");
	e->name = fc_xstrdup("t");
	e->resource_version = fc_xstrdup("22");
	fc_error_set(&e->error, FC_ERR_LIMIT, "nested too deeply");
	world_step(w, e);
	world_answer(w, a, world_bearer("t", "21", WORLD_RULE("data.k", "json:1"), "'k':1"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "ns/t", NULL), "Error/TargetUnreadable");
	world_watches_free(&watches);
}

/* The next write, what it reads before it being answered. */
static struct fc_action *patch_after_reads(struct world *w, const char *rules)
{
	struct fc_action *patch, *read;

	while (!(patch = world_take(w, FC_ACTION_PATCH))) {
		read = world_take(w, FC_ACTION_READ);
		assert_non_null(read);
		if (strcmp(read->name, "dst") == 0)
			world_answer(w, read, world_bearer("dst", "20", rules, ""));
		else
			world_answer(w, read,
				     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},"
				       "'data':{'a':'1'}}"));
		fc_action_free(read);
	}
	return patch;
}

static void refuse(struct world *w, const char *rules, size_t operations)
{
	struct fc_action *a = patch_after_reads(w, rules);

	assert_int_equal(json_array_size(a->body), 1 + operations);
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	world_answer_read(w, "dst", world_bearer("dst", "20", rules, ""));
}

/* Which of them is at fault is found out, and the others are applied. */
static void test_refusal_of_overlapping_rules_ends_for_those_at_fault(void **state)
{
	static const char rules[] = WORLD_RULE("data", "secret:src:data") "," WORLD_RULE(
		"data.x", "secret:other:data.v") "," WORLD_RULE("data.y", "json:1");
	static const char src[] =
		"{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}";
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *of_src, *other, *a;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], world_bearer("dst", "20", rules, ""));
	world_resolve(w);
	of_src = world_take_watch(w, HUB, "secrets", false);
	other = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(other);
	assert_string_equal(other->name, "other");
	world_answer_read(w, "dst", world_bearer("dst", "20", rules, ""));
	world_list(w, of_src, J(src));
	world_list(w, other,
		   J("{'metadata':{'name':'other','namespace':'ns','resourceVersion':'11'},'data':{'v':'bad'}}"));
	refuse(w, rules, 1);
	assert_string_equal(world_state(w, "/dst", "data"), "Invalid/Refused");
	/* x and y, then x alone: `data` is tried without it. */
	refuse(w, rules, 2);
	refuse(w, rules, 1);
	assert_string_equal(world_state(w, "/dst", "data.x"), "Invalid/Refused");
	a = patch_after_reads(w, rules);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'1','y':1}"));
	world_fail(w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	/* It is x that changes, and neither y nor what is around both. */
	world_object(w, other,
		     J("{'metadata':{'name':'other','namespace':'ns','resourceVersion':'12'},'data':{'v':'good'}}"));
	a = patch_after_reads(w, rules);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'1','x':'good','y':1}"));
	fc_action_free(a);
	fc_action_free(of_src);
	fc_action_free(other);
	world_watches_free(&watches);
}

/* In a restored cluster the item of a list is the truth, smaller version or not. */
static void test_listed_item_with_a_smaller_version_counts_after_a_failed_write(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	/* An event from before the restore, then the list. */
	world_object(w, watches.secrets[EDGE1], world_target("1", "900"));
	world_list(w, watches.secrets[EDGE1], world_target("0", "15"));
	world_fail(w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	/* It is the event that a 409 waits for: no delay. */
	world_answer_read(w, "dst", world_target("0", "15"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 0), J("{'op':'replace','path':'/metadata/resourceVersion','value':'15'}"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Generations begin again too: an equal one says nothing about another content. */
static void test_equal_generation_of_a_smaller_version_is_no_answer(void **state)
{
	static const char *const words[] = { "deployments" };
	static const char object[] =
		"{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','generation':3,"
		"'annotations':{'k8s-copier.fig.org/replace-spec.x':'json:1'}},'spec':{'x':%d}}";
	struct world *w = world_new_with(words, 1, NULL, 0);
	struct fc_action *watch;

	(void)state;
	world_up(w, EDGE1);
	world_resolve(w);
	watch = world_take_watch(w, EDGE1, "deployments", true);
	assert_non_null(watch);
	world_list(w, watch, J(object, "100", 1));
	world_answer_read(w, "dst", J(object, "100", 1));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	/* Another version with that generation: nothing in spec has changed. */
	world_object(w, watch, J(object, "101", 1));
	assert_quiet(w);
	world_list(w, watch, J(object, "50", 2));
	world_answer_read(w, "dst", J(object, "50", 2));
	/* Two of the clusters are not up: their lists of targets are waited for that long. */
	world_tick(w, 2000);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(watch);
	world_free(w);
}

/* The same where the list comes while a write is under way: what was held is as little to be believed. */
static void test_equal_generation_in_a_list_during_a_write_is_no_answer(void **state)
{
	static const char *const words[] = { "deployments" };
	static const char object[] =
		"{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','generation':3,"
		"'annotations':{'k8s-copier.fig.org/replace-spec.x':'json:1'}},'spec':{'x':%d}}";
	struct world *w = world_new_with(words, 1, NULL, 0);
	struct fc_action *watch, *a;

	(void)state;
	world_up(w, EDGE1);
	world_resolve(w);
	watch = world_take_watch(w, EDGE1, "deployments", true);
	assert_non_null(watch);
	world_list(w, watch, J(object, "100", 2));
	world_answer_read(w, "dst", J(object, "100", 2));
	world_tick(w, 2000);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	/* Restored from a backup, it has come to the same generation by other ways. */
	world_list(w, watch, J(object, "110", 1));
	world_object(w, watch, J(object, "111", 1));
	world_fail(w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	world_answer_read(w, "dst", J(object, "111", 1));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(watch);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_own_echo_before_the_answer_causes_no_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_change_behind_the_echo_is_read_and_undone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_drift_at_rest_costs_one_read_of_each_side_and_one_write, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_value_that_the_server_mutates_is_written_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_waits_for_its_event_and_decides_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_of_a_failure_is_kept_once_all_is_well, setup, teardown),
		cmocka_unit_test_setup_teardown(test_echo_is_kept_where_the_server_made_something_else_of_the_wish,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_whose_event_was_held_is_decided_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_without_an_event_reads_after_two_seconds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_refusal_of_a_value_that_is_no_longer_wanted_counts_for_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusal_is_invalid_only_at_the_version_it_was_decided_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_unknown_outcome_is_read_back_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_server_error_is_retried_with_growing_delays_and_called_error_after_three, setup, teardown),
		cmocka_unit_test_setup_teardown(test_older_answer_that_nothing_has_overtaken_is_believed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_target_made_again_under_its_name_is_a_new_target, setup, teardown),
		cmocka_unit_test_setup_teardown(test_target_being_deleted_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list_with_an_unnamed_item_removes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_that_persists_is_tried_less_and_less_often, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_version_that_comes_during_a_write_is_an_error_after_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusal_of_overlapping_rules_ends_for_those_at_fault, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_listed_item_with_a_smaller_version_counts_after_a_failed_write,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_generation_of_a_smaller_version_is_no_answer, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_equal_generation_in_a_list_during_a_write_is_no_answer, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
