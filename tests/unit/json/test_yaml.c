/* SPDX-License-Identifier: Apache-2.0 */
#include "json/yaml.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static void reads_as(json_t *(*parse)(const char *, size_t, struct fc_error *), const char *yaml, const char *json)
{
	struct fc_error err = FC_ERROR_INIT;
	/* A copy without a zero behind it, for the address sanitizer. */
	size_t len = strlen(yaml);
	FC_AUTO_FREE char *bytes = fc_xcalloc(1, len ? len : 1);

	memcpy(bytes, yaml, len);
	json_auto_t *value = parse(bytes, len, &err);
	if (!value)
		fail_msg("%s: %s", yaml, err.text);
	FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	assert_string_equal(text, json);
}

static void reads(const char *yaml, const char *json)
{
	reads_as(fc_yaml_parse, yaml, json);
}

static void refuses_bytes(const char *yaml, size_t len, const char *says)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_null(fc_yaml_parse(yaml, len, &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	if (strncmp(err.text, says, strlen(says)) != 0)
		fail_msg("%s: \"%s\" does not begin with \"%s\"", yaml, err.text, says);
	assert_null(strstr(err.text, "SECRET"));
}

static void refuses(const char *yaml, const char *says)
{
	refuses_bytes(yaml, strlen(yaml), says);
}

static void test_yaml_reads_a_manifest(void **state FC_UNUSED)
{
	reads("# comment\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {x: \"1\", y: 'no'}\n"
	      "data:\n  list:\n  - 1\n  - b: c\n    d: [e, 'f']\n  literal: |\n    one\n      two\n\n  keep: |+\n    "
	      "x\n\n"
	      "  strip: >-\n    a\n    b\n  long: a\n    b\n",
	      "{\"apiVersion\":\"v1\",\"data\":{\"keep\":\"x\\n\\n\",\"list\":[1,{\"b\":\"c\",\"d\":[\"e\",\"f\"]}],"
	      "\"literal\":\"one\\n  two\\n\",\"long\":\"a b\",\"strip\":\"a b\"},\"kind\":\"ConfigMap\","
	      "\"metadata\":{\"labels\":{\"x\":\"1\",\"y\":\"no\"},\"name\":\"a\"}}");
}

static void test_yaml_reads_json(void **state FC_UNUSED)
{
	reads("{\"a\":[1,2.5,\"x\",null,true,{}],\"u\":\"\\ud83d\\ude00\\u0000\\/\"}",
	      "{\"a\":[1,2.5,\"x\",null,true,{}],\"u\":\"\xf0\x9f\x98\x80\\u0000/\"}");
	reads("\t{\n\t\"a\":\t1\n}\n", "{\"a\":1}");
	reads("[1, \"b\"]", "[1,\"b\"]");
	refuses("{\"a\":1,\n\"a\":2}", "line 2, column 1: a key that stands in this mapping already");
}

static void test_yaml_empty_text_is_null(void **state FC_UNUSED)
{
	reads("", "null");
	reads("# only a comment\n", "null");
	reads("---\n", "null");
	reads("null", "null");
	reads_as(fc_yaml_parse_all, "", "[]");
}

static void test_yaml_documents_are_parted_and_empty_ones_left_out(void **state FC_UNUSED)
{
	reads_as(fc_yaml_parse_all, "a: 1\n---\n---\n# none\n---\nb: 2\n...\n---\n- 3\n", "[{\"a\":1},{\"b\":2},[3]]");
	reads_as(fc_yaml_parse_all, "{\"a\":1}", "[{\"a\":1}]");
	reads_as(fc_yaml_parse_all, "{\"a\":1}\n---\n{\"b\":1}\n", "[{\"a\":1},{\"b\":1}]");
	reads("---\na: 1\n---\n", "{\"a\":1}");
	refuses("a: 1\n---\nb: 2\n", "line 2, column 1: a second document");
}

static void test_yaml_keys_that_are_no_strings_become_text(void **state FC_UNUSED)
{
	reads("1: a\n0x10: b\ntrue: c\n1.5: e\n1.0e3: f\n'2': g\n",
	      "{\"1\":\"a\",\"1.5\":\"e\",\"1000\":\"f\",\"16\":\"b\",\"2\":\"g\",\"true\":\"c\"}");
}

static void test_yaml_aliases_are_copies(void **state FC_UNUSED)
{
	reads("a: &x {b: [1]}\nc: *x\n&k d: *k\n\n", "{\"a\":{\"b\":[1]},\"c\":{\"b\":[1]},\"d\":\"d\"}");
	reads("a: &x b\n*x : c\n", "{\"a\":\"b\",\"b\":\"c\"}");
	reads("- &a 1\n- *a\n- &a 2\n- *a\n", "[1,1,2,2]");
	json_auto_t *value = fc_yaml_parse("- &x {}\n- *x\n", 13, NULL);
	assert_ptr_not_equal(json_array_get(value, 0), json_array_get(value, 1));
	refuses("a: *x\nb: &x 1\n", "line 1, column 4: an alias without an anchor");
	refuses("a: &x [*x]\n", "line 1, column 8: an alias without an anchor");
	refuses("a: &x 1\n---\nb: *x\n", "line 3, column 4: an alias without an anchor");
}

static void test_yaml_merge_keys_give_way_to_own_keys(void **state FC_UNUSED)
{
	reads("base: &b {x: 1, y: 2}\nuse:\n  y: 3\n  <<: *b\n  z: 4\n",
	      "{\"base\":{\"x\":1,\"y\":2},\"use\":{\"x\":1,\"y\":3,\"z\":4}}");
	reads("use:\n  <<: [{x: 1}, {x: 2, y: 3}]\n", "{\"use\":{\"x\":1,\"y\":3}}");
	reads("'<<': 1\n", "{\"<<\":1}");
	refuses("<<: 1\n", "line 1, column 5: a merge key (<<) whose value is no mapping");
	refuses("<<: [{}, 1]\n", "line 1, column 5: a merge key (<<) whose value is no mapping");
	refuses("<<: {a: 1}\n<<: {b: 1}\n", "line 2, column 1: a second merge key");
}

static void test_yaml_a_billion_laughs_are_refused(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (int i = 1; i < 10; i++) {
		fc_buf_printf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			fc_buf_printf(&text, "*a%d,", i - 1);
		fc_buf_puts(&text, "]\n");
	}
	struct fc_error err = FC_ERROR_INIT;
	assert_null(fc_yaml_parse(text.data, text.len, &err));
	assert_non_null(strstr(err.text, "aliases that expand to more than 4 MiB"));
}

static void test_yaml_a_long_text_repeated_is_refused(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;

	fc_buf_puts(&text, "- &a \"");
	for (int i = 0; i < 100000; i++)
		fc_buf_putc(&text, 'x');
	fc_buf_puts(&text, "\"\n");
	for (int i = 0; i < 50; i++)
		fc_buf_puts(&text, "- *a\n");
	assert_null(fc_yaml_parse(text.data, text.len, &err));
	assert_non_null(strstr(err.text, "aliases that expand"));
}

static void nest(struct fc_buf *out, int levels)
{
	for (int i = 0; i < levels; i++)
		fc_buf_puts(out, i % 2 ? "[" : "{a: ");
	for (int i = levels; i-- > 0;)
		fc_buf_puts(out, i % 2 ? "]" : "}");
}

static void test_yaml_takes_128_levels_and_no_more(void **state FC_UNUSED)
{
	for (int levels = 127; levels < 131; levels++) {
		FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
		struct fc_error err = FC_ERROR_INIT;

		nest(&text, levels);
		json_auto_t *value = fc_yaml_parse(text.data, text.len, &err);
		assert_int_equal(value != NULL, levels <= 128);
		assert_int_equal(strstr(err.text, "deeper than 128") != NULL, levels > 128);
	}
}

static void test_yaml_aliases_count_as_deep_as_they_are(void **state FC_UNUSED)
{
	for (int levels = 64; levels < 66; levels++) {
		FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
		struct fc_error err = FC_ERROR_INIT;

		fc_buf_puts(&text, "- &x ");
		nest(&text, 64);
		fc_buf_puts(&text, "\n- ");
		for (int i = 1; i < levels; i++)
			fc_buf_putc(&text, '[');
		fc_buf_puts(&text, "*x");
		for (int i = 1; i < levels; i++)
			fc_buf_putc(&text, ']');
		json_auto_t *value = fc_yaml_parse(text.data, text.len, &err);
		assert_int_equal(value != NULL, levels == 64);
	}
}

static void test_yaml_faults_have_line_and_column_and_quote_nothing(void **state FC_UNUSED)
{
	refuses("a: 1\n\tb: SECRET\n", "line 2, column 1: found a tab character that violates indentation");
	refuses("a:\n\t- SECRET\n", "line 2, column 1: found character that cannot start any token");
	refuses("a: [SECRET\n", "line 2, column 1: did not find expected ',' or ']'");
	refuses("a: SECRET: b\n", "line 1, column 10: mapping values are not allowed in this context");
	refuses("a: \"SECRET\n", "line 2, column 1: found unexpected end of stream");
	refuses("a: 1\n b: SECRET\n", "line 2, column 3: mapping values are not allowed in this context");
	refuses("@SECRET", "line 1, column 1: found character that cannot start any token");
	refuses("a: SECRET\nb: \x80\n", "line 2, column 4: invalid leading UTF-8 octet");
	refuses_bytes("a: b\0c\n", 7, "line 1, column 5: control characters are not allowed");
	refuses("a: 1\nb: 2\na: SECRET\n", "line 3, column 1: a key that stands in this mapping already");
	refuses("1: a\n'1': SECRET\n", "line 2, column 1: a key that stands in this mapping already");
	refuses("? [SECRET]\n: 1\n", "line 1, column 3: a key that is a mapping or a sequence");
	refuses("~: SECRET\n", "line 1, column 1: a key that is null");
	refuses("\"a\\0\": SECRET\n", "line 1, column 1: a key with a NUL character");
	refuses("a: 1\nb:\n  c: 18446744073709551616\n", "line 3, column 6: a number beyond 64 bits");
	refuses("true: a\non: SECRET\n", "line 2, column 1: a key that stands in this mapping already");
	refuses("a: .inf\n", "line 1, column 4: an infinite number");
	refuses("a: !x!y SECRET\n", "line 1, column 4: found undefined tag handle");
}

static void test_yaml_refuses_more_than_16_mib(void **state FC_UNUSED)
{
	size_t len = 16 * 1024 * 1024 + 1;
	FC_AUTO_FREE char *text = fc_xcalloc(1, len);

	memset(text, ' ', len);
	refuses_bytes(text, len, "more than 16 MiB");
	json_auto_t *value = fc_yaml_parse(text, len - 1, NULL);
	assert_true(json_is_null(value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml_reads_a_manifest),
		cmocka_unit_test(test_yaml_reads_json),
		cmocka_unit_test(test_yaml_empty_text_is_null),
		cmocka_unit_test(test_yaml_documents_are_parted_and_empty_ones_left_out),
		cmocka_unit_test(test_yaml_keys_that_are_no_strings_become_text),
		cmocka_unit_test(test_yaml_aliases_are_copies),
		cmocka_unit_test(test_yaml_merge_keys_give_way_to_own_keys),
		cmocka_unit_test(test_yaml_a_billion_laughs_are_refused),
		cmocka_unit_test(test_yaml_a_long_text_repeated_is_refused),
		cmocka_unit_test(test_yaml_takes_128_levels_and_no_more),
		cmocka_unit_test(test_yaml_aliases_count_as_deep_as_they_are),
		cmocka_unit_test(test_yaml_faults_have_line_and_column_and_quote_nothing),
		cmocka_unit_test(test_yaml_refuses_more_than_16_mib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
