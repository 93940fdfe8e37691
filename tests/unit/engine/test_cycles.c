/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that feed each other (B21, B22, D17). */
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

/* A Secret of the master in namespace ns that bears one rule; only its metadata comes. */
static void see(struct world *w, struct world_watches *watches, const char *name, const char *path, const char *value,
		int version)
{
	world_object(w, watches->secrets[HUB],
		     J("{'metadata':{'name':'%s','namespace':'ns','uid':'%s','resourceVersion':'%d','annotations':"
		       "{'k8s-copier.fig.org/replace-%s':'%s'}}}",
		       name, name, version, path, value));
	world_resolve(w);
}

static void test_two_rules_that_feed_each_other_are_suspended_until_an_edit(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	see(w, &watches, "a", "data", "secret:b:data", 1);
	assert_string_equal(world_state(w, "/a", NULL), "Pending/FirstSync");
	see(w, &watches, "b", "data", "secret:a:data", 2);
	assert_string_equal(world_state(w, "/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/b", NULL), "Cycle/Cycle");
	see(w, &watches, "b", "data", "secret:c:data", 3);
	assert_string_equal(world_state(w, "/a", NULL), "Pending/FirstSync");
	assert_string_equal(world_state(w, "/b", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

static void test_three_in_a_ring_are_found_and_a_rule_that_only_leads_into_it_is_not(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	see(w, &watches, "a", "data", "secret:b:data", 1);
	see(w, &watches, "b", "data", "secret:c:data", 2);
	/* Reads from the ring, feeds nobody in it. */
	see(w, &watches, "out", "data", "secret:a:data", 3);
	see(w, &watches, "c", "data", "secret:a:data", 4);
	assert_string_equal(world_state(w, "/a", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/b", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/c", NULL), "Cycle/Cycle");
	assert_string_equal(world_state(w, "/out", NULL), "Pending/FirstSync");
	world_gone(w, watches.secrets[HUB], "ns", "b", "9");
	assert_string_equal(world_state(w, "/a", NULL), "Pending/FirstSync");
	assert_string_equal(world_state(w, "/c", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

static void test_self_copy_is_a_cycle_only_where_the_paths_overlap(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	see(w, &watches, "self", "data.a", "secret:self:data", 1);
	assert_string_equal(world_state(w, "/self", NULL), "Cycle/Cycle");
	see(w, &watches, "self", "data.a", "secret:self:data.b", 2);
	assert_string_equal(world_state(w, "/self", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

/* B21: a chain is none; and the answer of the first write feeds the second without waiting for an event. */
static void test_chain_passes_a_change_on_from_the_answer_of_a_write(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *middle, *a;

	world_start(w, &watches);
	world_pair(w, &watches, HUB, &source);
	world_object(w, watches.secrets[HUB],
		     J("{'metadata':{'name':'end','namespace':'ns','uid':'e','resourceVersion':'40','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:dst:data'}}}"));
	middle = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(middle);
	world_list(w, middle, world_target("1", "21"));
	a = world_take(w, FC_ACTION_READ);
	world_answer(w, a,
		     J("{'metadata':{'name':'end','namespace':'ns','uid':'e','resourceVersion':'40','annotations':"
		       "{'k8s-copier.fig.org/replace-data':'secret:dst:data'}},'data':{'a':'1'}}"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "/end", NULL), "InSync/InSync");
	assert_quiet(w);

	world_source_changes(w, source, "2", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_string_equal(a->name, "dst");
	/* The event comes first, on both watches: it is held. */
	world_object(w, watches.secrets[HUB], world_target("2", "22"));
	world_object(w, middle, world_target("2", "22"));
	assert_quiet(w);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_string_equal(a->name, "end");
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(middle);
	fc_action_free(source);
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_rules_that_feed_each_other_are_suspended_until_an_edit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_three_in_a_ring_are_found_and_a_rule_that_only_leads_into_it_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_self_copy_is_a_cycle_only_where_the_paths_overlap, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_chain_passes_a_change_on_from_the_answer_of_a_write, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
