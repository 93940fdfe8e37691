/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_version_begins_with_the_program_and_names_each_library(void **state)
{
	static const char *const libraries[] = { "\nlibcurl 7.", "\nnghttp2 1.",       "\nopenssl 3.", "\njansson 2.",
						 "\nlibyaml 0.", "\nlibmicrohttpd 0.", "\npcre2 10." };
	struct fc_buf text = FC_BUF_INIT;

	(void)state;
	fc_version_text(&text);
	assert_int_equal(strncmp(text.data, "fedcopy " FC_VERSION "\n", strlen("fedcopy " FC_VERSION "\n")), 0);
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		if (!strstr(text.data, libraries[i]))
			fail_msg("no \"%s\" in:\n%s", libraries[i] + 1, text.data);
	}
	assert_int_equal(text.data[text.len - 1], '\n');
	fc_buf_fini(&text);
}

static void test_version_is_three_numbers(void **state)
{
	(void)state;
	assert_int_equal(strspn(fc_version(), "0123456789."), strlen(fc_version()));
	assert_string_equal(fc_version(), FC_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_begins_with_the_program_and_names_each_library),
		cmocka_unit_test(test_version_is_three_numbers),
	};

	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
