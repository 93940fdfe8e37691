/* SPDX-License-Identifier: Apache-2.0 */
/* object-sync between models of API servers: what is copied, when, and what the status says of it. Each test bears the
 * number of the rule of its specification. */
#include "object_syncs.h"

static void test_object_sync_b13_copy_is_listed_before_it_is_made_and_its_versions_after(void **state)
{
	struct copies *c = syncs_new();
	const json_t *entry;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_true(sync_is(c, "s", "Ready", "True/Success"));
	assert_true(sync_is(c, "s", "InSync", "True/Success: 1 of 1"));
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 1);
	entry = sync_entry(c, "s", "stage");
	assert_string_equal(json_string_value(json_object_get(entry, "kind")), "ConfigMap");
	assert_string_equal(json_string_value(json_object_get(entry, "version")), "v1");
	assert_string_equal(json_string_value(json_object_get(entry, "group")), "");
	assert_null(json_object_get(entry, "strategy"));
	assert_null(json_object_get(entry, "cluster"));
	assert_string_equal(sync_version(c, "s", "stage", "syncedVersion"), copy_version(c, "stage"));
	copies_free(c);
}

static void test_object_sync_b03_b09_finalizers_on_both(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	assert_true(has_finalizer(sync_object(c, "s")));
	assert_true(has_finalizer(sync_copy(c, "release")));
	assert_true(has_finalizer(sync_copy(c, "stage")));
	copies_free(c);
}

static void test_object_sync_b08_deletion_takes_copies_and_finalizers(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_null(sync_copy(c, "stage"));
	assert_non_null(sync_copy(c, "release"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

static void test_object_sync_b10_all_namespaces_but_the_systems(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_ALL);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "1");
	assert_string_equal(copies_value(c, HUB, "kube-system", "flags"), "(absent)");
	assert_true(sync_is(c, "s", "InSync", "True/Success: 3 of 3"));
	copies_space(c, HUB, "late", "");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "late", "flags"), "1");
	assert_true(sync_is(c, "s", "InSync", "True/Success: 4 of 4"));
	copies_free(c);
}

static void test_object_sync_b24_source_deleted_takes_its_copies_along(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	assert_null(sync_copy(c, "release"));
	assert_true(sync_is(c, "s", "InSync", "False/Failure"));
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 0);
	copies_make(c, HUB, "ConfigMap", "release", "flags", "", "'data':{'a':'2'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	copies_free(c);
}

static void test_object_sync_b34_restart_in_sync_writes_nothing(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_ALL);
	copies_wait(c, 5000);
	copies_restart(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 0);
	assert_int_equal(c->reads, 3);
	copies_free(c);
}

static void test_object_sync_b29_d10_the_first_of_two_sources_keeps_the_place(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "release", "other", "", "'data':{'a':'other'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(
		c, "t", "",
		"'source':{'group':'','kind':'ConfigMap','name':'other'},'destinations':[{'namespace':'stage','name':'flags'}]");
	assert_true(sync_is(c, "t", "InSync", "False/Failure: 0 of 1; stage/flags"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "other");
	assert_true(sync_is(c, "t", "InSync", "True/Success: 1 of 1"));
	copies_free(c);
}

static void test_object_sync_b06_a_kind_that_nobody_names_any_more_is_watched_no_more(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);
	const struct open_watch *o;
	size_t secrets = 0;

	(void)state;
	copies_make(c, HUB, "Secret", "release", "token", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", "",
		  "'source':{'group':'','kind':'Secret','name':'token'},'destinations':[{'namespace':'stage'}]");
	LL_FOREACH(c->watches, o)
		secrets += strcmp(o->action->resource->plural, "secrets") == 0;
	assert_int_equal(secrets, 2);
	sync_patch(c, "s", "{'spec':{'source':{'kind':'ConfigMap','name':'flags'}}}");
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_null(copies_object(c, HUB, "Secret", "stage", "token"));
	assert_false(has_finalizer(copies_object(c, HUB, "Secret", "release", "token")));
	LL_FOREACH(c->watches, o)
		assert_string_not_equal(o->action->resource->plural, "secrets");
	copies_free(c);
}

static void test_object_sync_b13_no_copy_is_made_while_the_status_cannot_be_written(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", OF_FLAGS ",'destinations':[]");
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "release";
	sync_patch(c, "s", "{'spec':{'destinations':[{'namespace':'stage'}]}}");
	copies_wait(c, 60000);
	assert_null(sync_copy(c, "stage"));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_object_sync_b18_change_of_the_source_is_one_write_of_each_copy_and_one_of_the_status(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", OF_FLAGS ",'destinations':[{'namespace':'stage'},{'namespace':'qa'}]");
	copies_wait(c, 5000);
	/* The first apply of each is led in by a write that makes what was created applied. */
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	c->writes = c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'3'}}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "3");
	assert_int_equal(c->writes, 3);
	assert_int_equal(c->reads, 0);
	assert_string_equal(sync_version(c, "s", "qa", "syncedVersion"), copy_version(c, "qa"));
	copies_free(c);
}

static void test_object_sync_b18_foreign_change_that_changes_nothing_writes_nothing(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 5000);
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'labels':{'x':'y'}}}");
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 0);
	copies_restart(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_object_sync_b19_failed_write_is_told_and_tried_again_within_thirty_seconds(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "stage";
	sync_make(c, "s", "", OF_FLAGS ",'destinations':[{'namespace':'stage'},{'namespace':'qa'}]");
	copies_wait(c, 10 * 60000);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "1");
	assert_true(sync_is(c, "s", "InSync", "False/Failure: 1 of 2; stage/flags"));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 30000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_true(sync_is(c, "s", "InSync", "True/Success: 2 of 2"));
	copies_free(c);
}

static void test_object_sync_b14_copy_in_a_terminating_namespace_is_let_go(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_ALL);
	copies_patch(c, HUB, "Namespace", NULL, "stage", "{'metadata':{'finalizers':['x/y']}}");
	copies_delete(c, HUB, "Namespace", NULL, "stage");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_null(sync_copy(c, "stage"));
	assert_null(sync_entry(c, "s", "stage"));
	assert_true(sync_is(c, "s", "InSync", "True/Success: 2 of 2"));
	copies_free(c);
}

static void test_object_sync_b22_b27_lost_marks_are_mended_by_the_uid_in_the_status(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'labels':null,'annotations':null,'finalizers':null},'data':{'a':'9'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_true(has_finalizer(sync_copy(c, "stage")));
	assert_string_equal(copies_annotation(sync_copy(c, "stage"), SYNC_KEY "source-object"), "release/flags");
	/* Of another process, who made it is told by managedFields alone. */
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'labels':null,'annotations':null}}");
	c->managed = SYNC_MANAGED("Apply", "'f:data':{}," SYNC_FINALIZER_FIELD);
	copies_restart(c);
	assert_string_equal(copies_annotation(sync_copy(c, "stage"), SYNC_KEY "source-object"), "release/flags");
	copies_free(c);
}

static void test_object_sync_b27_copy_with_marks_and_no_entry_is_taken_as_ones_own(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", SYNC_MARKS, "'data':{'a':'0'}");
	sync_make(c, "s", "", TO_STAGE);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_true(sync_is(c, "s", "InSync", "True/Success: 1 of 1"));
	copies_free(c);
}

static void test_object_sync_b34_what_no_status_lists_is_not_deleted(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "qa", "flags", SYNC_MARKS, "'data':{'a':'0'}");
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 60000);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "0");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "0");
	copies_free(c);
}

static void test_object_sync_b26_source_that_nobody_names_after_a_restart_is_let_go(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "release", "old", "'finalizers':['" SYNC_FINALIZER "','x/y']", "");
	copies_make(c, HUB, "ConfigMap", "release", "mine",
		    "'finalizers':['" SYNC_FINALIZER "'],'annotations':{'" SYNC_KEY "source-object':'a/b'}", "");
	sync_make(c, "s", "", TO_STAGE);
	copies_restart(c);
	assert_false(has_finalizer(copies_object(c, HUB, "ConfigMap", "release", "old")));
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(copies_object(c, HUB, "ConfigMap", "release", "old"), "metadata"),
				 "finalizers")),
			 1);
	/* What bears the annotation keeps it. */
	assert_true(has_finalizer(copies_object(c, HUB, "ConfigMap", "release", "mine")));
	assert_true(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

static void test_object_sync_d16_source_keeps_its_finalizer_over_a_restart(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = NULL;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", OF_FLAGS ",'destinations':[{'namespace':'qa'}]");
	copies_wait(c, 1000);
	before = fc_xstrdup(copy_version(c, "release"));
	copies_restart(c);
	copies_wait(c, 5000);
	assert_string_equal(copy_version(c, "release"), before);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_string_equal(copy_version(c, "release"), before);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_object_sync_b09_finalizer_is_applied_with_uid_and_version_and_names_nothing_else(void **state)
{
	struct copies *c = syncs_new();
	const json_t *metadata;
	struct fc_action *a;

	(void)state;
	sync_make_in(c, "release", "s", "", TO_STAGE);
	for (;;) {
		world_resolve(&c->w);
		if ((a = world_take(&c->w, FC_ACTION_APPLY)))
			break;
		if ((a = fc_actions_take(&c->w.actions)))
			copies_do(c, a);
		else
			assert_true(copies_pump_all(c));
	}
	metadata = json_object_get(a->body, "metadata");
	assert_int_equal(json_object_size(a->body), 3);
	assert_int_equal(json_object_size(metadata), 5);
	assert_string_equal(json_string_value(json_object_get(metadata, "resourceVersion")),
			    copy_version(c, "release"));
	assert_string_equal(json_string_value(json_object_get(metadata, "uid")),
			    fc_json_metadata(sync_copy(c, "release"), "uid"));
	fc_action_free(a);
	copies_free(c);
}

static void test_object_sync_b10_missing_namespace_is_no_entry_where_it_would_close_a_circle(void **state)
{
	struct copies *c = syncs_new_with(true, NULL);
	FC_AUTO_FREE char *before = NULL;

	(void)state;
	copies_patch(
		c, HUB, "ConfigMap", "release", "flags",
		"{'metadata':{'annotations':{'k8s-copier.fig.org/replace-data.b':'configmaps:gone/flags:data.a'}}}");
	sync_make(c, "s", "", OF_FLAGS ",'destinations':[{'namespace':'gone'}]");
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 0 of 0"));
	assert_null(sync_entry(c, "s", "gone"));
	before = fc_xstrdup(fc_json_metadata(sync_object(c, "s"), "resourceVersion"));
	copies_restart(c);
	assert_string_equal(fc_json_metadata(sync_object(c, "s"), "resourceVersion"), before);
	copies_space(c, HUB, "gone", "");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "False/Failure: 0 of 1; gone/flags: the rule feeds itself"));
	copies_free(c);
}

/* One of an ObjectSync that wants edge-1 no more, on which a stranger's finalizer lies: it is deleted, and stays. */
static void test_object_sync_b13_copy_that_waits_for_others_holds_up_no_status(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	copies_wait(c, 1000);
	copies_patch(c, EDGE1, "ConfigMap", "stage", "flags", "{'metadata':{'finalizers':['x.y/z']}}");
	copies_settle(c);
	copies_down(c, EDGE1);
	sync_patch(c, "s", "{'metadata':{'annotations':null}}");
	copies_restart(c);
	copies_up(c, EDGE1);
	copies_wait(c, 1000);
	assert_true(fc_json_metadata(copies_object(c, EDGE1, "ConfigMap", "stage", "flags"), "deletionTimestamp")[0]);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(sync_version(c, "s", "stage", "syncedVersion"), copy_version(c, "stage"));
	copies_free(c);
}

static void test_object_sync_clusters_copies_go_where_the_cluster_has_another_name(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "Secret", "release", "key", "", "'data':{'a':'MQ=='}");
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}",
		  "'source':{'group':'','kind':'Secret','name':'key'},'destinations':[{'namespace':'stage'}]");
	copies_wait(c, 1000);
	assert_non_null(copies_object(c, EDGE1, "Secret", "stage", "key"));
	world_described(&c->w, FC_EVENT_CLUSTER_CHANGED, EDGE1, "edge-one", FC_READS_SAME_NAMESPACE);
	copies_settle(c);
	copies_wait(c, 1000);
	assert_null(copies_object(c, EDGE1, "Secret", "stage", "key"));
	assert_int_equal(json_array_size(sync_status(c, "s", "destinations")), 1);
	copies_free(c);
}

/* Who may write annotations of a copy cannot have it deleted by them. */
static void test_object_sync_b27_copy_stays_ours_with_a_word_of_k8s_replicator_on_it(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	c->dialects[1] = &fc_dialect_k8s_replicator;
	c->dialects[2] = &fc_dialect_object_sync;
	copies_restart(c);
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	uid = fc_xstrdup(fc_json_metadata(sync_copy(c, "stage"), "uid"));
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'annotations':{'k8s-replicator/replicated-by':'release/none'}}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(fc_json_metadata(sync_copy(c, "stage"), "uid"), uid);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 1 of 1"));
	copies_free(c);
}

/* As one that a `replace` or a release has left: what an apply by that name leaves out would go. */
static void apply_as_copy(struct copies *c)
{
	json_t *body = J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'flags','namespace':'release',"
			 "'labels':{'l':'1'}},'data':{'a':'1','b':'2'}}");
	struct api_answer answer;

	api_server_keep_managers(c->servers[HUB]);
	c->keeps_managers = true;
	api_server_set_writer(c->servers[HUB], FC_FIELD_MANAGER);
	answer = api_request(c->servers[HUB], "PATCH", "/api/v1/namespaces/release/configmaps/flags",
			     "application/apply-patch+yaml", false, body);
	api_server_set_writer(c->servers[HUB], NULL);
	assert_int_equal(answer.status, 200);
	api_answer_fini(&answer);
	json_decref(body);
	copies_settle(c);
}

static void test_object_sync_b09_source_that_was_a_copy_once_keeps_what_it_holds(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	apply_as_copy(c);
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	assert_true(has_finalizer(sync_copy(c, "release")));
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	assert_non_null(
		json_object_get(json_object_get(json_object_get(sync_copy(c, "release"), "metadata"), "labels"), "l"));
	assert_int_equal(json_object_size(json_object_get(sync_copy(c, "stage"), "data")), 2);
	copies_free(c);
}

static void test_object_sync_b20_refused_change_of_an_owned_copy_makes_it_anew(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	uid = fc_xstrdup(fc_json_metadata(sync_copy(c, "stage"), "uid"));
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'immutable':true}");
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_string_not_equal(fc_json_metadata(sync_copy(c, "stage"), "uid"), uid);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 1 of 1"));
	copies_free(c);
}

static void test_object_sync_b28_stranger_is_left_alone_and_its_place_taken_when_it_goes(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "", "'data':{'a':'theirs'}");
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "theirs");
	assert_true(sync_is(c, "s", "InSync", "False/Failure: 0 of 1; stage/flags"));
	assert_non_null(strstr(c->told, "Warning Conflict ObjectSync release/s"));
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_object_sync_b31_destination_that_is_the_origin_of_its_source_is_refused(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make_in(c, "stage", "back", "", OF_FLAGS ",'destinations':[{'namespace':'release'}]");
	copies_settle(c);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_string_equal(copies_state(c, "hub/configmaps/release/flags"), "Cycle/Cycle");
	assert_true(sync_is(c, "s", "InSync", "True/Success: 1 of 1"));
	copies_free(c);
}

/* Its status lists what it asked for and was never looked at, nor copied: that is found out when it goes. */
static void test_object_sync_b08_what_is_listed_and_not_permitted_keeps_nobody(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "other", "", "'data':{'a':'1'}");
	sync_make(c, "s", "",
		  "'source':{'group':'','kind':'ConfigMap','name':'f','namespace':'kube-system'},"
		  "'destinations':[{'namespace':'*','name':'other'},{'namespace':'kube-system','name':'f'}]");
	assert_true(json_array_size(sync_status(c, "s", "destinations")) > 0);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "other"), "1");
	copies_free(c);
}

/* All that is written bears one field manager, and what an apply leaves out of what that has applied before goes. */
static void test_object_sync_b16_b31_an_apply_leaves_the_finalizer_of_another_dialect(void **state)
{
	static const char finalizer[] = "kopy.kot-labs.com/finalizer";
	struct copies *c = syncs_new();

	(void)state;
	api_server_keep_managers(c->servers[HUB]);
	c->keeps_managers = true;
	c->dialects[2] = &fc_dialect_kopy;
	copies_restart(c);
	copies_space(c, HUB, "a", "'team':'x'");
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'annotations':{'kopy.kot-labs.com/sync':'team=x'}}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "flags"), "1");
	for (const char *value = "23"; *value; value++) {
		FC_AUTO_FREE char *merge = fc_xasprintf("{'data':{'a':'%c'}}", *value);

		c->writes = 0;
		copies_patch(c, HUB, "ConfigMap", "release", "flags", merge);
		copies_settle(c);
		assert_true(bears(sync_copy(c, "stage"), finalizer));
		assert_true(has_finalizer(sync_copy(c, "stage")));
	}
	assert_string_equal(copies_value(c, HUB, "a", "flags"), "3");
	/* The copy, the one that was made of it, and the status: nothing had to be put on again. */
	assert_int_equal(c->writes, 3);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'annotations':{'kopy.kot-labs.com/sync':null}}}");
	copies_settle(c);
	assert_false(bears(sync_copy(c, "stage"), finalizer));
	assert_true(has_finalizer(sync_copy(c, "stage")));
	copies_free(c);
}

static void test_object_sync_d17_finalizers_are_taken_off_on_the_version_that_was_seen(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	copies_patch(c, HUB, "ConfigMap", "release", "flags",
		     "{'metadata':{'finalizers':['x/y','" SYNC_FINALIZER "','z/a']}}");
	sync_delete(c, "s");
	copies_wait(c, 5000);
	assert_null(sync_object(c, "s"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(sync_copy(c, "release"), "metadata"), "finalizers")),
		2);
	copies_free(c);
}

static void test_object_sync_a_source_that_may_not_be_read_is_not_touched(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = fc_xstrdup(copy_version(c, "release"));

	(void)state;
	sync_make_in(c, "qa", "s", "",
		     "'source':{'group':'','kind':'ConfigMap','name':'flags','namespace':'release'},'destinations':"
		     "[{'namespace':'stage'}]");
	copies_settle(c);
	copies_wait(c, 60000);
	assert_string_equal(copy_version(c, "release"), before);
	assert_null(sync_copy(c, "stage"));
	copies_free(c);
}

static void test_object_sync_elsewhere_of_one_source_both_may_list_it(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	sync_make(c, "t", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	copies_wait(c, 1000);
	assert_true(sync_is(c, "s", "InSync", "True/Success: 2 of 2"));
	assert_true(sync_is(c, "t", "InSync", "True/Success: 2 of 2"));
	copies_restart(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 0);
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, EDGE1, "stage", "flags"), "1");
	sync_delete(c, "t");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "t"));
	assert_string_equal(copies_value(c, EDGE1, "stage", "flags"), "(absent)");
	copies_free(c);
}

static bool spaces_known(struct copies *c)
{
	struct fc_cluster_summary s;

	fc_engine_cluster(c->w.engine, HUB, &s);
	return s.spaces_known;
}

static void test_object_sync_b01_nothing_is_copied_before_the_namespaces_are_known(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make_in(c, "release", "s", "", TO_ALL);
	c->silent_plural = "namespaces";
	copies_restart(c);
	copies_wait(c, 60000);
	assert_null(sync_copy(c, "stage"));
	assert_string_equal(sync_says(c, "s", "InSync"), "(none)");
	assert_false(spaces_known(c));
	c->silent_plural = NULL;
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_true(spaces_known(c));
	copies_free(c);
}

static void test_object_sync_b12_d08_bad_input_destination_outside_is_warned_of_once(void **state)
{
	static const char *const qa[] = { "qa" };
	struct copies *c = syncs_new();

	(void)state;
	c->copies_in = (struct fc_namespace_list){ qa, 1 };
	copies_restart(c);
	sync_make(c, "all", "", TO_ALL);
	assert_null(strstr(c->told, "worked in"));
	sync_make(c, "s", "", OF_FLAGS ",'destinations':[{'namespace':'stage'},{'namespace':'qa','name':'own'}]");
	copies_space(c, HUB, "later", "");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "qa", "own"), "1");
	assert_null(sync_copy(c, "stage"));
	assert_non_null(strstr(c->told, "ObjectSync release/s: a destination's namespace is not one of those that are "
					"worked in"));
	assert_null(strstr(strstr(c->told, "worked in") + 1, "worked in"));
	copies_free(c);
}

/* Another process could not tell by its marks that it was a copy. */
static void test_object_sync_b34_copy_that_ends_without_marks_is_listed_no_more(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "stage";
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'annotations':null,'finalizers':['x.y/z']}}");
	copies_settle(c);
	sync_patch(c, "s", "{'spec':{'destinations':[]}}");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_true(fc_json_metadata(sync_copy(c, "stage"), "deletionTimestamp")[0]);
	assert_null(sync_entry(c, "s", "stage"));
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_object_sync_b26_name_that_one_of_an_unknown_kind_has_holds_no_source(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", "'source':{'group':'','kind':'Nothing','name':'flags'},'destinations':[]");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_null(sync_copy(c, "stage"));
	assert_false(has_finalizer(sync_copy(c, "release")));
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object_sync_b01_nothing_is_copied_before_the_namespaces_are_known),
		cmocka_unit_test(test_object_sync_b12_d08_bad_input_destination_outside_is_warned_of_once),
		cmocka_unit_test(test_object_sync_b13_copy_is_listed_before_it_is_made_and_its_versions_after),
		cmocka_unit_test(test_object_sync_b03_b09_finalizers_on_both),
		cmocka_unit_test(test_object_sync_b08_deletion_takes_copies_and_finalizers),
		cmocka_unit_test(test_object_sync_b10_all_namespaces_but_the_systems),
		cmocka_unit_test(test_object_sync_b24_source_deleted_takes_its_copies_along),
		cmocka_unit_test(test_object_sync_b34_restart_in_sync_writes_nothing),
		cmocka_unit_test(test_object_sync_b29_d10_the_first_of_two_sources_keeps_the_place),
		cmocka_unit_test(test_object_sync_b06_a_kind_that_nobody_names_any_more_is_watched_no_more),
		cmocka_unit_test(test_object_sync_b13_no_copy_is_made_while_the_status_cannot_be_written),
		cmocka_unit_test(
			test_object_sync_b18_change_of_the_source_is_one_write_of_each_copy_and_one_of_the_status),
		cmocka_unit_test(test_object_sync_b18_foreign_change_that_changes_nothing_writes_nothing),
		cmocka_unit_test(test_object_sync_b19_failed_write_is_told_and_tried_again_within_thirty_seconds),
		cmocka_unit_test(test_object_sync_b14_copy_in_a_terminating_namespace_is_let_go),
		cmocka_unit_test(test_object_sync_b22_b27_lost_marks_are_mended_by_the_uid_in_the_status),
		cmocka_unit_test(test_object_sync_b27_copy_with_marks_and_no_entry_is_taken_as_ones_own),
		cmocka_unit_test(test_object_sync_b34_what_no_status_lists_is_not_deleted),
		cmocka_unit_test(test_object_sync_b26_source_that_nobody_names_after_a_restart_is_let_go),
		cmocka_unit_test(test_object_sync_d16_source_keeps_its_finalizer_over_a_restart),
		cmocka_unit_test(test_object_sync_b09_finalizer_is_applied_with_uid_and_version_and_names_nothing_else),
		cmocka_unit_test(test_object_sync_b09_source_that_was_a_copy_once_keeps_what_it_holds),
		cmocka_unit_test(test_object_sync_b10_missing_namespace_is_no_entry_where_it_would_close_a_circle),
		cmocka_unit_test(test_object_sync_b13_copy_that_waits_for_others_holds_up_no_status),
		cmocka_unit_test(test_object_sync_clusters_copies_go_where_the_cluster_has_another_name),
		cmocka_unit_test(test_object_sync_b27_copy_stays_ours_with_a_word_of_k8s_replicator_on_it),
		cmocka_unit_test(test_object_sync_b20_refused_change_of_an_owned_copy_makes_it_anew),
		cmocka_unit_test(test_object_sync_b28_stranger_is_left_alone_and_its_place_taken_when_it_goes),
		cmocka_unit_test(test_object_sync_b31_destination_that_is_the_origin_of_its_source_is_refused),
		cmocka_unit_test(test_object_sync_b08_what_is_listed_and_not_permitted_keeps_nobody),
		cmocka_unit_test(test_object_sync_b16_b31_an_apply_leaves_the_finalizer_of_another_dialect),
		cmocka_unit_test(test_object_sync_d17_finalizers_are_taken_off_on_the_version_that_was_seen),
		cmocka_unit_test(test_object_sync_a_source_that_may_not_be_read_is_not_touched),
		cmocka_unit_test(test_object_sync_elsewhere_of_one_source_both_may_list_it),
		cmocka_unit_test(test_object_sync_b34_copy_that_ends_without_marks_is_listed_no_more),
		cmocka_unit_test(test_object_sync_b26_name_that_one_of_an_unknown_kind_has_holds_no_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
