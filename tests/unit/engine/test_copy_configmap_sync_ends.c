/* SPDX-License-Identifier: Apache-2.0 */
/* configmap-sync between models of API servers: what becomes of copies, whose they are, loops, permissions and other
 * clusters. Each test bears the number of the rule of its specification. */
#include "configmap_syncs.h"

static const char *in_cluster(struct copies *c, fc_cluster_no no, const char *ns)
{
	return copies_value(c, no, ns, "flags");
}

static const json_t *cluster_entry(struct copies *c, const char *name, const char *cluster)
{
	json_t *entry;
	size_t i;

	json_array_foreach(sync_status(c, name, "clusters"), i, entry)
		if (strcmp(json_string_value(json_object_get(entry, "name")), cluster) == 0)
			return entry;
	return NULL;
}

static const char *cluster_word(struct copies *c, const char *name, const char *cluster, const char *member)
{
	return json_string_value(json_object_get(cluster_entry(c, name, cluster), member)) ?: "(none)";
}

/* --- B17 --- */

static void test_configmap_sync_b17_deleted_resource_takes_its_copy_along(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_delete(c, "s");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	copies_free(c);
}

static void test_configmap_sync_b17_object_that_was_there_before_only_loses_its_marks(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags",
		    "'labels':{'mine':'1'},'annotations':{'" SYNC_KEY "owner':'release/s','" SYNC_KEY
		    "adopted':'true','mine':'2'}",
		    "'data':{'a':'0'}");
	sync_make(c, "s", "", TO_STAGE);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_string_equal(copies_annotation(sync_copy(c, "stage"), SYNC_KEY "adopted"), "true");
	sync_delete(c, "s");
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_int_equal(
		json_object_size(json_object_get(json_object_get(sync_copy(c, "stage"), "metadata"), "labels")), 1);
	assert_int_equal(
		json_object_size(json_object_get(json_object_get(sync_copy(c, "stage"), "metadata"), "annotations")),
		1);
	copies_free(c);
}

static void test_configmap_sync_b17_copy_that_is_gone_already_holds_nothing_up(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->silent[HUB] = true;
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	assert_in_range(syncs_request(c, "DELETE", "release", "/s", NULL), 200, 202);
	c->silent[HUB] = false;
	copies_settle(c);
	copies_wait(c, 5000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_configmap_sync_b17_failed_deletion_keeps_the_finalizer_and_is_retried_from_a_minute(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->fail_writes = FC_ERR_FORBIDDEN;
	c->fail_space = "stage";
	sync_delete(c, "s");
	copies_wait(c, 30000);
	assert_true(sync_has_finalizer(c, "s"));
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 29000);
	assert_non_null(sync_object(c, "s"));
	copies_wait(c, 2000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	copies_free(c);
}

static void test_configmap_sync_d10_deletion_is_not_over_while_a_read_fails(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->lose_answers = 1;
	c->fail_reads = FC_ERR_SERVER;
	c->fail_space = "stage";
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	sync_delete(c, "s");
	copies_wait(c, 5000);
	assert_true(sync_has_finalizer(c, "s"));
	c->fail_reads = FC_ERR_NONE;
	copies_wait(c, 700000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	copies_free(c);
}

static void test_configmap_sync_d11_strangers_survive_the_deletion(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "", "'data':{'a':'theirs'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "self", "", "'destinationNamespace':'release','configMapName':'flags'");
	sync_delete(c, "s");
	sync_delete(c, "self");
	copies_wait(c, 5000);
	assert_null(sync_object(c, "s"));
	assert_null(sync_object(c, "self"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "theirs");
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	copies_free(c);
}

static void test_configmap_sync_b17_deletion_after_a_restart_and_with_a_bad_spec_takes_the_copy_along(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "1");
	sync_patch(c, "s", "{'spec':{'destinationNamespace':'No Name'}}");
	assert_failed(c, "s", "False/InvalidSpec", "False/InvalidSpec");
	copies_restart(c);
	assert_string_equal(in_cluster(c, HUB, "stage"), "1");
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "1");
	sync_delete(c, "s");
	copies_wait(c, 5000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(in_cluster(c, HUB, "stage"), "(absent)");
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "(absent)");
	copies_free(c);
}

static void test_configmap_sync_b17_deletion_with_a_bad_spec_takes_the_copy_along(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	sync_patch(c, "s", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'((('}}}");
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "1");
	sync_delete(c, "s");
	copies_wait(c, 5000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(in_cluster(c, HUB, "stage"), "(absent)");
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "(absent)");
	copies_free(c);
}

/* --- B18, B19 --- */

static void test_configmap_sync_b18_d12_old_copy_goes_when_the_new_one_is_written(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_patch(c, "s", "{'spec':{'destinationNamespace':'qa'}}");
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "1");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b18_old_copy_stays_until_the_edited_spec_can_be_followed(void **state)
{
	static const char *const edits[] = {
		"{'spec':{'destinationNamespace':'none'}}",
		"{'spec':{'destinationNamespace':'No Name'}}",
		"{'spec':{'destinationNamespace':'kube-system'}}",
		"{'spec':{'configMapName':'none'}}",
		"{'spec':{'sourceNamespace':'ops'}}",
	};
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	for (size_t i = 0; i < FC_ARRAY_LEN(edits); i++) {
		sync_patch(c, "s", edits[i]);
		copies_wait(c, 20000);
		if (strcmp(copies_value(c, HUB, "stage", "flags"), "1") != 0 ||
		    strcmp(in_cluster(c, EDGE1, "stage"), "1") != 0)
			fail_msg("after %s it is gone", edits[i]);
		sync_patch(c, "s",
			   "{'spec':{'destinationNamespace':'stage','configMapName':'flags','sourceNamespace':"
			   "'release'}}");
		copies_wait(c, 1000);
	}
	copies_free(c);
}

static void test_configmap_sync_b18_other_source_name_moves_the_copies_in_every_cluster(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "release", "more", "", "'data':{'a':'5'}");
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", TO_STAGE);
	sync_patch(c, "s", "{'spec':{'configMapName':'more'}}");
	copies_wait(c, 5000);
	assert_string_equal(copies_value(c, HUB, "stage", "more"), "5");
	assert_string_equal(copies_value(c, EDGE1, "stage", "more"), "5");
	assert_string_equal(in_cluster(c, HUB, "stage"), "(absent)");
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "(absent)");
	copies_free(c);
}

static void test_configmap_sync_b19_destination_namespace_that_goes_is_a_missing_one(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	copies_delete(c, HUB, "Namespace", NULL, "stage");
	copies_settle(c);
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_non_null(strstr(sync_word(c, "s", "message"), "the namespace is being deleted"));
	assert_true(json_is_false(sync_status(c, "s", "destinationExists")));
	copies_free(c);
}

/* --- B21 to B25 --- */

static void test_configmap_sync_b22_object_of_nobody_is_left_alone_and_taken_when_it_goes(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "", "'data':{'a':'theirs'}");
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 600000);
	assert_failed(c, "s", "False/DestinationConflict", "True/SourceFound");
	assert_true(json_is_true(sync_status(c, "s", "destinationExists")));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "theirs");
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_success(c, "s");
	copies_free(c);
}

/* What is being deleted already is done, whoever holds on to it. */
static void test_configmap_sync_b17_copy_that_somebody_else_holds_keeps_no_finalizer(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'finalizers':['example.com/f']}}");
	copies_settle(c);
	sync_delete(c, "s");
	copies_wait(c, 5000);
	assert_string_not_equal(fc_json_metadata(sync_copy(c, "stage"), "deletionTimestamp"), "");
	assert_null(sync_object(c, "s"));
	copies_free(c);
	/* The same where it was deleted by somebody before. */
	c = syncs_new();
	sync_make(c, "s", "", TO_STAGE);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'finalizers':['example.com/f']}}");
	copies_delete(c, HUB, "ConfigMap", "stage", "flags");
	copies_settle(c);
	sync_delete(c, "s");
	copies_wait(c, 5000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

static void test_configmap_sync_b01_labels_of_a_copy_on_a_resource_are_its_authors(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'labels':{'" SYNC_KEY "sync-name':'mine','" SYNC_KEY "managed-by':'me'}", TO_STAGE);
	assert_true(sync_has_finalizer(c, "s"));
	assert_string_equal(fc_marks_label(sync_object(c, "s"), SYNC_KEY "sync-name"), "mine");
	assert_string_equal(fc_marks_label(sync_object(c, "s"), SYNC_KEY "managed-by"), "me");
	copies_free(c);
}

static void test_configmap_sync_b23_first_of_two_keeps_the_destination_and_the_second_waits_its_turn(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "ops", "flags", "'annotations':{'fedcopy.dev/allow-namespaces':'*'}",
		    "'data':{'a':'ops'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", "'sourceNamespace':'ops','destinationNamespace':'stage','configMapName':'flags'");
	copies_wait(c, 1000);
	assert_success(c, "s");
	assert_failed(c, "t", "False/DestinationConflict", "True/SourceFound");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_restart(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "ops");
	assert_success(c, "t");
	copies_free(c);
}

static void test_configmap_sync_b23_copy_of_a_resource_that_is_gone_is_taken_over(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *uid = NULL;
	char name[65];

	(void)state;
	memset(name, 'x', 64);
	name[64] = '\0';
	copies_make(c, HUB, "ConfigMap", "stage", "flags",
		    "'labels':{'" SYNC_KEY "sync-name':'gone','" SYNC_KEY "sync-namespace':'release'},"
		    "'annotations':{'mine':'1'}",
		    "'data':{'a':'0'}");
	uid = fc_xstrdup(fc_json_metadata(sync_copy(c, "stage"), "uid"));
	sync_make_in(c, "release", name, "", TO_STAGE);
	copies_restart(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_string_equal(fc_json_metadata(sync_copy(c, "stage"), "uid"), uid);
	assert_string_equal(copies_annotation(sync_copy(c, "stage"), "mine"), "1");
	/* Its label names nobody any more (D9). */
	assert_null(fc_marks_label(sync_copy(c, "stage"), SYNC_KEY "sync-name"));
	assert_success(c, name);
	copies_free(c);
}

/* One that may not write it is no heir: without that, the copy would stay for ever. */
static void test_configmap_sync_b23_copy_of_a_resource_that_is_gone_goes_where_nobody_may_take_it_over(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "ops", "flags", "", "'data':{'a':'ops'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", "'sourceNamespace':'ops','destinationNamespace':'stage','configMapName':'flags'");
	assert_failed(c, "t", "False/NotAllowed", "False/NotAllowed");
	copies_down(c, HUB);
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s", "{'metadata':{'finalizers':null}}"), 200);
	assert_int_equal(syncs_request(c, "DELETE", "release", "/s", NULL), 200);
	copies_up(c, HUB);
	copies_wait(c, 10000);
	assert_null(sync_object(c, "s"));
	assert_null(sync_copy(c, "stage"));
	copies_free(c);
}

static void test_configmap_sync_b24_bad_input_source_that_is_its_own_destination_is_refused(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", "'destinationNamespace':'release','configMapName':'flags'");
	assert_failed(c, "s", "False/InvalidSpec", "False/InvalidSpec");
	assert_int_equal(json_object_size(json_object_get(
				 json_object_get(copies_object(c, HUB, "ConfigMap", "release", "flags"), "metadata"),
				 "annotations")),
			 0);
	copies_free(c);
}

static void test_configmap_sync_b24_equal_namespaces_copy_to_other_clusters_alone(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *version = fc_xstrdup(copy_version(c, "release"));

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'tier=edge'}",
		  "'destinationNamespace':'release','configMapName':'flags'");
	assert_success(c, "s");
	assert_string_equal(in_cluster(c, EDGE1, "release"), "1");
	assert_string_equal(in_cluster(c, EDGE2, "release"), "1");
	assert_string_equal(copy_version(c, "release"), version);
	assert_string_equal(cluster_word(c, "s", "edge-2", "syncStatus"), "Success");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_string_equal(in_cluster(c, EDGE1, "release"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	copies_free(c);
}

static void test_configmap_sync_b25_changes_run_through_a_chain(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make_in(c, "stage", "next", "", "'destinationNamespace':'qa','configMapName':'flags'");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "1");
	assert_string_equal(copies_annotation(sync_copy(c, "qa"), SYNC_KEY "owner"), "stage/next");
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "2");
	copies_free(c);
}

static void test_configmap_sync_b25_members_of_a_circle_write_nothing(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "'annotations':{'fedcopy.dev/allow-namespaces':'*'}",
		    "'data':{'a':'stage'}");
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", "'sourceNamespace':'stage','destinationNamespace':'release','configMapName':'flags'");
	copies_wait(c, 1000);
	assert_failed(c, "s", "False/LoopDetected", "True/SourceFound");
	assert_failed(c, "t", "False/LoopDetected", "True/SourceFound");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "stage");
	assert_string_equal(copies_value(c, HUB, "release", "flags"), "1");
	copies_free(c);
}

/* --- permissions (D14) --- */

static void test_configmap_sync_d14_source_elsewhere_is_copied_only_with_its_consent(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "ops", "flags", "", "'data':{'a':'secretive'}");
	sync_make(c, "s", "", "'sourceNamespace':'ops','destinationNamespace':'stage','configMapName':'flags'");
	sync_make(c, "t", "", "'sourceNamespace':'ops','destinationNamespace':'stage','configMapName':'none'");
	assert_failed(c, "s", "False/NotAllowed", "False/NotAllowed");
	assert_string_equal(sync_word(c, "s", "message"), sync_word(c, "t", "message"));
	assert_true(json_is_false(sync_status(c, "s", "sourceExists")));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	copies_patch(c, HUB, "ConfigMap", "ops", "flags",
		     "{'metadata':{'annotations':{'fedcopy.dev/allow-namespaces':'stage'}}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "secretive");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_d14_system_namespaces_are_not_written(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", "'destinationNamespace':'kube-system','configMapName':'flags'");
	assert_failed(c, "s", "False/NotAllowed", "False/NotAllowed");
	copies_free(c);
}

/* --- other clusters --- */

static void test_configmap_sync_each_cluster_is_told_of_in_the_status(void **state)
{
	struct copies *c = syncs_new();
	const json_t *copy;

	(void)state;
	copies_make(c, EDGE2, "ConfigMap", "stage", "flags", "", "'data':{'a':'theirs'}");
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'*'}", TO_STAGE);
	copies_wait(c, 1000);
	assert_string_equal(sync_word(c, "s", "syncStatus"), "Failed");
	assert_condition(c, "s", "Synced", "True/SyncSucceeded");
	assert_condition(c, "s", "Ready", "False/NotReady");
	assert_string_equal(cluster_word(c, "s", "edge-1", "syncStatus"), "Success");
	assert_string_not_equal(cluster_word(c, "s", "edge-1", "lastSyncTime"), "(none)");
	assert_string_equal(cluster_word(c, "s", "edge-2", "syncStatus"), "Failed");
	assert_string_equal(cluster_word(c, "s", "edge-2", "lastSyncTime"), "(none)");
	assert_string_equal(in_cluster(c, EDGE2, "stage"), "theirs");
	copy = copies_object(c, EDGE1, "ConfigMap", "stage", "flags");
	assert_string_equal(copies_annotation(copy, "fedcopy.dev/origin-rule"), "configmap-sync/release/s");
	assert_int_equal(json_object_size(json_object_get(json_object_get(copy, "metadata"), "labels")), 1);
	assert_int_equal(json_object_size(json_object_get(json_object_get(copy, "metadata"), "annotations")), 2);
	copies_delete(c, EDGE2, "ConfigMap", "stage", "flags");
	copies_settle(c);
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_member_that_is_away_delays_nobody_and_is_right_after_its_return(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'*'}", TO_STAGE);
	copies_down(c, EDGE1);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(in_cluster(c, EDGE2, "stage"), "2");
	assert_string_equal(in_cluster(c, HUB, "stage"), "2");
	assert_string_equal(cluster_word(c, "s", "edge-1", "syncStatus"), "Failed");
	assert_string_equal(sync_word(c, "s", "message"), "cluster edge-1: the cluster cannot be reached");
	copies_wait(c, 3600000);
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "1");
	copies_up(c, EDGE1);
	copies_wait(c, 1000);
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "2");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_deleted_while_a_member_is_away_is_deleted_there_later(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'*'}", TO_STAGE);
	copies_down(c, EDGE1);
	sync_delete(c, "s");
	copies_wait(c, 5000);
	/* Who cannot be reached is not waited for. */
	assert_null(sync_object(c, "s"));
	assert_string_equal(in_cluster(c, EDGE2, "stage"), "(absent)");
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "1");
	c->reads = 0;
	copies_up(c, EDGE1);
	copies_wait(c, 1000);
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "(absent)");
	/* A read in the cluster that the mark names has said so. */
	assert_in_range(c->reads, 1, 2);
	copies_free(c);
}

static void test_configmap_sync_deleted_while_a_member_is_away_obeys_the_brake(void **state)
{
	struct copies *c = syncs_new();
	int left = 0;

	(void)state;
	c->max_deletes = 1;
	copies_restart(c);
	for (int i = 0; i < 3; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("m%d", i), *spec = NULL;

		spec = fc_xasprintf("'destinationNamespace':'stage','configMapName':'%s'", name);
		copies_make(c, HUB, "ConfigMap", "release", name, "", "'data':{'a':'1'}");
		sync_make(c, name, "'annotations':{'fedcopy.dev/clusters':'edge-1'}", spec);
	}
	copies_down(c, EDGE1);
	for (int i = 0; i < 3; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("m%d", i);

		sync_delete(c, name);
		copies_wait(c, 1000);
		assert_null(sync_object(c, name));
	}
	copies_up(c, EDGE1);
	copies_wait(c, 5000);
	for (int i = 0; i < 3; i++) {
		FC_AUTO_FREE char *name = fc_xasprintf("m%d", i);

		left += copies_object(c, EDGE1, "ConfigMap", "stage", name) != NULL;
	}
	assert_int_equal(left, 2);
	copies_free(c);
}

static void test_configmap_sync_cluster_that_is_selected_no_more_loses_its_copy(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'*'}", TO_STAGE);
	sync_patch(c, "s", "{'metadata':{'annotations':{'fedcopy.dev/clusters':'edge-2'}}}");
	copies_wait(c, 1000);
	assert_string_equal(in_cluster(c, EDGE1, "stage"), "(absent)");
	assert_string_equal(in_cluster(c, EDGE2, "stage"), "1");
	assert_null(cluster_entry(c, "s", "edge-1"));
	sync_patch(c, "s", "{'metadata':{'annotations':{'fedcopy.dev/clusters':null}}}");
	copies_wait(c, 1000);
	assert_string_equal(in_cluster(c, EDGE2, "stage"), "(absent)");
	assert_string_equal(in_cluster(c, HUB, "stage"), "1");
	assert_null(sync_status(c, "s", "clusters"));
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_status_that_a_server_prunes_is_not_written_again_and_again(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'*'}", TO_STAGE);
	copies_wait(c, 1000);
	c->writes = 0;
	/* As a schema without that member does. */
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s/status", "{'status':{'clusters':null}}"), 200);
	copies_wait(c, 1000);
	assert_int_equal(c->writes, 1);
	assert_string_equal(cluster_word(c, "s", "edge-1", "syncStatus"), "Success");
	copies_free(c);
}

/* --- regressions of others --- */

static void test_configmap_sync_odd_keys_of_binary_data_survive(void **state)
{
	struct copies *c = syncs_new();
	const json_t *copy;

	(void)state;
	copies_make(c, HUB, "ConfigMap", "release", "odd", "",
		    "'data':{'a':'1','x.y_z-1':'2'},'binaryData':{'b-c':'AAH/','d..e':'AA==','_F.':''}");
	sync_make(c, "s", "", "'destinationNamespace':'stage','configMapName':'odd'");
	copies_patch(c, HUB, "ConfigMap", "release", "odd", "{'binaryData':{'b-c':'AQ=='}}");
	copies_settle(c);
	copy = copies_object(c, HUB, "ConfigMap", "stage", "odd");
	assert_true(json_equal(json_object_get(copy, "binaryData"),
			       json_object_get(copies_object(c, HUB, "ConfigMap", "release", "odd"), "binaryData")));
	copies_free(c);
}

static void test_configmap_sync_pause_stops_copying_and_not_the_deletion(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_patch(c, "s", "{'metadata':{'annotations':{'fedcopy.dev/pause':'true'}}}");
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 1000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_success(c, "s");
	sync_delete(c, "s");
	copies_wait(c, 1000);
	assert_null(sync_object(c, "s"));
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configmap_sync_b17_deleted_resource_takes_its_copy_along),
		cmocka_unit_test(test_configmap_sync_b17_object_that_was_there_before_only_loses_its_marks),
		cmocka_unit_test(test_configmap_sync_b17_copy_that_is_gone_already_holds_nothing_up),
		cmocka_unit_test(
			test_configmap_sync_b17_failed_deletion_keeps_the_finalizer_and_is_retried_from_a_minute),
		cmocka_unit_test(test_configmap_sync_d10_deletion_is_not_over_while_a_read_fails),
		cmocka_unit_test(test_configmap_sync_d11_strangers_survive_the_deletion),
		cmocka_unit_test(
			test_configmap_sync_b17_deletion_after_a_restart_and_with_a_bad_spec_takes_the_copy_along),
		cmocka_unit_test(test_configmap_sync_b17_deletion_with_a_bad_spec_takes_the_copy_along),
		cmocka_unit_test(test_configmap_sync_b18_d12_old_copy_goes_when_the_new_one_is_written),
		cmocka_unit_test(test_configmap_sync_b18_old_copy_stays_until_the_edited_spec_can_be_followed),
		cmocka_unit_test(test_configmap_sync_b18_other_source_name_moves_the_copies_in_every_cluster),
		cmocka_unit_test(test_configmap_sync_b19_destination_namespace_that_goes_is_a_missing_one),
		cmocka_unit_test(test_configmap_sync_b22_object_of_nobody_is_left_alone_and_taken_when_it_goes),
		cmocka_unit_test(
			test_configmap_sync_b23_first_of_two_keeps_the_destination_and_the_second_waits_its_turn),
		cmocka_unit_test(test_configmap_sync_b17_copy_that_somebody_else_holds_keeps_no_finalizer),
		cmocka_unit_test(test_configmap_sync_b01_labels_of_a_copy_on_a_resource_are_its_authors),
		cmocka_unit_test(
			test_configmap_sync_b23_copy_of_a_resource_that_is_gone_goes_where_nobody_may_take_it_over),
		cmocka_unit_test(test_configmap_sync_b23_copy_of_a_resource_that_is_gone_is_taken_over),
		cmocka_unit_test(test_configmap_sync_b24_bad_input_source_that_is_its_own_destination_is_refused),
		cmocka_unit_test(test_configmap_sync_b24_equal_namespaces_copy_to_other_clusters_alone),
		cmocka_unit_test(test_configmap_sync_b25_changes_run_through_a_chain),
		cmocka_unit_test(test_configmap_sync_b25_members_of_a_circle_write_nothing),
		cmocka_unit_test(test_configmap_sync_d14_source_elsewhere_is_copied_only_with_its_consent),
		cmocka_unit_test(test_configmap_sync_d14_system_namespaces_are_not_written),
		cmocka_unit_test(test_configmap_sync_each_cluster_is_told_of_in_the_status),
		cmocka_unit_test(test_configmap_sync_member_that_is_away_delays_nobody_and_is_right_after_its_return),
		cmocka_unit_test(test_configmap_sync_deleted_while_a_member_is_away_is_deleted_there_later),
		cmocka_unit_test(test_configmap_sync_deleted_while_a_member_is_away_obeys_the_brake),
		cmocka_unit_test(test_configmap_sync_cluster_that_is_selected_no_more_loses_its_copy),
		cmocka_unit_test(test_configmap_sync_status_that_a_server_prunes_is_not_written_again_and_again),
		cmocka_unit_test(test_configmap_sync_odd_keys_of_binary_data_survive),
		cmocka_unit_test(test_configmap_sync_pause_stops_copying_and_not_the_deletion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
