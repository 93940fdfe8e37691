/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/token.h"

#include "unit/kube/fixture.h"

static int setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

/* kube-client 1.16 */
static void test_token_of_a_file_is_trimmed(void **state)
{
	FC_AUTO_FREE char *token = NULL;
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_token_read_file(fixture_write(*state, "token", "\n  abc.def-_~+/= \r\n"), &token, &err), 0);
	assert_string_equal(token, "abc.def-_~+/=");
}

/* 1.16, 1.24 */
static void test_token_that_is_empty_or_would_break_the_header_is_refused_unquoted(void **state)
{
	static const char *const texts[] = { "", " \n", "geheim\r\nX-Remote-User: admin", "geheim wort", "geheim\x01" };

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct fc_error err = FC_ERROR_INIT;
		char *token = NULL;
		assert_int_equal(fc_token_read_file(fixture_write(*state, "token", texts[i]), &token, &err), -1);
		assert_int_equal(err.cls, FC_ERR_CONFIG);
		assert_contains(err.text, "/token");
		assert_lacks(err.text, "geheim");
	}
}

static void test_token_file_that_is_missing_or_huge_is_named(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *token = NULL;

	assert_int_equal(fc_token_read_file(fixture_path(*state, "nowhere"), &token, &err), -1);
	assert_contains(err.text, "/nowhere");
	char *huge = fixture_keep(*state, fc_xcalloc(1, FC_TOKEN_MAX_BYTES + 2));
	memset(huge, 'x', FC_TOKEN_MAX_BYTES + 1);
	assert_int_equal(fc_token_read_file(fixture_write(*state, "huge", huge), &token, &err), -1);
	assert_contains(err.text, "/huge");
	assert_lacks(err.text, "xxxx");
}

/* A JSON Web Token whose claims are this text; what stands around them is looked at by nobody. */
static int64_t expires_of_claims(const char *claims)
{
	char *payload = fc_base64_encode(claims, strlen(claims));

	for (char *c = payload; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	payload[strcspn(payload, "=")] = '\0';
	FC_AUTO_FREE char *token = fc_xasprintf("eyJh.%s.c2ln", payload);
	free(payload);
	return fc_token_expires_ms(token);
}

/* RFC 7519 section 4.1.4; any length, since the padding is left out. */
static void test_token_says_when_it_expires(void **state FC_UNUSED)
{
	assert_int_equal(expires_of_claims("{\"exp\":1769860800}"), 1769860800000);
	assert_int_equal(expires_of_claims("{\"exp\":1769860800,\"a\":1}"), 1769860800000);
	assert_int_equal(expires_of_claims("{\"exp\":1769860800,\"ab\":1}"), 1769860800000);
	assert_int_equal(expires_of_claims("{\"exp\":1769860800.75,\"a\":\"\xc3\xbf\xc3\xbf>>>???\"}"), 1769860800000);
}

/* Any failure is "nobody knows". */
static void test_token_that_says_nothing_has_no_end(void **state FC_UNUSED)
{
	static const char *const tokens[] = { "", "abc", "a.b", "a.b.c", "a.b.c.d", "a..c", "..", "a.!!!.c" };

	for (size_t i = 0; i < FC_ARRAY_LEN(tokens); i++)
		assert_int_equal(fc_token_expires_ms(tokens[i]), 0);
	assert_int_equal(expires_of_claims("{}"), 0);
	assert_int_equal(expires_of_claims("[1769860800]"), 0);
	assert_int_equal(expires_of_claims("{\"exp\":\"1769860800\"}"), 0);
	assert_int_equal(expires_of_claims("{\"exp\":-5}"), 0);
	assert_int_equal(expires_of_claims("{\"exp\":1e300}"), 0);
	assert_int_equal(expires_of_claims("{\"exp\":99999999999999999999}"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_token_of_a_file_is_trimmed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_token_that_is_empty_or_would_break_the_header_is_refused_unquoted,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_token_file_that_is_missing_or_huge_is_named, setup, teardown),
		cmocka_unit_test(test_token_says_when_it_expires),
		cmocka_unit_test(test_token_that_says_nothing_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
