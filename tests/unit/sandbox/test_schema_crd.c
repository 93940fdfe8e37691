/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema.h"

#include "recorded.h"

struct fixture {
	struct sb_schemas *schemas;
	struct sb_schema *schema;
};

static int make(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));
	json_auto_t *source = json_of(
		"{'type': 'object', 'properties': {'spec': {'type': 'object', 'nullable': true, 'properties': {"
		"'set': {'type': 'array', 'x-kubernetes-list-type': 'set', 'items': {'type': 'string'}},"
		"'map': {'type': 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a', 'b'],"
		"        'items': {'type': 'object', 'x-kubernetes-map-type': 'atomic'}},"
		"'labels': {'type': 'object', 'additionalProperties': {'type': 'integer', 'format': 'int32'}},"
		"'port': {'x-kubernetes-int-or-string': true},"
		"'any': {'x-kubernetes-preserve-unknown-fields': true},"
		"'object': {'type': 'object', 'x-kubernetes-embedded-resource': true, 'properties': {'data': {'type': "
		"'string'}}}}}, 'metadata': {'type': 'object'}}}");

	f->schemas = sb_schemas_new();
	f->schema = sb_schema_of_crd(f->schemas, source, false);
	*state = f;
	return 0;
}

static int unmake(void **state)
{
	struct fixture *f = *state;

	sb_schema_free(f->schema);
	sb_schemas_free(f->schemas);
	free(f);
	return 0;
}

static const struct sb_schema *in_spec(void **state, const char *name)
{
	const struct fixture *f = *state;

	return sb_schema_member(sb_schema_member(f->schema, "spec"), name);
}

static void a_resource_has_kind_version_and_metadata_whatever_its_schema_says(void **state)
{
	const struct fixture *f = *state;

	assert_int_equal(f->schema->member_count, 4);
	assert_int_equal(sb_schema_member(f->schema, "kind")->type, SB_STRING);
	assert_ptr_equal(sb_schema_member(f->schema, "metadata"), sb_schemas_object_meta(f->schemas));
	assert_ptr_equal(sb_schema_member(in_spec(state, "object"), "metadata"), sb_schemas_object_meta(f->schemas));
	assert_non_null(sb_schema_member(in_spec(state, "object"), "data"));
	assert_null(sb_schema_member(f->schema, "status"));
}

static void lists_say_how_they_merge(void **state)
{
	const struct sb_schema *map = in_spec(state, "map"), *set = in_spec(state, "set");

	assert_int_equal(set->type, SB_ARRAY);
	assert_int_equal(set->list_type, SB_LIST_SET);
	assert_int_equal(set->items->type, SB_STRING);
	assert_int_equal(map->list_type, SB_LIST_MAP);
	assert_string_equal(map->list_keys[0], "a");
	assert_string_equal(map->list_keys[1], "b");
	assert_null(map->list_keys[2]);
	assert_true(map->items->atomic_map);
}

static void types_are_those_of_the_schema(void **state)
{
	assert_int_equal(in_spec(state, "labels")->values->type, SB_INTEGER);
	assert_false(in_spec(state, "labels")->values->integer64);
	assert_int_equal(in_spec(state, "port")->type, SB_INT_OR_STRING);
	assert_int_equal(in_spec(state, "any")->type, SB_ANY);
	assert_true(in_spec(state, "any")->preserve_unknown);
	assert_true(((const struct fixture *)*state)->schema->members[3].schema->nullable);
}

static void without_a_schema_everything_is_kept(void **state)
{
	const struct fixture *f = *state;
	struct sb_schema *s = sb_schema_of_crd(f->schemas, NULL, false);
	json_auto_t *object = json_of("{'metadata': {'name': 'x'}, 'a': {'b': [null, 1]}}");
	json_auto_t *copy = json_deep_copy(object);

	assert_int_equal(sb_schema_decode(s, object, NULL), 0);
	sb_schema_prune(s, object);
	sb_schema_default(s, object);
	assert_true(json_equal(object, copy));
	sb_schema_free(s);
}

static void the_root_can_keep_what_it_does_not_know(void **state)
{
	const struct fixture *f = *state;
	json_auto_t *source = json_of("{'type': 'object', 'properties': {'a': {'type': 'object'}}}");
	struct sb_schema *s = sb_schema_of_crd(f->schemas, source, true);
	json_auto_t *object = json_of("{'b': {'c': 1}, 'a': {'d': 1}}");
	json_auto_t *expected = json_of("{'b': {'c': 1}, 'a': {}}");

	sb_schema_prune(s, object);
	assert_true(json_equal(object, expected));
	sb_schema_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_resource_has_kind_version_and_metadata_whatever_its_schema_says),
		cmocka_unit_test(lists_say_how_they_merge),
		cmocka_unit_test(types_are_those_of_the_schema),
		cmocka_unit_test(without_a_schema_everything_is_kept),
		cmocka_unit_test(the_root_can_keep_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
