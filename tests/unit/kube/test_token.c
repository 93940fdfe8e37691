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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_token_of_a_file_is_trimmed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_token_that_is_empty_or_would_break_the_header_is_refused_unquoted,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_token_file_that_is_missing_or_huge_is_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
