/* SPDX-License-Identifier: Apache-2.0 */
/* configmap-sync between models of API servers: what is copied, when, and what the status says of it. Each test bears
 * the number of the rule of its specification. */
#include "configmap_syncs.h"

static void test_configmap_sync_b01_finalizer_is_put_on_before_anything_else(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "release";
	sync_make(c, "s", "", TO_STAGE);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 60000);
	assert_true(sync_has_finalizer(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_configmap_sync_b02_in_progress_is_said_once_before_the_destination_is_touched(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = fc_xstrdup(copy_version(c, "release")), *words = NULL;
	char begun[32] = "";

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	words = sync_words_since(c, before, begun);
	assert_string_equal(words, "InProgress Success");
	assert_true(atol(begun) < atol(copy_version(c, "stage")));
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 5000);
	free(words);
	words = sync_words_since(c, before, begun);
	assert_string_equal(words, "InProgress Success");
	copies_free(c);
}

static void test_configmap_sync_b02_in_progress_is_said_again_after_an_edit(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *before = NULL, *words = NULL;
	char begun[32] = "";

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	before = fc_xstrdup(fc_json_metadata(sync_object(c, "s"), "resourceVersion"));
	sync_patch(c, "s", "{'spec':{'destinationNamespace':'qa'}}");
	words = sync_words_since(c, before, begun);
	assert_string_equal(words, "Success InProgress Success");
	assert_true(atol(begun) < atol(copy_version(c, "qa")));
	copies_free(c);
}

static void test_configmap_sync_b02_status_that_cannot_be_written_keeps_no_copy_back(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'finalizers':['" SYNC_KEY "finalizer']", "'destinationNamespace':'stage'");
	assert_failed(c, "s", "False/InvalidSpec", "False/InvalidSpec");
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "release";
	sync_patch(c, "s", "{'spec':{'configMapName':'flags'}}");
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_configmap_sync_b03_d04_copy_bears_data_and_marks_and_nothing_else_of_its_source(void **state)
{
	struct copies *c = syncs_new();
	const json_t *copy, *metadata;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "release", "all",
		    "'labels':{'l':'1'},'annotations':{'n':'1'},'finalizers':['x/y'],'ownerReferences':"
		    "[{'apiVersion':'v1','kind':'Pod','name':'p','uid':'u'}]",
		    "'data':{'a':'1'},'binaryData':{'b':'AAH/'},'immutable':true");
	sync_make(c, "s", "", "'destinationNamespace':'stage','configMapName':'all'");
	copy = copies_object(c, HUB, "ConfigMap", "stage", "all");
	metadata = json_object_get(copy, "metadata");
	assert_non_null(copy);
	assert_string_equal(json_string_value(json_object_get(json_object_get(copy, "binaryData"), "b")), "AAH/");
	assert_null(json_object_get(copy, "immutable"));
	assert_null(json_object_get(metadata, "finalizers"));
	assert_null(json_object_get(metadata, "ownerReferences"));
	assert_int_equal(json_object_size(json_object_get(metadata, "labels")), 3);
	assert_string_equal(fc_marks_label(copy, SYNC_KEY "sync-name"), "s");
	assert_string_equal(fc_marks_label(copy, SYNC_KEY "sync-namespace"), "release");
	assert_string_equal(fc_marks_label(copy, SYNC_KEY "managed-by"), "configmapsync-controller");
	assert_int_equal(json_object_size(json_object_get(metadata, "annotations")), 3);
	assert_string_equal(copies_annotation(copy, SYNC_KEY "owner"), "release/s");
	assert_int_equal(strlen(copies_annotation(copy, SYNC_KEY "source-hash")), 64);
	assert_int_equal(strlen(copies_annotation(copy, SYNC_KEY "last-sync")), strlen("2025-03-04T05:06:07Z"));
	copies_free(c);
}

static void test_configmap_sync_b04_d05_destination_becomes_its_source_and_keeps_its_metadata(void **state)
{
	struct copies *c = syncs_new();
	const json_t *copy;

	(void)state;
	/* As the original has made it: labels alone (B21, D5). */
	copies_make(c, HUB, "ConfigMap", "stage", "flags",
		    "'labels':{'" SYNC_KEY "sync-name':'s','" SYNC_KEY "sync-namespace':'release','mine':'1'},"
		    "'annotations':{'" SYNC_KEY "source-hash':'old','mine':'2'}",
		    "'data':{'a':'0','gone':'1'},'binaryData':{'gone2':'AAAA'}");
	sync_make(c, "s", "", TO_STAGE);
	copy = sync_copy(c, "stage");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_int_equal(json_object_size(json_object_get(copy, "data")), 1);
	assert_int_equal(json_object_size(json_object_get(copy, "binaryData")), 0);
	assert_string_equal(fc_marks_label(copy, "mine"), "1");
	assert_string_equal(copies_annotation(copy, "mine"), "2");
	assert_string_equal(copies_annotation(copy, SYNC_KEY "owner"), "release/s");
	assert_string_equal(fc_marks_label(copy, SYNC_KEY "managed-by"), "configmapsync-controller");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b05_d06_what_is_equal_is_not_written(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 5000);
	c->writes = 0;
	/* What is not copied is edited at the source, and what is not ours at the copy. */
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'metadata':{'labels':{'x':'y'}}}");
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'labels':{'x':'y'}}}");
	sync_patch(c, "s", "{'metadata':{'labels':{'x':'y'}}}");
	copies_wait(c, 60000);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_configmap_sync_b05_an_immutable_destination_that_is_equal_stays(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'immutable':true}");
	copies_settle(c);
	copies_wait(c, 5000);
	assert_int_equal(c->writes, 0);
	assert_true(json_is_true(json_object_get(sync_copy(c, "stage"), "immutable")));
	copies_free(c);
}

static void test_configmap_sync_b06_success_says_all_of_it(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *first = NULL;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	assert_success(c, "s");
	first = fc_xstrdup(sync_word(c, "s", "lastSyncTime"));
	assert_string_equal(first, copies_annotation(sync_copy(c, "stage"), SYNC_KEY "last-sync"));
	copies_wait(c, 60000);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_true(strcmp(sync_word(c, "s", "lastSyncTime"), first) > 0);
	assert_string_equal(sync_word(c, "s", "lastSyncTime"),
			    copies_annotation(sync_copy(c, "stage"), SYNC_KEY "last-sync"));
	copies_free(c);
}

static void test_configmap_sync_b06_time_is_set_where_none_was_although_nothing_is_written(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s/status", "{'status':null}"), 200);
	copies_restart(c);
	assert_success(c, "s");
	assert_string_not_equal(sync_word(c, "s", "lastSyncTime"), "(none)");
	copies_free(c);
}

static void test_configmap_sync_b07_d01_source_change_is_copied_at_once(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->reads = 0;
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_int_equal(c->reads, 0);
	copies_free(c);
}

static void test_configmap_sync_b08_drift_is_undone_at_once(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'data':{'a':'9','b':'9'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_int_equal(json_object_size(json_object_get(sync_copy(c, "stage"), "data")), 1);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags",
		     "{'metadata':{'labels':{'" SYNC_KEY "managed-by':'me'},'annotations':{'" SYNC_KEY
		     "source-hash':'x','" SYNC_KEY "last-sync':null}}}");
	copies_settle(c);
	assert_string_equal(fc_marks_label(sync_copy(c, "stage"), SYNC_KEY "managed-by"), "configmapsync-controller");
	assert_int_equal(strlen(copies_annotation(sync_copy(c, "stage"), SYNC_KEY "source-hash")), 64);
	assert_string_not_equal(copies_annotation(sync_copy(c, "stage"), SYNC_KEY "last-sync"), "(none)");
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b09_failed_status_write_is_retried_and_undoes_nothing(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "release";
	copies_wait(c, 2000);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_string_not_equal(sync_word(c, "s", "lastSyncTime"),
				copies_annotation(sync_copy(c, "stage"), SYNC_KEY "last-sync"));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 10000);
	assert_string_equal(sync_word(c, "s", "lastSyncTime"),
			    copies_annotation(sync_copy(c, "stage"), SYNC_KEY "last-sync"));
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b09_first_status_that_failed_is_written_again(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'finalizers':['" SYNC_KEY "finalizer']", "'destinationNamespace':'stage'");
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s/status", "{'status':null}"), 200);
	c->fail_writes = FC_ERR_SERVER;
	c->fail_space = "release";
	copies_settle(c);
	assert_string_equal(sync_word(c, "s", "syncStatus"), "(none)");
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 10000);
	assert_string_equal(sync_word(c, "s", "syncStatus"), "Failed");
	copies_free(c);
}

static void test_configmap_sync_b10_d07_d08_bad_input_missing_source_leaves_the_copy(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *time = NULL;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	time = fc_xstrdup(sync_word(c, "s", "lastSyncTime"));
	c->reads = c->writes = 0;
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	copies_wait(c, 600000);
	assert_failed(c, "s", "False/SourceNotFound", "False/SourceNotFound");
	assert_true(json_is_false(sync_status(c, "s", "sourceExists")));
	assert_true(json_is_true(sync_status(c, "s", "destinationExists")));
	assert_string_equal(sync_word(c, "s", "lastSyncTime"), time);
	assert_int_equal(sync_retries(c, "s"), 0);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_int_equal(c->writes, 1);
	copies_make(c, HUB, "ConfigMap", "release", "flags", "", "'data':{'a':'2'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b10_source_that_waits_for_finalizers_is_copied_still(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'metadata':{'finalizers':['x/y']}}");
	sync_make(c, "s", "", TO_STAGE);
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	assert_success(c, "s");
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	copies_free(c);
}

static void test_configmap_sync_b26_restart_writes_nothing(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'*'}", TO_STAGE);
	sync_make(c, "bad", "", "'destinationNamespace':'release','configMapName':'flags'");
	sync_make(c, "none", "", "'destinationNamespace':'qa','configMapName':'none'");
	copies_wait(c, 5000);
	copies_restart(c);
	assert_int_equal(c->writes, 0);
	copies_free(c);
}

static void test_configmap_sync_b27_transition_time_is_that_of_the_status(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *since = NULL;
	const json_t *synced;

	(void)state;
	sync_make(c, "s", "", "'destinationNamespace':'stage','configMapName':'later'");
	synced = sync_condition(c, "s", "Synced");
	assert_int_equal(json_integer_value(json_object_get(synced, "observedGeneration")), 1);
	since = fc_xstrdup(json_string_value(json_object_get(synced, "lastTransitionTime")));
	copies_wait(c, 60000);
	sync_patch(c, "s", "{'spec':{'destinationNamespace':'release'}}");
	assert_condition(c, "s", "Synced", "False/InvalidSpec");
	synced = sync_condition(c, "s", "Synced");
	assert_int_equal(json_integer_value(json_object_get(synced, "observedGeneration")), 2);
	assert_string_equal(json_string_value(json_object_get(synced, "lastTransitionTime")), since);
	sync_patch(c, "s", "{'spec':{'destinationNamespace':'stage','configMapName':'flags'}}");
	assert_success(c, "s");
	synced = sync_condition(c, "s", "Synced");
	assert_true(strcmp(json_string_value(json_object_get(synced, "lastTransitionTime")), since) > 0);
	copies_free(c);
}

static void test_configmap_sync_b27_conditions_of_others_stay(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s/status",
				       "{'status':{'conditions':[{'type':'Theirs','status':'True','reason':'R',"
				       "'message':'m','lastTransitionTime':'2025-03-04T05:06:07Z'}]}}"),
			 200);
	copies_settle(c);
	assert_condition(c, "s", "Theirs", "True/R");
	assert_success(c, "s");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configmap_sync_b01_finalizer_is_put_on_before_anything_else),
		cmocka_unit_test(test_configmap_sync_b02_in_progress_is_said_once_before_the_destination_is_touched),
		cmocka_unit_test(test_configmap_sync_b02_in_progress_is_said_again_after_an_edit),
		cmocka_unit_test(test_configmap_sync_b02_status_that_cannot_be_written_keeps_no_copy_back),
		cmocka_unit_test(test_configmap_sync_b03_d04_copy_bears_data_and_marks_and_nothing_else_of_its_source),
		cmocka_unit_test(test_configmap_sync_b04_d05_destination_becomes_its_source_and_keeps_its_metadata),
		cmocka_unit_test(test_configmap_sync_b05_d06_what_is_equal_is_not_written),
		cmocka_unit_test(test_configmap_sync_b05_an_immutable_destination_that_is_equal_stays),
		cmocka_unit_test(test_configmap_sync_b06_success_says_all_of_it),
		cmocka_unit_test(test_configmap_sync_b06_time_is_set_where_none_was_although_nothing_is_written),
		cmocka_unit_test(test_configmap_sync_b07_d01_source_change_is_copied_at_once),
		cmocka_unit_test(test_configmap_sync_b08_drift_is_undone_at_once),
		cmocka_unit_test(test_configmap_sync_b09_failed_status_write_is_retried_and_undoes_nothing),
		cmocka_unit_test(test_configmap_sync_b09_first_status_that_failed_is_written_again),
		cmocka_unit_test(test_configmap_sync_b10_d07_d08_bad_input_missing_source_leaves_the_copy),
		cmocka_unit_test(test_configmap_sync_b10_source_that_waits_for_finalizers_is_copied_still),
		cmocka_unit_test(test_configmap_sync_b26_restart_writes_nothing),
		cmocka_unit_test(test_configmap_sync_b27_transition_time_is_that_of_the_status),
		cmocka_unit_test(test_configmap_sync_b27_conditions_of_others_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
