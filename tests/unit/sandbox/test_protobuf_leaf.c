/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/protobuf_leaf.h"

#include "recorded.h"

#define SCHEMA "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"

static const struct sb_schema time_schema = { .type = SB_TIME }, micro_time = { .type = SB_MICRO_TIME },
			      quantity = { .type = SB_QUANTITY }, port = { .type = SB_INT_OR_STRING },
			      any = { .type = SB_ANY }, schema = { .type = SB_OBJECT },
			      or_bool = { .type = SB_ANY, .ref = SCHEMA "OrBool", .values = &schema },
			      or_array = { .type = SB_ANY, .ref = SCHEMA "OrArray", .values = &schema },
			      or_strings = { .type = SB_ANY, .ref = SCHEMA "OrStringArray", .values = &schema };

struct row {
	const struct sb_schema *type;
	const char *parts, *value;
};

static void parts_become_the_value_of_json(void **state FC_UNUSED)
{
	static const struct row rows[] = {
		{ &time_schema, "{}", "null" },
		{ &time_schema, "{'Seconds':0}", "'1970-01-01T00:00:00Z'" },
		{ &time_schema, "{'Seconds':1600000000,'Nanos':999999999}", "'2020-09-13T12:26:40Z'" },
		{ &time_schema, "{'Seconds':-1}", "'1969-12-31T23:59:59Z'" },
		{ &time_schema, "{'Seconds':-62135596800}", "null" },
		{ &micro_time, "{'Seconds':1600000000,'Nanos':123456789}", "'2020-09-13T12:26:40.123456Z'" },
		{ &micro_time, "{'Seconds':-5,'Nanos':7000}", "'1969-12-31T23:59:55.000007Z'" },
		{ &micro_time, "{'Seconds':5,'Nanos':-7000}", "'1970-01-01T00:00:04.999993Z'" },
		{ &micro_time, "{'Seconds':5,'Nanos':2000000000}", "'1970-01-01T00:00:07.000000Z'" },
		{ &quantity, "{}", "'0'" },
		{ &quantity, "{'String':'0.5'}", "'500m'" },
		{ &port, "{}", "0" },
		{ &port, "{'Type':0,'IntVal':8080,'StrVal':'x'}", "8080" },
		{ &port, "{'Type':1,'IntVal':8080,'StrVal':'x'}", "'x'" },
		{ &port, "{'Type':1}", "''" },
		{ &any, "{}", "null" },
		{ &any, "{'Raw':'[1,{}]'}", "[1,{}]" },
		{ &or_bool, "{}", "false" },
		{ &or_bool, "{'Allows':true}", "true" },
		{ &or_bool, "{'Allows':false,'Schema':{'a':1}}", "{'a':1}" },
		{ &or_array, "{}", "null" },
		{ &or_array, "{'Schema':{'a':1},'List':[]}", "{'a':1}" },
		{ &or_array, "{'Schema':{'a':1},'List':[{}]}", "[{}]" },
		{ &or_strings, "{'List':['a','b']}", "['a','b']" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		json_auto_t *parts = json_of(rows[i].parts), *expected = json_of(rows[i].value);
		json_auto_t *value = sb_leaf_value(rows[i].type, parts, &err);

		if (!recorded_same(parts, rows[i].value, expected, value))
			fail_msg("%s: %s", rows[i].parts, err.text);
	}
}

static void parts_that_are_none_are_refused(void **state FC_UNUSED)
{
	static const struct row rows[] = {
		{ &time_schema, "{'Seconds':253402300800}", "a time that is not in the years 1 to 9999" },
		{ &time_schema, "{'Seconds':-62135596801}", "a time that is not in the years 1 to 9999" },
		{ &micro_time, "{'Seconds':253402300799,'Nanos':1000000000}",
		  "a time that is not in the years 1 to 9999" },
		{ &quantity, "{'String':'x'}",
		  "quantities must match the regular expression "
		  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" },
		{ &port, "{'Type':2}", "impossible IntOrString.Type" },
		{ &any, "{'Raw':'{'}", "not JSON: it ends too early, at byte 1" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		json_auto_t *parts = json_of(rows[i].parts);

		assert_null(sb_leaf_value(rows[i].type, parts, &err));
		assert_string_equal(err.text, rows[i].value);
	}
}

static void a_text_is_utf8(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *text = sb_leaf_text(sb_wire_of("a\0\xc3\xa4", 4), &err);

	assert_int_equal(json_string_length(text), 4);
	assert_null(sb_leaf_text(sb_wire_of("a\xff", 2), &err));
	assert_string_equal(err.text, "a text that is not UTF-8");
}

static void the_shape_of_a_schema_or_something_else_has_both(void **state FC_UNUSED)
{
	struct sb_leaf leaf;

	sb_leaf_shape(&leaf, &or_bool);
	assert_int_equal(leaf.shape.member_count, 2);
	assert_int_equal(leaf.members[0].schema->type, SB_BOOLEAN);
	assert_ptr_equal(leaf.members[1].schema, &schema);
	sb_leaf_shape(&leaf, &or_array);
	assert_ptr_equal(leaf.members[0].schema, &schema);
	assert_ptr_equal(leaf.members[1].schema->items, &schema);
	sb_leaf_shape(&leaf, &or_strings);
	assert_int_equal(leaf.members[1].schema->items->type, SB_STRING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_become_the_value_of_json),
		cmocka_unit_test(parts_that_are_none_are_refused),
		cmocka_unit_test(a_text_is_utf8),
		cmocka_unit_test(the_shape_of_a_schema_or_something_else_has_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
