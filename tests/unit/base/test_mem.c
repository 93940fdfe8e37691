/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_mem_calloc_gives_zeroes(void **state FC_UNUSED)
{
	FC_AUTO_FREE unsigned char *p = fc_xcalloc(3, 100);

	for (size_t i = 0; i < 300; i++)
		assert_int_equal(p[i], 0);
}

static void test_mem_zero_bytes_are_not_a_failure(void **state FC_UNUSED)
{
	FC_AUTO_FREE void *a = fc_xcalloc(0, 8);
	FC_AUTO_FREE void *b = fc_xrealloc(NULL, 0);
	FC_AUTO_FREE void *c = fc_try_realloc(NULL, 0);

	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(c);
}

static void test_mem_strings_are_copied(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *a = fc_xstrdup("hub");
	FC_AUTO_FREE char *b = fc_xstrndup("edge-1", 4);
	FC_AUTO_FREE char *c = fc_xasprintf("%s/%d", "a", 5);
	FC_AUTO_FREE char *d = fc_xstrdup_null("x");

	assert_string_equal(a, "hub");
	assert_string_equal(b, "edge");
	assert_string_equal(c, "a/5");
	assert_string_equal(d, "x");
	assert_null(fc_xstrdup_null(NULL));
}

static void test_mem_nth_try_fails_once_and_leaves_the_old_memory(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *p = fc_try_realloc(NULL, 4);

	strcpy(p, "abc");
	unsigned failures = fc_try_failures();
	fc_mem_fail_nth(2);
	char *grown = fc_try_realloc(p, 8);
	assert_non_null(grown);
	p = grown;
	assert_int_equal(fc_try_failures(), failures);
	assert_null(fc_try_realloc(p, 16));
	assert_int_equal(fc_try_failures(), failures + 1);
	assert_string_equal(p, "abc");
	grown = fc_try_realloc(p, 16);
	assert_non_null(grown);
	p = grown;
}

static void test_mem_failing_can_be_switched_off(void **state FC_UNUSED)
{
	fc_mem_fail_nth(1);
	fc_mem_fail_nth(0);
	FC_AUTO_FREE char *p = fc_try_realloc(NULL, 4);
	assert_non_null(p);
}

static void test_mem_abort_when_there_is_none(void **state FC_UNUSED)
{
	/* More than an address space, in a variable that no compiler computes with. */
	volatile size_t bytes = SIZE_MAX / 2;
	int status;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		close(STDERR_FILENO);
		free(fc_xrealloc(NULL, bytes));
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_not_equal(status, 0);
}

static void test_mem_secret_may_be_null(void **state FC_UNUSED)
{
	fc_free_secret(NULL, 100);
	fc_free_secret(fc_xstrdup("token"), 5);
}

static void test_mem_steal_leaves_null(void **state FC_UNUSED)
{
	char *p = fc_xstrdup("x");
	FC_AUTO_FREE char *q = fc_steal(&p);

	assert_null(p);
	assert_string_equal(q, "x");
}

static void test_mem_grow_makes_room_for_one_more(void **state FC_UNUSED)
{
	int *numbers = NULL;
	size_t count = 0, cap = 0;

	for (int i = 0; i < 100; i++) {
		FC_GROW(numbers, count, cap);
		assert_true(cap > count);
		numbers[count++] = i;
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mem_calloc_gives_zeroes),
		cmocka_unit_test(test_mem_zero_bytes_are_not_a_failure),
		cmocka_unit_test(test_mem_strings_are_copied),
		cmocka_unit_test(test_mem_nth_try_fails_once_and_leaves_the_old_memory),
		cmocka_unit_test(test_mem_failing_can_be_switched_off),
		cmocka_unit_test(test_mem_abort_when_there_is_none),
		cmocka_unit_test(test_mem_secret_may_be_null),
		cmocka_unit_test(test_mem_steal_leaves_null),
		cmocka_unit_test(test_mem_grow_makes_room_for_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
