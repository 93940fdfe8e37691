/* SPDX-License-Identifier: Apache-2.0 */
/* fedcopy.dev/create-namespaces: missing namespaces that a rule names are created on members, where the operator
 * permits the copy, and are never deleted again. */
#include "copies.h"

#define TO_NEW "'test.fedcopy/copy-to':'new','fedcopy.dev/clusters':'edge-1','fedcopy.dev/create-namespaces':'true'"

static const json_t *space(struct copies *c, fc_cluster_no cluster, const char *name)
{
	return api_server_object(c->servers[cluster], "", "namespaces", "", name);
}

static void test_missing_namespace_is_created_with_a_mark_and_the_copy_in_it(void **state)
{
	struct copies *c = copies_new();
	FC_AUTO_FREE char *mark = fc_xasprintf("%s/home/src", api_server_id(c->servers[HUB]));

	(void)state;
	copies_source(c, TO_NEW);
	assert_string_equal(copies_annotation(space(c, EDGE1, "new"), FC_MARK_CREATED_FOR), mark);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "InSync/InSync");
	assert_int_equal(c->writes, 2);
	/* Of the source at most, whose body nobody keeps so long. */
	assert_in_range(c->reads, 0, 1);
	copies_free(c);
}

static void test_own_cluster_and_clusters_that_are_not_named_get_none(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_NEW);
	assert_null(space(c, HUB, "new"));
	assert_null(space(c, EDGE2, "new"));
	assert_string_equal(copies_state(c, "hub/configmaps/new/src"), "Pending/NamespaceMissing");
	copies_free(c);
}

static void test_namespace_is_created_once_for_all_that_wait_for_it(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->late_echo = true;
	copies_make(c, HUB, "ConfigMap", "home", "one", "'annotations':{" TO_NEW "}", "'data':{'a':'1'}");
	copies_make(c, HUB, "ConfigMap", "home", "two", "'annotations':{" TO_NEW "}", "'data':{'a':'2'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "new", "one"), "1");
	assert_string_equal(copies_value(c, EDGE1, "new", "two"), "2");
	assert_int_equal(c->writes, 3);
	copies_free(c);
}

static void test_without_the_word_no_namespace_is_created(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, "'test.fedcopy/copy-to':'new','fedcopy.dev/clusters':'edge-1',"
			 "'fedcopy.dev/create-namespaces':'yes'");
	assert_null(space(c, EDGE1, "new"));
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "Pending/NamespaceMissing");
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'fedcopy.dev/create-namespaces':'true'}}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	copies_free(c);
}

static void test_patterns_and_labels_create_none(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, "'test.fedcopy/copy-to':'new-*','test.fedcopy/copy':'team=y','fedcopy.dev/clusters':'*',"
			 "'fedcopy.dev/create-namespaces':'true'");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static struct copies *with_permissions(const char *list)
{
	struct copies *c = copies_make_servers();
	struct fc_event *event = fc_event_new(FC_EVENT_PERMISSIONS);
	struct fc_error error = FC_ERROR_INIT;
	json_t *permissions = J("%s", list);

	fc_engine_free(c->w.engine);
	c->not_all_allowed = true;
	c->w.engine = copies_engine(c);
	copies_space(c, HUB, "home", "");
	copies_start(c);
	event->permissions = fc_permissions_read(permissions, &error);
	assert_non_null(event->permissions);
	world_step(&c->w, event);
	json_decref(permissions);
	copies_source(c, TO_NEW);
	return c;
}

static void test_only_the_operator_can_permit_it(void **state)
{
	struct copies *c = with_permissions("[]");

	(void)state;
	assert_null(space(c, EDGE1, "new"));
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "Pending/NamespaceMissing");
	copies_free(c);
	c = with_permissions("[{'from':'hub/home','to':'edge-1/new','resources':['configmaps']}]");
	assert_non_null(space(c, EDGE1, "new"));
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "InSync/InSync");
	copies_free(c);
	c = with_permissions("[{'from':'hub/home','to':'edge-1/other','resources':['configmaps']}]");
	assert_null(space(c, EDGE1, "new"));
	copies_free(c);
}

static void test_namespace_stays_when_nobody_needs_it_any_more(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_NEW);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "(absent)");
	assert_non_null(space(c, EDGE1, "new"));
	copies_free(c);
}

static void test_refusal_is_told_and_tried_again_with_growing_delays(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = EDGE1;
	copies_source(c, TO_NEW);
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "Forbidden/TargetForbidden");
	copies_wait(c, 60000);
	assert_in_range(c->writes, 4, 14);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	copies_free(c);
}

static void test_lost_answer_is_no_second_namespace_and_no_error(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->lose_answers = 1;
	copies_source(c, TO_NEW);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "InSync/InSync");
	copies_free(c);
}

static void test_namespace_that_is_deleted_by_somebody_is_created_again(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_NEW);
	copies_delete(c, EDGE1, "Namespace", NULL, "new");
	for (int i = 0; i < 5; i++) {
		copies_settle(c);
		copies_wait(c, 60000);
	}
	assert_true(copies_object(c, EDGE1, "ConfigMap", "new", "src") || space(c, EDGE1, "new"));
	copies_free(c);
}

/* All that is wanted is done but for the next creation, which is the caller's. */
static struct fc_action *until_it_creates(struct copies *c)
{
	for (int i = 0; i < 1000; i++) {
		struct fc_action *a;

		world_resolve(&c->w);
		a = fc_actions_take(&c->w.actions);
		if (a && a->type == FC_ACTION_CREATE)
			return a;
		if (a)
			copies_do(c, a);
		else
			copies_pump_all(c);
	}
	fail_msg("nothing is created");
	return NULL;
}

static void test_rule_that_goes_while_its_namespace_is_made_leaves_nothing_behind(void **state)
{
	struct copies *c = copies_new();
	struct fc_action *a;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "home", "src", "'annotations':{" TO_NEW "}", "'data':{'a':'1'}");
	a = until_it_creates(c);
	assert_string_equal(a->resource->plural, "namespaces");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	world_fail(&c->w, a, FC_ERR_NETWORK, -1);
	fc_action_free(a);
	copies_settle(c);
	copies_source(c, TO_NEW);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	copies_free(c);
}

static void test_object_that_comes_while_its_namespace_is_made_is_seen_by_those_who_read_it(void **state)
{
	struct copies *c = copies_new();
	struct fc_action *a;

	(void)state;
	copies_make(c, EDGE1, "ConfigMap", "home", "reader",
		    "'annotations':{'k8s-copier.fig.org/replace-data.a':'configmap:edge-1/new/src:data.a'}",
		    "'data':{}");
	copies_make(c, HUB, "ConfigMap", "home", "src", "'annotations':{" TO_NEW "}", "'data':{'a':'1'}");
	a = until_it_creates(c);
	assert_string_equal(a->resource->plural, "namespaces");
	copies_settle(c);
	copies_space(c, EDGE1, "new", "");
	copies_make(c, EDGE1, "ConfigMap", "new", "src", "", "'data':{'a':'theirs'}");
	copies_settle(c);
	world_fail(&c->w, a, FC_ERR_EXISTS, -1);
	fc_action_free(a);
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "Conflict/Unowned");
	assert_string_equal(copies_value(c, EDGE1, "home", "reader"), "theirs");
	copies_free(c);
}

/* What keeps the copy from being written keeps its namespace from being made. */
static void test_namespace_is_made_only_when_the_copy_would_be_written(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_NEW ",'fedcopy.dev/pause':'true'");
	assert_null(space(c, EDGE1, "new"));
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "Pending/Paused");
	copies_patch(c, HUB, "Namespace", NULL, "home", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_settle(c);
	assert_null(space(c, EDGE1, "new"));
	copies_patch(c, HUB, "Namespace", NULL, "home", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "InSync/InSync");
	copies_free(c);
}

static void test_no_namespace_is_made_before_the_finalizer_is_on_the_source(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = HUB;
	copies_source(c, TO_NEW ",'test.fedcopy/finalizer':'true'");
	assert_null(space(c, EDGE1, "new"));
	assert_string_equal(copies_state(c, "edge-1/configmaps/new/src"), "Forbidden/SourceForbidden");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 600000);
	assert_string_equal(copies_value(c, EDGE1, "new", "src"), "1");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing_namespace_is_created_with_a_mark_and_the_copy_in_it),
		cmocka_unit_test(test_own_cluster_and_clusters_that_are_not_named_get_none),
		cmocka_unit_test(test_namespace_is_created_once_for_all_that_wait_for_it),
		cmocka_unit_test(test_without_the_word_no_namespace_is_created),
		cmocka_unit_test(test_patterns_and_labels_create_none),
		cmocka_unit_test(test_only_the_operator_can_permit_it),
		cmocka_unit_test(test_namespace_stays_when_nobody_needs_it_any_more),
		cmocka_unit_test(test_refusal_is_told_and_tried_again_with_growing_delays),
		cmocka_unit_test(test_lost_answer_is_no_second_namespace_and_no_error),
		cmocka_unit_test(test_namespace_that_is_deleted_by_somebody_is_created_again),
		cmocka_unit_test(test_object_that_comes_while_its_namespace_is_made_is_seen_by_those_who_read_it),
		cmocka_unit_test(test_namespace_is_made_only_when_the_copy_would_be_written),
		cmocka_unit_test(test_no_namespace_is_made_before_the_finalizer_is_on_the_source),
		cmocka_unit_test(test_rule_that_goes_while_its_namespace_is_made_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
