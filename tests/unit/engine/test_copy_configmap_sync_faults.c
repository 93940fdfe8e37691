/* SPDX-License-Identifier: Apache-2.0 */
/* configmap-sync between models of API servers: what fails, and when it is tried again. Each test bears the number of
 * the rule of its specification. */
#include "configmap_syncs.h"

/* Writes into that namespace fail from now on; NULL: they succeed. */
static void refuse(struct copies *c, const char *ns, enum fc_error_class cls)
{
	c->fail_writes = ns ? cls : FC_ERR_NONE;
	c->fail_space = ns;
}

static void test_configmap_sync_b11_bad_input_source_that_cannot_be_read_is_a_fetch_error(void **state)
{
	static const int seconds[] = { 30, 60, 120, 240, 480, 600, 600 };
	struct copies *c = syncs_new();

	(void)state;
	c->hidden_bodies = true;
	sync_make(c, "s", "", TO_STAGE);
	assert_failed(c, "s", "False/SyncFailed", "False/FetchError");
	for (size_t i = 0; i < FC_ARRAY_LEN(seconds); i++) {
		assert_int_equal(sync_retries(c, "s"), i + 1);
		copies_wait(c, seconds[i] * 1000 - 1000);
		assert_int_equal(sync_retries(c, "s"), i + 1);
		copies_wait(c, 1000);
	}
	/* What was in the way is gone: nobody waits for the next try. */
	c->hidden_bodies = false;
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b11_source_that_cannot_be_read_again_is_a_fetch_error(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->fail_reads = FC_ERR_SERVER;
	c->fail_on = HUB;
	c->fail_space = "release";
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'data':{'a':'9'}}");
	copies_settle(c);
	assert_failed(c, "s", "False/SyncFailed", "False/FetchError");
	assert_int_equal(sync_retries(c, "s"), 1);
	c->fail_reads = FC_ERR_NONE;
	copies_wait(c, 31000);
	assert_success(c, "s");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_configmap_sync_b11_destination_that_cannot_be_read_is_a_failure_of_thirty_seconds(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->fail_reads = FC_ERR_FORBIDDEN;
	c->fail_on = HUB;
	c->fail_space = "stage";
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'data':{'a':'9'}}");
	copies_settle(c);
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_int_equal(sync_retries(c, "s"), 1);
	c->fail_reads = FC_ERR_NONE;
	copies_wait(c, 29000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "9");
	copies_wait(c, 2000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_success(c, "s");
	copies_free(c);
}

/* Nobody has asked about what was listed there before. */
static void test_configmap_sync_b11_missing_source_denies_no_object_in_the_destination(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "", "'data':{'a':'theirs'}");
	copies_delete(c, HUB, "ConfigMap", "release", "flags");
	copies_settle(c);
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 1000);
	assert_true(json_is_false(sync_status(c, "s", "sourceExists")));
	assert_true(json_is_true(sync_status(c, "s", "destinationExists")));
	copies_free(c);
}

static void test_configmap_sync_b12_bad_input_missing_namespace_is_a_failure_that_is_tried_again(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", "'destinationNamespace':'none','configMapName':'flags'");
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_string_equal(sync_word(c, "s", "message"), "destination namespace none not found");
	assert_true(json_is_true(sync_status(c, "s", "sourceExists")));
	assert_true(json_is_false(sync_status(c, "s", "destinationExists")));
	assert_int_equal(sync_retries(c, "s"), 1);
	copies_free(c);
}

static void test_configmap_sync_b12_d03_bad_input_every_way_to_fail_is_told(void **state)
{
	static const enum fc_error_class ways[] = { FC_ERR_FORBIDDEN, FC_ERR_QUOTA,	  FC_ERR_INVALID,
						    FC_ERR_SERVER,    FC_ERR_TERMINATING, FC_ERR_LIMIT };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(ways); i++) {
		struct copies *c = syncs_new();

		refuse(c, "stage", ways[i]);
		sync_make(c, "s", "", TO_STAGE);
		assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
		assert_int_equal(sync_retries(c, "s"), 1);
		copies_wait(c, 61000);
		assert_int_equal(sync_retries(c, "s"), 2);
		refuse(c, NULL, FC_ERR_NONE);
		copies_wait(c, 121000);
		assert_success(c, "s");
		copies_free(c);
	}
}

static void test_configmap_sync_b12_update_that_is_refused_is_tried_again(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	refuse(c, "stage", FC_ERR_INVALID);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_int_equal(sync_retries(c, "s"), 1);
	refuse(c, NULL, FC_ERR_NONE);
	copies_wait(c, 59000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_wait(c, 2000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b13_delays_double_from_one_minute_to_ten(void **state)
{
	static const int minutes[] = { 1, 2, 4, 8, 10, 10 };
	struct copies *c = syncs_new();

	(void)state;
	refuse(c, "stage", FC_ERR_FORBIDDEN);
	sync_make(c, "s", "", TO_STAGE);
	for (size_t i = 0; i < FC_ARRAY_LEN(minutes); i++) {
		assert_int_equal(sync_retries(c, "s"), i + 1);
		copies_wait(c, minutes[i] * 60000 - 1000);
		assert_int_equal(sync_retries(c, "s"), i + 1);
		copies_wait(c, 1000);
	}
	assert_int_equal(sync_retries(c, "s"), 7);
	copies_free(c);
}

static void test_configmap_sync_b13_events_of_source_destination_and_spec_retry_at_once(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	refuse(c, "stage", FC_ERR_FORBIDDEN);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_int_equal(sync_retries(c, "s"), 1);
	/* An edit that changes nothing of what is copied. */
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'metadata':{'labels':{'x':'y'}}}");
	copies_settle(c);
	assert_int_equal(sync_retries(c, "s"), 2);
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'metadata':{'labels':{'x':'y'}}}");
	copies_settle(c);
	assert_int_equal(sync_retries(c, "s"), 3);
	sync_patch(c, "s", "{'spec':{'sourceNamespace':'release'}}");
	assert_int_equal(sync_retries(c, "s"), 4);
	/* Neither its own status writes nor a word that is none of the spec. */
	sync_patch(c, "s", "{'metadata':{'labels':{'x':'y'}}}");
	copies_wait(c, 60000);
	assert_int_equal(sync_retries(c, "s"), 4);
	copies_free(c);
}

static void test_configmap_sync_b13_failures_count_on_after_a_restart(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	refuse(c, "stage", FC_ERR_FORBIDDEN);
	sync_make(c, "s", "", TO_STAGE);
	copies_wait(c, 61000);
	assert_int_equal(sync_retries(c, "s"), 2);
	copies_restart(c);
	assert_int_equal(sync_retries(c, "s"), 3);
	copies_wait(c, 200000);
	assert_int_equal(sync_retries(c, "s"), 3);
	copies_wait(c, 41000);
	assert_int_equal(sync_retries(c, "s"), 4);
	copies_free(c);
}

static void test_configmap_sync_d02_bad_input_odd_retry_count_in_the_status_is_bounded(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	refuse(c, "stage", FC_ERR_FORBIDDEN);
	sync_make(c, "s", "", TO_STAGE);
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s/status", "{'status':{'retryCount':-7}}"), 200);
	copies_restart(c);
	assert_int_equal(sync_retries(c, "s"), 1);
	assert_int_equal(syncs_request(c, "PATCH", "release", "/s/status", "{'status':{'retryCount':4000000000}}"),
			 200);
	copies_restart(c);
	assert_int_equal(sync_retries(c, "s"), 1000001);
	refuse(c, NULL, FC_ERR_NONE);
	copies_wait(c, 600000);
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_d03_no_hot_loop_while_a_write_fails(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	refuse(c, "stage", FC_ERR_FORBIDDEN);
	sync_make(c, "s", "", TO_STAGE);
	c->writes = c->reads = 0;
	copies_wait(c, 3600000);
	/* 2, 4, 8 and then each 10 minutes: a try and a status. */
	assert_in_range(c->writes, 10, 18);
	assert_in_range(c->reads, 0, 9);
	copies_free(c);
}

static void test_configmap_sync_b14_conflict_is_no_failure_and_tried_again_at_once(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	refuse(c, "stage", FC_ERR_CONFLICT);
	c->writes = 0;
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	copies_wait(c, 8000);
	assert_in_range(c->writes, 4, 6);
	assert_success(c, "s");
	refuse(c, NULL, FC_ERR_NONE);
	copies_wait(c, 3000);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	refuse(c, "stage", FC_ERR_CONFLICT);
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'3'}}");
	copies_settle(c);
	copies_wait(c, 20000);
	/* A server that never agrees is one that fails. */
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	copies_free(c);
}

static void test_configmap_sync_b15_namespace_that_appears_is_filled_at_once(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", "'destinationNamespace':'late','configMapName':'flags'");
	copies_wait(c, 300000);
	assert_in_range(sync_retries(c, "s"), 3, 3);
	copies_space(c, HUB, "late", "");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "late", "flags"), "1");
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b16_immutable_copy_that_must_change_is_made_anew(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	uid = fc_xstrdup(fc_json_metadata(sync_copy(c, "stage"), "uid"));
	copies_patch(c, HUB, "ConfigMap", "stage", "flags", "{'immutable':true}");
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_string_not_equal(fc_json_metadata(sync_copy(c, "stage"), "uid"), uid);
	assert_success(c, "s");
	copies_free(c);
}

static void test_configmap_sync_b16_immutable_object_that_was_there_before_is_not_deleted(void **state)
{
	struct copies *c = syncs_new();
	FC_AUTO_FREE char *uid = NULL;

	(void)state;
	/* As the drop-in command leaves one that it has taken over. */
	copies_make(c, HUB, "ConfigMap", "stage", "flags",
		    "'annotations':{'" SYNC_KEY "owner':'release/s','" SYNC_KEY "adopted':'true'}",
		    "'data':{'a':'0'},'immutable':true");
	uid = fc_xstrdup(fc_json_metadata(sync_copy(c, "stage"), "uid"));
	sync_make(c, "s", "", TO_STAGE);
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_int_equal(sync_retries(c, "s"), 1);
	copies_wait(c, 61000);
	assert_int_equal(sync_retries(c, "s"), 2);
	assert_string_equal(fc_json_metadata(sync_copy(c, "stage"), "uid"), uid);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "0");
	copies_free(c);
}

/* A namespace that is to be made for the copy fails in its name. */
static void test_configmap_sync_b13_namespace_that_cannot_be_created_is_tried_at_the_same_delays(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	world_permit(&c->w, "[{'from':'hub/release','to':'edge-1/new','resources':['configmaps']}]");
	c->fail_writes = FC_ERR_SERVER;
	c->fail_on = EDGE1;
	sync_make(c, "s", "'annotations':{'fedcopy.dev/clusters':'edge-1','fedcopy.dev/create-namespaces':'true'}",
		  "'destinationNamespace':'new','configMapName':'flags'");
	c->writes = 0;
	/* The own cluster's tries are as many. After 1, 2, 4, 8, 10 and 10 min. */
	copies_wait(c, 35 * 60 * 1000);
	assert_in_range(c->writes, 4, 24);
	c->fail_writes = FC_ERR_NONE;
	copies_wait(c, 10 * 60 * 1000);
	assert_string_equal(copies_value(c, EDGE1, "new", "flags"), "1");
	copies_free(c);
}

static void test_refusal_that_is_sure_only_after_an_outage_is_told_in_words(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	c->fail_on = HUB;
	refuse(c, "stage", FC_ERR_INVALID);
	c->fail_reads = FC_ERR_NETWORK;
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	c->fail_reads = FC_ERR_NONE;
	copies_up(c, HUB);
	copies_wait(c, 1000);
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_string_equal(sync_word(c, "s", "message"), "the server refused the copy");
	copies_free(c);
}

static void test_path_rule_on_a_copy_that_fails_is_no_failure_of_the_copy(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	copies_make(c, HUB, "ConfigMap", "stage", "other", "", "'data':{'a':'9'}");
	c->fail_on = HUB;
	refuse(c, "stage", FC_ERR_FORBIDDEN);
	copies_patch(
		c, HUB, "ConfigMap", "stage", "flags",
		"{'metadata':{'annotations':{'k8s-copier.fig.org/replace-metadata.labels.x':'configmap:other:data.a'}}}");
	c->writes = 0;
	copies_settle(c);
	copies_wait(c, 3600000);
	assert_in_range(c->writes, 5, 25);
	assert_int_equal(sync_retries(c, "s"), 0);
	assert_success(c, "s");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusal_that_is_sure_only_after_an_outage_is_told_in_words),
		cmocka_unit_test(test_path_rule_on_a_copy_that_fails_is_no_failure_of_the_copy),
		cmocka_unit_test(test_configmap_sync_b11_bad_input_source_that_cannot_be_read_is_a_fetch_error),
		cmocka_unit_test(test_configmap_sync_b11_source_that_cannot_be_read_again_is_a_fetch_error),
		cmocka_unit_test(
			test_configmap_sync_b11_destination_that_cannot_be_read_is_a_failure_of_thirty_seconds),
		cmocka_unit_test(test_configmap_sync_b11_missing_source_denies_no_object_in_the_destination),
		cmocka_unit_test(test_configmap_sync_b12_bad_input_missing_namespace_is_a_failure_that_is_tried_again),
		cmocka_unit_test(test_configmap_sync_b12_d03_bad_input_every_way_to_fail_is_told),
		cmocka_unit_test(test_configmap_sync_b12_update_that_is_refused_is_tried_again),
		cmocka_unit_test(test_configmap_sync_b13_delays_double_from_one_minute_to_ten),
		cmocka_unit_test(test_configmap_sync_b13_namespace_that_cannot_be_created_is_tried_at_the_same_delays),
		cmocka_unit_test(test_configmap_sync_b13_events_of_source_destination_and_spec_retry_at_once),
		cmocka_unit_test(test_configmap_sync_b13_failures_count_on_after_a_restart),
		cmocka_unit_test(test_configmap_sync_d02_bad_input_odd_retry_count_in_the_status_is_bounded),
		cmocka_unit_test(test_configmap_sync_d03_no_hot_loop_while_a_write_fails),
		cmocka_unit_test(test_configmap_sync_b14_conflict_is_no_failure_and_tried_again_at_once),
		cmocka_unit_test(test_configmap_sync_b15_namespace_that_appears_is_filled_at_once),
		cmocka_unit_test(test_configmap_sync_b16_immutable_copy_that_must_change_is_made_anew),
		cmocka_unit_test(test_configmap_sync_b16_immutable_object_that_was_there_before_is_not_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
