/* SPDX-License-Identifier: Apache-2.0 */
/* Copies in other clusters: which clusters are meant, the marks that copies bear there, and clusters that come, go and
 * change. */
#include "copies.h"

static void test_clusters_are_added_by_name_by_label_and_all(void **state)
{
	static const struct {
		const char *value;
		bool edge1, edge2;
	} rows[] = {
		{ "*", true, true },
		{ "edge-2", false, true },
		{ "edge-1, edge-2,later", true, true },
		{ "region in (eu,asia)", true, false },
		{ "tier=edge,region!=us", true, false },
		{ "nobody", false, false },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct copies *c = copies_new();
		FC_AUTO_FREE char *words = fc_xasprintf(TO_TEAM_X ",'fedcopy.dev/clusters':'%s'", rows[i].value);

		copies_source(c, words);
		assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
		assert_string_equal(copies_value(c, EDGE1, "a", "src"), rows[i].edge1 ? "1" : "(absent)");
		assert_string_equal(copies_value(c, EDGE2, "b", "src"), rows[i].edge2 ? "1" : "(absent)");
		copies_free(c);
	}
}

static void test_copies_elsewhere_bear_the_marks_of_their_origin_and_none_of_the_dialect(void **state)
{
	struct copies *c = copies_new();
	FC_AUTO_FREE char *origin = NULL;
	const json_t *copy;

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*','note':'1'");
	copy = copies_object(c, EDGE1, "ConfigMap", "a", "src");
	origin = fc_xasprintf("%s/home/src", api_server_id(c->servers[HUB]));
	assert_string_equal(copies_annotation(copy, "fedcopy.dev/origin"), origin);
	assert_string_equal(copies_annotation(copy, "fedcopy.dev/origin-rule"), "copy-test");
	assert_string_equal(fc_marks_label(copy, "fedcopy.dev/origin-cluster"), api_server_id(c->servers[HUB]));
	assert_string_equal(copies_annotation(copy, "test.fedcopy/from"), "(none)");
	assert_string_equal(copies_annotation(copy, "fedcopy.dev/clusters"), "(none)");
	assert_string_equal(copies_annotation(copy, "note"), "1");
	assert_null(fc_marks_annotation(copies_object(c, HUB, "ConfigMap", "a", "src"), "fedcopy.dev/origin"));
	copies_free(c);
}

static void test_namespace_that_bears_the_sources_name_is_a_destination_elsewhere(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, "'test.fedcopy/copy-to':'home','fedcopy.dev/clusters':'edge-1'");
	assert_string_equal(copies_value(c, EDGE1, "home", "src"), "1");
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "home", "src"), "test.fedcopy/from"),
			    "(none)");
	copies_free(c);
}

static void test_malformed_clusters_write_nothing_anywhere(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'edge-1,*'");
	assert_string_equal(copies_state(c, ""), "Invalid/BadClusters");
	assert_int_equal(c->writes, 0);
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-1'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'('}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_clusters_named_elsewhere_than_on_the_master_are_not_allowed(void **state)
{
	struct copies *c = copies_make_servers();

	(void)state;
	fc_engine_free(c->w.engine);
	c->w.infos[EDGE1].dialects = J("['copy-test']");
	c->w.engine = copies_engine(c);
	copies_space(c, EDGE1, "home", "");
	copies_space(c, EDGE1, "a", "'team':'x'");
	copies_space(c, EDGE2, "a", "'team':'x'");
	copies_start(c);
	copies_make(c, EDGE1, "ConfigMap", "home", "src",
		    "'annotations':{" TO_TEAM_X ",'fedcopy.dev/clusters':'edge-2'}", "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_state(c, ""), "NotAllowed/NotAllowed");
	assert_int_equal(c->writes, 0);
	/* Inside that cluster the dialect acts, since it is named there. */
	copies_patch(c, EDGE1, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'fedcopy.dev/clusters':null}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_dialect_does_not_act_on_members_that_do_not_name_it(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_make(c, EDGE1, "ConfigMap", "home", "src", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'1'}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_cluster_no_longer_selected_is_as_a_namespace_no_longer_selected(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-2'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void cluster_labels(struct copies *c, fc_cluster_no no, const char *labels)
{
	struct fc_event *e = fc_event_new(FC_EVENT_CLUSTER_CHANGED);

	e->cluster = no;
	e->info = fc_xcalloc(1, sizeof(*e->info));
	fc_cluster_info_copy(e->info, &c->w.infos[no]);
	json_decref(e->info->labels);
	e->info->labels = J("%s", labels);
	world_step(&c->w, e);
	copies_settle(c);
}

/* The source's name leads to another cluster for a while, and a member is back before the right one has listed: what it
 * said before may not be what it says. */
static void test_copy_is_not_judged_by_what_was_heard_before_its_cluster_was_another(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_down(c, EDGE1);
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-2'}}}");
	copies_settle(c);
	world_up_as(&c->w, HUB, "another");
	copies_settle(c);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'*'}}}");
	c->silent[HUB] = true;
	copies_up(c, HUB);
	c->writes = 0;
	copies_up(c, EDGE1);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	c->silent[HUB] = false;
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_clusters_that_change_labels_come_and_go(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'region=eu'");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "(absent)");
	cluster_labels(c, EDGE2, "{'region':'eu'}");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "1");
	cluster_labels(c, EDGE1, "{'region':'us'}");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	/* What leaves the set is not touched. */
	world_removed(&c->w, EDGE2);
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_cluster_that_is_away_gets_its_copies_when_it_is_back(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_down(c, EDGE1);
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "1");
	copies_up(c, EDGE1);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_down(c, EDGE1);
	assert_string_equal(copies_state(c, "edge-1/configmaps/a/src"), "ClusterUnreachable/TargetCluster");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "2");
	copies_up(c, EDGE1);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "2");
	copies_free(c);
}

static void test_without_a_readable_cluster_id_copies_between_clusters_are_forbidden(void **state)
{
	struct copies *c = copies_make_servers();

	(void)state;
	copies_space(c, HUB, "home", "");
	for (fc_cluster_no i = 0; i < CLUSTERS; i++) {
		copies_space(c, i, "a", "'team':'x'");
		world_up_as(&c->w, i, i == EDGE1 ? NULL : api_server_id(c->servers[i]));
		copies_settle(c);
	}
	copies_wait(c, 5000);
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "1");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	assert_string_equal(copies_state(c, "edge-1/configmaps/a/src"), "Forbidden/NoClusterId");
	copies_up(c, EDGE1);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	copies_free(c);
}

static void test_copy_of_a_cluster_that_is_not_known_is_left_alone(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_make(c, EDGE1, "ConfigMap", "a", "src",
		    "'labels':{'fedcopy.dev/origin-cluster':'elsewhere'},'annotations':{'fedcopy.dev/origin':"
		    "'elsewhere/home/src','fedcopy.dev/origin-rule':'copy-test'}",
		    "'data':{'a':'theirs'}");
	copies_settle(c);
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "theirs");
	assert_string_equal(copies_state(c, "edge-1/configmaps/a/src"), "Conflict/AnotherRule");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "theirs");
	assert_string_equal(copies_value(c, EDGE1, "b", "src"), "(absent)");
	copies_free(c);
}

static void test_restart_with_copies_elsewhere_writes_nothing(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	assert_int_equal(c->reads, 6);
	copies_free(c);
}

/* What an answer tells is for the target: what consents and pauses of a namespace hang on is told by its own watch,
 * although it may be written as well. */
static void test_only_watches_of_targets_do_without_echoes(void **state)
{
	struct copies *c = copies_new();
	size_t of_targets = 0, of_namespaces = 0, of_sources = 0;

	(void)state;
	copies_source(c, TO_TEAM_X);
	for (const struct open_watch *o = c->watches; o; o = o->next) {
		bool namespaces = strcmp(o->action->resource->plural, "namespaces") == 0;
		bool bodies = o->action->content == FC_WATCH_BODIES;

		assert_int_equal(o->action->without_echoes, !namespaces && !bodies);
		*(namespaces ? &of_namespaces : bodies ? &of_sources : &of_targets) += 1;
	}
	assert_true(of_targets > 0 && of_namespaces > 0 && of_sources > 0);
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_watches_of_targets_do_without_echoes),
		cmocka_unit_test(test_clusters_are_added_by_name_by_label_and_all),
		cmocka_unit_test(test_copies_elsewhere_bear_the_marks_of_their_origin_and_none_of_the_dialect),
		cmocka_unit_test(test_namespace_that_bears_the_sources_name_is_a_destination_elsewhere),
		cmocka_unit_test(test_malformed_clusters_write_nothing_anywhere),
		cmocka_unit_test(test_clusters_named_elsewhere_than_on_the_master_are_not_allowed),
		cmocka_unit_test(test_dialect_does_not_act_on_members_that_do_not_name_it),
		cmocka_unit_test(test_cluster_no_longer_selected_is_as_a_namespace_no_longer_selected),
		cmocka_unit_test(test_copy_is_not_judged_by_what_was_heard_before_its_cluster_was_another),
		cmocka_unit_test(test_clusters_that_change_labels_come_and_go),
		cmocka_unit_test(test_cluster_that_is_away_gets_its_copies_when_it_is_back),
		cmocka_unit_test(test_without_a_readable_cluster_id_copies_between_clusters_are_forbidden),
		cmocka_unit_test(test_copy_of_a_cluster_that_is_not_known_is_left_alone),
		cmocka_unit_test(test_restart_with_copies_elsewhere_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
