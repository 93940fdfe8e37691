/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's life on a master and two members, by events and actions alone. */
#include "world.h"

/* A target on edge-2 that reads another place of the same source. */
#define OTHER_PLACE                                                                                     \
	J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'500','annotations':" \
	  "{'k8s-copier.fig.org/replace-data.a':'secret:src:data.a'}},'data':{'a':'1'}}")

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

/* The whole story on both members at once: first seen, first copy, a change, drift, withdrawal. */
static void test_a_rule_lives_on_two_members(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a, *b;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	/* The same rule on the other member: the source is watched already, and what is wanted of it is known. One read
	 * of the target. */
	world_object(w, watches.secrets[EDGE2], world_target("old", "500"));
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_int_equal(a->cluster, EDGE2);
	assert_string_equal(a->name, "dst");
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
	world_answer(w, a, world_target("old", "500"));
	fc_action_free(a);
	/* It differs: the value is needed, and was not kept. */
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_int_equal(a->cluster, HUB);
	assert_string_equal(a->name, "src");
	world_answer(w, a, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(a->body, J("[{'op':'replace','path':'/metadata/resourceVersion','value':'500'},"
			       "{'op':'add','path':'/data','value':{'a':'1'}}]"));
	world_answer(w, a, world_target("1", "501"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "edge-2", "data"), "InSync/InSync");

	/* One change of the source: one write on each member, no read (promise 3). */
	world_source_changes(w, source, "2", "11");
	assert_int_equal(world_count(w, FC_ACTION_READ), 0);
	a = world_take(w, FC_ACTION_PATCH);
	b = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->cluster + b->cluster, EDGE1 + EDGE2);
	world_answer(w, a, world_target("2", a->cluster == EDGE1 ? "22" : "502"));
	world_answer(w, b, world_target("2", b->cluster == EDGE1 ? "22" : "502"));
	fc_action_free(a);
	fc_action_free(b);
	assert_quiet(w);
	assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
	assert_string_equal(world_state(w, "edge-2", "data"), "InSync/InSync");

	/* The rule is withdrawn on one member (B15): changes go to the other alone. */
	world_object(w, watches.secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'30'}}"));
	assert_string_equal(world_state(w, "edge-1", NULL), "none");
	world_source_changes(w, source, "3", "12");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_int_equal(a->cluster, EDGE2);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	world_answer(w, a, world_target("3", "503"));
	fc_action_free(a);

	/* Nobody names the source any more: its watch ends. */
	world_gone(w, watches.secrets[EDGE2], "ns", "dst", "504");
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_non_null(a);
	assert_int_equal(a->watch, source->watch);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_first_step_asks_what_the_target_words_mean_everywhere(void **state)
{
	struct world *w = *state;

	world_tick(w, 0);
	assert_int_equal(world_count(w, FC_ACTION_RESOLVE), 2 * CLUSTERS);
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
}

/* Promise 3: after a restart in sync there is no read of a source, however late the last cluster tells its targets. */
static void test_sources_are_watched_when_every_cluster_has_told_its_targets(void **state)
{
	struct world *w = *state;
	struct fc_action *first, *second, *third, *a;

	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(w, i);
	world_resolve(w);
	first = world_take_watch(w, EDGE1, "secrets", true);
	second = world_take_watch(w, EDGE2, "secrets", true);
	world_list(w, first, world_target("1", "20"));
	world_resolve(w);
	assert_null(world_take_watch(w, HUB, "secrets", false));
	world_list(w, second, OTHER_PLACE);
	while ((third = world_take(w, FC_ACTION_START_WATCH))) {
		world_list(w, third, NULL);
		if (!third->metadata_only)
			break;
		fc_action_free(third);
	}
	assert_non_null(third);
	assert_string_equal(third->name, "src");
	world_list(w, third, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	while ((a = world_take(w, FC_ACTION_READ))) {
		assert_string_equal(a->name, "dst");
		world_answer(w, a, a->cluster == EDGE1 ? world_target("1", "20") : OTHER_PLACE);
		fc_action_free(a);
	}
	assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
	assert_string_equal(world_state(w, "edge-2", "data.a"), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(first);
	fc_action_free(second);
	fc_action_free(third);
}

static void test_object_without_rules_costs_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[HUB],
		     J("{'metadata':{'name':'x','namespace':'ns','resourceVersion':'5','annotations':{'other':'1'}}}"));
	assert_null(w->actions.first);
	world_watches_free(&watches);
}

static void test_equal_target_is_never_written(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], world_target("1", "20"));
	world_resolve(w);
	source = world_take_watch(w, HUB, "secrets", false);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(w, a, world_target("1", "20"));
	fc_action_free(a);
	world_list(w, source,
		   J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
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

/* B7, B13: the target keeps what it has. */
static void test_source_that_goes_leaves_the_target_and_comes_back(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_gone(w, source, "ns", "src", "12");
	assert_quiet(w);
	assert_string_equal(world_state(w, "dst", "data"), "SourceNotFound/SourceNotFound");
	/* A late event of before the deletion does not bring it back. */
	world_source_changes(w, source, "late", "11");
	assert_quiet(w);
	world_source_changes(w, source, "again", "13");
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'again'}"));
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_path_that_is_missing_or_null_leaves_the_target(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, source, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'}}"));
	assert_string_equal(world_state(w, "dst", "data"), "PathNotFound/PathNotFound");
	world_object(w, source, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'12'},'data':null}"));
	assert_string_equal(world_state(w, "dst", "data"), "PathNotFound/PathNotFound");
	assert_quiet(w);
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
	world_tick(w, 200);
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
			assert_in_range(fc_engine_deadline(w->engine) - before, 150 << (tries - 1), 200 << (tries - 1));
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

/* A rule on another place of a source that is known: its body was not kept. The read fails, and nothing else would ever
 * tell. */
static void test_failed_read_of_a_source_is_tried_again(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a, *b = NULL;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE2], OTHER_PLACE);
	while ((a = world_take(w, FC_ACTION_READ))) {
		if (a->cluster == HUB)
			b = a;
		else
			world_answer(w, a, OTHER_PLACE);
		if (a != b)
			fc_action_free(a);
	}
	assert_non_null(b);
	world_fail(w, b, FC_ERR_SERVER, -1);
	fc_action_free(b);
	assert_string_equal(world_state(w, "edge-2", "data.a"), "Error/SourceFailed");
	assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
	assert_true(fc_engine_deadline(w->engine) > w->now_ms);
	world_tick(w, fc_engine_deadline(w->engine) - w->now_ms);
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_int_equal(a->cluster, HUB);
	world_answer(w, a, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "edge-2", "data.a"), "InSync/InSync");
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

static void test_word_that_means_another_version_moves_its_targets(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_resource v2 = world_resources[0];
	struct fc_action *source, *a;
	struct fc_event *e;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	/* The same type with other verbs is the same type. */
	v2.verbs &= ~(unsigned)FC_VERB_CREATE;
	for (int i = 0; i < 2; i++) {
		e = fc_event_new(FC_EVENT_RESOLVED);
		e->cluster = EDGE1;
		e->name = fc_xstrdup("secrets");
		e->resource = fc_resource_new(&v2);
		world_step(w, e);
		if (i == 0) {
			assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
			assert_string_equal(world_state(w, "edge-1", "data"), "InSync/InSync");
		}
		v2.version = "v2";
	}
	assert_string_equal(world_state(w, "edge-1", NULL), "none");
	a = world_take_watch(w, EDGE1, "secrets", true);
	assert_non_null(a);
	assert_string_equal(a->resource->version, "v2");
	fc_action_free(a);
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_non_null(a);
	fc_action_free(a);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_edited_rule_goes_on_using_its_word(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'30','annotations':"
		       "{'k8s-copier.fig.org/replace-data.x':'secret:src:data.a'}}}"));
	assert_int_equal(world_count(w, FC_ACTION_FORGET_WORD), 0);
	assert_int_equal(world_count(w, FC_ACTION_RESOLVE), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Whoever may annotate must not be able to leave questions behind that are asked for ever. */
static void test_word_that_no_rule_uses_any_more_is_forgotten(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *a;

	world_start(w, &watches);
	for (int i = 0; i < 2; i++)
		world_object(
			w, watches.secrets[EDGE1],
			J("{'metadata':{'name':'t%d','namespace':'ns','uid':'%d','resourceVersion':'%d','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'gadget:src:data'}}}",
			  i, i, 30 + i));
	assert_int_equal(world_count(w, FC_ACTION_RESOLVE), 1);
	world_resolve(w);
	world_gone(w, watches.secrets[EDGE1], "ns", "t0", "40");
	assert_int_equal(world_count(w, FC_ACTION_FORGET_WORD), 0);
	world_gone(w, watches.secrets[EDGE1], "ns", "t1", "41");
	a = world_take(w, FC_ACTION_FORGET_WORD);
	assert_non_null(a);
	assert_int_equal(a->cluster, HUB);
	assert_string_equal(a->name, "gadget");
	fc_action_free(a);
	world_watches_free(&watches);
}

static void test_unreachable_member_delays_nobody_and_catches_up(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_down(w, EDGE1);
	assert_string_equal(world_state(w, "dst", "data"), "ClusterUnreachable/TargetCluster");
	world_source_changes(w, source, "2", "11");
	assert_quiet(w);
	world_up(w, EDGE1);
	/* The value was not kept while nobody could take it. */
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_int_equal(a->cluster, HUB);
	world_answer(w, a, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
	fc_action_free(a);
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 1);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void up_as(struct world *w, fc_cluster_no cluster, const char *id)
{
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_UP);

	e->cluster = cluster;
	e->name = fc_xstrdup(id);
	world_step(w, e);
}

/* design section 8: a usage error at start. */
static void test_two_names_of_one_cluster_end_the_program_at_the_start(void **state)
{
	struct world *w = *state;
	struct fc_action *a;

	up_as(w, EDGE1, "same");
	up_as(w, EDGE2, "same");
	a = world_take(w, FC_ACTION_GIVE_UP);
	assert_non_null(a);
	assert_non_null(strstr(a->name, "edge-1"));
	assert_non_null(strstr(a->name, "edge-2"));
	fc_action_free(a);
}

/* And one that is reached later is stopped with an error. */
static void test_two_names_of_one_cluster_later_leave_the_second_alone(void **state)
{
	struct world *w = *state;
	struct fc_cluster_summary summary;

	up_as(w, EDGE1, "same");
	world_tick(w, 2000);
	up_as(w, EDGE2, "same");
	assert_int_equal(world_count(w, FC_ACTION_GIVE_UP), 0);
	fc_engine_cluster(w->engine, EDGE2, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	assert_non_null(strstr(summary.message, "edge-1"));
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_int_not_equal(summary.state, FC_CLUSTER_UNREACHABLE);
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

/* A relist is how a missed deletion shows (kube-client 6.5). */
static void test_relist_that_does_not_name_an_object_means_it_is_gone(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_list(w, source, NULL);
	assert_string_equal(world_state(w, "dst", "data"), "SourceNotFound/SourceNotFound");
	world_list(w, watches.secrets[EDGE1], NULL);
	assert_string_equal(world_state(w, "dst", NULL), "none");
	assert_quiet(w);
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

static void test_same_seed_and_events_give_the_same_actions(void **state)
{
	char *texts[2] = { NULL, NULL };

	(void)state;
	for (int run = 0; run < 2; run++) {
		struct world *w = world_new();
		struct world_watches watches;
		struct fc_action *source, *a;

		world_start(w, &watches);
		world_pair(w, &watches, EDGE1, &source);
		world_source_changes(w, source, "2", "11");
		a = world_take(w, FC_ACTION_PATCH);
		world_fail(w, a, FC_ERR_SERVER, -1);
		texts[run] = fc_xasprintf("%lld", (long long)fc_engine_deadline(w->engine));
		fc_action_free(a);
		fc_action_free(source);
		world_watches_free(&watches);
		world_free(w);
	}
	assert_string_equal(texts[0], texts[1]);
	free(texts[0]);
	free(texts[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_rule_lives_on_two_members, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_step_asks_what_the_target_words_mean_everywhere, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sources_are_watched_when_every_cluster_has_told_its_targets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_object_without_rules_costs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_target_is_never_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_echo_before_the_answer_causes_no_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_change_behind_the_echo_is_read_and_undone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_drift_at_rest_costs_one_read_of_each_side_and_one_write, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_source_that_goes_leaves_the_target_and_comes_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_path_that_is_missing_or_null_leaves_the_target, setup, teardown),
		cmocka_unit_test_setup_teardown(test_value_that_the_server_mutates_is_written_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_waits_for_its_event_and_decides_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_whose_event_was_held_is_decided_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict_without_an_event_reads_after_two_seconds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_refusal_is_invalid_only_at_the_version_it_was_decided_on, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_unknown_outcome_is_read_back_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_server_error_is_retried_with_growing_delays_and_called_error_after_three, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_read_of_a_source_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_older_answer_that_nothing_has_overtaken_is_believed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_word_that_means_another_version_moves_its_targets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_edited_rule_goes_on_using_its_word, setup, teardown),
		cmocka_unit_test_setup_teardown(test_word_that_no_rule_uses_any_more_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable_member_delays_nobody_and_catches_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_names_of_one_cluster_end_the_program_at_the_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_two_names_of_one_cluster_later_leave_the_second_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_target_made_again_under_its_name_is_a_new_target, setup, teardown),
		cmocka_unit_test_setup_teardown(test_target_being_deleted_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(test_relist_that_does_not_name_an_object_means_it_is_gone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_list_with_an_unnamed_item_removes_nothing, setup, teardown),
		cmocka_unit_test(test_same_seed_and_events_give_the_same_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
