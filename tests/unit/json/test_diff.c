/* SPDX-License-Identifier: Apache-2.0 */
#include "json/diff.h"

#include "base/buf.h"
#include "base/mem.h"
#include "json/patch_apply.h"
#include "unit/json/random_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define AUTO_DIFF FC_CLEANUP(fc_diff_fini)

static json_t *from(const char *text)
{
	return text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
}

static void put(struct fc_buf *out, const json_t *value)
{
	FC_AUTO_FREE char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	fc_buf_puts(out, text ? text : "-");
}

/* One "path before after" per difference, parted by blanks; "-" for nothing. */
static void differs(const char *before_text, const char *after_text, const char *wanted)
{
	json_auto_t *before = from(before_text), *after = from(after_text);
	struct fc_diff diff AUTO_DIFF = { .items = NULL };
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_diff_json(before, after, &diff);
	for (size_t i = 0; i < diff.count; i++) {
		fc_buf_printf(&out, "%s%s ", i ? " | " : "", diff.items[i].path);
		put(&out, diff.items[i].before);
		fc_buf_putc(&out, ' ');
		put(&out, diff.items[i].after);
	}
	assert_string_equal(fc_buf_str(&out), wanted);
}

static void test_diff_of_equal_documents_is_empty(void **state FC_UNUSED)
{
	differs("{\"a\":[1,{\"b\":null}]}", "{\"a\":[1.0,{\"b\":null}]}", "");
	differs(NULL, NULL, "");
	differs("{}", "{}", "");
}

static void test_diff_names_members_in_the_order_of_their_names(void **state FC_UNUSED)
{
	differs("{\"b\":1,\"a\":1,\"c\":1}", "{\"c\":2,\"b\":1,\"d\":3}", "a 1 - | c 1 2 | d - 3");
}

static void test_diff_doubles_the_dots_of_names(void **state FC_UNUSED)
{
	differs("{\"data\":{\"tls.crt\":\"a\"}}", "{\"data\":{\"tls.crt\":\"b\",\"\":1}}",
		"data. - 1 | data.tls..crt \"a\" \"b\"");
	differs("{}", "{\"\":{\"\":1}}", ". - 1");
}

static void test_diff_of_lists_goes_by_place(void **state FC_UNUSED)
{
	differs("{\"l\":[1,2,3]}", "{\"l\":[1,9]}", "l.1 2 9 | l.2 3 -");
	differs("{\"l\":[{\"n\":1}]}", "{\"l\":[{\"n\":2},{\"n\":3}]}", "l.0.n 1 2 | l.1.n - 3");
}

static void test_diff_shows_each_leaf_of_what_came_or_went(void **state FC_UNUSED)
{
	differs(NULL, "{\"a\":{\"b\":1,\"c\":{}},\"l\":[]}", "a.b - 1 | a.c - {} | l - []");
	differs("{\"a\":{\"b\":[1,null]}}", "{}", "a.b.0 1 - | a.b.1 null -");
}

static void test_diff_of_other_types_shows_both(void **state FC_UNUSED)
{
	differs("{\"a\":\"x\"}", "{\"a\":{\"b\":1}}", "a \"x\" - | a.b - 1");
	differs("{\"a\":{\"b\":1}}", "{\"a\":[2]}", "a.b 1 - | a.0 - 2");
	differs("{\"a\":{}}", "{\"a\":[]}", "a {} []");
	differs("{\"a\":null}", "{\"a\":0}", "a null 0");
	differs("{\"a\":{}}", "{\"a\":{\"b\":1}}", "a.b - 1");
	differs("{\"a\":1}", "{\"a\":\"1\"}", "a 1 \"1\"");
}

static void test_pointers_overlap_where_one_is_above_the_other(void **state FC_UNUSED)
{
	assert_true(fc_pointers_overlap("/data", "/data"));
	assert_true(fc_pointers_overlap("/data", "/data/a"));
	assert_true(fc_pointers_overlap("/data/a/b", "/data"));
	assert_true(fc_pointers_overlap("", "/data"));
	assert_false(fc_pointers_overlap("/data", "/database"));
	assert_false(fc_pointers_overlap("/data/a", "/data/b"));
}

/* Nothing is said of equal documents, and what is said of different ones is true. */
static void test_diff_of_random_documents_says_what_is_true(void **state FC_UNUSED)
{
	struct random r = { 2463534242ull };
	unsigned different = 0;

	for (int i = 0; i < 5000; i++) {
		json_auto_t *before = random_object(&r), *after = random_object(&r);
		struct fc_diff diff AUTO_DIFF = { .items = NULL };

		fc_diff_json(before, after, &diff);
		assert_int_equal(diff.count == 0, json_equal(before, after));
		for (size_t d = 0; d < diff.count; d++) {
			struct fc_difference *item = &diff.items[d];
			json_auto_t *tests = json_array();

			/* What is said of either side stands there. */
			if (item->before)
				json_array_append_new(tests, json_pack("{s:s, s:s, s:O}", "op", "test", "path",
								       item->pointer, "value", item->before));
			assert_int_equal(fc_patch_apply(tests, before, NULL), 0);
			json_array_clear(tests);
			if (item->after)
				json_array_append_new(tests, json_pack("{s:s, s:s, s:O}", "op", "test", "path",
								       item->pointer, "value", item->after));
			assert_int_equal(fc_patch_apply(tests, after, NULL), 0);
			different++;
		}
	}
	assert_true(different > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_diff_of_equal_documents_is_empty),
		cmocka_unit_test(test_diff_names_members_in_the_order_of_their_names),
		cmocka_unit_test(test_diff_doubles_the_dots_of_names),
		cmocka_unit_test(test_diff_of_lists_goes_by_place),
		cmocka_unit_test(test_diff_shows_each_leaf_of_what_came_or_went),
		cmocka_unit_test(test_diff_of_other_types_shows_both),
		cmocka_unit_test(test_pointers_overlap_where_one_is_above_the_other),
		cmocka_unit_test(test_diff_of_random_documents_says_what_is_true),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
