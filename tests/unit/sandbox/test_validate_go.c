/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_field.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_texts_are_quoted_as_go_quotes_them(void **state)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{ "", "\"\"" },
		{ "a'b", "\"a'b\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\t\x01\x7f", "\"\\n\\t\\x01\\u007f\"" },
		{ "gr\xC3\xBCn", "\"gr\xC3\xBCn\"" },
		{ "\xC2\x85", "\"\\u0085\"" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

		sb_go_quote(&out, rows[i].text);
		assert_string_equal(fc_buf_str(&out), rows[i].quoted);
	}
}

static void test_maps_are_printed_in_the_order_of_their_keys(void **state)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	json_t *map = json_pack("{s:s, s:s}", "b", "2", "a", "1");

	(void)state;
	sb_go_string_map(&out, map);
	sb_go_string_map(&out, NULL);
	assert_string_equal(fc_buf_str(&out), "map[string]string{\"a\":\"1\", \"b\":\"2\"}map[string]string(nil)");
	json_decref(map);
}

static void test_lists_of_words(void **state)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	json_t *list = json_pack("[s, s]", "b", "a");

	(void)state;
	sb_go_string_list(&out, list);
	sb_go_string_list(&out, NULL);
	assert_string_equal(fc_buf_str(&out), "[]string{\"b\", \"a\"}[]string(nil)");
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_are_quoted_as_go_quotes_them),
		cmocka_unit_test(test_maps_are_printed_in_the_order_of_their_keys),
		cmocka_unit_test(test_lists_of_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
