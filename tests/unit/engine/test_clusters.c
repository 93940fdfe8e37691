/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that come, go and are one, and what words mean there. */
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

/* design section 8: a usage error at start. */
static void test_two_names_of_one_cluster_end_the_program_at_the_start(void **state)
{
	struct world *w = *state;
	struct fc_action *a;

	world_up_as(w, EDGE1, "same");
	world_up_as(w, EDGE2, "same");
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

	world_up_as(w, EDGE1, "same");
	world_tick(w, 2000);
	world_up_as(w, EDGE2, "same");
	assert_int_equal(world_count(w, FC_ACTION_GIVE_UP), 0);
	fc_engine_cluster(w->engine, EDGE2, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	assert_non_null(strstr(summary.message, "edge-1"));
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_int_not_equal(summary.state, FC_CLUSTER_UNREACHABLE);
}

static void resolved(struct world *w, fc_cluster_no cluster, const struct fc_resource *base, const char *version)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);
	struct fc_resource r = *base;

	r.version = version;
	e->cluster = cluster;
	e->name = fc_xstrdup(base->plural);
	e->resource = fc_resource_new(&r);
	world_step(w, e);
}

/* With the targets go their sources and the watches of these, among which the watches of the targets are looked for. */
static void test_word_that_means_another_version_takes_the_watches_of_its_sources_along(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	for (int i = 0; i < 3; i++) {
		world_object(
			w, watches.secrets[EDGE1],
			J("{'metadata':{'name':'t%d','namespace':'ns','uid':'%d','resourceVersion':'20','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'secret:src%d:data'}}}",
			  i, i, i));
		world_resolve(w);
	}
	world_object(w, watches.configmaps[EDGE2],
		     world_bearer("x", "20", WORLD_RULE("data", "configmap:only:data"), ""));
	world_resolve(w);
	world_drop(w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		resolved(w, i, &world_resources[0], "v2");
		resolved(w, i, &world_resources[1], "v2");
	}
	assert_string_equal(world_state(w, "", NULL), "none");
	/* Of targets two in each cluster, of sources three Secrets and a ConfigMap. */
	assert_int_equal(world_count(w, FC_ACTION_STOP_WATCH), 2 * CLUSTERS + 4);
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 2 * CLUSTERS);
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_word_that_means_another_version_moves_its_targets, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_edited_rule_goes_on_using_its_word, setup, teardown),
		cmocka_unit_test_setup_teardown(test_word_that_no_rule_uses_any_more_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable_member_delays_nobody_and_catches_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_names_of_one_cluster_end_the_program_at_the_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_two_names_of_one_cluster_later_leave_the_second_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_word_that_means_another_version_takes_the_watches_of_its_sources_along, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
