/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync: no status waits for what does not come, and none is told of what was not judged yet (B32, B33). */
#include "object_syncs.h"

static bool is_of_generation(struct copies *c, const char *name, const char *type, int generation)
{
	return json_integer_value(json_object_get(sync_condition(c, name, type), "observedGeneration")) == generation;
}

static void test_object_sync_of_a_source_that_others_have_seen_ending(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "release", "flags",
		     "{'metadata':{'finalizers':['" SYNC_FINALIZER "','x/y']}}");
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	copies_wait(c, 1000);
	sync_make(c, "t", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	assert_true(sync_is(c, "t", "Ready", "True/Success"));
	assert_true(sync_is(c, "t", "InSync", "False/Failure: 0 of 0; the source is being deleted"));
	assert_null(sync_copy(c, "qa"));
	copies_free(c);
}

static void test_object_sync_of_a_source_that_others_have_seen_paused(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "release", "flags",
		     "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_settle(c);
	sync_make(c, "t", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	assert_true(sync_is(c, "t", "InSync", "False/Failure: 0 of 1; qa/flags: fedcopy.dev/pause"));
	assert_null(sync_copy(c, "qa"));
	copies_free(c);
}

static void test_object_sync_status_of_a_copy_that_waits_for_a_paused_chain(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make_in(c, "stage", "t", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "1");
	assert_int_equal(
		syncs_request(c, "PATCH", "stage", "/t", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}"),
		200);
	copies_settle(c);
	sync_patch(c, "s", "{'spec':{'destinations':[]}}");
	copies_wait(c, 1000);
	assert_non_null(sync_copy(c, "stage"));
	assert_true(sync_is(c, "s", "Ready", "True/Success"));
	assert_true(is_of_generation(c, "s", "Ready", 2));
	assert_true(sync_is(c, "s", "InSync", "False/Failure: 0 of 1; stage/flags: the copy is not wanted any more"));
	/* Nor is it let go before all who may have copied it are known. */
	copies_restart(c);
	copies_wait(c, 5000);
	assert_non_null(sync_copy(c, "stage"));
	assert_non_null(sync_copy(c, "qa"));
	assert_int_equal(c->writes, 0);
	assert_int_equal(
		syncs_request(c, "PATCH", "stage", "/t", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}"),
		200);
	copies_settle(c);
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "qa"));
	assert_null(sync_copy(c, "stage"));
	assert_true(sync_is(c, "s", "InSync", "True/Success: 0 of 0"));
	copies_free(c);
}

/* The other one lists it since it wants the place, and has never had it. */
static void test_object_sync_copy_goes_although_a_paused_one_waits_for_its_place(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "release", "other", "", "'data':{'a':'other'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(
		c, "t", "",
		"'source':{'group':'','kind':'ConfigMap','name':'other'},'destinations':[{'namespace':'stage','name':'flags'}]");
	assert_true(sync_is(c, "t", "InSync", "False/Failure: 0 of 1; stage/flags"));
	sync_patch(c, "t", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	sync_patch(c, "s", "{'spec':{'destinations':[]}}");
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	assert_true(sync_is(c, "s", "InSync", "True/Success: 0 of 0"));
	sync_patch(c, "t", "{'metadata':{'annotations':{'fedcopy.dev/pause':null}}}");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "other");
	copies_free(c);
}

static void test_object_sync_that_wants_nothing_on_a_member_that_comes_late(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", OF_FLAGS ",'destinations':[]");
	copies_down(c, EDGE1);
	copies_restart(c);
	assert_true(sync_is(c, "s", "InSync", "False/Failure: 0 of 0; edge-1"));
	copies_up(c, EDGE1);
	copies_settle(c);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 0 of 0"));
	copies_free(c);
}

static void test_object_sync_copy_without_marks_that_pulls_goes_with_its_object_sync(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->dialects[2] = &fc_dialect_k8s_replicator;
	copies_restart(c);
	copies_make(c, HUB, "ConfigMap", "stage", "other",
		    "'annotations':{'k8s-replicator/replication-allowed':'true'}", "'data':{'a':'7'}");
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'labels':null,'annotations':{'k8s-replicator/replicate-from':'stage/other'}}}");
	sync_patch(c, "s", "{'spec':{'destinations':[]}}");
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	assert_true(sync_is(c, "s", "InSync", "True/Success: 0 of 0"));
	assert_true(is_of_generation(c, "s", "Ready", 2));
	copies_free(c);
}

/* B08: what its source waited for bears no marks that name it. */
static void test_object_sync_that_ends_with_a_copy_that_has_lost_its_marks(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'labels':null}}");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_sync_of_a_source_that_others_have_seen_ending),
		cmocka_unit_test(test_object_sync_of_a_source_that_others_have_seen_paused),
		cmocka_unit_test(test_object_sync_status_of_a_copy_that_waits_for_a_paused_chain),
		cmocka_unit_test(test_object_sync_copy_goes_although_a_paused_one_waits_for_its_place),
		cmocka_unit_test(test_object_sync_that_wants_nothing_on_a_member_that_comes_late),
		cmocka_unit_test(test_object_sync_copy_without_marks_that_pulls_goes_with_its_object_sync),
		cmocka_unit_test(test_object_sync_that_ends_with_a_copy_that_has_lost_its_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
