/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of whole objects as a drop-in makes them: inside one cluster by the original's rules alone (design section 7),
 * configmap-sync D14 and B22 included; across clusters as ever. */
#include "configmap_syncs.h"
#include "kopy.h"

#define ADOPTED SYNC_KEY "adopted"

static struct copies *as_original(struct copies *c)
{
	static const char *const adopting[] = { "configmap-sync", NULL };

	c->as_original = true;
	c->adopting = adopting;
	copies_restart(c);
	return c;
}

static const json_t *in_stage(struct copies *c)
{
	return copies_object(c, HUB, "ConfigMap", "stage", "flags");
}

#define FROM_RELEASE "'sourceNamespace':'release','destinationNamespace':'stage','configMapName':'flags'"

static void test_as_original_a_custom_resource_anywhere_may_read_and_write_anywhere(void **state)
{
	struct copies *c = as_original(syncs_new());

	(void)state;
	sync_make_in(c, "ops", "s", "", FROM_RELEASE);
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_as_original_system_namespaces_are_namespaces_like_others(void **state)
{
	struct copies *c = as_original(syncs_new());

	(void)state;
	sync_make(c, "s", "", "'destinationNamespace':'kube-public','configMapName':'flags'");
	assert_string_equal(copies_value(c, HUB, "kube-public", "flags"), "1");
	copies_free(c);
}

static void test_as_original_another_cluster_is_asked_all_the_same(void **state)
{
	struct copies *c = as_original(syncs_new());

	(void)state;
	sync_make_in(c, "ops", "s", "'annotations':{'fedcopy.dev/clusters':'edge-1'}", FROM_RELEASE);
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_string_equal(copies_value(c, EDGE1, "stage", "flags"), "(absent)");
	copies_free(c);
}

static void test_as_original_b22_what_belongs_to_nobody_is_taken_over_and_marked(void **state)
{
	struct copies *c = as_original(syncs_new());

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "'labels':{'mine':'1'}", "'data':{'a':'0','mine':'x'}");
	sync_make(c, "s", "", TO_STAGE);
	assert_success(c, "s");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	assert_string_equal(copies_annotation(in_stage(c), ADOPTED), "true");
	assert_null(json_object_get(json_object_get(in_stage(c), "data"), "mine"));
	/* The mark stays when it is written again, and then it is let go and not deleted (B17). */
	copies_patch(c, HUB, "ConfigMap", "release", "flags", "{'data':{'a':'2'}}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	assert_string_equal(copies_annotation(in_stage(c), ADOPTED), "true");
	sync_delete(c, "s");
	assert_null(sync_object(c, "s"));
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "2");
	copies_free(c);
}

static void test_as_original_b16_an_immutable_object_of_nobody_is_neither_deleted_nor_made_anew(void **state)
{
	struct copies *c = as_original(syncs_new());

	(void)state;
	copies_make(c, HUB, "ConfigMap", "stage", "flags", "", "'data':{'a':'0'},'immutable':true");
	sync_make(c, "s", "", TO_STAGE);
	assert_failed(c, "s", "False/SyncFailed", "True/SourceFound");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "0");
	copies_free(c);
}

static void test_as_original_b23_another_resources_copy_is_not_taken_over(void **state)
{
	struct copies *c = as_original(syncs_new());

	(void)state;
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", TO_STAGE);
	assert_failed(c, "t", "False/DestinationConflict", "True/SourceFound");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

/* --- narrower lists of namespaces, as object-sync has them (B2, B12) --- */

static const char *const release[] = { "release" }, *const qa[] = { "qa" };

#define ONLY(names) ((struct fc_namespace_list){ names, 1 })

static void test_as_original_custom_resources_elsewhere_are_not_looked_at(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->bearers_in = ONLY(release);
	as_original(c);
	sync_make_in(c, "ops", "s", "", FROM_RELEASE);
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	assert_null(json_object_get(
		json_object_get(api_server_object(c->servers[HUB], "apps.kapendra.com", "configmapsyncs", "ops", "s"),
				"metadata"),
		"finalizers"));
	sync_make(c, "s", "", TO_STAGE);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "1");
	copies_free(c);
}

static void test_as_original_sources_elsewhere_are_not_read(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->sources_in = ONLY(qa);
	as_original(c);
	copies_make(c, HUB, "ConfigMap", "qa", "flags", "", "'data':{'a':'qa'}");
	sync_make(c, "s", "", TO_STAGE);
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	sync_make(c, "t", "", "'sourceNamespace':'qa','destinationNamespace':'stage','configMapName':'flags'");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "qa");
	copies_free(c);
}

static void test_as_original_copies_elsewhere_are_not_made(void **state)
{
	struct copies *c = syncs_new();

	(void)state;
	c->copies_in = ONLY(qa);
	as_original(c);
	sync_make(c, "s", "", TO_STAGE);
	sync_make(c, "t", "", "'destinationNamespace':'qa','configMapName':'flags'");
	assert_string_equal(copies_value(c, HUB, "stage", "flags"), "(absent)");
	assert_string_equal(copies_value(c, HUB, "qa", "flags"), "1");
	copies_free(c);
}

/* What has nothing to do with permissions is a defect of the original, and not repeated: kopy D5, D15. */
static void test_as_original_kopy_overwrites_no_strangers(void **state)
{
	struct copies *c = as_original(kopy_new());

	(void)state;
	copies_make(c, HUB, "ConfigMap", "a", "src", "", "'data':{'a':'theirs'}");
	copies_make(c, HUB, "ConfigMap", "home", "src", SYNC("team=x"), "'data':{'a':'1'}");
	copies_settle(c);
	assert_string_equal(copies_value(c, HUB, "a", "src"), "theirs");
	assert_string_equal(copies_state(c, "/a/src"), "Conflict/Unowned");
	assert_string_equal(copies_value(c, HUB, "b", "src"), "1");
	copies_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_original_a_custom_resource_anywhere_may_read_and_write_anywhere),
		cmocka_unit_test(test_as_original_system_namespaces_are_namespaces_like_others),
		cmocka_unit_test(test_as_original_another_cluster_is_asked_all_the_same),
		cmocka_unit_test(test_as_original_b22_what_belongs_to_nobody_is_taken_over_and_marked),
		cmocka_unit_test(test_as_original_b16_an_immutable_object_of_nobody_is_neither_deleted_nor_made_anew),
		cmocka_unit_test(test_as_original_b23_another_resources_copy_is_not_taken_over),
		cmocka_unit_test(test_as_original_custom_resources_elsewhere_are_not_looked_at),
		cmocka_unit_test(test_as_original_sources_elsewhere_are_not_read),
		cmocka_unit_test(test_as_original_copies_elsewhere_are_not_made),
		cmocka_unit_test(test_as_original_kopy_overwrites_no_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
