/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema.h"

#include "recorded.h"
#include "sandbox/answer.h"

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

static int compare_causes(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
	const char *const members[] = { "field", "message" };

	for (size_t i = 0; i < FC_ARRAY_LEN(members); i++) {
		int order = strcmp(json_string_value(json_object_get(one, members[i])),
				   json_string_value(json_object_get(other, members[i])));
		if (order)
			return order;
	}
	return 0;
}

/* The real server has no order of members. */
static json_t *sorted(const json_t *causes)
{
	size_t count = json_array_size(causes);
	FC_AUTO_FREE json_t **all = fc_xcalloc(count + 1, sizeof(json_t *));
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		all[i] = json_array_get(causes, i);
	qsort(all, count, sizeof(json_t *), compare_causes);
	for (size_t i = 0; i < count; i++)
		json_array_append(list, all[i]);
	return list;
}

/* Decoded, pruned, defaulted, validated, as a write does it. */
static bool is_as_recorded(const struct sb_schema *s, const json_t *row)
{
	json_auto_t *object = json_deep_copy(json_object_get(row, "body"));
	struct fc_error err = FC_ERROR_INIT;
	struct sb_causes causes = SB_CAUSES_INIT;

	if (sb_schema_decode(s, object, &err) < 0) {
		json_auto_t *text = json_string(err.text);
		return recorded_same(row, "error", json_object_get(row, "error"), text);
	}
	sb_schema_prune(s, object);
	sb_schema_default(s, object);
	sb_schema_validate(s, object, &causes);
	if (sb_causes_any(&causes)) {
		json_auto_t *ours = sorted(causes.list);
		sb_causes_fini(&causes);
		return recorded_same(row, "causes", json_object_get(row, "causes"), ours);
	}
	json_object_del(object, "kind");
	json_object_del(object, "apiVersion");
	return recorded_same(row, "object", json_object_get(row, "object"), object);
}

static void custom_resources_become_what_a_real_server_makes_of_them(void **state)
{
	json_auto_t *pages = recorded_pages("custom.json");
	size_t i, j, count = 0, wrong = 0;
	json_t *page, *row;

	json_array_foreach(pages, i, page) {
		struct sb_schema *s = sb_schema_of_crd(*state, json_object_get(page, "schema"), false);

		json_array_foreach(json_object_get(page, "rows"), j, row)
			wrong += !is_as_recorded(s, row);
		count += j;
		sb_schema_free(s);
	}
	assert_int_equal(wrong, 0);
	assert_true(count > 250);
}

static void causes_are_added_to_those_that_are_there(void **state)
{
	json_auto_t *source = json_of("{'type': 'object', 'required': ['a']}");
	json_auto_t *object = json_object();
	struct sb_schema *s = sb_schema_of_crd(*state, source, false);
	struct sb_causes causes = SB_CAUSES_INIT;

	sb_cause(&causes, "FieldValueRequired", "metadata.name", "Required value");
	sb_schema_validate(s, object, &causes);
	assert_int_equal(json_array_size(causes.list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(causes.list, 1), "field")), "a");
	sb_causes_fini(&causes);
	sb_schema_free(s);
}

static void members_are_told_of_in_the_order_of_their_names(void **state)
{
	json_auto_t *source =
		json_of("{'type': 'object', 'properties': {'b': {'type': 'string'}, 'a': {'type': 'string'}}}");
	json_auto_t *object = json_of("{'b': 1, 'a': 1}");
	struct sb_schema *s = sb_schema_of_crd(*state, source, false);
	struct sb_causes causes = SB_CAUSES_INIT;

	sb_schema_validate(s, object, &causes);
	assert_string_equal(json_string_value(json_object_get(json_array_get(causes.list, 0), "field")), "a");
	assert_string_equal(json_string_value(json_object_get(json_array_get(causes.list, 1), "field")), "b");
	sb_causes_fini(&causes);
	sb_schema_free(s);
}

static void all_of_them_failing_is_said(void **state)
{
	json_auto_t *source =
		json_of("{'type': 'object', 'properties': {'a': {'type': 'integer', 'allOf': [{'minimum': 5}, "
			"{'multipleOf': 2}]}}}");
	json_auto_t *object = json_of("{'a': 3}");
	struct sb_schema *s = sb_schema_of_crd(*state, source, false);
	struct sb_causes causes = SB_CAUSES_INIT;

	sb_schema_validate(s, object, &causes);
	assert_int_equal(json_array_size(causes.list), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(causes.list, 2), "message")),
			    "Invalid value: \"\": \"a\" must validate all the schemas (allOf). None validated");
	sb_causes_fini(&causes);
	sb_schema_free(s);
}

static void duplicates_are_found_where_items_are_unique(void **state)
{
	json_auto_t *source =
		json_of("{'type': 'object', 'properties': {'l': {'type': 'array', 'uniqueItems': true}}}");
	json_auto_t *object = json_of("{'l': [1, {'a': 1}, {'a': 1}]}");
	struct sb_schema *s = sb_schema_of_crd(*state, source, false);
	struct sb_causes causes = SB_CAUSES_INIT;

	sb_schema_validate(s, object, &causes);
	assert_int_equal(json_array_size(causes.list), 1);
	sb_causes_fini(&causes);
	sb_schema_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(custom_resources_become_what_a_real_server_makes_of_them),
		cmocka_unit_test(causes_are_added_to_those_that_are_there),
		cmocka_unit_test(members_are_told_of_in_the_order_of_their_names),
		cmocka_unit_test(all_of_them_failing_is_said),
		cmocka_unit_test(duplicates_are_found_where_items_are_unique),
	};

	return cmocka_run_group_tests(tests, make_schemas, free_schemas);
}
