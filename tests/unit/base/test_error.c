/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static void test_error_every_class_has_a_name_of_its_own(void **state FC_UNUSED)
{
	for (int i = 0; i < FC_ERR_CLASSES; i++) {
		const char *name = fc_error_class_name((enum fc_error_class)i);
		assert_non_null(name);
		assert_true(*name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		assert_string_not_equal(name, "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, fc_error_class_name((enum fc_error_class)j));
	}
}

static void test_error_class_outside_the_table_is_unknown(void **state FC_UNUSED)
{
	assert_string_equal(fc_error_class_name(FC_ERR_CLASSES), "unknown");
	assert_string_equal(fc_error_class_name((enum fc_error_class) - 1), "unknown");
}

static void test_error_set_fills_all_fields(void **state FC_UNUSED)
{
	struct fc_error err;

	memset(&err, 0xEE, sizeof(err));
	assert_int_equal(fc_error_set(&err, FC_ERR_GONE, "version %d", 7), -1);
	assert_int_equal(err.cls, FC_ERR_GONE);
	assert_int_equal(err.http_status, 0);
	assert_int_equal(err.sys_errno, 0);
	assert_int_equal(err.retry_after_ms, -1);
	assert_false(err.outcome_unknown);
	assert_string_equal(err.text, "version 7");
}

static void test_error_set_errno_adds_the_words_of_the_system(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_error_set_errno(&err, FC_ERR_CONFIG, ENOENT, "cannot open %s", "x"), -1);
	assert_int_equal(err.sys_errno, ENOENT);
	assert_string_equal(err.text, "cannot open x: No such file or directory");
}

static void test_error_wrap_puts_context_in_front_and_keeps_the_rest(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	fc_error_set(&err, FC_ERR_THROTTLED, "too many requests");
	err.http_status = 429;
	err.retry_after_ms = 1500;
	err.outcome_unknown = true;
	assert_int_equal(fc_error_wrap(&err, "list %s", "secrets"), -1);
	assert_int_equal(fc_error_wrap(&err, "cluster %s", "edge-1"), -1);
	assert_string_equal(err.text, "cluster edge-1: list secrets: too many requests");
	assert_int_equal(err.cls, FC_ERR_THROTTLED);
	assert_int_equal(err.http_status, 429);
	assert_int_equal(err.retry_after_ms, 1500);
	assert_true(err.outcome_unknown);
}

static void test_error_may_be_null(void **state FC_UNUSED)
{
	assert_int_equal(fc_error_set(NULL, FC_ERR_GONE, "x"), -1);
	assert_int_equal(fc_error_set_errno(NULL, FC_ERR_GONE, EIO, "x"), -1);
	assert_int_equal(fc_error_wrap(NULL, "x"), -1);
}

static void test_error_set_from_its_own_text(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	fc_error_set(&err, FC_ERR_SERVER, "inner");
	fc_error_set(&err, FC_ERR_TIMEOUT, "outer (%s)", err.text);
	assert_string_equal(err.text, "outer (inner)");
	fc_error_wrap(&err, "again %s", err.text);
	assert_string_equal(err.text, "again outer (inner): outer (inner)");
}

static void test_error_text_is_one_line(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	fc_error_set(&err, FC_ERR_TLS, "a\nb\x1B[31m\tc\r\n\n");
	assert_string_equal(err.text, "a b [31m c");
}

static void test_error_long_text_is_cut_before_a_character(void **state FC_UNUSED)
{
	const size_t room = sizeof(((struct fc_error *)0)->text) - 1;
	struct fc_error err = FC_ERROR_INIT;
	char text[2048];

	for (size_t lead = 0; lead < 4; lead++) {
		memset(text, 'x', room);
		strcpy(text + room - lead, "\xF0\x9F\x98\x80 and more");
		fc_error_set(&err, FC_ERR_SERVER, "%s", text);
		assert_int_equal(strlen(err.text), room - lead);
	}
	/* The whole character fits. */
	strcpy(text + room - 4, "\xF0\x9F\x98\x80 and more");
	fc_error_set(&err, FC_ERR_SERVER, "%s", text);
	assert_int_equal(strlen(err.text), room);
}

static void test_error_wrap_of_a_full_text_keeps_the_context(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	char text[1024];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	fc_error_set(&err, FC_ERR_SERVER, "%s", text);
	fc_error_wrap(&err, "context");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_memory_equal(err.text, "context: xxx", 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error_every_class_has_a_name_of_its_own),
		cmocka_unit_test(test_error_class_outside_the_table_is_unknown),
		cmocka_unit_test(test_error_set_fills_all_fields),
		cmocka_unit_test(test_error_set_errno_adds_the_words_of_the_system),
		cmocka_unit_test(test_error_wrap_puts_context_in_front_and_keeps_the_rest),
		cmocka_unit_test(test_error_may_be_null),
		cmocka_unit_test(test_error_set_from_its_own_text),
		cmocka_unit_test(test_error_text_is_one_line),
		cmocka_unit_test(test_error_long_text_is_cut_before_a_character),
		cmocka_unit_test(test_error_wrap_of_a_full_text_keeps_the_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
