/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of paths and of whole objects in one graph: on a cycle all are suspended; and what a path rule may not write.
 */
#include "copies.h"

static void test_path_rule_that_reads_the_copy_of_its_own_target_is_on_a_cycle_with_it(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, "'test.fedcopy/copy-to':'a','k8s-copier.fig.org/replace-data.x':'configmap:a/src:data.a'");
	copies_wait(c, 2000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "Cycle/Cycle");
	assert_string_equal(copies_state(c, "hub/configmaps/home/src"), "Cycle/Cycle");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "(absent)");
	/* One of them goes: the other is free. */
	copies_patch(c, HUB, "ConfigMap", "home", "src",
		     "{'metadata':{'annotations':{'k8s-copier.fig.org/replace-data.x':null}}}");
	copies_settle(c);
	copies_wait(c, 2000);
	assert_string_equal(copies_state(c, "hub/configmaps/a/src"), "InSync/InSync");
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	copies_free(c);
}

static void test_path_rule_that_reads_a_copy_elsewhere_is_on_no_cycle(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, "'test.fedcopy/copy-to':'a'");
	copies_make(c, HUB, "ConfigMap", "a", "reader",
		    "'annotations':{'k8s-copier.fig.org/replace-data.a':'configmap:src:data.a'}", "'data':{}");
	copies_settle(c);
	copies_wait(c, 2000);
	assert_string_equal(copies_value(c, HUB, "a", "reader"), "1");
	copies_patch(c, HUB, "ConfigMap", "home", "src", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 2000);
	assert_string_equal(copies_value(c, HUB, "a", "reader"), "2");
	copies_free(c);
}

static void test_path_rule_on_a_copy_is_a_conflict(void **state)
{
	struct copies *c = copies_new();

	(void)state;
	copies_source(c, TO_TEAM_X);
	copies_make(c, HUB, "ConfigMap", "a", "other", "", "'data':{'a':'9'}");
	copies_patch(c, HUB, "ConfigMap", "a", "src",
		     "{'metadata':{'annotations':{'k8s-copier.fig.org/replace-data.a':'configmap:other:data.a'}}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "1");
	assert_string_equal(world_state(&c->w, "hub/configmaps/a/src", "data.a"), "Conflict/AnotherRule");
	assert_string_equal(world_state(&c->w, "hub/configmaps/a/src", ""), "InSync/InSync");
	copies_free(c);
}

#define READS "{'from':'hub/kube-system','to':'hub/home','resources':['configmaps']}"
#define WRITES "{'from':'hub/home','to':'hub/kube-system','resources':['configmaps']}"

static void permit(struct copies *c, const char *list)
{
	world_permit(&c->w, list);
	copies_settle(c);
	copies_wait(c, 2000);
}

/* The copy's place feeds the path rule all the time; the path rule feeds the copy, once that may be made. */
static void test_copy_that_comes_to_be_permitted_may_close_a_cycle_and_open_it_again(void **state)
{
	struct copies *c = copies_make_servers();

	(void)state;
	fc_engine_free(c->w.engine);
	c->not_all_allowed = true;
	c->w.engine = copies_engine(c);
	copies_space(c, HUB, "home", "");
	copies_start(c);
	permit(c, "[" READS "]");
	copies_source(c, "'test.fedcopy/copy-to':'kube-system',"
			 "'k8s-copier.fig.org/replace-data.x':'configmap:kube-system/src:data.a'");
	copies_wait(c, 2000);
	assert_string_equal(copies_state(c, "hub/configmaps/kube-system/src"), "NotAllowed/NotAllowed");
	permit(c, "[" READS "," WRITES "]");
	assert_string_equal(copies_state(c, "hub/configmaps/kube-system/src"), "Cycle/Cycle");
	assert_string_equal(copies_state(c, "hub/configmaps/home/src"), "Cycle/Cycle");
	assert_string_equal(copies_value(c, HUB, "kube-system", "src"), "(absent)");
	permit(c, "[" READS "]");
	assert_string_equal(copies_state(c, "hub/configmaps/kube-system/src"), "NotAllowed/NotAllowed");
	assert_string_equal(copies_state(c, "hub/configmaps/home/src"), "SourceNotFound/SourceNotFound");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_rule_that_reads_the_copy_of_its_own_target_is_on_a_cycle_with_it),
		cmocka_unit_test(test_path_rule_that_reads_a_copy_elsewhere_is_on_no_cycle),
		cmocka_unit_test(test_path_rule_on_a_copy_is_a_conflict),
		cmocka_unit_test(test_copy_that_comes_to_be_permitted_may_close_a_cycle_and_open_it_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
