/* SPDX-License-Identifier: Apache-2.0 */
/* The dialect object-sync: sources that bear a finalizer, and copies that nobody may take, while not all is known yet
 * or marks are gone. */
#include "object_syncs.h"

#define NOBODY_FOLLOWS "{'spec':{'destinations':[{'namespace':'qa','strategy':'merge'}]}}"
#define NO_MARKS "{'metadata':{'labels':null,'annotations':null}}"

static bool hub_has(struct copies *c, const char *ns, const char *name)
{
	return copies_object(c, HUB, "ConfigMap", ns, name);
}

/* After a start the hub tells first: who cannot be reached is not waited for, who has not been heard of yet is. */
static void test_object_sync_a_source_waits_for_clusters_that_are_not_known_yet(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}",
		  OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, EDGE1, "qa", "flags"), "1");
	sync_patch(c, "s", NOBODY_FOLLOWS);
	copies_delete(c, HUB, "ConfigMap", "qa", "flags");
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_wait(c, 60000);
	assert_true(hub_has(c, "release", "flags"));
	copies_restart(c);
	assert_true(hub_has(c, "release", "flags"));
	assert_string_equal(copies_value(c, EDGE1, "qa", "flags"), "1");
	copies_free(c);
}

/* The finalizer on the second one's source is there for the first one, whose copy it is. */
static void test_object_sync_an_end_waits_for_no_finalizer_of_anothers_copy(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->managed = SYNC_MANAGED("Apply", "'f:data':{}," SYNC_FINALIZER_FIELD);
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	sync_patch(c, "s", NOBODY_FOLLOWS);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", NO_MARKS);
	sync_make_in(c, "stage", "u", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_in_range(syncs_request(c, "DELETE", "stage", "/u", NULL), 200, 202);
	copies_settle(c);
	copies_wait(c, 60000);
	assert_null(api_server_object(c->servers[HUB], "sync.rustrial.org", "objectsyncs", "stage", "u"));
	assert_true(hub_has(c, "stage", "flags"));
	assert_true(has_finalizer(sync_copy(c, "stage")));
	copies_free(c);
}

/* Nothing but the status names its source any more when the copy goes. */
static void test_object_sync_a_source_is_let_go_with_a_copy_without_marks(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->managed = SYNC_MANAGED("Apply", "'f:data':{}," SYNC_FINALIZER_FIELD);
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	assert_true(has_finalizer(sync_copy(c, "release")));
	copies_try_patch(c, HUB, "ConfigMap", "stage", "flags", NO_MARKS);
	sync_delete(c, "s");
	copies_wait(c, 60000);
	assert_null(sync_object(c, "s"));
	assert_false(hub_has(c, "stage", "flags"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

/* The watch tells annotated objects alone until somebody asks for copies: what bears the marks of one whose ObjectSync
 * cannot be followed is not known to be there, and is not absent for that. */
static void test_object_sync_a_copy_that_is_not_told_yet_is_nobodys_to_take(void **state)
{
	struct copies *c = syncs_new();
	const char *before;
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "", "'data':{'a':'2'}");
	sync_make_in(c, "stage", "u", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "2");
	sync_make(c, "t", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	syncs_request(c, "PATCH", "stage", "/u", NOBODY_FOLLOWS);
	copies_settle(c);
	before = fc_json_metadata(sync_copy(c, "qa"), "uid");
	uid = fc_xstrdup(before);
	for (int i = 0; i < 2; i++) {
		copies_restart(c);
		copies_wait(c, 60000);
		assert_string_equal(copies_value(c, HUB, "qa", "flags"), "2");
		assert_string_equal(fc_json_metadata(sync_copy(c, "qa"), "uid"), uid);
	}
	copies_free(c);
}

/* The status has another name for it; nothing but the marks of the copy says whose it is. */
static void test_object_sync_a_copy_in_a_cluster_that_got_another_name_over_a_restart_is_found(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}",
		  "'source':{'group':'','kind':'Secret','name':'key'},'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	assert_non_null(copies_object(c, EDGE1, "Secret", "qa", "key"));
	free(c->w.infos[EDGE1].name);
	c->w.infos[EDGE1].name = fc_xstrdup("edge-9");
	copies_restart(c);
	copies_wait(c, 60000);
	assert_null(copies_object(c, EDGE1, "Secret", "qa", "key"));
	assert_non_null(copies_object(c, HUB, "Secret", "qa", "key"));
	copies_free(c);
}

/* Its copies left the status when it left the set. */
static void test_object_sync_a_copy_in_a_cluster_that_comes_again_under_another_name_is_found(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}",
		  "'source':{'group':'','kind':'Secret','name':'key'},'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	assert_non_null(copies_object(c, EDGE1, "Secret", "qa", "key"));
	world_removed(&c->w, EDGE1);
	copies_settle(c);
	copies_wait(c, 1000);
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 1);
	assert_non_null(copies_object(c, EDGE1, "Secret", "qa", "key"));
	world_described(&c->w, FC_EVENT_CLUSTER_ADDED, EDGE1, "edge-9", FC_READS_SAME_NAMESPACE);
	copies_up(c, EDGE1);
	copies_wait(c, 60000);
	assert_null(copies_object(c, EDGE1, "Secret", "qa", "key"));
	copies_free(c);
}

/* It may be taken over, and is nobody's copy before it is. */
static void test_object_sync_a_stranger_stays_where_the_source_of_who_may_adopt_it_is_missing(void **state)
{
	static const char *const adopting[] = { "object-sync", NULL };
	struct copies *c = syncs_new_with(false, adopting);

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "absent", "", "'data':{'a':'theirs'}");
	sync_make(c, "s", "",
		  "'source':{'group':'','kind':'ConfigMap','name':'absent'},'destinations':[{'namespace':'stage'}]");
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, HUB, "stage", "absent"), "theirs");
	copies_make(c, HUB, "ConfigMap", "release", "absent", "", "'data':{'a':'ours'}");
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "absent"), "ours");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_sync_a_source_waits_for_clusters_that_are_not_known_yet),
		cmocka_unit_test(test_object_sync_an_end_waits_for_no_finalizer_of_anothers_copy),
		cmocka_unit_test(test_object_sync_a_source_is_let_go_with_a_copy_without_marks),
		cmocka_unit_test(test_object_sync_a_copy_that_is_not_told_yet_is_nobodys_to_take),
		cmocka_unit_test(test_object_sync_a_copy_in_a_cluster_that_got_another_name_over_a_restart_is_found),
		cmocka_unit_test(test_object_sync_a_copy_in_a_cluster_that_comes_again_under_another_name_is_found),
		cmocka_unit_test(test_object_sync_a_stranger_stays_where_the_source_of_who_may_adopt_it_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
