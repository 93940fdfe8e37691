/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/k8s-copier.md says of the dialect and no server is needed for: the number in a test's name is that of its
 * tables there. */
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

/* A literal, and a rule with a source. */
static json_t *literal(void)
{
	return world_bearer("literal", "20", WORLD_RULE("data.a", "json:1"), "");
}

static json_t *copying(void)
{
	return world_bearer("copying", "21", WORLD_RULE("data.a", "secret:src:data.a"), "");
}

/* The targets are read while the list goes on: so much is known of them that nothing else keeps them waiting. */
static void list_two_rules(struct world *w, const struct fc_action *watch)
{
	world_list_begin(w, watch);
	world_object(w, watch, literal());
	world_object(w, watch, copying());
	world_resolve(w);
	world_answer_read(w, "literal", literal());
	world_answer_read(w, "copying", copying());
}

static void assert_nothing_is_evaluated(struct world *w)
{
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	assert_null(world_take_watch(w, HUB, "secrets", false));
	assert_string_equal(world_state(w, "literal", NULL), "Pending/FirstSync");
	assert_string_equal(world_state(w, "copying", NULL), "Pending/FirstSync");
}

static void assert_both_are_evaluated(struct world *w)
{
	struct fc_action *source = world_take_watch(w, HUB, "secrets", false), *a = world_take(w, FC_ACTION_PATCH);

	assert_non_null(source);
	assert_non_null(a);
	assert_string_equal(a->name, "literal");
	fc_action_free(a);
	world_list(w, source, J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'9'},'data':{'a':'1'}}"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_string_equal(a->name, "copying");
	fc_action_free(a);
	fc_action_free(source);
}

static void test_b01_first_rules_wait_until_the_lists_of_targets_are_complete(void **state)
{
	struct world *w = *state;
	struct fc_action *secrets[CLUSTERS], *configmaps[CLUSTERS];

	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		world_up(w, i);
	world_resolve(w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		secrets[i] = world_take_watch(w, i, "secrets", true);
		configmaps[i] = world_take_watch(w, i, "configmaps", true);
		world_list(w, configmaps[i], NULL);
	}
	list_two_rules(w, secrets[HUB]);
	assert_nothing_is_evaluated(w);
	world_list_end(w, secrets[HUB]);
	world_list(w, secrets[EDGE1], NULL);
	assert_nothing_is_evaluated(w);
	world_list(w, secrets[EDGE2], NULL);
	assert_both_are_evaluated(w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		fc_action_free(secrets[i]);
		fc_action_free(configmaps[i]);
	}
}

/* One that never answers must not hold up the others for ever. */
static void test_b01_a_cluster_that_lists_slowly_is_waited_for_two_seconds(void **state)
{
	struct world *w = *state;
	struct fc_action *secrets;

	world_up(w, HUB);
	world_resolve(w);
	secrets = world_take_watch(w, HUB, "secrets", true);
	list_two_rules(w, secrets);
	world_list_end(w, secrets);
	world_tick(w, 1900);
	assert_nothing_is_evaluated(w);
	world_tick(w, 100);
	assert_both_are_evaluated(w);
	fc_action_free(secrets);
}

static json_t *pointed(const char *path, const char *version)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'%s','annotations':"
		 "{'k8s-copier.fig.org/replace-data':'%s'}},'data':{'a':'1'}}",
		 version, path);
}

/* The original obeyed withdrawn and changed rules, and those of deleted targets, until it was restarted. */
static void test_d05_rules_that_were_changed_withdrawn_or_deleted_act_no_more(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *old, *other, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &old);
	world_object(w, watches.secrets[EDGE1], pointed("secret:other:data", "30"));
	other = world_take_watch(w, HUB, "secrets", false);
	assert_string_equal(other->name, "other");
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_int_equal(a->watch, old->watch);
	fc_action_free(a);
	world_source_changes(w, old, "2", "11");
	assert_int_equal(world_count(w, FC_ACTION_PATCH), 0);
	world_answer_read(w, "dst", pointed("secret:other:data", "30"));
	assert_quiet(w);
	/* Withdrawn: its source is of no interest any more. */
	world_object(w, watches.secrets[EDGE1],
		     J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'31'}}"));
	assert_string_equal(world_state(w, "dst", NULL), "none");
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_int_equal(a->watch, other->watch);
	fc_action_free(a);
	world_object(w, other,
		     J("{'metadata':{'name':'other','namespace':'ns','resourceVersion':'12'},'data':{'a':'3'}}"));
	assert_quiet(w);
	fc_action_free(old);
	fc_action_free(other);
	/* Deleted. */
	world_object(w, watches.secrets[EDGE1], pointed("secret:src:data", "32"));
	world_resolve(w);
	old = world_take_watch(w, HUB, "secrets", false);
	world_answer_read(w, "dst", pointed("secret:src:data", "32"));
	world_gone(w, watches.secrets[EDGE1], "ns", "dst", "33");
	assert_string_equal(world_state(w, "dst", NULL), "none");
	a = world_take(w, FC_ACTION_STOP_WATCH);
	assert_int_equal(a->watch, old->watch);
	fc_action_free(a);
	world_source_changes(w, old, "4", "13");
	assert_quiet(w);
	fc_action_free(old);
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_b01_first_rules_wait_until_the_lists_of_targets_are_complete,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_b01_a_cluster_that_lists_slowly_is_waited_for_two_seconds, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_d05_rules_that_were_changed_withdrawn_or_deleted_act_no_more,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
