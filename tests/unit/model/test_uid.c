/* SPDX-License-Identifier: Apache-2.0 */
#include "model/uid.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_uid_gives_back_the_text_of_a_uuid(void **state FC_UNUSED)
{
	static const char *const texts[] = { "01234567-89ab-cdef-0123-456789abcdef",
					     "00000000-0000-0000-0000-000000000000",
					     "ffffffff-ffff-ffff-ffff-ffffffffffff" };
	char out[FC_UID_TEXT_BYTES];

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct fc_uid u = fc_uid_of(texts[i]);

		assert_true(fc_uid_text(&u, out));
		assert_string_equal(out, texts[i]);
	}
}

static void test_uid_that_is_no_uuid_can_be_compared_and_not_written(void **state FC_UNUSED)
{
	static const char *const texts[] = { "",
					     "u-1",
					     "01234567-89AB-cdef-0123-456789abcdef",
					     "01234567089ab-cdef-0123-456789abcdef",
					     "01234567-89ab-cdef-0123-456789abcde-",
					     "01234567-89ab-cdef-0123-456789abcdeg",
					     "01234567-89ab-cdef-0123-456789abcdef0" };
	char out[FC_UID_TEXT_BYTES];

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct fc_uid u = fc_uid_of(texts[i]);

		assert_false(fc_uid_text(&u, out));
		for (size_t k = 0; k < FC_ARRAY_LEN(texts); k++) {
			struct fc_uid other = fc_uid_of(texts[k]);

			assert_int_equal(fc_uid_equal(&u, &other), i == k);
		}
	}
}

static void test_uids_are_equal_when_their_texts_are(void **state FC_UNUSED)
{
	struct fc_uid a = fc_uid_of("01234567-89ab-cdef-0123-456789abcdef"), same = a;
	struct fc_uid b = fc_uid_of("01234567-89ab-cdef-0123-456789abcdee");

	assert_true(fc_uid_equal(&a, &same));
	assert_false(fc_uid_equal(&a, &b));
	/* The same bytes, which stand for something else. */
	same.is_uuid = false;
	assert_false(fc_uid_equal(&a, &same));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uid_gives_back_the_text_of_a_uuid),
		cmocka_unit_test(test_uid_that_is_no_uuid_can_be_compared_and_not_written),
		cmocka_unit_test(test_uids_are_equal_when_their_texts_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
