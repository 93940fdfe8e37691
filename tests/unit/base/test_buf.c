/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_buf_empty_is_an_empty_string(void **state FC_UNUSED)
{
	struct fc_buf b = FC_BUF_INIT;

	assert_string_equal(fc_buf_str(&b), "");
	char *stolen = fc_buf_steal(&b);
	assert_string_equal(stolen, "");
	free(stolen);
	fc_buf_fini(&b);
}

static void test_buf_appends_in_every_way(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;

	assert_int_equal(fc_buf_append(&b, "a\0b", 3), 0);
	assert_int_equal(fc_buf_puts(&b, "cd"), 0);
	assert_int_equal(fc_buf_putc(&b, 'e'), 0);
	assert_int_equal(fc_buf_printf(&b, "%d", 42), 0);
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.data, "a\0bcde42", 9);
	assert_int_equal(fc_buf_append(&b, NULL, 0), 0);
	assert_int_equal(b.len, 8);
}

static void test_buf_grows_to_any_size(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;

	for (int i = 0; i < 100000; i++)
		assert_int_equal(fc_buf_putc(&b, (char)('a' + i % 26)), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	assert_int_equal(b.data[100000], 0);
}

static void test_buf_prints_long_and_short(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;
	char text[1000];

	memset(text, 'y', sizeof(text));
	for (size_t len = 250; len < 260; len++) {
		fc_buf_clear(&b);
		assert_int_equal(fc_buf_printf(&b, "<%.*s>", (int)len, text), 0);
		assert_int_equal(b.len, len + 2);
		assert_int_equal(strlen(b.data), len + 2);
		assert_int_equal(b.data[len + 1], '>');
	}
}

static void test_buf_limit_is_reached_exactly(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = { .limit = 5 };

	assert_int_equal(fc_buf_puts(&b, "abc"), 0);
	assert_int_equal(fc_buf_puts(&b, "de"), 0);
	assert_false(b.failed);
	assert_int_equal(fc_buf_putc(&b, 'f'), -1);
	assert_true(b.failed);
	assert_string_equal(fc_buf_str(&b), "abcde");
}

static void test_buf_failed_takes_nothing_more_until_cleared(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = { .limit = 5 };

	assert_int_equal(fc_buf_printf(&b, "%s", "abcdef"), -1);
	assert_int_equal(fc_buf_puts(&b, "a"), -1);
	assert_string_equal(fc_buf_str(&b), "");
	fc_buf_clear(&b);
	assert_false(b.failed);
	assert_int_equal(fc_buf_puts(&b, "a"), 0);
}

static void test_buf_without_memory_keeps_what_was_there(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;
	char text[1000] = { 0 };

	fc_buf_puts(&b, "kept");
	fc_mem_fail_nth(1);
	assert_int_equal(fc_buf_append(&b, text, sizeof(text)), -1);
	fc_mem_fail_nth(0);
	assert_true(b.failed);
	assert_string_equal(fc_buf_str(&b), "kept");
}

static void test_buf_refuses_sizes_that_overflow(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;

	fc_buf_puts(&b, "a");
	assert_int_equal(fc_buf_append(&b, "b", SIZE_MAX), -1);
	fc_buf_clear(&b);
	assert_int_equal(fc_buf_append(&b, "b", SIZE_MAX - 1), -1);
}

static void test_buf_steal_empties_and_keeps_the_limit(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = { .limit = 3 };

	fc_buf_puts(&b, "abc");
	FC_AUTO_FREE char *stolen = fc_buf_steal(&b);
	assert_string_equal(stolen, "abc");
	assert_int_equal(b.len, 0);
	assert_int_equal(fc_buf_puts(&b, "abcd"), -1);
}

static void test_buf_clear_keeps_the_memory(void **state FC_UNUSED)
{
	FC_AUTO_BUF struct fc_buf b = FC_BUF_INIT;

	fc_buf_puts(&b, "abc");
	const char *data = b.data;
	fc_buf_clear(&b);
	assert_string_equal(fc_buf_str(&b), "");
	fc_buf_puts(&b, "d");
	assert_ptr_equal(b.data, data);
	assert_string_equal(fc_buf_str(&b), "d");
}

static void test_buf_secret_is_released(void **state FC_UNUSED)
{
	struct fc_buf b = FC_BUF_INIT;

	fc_buf_puts(&b, "token");
	fc_buf_fini_secret(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	fc_buf_fini_secret(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_empty_is_an_empty_string),
		cmocka_unit_test(test_buf_appends_in_every_way),
		cmocka_unit_test(test_buf_grows_to_any_size),
		cmocka_unit_test(test_buf_prints_long_and_short),
		cmocka_unit_test(test_buf_limit_is_reached_exactly),
		cmocka_unit_test(test_buf_failed_takes_nothing_more_until_cleared),
		cmocka_unit_test(test_buf_without_memory_keeps_what_was_there),
		cmocka_unit_test(test_buf_refuses_sizes_that_overflow),
		cmocka_unit_test(test_buf_steal_empties_and_keeps_the_limit),
		cmocka_unit_test(test_buf_clear_keeps_the_memory),
		cmocka_unit_test(test_buf_secret_is_released),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
