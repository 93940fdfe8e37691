/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with metadata, and how often a real kube-apiserver (1.20) says it. */
#include "sandbox/kinds.h"
#include "sandbox/types.h"
#include "unit/sandbox/api_world.h"

static const struct sb_kind plain = { .defaults = NULL };
static const struct sb_type config_maps = { .plural = "configmaps", .group = "", .ops = &plain };
static const struct sb_type leases = { .plural = "leases", .group = "coordination.k8s.io", .ops = &plain };
static const struct sb_type toys = { .plural = "toys", .group = "x.y", .ops = &plain, .custom = true };

/* The fields of the causes, each with a blank behind it. */
static char *fields(const struct sb_type *type, const char *old_text, const char *text)
{
	json_t *old = old_text ? json_loads(old_text, 0, NULL) : NULL, *cause;
	json_t *object = json_loads(text, JSON_ALLOW_NUL, NULL);
	struct sb_causes causes = SB_CAUSES_INIT;
	struct fc_buf out = FC_BUF_INIT;
	size_t i;

	assert_non_null(object);
	sb_validate_metadata(type, old, object, &causes);
	json_array_foreach(causes.list, i, cause)
		fc_buf_printf(&out, "%s ", json_string_value(json_object_get(cause, "field")));
	sb_causes_fini(&causes);
	json_decref(old);
	json_decref(object);
	return fc_buf_steal(&out);
}

static void fields_are(const struct sb_type *type, const char *old, const char *text, const char *expected)
{
	FC_AUTO_FREE char *have = fields(type, old, text);

	assert_string_equal(have, expected);
}

#define GOOD "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}"

static void test_what_is_right_has_no_causes(void **state FC_UNUSED)
{
	fields_are(&config_maps, NULL, GOOD, "");
	fields_are(&config_maps, GOOD, GOOD, "");
	fields_are(&config_maps, NULL,
		   "{\"metadata\":{\"name\":\"a.b\",\"labels\":{\"x.y/z\":\"\"},\"annotations\":{\"UP.er/Case\":\"any "
		   "text\"},\"finalizers\":[\"kubernetes\",\"a.b/c\"]}}",
		   "");
}

static void test_a_fault_of_a_new_object_is_told_once(void **state FC_UNUSED)
{
	fields_are(&config_maps, NULL, "{\"metadata\":{\"name\":\"A_B\"}}", "metadata.name ");
	fields_are(&config_maps, NULL, "{\"metadata\":{\"name\":\"a\",\"labels\":{\"a b\":\"c d\"}}}",
		   "metadata.labels metadata.labels ");
	fields_are(&config_maps, NULL, "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"no good\"]}}",
		   "metadata.finalizers metadata.finalizers[0] ");
}

static void test_what_stands_behind_a_zero_byte_is_looked_at_too(void **state FC_UNUSED)
{
	static const struct sb_kind any = { .validate_name = sb_validate_path_segment };
	static const struct sb_type roles = { .plural = "roles", .group = "rbac.authorization.k8s.io", .ops = &any };

	fields_are(&config_maps, NULL, "{\"metadata\":{\"name\":\"a\\u0000b\"}}", "metadata.name ");
	fields_are(&roles, NULL, "{\"metadata\":{\"name\":\"a\\u0000b\"}}", "metadata.name ");
	fields_are(&config_maps, NULL, "{\"metadata\":{\"name\":\"a\",\"generateName\":\"a\\u0000\"}}",
		   "metadata.generateName ");
	fields_are(&config_maps, NULL, "{\"metadata\":{\"name\":\"a\",\"labels\":{\"k\":\"a\\u0000b\"}}}",
		   "metadata.labels ");
}

static void test_a_fault_of_an_update_is_told_as_often_as_it_is_looked_for(void **state FC_UNUSED)
{
	static const char bad[] = "{\"metadata\":{\"name\":\"a\",\"uid\":\"u\",\"labels\":{\"a b\":\"\"}}}";

	fields_are(&config_maps, GOOD, bad, "metadata.labels metadata.labels metadata.labels metadata.labels ");
	fields_are(&leases, GOOD, bad, "metadata.labels metadata.labels metadata.labels ");
	fields_are(&config_maps, GOOD, "{\"metadata\":{\"name\":\"a\",\"uid\":\"v\"}}", "metadata.uid metadata.uid ");
}

static void test_custom_types_take_short_finalizers(void **state FC_UNUSED)
{
	fields_are(&toys, NULL, "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"short\"]}}", "");
	fields_are(&leases, NULL, "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"short\"]}}",
		   "metadata.finalizers[0] ");
}

static void test_annotations_have_a_limit(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *value = fc_xcalloc(262145, 1), *text = NULL;

	memset(value, 'x', 262143);
	text = fc_xasprintf("{\"metadata\":{\"name\":\"a\",\"annotations\":{\"k\":\"%s\"}}}", value);
	fields_are(&config_maps, NULL, text, "");
	free(text);
	value[262143] = 'x';
	text = fc_xasprintf("{\"metadata\":{\"name\":\"a\",\"annotations\":{\"k\":\"%s\"}}}", value);
	fields_are(&config_maps, NULL, text, "metadata.annotations ");
}

static void test_owners_are_named_in_full(void **state FC_UNUSED)
{
#define OWNER(version, kind, name, uid, more)                                                                 \
	"{\"metadata\":{\"name\":\"a\",\"ownerReferences\":[{\"apiVersion\":\"" version "\",\"kind\":\"" kind \
	"\",\"name\":\"" name "\",\"uid\":\"" uid "\"" more "}]}}"
	fields_are(&toys, NULL, OWNER("v1", "ConfigMap", "o", "u", ""), "");
	fields_are(&toys, NULL, OWNER("a/b/c", "", "", "", ""),
		   "metadata.ownerReferences.apiVersion metadata.ownerReferences.kind metadata.ownerReferences.name "
		   "metadata.ownerReferences.uid ");
	fields_are(&toys, NULL, OWNER("v1", "Event", "o", "u", ""), "metadata.ownerReferences ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_right_has_no_causes),
		cmocka_unit_test(test_a_fault_of_a_new_object_is_told_once),
		cmocka_unit_test(test_what_stands_behind_a_zero_byte_is_looked_at_too),
		cmocka_unit_test(test_a_fault_of_an_update_is_told_as_often_as_it_is_looked_for),
		cmocka_unit_test(test_custom_types_take_short_finalizers),
		cmocka_unit_test(test_annotations_have_a_limit),
		cmocka_unit_test(test_owners_are_named_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
