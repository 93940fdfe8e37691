/* SPDX-License-Identifier: Apache-2.0 */
/* Copies when things go wrong: answers that are lost or come before their event, writers that fight, one namespace that
 * refuses, objects that are taken over and taken back. */
#include "copies.h"

static void test_answer_that_comes_before_its_event_costs_nothing_more(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->late_echo = true;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'*'");
	assert_int_equal(c->writes, 6);
	assert_int_equal(c->reads, 0);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "b", "src"), "2");
	assert_int_equal(c->writes, 12);
	assert_int_equal(c->reads, 0);
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, EDGE1, "b", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	copies_free(c);
}

static void test_immutable_copy_is_made_again_whatever_comes_first(void **state)
{
	(void)state;
	for (int late = 0; late < 2; late++) {
		struct copies *c = copies_new();

		c->late_echo = late;
		copies_source(c, TO_TEAM_X);
		copies_patch(c, HUB, "ConfigMap", "a", "src", "{'immutable':true}");
		copies_settle(c);
		copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
		copies_settle(c);
		copies_wait(c, 5000);
		assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
		assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
		copies_free(c);
	}
}

static void test_write_whose_answer_is_lost_is_read_back_once(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->silent[HUB] = false;
	c->lose_answers = 1;
	copies_source(c, TO_TEAM_X);
	copies_wait(c, 5000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	assert_string_equal(copies_state(c, "hub/configmaps/b/src"), "InSync/InSync");
	assert_int_equal(c->writes, 2);
	assert_in_range(c->reads, 1, 2);
	c->lose_answers = 2;
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "2");
	assert_int_equal(c->writes, 2);
	copies_free(c);
}

static void test_one_namespace_that_refuses_delays_no_other(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	c->fail_writes = FC_ERR_QUOTA;
	c->fail_on = HUB;
	c->fail_space = "a";
	copies_source(c, TO_TEAM_X);
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Error/Quota");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_somebody_who_keeps_undoing_a_copy_makes_it_flap(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->writes = 0;
	for (int i = 0; i < 40; i++) {
		copies_patch(c, HUB, "ConfigMap", "a", "src", "{'data':{'a':'rival'}}");
		copies_settle(c);
		copies_wait(c, 100);
	}
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'data':{'a':'rival'}}");
	copies_settle(c);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Flapping/Flapping");
	assert_in_range(c->writes, 11, 16);
	assert_string_equal(copies_state(c, "hub/configmaps/b/src"), "InSync/InSync");
	/* A new value of the source begins anew. */
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	copies_free(c);
}

static void test_somebody_who_keeps_deleting_a_copy_makes_it_flap(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->writes = 0;
	for (int i = 0; i < 40; i++) {
		if (copies_object(c, HUB, "ConfigMap", "a", "src"))
			copies_delete(c, HUB, "ConfigMap", "a", "src");
		copies_settle(c);
		copies_wait(c, 100);
	}
	if (copies_object(c, HUB, "ConfigMap", "a", "src"))
		copies_delete(c, HUB, "ConfigMap", "a", "src");
	copies_settle(c);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Flapping/Flapping");
	assert_in_range(c->writes, 11, 16);
	assert_string_equal(copies_state(c, "hub/configmaps/b/src"), "InSync/InSync");
	/* When nobody deletes it any more it stands again, after the delay. */
	copies_wait(c, 300000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	copies_free(c);
}

static void test_unowned_object_is_taken_over_where_the_rule_may(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", "'labels':{'mine':'1'}", "'data':{'a':'old','b':'x'}");
	copies_source(c, TO_TEAM_X ",'test.fedcopy/take':'true'");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(fc_marks_label(copies_object(c, HUB, "ConfigMap", "a", "src"), "mine"), "1");
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "src"), "test.fedcopy/from"),
			    "home/src");
	copies_free(c);
}

static void test_released_copy_is_taken_back_by_its_source_and_by_no_other(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/end':'release'");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	assert_string_equal(
		copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "src"), "test.fedcopy/released-from"),
		"home");
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_make(c, HUB, "ConfigMap", "other", "src", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'rival'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_make(c, HUB, "ConfigMap", "home", "src", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'2'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_annotation(copies_object(c, HUB, "ConfigMap", "a", "src"), "test.fedcopy/from"),
			    "home/src");
	copies_free(c);
}

static void test_copies_elsewhere_are_released_by_taking_their_marks_off(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy;

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/end':'release','fedcopy.dev/clusters':'edge-1'");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copy = copies_object(c, EDGE1, "ConfigMap", "a", "src");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_null(fc_marks_annotation(copy, FC_MARK_ORIGIN));
	assert_null(fc_marks_annotation(copy, FC_MARK_ORIGIN_RULE));
	assert_null(fc_marks_annotation(copy, FC_MARK_ORIGIN_STATE));
	assert_null(fc_marks_label(copy, FC_MARK_ORIGIN_CLUSTER));
	copies_free(c);
}

/* a/src on the hub is a copy, and bears a path rule for one of its labels, which reads a/other. */
static struct copies *with_a_path_rule_on_the_copy(void)
{
	struct copies *c = copies_new();

	copies_source(c, "'test.fedcopy/copy-to':'a'");
	copies_make(c, HUB, "ConfigMap", "a", "other", "", "'data':{'a':'9'}");
	copies_patch(
		c, HUB, "ConfigMap", "a", "src",
		"{'metadata':{'annotations':{'k8s-copier.fig.org/replace-metadata.labels.x':'configmap:other:data.a'}}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	return c;
}

static size_t writes_in_an_hour_of_refusals(struct copies *c)
{
	c->writes = 0;
	copies_settle(c);
	copies_wait(c, 3600000);
	return c->writes;
}

static void test_path_rule_on_a_copy_that_fails_is_tried_again_with_growing_delays(void **state)
{
	struct copies *c = with_a_path_rule_on_the_copy();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = HUB;
	copies_patch(c, HUB, "ConfigMap", "a", "other", "{'data':{'a':'8'}}");
	assert_in_range(writes_in_an_hour_of_refusals(c), 5, 25);
	copies_free(c);
}

static void test_copy_with_a_path_rule_that_fails_is_tried_again_with_growing_delays(void **state)
{
	struct copies *c = with_a_path_rule_on_the_copy();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = HUB;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	assert_in_range(writes_in_an_hour_of_refusals(c), 5, 25);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_rule_on_a_copy_that_fails_is_tried_again_with_growing_delays),
		cmocka_unit_test(test_copy_with_a_path_rule_that_fails_is_tried_again_with_growing_delays),
		cmocka_unit_test(test_answer_that_comes_before_its_event_costs_nothing_more),
		cmocka_unit_test(test_immutable_copy_is_made_again_whatever_comes_first),
		cmocka_unit_test(test_write_whose_answer_is_lost_is_read_back_once),
		cmocka_unit_test(test_one_namespace_that_refuses_delays_no_other),
		cmocka_unit_test(test_somebody_who_keeps_undoing_a_copy_makes_it_flap),
		cmocka_unit_test(test_somebody_who_keeps_deleting_a_copy_makes_it_flap),
		cmocka_unit_test(test_unowned_object_is_taken_over_where_the_rule_may),
		cmocka_unit_test(test_released_copy_is_taken_back_by_its_source_and_by_no_other),
		cmocka_unit_test(test_copies_elsewhere_are_released_by_taking_their_marks_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
