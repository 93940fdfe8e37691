/* SPDX-License-Identifier: Apache-2.0 */
/* What a real kube-apiserver (1.20) made of the same; tests/sim/recorded/json_patch.json has the conversations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "json/server_patch.h"

/* `expected` NULL: refused. */
static void becomes(const char *document, const char *operations, const char *expected)
{
	json_t *have = json_loads(document, 0, NULL), *steps = json_loads(operations, 0, NULL);
	struct fc_error err = FC_ERROR_INIT;
	int result;

	assert_non_null(have);
	assert_non_null(steps);
	result = fc_server_patch(steps, have, &err);
	if (expected) {
		json_t *wanted = json_loads(expected, 0, NULL);

		assert_int_equal(result, 0);
		assert_true(json_equal(have, wanted));
		json_decref(wanted);
	} else {
		assert_int_equal(result, -1);
		assert_int_equal(err.cls, FC_ERR_INVALID);
		assert_null(strstr(err.text, "hidden"));
	}
	json_decref(have);
	json_decref(steps);
}

#define OP(op, path, value) "{\"op\":\"" op "\",\"path\":\"" path "\",\"value\":" value "}"

static void test_members_are_added_replaced_removed_and_tested(void **state FC_UNUSED)
{
	becomes("{\"a\":{\"b\":1}}", "[" OP("add", "/a/c", "2") "," OP("test", "/a/b", "1") "]",
		"{\"a\":{\"b\":1,\"c\":2}}");
	becomes("{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{}");
	becomes("{\"a/b\":1,\"c~d\":2}", "[" OP("replace", "/a~1b", "3") "," OP("replace", "/c~0d", "4") "]",
		"{\"a/b\":3,\"c~d\":4}");
	becomes("{\"a\":1}", "[" OP("test", "/a", "\"hidden\"") "]", NULL);
	becomes("{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", NULL);
	becomes("{}", "[" OP("add", "/a/b", "\"hidden\"") "]", NULL);
}

static void test_replace_adds_what_is_not_there(void **state FC_UNUSED)
{
	becomes("{}", "[" OP("replace", "/a", "1") "]", "{\"a\":1}");
}

static void test_elements_are_counted_from_both_ends(void **state FC_UNUSED)
{
	becomes("{\"l\":[1,2]}", "[" OP("add", "/l/1", "9") "]", "{\"l\":[1,9,2]}");
	becomes("{\"l\":[1,2]}", "[" OP("add", "/l/2", "9") "]", "{\"l\":[1,2,9]}");
	becomes("{\"l\":[1,2]}", "[" OP("add", "/l/-", "9") "]", "{\"l\":[1,2,9]}");
	becomes("{\"l\":[1,2]}", "[" OP("replace", "/l/-1", "9") "]", "{\"l\":[1,9]}");
	becomes("{\"l\":[1,2]}", "[" OP("add", "/l/3", "9") "]", NULL);
	becomes("{\"l\":[1,2]}", "[" OP("replace", "/l/x", "9") "]", NULL);
}

static void test_values_are_copied_and_moved(void **state FC_UNUSED)
{
	becomes("{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"}," OP("add", "/c/b", "2") "]",
		"{\"a\":{\"b\":1},\"c\":{\"b\":2}}");
	becomes("{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b\"}]", "{\"b\":1}");
	becomes("{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL);
	becomes("{}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]", "{\"b\":null}");
}

#define COPY_INTO_ITSELF "{\"op\":\"copy\",\"from\":\"/l\",\"path\":\"/l/-\"}"

/* Each doubles it: forty would be a trillion. */
static void test_copies_that_copy_themselves_are_refused_before_they_fill_the_memory(void **state FC_UNUSED)
{
	json_t *have = json_pack("{s:[s]}", "l", "0123456789"), *steps = json_array();

	for (int i = 0; i < 40; i++)
		json_array_append_new(steps, json_loads(COPY_INTO_ITSELF, 0, NULL));
	assert_int_equal(fc_server_patch(steps, have, NULL), -1);
	assert_true(json_dumpb(have, NULL, 0, JSON_COMPACT) < (size_t)8 * 1024 * 1024);
	json_decref(steps);
	json_decref(have);
}

/* To the end of a value with as many levels, itself; or the value. */
static json_t *nest(bool copy, int levels)
{
	json_t *value = json_object(), *step;
	char path[512] = "/k";

	for (int i = 0; i < levels; i++) {
		value = json_pack("{s:o}", "k", value);
		strcat(path, "/k");
	}
	step = copy ? json_pack("{s:s, s:s, s:s}", "op", "copy", "from", "/k", "path", path)
		    : json_pack("{s:s, s:s, s:O}", "op", "add", "path", "/k", "value", value);
	json_decref(value);
	return step;
}

static void test_what_is_copied_or_added_deeper_and_deeper_is_refused(void **state FC_UNUSED)
{
	json_t *have = json_object(), *steps = json_array();

	json_array_append_new(steps, nest(false, 100));
	assert_int_equal(fc_server_patch(steps, have, NULL), 0);
	json_array_append_new(steps, nest(true, 100));
	assert_int_equal(fc_server_patch(steps, have, NULL), 0);
	json_array_append_new(steps, nest(true, 100));
	assert_int_equal(fc_server_patch(steps, have, NULL), -1);
	json_decref(steps);
	json_decref(have);
}

static void test_what_is_no_operation_is_refused(void **state FC_UNUSED)
{
	becomes("{\"a\":1}", "[" OP("merge", "/a", "1") "]", NULL);
	becomes("{\"a\":1}", "[{\"path\":\"/a\"}]", NULL);
	becomes("{\"a\":1}", "[" OP("replace", "", "{}") "]", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_are_added_replaced_removed_and_tested),
		cmocka_unit_test(test_replace_adds_what_is_not_there),
		cmocka_unit_test(test_elements_are_counted_from_both_ends),
		cmocka_unit_test(test_values_are_copied_and_moved),
		cmocka_unit_test(test_copies_that_copy_themselves_are_refused_before_they_fill_the_memory),
		cmocka_unit_test(test_what_is_copied_or_added_deeper_and_deeper_is_refused),
		cmocka_unit_test(test_what_is_no_operation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
