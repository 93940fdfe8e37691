/* SPDX-License-Identifier: Apache-2.0 */
#include "model/fresh_secret.h"

#include "base/encode.h"
#include "base/mem.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_fresh(const json_t *value)
{
	FC_AUTO_FREE char *bytes = NULL;
	struct fc_error error = FC_ERROR_INIT;
	size_t len;

	assert_int_equal(fc_base64_decode(json_string_value(value), &bytes, &len, &error), 0);
	assert_int_equal(len, FC_FRESH_SECRET_LETTERS);
	for (size_t i = 0; i < len; i++)
		assert_true(isalnum((unsigned char)bytes[i]));
}

static void test_fresh_secret_takes_the_place_of_each_mark_and_of_nothing_else(void **state FC_UNUSED)
{
	json_t *patch = json_pack("[{s:s, s:{s:s, s:s}}, {s:s}]", "path", "/data", "value", "password",
				  FC_FRESH_SECRET_MARK, "username", "x", "value", FC_FRESH_SECRET_MARK);
	json_t *first = json_array_get(patch, 0), *second = json_array_get(patch, 1);
	struct fc_error error = FC_ERROR_INIT;

	assert_int_equal(fc_fresh_secrets_make(patch, &error), 0);
	assert_fresh(json_object_get(json_object_get(first, "value"), "password"));
	assert_fresh(json_object_get(second, "value"));
	assert_false(json_equal(json_object_get(second, "value"),
				json_object_get(json_object_get(first, "value"), "password")));
	assert_string_equal(json_string_value(json_object_get(json_object_get(first, "value"), "username")), "x");
	assert_string_equal(json_string_value(json_object_get(first, "path")), "/data");
	assert_int_equal(fc_fresh_secrets_make(NULL, &error), 0);
	json_decref(patch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fresh_secret_takes_the_place_of_each_mark_and_of_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
