/* SPDX-License-Identifier: Apache-2.0 */
#include "json/decode.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static json_t *decode(const char *text)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *value = fc_decode(text, strlen(text), &err);

	if (!value)
		fail_msg("%s", err.text);
	return value;
}

static void refused(const char *bytes, size_t len, enum fc_error_class cls, const char *text)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_null(fc_decode(bytes, len, &err));
	assert_int_equal(err.cls, cls);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
}

static void refused_text(const char *text, enum fc_error_class cls, const char *says)
{
	refused(text, strlen(text), cls, says);
}

/* [[[...]]] with `depth` levels. */
static char *nested(size_t depth)
{
	char *text = fc_xcalloc(1, 2 * depth + 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return text;
}

static void test_decode_reads_any_value_with_white_space_around(void **state FC_UNUSED)
{
	static const char *const texts[] = { " null ", "true", "\t1\n", "1.5", "\"x\"", " [1] ", "{}" };
	static const json_type types[] = { JSON_NULL,	JSON_TRUE,  JSON_INTEGER, JSON_REAL,
					   JSON_STRING, JSON_ARRAY, JSON_OBJECT };

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		json_auto_t *value = decode(texts[i]);
		assert_int_equal(json_typeof(value), types[i]);
	}
}

static void test_decode_keeps_a_nul_inside_a_string(void **state FC_UNUSED)
{
	json_auto_t *value = decode("\"a\\u0000b\"");

	assert_int_equal(json_string_length(value), 3);
	assert_memory_equal(json_string_value(value), "a\0b", 3);
}

static void test_decode_takes_128_levels_and_refuses_129(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *most = nested(128);
	FC_AUTO_FREE char *more = nested(129);
	FC_AUTO_FREE char *far = nested(1000000);

	json_auto_t *value = decode(most);
	assert_non_null(value);
	refused_text(more, FC_ERR_LIMIT, "deeper than 128 levels");
	refused_text(far, FC_ERR_LIMIT, "deeper than 128 levels");
}

static void test_decode_counts_no_brackets_inside_strings(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	fc_buf_puts(&text, "[\"\\\"");
	for (int i = 0; i < 300; i++)
		fc_buf_puts(&text, "[{\\\"");
	fc_buf_puts(&text, "\\\\\", []]");
	json_auto_t *value = decode(fc_buf_str(&text));
	assert_int_equal(json_array_size(value), 2);
}

static void test_decode_refuses_numbers_beyond_64_bits(void **state FC_UNUSED)
{
	json_auto_t *largest = decode("9223372036854775807");
	json_auto_t *smallest = decode("-9223372036854775808");

	assert_true(json_integer_value(largest) == INT64_MAX);
	assert_true(json_integer_value(smallest) == INT64_MIN);
	refused_text("{\"a\": 9223372036854775808}", FC_ERR_LIMIT, "a number beyond 64 bits");
	refused_text("[-9223372036854775809]", FC_ERR_LIMIT, "a number beyond 64 bits");
	refused_text("1e999", FC_ERR_LIMIT, "a number beyond 64 bits");
	refused_text("-1e999", FC_ERR_LIMIT, "a number beyond 64 bits");
}

static void test_decode_refuses_more_than_4_mib(void **state FC_UNUSED)
{
	size_t len = FC_JSON_MAX_BYTES;
	FC_AUTO_FREE char *text = fc_xcalloc(1, len + 2);

	memset(text, ' ', len + 1);
	text[0] = '1';
	json_auto_t *value = fc_decode(text, len, NULL);
	assert_true(json_is_integer(value));
	refused(text, len + 1, FC_ERR_LIMIT, "4194304");
}

static void test_decode_refuses_what_is_no_json_and_never_quotes_it(void **state FC_UNUSED)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"[1",
		"\"SECRET",
		"{\"a\":SECRET}",
		"{\"SECRET\" 1}",
		"1 SECRET",
		"[SECRET]",
		"{} {}",
		"\"SECRET\x80\"",
		"\"SECRET\\ud800\"",
		"\"SECRET\n\"",
		"}",
		"]]]",
		"nul",
		"01",
		"+1",
		"'SECRET'",
		"\"SECRET\\",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct fc_error err = FC_ERROR_INIT;
		assert_null(fc_decode(texts[i], strlen(texts[i]), &err));
		assert_int_equal(err.cls, FC_ERR_PROTOCOL);
		assert_non_null(strstr(err.text, "not JSON"));
		assert_null(strstr(err.text, "SECRET"));
		assert_non_null(strstr(err.text, "byte"));
	}
	refused("1\0", 2, FC_ERR_PROTOCOL, "not JSON");
	refused_text("{\"SECRET\\u0000\":1}", FC_ERR_LIMIT, "NUL");
	assert_null(fc_decode(NULL, 0, NULL));
}

static void test_decode_strict_refuses_a_member_named_twice(void **state FC_UNUSED)
{
	static const char text[] = "{\"a\":1,\"a\":2}";
	struct fc_error err = FC_ERROR_INIT;

	json_auto_t *loose = decode(text);
	assert_int_equal(json_integer_value(json_object_get(loose, "a")), 2);
	assert_null(fc_decode_strict(text, strlen(text), &err));
	assert_non_null(strstr(err.text, "twice"));
}

static void test_decode_get_tells_absent_null_and_wrong_type_apart(void **state FC_UNUSED)
{
	json_auto_t *o =
		decode("{\"s\":\"x\",\"b\":true,\"i\":7,\"o\":{},\"a\":[],\"n\":null,\"cut\":\"x\\u0000y\",\"r\":1.5}");
	const char *text = "before";
	bool truth = false;
	json_int_t integer = 0;
	const json_t *value = NULL;

	assert_int_equal(fc_json_get_string(o, "none", &text), FC_JSON_ABSENT);
	assert_int_equal(fc_json_get_string(NULL, "s", &text), FC_JSON_ABSENT);
	assert_int_equal(fc_json_get_string(json_object_get(o, "a"), "s", &text), FC_JSON_ABSENT);
	assert_int_equal(fc_json_get_string(o, "n", &text), FC_JSON_NULL);
	assert_int_equal(fc_json_get_string(o, "b", &text), FC_JSON_WRONG_TYPE);
	assert_int_equal(fc_json_get_string(o, "cut", &text), FC_JSON_WRONG_TYPE);
	assert_string_equal(text, "before");
	assert_int_equal(fc_json_get_string(o, "s", &text), FC_JSON_FOUND);
	assert_string_equal(text, "x");
	assert_int_equal(fc_json_get_bool(o, "s", &truth), FC_JSON_WRONG_TYPE);
	assert_int_equal(fc_json_get_bool(o, "b", &truth), FC_JSON_FOUND);
	assert_true(truth);
	assert_int_equal(fc_json_get_integer(o, "r", &integer), FC_JSON_WRONG_TYPE);
	assert_int_equal(fc_json_get_integer(o, "i", &integer), FC_JSON_FOUND);
	assert_int_equal(integer, 7);
	assert_int_equal(fc_json_get_object(o, "a", &value), FC_JSON_WRONG_TYPE);
	assert_int_equal(fc_json_get_object(o, "o", &value), FC_JSON_FOUND);
	assert_true(json_is_object(value));
	assert_int_equal(fc_json_get_array(o, "n", &value), FC_JSON_NULL);
	assert_int_equal(fc_json_get_array(o, "a", &value), FC_JSON_FOUND);
	assert_true(json_is_array(value));
}

static void test_decode_metadata_and_annotations_are_found(void **state FC_UNUSED)
{
	json_auto_t *o = decode("{\"metadata\":{\"name\":\"n\",\"uid\":5,\"annotations\":{\"k\":\"v\",\"bad\":1}}}");
	json_auto_t *bare = decode("{\"metadata\":[]}");

	assert_string_equal(fc_json_metadata(o, "name"), "n");
	assert_string_equal(fc_json_metadata(o, "uid"), "");
	assert_string_equal(fc_json_metadata(o, "namespace"), "");
	assert_string_equal(fc_json_metadata(bare, "name"), "");
	assert_string_equal(fc_json_annotation(o, "k"), "v");
	assert_null(fc_json_annotation(o, "bad"));
	assert_null(fc_json_annotation(o, "none"));
	assert_null(fc_json_annotation(bare, "k"));
}

/* jansson alone goes on with a letter missing, here and there. */
static void test_decode_never_changes_a_value_for_want_of_memory(void **state FC_UNUSED)
{
	static const char text[] = "{\"a long name of a member\":[\"a long string, longer than its first buffer\",1,"
				   "{\"another\":1.5,\"b\":null,\"c\":true,\"d\":[],\"e\":{},\"f\":\"\u00e4\"}]}";
	json_auto_t *whole = decode(text);
	unsigned failed = 0, calm = 0;

	for (unsigned nth = 1; calm < 3; nth++) {
		struct fc_error err = FC_ERROR_INIT;
		fc_mem_fail_nth(nth);
		json_auto_t *value = fc_decode(text, strlen(text), &err);
		fc_mem_fail_nth(0);
		if (value) {
			assert_true(json_equal(value, whole));
			calm++;
		} else {
			assert_int_equal(err.cls, FC_ERR_MEMORY);
			failed++;
		}
	}
	assert_true(failed > 20);
}

static int set_up(void **state FC_UNUSED)
{
	fc_decode_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_reads_any_value_with_white_space_around),
		cmocka_unit_test(test_decode_keeps_a_nul_inside_a_string),
		cmocka_unit_test(test_decode_takes_128_levels_and_refuses_129),
		cmocka_unit_test(test_decode_counts_no_brackets_inside_strings),
		cmocka_unit_test(test_decode_refuses_numbers_beyond_64_bits),
		cmocka_unit_test(test_decode_refuses_more_than_4_mib),
		cmocka_unit_test(test_decode_refuses_what_is_no_json_and_never_quotes_it),
		cmocka_unit_test(test_decode_strict_refuses_a_member_named_twice),
		cmocka_unit_test(test_decode_get_tells_absent_null_and_wrong_type_apart),
		cmocka_unit_test(test_decode_metadata_and_annotations_are_found),
		cmocka_unit_test(test_decode_never_changes_a_value_for_want_of_memory),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
