/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that are added, removed and described anew while the engine runs. */
#include "world.h"

enum { LATER = 77 }; /* a number far behind the others */

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

/* How many actions there are for that cluster which ask something of it. */
static size_t asked_of(const struct world *w, fc_cluster_no cluster)
{
	size_t n = 0;

	for (const struct fc_action *a = w->actions.first; a; a = a->next)
		n += a->cluster == cluster && a->type != FC_ACTION_REPORT && a->type != FC_ACTION_MEASURE &&
		     a->type != FC_ACTION_STOP_WATCH && a->type != FC_ACTION_FORGET_WORD;
	return n;
}

/* Of the lines that are to be said: how many are warnings or worse; `infos` counts the others. */
static size_t warnings(struct world *w, size_t *infos)
{
	struct fc_action *a;
	size_t n = 0;

	*infos = 0;
	while ((a = world_take(w, FC_ACTION_REPORT))) {
		n += a->report->level <= FC_LOG_WARN;
		*infos += a->report->level == FC_LOG_INFO;
		fc_action_free(a);
	}
	return n;
}

static json_t *bearer_of(const char *rule)
{
	return J("{'metadata':{'name':'dst','namespace':'ns','uid':'t','resourceVersion':'20','annotations':"
		 "{'k8s-copier.fig.org/replace-data':'%s'}},'data':{'a':'0'}}",
		 rule);
}

static void test_clusters_are_gone_through_in_the_order_of_their_numbers(void **state)
{
	struct world *w = *state;
	struct fc_cluster_summary summary;
	fc_cluster_no no = FC_NO_CLUSTER;
	struct fc_event *up = fc_event_new(FC_EVENT_CLUSTER_UP);

	world_described(w, FC_EVENT_CLUSTER_ADDED, LATER, "edge-9", FC_READS_SAME_NAMESPACE);
	world_removed(w, EDGE1);
	up->cluster = LATER;
	up->name = fc_xstrdup("id-77");
	up->server_version = fc_xstrdup("v1.20.2");
	world_step(w, up);
	assert_true(fc_engine_next_cluster(w->engine, &no));
	assert_int_equal(no, HUB);
	fc_engine_cluster(w->engine, no, &summary);
	assert_string_equal(summary.name, "hub");
	assert_true(summary.master);
	assert_null(summary.id);
	assert_true(fc_engine_next_cluster(w->engine, &no));
	assert_int_equal(no, EDGE2);
	assert_true(fc_engine_next_cluster(w->engine, &no));
	assert_int_equal(no, LATER);
	fc_engine_cluster(w->engine, no, &summary);
	assert_string_equal(summary.name, "edge-9");
	assert_string_equal(summary.id, "id-77");
	assert_string_equal(summary.server_version, "v1.20.2");
	assert_false(summary.master);
	assert_false(fc_engine_next_cluster(w->engine, &no));
	fc_engine_cluster(w->engine, EDGE1, &summary);
	assert_string_equal(summary.name, "");
	assert_string_equal(summary.message, "");
}

static void test_added_cluster_is_served_as_one_of_the_start_and_touches_no_other(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *secrets, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	world_described(w, FC_EVENT_CLUSTER_ADDED, LATER, "edge-9", FC_READS_SAME_NAMESPACE);
	world_up_as(w, LATER, "id-77");
	world_resolve(w);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		assert_int_equal(asked_of(w, i), 0);
	secrets = world_take_watch(w, LATER, "secrets", true);
	assert_non_null(secrets);
	world_list(w, secrets, world_target("old", "500"));
	a = world_take(w, FC_ACTION_READ);
	assert_non_null(a);
	assert_int_equal(a->cluster, LATER);
	world_answer(w, a, world_target("old", "500"));
	fc_action_free(a);
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'10'},'data':{'a':'1'}}"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_int_equal(a->cluster, LATER);
	world_answer(w, a, world_target("1", "501"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "edge-9/secrets", NULL), "InSync/InSync");
	fc_action_free(secrets);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_source_on_a_cluster_that_is_added_later_comes_alive(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer_of("secret:edge-9/ns/src:data"));
	assert_string_equal(world_state(w, "/dst", NULL), "Invalid/BadInstance");
	world_described(w, FC_EVENT_CLUSTER_ADDED, LATER, "edge-9", FC_READS_SAME_NAMESPACE);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/Connecting");
	world_up_as(w, LATER, "id-77");
	world_resolve(w);
	/* What it says to being read is looked at, and it says nothing. */
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/FirstSync");
	world_no_sources(w);
	assert_string_equal(world_state(w, "/dst", NULL), "NotAllowed/NotAllowed");
	world_removed(w, LATER);
	assert_string_equal(world_state(w, "/dst", NULL), "Invalid/BadInstance");
	world_watches_free(&watches);
}

static void test_removed_cluster_goes_with_one_line_and_nothing_on_it_is_touched(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *write;
	struct fc_engine_work work;
	size_t counts[FC_STATES], infos;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_source_changes(w, source, "2", "11");
	write = world_take(w, FC_ACTION_PATCH);
	assert_non_null(write);
	world_drop(w);
	world_removed(w, EDGE1);
	assert_int_equal(warnings(w, &infos), 0);
	assert_int_equal(infos, 1);
	assert_string_equal(world_state(w, "", NULL), "none");
	fc_engine_count_rules(w->engine, 0, counts);
	for (int s = 0; s < FC_STATES; s++)
		assert_int_equal(counts[s], 0);
	/* Its answers and events come late. */
	world_answer(w, write, world_target("2", "22"));
	world_object(w, watches.secrets[EDGE1], world_target("2", "22"));
	world_list(w, watches.configmaps[EDGE1], NULL);
	world_down(w, EDGE1);
	world_up(w, EDGE1);
	world_source_changes(w, source, "3", "12");
	assert_int_equal(asked_of(w, EDGE1), 0);
	assert_quiet(w);
	assert_int_equal(warnings(w, &infos), 0);
	fc_engine_work(w->engine, &work);
	assert_int_equal(work.targets, 0);
	assert_int_equal(work.sources, 0);
	assert_int_equal(work.in_flight, 0);
	/* Two of targets on each of the others, and the Namespaces of the cluster that was read from. */
	assert_int_equal(work.watches, 5);
	fc_action_free(write);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* The set refuses it; should it happen all the same, nothing may be read from who has left. */
static void test_rules_that_read_from_a_removed_master_stop(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	world_removed(w, HUB);
	assert_string_equal(world_state(w, "/dst", NULL), "Invalid/BadInstance");
	fc_action_free(world_take(w, FC_ACTION_RECORD));
	world_object(w, watches.secrets[EDGE1], world_target("drift", "30"));
	world_source_changes(w, source, "3", "12");
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		assert_int_equal(asked_of(w, i), 0);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_many_sources_on_a_removed_cluster_start_no_watch_there(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	for (int i = 0; i < 9; i++) {
		world_object(
			w, watches.secrets[EDGE1],
			J("{'metadata':{'name':'t%d','namespace':'ns','uid':'%d','resourceVersion':'%d','annotations':"
			  "{'k8s-copier.fig.org/replace-data':'secret:edge-1/ns/s%d:data'}}}",
			  i, i, 20 + i, i));
		world_resolve(w);
	}
	world_drop(w);
	world_removed(w, EDGE1);
	assert_int_equal(asked_of(w, EDGE1), 0);
	world_watches_free(&watches);
}

/* The new name is shown, and nothing else happens. */
static void test_renamed_cluster_keeps_its_rules_and_watches(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source;
	size_t infos;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-one", FC_READS_SAME_NAMESPACE);
	assert_string_equal(world_state(w, "edge-one/secrets/ns/dst", NULL), "InSync/InSync");
	assert_int_equal(warnings(w, &infos), 0);
	assert_int_equal(infos, 1);
	assert_null(w->actions.first);
	/* The same description once more is no news. */
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-one", FC_READS_SAME_NAMESPACE);
	assert_null(w->actions.first);
	fc_action_free(source);
	world_watches_free(&watches);
}

static void test_source_by_a_name_follows_the_name(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer_of("secret:edge-1/ns/src:data"));
	world_resolve(w);
	world_object(w, watches.configmaps[EDGE1], bearer_of("configmap:edge-one/ns/src:data"));
	assert_string_equal(world_state(w, "secrets/ns/dst", NULL), "Pending/FirstSync");
	assert_string_equal(world_state(w, "configmaps/ns/dst", NULL), "Invalid/BadInstance");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-one", FC_READS_SAME_NAMESPACE);
	world_resolve(w);
	assert_string_equal(world_state(w, "secrets/ns/dst", NULL), "Invalid/BadInstance");
	assert_string_equal(world_state(w, "configmaps/ns/dst", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

/* Names may be passed on from cluster to cluster, one event each: in between two bear one. */
static void test_name_of_two_clusters_means_neither(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE2], bearer_of("secret:edge-2/ns/src:data"));
	world_resolve(w);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/FirstSync");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-2", FC_READS_SAME_NAMESPACE);
	assert_string_equal(world_state(w, "/dst", NULL), "Invalid/BadInstance");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE2, "edge-1", FC_READS_SAME_NAMESPACE);
	world_resolve(w);
	world_no_sources(w);
	/* It is the other one's name now, and that may not be read. */
	assert_string_equal(world_state(w, "/dst", NULL), "NotAllowed/NotAllowed");
	world_watches_free(&watches);
}

static void test_other_reads_are_judged_again_and_write_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *again;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_drop(w);
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_NONE);
	assert_string_equal(world_state(w, "/dst", NULL), "NotAllowed/NotAllowed");
	assert_quiet(w);
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_SAME_NAMESPACE);
	again = world_take_watch(w, HUB, "secrets", false);
	assert_non_null(again);
	world_list(w, again,
		   J("{'metadata':{'name':'src','namespace':'ns','uid':'s','resourceVersion':'10'},'data':{'a':'1'}}"));
	assert_string_equal(world_state(w, "/dst", NULL), "InSync/InSync");
	assert_quiet(w);
	fc_action_free(again);
	fc_action_free(source);
	world_watches_free(&watches);
}

/* A second reader keeps the source known meanwhile: no first state of it comes that would lift the refusal. */
static void test_value_that_changed_out_of_reach_is_written_where_the_old_one_was_refused(void **state)
{
	struct world *w = *state;
	struct world_watches watches;
	struct fc_action *source, *a;

	world_start(w, &watches);
	world_pair(w, &watches, EDGE1, &source);
	world_object(w, watches.secrets[EDGE2], world_target("1", "80"));
	world_resolve(w);
	world_answer_read(w, "dst", world_target("1", "80"));
	assert_string_equal(world_state(w, "edge-2/secrets", NULL), "InSync/InSync");
	world_drop(w);
	world_source_changes(w, source, "bad", "11");
	a = world_take(w, FC_ACTION_PATCH);
	assert_int_equal(a->cluster, EDGE1);
	world_fail(w, a, FC_ERR_INVALID, 0);
	fc_action_free(a);
	world_answer_read(w, "dst", world_target("1", "21"));
	assert_string_equal(world_state(w, "edge-1/secrets", NULL), "Invalid/Refused");
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_NONE);
	world_source_changes(w, source, "2", "12");
	world_drop(w);
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_SAME_NAMESPACE);
	world_answer_read(w, "src",
			  J("{'metadata':{'name':'src','namespace':'ns','resourceVersion':'12'},'data':{'a':'2'}}"));
	a = world_take(w, FC_ACTION_PATCH);
	assert_non_null(a);
	assert_int_equal(a->cluster, EDGE1);
	world_answer(w, a, world_target("2", "22"));
	fc_action_free(a);
	assert_string_equal(world_state(w, "edge-1/secrets", NULL), "InSync/InSync");
	fc_action_free(source);
	world_watches_free(&watches);
}

/* Other labels, or reads that forbid nothing of what is copied: rules stay bound to what they know. */
static void test_other_reads_that_change_nothing_start_nothing(void **state)
{
	struct world *w = *state;
	struct world_watches watches;

	world_start(w, &watches);
	world_object(w, watches.secrets[EDGE1], bearer_of("secret:edge-1/ns/src:data"));
	world_resolve(w);
	world_drop(w);
	world_described(w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-1", FC_READS_NONE);
	assert_null(w->actions.first);
	assert_string_equal(world_state(w, "/dst", NULL), "Pending/FirstSync");
	world_watches_free(&watches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_clusters_are_gone_through_in_the_order_of_their_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_added_cluster_is_served_as_one_of_the_start_and_touches_no_other,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_on_a_cluster_that_is_added_later_comes_alive, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_removed_cluster_goes_with_one_line_and_nothing_on_it_is_touched,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules_that_read_from_a_removed_master_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_sources_on_a_removed_cluster_start_no_watch_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_renamed_cluster_keeps_its_rules_and_watches, setup, teardown),
		cmocka_unit_test_setup_teardown(test_source_by_a_name_follows_the_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_name_of_two_clusters_means_neither, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_reads_are_judged_again_and_write_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_value_that_changed_out_of_reach_is_written_where_the_old_one_was_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_reads_that_change_nothing_start_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
