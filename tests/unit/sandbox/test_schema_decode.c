/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/schema.h"

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

/* Metadata that the write path sets, and what the type says. */
static void mask(json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");

	json_object_del(metadata, "creationTimestamp");
	json_object_del(metadata, "managedFields");
	json_object_del(metadata, "namespace");
	json_object_del(object, "kind");
	json_object_del(object, "apiVersion");
}

static bool is_as_recorded(const struct sb_schemas *schemas, const json_t *row)
{
	const struct sb_schema *s = sb_schemas_find(schemas, json_string_value(json_object_get(row, "type")));
	json_auto_t *object = json_deep_copy(json_object_get(row, "body"));
	struct fc_error err = FC_ERROR_INIT;

	assert_non_null(s);
	if (sb_schema_decode(s, object, &err) < 0) {
		json_auto_t *text = json_string(err.text);
		return recorded_same(row, "error", json_object_get(row, "error"), text);
	}
	mask(object);
	return recorded_same(row, "object", json_object_get(row, "object"), object);
}

static void bodies_become_what_a_real_server_makes_of_them(void **state)
{
	json_auto_t *pages = recorded_pages("decode.json");
	const json_t *rows = json_object_get(json_array_get(pages, 0), "rows");
	size_t i, wrong = 0;
	json_t *row;

	json_array_foreach(rows, i, row)
		wrong += !is_as_recorded(*state, row);
	assert_int_equal(wrong, 0);
	assert_true(i > 90);
}

/* A stored object is read again at every write. */
static void what_was_decoded_once_stays_as_it_is(void **state)
{
	json_auto_t *pages = recorded_pages("decode.json");
	const json_t *rows = json_object_get(json_array_get(pages, 0), "rows");
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const struct sb_schema *s = sb_schemas_find(*state, json_string_value(json_object_get(row, "type")));
		json_auto_t *once = json_deep_copy(json_object_get(row, "body"));
		if (sb_schema_decode(s, once, NULL) < 0)
			continue;
		json_auto_t *twice = json_deep_copy(once);
		assert_int_equal(sb_schema_decode(s, twice, NULL), 0);
		assert_true(recorded_same(row, "again", once, twice));
	}
}

static void an_object_that_is_none_is_refused_with_the_words_of_go(void **state)
{
	const struct sb_schema *s = sb_schemas_find(*state, "io.k8s.api.core.v1.ConfigMap");
	json_auto_t *list = json_array();
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(sb_schema_decode(s, list, &err), -1);
	assert_int_equal(err.cls, FC_ERR_INVALID);
	assert_string_equal(err.text, "readObjectStart: expect { or n, but found [");
}

static void what_a_struct_always_writes_is_there_at_every_depth(void **state)
{
	const struct sb_schema *s = sb_schemas_find(*state, "io.k8s.api.apps.v1.Deployment");
	json_auto_t *object = json_object();
	json_auto_t *expected =
		json_of("{'metadata': {'creationTimestamp': null}, 'status': {}, 'spec': {'selector': null, "
			"'strategy': {}, 'template': {'metadata': {'creationTimestamp': null}, 'spec': "
			"{'containers': null}}}}");

	assert_int_equal(sb_schema_decode(s, object, NULL), 0);
	assert_true(json_equal(object, expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_become_what_a_real_server_makes_of_them),
		cmocka_unit_test(what_was_decoded_once_stays_as_it_is),
		cmocka_unit_test(an_object_that_is_none_is_refused_with_the_words_of_go),
		cmocka_unit_test(what_a_struct_always_writes_is_there_at_every_depth),
	};

	return cmocka_run_group_tests(tests, make_schemas, free_schemas);
}
