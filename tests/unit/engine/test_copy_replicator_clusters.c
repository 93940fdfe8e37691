/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect k8s-replicator across clusters, and with options of the operator's. The numbers are those of
 * docs/k8s-replicator.md. */
#include "replicator.h"

#define CLUSTERS_ALL "'fedcopy.dev/clusters':'*'"

static const char *far_value(struct copies *c, fc_cluster_no cluster, const char *ns, const char *name)
{
	return copies_value(c, cluster, ns, name);
}

static const char *far_state(struct copies *c, const char *ns, const char *name)
{
	return copies_annotation(copies_object(c, EDGE1, "ConfigMap", ns, name), "fedcopy.dev/origin-state");
}

static bool bears_the_dialect(struct copies *c, const char *ns, const char *name)
{
	json_t *annotations = json_object_get(
		json_object_get(copies_object(c, EDGE1, "ConfigMap", ns, name), "metadata"), "annotations");
	const char *key;
	json_t *value;

	json_object_foreach(annotations, key, value)
		if (strncmp(key, R, strlen(R)) == 0)
			return true;
	return false;
}

static struct copies *with_far(const char *more)
{
	struct copies *c = replicator_new();
	FC_AUTO_FREE char *annotations = fc_xasprintf("%s,%s%s", TO_NAMESPACES("home,a"), CLUSTERS_ALL, more);

	replicator_map(c, "home", "src", annotations, "1");
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "1");
	assert_string_equal(far_value(c, EDGE2, "a", "src"), "1");
	assert_filled(c, "a", "src", "1");
	c->reads = c->writes = 0;
	return c;
}

static void test_k8s_replicator_clusters_copies_elsewhere_bear_marks_of_their_origin_alone(void **state)
{
	struct copies *c = with_far("," ALLOWED);
	FC_AUTO_FREE char *books = fc_xasprintf("{\"version\":\"%s\"}", replicator_version(c, "home", "src"));

	(void)state;
	assert_false(bears_the_dialect(c, "home", "src"));
	assert_string_equal(far_state(c, "home", "src"), books);
	assert_string_equal(
		copies_annotation(copies_object(c, EDGE1, "ConfigMap", "a", "src"), "fedcopy.dev/origin-rule"),
		"k8s-replicator");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "2");
	/* Two on each edge, one here. */
	assert_int_equal(c->writes, 5);
	assert_int_equal(c->reads, 0);
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_k8s_replicator_clusters_copies_go_with_their_source(void **state)
{
	struct copies *c = with_far("");

	(void)state;
	copies_down(c, EDGE2);
	replicator_delete(c, "home", "src");
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "(absent)");
	assert_value(c, "a", "src", "(absent)");
	copies_up(c, EDGE2);
	copies_wait(c, 5000);
	assert_string_equal(far_value(c, EDGE2, "home", "src"), "(absent)");
	assert_string_equal(far_value(c, EDGE2, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_clusters_one_that_is_selected_no_more_loses_its_copies(void **state)
{
	struct copies *c = with_far("");

	(void)state;
	replicator_edit(c, "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-2'}}}");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "(absent)");
	assert_string_equal(far_value(c, EDGE2, "home", "src"), "1");
	replicator_edit(c, "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/clusters':null}}}");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE2, "home", "src"), "(absent)");
	assert_filled(c, "a", "src", "1");
	copies_free(c);
}

static void test_k8s_replicator_clusters_once_is_remembered_in_origin_state(void **state)
{
	struct copies *c = with_far("," ONCE ",'" R "replicate-once-version':'v1'");

	(void)state;
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	copies_restart(c);
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "1");
	assert_int_equal(c->writes, 0);
	replicator_annotate(c, "home", "src", "replicate-once-version", "'v2'");
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "2");
	copies_free(c);
}

/* Its copies elsewhere come from another object then, and their marks cannot be changed to say so. */
static void test_k8s_replicator_clusters_a_pusher_that_becomes_combined_has_its_copies_made_anew(void **state)
{
	struct copies *c = replicator_new();
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", TO("a/copy") "," CLUSTERS_ALL, "seed");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "seed");
	uid = fc_xstrdup(fc_json_metadata(copies_object(c, EDGE1, "ConfigMap", "a", "copy"), "uid"));
	replicator_annotate(c, "other", "seed", "replicate-from", "'home/src'");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "1");
	assert_string_not_equal(fc_json_metadata(copies_object(c, EDGE1, "ConfigMap", "a", "copy"), "uid"), uid);
	copies_free(c);
}

static void test_k8s_replicator_clusters_a_combined_source_pushes_the_data_of_what_it_names(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", FROM("home/src") "," TO("a/copy") "," CLUSTERS_ALL, "seed");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "1");
	assert_filled(c, "a", "copy", "1");
	assert_false(bears_the_dialect(c, "a", "copy"));
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "2");
	c->writes = 0;
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	/* Cleared as here: when it is not permitted any more, and when the source goes. */
	replicator_annotate(c, "home", "src", "replication-allowed", "'false'");
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "(none)");
	assert_string_equal(far_state(c, "a", "copy"), "(none)");
	replicator_annotate(c, "home", "src", "replication-allowed", "'true'");
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "2");
	replicator_delete(c, "home", "src");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "(none)");
	replicator_map(c, "home", "src", ALLOWED, "3");
	assert_string_equal(far_value(c, EDGE2, "a", "copy"), "3");
	replicator_delete(c, "other", "seed");
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "(absent)");
	assert_value(c, "a", "copy", "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_clusters_what_is_called_as_the_origin_of_the_data_is_another_object_there(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "b", "mid", FROM("home/src") "," ALLOWED, NULL);
	replicator_map(c, "other", "seed", FROM("b/mid") "," TO("home/src") "," CLUSTERS_ALL, "seed");
	copies_wait(c, 1000);
	assert_filled(c, "b", "mid", "1");
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "1");
	replicator_edit(c, "home", "src", "{'data':{'a':'2'}}");
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "home", "src"), "2");
	assert_value(c, "home", "src", "2");
	copies_free(c);
}

static void test_k8s_replicator_clusters_copies_of_one_that_is_gone_while_nobody_looked_go(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "other", "seed", FROM("home/src") "," TO("a/copy") "," CLUSTERS_ALL, "seed");
	copies_wait(c, 1000);
	copies_down(c, HUB);
	copies_delete(c, HUB, "ConfigMap", "other", "seed");
	c->down[HUB] = false;
	copies_restart(c);
	assert_string_equal(far_value(c, EDGE1, "a", "copy"), "(absent)");
	assert_value(c, "a", "copy", "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_clusters_an_original_there_acts_on_its_own_objects_alone(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	copies_make(c, EDGE1, "ConfigMap", "home", "src", "'annotations':{" TO_NAMESPACES("a") "}", "'data':{'a':'1'}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(far_value(c, EDGE1, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_k8s_replicator_pause_nothing_is_done_with_a_paused_target(void **state)
{
	struct copies *c = replicator_new();

	(void)state;
	replicator_map(c, "home", "src", ALLOWED, "1");
	replicator_map(c, "a", "copy", FROM("home/src") ",'fedcopy.dev/pause':'true'", NULL);
	assert_value(c, "a", "copy", "(none)");
	assert_string_equal(copies_state(c, "/a/copy"), "Pending/Paused");
	replicator_edit(c, "a", "copy", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	assert_filled(c, "a", "copy", "1");
	replicator_edit(c, "a", "copy", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	replicator_delete(c, "home", "src");
	assert_value(c, "a", "copy", "1");
	replicator_edit(c, "a", "copy", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_wait(c, 1000);
	assert_cleared(c, "a", "copy");
	copies_free(c);
}

static void test_k8s_replicator_option_another_prefix_other_labels_and_unknown_words(void **state)
{
	static const char *const labels[] = { "team", "x", NULL };
	struct fc_dialect *d = fc_k8s_replicator_new(&(struct fc_k8s_replicator_options){
		.prefix = "r.example.com", .labels = labels, .ignore_unknown = true });
	const struct fc_dialect *const all[] = { &fc_dialect_k8s_copier, d, NULL };
	struct copies *c = replicator_new_with(d, all);
	const json_t *copy;

	(void)state;
	replicator_map(c, "home", "old", TO_NAMESPACES("a"), "1");
	replicator_map(c, "home", "src",
		       "'r.example.com/replicate-to-namespaces':'a','r.example.com/replicate-form':'x'", "1");
	copies_wait(c, 1000);
	assert_value(c, "a", "old", "(absent)");
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_string_equal(copies_annotation(copy, "r.example.com/replicated-by"), "home/src");
	assert_json(json_object_get(json_object_get(copy, "metadata"), "labels"), J("{'team':'x'}"));
	copies_free(c);
	fc_k8s_replicator_free(d);
}

static void test_k8s_replicator_option_without_a_prefix_the_words_stand_alone(void **state)
{
	struct fc_dialect *d = fc_k8s_replicator_new(&(struct fc_k8s_replicator_options){ .prefix = "" });
	const struct fc_dialect *const all[] = { &fc_dialect_k8s_copier, d, NULL };
	struct copies *c = replicator_new_with(d, all);

	(void)state;
	replicator_map(c, "home", "src", "'replication-allowed':'true','note':'n'", "1");
	replicator_map(c, "a", "copy", "'replicate-from':'home/src','note':'n'", NULL);
	assert_value(c, "a", "copy", "1");
	assert_string_equal(
		copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "copy"), "replicated-from-origin"),
		"home/src");
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "copy"), "note"), "n");
	copies_free(c);
	fc_k8s_replicator_free(d);
}

#define TEST(name) cmocka_unit_test(test_k8s_replicator_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(clusters_copies_elsewhere_bear_marks_of_their_origin_alone),
		TEST(clusters_copies_go_with_their_source),
		TEST(clusters_one_that_is_selected_no_more_loses_its_copies),
		TEST(clusters_once_is_remembered_in_origin_state),
		TEST(clusters_a_combined_source_pushes_the_data_of_what_it_names),
		TEST(clusters_a_pusher_that_becomes_combined_has_its_copies_made_anew),
		TEST(clusters_what_is_called_as_the_origin_of_the_data_is_another_object_there),
		TEST(clusters_copies_of_one_that_is_gone_while_nobody_looked_go),
		TEST(clusters_an_original_there_acts_on_its_own_objects_alone),
		TEST(pause_nothing_is_done_with_a_paused_target),
		TEST(option_another_prefix_other_labels_and_unknown_words),
		TEST(option_without_a_prefix_the_words_stand_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
