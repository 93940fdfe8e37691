/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "json/merge_patch.h"

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static void becomes(const char *target, const char *patch, const char *expected)
{
	json_t *change = parse(patch), *wanted = parse(expected);
	json_t *have = fc_merge_patch(target ? parse(target) : NULL, change);

	if (!json_equal(have, wanted)) {
		FC_AUTO_FREE char *text = json_dumps(have, JSON_ENCODE_ANY);

		fail_msg("%s is not %s", text, expected);
	}
	json_decref(have);
	json_decref(wanted);
	json_decref(change);
}

static void test_members_are_merged_and_null_removes(void **state FC_UNUSED)
{
	becomes("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}", "{\"b\":{\"c\":null,\"e\":4},\"f\":5}",
		"{\"a\":1,\"b\":{\"d\":3,\"e\":4},\"f\":5}");
	becomes("{\"a\":1}", "{\"none\":null}", "{\"a\":1}");
	becomes("{\"a\":[1,2]}", "{\"a\":[3]}", "{\"a\":[3]}");
}

static void test_what_is_no_object_gives_way_to_one(void **state FC_UNUSED)
{
	becomes("{\"a\":\"text\"}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}");
	becomes(NULL, "{\"a\":{\"b\":null,\"c\":1}}", "{\"a\":{\"c\":1}}");
	becomes("{\"a\":1}", "[1]", "[1]");
}

static void test_nulls_inside_of_lists_go_too(void **state FC_UNUSED)
{
	becomes("{}", "{\"a\":[{\"b\":null,\"c\":[{\"d\":null}]}]}", "{\"a\":[{\"c\":[{}]}]}");
}

static void test_the_patch_is_copied(void **state FC_UNUSED)
{
	json_t *patch = parse("{\"a\":[{\"b\":1}]}"), *have = fc_merge_patch(NULL, patch);

	json_object_set_new(json_array_get(json_object_get(have, "a"), 0), "b", json_integer(2));
	json_t *same = parse("{\"a\":[{\"b\":1}]}");

	assert_true(json_equal(patch, same));
	json_decref(same);
	json_decref(have);
	json_decref(patch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_are_merged_and_null_removes),
		cmocka_unit_test(test_what_is_no_object_gives_way_to_one),
		cmocka_unit_test(test_nulls_inside_of_lists_go_too),
		cmocka_unit_test(test_the_patch_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
