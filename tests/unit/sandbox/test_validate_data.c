/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/kinds.h"

static json_t *text_of(size_t bytes)
{
	FC_AUTO_FREE char *text = fc_xcalloc(bytes + 1, 1);

	memset(text, 'x', bytes);
	return json_string(text);
}

static json_t *base64_of(size_t bytes)
{
	FC_AUTO_FREE char *text = fc_xcalloc(bytes + 1, 1), *encoded = fc_base64_encode(text, bytes);

	return json_string(encoded);
}

static void test_base64_counts_as_it_is_decoded(void **state)
{
	(void)state;
	for (size_t n = 0; n < 10; n++) {
		json_t *map = json_pack("{s:o, s:o}", "a", base64_of(n), "b", base64_of(n + 1));

		assert_int_equal(sb_data_bytes(map, true), 2 * n + 1);
		json_decref(map);
	}
	assert_int_equal(sb_data_bytes(NULL, true), 0);
}

/* The field and message of the one cause; "" when there is none. */
static void assert_refused(const struct sb_kind *kind, json_t *object, const char *field)
{
	struct sb_causes causes = SB_CAUSES_INIT;
	const json_t *cause;

	kind->validate(NULL, NULL, object, &causes);
	cause = json_array_get(causes.list, 0);
	assert_int_equal(json_array_size(causes.list), *field ? 1 : 0);
	assert_string_equal(sb_text(cause, "field"), field);
	if (*field)
		assert_string_equal(sb_text(cause, "message"), "Too long: must have at most 1048576 bytes");
	sb_causes_fini(&causes);
	json_decref(object);
}

static void test_a_config_map_holds_one_mebibyte(void **state)
{
	(void)state;
	assert_refused(&sb_kind_config_map, json_pack("{s:{s:o}}", "data", "a", text_of(SB_MAX_DATA_BYTES)), "");
	/* The field's name is the real server's. */
	assert_refused(&sb_kind_config_map, json_pack("{s:{s:o}}", "data", "a", text_of(SB_MAX_DATA_BYTES + 1)), "[]");
	assert_refused(&sb_kind_config_map,
		       json_pack("{s:{s:o}, s:{s:o}}", "data", "a", text_of(SB_MAX_DATA_BYTES - 5), "binaryData", "b",
				 base64_of(6)),
		       "[]");
}

static void test_a_secret_holds_one_mebibyte(void **state)
{
	(void)state;
	assert_refused(&sb_kind_secret, json_pack("{s:{s:o}}", "data", "a", base64_of(SB_MAX_DATA_BYTES)), "");
	assert_refused(&sb_kind_secret, json_pack("{s:{s:o}}", "data", "a", base64_of(SB_MAX_DATA_BYTES + 1)), "data");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_counts_as_it_is_decoded),
		cmocka_unit_test(test_a_config_map_holds_one_mebibyte),
		cmocka_unit_test(test_a_secret_holds_one_mebibyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
