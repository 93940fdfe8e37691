/* SPDX-License-Identifier: Apache-2.0 */
/* Several rules of one target: one wanted value per place, one write for all. */
#include "world.h"

#define RULES_NESTED \
	"{'k8s-copier.fig.org/replace-data':'secret:whole:data','k8s-copier.fig.org/replace-data.x':'secret:part:data.v'}"
#define RULES_APART \
	"{'k8s-copier.fig.org/replace-data.a':'secret:whole:data.a','k8s-copier.fig.org/replace-data.x':'secret:part:data.v'}"

struct fixture {
	struct world *w;
	struct world_watches watches;
	struct fc_action *whole, *part; /* the sources' watches */
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->w = world_new();
	world_start(f->w, &f->watches);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fc_action_free(f->whole);
	fc_action_free(f->part);
	world_watches_free(&f->watches);
	world_free(f->w);
	free(f);
	return 0;
}

static json_t *target(const char *rules, const char *data, const char *version)
{
	return J(
		"{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','annotations':%s},'data':%s}",
		version, rules, data);
}

static json_t *whole(const char *data, const char *version)
{
	return J("{'metadata':{'name':'whole','namespace':'ns','resourceVersion':'%s'},'data':%s}", version, data);
}

static json_t *part(const char *value, const char *version)
{
	return J("{'metadata':{'name':'part','namespace':'ns','resourceVersion':'%s'},'data':{'v':%s}}", version,
		 value);
}

/* The target is seen and read; the watches of both sources are there, nothing has come on them. */
static void begin(struct fixture *f, const char *rules, const char *data)
{
	struct fc_action *a;

	world_object(f->w, f->watches.secrets[EDGE1], target(rules, data, "20"));
	world_resolve(f->w);
	f->whole = world_take_watch(f->w, HUB, "secrets", false);
	f->part = world_take_watch(f->w, HUB, "secrets", false);
	if (strcmp(f->whole->name, "part") == 0) {
		a = f->whole;
		f->whole = f->part;
		f->part = a;
	}
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(f->w, a, target(rules, data, "20"));
	fc_action_free(a);
}

/* Answers every read of a source that is asked for. */
static void serve_reads(struct fixture *f, json_t *whole_now, json_t *part_now)
{
	struct fc_action *a;

	while ((a = world_take(f->w, FC_ACTION_READ))) {
		world_answer(f->w, a, json_incref(strcmp(a->name, "whole") == 0 ? whole_now : part_now));
		fc_action_free(a);
	}
	json_decref(whole_now);
	json_decref(part_now);
}

static void test_rules_apart_make_one_write_when_all_sources_have_synced(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_APART, "{}");
	world_list(f->w, f->whole, whole("{'a':'1'}", "10"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("{'a':'1'}", "10"), part("'p'", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(a->body, J("[{'op':'replace','path':'/metadata/resourceVersion','value':'20'},"
			       "{'op':'add','path':'/data/a','value':'1'},{'op':'add','path':'/data/x','value':'p'}]"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	world_answer(f->w, a, target(RULES_APART, "{'a':'1','x':'p'}", "21"));
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "dst", "data.a"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
}

static void test_a_source_that_never_syncs_delays_the_others_half_a_second(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_APART, "{}");
	world_list(f->w, f->whole, whole("{'a':'1'}", "10"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	world_tick(f->w, 500);
	serve_reads(f, whole("{'a':'1'}", "10"), part("'p'", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_int_equal(json_array_size(a->body), 2);
	fc_action_free(a);
}

static void test_child_is_applied_into_its_parents_value_in_one_operation(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_NESTED, "{'x':'own'}");
	world_list(f->w, f->whole, whole("{'a':'1','x':'0'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("{'a':'1','x':'0'}", "10"), part("'p'", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(a->body, J("[{'op':'replace','path':'/metadata/resourceVersion','value':'20'},"
			       "{'op':'add','path':'/data','value':{'a':'1','x':'p'}}]"));
	world_answer(f->w, a, target(RULES_NESTED, "{'a':'1','x':'p'}", "21"));
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
	assert_quiet(f->w);

	/* A change of one side: one read of the other, then one write (promise 3). */
	world_object(f->w, f->part, part("'q'", "12"));
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "whole");
	world_answer(f->w, a, whole("{'a':'1','x':'0'}", "10"));
	fc_action_free(a);
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'1','x':'q'}"));
	assert_quiet(f->w);
	fc_action_free(a);
}

/* A value lives only while its write is pending: not for the minutes in which another one cannot be had. */
static void test_value_is_not_kept_while_another_of_its_group_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;
	int parts = 0, wholes = 0;

	begin(f, RULES_NESTED, "{'a':'1','x':'p'}");
	world_list(f->w, f->whole, whole("{'a':'1','x':'0'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("{'a':'1','x':'0'}", "10"), part("'p'", "11"));
	world_object(f->w, f->part, part("'q'", "12"));
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "whole");
	world_fail(f->w, a, FC_ERR_SERVER, -1);
	fc_action_free(a);
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "Pending/Retrying");
	world_tick(f->w, fc_engine_deadline(f->w->engine) - f->w->now_ms);
	while ((a = world_take(f->w, FC_ACTION_READ))) {
		bool is_part = strcmp(a->name, "part") == 0;

		parts += is_part;
		wholes += !is_part;
		world_answer(f->w, a, is_part ? part("'q'", "12") : whole("{'a':'1','x':'0'}", "10"));
		fc_action_free(a);
	}
	assert_int_equal(parts, 1);
	assert_int_equal(wholes, 1);
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'1','x':'q'}"));
	fc_action_free(a);
}

static void test_restart_with_nested_rules_in_sync_writes_nothing(void **state)
{
	struct fixture *f = *state;

	begin(f, RULES_NESTED, "{'a':'1','x':'p'}");
	world_list(f->w, f->whole, whole("{'a':'1','x':'0'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("{'a':'1','x':'0'}", "10"), part("'p'", "11"));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
}

/* A parent's value that has no room for the child: the child is Invalid, the parent is applied (isolation, promise 7).
 */
static void test_child_that_does_not_fit_its_parents_value_is_invalid_alone(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_NESTED, "{}");
	world_list(f->w, f->whole, whole("'text'", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("'text'", "10"), part("'p'", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("'text'"));
	world_answer(f->w, a, target(RULES_NESTED, "'text'", "21"));
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "Invalid/TargetPathBlocked");
	assert_quiet(f->w);
	/* And fits again when the parent does. */
	world_object(f->w, f->whole, whole("{'a':'1'}", "12"));
	serve_reads(f, whole("{'a':'1'}", "12"), part("'p'", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'1','x':'p'}"));
	fc_action_free(a);
}

static void test_path_blocked_in_the_target_is_invalid_until_the_target_changes(void **state)
{
	struct fixture *f = *state;

	begin(f, RULES_APART, "'text'");
	world_list(f->w, f->whole, whole("{'a':'1'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data.a"), "Invalid/TargetPathBlocked");
	world_object(f->w, f->watches.secrets[EDGE1], target(RULES_APART, "{}", "22"));
	assert_int_equal(world_count(f->w, FC_ACTION_READ), 1);
}

/* Promise 7: one value that the server will not take does not keep the others from arriving. */
static void test_refusal_of_one_place_is_found_and_the_others_are_written(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_APART, "{}");
	world_list(f->w, f->whole, whole("{'a':'bad'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("{'a':'bad'}", "10"), part("'p'", "11"));
	for (int i = 0; i < 2; i++) {
		a = world_take(f->w, FC_ACTION_PATCH);
		assert_non_null(a);
		/* Both together, then the first alone. */
		assert_int_equal(json_array_size(a->body), i == 0 ? 3 : 2);
		world_fail(f->w, a, FC_ERR_INVALID, -1);
		fc_action_free(a);
		a = world_take(f->w, FC_ACTION_READ);
		assert_non_null(a);
		world_answer(f->w, a, target(RULES_APART, "{}", "20"));
		fc_action_free(a);
	}
	assert_string_equal(world_state(f->w, "dst", "data.a"), "Invalid/Refused");
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 1), J("{'op':'add','path':'/data/x','value':'p'}"));
	world_answer(f->w, a, target(RULES_APART, "{'x':'p'}", "21"));
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.a"), "Invalid/Refused");
	assert_quiet(f->w);
	/* The good one goes on alone; the bad one is tried again when its own source changes. */
	world_object(f->w, f->part, part("'q'", "12"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_int_equal(json_array_size(a->body), 2);
	world_answer(f->w, a, target(RULES_APART, "{'x':'q'}", "22"));
	fc_action_free(a);
	assert_quiet(f->w);
	world_object(f->w, f->whole, whole("{'a':'good'}", "13"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 1), J("{'op':'add','path':'/data/a','value':'good'}"));
	fc_action_free(a);
}

/* The write that is under way is refused: with the target as it was. */
static void refuse(struct fixture *f, json_t *standing, json_t *value)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), value);
	world_fail(f->w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(f->w, a, standing);
	fc_action_free(a);
}

static void expect_patch(struct fixture *f, json_t *operation)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_int_equal(json_array_size(a->body), 2);
	assert_json(json_array_get(a->body, 1), operation);
	fc_action_free(a);
}

/* What was refused without it says nothing of all of them. */
static void test_refusal_that_comes_after_a_rule_inside_has_got_its_value_counts_for_nothing(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_NESTED, "{}");
	world_list(f->w, f->whole, whole("{'x':'bad'}", "10"));
	world_list(f->w, f->part, part("null", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'x':'bad'}"));
	world_object(f->w, f->part, part("'good'", "12"));
	world_fail(f->w, a, FC_ERR_INVALID, -1);
	fc_action_free(a);
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "dst");
	world_answer(f->w, a, target(RULES_NESTED, "{}", "20"));
	fc_action_free(a);
	serve_reads(f, whole("{'x':'bad'}", "10"), part("'good'", "12"));
	expect_patch(f, J("{'op':'add','path':'/data','value':{'x':'good'}}"));
}

#define RULES_LITERAL \
	"{'k8s-copier.fig.org/replace-status':'secret:whole:data','k8s-copier.fig.org/replace-status.x':'json:1'}"

static void test_wide_rule_that_was_refused_is_tried_again_with_a_literal_that_comes_to_be_permitted(void **state)
{
	struct fixture *f = *state;

	world_permit(f->w, "[{'from':'hub/ns','to':'edge-1/ns','resources':['*']}]");
	world_object(f->w, f->watches.secrets[EDGE1], target(RULES_LITERAL, "{}", "20"));
	world_resolve(f->w);
	f->whole = world_take_watch(f->w, HUB, "secrets", false);
	assert_non_null(f->whole);
	world_answer_read(f->w, "dst", target(RULES_LITERAL, "{}", "20"));
	world_list(f->w, f->whole, whole("{'x':'bad'}", "10"));
	refuse(f, target(RULES_LITERAL, "{}", "20"), J("{'x':'bad'}"));
	assert_string_equal(world_state(f->w, "dst", "status"), "Invalid/Refused");
	assert_string_equal(world_state(f->w, "dst", "status.x"), "NotAllowed/NotAllowed");
	assert_quiet(f->w);
	world_permit(f->w, "[{'from':'*/ns','to':'edge-1/ns','resources':['*']}]");
	serve_reads(f, whole("{'x':'bad'}", "10"), part("'p'", "11"));
	expect_patch(f, J("{'op':'add','path':'/status','value':{'x':1}}"));
}

/* B28. */
static void test_d01_literal_is_written_without_any_source(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;
	const char *rules = "{'k8s-copier.fig.org/replace-data.n':'json:3'}";

	world_object(f->w, f->watches.configmaps[EDGE2], target(rules, "{}", "20"));
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	world_answer(f->w, a, target(rules, "{}", "20"));
	fc_action_free(a);
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 1), J("{'op':'add','path':'/data/n','value':3}"));
	world_answer(f->w, a, target(rules, "{'n':3}", "21"));
	fc_action_free(a);
	/* Drift of a literal: one read of the target, no other. 3.0 is 3 (D16). */
	world_object(f->w, f->watches.configmaps[EDGE2], target(rules, "{'n':3.0}", "22"));
	a = world_take(f->w, FC_ACTION_READ);
	world_answer(f->w, a, target(rules, "{'n':3.0}", "22"));
	fc_action_free(a);
	assert_quiet(f->w);
	world_object(f->w, f->watches.configmaps[EDGE2], target(rules, "{'n':4}", "23"));
	a = world_take(f->w, FC_ACTION_READ);
	world_answer(f->w, a, target(rules, "{'n':4}", "23"));
	fc_action_free(a);
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 1);
	assert_int_equal(world_count(f->w, FC_ACTION_READ), 0);
}

/* design section 5, Reading: where rules touch only spec and the kind counts generations, the metadata says enough. */
static void test_unchanged_generation_needs_no_read(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

#define WITH                                                                                                               \
	"{'metadata':{'name':'dst','namespace':'ns','uid':'t','generation':%d,'resourceVersion':'%d','labels':{'l':'%d'}," \
	"'annotations':{'k8s-copier.fig.org/replace-spec.n':'json:3'}},'spec':{'n':3}}"
#define AT(generation, version) J(WITH, generation, version, version)
	world_object(f->w, f->watches.configmaps[HUB], AT(1, 20));
	a = world_take(f->w, FC_ACTION_READ);
	world_answer(f->w, a, AT(1, 20));
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "dst", "spec.n"), "InSync/InSync");
	world_object(f->w, f->watches.configmaps[HUB], AT(1, 21));
	assert_quiet(f->w);
	world_object(f->w, f->watches.configmaps[HUB], AT(2, 22));
	assert_int_equal(world_count(f->w, FC_ACTION_READ), 1);
#undef AT
#undef WITH
}

/* Promise 6: somebody else keeps undoing what is written. More than ten times in a minute is a flap. */
static void test_rival_is_slowed_down_after_ten_rewrites_in_a_minute(void **state)
{
	struct fixture *f = *state;
	const char *rules = "{'k8s-copier.fig.org/replace-data.n':'json:1'}";
	struct fc_action *a;
	int version = 20, writes = 0;

	for (int i = 0; i < 40 && writes < 13; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", ++version);
		world_object(f->w, f->watches.secrets[EDGE1], target(rules, "{'n':2}", text));
		a = world_take(f->w, FC_ACTION_READ);
		if (!a)
			break;
		world_answer(f->w, a, target(rules, "{'n':2}", text));
		fc_action_free(a);
		a = world_take(f->w, FC_ACTION_PATCH);
		if (!a)
			break;
		writes++;
		snprintf(text, sizeof(text), "%d", ++version);
		world_answer(f->w, a, target(rules, "{'n':1}", text));
		fc_action_free(a);
		world_tick(f->w, 100);
	}
	/* The first write is no rewrite: it is the rule's own. Eleven rewrites are more than ten. */
	assert_int_equal(writes, 12);
	assert_string_equal(world_state(f->w, "dst", "data.n"), "Flapping/Flapping");
	/* It goes on, slowly. */
	assert_in_range(fc_engine_deadline(f->w->engine) - f->w->now_ms, 1, 1000);
}

static void test_new_source_values_are_no_rewrites(void **state)
{
	struct fixture *f = *state;
	struct world *w = f->w;
	struct fc_action *source, *a;

	world_pair(w, &f->watches, EDGE1, &source);
	for (int i = 1; i <= 30; i++) {
		char value[16], version[16], stands[16];

		snprintf(value, sizeof(value), "v%d", i);
		snprintf(version, sizeof(version), "%d", 100 + i);
		snprintf(stands, sizeof(stands), "%d", 200 + i);
		world_source_changes(w, source, value, version);
		a = world_take(w, FC_ACTION_PATCH);
		assert_non_null(a);
		world_answer(w, a, world_target(value, stands));
		fc_action_free(a);
		world_tick(w, 10);
	}
	assert_string_equal(world_state(w, "dst", "data"), "InSync/InSync");
	fc_action_free(source);
}

/* The wide rule reads in the target's own cluster, the one inside it from the master. */
#define RULES_ACROSS                                                        \
	"{'k8s-copier.fig.org/replace-data':'secret:edge-1/ns/whole:data'," \
	"'k8s-copier.fig.org/replace-data.x':'secret:part:data.v'}"

/* Both are in sync: {a: 1, x: 0} with p in the place of x. */
static void begin_across(struct fixture *f)
{
	world_object(f->w, f->watches.secrets[EDGE1], target(RULES_ACROSS, "{'a':'1','x':'p'}", "20"));
	world_resolve(f->w);
	f->whole = world_take_watch(f->w, EDGE1, "secrets", false);
	f->part = world_take_watch(f->w, HUB, "secrets", false);
	assert_non_null(f->whole);
	assert_non_null(f->part);
	world_answer_read(f->w, "dst", target(RULES_ACROSS, "{'a':'1','x':'p'}", "20"));
	world_list(f->w, f->whole, whole("{'a':'1','x':'0'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	serve_reads(f, whole("{'a':'1','x':'0'}", "10"), part("'p'", "11"));
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
	assert_quiet(f->w);
}

static void test_rule_inside_another_keeps_its_place_while_its_source_is_away(void **state)
{
	struct fixture *f = *state;

	begin_across(f);
	world_down(f->w, HUB);
	serve_reads(f, whole("{'a':'1','x':'0'}", "10"), part("'p'", "11"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "ClusterUnreachable/SourceCluster");
	world_up(f->w, HUB);
	serve_reads(f, whole("{'a':'1','x':'0'}", "10"), part("'p'", "11"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
}

static void test_wide_rule_waits_with_its_change_for_the_source_of_the_rule_inside_it(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin_across(f);
	world_down(f->w, HUB);
	world_object(f->w, f->whole, whole("{'a':'2','x':'0'}", "12"));
	serve_reads(f, whole("{'a':'2','x':'0'}", "12"), part("'p'", "11"));
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	assert_string_equal(world_state(f->w, "dst", "data"), "Pending/OverlapWaits");
	world_up(f->w, HUB);
	serve_reads(f, whole("{'a':'2','x':'0'}", "12"), part("'p'", "11"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), J("{'a':'2','x':'p'}"));
	assert_quiet(f->w);
	fc_action_free(a);
}

/* Promise 7: the delay after a failed read is the source's own. */
static void test_source_that_cannot_be_read_delays_no_other_rule_of_the_target(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, RULES_APART, "{'a':'1','x':'p'}");
	world_list(f->w, f->whole, whole("{'a':'1'}", "10"));
	world_list(f->w, f->part, part("'p'", "11"));
	assert_string_equal(world_state(f->w, "dst", "data.a"), "InSync/InSync");
	/* The one drifts, and its source may be listed and watched only. */
	world_object(f->w, f->watches.secrets[EDGE1], target(RULES_APART, "{'a':'drift','x':'p'}", "21"));
	world_answer_read(f->w, "dst", target(RULES_APART, "{'a':'drift','x':'p'}", "21"));
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "whole");
	world_fail(f->w, a, FC_ERR_FORBIDDEN, -1);
	fc_action_free(a);
	assert_string_equal(world_state(f->w, "dst", "data.a"), "Forbidden/SourceForbidden");
	world_object(f->w, f->part, part("'q'", "12"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(a->body, J("[{'op':'replace','path':'/metadata/resourceVersion','value':'21'},"
			       "{'op':'add','path':'/data/x','value':'q'}]"));
	world_answer(f->w, a, target(RULES_APART, "{'a':'drift','x':'q'}", "22"));
	fc_action_free(a);
	assert_quiet(f->w);
	/* It is read again by itself. */
	world_tick(f->w, 6250);
	a = world_take(f->w, FC_ACTION_READ);
	assert_non_null(a);
	assert_string_equal(a->name, "whole");
	fc_action_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rules_apart_make_one_write_when_all_sources_have_synced, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_source_that_never_syncs_delays_the_others_half_a_second, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_child_is_applied_into_its_parents_value_in_one_operation, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_value_is_not_kept_while_another_of_its_group_cannot_be_read, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_restart_with_nested_rules_in_sync_writes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_child_that_does_not_fit_its_parents_value_is_invalid_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_path_blocked_in_the_target_is_invalid_until_the_target_changes,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusal_of_one_place_is_found_and_the_others_are_written, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_refusal_that_comes_after_a_rule_inside_has_got_its_value_counts_for_nothing, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_wide_rule_that_was_refused_is_tried_again_with_a_literal_that_comes_to_be_permitted, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_d01_literal_is_written_without_any_source, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unchanged_generation_needs_no_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rival_is_slowed_down_after_ten_rewrites_in_a_minute, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_new_source_values_are_no_rewrites, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rule_inside_another_keeps_its_place_while_its_source_is_away,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_wide_rule_waits_with_its_change_for_the_source_of_the_rule_inside_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_that_cannot_be_read_delays_no_other_rule_of_the_target,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
