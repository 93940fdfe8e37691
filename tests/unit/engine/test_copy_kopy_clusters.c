/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect kopy in the engine: copies in other clusters, and clusters that are away. The numbers are those of
 * docs/kopy.md. */
#include "kopy.h"

#define EVERYWHERE "'annotations':{'" HEAD "sync':'team=x','fedcopy.dev/clusters':'*'}"

static struct copies *with_copies_everywhere(void)
{
	struct copies *c = kopy_new();

	copies_make(c, HUB, "ConfigMap", "home", "src", EVERYWHERE, "'data':{'a':'1'}");
	copies_settle(c);
	for (fc_cluster_no i = 0; i < CLUSTERS; i++)
		assert_string_equal(copies_value(c, i, "a", "src"), "1");
	c->reads = c->writes = 0;
	return c;
}

static const char *far_annotation(struct copies *c, fc_cluster_no cluster, const char *ns, const char *key)
{
	return copies_annotation(copies_object(c, cluster, "ConfigMap", ns, "src"), key);
}

static const char *finalizer_of(struct copies *c, fc_cluster_no cluster, const char *ns)
{
	json_t *list = json_object_get(kopy_metadata(c, cluster, ns, "src"), "finalizers");

	return json_array_size(list) ? json_string_value(json_array_get(list, 0)) : "(none)";
}

/* No mark of ours, and none of kopy: it stays as anybody's. */
static void assert_far_released(struct copies *c, fc_cluster_no cluster, const char *ns, const char *value)
{
	assert_string_equal(copies_value(c, cluster, ns, "src"), value);
	assert_string_equal(kopy_map(kopy_metadata(c, cluster, ns, "src"), "annotations"), "");
	assert_string_equal(kopy_map(kopy_metadata(c, cluster, ns, "src"), "labels"), "");
	assert_string_equal(finalizer_of(c, cluster, ns), "(none)");
}

static void test_kopy_clusters_copies_elsewhere_bear_no_mark_of_kopy(void **state)
{
	struct copies *c = with_copies_everywhere();
	FC_AUTO_FREE char *origin = fc_xasprintf("%s/home/src", api_server_id(c->servers[HUB]));

	(void)state;
	assert_string_equal(far_annotation(c, EDGE1, "a", FC_MARK_ORIGIN), origin);
	assert_string_equal(far_annotation(c, EDGE1, "a", FC_MARK_ORIGIN_RULE), "kopy");
	assert_string_equal(far_annotation(c, EDGE1, "a", HEAD "sync"), "(none)");
	assert_string_equal(finalizer_of(c, EDGE1, "a"), "(none)");
	assert_null(strstr(kopy_map(kopy_metadata(c, EDGE1, "a", "src"), "labels"), "kot-labs"));
	assert_kopy(c, "a", "1");
	copies_free(c);
}

static void test_kopy_clusters_what_is_changed_on_a_copy_elsewhere_is_undone(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	copies_patch(c, EDGE1, "ConfigMap", "a", "src",
		     "{'data':{'a':'mine'},'metadata':{'labels':{'foo':'bar'},'annotations':{'" HEAD "sync':'team'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(far_annotation(c, EDGE1, "a", HEAD "sync"), "(none)");
	assert_null(strstr(kopy_map(kopy_metadata(c, EDGE1, "a", "src"), "labels"), "foo"));
	copies_free(c);
}

static void test_kopy_clusters_the_namespace_of_the_sources_name_is_a_destination_there(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	kopy_label_space(c, EDGE1, "home", "'x'");
	copies_make(c, HUB, "ConfigMap", "home", "src", EVERYWHERE, "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "home", "src"), "1");
	assert_string_equal(copies_value(c, EDGE2, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_clusters_namespaces_of_members_come_and_go_as_those_of_the_own_cluster(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	copies_space(c, EDGE1, "new", "'team':'x'");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	kopy_label_space(c, EDGE1, "other", "'x'");
	assert_string_equal(copies_value(c, EDGE1, "other", "src"), "1");
	kopy_label_space(c, EDGE1, "a", "null");
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "2");
	copies_delete(c, EDGE1, "ConfigMap", "a", "src");
	copies_delete(c, EDGE1, "ConfigMap", "new", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "2");
	kopy_end_space(c, EDGE1, "b");
	assert_null(copies_object(c, EDGE1, "Namespace", "", "b"));
	copies_free(c);
}

static void test_kopy_clusters_a_cluster_that_is_selected_no_more_keeps_detached_copies(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-2'}},'data':{'a':'2'}}");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(far_annotation(c, EDGE1, "a", FC_MARK_ORIGIN_RULE), "kopy");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "2");
	kopy_delete(c, "home");
	assert_far_released(c, EDGE1, "a", "1");
	assert_far_released(c, EDGE2, "a", "2");
	copies_free(c);
}

static void test_kopy_clusters_a_malformed_list_of_clusters_writes_nothing_and_can_be_deleted(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'a in b'}},'data':{'a':'2'}}");
	assert_kopy(c, "a", "1");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	kopy_delete(c, "home");
	copies_wait(c, 5000);
	assert_released(c, "a", "1");
	assert_far_released(c, EDGE1, "a", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_clusters_copies_go_free_when_the_source_or_its_annotation_goes(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	kopy_edit(c, "home", "{'metadata':{'annotations':{'" HEAD "sync':null}}}");
	assert_released(c, "a", "1");
	for (fc_cluster_no i = EDGE1; i < CLUSTERS; i++) {
		assert_far_released(c, i, "a", "1");
		assert_far_released(c, i, "b", "1");
	}
	assert_string_equal(kopy_finalizers(c, "home"), "");
	copies_free(c);
}

static void test_kopy_clusters_a_member_that_is_away_delays_nobody_and_is_right_when_it_is_back(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	copies_down(c, EDGE1);
	kopy_edit(c, "home", "{'data':{'a':'2'}}");
	assert_kopy(c, "a", "2");
	assert_string_equal(copies_value(c, EDGE2, "a", "src"), "2");
	copies_wait(c, 3600000);
	copies_up(c, EDGE1);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "2");
	copies_free(c);
}

static void test_kopy_clusters_a_source_waits_no_more_for_a_member_that_goes_away(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = EDGE1;
	kopy_delete(c, "home");
	assert_released(c, "a", "1");
	assert_string_equal(copies_value(c, HUB, "home", "src"), "1");
	copies_down(c, EDGE1);
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	copies_free(c);
}

static void test_kopy_clusters_a_source_deleted_meanwhile_frees_the_copies_of_a_member_when_it_is_back(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	copies_down(c, EDGE1);
	kopy_delete(c, "home");
	/* Nobody waits for who cannot be reached. */
	assert_string_equal(copies_value(c, HUB, "home", "src"), "(absent)");
	assert_released(c, "a", "1");
	copies_restart(c);
	copies_wait(c, 3600000);
	c->reads = 0;
	copies_up(c, EDGE1);
	copies_wait(c, 10000);
	assert_far_released(c, EDGE1, "a", "1");
	assert_far_released(c, EDGE1, "b", "1");
	assert_int_equal(c->reads, 1);
	copies_free(c);
}

static void test_kopy_clusters_while_the_master_is_away_no_copy_is_let_go(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	copies_down(c, HUB);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'finalizers':null}}");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_restart(c);
	copies_wait(c, 60000);
	assert_string_equal(far_annotation(c, EDGE1, "a", FC_MARK_ORIGIN_RULE), "kopy");
	copies_up(c, HUB);
	copies_wait(c, 10000);
	assert_far_released(c, EDGE1, "a", "1");
	copies_free(c);
}

static void test_kopy_clusters_on_a_member_where_kopy_acts_copies_ask_for_nothing(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	c->w.infos[EDGE1].dialects = J("['kopy']");
	copies_restart(c);
	copies_make(c, HUB, "ConfigMap", "home", "src", EVERYWHERE, "'data':{'a':'1'}");
	copies_make(c, EDGE1, "ConfigMap", "other", "own", SYNC("team=x"), "'data':{'a':'own'}");
	copies_settle(c);
	c->writes = 0;
	copies_patch(c, EDGE1, "ConfigMap", "a", "src", "{'metadata':{'annotations':{'" HEAD "sync':'team'}}}");
	copies_settle(c);
	assert_int_equal(c->writes, 1);
	assert_string_equal(far_annotation(c, EDGE1, "a", HEAD "sync"), "(none)");
	assert_string_equal(finalizer_of(c, EDGE1, "a"), "(none)");
	/* Inside that cluster it is the original. */
	assert_string_equal(copies_value(c, EDGE1, "b", "own"), "own");
	assert_string_equal(copies_value(c, EDGE2, "b", "own"), "(absent)");
	copies_free(c);
}

static void test_kopy_clusters_a_members_word_for_other_clusters_is_not_allowed(void **state)
{
	struct copies *c = kopy_new();

	(void)state;
	c->w.infos[EDGE1].dialects = J("['kopy']");
	copies_restart(c);
	copies_make(c, EDGE1, "ConfigMap", "home", "src", EVERYWHERE, "'data':{'a':'1'}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, ""), "NotAllowed/NotAllowed");
	copies_free(c);
}

static void test_kopy_clusters_a_restart_in_sync_writes_nothing(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_kopy_clusters_no_finalizer_waits_for_one_that_is_away_whatever_else_it_bears(void **state)
{
	struct copies *c = with_copies_everywhere();

	(void)state;
	c->dialects[2] = &fc_dialect_k8s_replicator;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'k8s-replicator/unknown':'x'}}}");
	copies_restart(c);
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = EDGE1;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'" HEAD "sync':null}}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_int_equal(json_array_size(json_object_get(kopy_metadata(c, HUB, "home", "src"), "finalizers")), 1);
	copies_down(c, EDGE1);
	copies_settle(c);
	assert_int_equal(json_array_size(json_object_get(kopy_metadata(c, HUB, "home", "src"), "finalizers")), 0);
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kopy_clusters_copies_elsewhere_bear_no_mark_of_kopy),
		cmocka_unit_test(test_kopy_clusters_what_is_changed_on_a_copy_elsewhere_is_undone),
		cmocka_unit_test(test_kopy_clusters_the_namespace_of_the_sources_name_is_a_destination_there),
		cmocka_unit_test(test_kopy_clusters_namespaces_of_members_come_and_go_as_those_of_the_own_cluster),
		cmocka_unit_test(test_kopy_clusters_a_cluster_that_is_selected_no_more_keeps_detached_copies),
		cmocka_unit_test(test_kopy_clusters_a_malformed_list_of_clusters_writes_nothing_and_can_be_deleted),
		cmocka_unit_test(test_kopy_clusters_copies_go_free_when_the_source_or_its_annotation_goes),
		cmocka_unit_test(test_kopy_clusters_a_member_that_is_away_delays_nobody_and_is_right_when_it_is_back),
		cmocka_unit_test(test_kopy_clusters_a_source_waits_no_more_for_a_member_that_goes_away),
		cmocka_unit_test(
			test_kopy_clusters_a_source_deleted_meanwhile_frees_the_copies_of_a_member_when_it_is_back),
		cmocka_unit_test(test_kopy_clusters_while_the_master_is_away_no_copy_is_let_go),
		cmocka_unit_test(test_kopy_clusters_on_a_member_where_kopy_acts_copies_ask_for_nothing),
		cmocka_unit_test(test_kopy_clusters_a_members_word_for_other_clusters_is_not_allowed),
		cmocka_unit_test(test_kopy_clusters_a_restart_in_sync_writes_nothing),
		cmocka_unit_test(test_kopy_clusters_no_finalizer_waits_for_one_that_is_away_whatever_else_it_bears),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
