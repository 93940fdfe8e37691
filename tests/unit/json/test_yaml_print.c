/* SPDX-License-Identifier: Apache-2.0 */
#include "json/yaml_print.h"

#include "base/mem.h"
#include "json/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static char *print(const char *json)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_buf out = FC_BUF_INIT;
	json_auto_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	if (fc_yaml_print(value, &out, &err) < 0)
		fail_msg("%s: %s", json, err.text);
	return fc_buf_steal(&out);
}

static void prints(const char *json, const char *yaml)
{
	FC_AUTO_FREE char *text = print(json);

	assert_string_equal(text, yaml);
}

/* What is read from the text is what was printed. */
static void comes_back(const char *json)
{
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *text = print(json);
	json_auto_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	json_auto_t *again = fc_yaml_parse(text, strlen(text), &err);

	if (!again || !json_equal(value, again))
		fail_msg("%s became %s (%s)", json, text, err.text);
}

static void test_yaml_print_is_block_style_in_the_order_of_the_members(void **state FC_UNUSED)
{
	prints("{\"kind\":\"List\",\"items\":[{\"b\":1,\"a\":[\"x\",true]},{}],\"none\":null}",
	       "kind: List\nitems:\n- b: 1\n  a:\n  - x\n  - true\n- {}\nnone: null\n");
}

static void test_yaml_print_quotes_what_would_be_read_as_something_else(void **state FC_UNUSED)
{
	prints("{\"a\":\"true\",\"b\":\"1.20\",\"c\":\"\",\"d\":\"2026-01-31T00:00:00Z\",\"yes\":\"~\"}",
	       "a: \"true\"\nb: \"1.20\"\nc: \"\"\nd: 2026-01-31T00:00:00Z\n\"yes\": \"~\"\n");
}

static void test_yaml_print_comes_back_as_it_was(void **state FC_UNUSED)
{
	comes_back(
		"{\"a\":[\"no\",\"<<\",\"0x10\",\"1e3\",\".inf\",\"null\",\"-\",\"# x\",\"a: b\",\" lead\",\"a\\nb\\n\"]}");
	comes_back("[1,-2.5,1e300,9223372036854775807,false,null,[],{},[[]],{\"\":{}}]");
	comes_back("\"\\u00e9\\u2028\\ud83d\\ude00 'single' \\\"double\\\" \\\\ \\t\"");
}

static void test_yaml_print_refuses_what_is_nested_too_deep(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;
	json_auto_t *value = json_array();

	for (int i = 0; i < 200; i++) {
		json_t *outer = json_array();
		json_array_append_new(outer, value);
		value = outer;
	}
	assert_int_equal(fc_yaml_print(value, &out, &err), -1);
	assert_int_equal(err.cls, FC_ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml_print_is_block_style_in_the_order_of_the_members),
		cmocka_unit_test(test_yaml_print_quotes_what_would_be_read_as_something_else),
		cmocka_unit_test(test_yaml_print_comes_back_as_it_was),
		cmocka_unit_test(test_yaml_print_refuses_what_is_nested_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
