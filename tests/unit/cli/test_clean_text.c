/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/clean_text.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_clean(const char *text, const char *wanted)
{
	FC_AUTO_BUF struct fc_buf out = FC_BUF_INIT;

	fc_clean_text(&out, text);
	assert_string_equal(fc_buf_str(&out), wanted);
}

static void test_clean_text_stays_as_it_is(void **state FC_UNUSED)
{
	assert_clean("", "");
	assert_clean("plain \"text\" \\ {}", "plain \"text\" \\ {}");
	assert_clean("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC", "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC");
}

static void test_what_could_drive_a_terminal_is_escaped(void **state FC_UNUSED)
{
	assert_clean("a\x1b[2Jb\n\x7f", "a\\u001b[2Jb\\u000a\\u007f");
	assert_clean("\xC2\x9B"
		     "31m\xC2\xA0",
		     "\\u009b31m\xC2\xA0");
	assert_clean("\xC2", "\xC2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_text_stays_as_it_is),
		cmocka_unit_test(test_what_could_drive_a_terminal_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
