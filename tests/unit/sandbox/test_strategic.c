/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/strategic.h"

#include "recorded.h"

static int make_schemas(void **state)
{
	*state = sb_schemas_new();
	return 0;
}

static int free_schemas(void **state)
{
	sb_schemas_free(*state);
	return 0;
}

/* Recorded is how the object changed: RFC 7386. */
static void merge(json_t *object, const json_t *patch)
{
	const char *name;
	json_t *value, *below;

	json_object_foreach((json_t *)(uintptr_t)patch, name, value) {
		below = json_object_get(object, name);
		if (json_is_null(value))
			json_object_del(object, name);
		else if (json_is_object(value) && json_is_object(below))
			merge(below, value);
		else
			json_object_set(object, name, value);
	}
}

static const struct sb_schema *deployment(void **state)
{
	return sb_schemas_find(*state, "io.k8s.api.apps.v1.Deployment");
}

/* An error that a list follows was recorded by its beginning. */
static bool is_same_error(const json_t *row, const struct fc_error *err)
{
	const char *real = json_string_value(json_object_get(row, "error"));
	FC_AUTO_FREE char *one_line = fc_xstrdup(real ? real : "");
	bool is_cut = strlen(one_line) == 80;

	/* An error of this program is one line. */
	for (char *at = one_line; *at; at++)
		*at = *at != '\n' ? *at : at[1] ? ' ' : '\0';
	bool same = is_cut ? strncmp(one_line, err->text, 80) == 0 : strcmp(one_line, err->text) == 0;
	same = same && err->http_status == json_integer_value(json_object_get(row, "status"));
	if (!same)
		fprintf(stderr, "real: %lld %s\nours: %d %s\n",
			(long long)json_integer_value(json_object_get(row, "status")), one_line, err->http_status,
			err->text);
	return same;
}

/* Of a patch that makes a list of containers what defaults are left out in the recording does not come back. */
static bool is_as_recorded(const struct sb_schema *s, const json_t *object, const json_t *row)
{
	json_auto_t *ours = json_deep_copy(object);
	json_auto_t *expected = json_deep_copy(object);
	struct fc_error err = FC_ERROR_INIT;

	if (sb_strategic_apply(s, ours, json_object_get(row, "patch"), &err) < 0)
		return is_same_error(row, &err);
	json_object_del(ours, "status");
	json_object_del(json_object_get(ours, "metadata"), "creationTimestamp");
	merge(expected, json_object_get(row, "change"));
	return recorded_same(row, "object", json_object_get(row, "error") ? NULL : expected, ours);
}

static void a_deployment_is_patched_as_a_real_server_does_it(void **state)
{
	json_auto_t *pages = recorded_pages("strategic.json");
	const json_t *page = json_array_get(pages, 0), *object = json_object_get(page, "object");
	size_t i, wrong = 0;
	json_t *row;

	json_array_foreach(json_object_get(page, "rows"), i, row)
		wrong += !is_as_recorded(deployment(state), object, row);
	assert_int_equal(wrong, 0);
	assert_true(i > 70);
}

static void a_patch_stays_as_it_was(void **state)
{
	json_auto_t *object = json_of("{'spec': {'strategy': {'type': 'RollingUpdate', 'rollingUpdate': {}}}}");
	json_auto_t *patch = json_of("{'spec': {'strategy': {'$retainKeys': ['type'], 'type': 'Recreate'}}}");
	json_auto_t *copy = json_deep_copy(patch);

	assert_int_equal(sb_strategic_apply(deployment(state), object, patch, NULL), 0);
	assert_true(json_equal(patch, copy));
}

static void deleting_the_whole_leaves_what_is_always_written(void **state)
{
	json_auto_t *object = json_of("{'metadata': {'name': 'x'}, 'spec': {'replicas': 3}}");
	json_auto_t *patch = json_of("{'$patch': 'delete'}");

	assert_int_equal(sb_strategic_apply(deployment(state), object, patch, NULL), 0);
	assert_null(json_object_get(json_object_get(object, "metadata"), "name"));
	assert_null(json_object_get(json_object_get(object, "spec"), "replicas"));
}

static void a_number_that_does_not_fit_is_cut_as_go_does_it(void **state)
{
	json_auto_t *object = json_of("{'spec': {'replicas': 1}}");
	json_auto_t *patch = json_of("{'spec': {'replicas': 3000000000}}");

	assert_int_equal(sb_strategic_apply(deployment(state), object, patch, NULL), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "spec"), "replicas")), -1294967296);
}

static void elements_without_a_key_cannot_be_ordered(void **state)
{
	json_auto_t *object = json_of("{'spec': {'template': {'spec': {'tolerations': [{'key': 'a'}]}}}}");
	json_auto_t *patch =
		json_of("{'spec': {'template': {'spec': {'$setElementOrder/tolerations': [{'key': 'a'}]}}}}");
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(sb_strategic_apply(deployment(state), object, patch, &err), -1);
	assert_int_equal(err.http_status, 500);
}

static void members_of_a_map_are_not_looked_into(void **state)
{
	const struct sb_schema *s =
		sb_schemas_find(*state, "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps");
	json_auto_t *object = json_of("{'properties': {'a': {'type': 'string'}}}");
	json_auto_t *patch = json_of("{'properties': {'a': {'type': 'integer'}}}");
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(sb_strategic_apply(s, object, patch, &err), -1);
	assert_string_equal(err.text, "merging an object in json but data type is not struct, instead is: map");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deployment_is_patched_as_a_real_server_does_it),
		cmocka_unit_test(a_patch_stays_as_it_was),
		cmocka_unit_test(deleting_the_whole_leaves_what_is_always_written),
		cmocka_unit_test(a_number_that_does_not_fit_is_cut_as_go_does_it),
		cmocka_unit_test(elements_without_a_key_cannot_be_ordered),
		cmocka_unit_test(members_of_a_map_are_not_looked_into),
	};

	return cmocka_run_group_tests(tests, make_schemas, free_schemas);
}
