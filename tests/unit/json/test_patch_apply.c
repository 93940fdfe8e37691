/* SPDX-License-Identifier: Apache-2.0 */
#include "json/patch_apply.h"

#include "base/mem.h"
#include "json/patch.h"
#include "unit/json/random_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static json_t *from(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!value)
		fail_msg("no JSON: %s", text);
	return value;
}

#define OP(op, path, value) "{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":" value "}"

static void makes(const char *document_text, const char *operations_text, const char *wanted)
{
	json_auto_t *document = from(document_text), *operations = from(operations_text);
	struct fc_error err = FC_ERROR_INIT;

	if (fc_patch_apply(operations, document, &err) < 0)
		fail_msg("%s: %s", operations_text, err.text);
	FC_AUTO_FREE char *text = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, wanted);
}

static void refuses(const char *document_text, const char *operations_text, const char *place)
{
	json_auto_t *document = from(document_text), *operations = from(operations_text);
	struct fc_error err = FC_ERROR_INIT;

	if (fc_patch_apply(operations, document, &err) == 0)
		fail_msg("taken: %s", operations_text);
	assert_int_equal(err.cls, FC_ERR_INVALID);
	assert_non_null(strstr(err.text, place));
	assert_null(strstr(err.text, "hidden"));
}

static void test_apply_adds_replaces_and_removes_members(void **state FC_UNUSED)
{
	makes("{\"a\":{}}", "[" OP("add", "/a/b", "1") "]", "{\"a\":{\"b\":1}}");
	makes("{\"a\":{\"b\":2}}", "[" OP("add", "/a/b", "{\"c\":null}") "]", "{\"a\":{\"b\":{\"c\":null}}}");
	makes("{\"a\":{\"b\":null}}", "[" OP("replace", "/a/b", "1") "]", "{\"a\":{\"b\":1}}");
	makes("{\"a\":{\"b\":2}}", "[{\"op\":\"remove\",\"path\":\"/a/b\"}]", "{\"a\":{}}");
}

static void test_apply_at_an_index_add_inserts_and_replace_replaces(void **state FC_UNUSED)
{
	makes("{\"l\":[1,2]}", "[" OP("add", "/l/1", "9") "]", "{\"l\":[1,9,2]}");
	makes("{\"l\":[1,2]}", "[" OP("replace", "/l/1", "9") "]", "{\"l\":[1,9]}");
}

static void test_apply_at_the_end_of_a_list_appends(void **state FC_UNUSED)
{
	makes("{\"l\":[1,2]}", "[" OP("add", "/l/2", "9") "," OP("add", "/l/-", "8") "]", "{\"l\":[1,2,9,8]}");
	makes("{\"l\":[1,2]}", "[" OP("replace", "/l/0", "9") ",{\"op\":\"remove\",\"path\":\"/l/1\"}]", "{\"l\":[9]}");
}

static void test_apply_unescapes_pointers(void **state FC_UNUSED)
{
	makes("{\"x/y\":{\"m~n\":1}}", "[" OP("replace", "/x~1y/m~0n", "2") "]", "{\"x/y\":{\"m~n\":2}}");
	makes("{\"\":{\"0\":1}}", "[" OP("replace", "//0", "2") "]", "{\"\":{\"0\":2}}");
}

static void test_apply_refuses_what_a_server_answers_422_to(void **state FC_UNUSED)
{
	refuses("{}", "[" OP("add", "/a/b", "\"hidden\"") "]", "/a/b");
	refuses("{\"a\":null}", "[" OP("add", "/a/b", "\"hidden\"") "]", "/a/b");
	refuses("{\"a\":\"text\"}", "[" OP("add", "/a/b", "\"hidden\"") "]", "/a/b");
	refuses("{}", "[" OP("replace", "/a", "\"hidden\"") "]", "/a");
	refuses("{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "/a");
	refuses("{\"l\":[1]}", "[" OP("add", "/l/2", "\"hidden\"") "]", "/l/2");
	refuses("{\"l\":[1]}", "[" OP("replace", "/l/1", "\"hidden\"") "]", "/l/1");
	refuses("{\"l\":[1]}", "[" OP("replace", "/l/00", "\"hidden\"") "]", "/l/00");
	refuses("{\"l\":[1]}", "[{\"op\":\"remove\",\"path\":\"/l/1\"}]", "/l/1");
	refuses("{\"a\":1}", "[" OP("replace", "", "\"hidden\"") "]", "replace");
	refuses("{\"a\":1}", "[" OP("move", "/a", "\"hidden\"") "]", "move");
	refuses("{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\"}]", "/b");
	refuses("{\"a\":1}", "[{\"path\":\"/b\"}]", "/b");
}

static void test_apply_a_test_that_fails_ends_the_patch(void **state FC_UNUSED)
{
	makes("{\"a\":1}", "[" OP("test", "/a", "1.0") "," OP("replace", "/a", "2") "]", "{\"a\":2}");
	refuses("{\"a\":1}", "[" OP("test", "/a", "2") "]", "/a");
	refuses("{\"a\":1}", "[" OP("test", "/b", "null") "]", "/b");
}

static void test_apply_puts_copies(void **state FC_UNUSED)
{
	json_auto_t *document = from("{}"), *operations = from("[" OP("add", "/a", "{\"b\":1}") "]");

	assert_int_equal(fc_patch_apply(operations, document, NULL), 0);
	json_object_set_new(json_object_get(document, "a"), "b", json_integer(2));
	FC_AUTO_FREE char *text = json_dumps(operations, JSON_COMPACT);
	assert_string_equal(text, "[" OP("add", "/a", "{\"b\":1}") "]");
}

/* What fc_patch makes of a path and a value, applied, is what fc_path_set makes. */
static void test_apply_random_patches_do_what_path_set_does(void **state FC_UNUSED)
{
	struct random r = { 88172645463325252ull };
	unsigned applied = 0;

	for (int i = 0; i < 20000; i++) {
		json_auto_t *document = random_object(&r), *value = random_json(&r, 2);
		json_object_set_new(document, "metadata", json_pack("{s:s}", "resourceVersion", "7"));
		json_auto_t *wanted = json_deep_copy(document);
		struct fc_path_ground ground;
		char text[256];

		random_path(&r, text, sizeof(text));
		FC_AUTO_PATH struct fc_path *path = fc_path_parse(text, FC_PATH_IN_VALUE, NULL);
		assert_non_null(path);
		fc_path_survey(path, document, &ground);
		if (ground.blocked)
			continue;
		struct fc_patch *patch = fc_patch_new("7");
		fc_patch_put(patch, path, &ground, value);
		json_auto_t *operations = fc_patch_finish(patch);
		assert_int_equal(fc_patch_apply(operations, document, NULL), 0);
		assert_int_equal(fc_path_set(path, wanted, value, NULL), 0);
		assert_true(json_equal(document, wanted));
		applied++;
	}
	assert_true(applied > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply_adds_replaces_and_removes_members),
		cmocka_unit_test(test_apply_at_an_index_add_inserts_and_replace_replaces),
		cmocka_unit_test(test_apply_at_the_end_of_a_list_appends),
		cmocka_unit_test(test_apply_unescapes_pointers),
		cmocka_unit_test(test_apply_refuses_what_a_server_answers_422_to),
		cmocka_unit_test(test_apply_a_test_that_fails_ends_the_patch),
		cmocka_unit_test(test_apply_puts_copies),
		cmocka_unit_test(test_apply_random_patches_do_what_path_set_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
