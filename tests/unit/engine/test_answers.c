/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer to a write tells (design section 5, Writing): servers default, prune and mutate; our own event comes
 * before it, or somebody else's; versions may be of no order. */
#include "world.h"

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

#define WHOLE_RULE "'k8s-copier.fig.org/replace-data':'secret:whole:data'"
#define PART_RULE "'k8s-copier.fig.org/replace-data.x':'secret:part:data.v'"
#define BOTH WHOLE_RULE "," PART_RULE

static json_t *target(const char *rules, const char *data, const char *version)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','annotations':{%s}},"
		 "'data':{%s}}",
		 version, rules, data);
}

static json_t *source(const char *name, const char *data, const char *version)
{
	return J("{'metadata':{'name':'%s','namespace':'ns','resourceVersion':'%s'},'data':{%s}}", name, version, data);
}

/* The target is seen and read, and the sources tell their first states. */
static void begin(struct fixture *f, const char *rules, const char *data, const char *whole, const char *part)
{
	struct fc_action *a;

	world_object(f->w, f->watches.secrets[EDGE1], target(rules, data, "20"));
	world_resolve(f->w);
	while ((a = world_take_watch(f->w, HUB, "secrets", false)))
		*(strcmp(a->name, "part") == 0 ? &f->part : &f->whole) = a;
	world_answer_read(f->w, "dst", target(rules, data, "20"));
	if (f->whole)
		world_list(f->w, f->whole, source("whole", whole, "10"));
	if (f->part)
		world_list(f->w, f->part, source("part", part, "11"));
}

/* The one write that is asked for wants that of the place of the first operation. The caller's. */
static struct fc_action *expect_write(struct fixture *f, json_t *value)
{
	struct fc_action *a = world_take(f->w, FC_ACTION_PATCH);

	assert_non_null(a);
	assert_int_equal(world_count(f->w, FC_ACTION_PATCH), 0);
	assert_json(json_object_get(json_array_get(a->body, 1), "value"), value);
	return a;
}

static void answer(struct fixture *f, struct fc_action *a, json_t *object)
{
	world_answer(f->w, a, object);
	fc_action_free(a);
}

static void foreign_change(struct fixture *f, const char *rules, const char *data, const char *version)
{
	world_object(f->w, f->watches.secrets[EDGE1], target(rules, data, version));
	world_answer_read(f->w, "dst", target(rules, data, version));
}

/* Promise 2, on a server that takes something away: one write may be sent, and changes no resourceVersion. */
static void test_after_a_restart_a_pruned_value_is_written_once_and_keeps_the_version(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;
	size_t unchanged = 0;

	begin(f, WHOLE_RULE, "'a':'1'", "'a':'1','pruned':'p'", NULL);
	answer(f, expect_write(f, J("{'a':'1','pruned':'p'}")), target(WHOLE_RULE, "'a':'1'", "20"));
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_quiet(f->w);
	while ((a = world_take(f->w, FC_ACTION_MEASURE))) {
		unchanged += a->measure->id == FC_METRIC_WRITES && strcmp(a->measure->labels[3], "unchanged") == 0;
		fc_action_free(a);
	}
	assert_int_equal(unchanged, 1);
	/* Whatever is told again. */
	world_list(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'1'", "20"));
	foreign_change(f, WHOLE_RULE, "'a':'1'", "21");
	world_object(f->w, f->whole, source("whole", "'a':'1','pruned':'p'", "12"));
	assert_quiet(f->w);
}

static void test_defaults_that_the_server_adds_are_no_drift_and_their_change_is(void **state)
{
	struct fixture *f = *state;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	answer(f, expect_write(f, J("{'a':'1'}")), target(WHOLE_RULE, "'a':'1','default':'d'", "21"));
	foreign_change(f, WHOLE_RULE, "'a':'1','default':'d'", "22");
	assert_quiet(f->w);
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'1','default':'other'", "23"));
	world_answer_read(f->w, "dst", target(WHOLE_RULE, "'a':'1','default':'other'", "23"));
	world_answer_read(f->w, "whole", source("whole", "'a':'1'", "10"));
	answer(f, expect_write(f, J("{'a':'1'}")), target(WHOLE_RULE, "'a':'1','default':'d'", "24"));
	assert_quiet(f->w);
}

/* As long as the first is wanted. */
static void test_what_the_server_made_of_one_value_says_nothing_of_another(void **state)
{
	struct fixture *f = *state;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	answer(f, expect_write(f, J("{'a':'1'}")), target(WHOLE_RULE, "'a':'one'", "21"));
	world_object(f->w, f->whole, source("whole", "'a':'2'", "12"));
	answer(f, expect_write(f, J("{'a':'2'}")), target(WHOLE_RULE, "'a':'two'", "22"));
	world_object(f->w, f->whole, source("whole", "'a':'1'", "13"));
	answer(f, expect_write(f, J("{'a':'1'}")), target(WHOLE_RULE, "'a':'one'", "23"));
	assert_quiet(f->w);
}

static void test_defaults_in_a_composite_are_those_of_the_whole_group(void **state)
{
	struct fixture *f = *state;

	begin(f, BOTH, "", "'a':'1','x':'0'", "'v':'p'");
	answer(f, expect_write(f, J("{'a':'1','x':'p'}")), target(BOTH, "'a':'1','default':'d','x':'p'", "21"));
	assert_quiet(f->w);
	foreign_change(f, BOTH, "'a':'1','default':'d','x':'p'", "22");
	assert_quiet(f->w);
	/* The value of the rule inside: one read of the other source (promise 3), and one write of the whole. */
	world_object(f->w, f->part, source("part", "'v':'q'", "12"));
	world_answer_read(f->w, "whole", source("whole", "'a':'1','x':'0'", "10"));
	answer(f, expect_write(f, J("{'a':'1','x':'q'}")), target(BOTH, "'a':'1','default':'d','x':'q'", "23"));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
}

/* What the answer to a group's write shows at the place of a rule inside it is not what the server would make of that
 * rule's own wish, least of all of an earlier one. */
static void test_rule_that_leaves_a_group_remembers_nothing_of_it(void **state)
{
	struct fixture *f = *state;

	/* Alone it has written p. */
	begin(f, PART_RULE, "", NULL, "'v':'p'");
	answer(f, expect_write(f, J("'p'")), target(PART_RULE, "'x':'p'", "21"));
	/* Then inside another it writes q. */
	world_object(f->w, f->watches.secrets[EDGE1], target(BOTH, "'x':'p'", "22"));
	world_resolve(f->w);
	f->whole = world_take_watch(f->w, HUB, "secrets", false);
	assert_non_null(f->whole);
	world_answer_read(f->w, "dst", target(BOTH, "'x':'p'", "22"));
	world_list(f->w, f->whole, source("whole", "'a':'1'", "30"));
	while (world_count(f->w, FC_ACTION_READ))
		world_answer_read(f->w, "part", source("part", "'v':'p'", "11"));
	answer(f, expect_write(f, J("{'a':'1','x':'p'}")), target(BOTH, "'a':'1','x':'p'", "31"));
	world_object(f->w, f->part, source("part", "'v':'q'", "32"));
	world_answer_read(f->w, "whole", source("whole", "'a':'1'", "30"));
	answer(f, expect_write(f, J("{'a':'1','x':'q'}")), target(BOTH, "'a':'1','x':'q'", "33"));
	/* And alone again it wants p, as at the beginning. */
	world_object(f->w, f->watches.secrets[EDGE1], target(PART_RULE, "'a':'1','x':'q'", "34"));
	world_answer_read(f->w, "dst", target(PART_RULE, "'a':'1','x':'q'", "34"));
	assert_quiet(f->w);
	world_object(f->w, f->part, source("part", "'v':'p'", "35"));
	fc_action_free(expect_write(f, J("'p'")));
}

/* Promise 3: after a restart in sync, lists, watches, at most one read per annotated target. */
static void test_restart_with_overlapping_rules_in_sync_reads_no_source(void **state)
{
	struct fixture *f = *state;

	begin(f, BOTH, "'a':'1','x':'p'", "'a':'1','x':'0'", "'v':'p'");
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
	assert_string_equal(world_state(f->w, "dst", "data.x"), "InSync/InSync");
}

/* The sources may be known before the target has been read. */
static void test_overlapping_rules_whose_target_is_read_last_read_no_source(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	world_object(f->w, f->watches.secrets[EDGE1], target(BOTH, "'a':'1','x':'p'", "20"));
	world_resolve(f->w);
	while ((a = world_take_watch(f->w, HUB, "secrets", false)))
		*(strcmp(a->name, "part") == 0 ? &f->part : &f->whole) = a;
	world_list(f->w, f->whole, source("whole", "'a':'1','x':'0'", "10"));
	world_list(f->w, f->part, source("part", "'v':'p'", "11"));
	world_answer_read(f->w, "dst", target(BOTH, "'a':'1','x':'p'", "20"));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
}

/* A value that waits for another source is given up after a moment, and had again when that one tells. */
static void test_value_that_waits_for_a_source_inside_it_is_not_kept_for_long(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;
	size_t reads = 0;

	world_object(f->w, f->watches.secrets[EDGE1], target(BOTH, "", "20"));
	world_resolve(f->w);
	while ((a = world_take_watch(f->w, HUB, "secrets", false)))
		*(strcmp(a->name, "part") == 0 ? &f->part : &f->whole) = a;
	world_answer_read(f->w, "dst", target(BOTH, "", "20"));
	world_list(f->w, f->whole, source("whole", "'a':'1'", "10"));
	world_tick(f->w, 600);
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "Pending/OverlapWaits");
	world_list(f->w, f->part, source("part", "'v':'p'", "11"));
	while ((a = world_take(f->w, FC_ACTION_READ))) {
		assert_string_equal(a->name, "whole");
		answer(f, a, source("whole", "'a':'1'", "10"));
		reads++;
	}
	assert_int_equal(reads, 1);
	fc_action_free(expect_write(f, J("{'a':'1','x':'p'}")));
}

/* Our own event, then two of others, all before the answer. */
static void test_events_up_to_the_answer_are_dropped_and_later_ones_are_foreign(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	a = expect_write(f, J("{'a':'1'}"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "", "18"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'1'", "21"));
	answer(f, a, target(WHOLE_RULE, "'a':'1'", "21"));
	assert_quiet(f->w);
	world_object(f->w, f->whole, source("whole", "'a':'2'", "12"));
	a = expect_write(f, J("{'a':'2'}"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'2'", "22"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'3'", "23"));
	assert_quiet(f->w);
	answer(f, a, target(WHOLE_RULE, "'a':'2'", "22"));
	assert_int_equal(world_count(f->w, FC_ACTION_READ), 1);
}

static void test_newest_event_that_was_held_is_delivered_when_the_write_fails(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	a = expect_write(f, J("{'a':'1'}"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'7'", "25"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'8'", "26"));
	world_fail(f->w, a, FC_ERR_CONFLICT, -1);
	fc_action_free(a);
	world_answer_read(f->w, "dst", target(WHOLE_RULE, "'a':'8'", "26"));
	a = world_take(f->w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_json(json_array_get(a->body, 0), J("{'op':'replace','path':'/metadata/resourceVersion','value':'26'}"));
	fc_action_free(a);
}

/* The cluster was restored from a backup behind the write: it answers for what is no more. */
static void test_what_a_list_tells_as_older_than_what_is_written_outlives_the_answer(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	a = expect_write(f, J("{'a':'1'}"));
	world_list(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'0'", "15"));
	answer(f, a, target(WHOLE_RULE, "'a':'1'", "21"));
	world_answer_read(f->w, "dst", target(WHOLE_RULE, "'a':'0'", "15"));
	a = expect_write(f, J("{'a':'1'}"));
	assert_json(json_array_get(a->body, 0), J("{'op':'replace','path':'/metadata/resourceVersion','value':'15'}"));
	fc_action_free(a);
}

/* Older and newer mean nothing then: what came meanwhile may be our own event or somebody's. */
static void test_version_that_is_not_decimal_drops_nothing_and_costs_one_read(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	a = expect_write(f, J("{'a':'1'}"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'1'", "x-7f"));
	answer(f, a, target(WHOLE_RULE, "'a':'1'", "x-80"));
	world_answer_read(f->w, "dst", target(WHOLE_RULE, "'a':'1'", "x-80"));
	assert_quiet(f->w);
	assert_string_equal(world_state(f->w, "dst", "data"), "InSync/InSync");
}

/* As text they would be the other way round, and no machine word holds them. */
static void test_versions_of_any_length_are_ordered_as_numbers(void **state)
{
	struct fixture *f = *state;
	struct fc_action *a;

	begin(f, WHOLE_RULE, "", "'a':'1'", NULL);
	a = expect_write(f, J("{'a':'1'}"));
	world_object(f->w, f->watches.secrets[EDGE1], target(WHOLE_RULE, "'a':'1'", "99999999999999999999999"));
	answer(f, a, target(WHOLE_RULE, "'a':'1'", "100000000000000000000000"));
	assert_quiet(f->w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_after_a_restart_a_pruned_value_is_written_once_and_keeps_the_version),
		TEST(test_defaults_that_the_server_adds_are_no_drift_and_their_change_is),
		TEST(test_what_the_server_made_of_one_value_says_nothing_of_another),
		TEST(test_defaults_in_a_composite_are_those_of_the_whole_group),
		TEST(test_rule_that_leaves_a_group_remembers_nothing_of_it),
		TEST(test_restart_with_overlapping_rules_in_sync_reads_no_source),
		TEST(test_overlapping_rules_whose_target_is_read_last_read_no_source),
		TEST(test_value_that_waits_for_a_source_inside_it_is_not_kept_for_long),
		TEST(test_events_up_to_the_answer_are_dropped_and_later_ones_are_foreign),
		TEST(test_newest_event_that_was_held_is_delivered_when_the_write_fails),
		TEST(test_what_a_list_tells_as_older_than_what_is_written_outlives_the_answer),
		TEST(test_version_that_is_not_decimal_drops_nothing_and_costs_one_read),
		TEST(test_versions_of_any_length_are_ordered_as_numbers),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
