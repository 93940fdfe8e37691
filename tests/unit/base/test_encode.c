/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void check_decode(const char *text, const char *expected)
{
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *out = NULL;
	size_t len = 99;

	assert_int_equal(fc_base64_decode(text, &out, &len, &err), 0);
	assert_int_equal(len, strlen(expected));
	assert_string_equal(out, expected);
}

static void test_encode_base64_vectors_of_the_rfc(void **state FC_UNUSED)
{
	static const char *const vectors[][2] = { { "", "" },
						  { "f", "Zg==" },
						  { "fo", "Zm8=" },
						  { "foo", "Zm9v" },
						  { "foob", "Zm9vYg==" },
						  { "fooba", "Zm9vYmE=" },
						  { "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < FC_ARRAY_LEN(vectors); i++) {
		FC_AUTO_FREE char *text = fc_base64_encode(vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(text, vectors[i][1]);
		check_decode(vectors[i][1], vectors[i][0]);
	}
}

static void test_encode_base64_white_space_is_skipped(void **state FC_UNUSED)
{
	check_decode(" Zm9v\r\n\tYm\nE=\n", "fooba");
	check_decode(" \n", "");
	check_decode("Zg=\n=", "f");
}

static void test_encode_base64_malformed_is_refused_without_quoting_it(void **state FC_UNUSED)
{
	static const char *const bad[] = { "Z",	   "Zm8",      "Zm9vY",	   "Zg==Zg==", "Z===",	    "====",
					   "Zm=v", "Zm9v-_==", "Zm9v!Zm9", "=Zm9",     "Zm9\xC3v=", "hunter2" };

	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++) {
		struct fc_error err = FC_ERROR_INIT;
		char *out = NULL;
		size_t len;
		assert_int_equal(fc_base64_decode(bad[i], &out, &len, &err), -1);
		assert_int_equal(err.cls, FC_ERR_INVALID);
		assert_null(out);
		assert_null(strstr(err.text, bad[i]));
	}
}

static void test_encode_base64_round_trip_of_all_bytes_and_large(void **state FC_UNUSED)
{
	const size_t len = 7 * 1000 * 1000 + 1;
	FC_AUTO_FREE unsigned char *bytes = fc_xcalloc(len, 1);
	FC_AUTO_FREE char *back = NULL;
	size_t back_len;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(i ^ i >> 8);
	FC_AUTO_FREE char *text = fc_base64_encode(bytes, len);
	assert_int_equal(strlen(text), (len + 2) / 3 * 4);
	assert_int_equal(fc_base64_decode(text, &back, &back_len, NULL), 0);
	assert_int_equal(back_len, len);
	assert_memory_equal(back, bytes, len);
}

static void test_encode_base64_without_memory_fails(void **state FC_UNUSED)
{
	for (unsigned nth = 1; nth <= 2; nth++) {
		struct fc_error err = FC_ERROR_INIT;
		char *out = NULL;
		size_t len;
		fc_mem_fail_nth(nth);
		assert_int_equal(fc_base64_decode("Zm9v", &out, &len, &err), -1);
		fc_mem_fail_nth(0);
		assert_int_equal(err.cls, FC_ERR_MEMORY);
		assert_null(out);
	}
}

static void test_encode_sha256_is_that_of_the_standard(void **state FC_UNUSED)
{
	unsigned char hash[FC_SHA256_BYTES];
	char hex[2 * FC_SHA256_BYTES + 1];
	struct fc_sha256 *h = fc_sha256_new();

	fc_sha256_add(h, "a", 1);
	fc_sha256_add(h, "", 0);
	fc_sha256_add(h, "bc", 2);
	fc_sha256_finish(h, hash);
	fc_hex(hash, sizeof(hash), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test case 2. */
static void test_encode_hmac_is_that_of_the_standard(void **state FC_UNUSED)
{
	unsigned char hmac[FC_SHA256_BYTES];
	char hex[2 * FC_SHA256_BYTES + 1];

	fc_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hmac);
	fc_hex(hmac, sizeof(hmac), hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void test_encode_hex_is_lower_case_and_terminated(void **state FC_UNUSED)
{
	char out[7] = "xxxxxx";

	fc_hex("\x00\xAF\x9E", 3, out);
	assert_string_equal(out, "00af9e");
	fc_hex("", 0, out);
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode_base64_vectors_of_the_rfc),
		cmocka_unit_test(test_encode_base64_white_space_is_skipped),
		cmocka_unit_test(test_encode_base64_malformed_is_refused_without_quoting_it),
		cmocka_unit_test(test_encode_base64_round_trip_of_all_bytes_and_large),
		cmocka_unit_test(test_encode_base64_without_memory_fails),
		cmocka_unit_test(test_encode_sha256_is_that_of_the_standard),
		cmocka_unit_test(test_encode_hmac_is_that_of_the_standard),
		cmocka_unit_test(test_encode_hex_is_lower_case_and_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
