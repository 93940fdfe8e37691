/* SPDX-License-Identifier: Apache-2.0 */
#include "json/yaml_scalar.h"

#include "base/mem.h"
#include "json/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* The scalar as the whole text: what it is in JSON. */
static void is(const char *scalar, const char *json)
{
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *value = fc_yaml_parse(scalar, strlen(scalar), &err);

	if (!value)
		fail_msg("%s: %s", scalar, err.text);
	FC_AUTO_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (strcmp(text, json) != 0)
		fail_msg("%s is %s, not %s", scalar, text, json);
}

static void is_text(const char *scalar)
{
	json_auto_t *value = fc_yaml_parse(scalar, strlen(scalar), NULL);

	if (!json_is_string(value) || strcmp(json_string_value(value), scalar) != 0)
		fail_msg("%s is not its own text", scalar);
}

static void refuses(const char *scalar, const char *says)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_null(fc_yaml_parse(scalar, strlen(scalar), &err));
	if (!strstr(err.text, says))
		fail_msg("%s: \"%s\" does not say \"%s\"", scalar, err.text, says);
}

static void test_yaml_scalar_words(void **state FC_UNUSED)
{
	static const char *const nulls[] = { "~", "null", "Null", "NULL" };
	static const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON" };
	static const char *const no[] = { "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF" };
	static const char *const texts[] = { "nULL", "tRUE", "y",   "Y",    "n",     "N",
					     "yES",  "oN",   "nil", "none", "truex", "nullx" };

	for (size_t i = 0; i < FC_ARRAY_LEN(nulls); i++)
		is(nulls[i], "null");
	for (size_t i = 0; i < FC_ARRAY_LEN(yes); i++)
		is(yes[i], "true");
	for (size_t i = 0; i < FC_ARRAY_LEN(no); i++)
		is(no[i], "false");
	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++)
		is_text(texts[i]);
	is("a:", "{\"a\":null}");
}

static void test_yaml_scalar_integers(void **state FC_UNUSED)
{
	is("0", "0");
	is("-0", "0");
	is("12", "12");
	is("+12", "12");
	is("-12", "-12");
	is("1_000", "1000");
	is("1_", "1");
	is("0x1F", "31");
	is("0X1f", "31");
	is("-0x10", "-16");
	is("0x_1", "1");
	is("0b101", "5");
	is("-0b11", "-3");
	is("0o17", "15");
	is("017", "15");
	is("-017", "-15");
	is("00", "0");
	is("0644", "420");
	is("9223372036854775807", "9223372036854775807");
	is("-9223372036854775808", "-9223372036854775808");
	is("0x7fffffffffffffff", "9223372036854775807");
}

static void test_yaml_scalar_reals(void **state FC_UNUSED)
{
	is("1.5", "1.5");
	is("-.5", "-0.5");
	is(".5", "0.5");
	is("+1.25", "1.25");
	is("1_0.5", "10.5");
	is("5e-1", "0.5");
	is("25e-3", "0.025000000000000001");
	is("1e20", "1e20");
	/* Whole ones reach an API server as integers; 08 is no octal number, so Go reads a real one. */
	is("1.0", "1");
	is("1.", "1");
	is("1e3", "1000");
	is("-0.0", "0");
	is("08", "8");
	is("1e-999", "0");
}

static void test_yaml_scalar_what_looks_like_a_number_is_text(void **state FC_UNUSED)
{
	static const char *const texts[] = {
		"1.2.3", "1:30",  "190:20:30", "12e",	"1e+",	      "0x",
		"0xg",	 "0b",	  "0b2",       "0o8",	"+",	      "-x",
		"--1",	 "+-1",	  "_1",	       "1a",	"2001-12-14", "2001-12-14T21:59:43.10-05:00",
		"10Gi",	 "100m",  "1.5.",      ".",	"..",	      ".e5",
		".x",	 "e5",	  "1 2",       "0x1p3", "infinity",   "nan",
		"-_",	 "0.5.1", "1e5.5",     "0x1.8",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++)
		is_text(texts[i]);
}

static void test_yaml_scalar_what_json_cannot_hold_is_refused(void **state FC_UNUSED)
{
	static const char *const infinite[] = { ".inf",	 ".Inf", ".INF", "+.inf", "-.inf",
						"-.INF", ".nan", ".NaN", ".NAN" };
	static const char *const large[] = {
		"9223372036854775808",
		"-9223372036854775809",
		"18446744073709551615",
		"18446744073709551616",
		"99999999999999999999999999",
		"0xffffffffffffffff",
		"0b1000000000000000000000000000000000000000000000000000000000000000",
		"1e999",
		"-1e999",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(infinite); i++)
		refuses(infinite[i], "line 1, column 1: an infinite number or none at all");
	for (size_t i = 0; i < FC_ARRAY_LEN(large); i++)
		refuses(large[i], "line 1, column 1: a number beyond 64 bits");
}

static void test_yaml_scalar_quoted_and_block_scalars_are_text(void **state FC_UNUSED)
{
	is("'1'", "\"1\"");
	is("\"true\"", "\"true\"");
	is("''", "\"\"");
	is("|\n  1\n", "\"1\\n\"");
	is(">-\n  null\n", "\"null\"");
	is("\"\\x41\\u00e4\\n\\0\"", "\"A\xc3\xa4\\n\\u0000\"");
}

static void test_yaml_scalar_tags_are_honoured(void **state FC_UNUSED)
{
	is("!!str 1", "\"1\"");
	is("!!str", "\"\"");
	is("! 1", "\"1\"");
	is("!!int '7'", "7");
	is("!!float 1", "1");
	is("!!float '1.5'", "1.5");
	is("!!bool 'yes'", "true");
	is("!!null ''", "null");
	is("!!timestamp 2001-01-01", "\"2001-01-01\"");
	is("!mine 1", "\"1\"");
	is("!!binary aGVsbG8=", "\"hello\"");
	is("!!binary |\n  aGVs\n  bG8=\n", "\"hello\"");
	is("!!map {a: !!seq [1]}", "{\"a\":[1]}");
	refuses("!!int x", "not what its tag says");
	refuses("!!int 1.5", "not what its tag says");
	refuses("!!bool 1", "not what its tag says");
	refuses("!!null 0", "not what its tag says");
	refuses("!!int .inf", "infinite");
	refuses("!!binary '*'", "not base64");
	refuses("!!binary gIGC", "not UTF-8");
}

static void key_is(json_t *value, const char *expected)
{
	const char *why = NULL;
	FC_AUTO_FREE char *key = fc_yaml_scalar_key(value, &why);

	if (expected)
		assert_string_equal(key, expected);
	else
		assert_true(!key && why);
	json_decref(value);
}

static void test_yaml_scalar_keys_are_the_shortest_text(void **state FC_UNUSED)
{
	key_is(json_string("a"), "a");
	key_is(json_integer(-5), "-5");
	key_is(json_real(1.1), "1.1");
	key_is(json_real(0.1 + 0.2), "0.30000000000000004");
	key_is(json_true(), "true");
	key_is(json_false(), "false");
	key_is(json_null(), NULL);
	key_is(json_object(), NULL);
	key_is(json_array(), NULL);
	key_is(json_stringn("a\0b", 3), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml_scalar_words),
		cmocka_unit_test(test_yaml_scalar_integers),
		cmocka_unit_test(test_yaml_scalar_reals),
		cmocka_unit_test(test_yaml_scalar_what_looks_like_a_number_is_text),
		cmocka_unit_test(test_yaml_scalar_what_json_cannot_hold_is_refused),
		cmocka_unit_test(test_yaml_scalar_quoted_and_block_scalars_are_text),
		cmocka_unit_test(test_yaml_scalar_tags_are_honoured),
		cmocka_unit_test(test_yaml_scalar_keys_are_the_shortest_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
