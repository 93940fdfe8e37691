/* SPDX-License-Identifier: Apache-2.0 */
#include "json/digest.h"

#include "base/encode.h"
#include "base/mem.h"
#include "unit/json/random_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct fc_digest digest(const char *text)
{
	json_auto_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	assert_non_null(value);
	return fc_digest_json(value);
}

static void equal(const char *a, const char *b)
{
	struct fc_digest x = digest(a), y = digest(b);

	if (!fc_digest_equal(&x, &y))
		fail_msg("%s and %s differ", a, b);
}

static void differ(const char *a, const char *b)
{
	struct fc_digest x = digest(a), y = digest(b);

	if (fc_digest_equal(&x, &y))
		fail_msg("%s and %s are equal", a, b);
}

static void test_digest_is_the_same_on_every_machine(void **state FC_UNUSED)
{
	struct fc_digest d = digest("{\"b\":[1,-2.5,null,true,false,\"\\u0000x\"],\"a\":{}}");
	char text[33];

	fc_hex(d.bytes, sizeof(d.bytes), text);
	assert_string_equal(text, "e153f746f9c87103b22ea832399251cf");
}

static void test_digest_knows_no_order_of_members(void **state FC_UNUSED)
{
	equal("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}", "{ \"b\" : {\"d\":3,\"c\":2}, \"a\":1 }");
	equal("{\"a\":1,\"aa\":2,\"ab\":3}", "{\"ab\":3,\"aa\":2,\"a\":1}");
	differ("[1,2]", "[2,1]");
}

static void test_digest_compares_numbers_by_value(void **state FC_UNUSED)
{
	equal("1", "1.0");
	equal("1", "1e0");
	equal("100", "1e2");
	equal("0", "-0.0");
	equal("-0", "0.0");
	equal("9007199254740992", "9007199254740992.0");
	equal("-9223372036854775808", "-9223372036854775808.0");
	equal("0.5", "5e-1");
	equal("1e300", "10e299");
	differ("1", "2");
	differ("1", "-1");
	differ("1", "1.5");
	differ("9007199254740993", "9007199254740992.0");
	differ("9007199254740993", "9007199254740992");
	differ("9223372036854775807", "9223372036854775808.0");
	differ("1e300", "1e301");
	differ("1.5", "-1.5");
}

static void test_digest_tells_types_and_shapes_apart(void **state FC_UNUSED)
{
	static const char *const texts[] = {
		"null",
		"true",
		"false",
		"0",
		"1",
		"\"\"",
		"\"0\"",
		"\"1\"",
		"\"null\"",
		"\"true\"",
		"\"n\"",
		"[]",
		"{}",
		"[[]]",
		"[null]",
		"[[],[]]",
		"[[[]]]",
		"{\"\":null}",
		"{\"a\":null}",
		"{\"a\":{}}",
		"{\"a\":[]}",
		"\"a\"",
		"\"a\\u0000\"",
		"\"a\\u0000b\"",
		"\"\\u0000\"",
		"[\"a\",\"b\"]",
		"[\"ab\"]",
		"[\"a\",\"\",\"b\"]",
		"{\"a\":\"b\"}",
		"{\"ab\":\"\"}",
		"{\"a\":\"b\",\"c\":\"d\"}",
		"{\"a\":{\"b\":1}}",
		"{\"a\":{},\"b\":1}",
		"[1,[2]]",
		"[[1],2]",
		"[1,2]",
		"[12]",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		equal(texts[i], texts[i]);
		for (size_t j = 0; j < i; j++)
			differ(texts[i], texts[j]);
	}
}

static void test_digest_of_large_values_has_no_seams(void **state FC_UNUSED)
{
	struct fc_digest before = fc_digest_json(NULL);

	/* Every length around the size of the internal buffer: each has a digest of its own, and it does not change. */
	for (size_t len = 0; len < 1300; len++) {
		FC_AUTO_FREE char *text = fc_xcalloc(1, len + 1);
		memset(text, 'x', len);
		json_auto_t *value = json_pack("[s,s]", text, "y");
		struct fc_digest d = fc_digest_json(value), again = fc_digest_json(value);
		assert_true(fc_digest_equal(&d, &again));
		assert_false(fc_digest_equal(&d, &before));
		before = d;
	}
}

static void test_digest_missing_is_like_no_value(void **state FC_UNUSED)
{
	struct fc_digest missing = fc_digest_json(NULL), null = digest("null");

	assert_true(fc_digest_is_missing(&missing));
	assert_false(fc_digest_is_missing(&null));
	assert_false(fc_digest_equal(&missing, &null));
}

static void test_digest_bytes_is_no_digest_of_a_string(void **state FC_UNUSED)
{
	struct fc_digest a = fc_digest_bytes("ab", 2), same = fc_digest_bytes("ab", 2),
			 other = fc_digest_bytes("ab\0", 3);
	struct fc_digest string = digest("\"ab\""), empty = fc_digest_bytes(NULL, 0);

	assert_true(fc_digest_equal(&a, &same));
	assert_false(fc_digest_equal(&a, &other));
	assert_false(fc_digest_equal(&a, &string));
	assert_false(fc_digest_is_missing(&empty));
}

static void test_digest_random_equal_means_equal(void **state FC_UNUSED)
{
	struct random r = { 123456789ull };
	unsigned same = 0;

	for (int i = 0; i < 20000; i++) {
		json_auto_t *a = random_json(&r, 2);
		json_auto_t *b = random_json(&r, 2);
		json_auto_t *copy = json_deep_copy(a);
		struct fc_digest x = fc_digest_json(a), y = fc_digest_json(b), z = fc_digest_json(copy);

		assert_true(fc_digest_equal(&x, &z));
		if (json_equal(a, b))
			assert_true(fc_digest_equal(&x, &y));
		same += fc_digest_equal(&x, &y);
	}
	assert_true(same > 100 && same < 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest_is_the_same_on_every_machine),
		cmocka_unit_test(test_digest_knows_no_order_of_members),
		cmocka_unit_test(test_digest_compares_numbers_by_value),
		cmocka_unit_test(test_digest_tells_types_and_shapes_apart),
		cmocka_unit_test(test_digest_of_large_values_has_no_seams),
		cmocka_unit_test(test_digest_missing_is_like_no_value),
		cmocka_unit_test(test_digest_bytes_is_no_digest_of_a_string),
		cmocka_unit_test(test_digest_random_equal_means_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
