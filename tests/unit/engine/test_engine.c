/* SPDX-License-Identifier: Apache-2.0 */
/* A rule's life on a master and two members, by events and actions alone. */
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
		cmocka_unit_test_setup_teardown(test_object_without_rules_costs_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_target_is_never_written, setup, teardown),
		cmocka_unit_test(test_same_seed_and_events_give_the_same_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
