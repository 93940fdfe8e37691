/* SPDX-License-Identifier: Apache-2.0 */
/* Places of objects: which there are, where two differ, what both make together, what is left without some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sandbox/field_set.h"
#include "sandbox/field_walk.h"

static const struct sb_schema *schema_of(struct sb_schemas **all, const char *ref)
{
	*all = sb_schemas_new();
	return *ref ? sb_schemas_find(*all, ref) : NULL;
}

#define DEPLOYMENT "io.k8s.api.apps.v1.Deployment"
#define SERVICE "io.k8s.api.core.v1.Service"
#define CONFIG_MAP "io.k8s.api.core.v1.ConfigMap"

static json_t *json(const char *text)
{
	json_t *value;

	if (!text)
		return NULL;
	value = json_loads(text, JSON_DECODE_ANY, NULL);
	if (!value)
		fail_msg("no JSON: %s", text);
	return value;
}

/* Consumes `value`. */
static void assert_json(const char *what, json_t *value, const char *wanted)
{
	json_t *right = json(wanted);

	if (!(value == right || json_equal(value, right))) {
		FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		fail_msg("%s: %s, not %s", what, text ?: "nothing", wanted ?: "nothing");
	}
	json_decref(right);
	json_decref(value);
}

static void test_the_places_of_a_value(void **state)
{
	static const struct {
		const char *ref, *value, *fields;
	} rows[] = {
		{ "", "{\"a\":1,\"b\":{\"c\":[1]}}", "{\"f:a\":{},\"f:b\":{\".\":{},\"f:c\":{}}}" },
		{ CONFIG_MAP, "{\"data\":{\"k\":\"v\"}}", "{\"f:data\":{\"f:k\":{}}}" },
		{ CONFIG_MAP, "{\"data\":{}}", "{\"f:data\":{}}" },
		{ CONFIG_MAP, "{\"metadata\":{\"finalizers\":[\"a.io/b\"]}}",
		  "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"a.io/b\\\"\":{}}}}" },
		{ DEPLOYMENT,
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"args\":[\"x\"]}]}}}}",
		  "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},"
		  "\"f:args\":{},\"f:name\":{}}}}}}}" },
		{ DEPLOYMENT,
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":80}]}]"
		  "}}}}",
		  "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\".\":{},"
		  "\"f:name\":{},\"f:ports\":{\"k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
		  "\"f:containerPort\":{}}}}}}}}}" },
		{ DEPLOYMENT, "{\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}}}}",
		  "{\"f:spec\":{\"f:selector\":{}}}" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_schemas *all;
		const struct sb_schema *schema = schema_of(&all, rows[i].ref);
		json_t *value = json(rows[i].value), *set = sb_field_walk_set(schema, value);
		json_t *printed = sb_field_set_print(set);

		assert_json(rows[i].value, printed, rows[i].fields);
		json_decref(set);
		json_decref(value);
		sb_schemas_free(all);
	}
}

static void test_fields_that_are_read_are_printed_the_same(void **state)
{
	static const char *const rows[] = {
		"{\"f:data\":{\".\":{},\"f:k\":{}},\"f:metadata\":{\"f:labels\":{\"f:a\":{}}}}",
		"{\"f:a\":{\"v:1\":{},\"i:2\":{},\"k:{\\\"n\\\":1}\":{\".\":{},\"f:x\":{}}}}",
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *fields = json(rows[i]), *set = sb_field_set_parse(fields);

		assert_non_null(set);
		assert_json(rows[i], sb_field_set_print(set), rows[i]);
		json_decref(set);
		json_decref(fields);
	}
}

static void test_what_is_no_set_of_fields_is_refused(void **state)
{
	static const char *const rows[] = { "[]", "\"x\"", "{\"a\":{}}", "{\"f:a\":1}", "{\"x:a\":{}}", "{\"\":{}}" };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		json_t *fields = json(rows[i]);

		if (sb_field_set_parse(fields))
			fail_msg("%s is taken", rows[i]);
		json_decref(fields);
	}
}

static void test_where_two_differ(void **state)
{
	static const struct {
		const char *ref, *old, *now, *added, *modified, *removed;
	} rows[] = {
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}",
		  "{\"data\":{\"a\":\"1\",\"b\":\"3\",\"c\":\"4\"}}", "{\"f:data\":{\"f:c\":{}}}",
		  "{\"f:data\":{\"f:b\":{}}}", "{}" },
		{ CONFIG_MAP, "{}", "{\"data\":{\"a\":\"1\"}}", "{\"f:data\":{\".\":{},\"f:a\":{}}}", "{}", "{}" },
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\"}}", "{}", "{}", "{}", "{\"f:data\":{\".\":{},\"f:a\":{}}}" },
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\"}}", "{\"data\":{\"a\":\"1\"}}", "{}", "{}", "{}" },
		{ DEPLOYMENT,
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]}}}}",
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"b\"},{\"name\":\"a\",\"image\":\"y\"}]}}}}",
		  "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"b\\\"}\":{\".\":{},"
		  "\"f:name\":{}}}}}}}",
		  "{\"f:spec\":{\"f:template\":{\"f:spec\":{\"f:containers\":{\"k:{\\\"name\\\":\\\"a\\\"}\":{\"f:image\":{}}"
		  "}}}}}",
		  "{}" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_schemas *all;
		const struct sb_schema *schema = schema_of(&all, rows[i].ref);
		json_t *old = json(rows[i].old), *now = json(rows[i].now);
		struct sb_comparison c = sb_field_walk_compare(schema, old, now);

		assert_json("added", sb_field_set_print(c.added), rows[i].added);
		assert_json("modified", sb_field_set_print(c.modified), rows[i].modified);
		assert_json("removed", sb_field_set_print(c.removed), rows[i].removed);
		assert_int_equal(sb_comparison_is_same(&c), json_equal(old, now));
		sb_comparison_fini(&c);
		json_decref(old);
		json_decref(now);
		sb_schemas_free(all);
	}
}

static void test_what_two_make_together(void **state)
{
	static const struct {
		const char *ref, *old, *applied, *both;
	} rows[] = {
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\"}}", "{\"data\":{\"b\":\"2\"}}",
		  "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}" },
		{ "", "{\"l\":[1,2]}", "{\"l\":[3]}", "{\"l\":[3]}" },
		{ CONFIG_MAP, "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
		  "{\"metadata\":{\"finalizers\":[\"c\",\"a\"]}}",
		  "{\"metadata\":{\"finalizers\":[\"a\",\"b\",\"c\"]}}" },
		{ DEPLOYMENT,
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]}}}}",
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"b\"},{\"name\":\"a\",\"tty\":true}]}}}}",
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"tty\":true},"
		  "{\"name\":\"b\"}]}}}}" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_schemas *all;
		const struct sb_schema *schema = schema_of(&all, rows[i].ref);
		json_t *old = json(rows[i].old), *applied = json(rows[i].applied);

		assert_json(rows[i].applied, sb_field_walk_merge(schema, old, applied), rows[i].both);
		json_decref(old);
		json_decref(applied);
		sb_schemas_free(all);
	}
}

static void test_what_is_left_without_some_places(void **state)
{
	static const struct {
		const char *ref, *value, *fields, *left;
	} rows[] = {
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\",\"b\":\"2\"}}", "{\"f:data\":{\"f:a\":{}}}",
		  "{\"data\":{\"b\":\"2\"}}" },
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\"},\"immutable\":true}", "{\"f:data\":{\"f:a\":{}}}",
		  "{\"immutable\":true}" },
		{ CONFIG_MAP, "{\"data\":{\"a\":\"1\"}}", "{\"f:data\":{\"f:a\":{}}}", NULL },
		{ CONFIG_MAP, "{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}",
		  "{\"f:metadata\":{\"f:finalizers\":{\"v:\\\"a\\\"\":{}}}}",
		  "{\"metadata\":{\"finalizers\":[\"b\"]}}" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct sb_schemas *all;
		const struct sb_schema *schema = schema_of(&all, rows[i].ref);
		json_t *value = json(rows[i].value), *fields = json(rows[i].fields), *set = sb_field_set_parse(fields);

		assert_json(rows[i].fields, sb_field_walk_remove(schema, value, set), rows[i].left);
		json_decref(value);
		json_decref(fields);
		json_decref(set);
		sb_schemas_free(all);
	}
}

static void test_what_cannot_be_applied_is_named(void **state)
{
	static const struct {
		const char *ref, *value, *words;
	} rows[] = {
		{ CONFIG_MAP, "{\"dat\":{}}", ".dat: field not declared in schema" },
		{ CONFIG_MAP, "{\"data\":[]}", ".data: expected map, got other type" },
		{ DEPLOYMENT, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"image\":\"x\"}]}}}}", NULL },
		{ DEPLOYMENT,
		  "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"x\"},{\"name\":\"x\"}]}}}}",
		  ".spec.template.spec.containers: duplicate entries for key [name=\"x\"]" },
		{ CONFIG_MAP, "{\"data\":{\"any\":\"1\"}}", NULL },
		{ SERVICE, "{\"spec\":{\"ports\":[{\"port\":80}]}}",
		  ".spec.ports: element 0: associative list with keys has an element that omits key field \"protocol\" (and "
		  "doesn't have default value)" },
		{ CONFIG_MAP, "{\"data\":{\"any\":1}}",
		  ".data.any: expected string, got &value.valueUnstructured{Value:1}" },
		{ DEPLOYMENT, "{\"spec\":{\"replicas\":\"3\"}}",
		  ".spec.replicas: expected numeric (int or float), got *value.valueUnstructured" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		struct sb_schemas *all;
		const struct sb_schema *schema = schema_of(&all, rows[i].ref);
		json_t *value = json(rows[i].value);

		assert_int_equal(sb_field_walk_check(schema, value, &err), rows[i].words ? -1 : 0);
		assert_string_equal(err.text, rows[i].words ?: "");
		json_decref(value);
		sb_schemas_free(all);
	}
}

static void note(void *user, const char *path)
{
	fc_buf_printf(user, "%s\n", path);
}

static void test_places_in_words(void **state)
{
	FC_AUTO_BUF struct fc_buf words = FC_BUF_INIT;
	json_t *fields =
		json("{\"f:spec\":{\"f:ports\":{\"k:{\\\"port\\\":80,\\\"protocol\\\":\\\"TCP\\\"}\":{\".\":{},"
		     "\"f:name\":{}}}},\"f:finalizers\":{\"v:\\\"a\\\"\":{}}}");
	json_t *set = sb_field_set_parse(fields);

	(void)state;
	sb_field_set_each(set, note, &words);
	assert_string_equal(fc_buf_str(&words), ".finalizers[=\"a\"]\n.spec.ports[port=80,protocol=\"TCP\"]\n"
						".spec.ports[port=80,protocol=\"TCP\"].name\n");
	json_decref(set);
	json_decref(fields);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_places_of_a_value),
		cmocka_unit_test(test_fields_that_are_read_are_printed_the_same),
		cmocka_unit_test(test_what_is_no_set_of_fields_is_refused),
		cmocka_unit_test(test_where_two_differ),
		cmocka_unit_test(test_what_two_make_together),
		cmocka_unit_test(test_what_is_left_without_some_places),
		cmocka_unit_test(test_what_cannot_be_applied_is_named),
		cmocka_unit_test(test_places_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
