/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that are kept true: what a change of a source costs, drift, what no patch can change, what is taken over and
 * what is not, restarts. */
#include "copies.h"

static void test_change_of_a_source_is_one_write_for_each_copy_and_no_read(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2','b':'new'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "2");
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 0);
	copies_free(c);
}

static void test_change_that_copies_do_not_have_writes_nothing(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/x':'y'}}}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_labels_and_annotations_follow_the_source_and_go_with_it(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy;

	(void)state;
	copies_source(c, TO_TEAM_X ",'note':'1'");
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'labels':{'mine':'1'},'annotations':{'my':'1'}}}");
	copies_settle(c);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'labels':{'app':'web'},'annotations':{'note':null,'more':'2'}}}");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_string_equal(fc_marks_label(copy, "app"), "web");
	assert_string_equal(fc_marks_label(copy, "mine"), "1");
	assert_string_equal(copies_annotation(copy, "my"), "1");
	assert_string_equal(copies_annotation(copy, "more"), "2");
	assert_string_equal(copies_annotation(copy, "note"), "(none)");
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 0);
	copies_free(c);
}

static void test_no_word_of_a_dialect_is_taken_over(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy;

	(void)state;
	copies_source(c, TO_TEAM_X ",'k8s-copier.fig.org/replace-data':'x:y:z','fedcopy.dev/allow-namespaces':'*'");
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_string_equal(copies_annotation(copy, "test.fedcopy/from"), "home/src");
	assert_string_equal(copies_annotation(copy, "test.fedcopy/copy"), "(none)");
	assert_string_equal(copies_annotation(copy, "k8s-copier.fig.org/replace-data"), "(none)");
	assert_string_equal(copies_annotation(copy, "fedcopy.dev/allow-namespaces"), "(none)");
	copies_free(c);
}

static void test_exact_copies_lose_what_is_foreign(void **state)
{
	struct copies *c = copies_new();
	const json_t *copy;

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/exact':'true'");
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'labels':{'mine':'1'},'finalizers':['x/y']}}");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "a", "src");
	assert_null(fc_marks_label(copy, "mine"));
	assert_int_equal(json_array_size(json_object_get(json_object_get(copy, "metadata"), "finalizers")), 1);
	copies_free(c);
}

static void test_drift_is_undone_with_one_read_of_each_side(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'data':{'a':'9','z':'1'},'binaryData':{'x':'AAAA'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_null(json_object_get(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "data"), "z"));
	assert_null(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "binaryData"));
	assert_int_equal(c->writes, 1);
	assert_int_equal(c->reads, 2);
	copies_free(c);
}

static void test_foreign_change_that_is_no_drift_costs_one_read(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'labels':{'mine':'1'}}}");
	copies_settle(c);
	assert_int_equal(c->writes, 0);
	assert_int_equal(c->reads, 1);
	copies_free(c);
}

static void test_deleted_copy_is_made_again(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_delete(c, HUB, "ConfigMap", "a", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_copy_that_lost_its_marks_is_a_conflict_and_is_left_alone(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "a", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/from':null}},'data':{'a':'theirs'}}");
	copies_settle(c);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Conflict/Unowned");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "theirs");
	copies_free(c);
}

static void test_immutable_copy_is_deleted_and_made_again(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'immutable':true}");
	copies_settle(c);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "2");
	copies_free(c);
}

static void test_immutable_source_makes_immutable_copies_which_follow_it(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'immutable':true}");
	copies_settle(c);
	assert_true(json_is_true(json_object_get(copies_object(c, HUB, "ConfigMap", "a", "src"), "immutable")));
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_make(c, HUB, "ConfigMap", "home", "src", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'2'}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	copies_free(c);
}

static void test_secret_of_another_type_is_deleted_and_made_again(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" TO_TEAM_X "}", "'type':'x/one'");
	copies_settle(c);
	copies_delete(c, HUB, "Secret", "home", "s");
	copies_make(c, HUB, "Secret", "home", "s", "'annotations':{" TO_TEAM_X "}", "'type':'x/two'");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(json_string_value(json_object_get(copies_object(c, HUB, "Secret", "a", "s"), "type")),
			    "x/two");
	copies_free(c);
}

static void test_restart_in_sync_writes_nothing_and_reads_each_copy_once(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	assert_int_equal(c->reads, 2);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	copies_free(c);
}

static void test_restart_finds_what_has_changed_meanwhile(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_patch(c, HUB, "Namespace", NULL, "b", "{'metadata':{'labels':{'team':null}}}");
	copies_patch(c, HUB, "Namespace", NULL, "other", "{'metadata':{'labels':{'team':'x'}}}");
	copies_restart(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "2");
	copies_free(c);
}

static void test_failed_writes_back_off_and_harm_no_other(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/clusters':'edge-1'");
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_on = EDGE1;
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "1");
	assert_string_equal(copies_state(c, "edge-1/configmaps/a/src"), "Forbidden/TargetForbidden");
	copies_wait(c, 60000);
	assert_in_range(c->writes, 4, 14);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 300000);
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "2");
	copies_free(c);
}

static void test_refused_copy_is_invalid_until_the_source_changes(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	c->fail_writes = FC_ERR_INVALID;
	c->fail_on = HUB;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 600000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Invalid/Refused");
	c->fail_writes = FC_ERR_NONE;
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'3'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "3");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change_of_a_source_is_one_write_for_each_copy_and_no_read),
		cmocka_unit_test(test_change_that_copies_do_not_have_writes_nothing),
		cmocka_unit_test(test_labels_and_annotations_follow_the_source_and_go_with_it),
		cmocka_unit_test(test_no_word_of_a_dialect_is_taken_over),
		cmocka_unit_test(test_exact_copies_lose_what_is_foreign),
		cmocka_unit_test(test_drift_is_undone_with_one_read_of_each_side),
		cmocka_unit_test(test_foreign_change_that_is_no_drift_costs_one_read),
		cmocka_unit_test(test_deleted_copy_is_made_again),
		cmocka_unit_test(test_copy_that_lost_its_marks_is_a_conflict_and_is_left_alone),
		cmocka_unit_test(test_immutable_copy_is_deleted_and_made_again),
		cmocka_unit_test(test_immutable_source_makes_immutable_copies_which_follow_it),
		cmocka_unit_test(test_secret_of_another_type_is_deleted_and_made_again),
		cmocka_unit_test(test_restart_in_sync_writes_nothing_and_reads_each_copy_once),
		cmocka_unit_test(test_restart_finds_what_has_changed_meanwhile),
		cmocka_unit_test(test_failed_writes_back_off_and_harm_no_other),
		cmocka_unit_test(test_refused_copy_is_invalid_until_the_source_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
