/* SPDX-License-Identifier: Apache-2.0 */
/* Where copies of whole objects are made: by namespace name, pattern and label; namespaces that come, go and change;
 * and what stands in the way. */
#include "copies.h"

static void test_copies_are_made_in_every_namespace_with_the_label(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "(absent)");
	assert_string_equal(copies_value(c, EDGE1, "a", "src"), "(absent)");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 0);
	copies_free(c);
}

static void test_names_and_patterns_select_too(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_space(c, HUB, "shop-1", "");
	copies_source(c, "'test.fedcopy/copy-to':'other,shop-*,later'");
	assert_string_equal(copies_value(c, HUB, "other", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "shop-1", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_state(c, "hub/configmaps/later/src"), "Pending/NamespaceMissing");
	copies_space(c, HUB, "later", "");
	copies_space(c, HUB, "shop-2", "");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "later", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "shop-2", "src"), "1");
	copies_free(c);
}

static void test_namespace_that_gets_the_label_gets_a_copy_and_one_that_loses_it_loses_it(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "Namespace", NULL, "other", "{'metadata':{'labels':{'team':'x'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "other", "src"), "1");
	copies_patch(c, HUB, "Namespace", NULL, "a", "{'metadata':{'labels':{'team':'y'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	copies_free(c);
}

static void test_nothing_is_created_in_a_namespace_that_is_being_deleted(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "holds", "'finalizers':['x/y']", "");
	copies_delete(c, HUB, "Namespace", NULL, "a");
	copies_settle(c);
	copies_source(c, TO_TEAM_X);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Error/NamespaceTerminating");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	assert_int_equal(c->writes, 1);
	copies_free(c);
}

static void test_malformed_selector_writes_nothing_and_leaves_what_was_copied(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'test.fedcopy/copy':'team in x'}}}");
	copies_settle(c);
	assert_string_equal(copies_state(c, ""), "Invalid/BadSelector");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'test.fedcopy/copy':'team=x'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	copies_free(c);
}

static void test_object_that_nobody_owns_is_a_conflict_until_it_goes(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", "", "'data':{'a':'mine'}");
	copies_source(c, TO_TEAM_X);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Conflict/Unowned");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "mine");
	/* A refused creation and one read: no more of either while nothing changes. */
	assert_int_equal(c->writes, 2);
	assert_int_equal(c->reads, 1);
	copies_wait(c, 3600 * 1000);
	assert_int_equal(c->writes, 2);
	copies_delete(c, HUB, "ConfigMap", "a", "src");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_of_two_sources_the_first_keeps_the_place_and_the_second_follows(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_make(c, HUB, "ConfigMap", "other", "src", "'annotations':{" TO_TEAM_X "}", "'data':{'a':'rival'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Conflict/AnotherRule");
	copies_delete(c, HUB, "ConfigMap", "home", "src");
	copies_settle(c);
	copies_wait(c, 10000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "rival");
	copies_free(c);
}

static void test_source_that_is_no_copyable_one_is_not_allowed(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'test.fedcopy/refuse':'true'");
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "NotAllowed/NotAllowed");
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_pause_on_source_copy_or_namespace_holds_writes_back(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X ",'fedcopy.dev/pause':'true'");
	assert_int_equal(c->writes, 0);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Pending/Paused");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_patch(c, HUB, "Namespace", NULL, "b", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_settle(c);
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	copies_patch(c, HUB, "ConfigMap", "a", "src", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_patch(c, HUB, "Namespace", NULL, "b", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "2");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "2");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_are_made_in_every_namespace_with_the_label),
		cmocka_unit_test(test_names_and_patterns_select_too),
		cmocka_unit_test(test_namespace_that_gets_the_label_gets_a_copy_and_one_that_loses_it_loses_it),
		cmocka_unit_test(test_nothing_is_created_in_a_namespace_that_is_being_deleted),
		cmocka_unit_test(test_malformed_selector_writes_nothing_and_leaves_what_was_copied),
		cmocka_unit_test(test_object_that_nobody_owns_is_a_conflict_until_it_goes),
		cmocka_unit_test(test_of_two_sources_the_first_keeps_the_place_and_the_second_follows),
		cmocka_unit_test(test_source_that_is_no_copyable_one_is_not_allowed),
		cmocka_unit_test(test_pause_on_source_copy_or_namespace_holds_writes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
