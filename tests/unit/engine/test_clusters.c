/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that are reached or not, and that are who they should be or not. */
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

static void resolved_secrets(struct world *w, fc_cluster_no cluster)
{
	struct fc_event *e = fc_event_new(FC_EVENT_RESOLVED);

	e->cluster = cluster;
	e->name = fc_xstrdup("secrets");
	e->resource = fc_resource_new(&world_resources[0]);
	world_step(w, e);
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

/* One that comes while the start is still going on is no mistake of the start. */
static void test_second_name_that_is_added_later_is_left_alone(void **state)
{
	struct world *w = *state;
	struct fc_cluster_summary summary;

	world_up_as(w, EDGE1, "same");
	world_described(w, FC_EVENT_CLUSTER_ADDED, 5, "edge-5", FC_READS_SAME_NAMESPACE);
	world_drop(w);
	world_up_as(w, 5, "same");
	assert_int_equal(world_count(w, FC_ACTION_GIVE_UP), 0);
	fc_engine_cluster(w->engine, 5, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	/* Nothing is asked of it, and what it says is not heard. */
	world_drop(w);
	resolved_secrets(w, 5);
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
	/* The other one may be called otherwise, and is the same. */
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-one", FC_READS_SAME_NAMESPACE);
	fc_engine_cluster(w->engine, 5, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	assert_non_null(strstr(summary.message, "edge-one"));
}

static void test_second_name_is_used_when_the_first_is_removed(void **state)
{
	struct world *w = *state;
	struct fc_cluster_summary summary;
	struct fc_action *a;

	world_tick(w, 0);
	world_tick(w, 2000);
	for (int round = 0; round < 2; round++) {
		fc_cluster_no no = (fc_cluster_no)(5 + round);
		FC_AUTO_FREE char *name = fc_xasprintf("edge-%u", no);

		world_up_as(w, round == 0 ? EDGE1 : EDGE2, round == 0 ? "one" : "two");
		world_described(w, FC_EVENT_CLUSTER_ADDED, no, name, FC_READS_SAME_NAMESPACE);
		world_up_as(w, no, round == 0 ? "one" : "two");
		if (round == 1)
			world_down(w, no);
		world_drop(w);
		world_removed(w, round == 0 ? EDGE1 : EDGE2);
		fc_engine_cluster(w->engine, no, &summary);
		/* One that went away meanwhile is away, for the reason that it told: it does not tell that again. */
		assert_int_equal(summary.state, round == 0 ? FC_CLUSTER_SYNCING : FC_CLUSTER_UNREACHABLE);
		assert_string_equal(summary.message, round == 0 ? "" : "connection refused");
		a = world_take(w, FC_ACTION_RESOLVE);
		assert_non_null(a);
		assert_int_equal(a->cluster, no);
		fc_action_free(a);
		world_up_as(w, no, round == 0 ? "one" : "two");
		fc_engine_cluster(w->engine, no, &summary);
		assert_int_equal(summary.state, FC_CLUSTER_SYNCING);
		assert_string_equal(summary.message, "");
	}
}

/* Without the master nothing is copied anywhere: of the two it is the member that is left alone. */
static void test_master_that_is_reached_after_its_second_name_is_used_and_not_that(void **state)
{
	struct world *w = *state;
	struct fc_cluster_summary summary;

	world_tick(w, 0);
	world_down(w, HUB);
	world_up_as(w, EDGE1, "one");
	world_tick(w, 2000);
	world_drop(w);
	world_up_as(w, HUB, "one");
	fc_engine_cluster(w->engine, HUB, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_SYNCING);
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	assert_string_equal(summary.message,
			    "it is the same cluster as hub: take one of the two out of the cluster set");
	world_up_as(w, EDGE1, "one");
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
}

/* The watcher sees it too; this is the second lock (design section 8). */
static void test_another_cluster_under_a_known_name_is_never_taken_over(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_cluster_summary summary;
	struct fc_action *source, *again, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	world_down(w, EDGE1);
	world_up_as(w, EDGE1, "stranger");
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	assert_non_null(strstr(summary.message, "another cluster answers under this name"));
	assert_non_null(strstr(summary.message, "stranger"));
	assert_non_null(strstr(summary.message, "id-1"));
	assert_non_null(strstr(summary.message, "give the new one a name of its own"));
	assert_string_equal(summary.id, "id-1");
	assert_string_equal(world_state(w, "/dst", NULL), "ClusterUnreachable/TargetCluster");
	/* What it lists is not ours: the rule stays, and nothing is written. */
	world_list(w, watches.secrets[EDGE1], NULL);
	world_source_changes(w, source, "2", "11");
	assert_quiet(w);
	/* An id that cannot be read is no proof. */
	world_up_as(w, EDGE1, NULL);
	assert_string_equal(world_state(w, "/dst", NULL), "ClusterUnreachable/TargetCluster");
	assert_int_equal(world_count(w, FC_ACTION_START_WATCH), 0);
	/* The right one is back. What is watched on it is listed again. */
	world_down(w, EDGE1);
	world_up(w, EDGE1);
	again = world_take_watch(w, EDGE1, "secrets", true);
	assert_non_null(again);
	assert_int_not_equal(again->watch, watches.secrets[EDGE1]->watch);
	world_resolve(w);
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'11'},'data':{'a':'2'}}"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	world_list(w, again, world_target("1", "21"));
	world_answer(w, a, world_target("2", "22"));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(a);
	fc_action_free(again);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_answers_of_another_cluster_are_not_heard(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *read, *write;
	struct fc_cluster_summary summary;
	struct fc_engine_work work;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE1], world_target("drift", "30"));
	world_answer_read(w, "dst", world_target("drift", "30"));
	read = world_take(w, FC_ACTION_READ);
	assert_non_null(read);
	assert_int_equal(read->cluster, HUB);
	/* The hub is another cluster suddenly: it answers with a value of its own. */
	world_up_as(w, HUB, "stranger");
	/* Another name would be another master, which is refused until a restart. */
	fc_engine_cluster(w->engine, HUB, &summary);
	assert_null(strstr(summary.message, "a name of its own"));
	assert_non_null(strstr(summary.message, "let the name lead to the master that was known, or start again"));
	world_answer(w, read,
		     J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'900'},'data':{'a':'x'}}"));
	fc_action_free(read);
	world_source_changes(w, source, "x", "901");
	world_up(w, HUB);
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	write = world_take(w, FC_ACTION_PATCH);
	assert_non_null(write);
	assert_json(json_array_get(write->body, 1), J("{'op':'add','path':'/data','value':{'a':'1'}}"));
	/* Then the member is, while it is written: what became of that is read when it is back. */
	world_up_as(w, EDGE1, "stranger");
	fc_engine_work(w->engine, &work);
	assert_int_equal(work.in_flight, 0);
	world_fail(w, write, FC_ERR_NOT_FOUND, -1);
	world_up(w, EDGE1);
	world_answer_read(w, "dst", world_target("1", "31"));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(write);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A name that another cluster answers for holds no id back from the one whose it is. */
static void test_cluster_that_moved_to_another_name_is_used_there(void **state)
{
	struct world *w = *state;
	struct fc_cluster_summary summary;

	world_up_as(w, EDGE1, "one");
	world_tick(w, 2000);
	world_up_as(w, EDGE2, "one");
	fc_engine_cluster(w->engine, EDGE2, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	world_up_as(w, EDGE1, "other");
	fc_engine_cluster(w->engine, EDGE2, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_SYNCING);
	/* And its old name is not it any more, even if it answers there again. */
	world_up_as(w, EDGE1, "one");
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_int_equal(summary.state, FC_CLUSTER_UNREACHABLE);
	assert_non_null(strstr(summary.message, "edge-2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unreachable_member_delays_nobody_and_catches_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_names_of_one_cluster_end_the_program_at_the_start, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_two_names_of_one_cluster_later_leave_the_second_alone, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_second_name_that_is_added_later_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_name_is_used_when_the_first_is_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_master_that_is_reached_after_its_second_name_is_used_and_not_that,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_cluster_under_a_known_name_is_never_taken_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_answers_of_another_cluster_are_not_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cluster_that_moved_to_another_name_is_used_there, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
