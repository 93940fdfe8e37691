/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/heap.h"

#include "base/file.h"
#include "base/mem.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OURS "glibc.malloc.tcache_max=128"

static void assert_tuned(const char *value, const char *expected)
{
	FC_AUTO_FREE char *tuned = fc_heap_tuned(value);

	if (!expected)
		assert_null(tuned);
	else
		assert_string_equal(tuned, expected);
}

static void assert_untuned(const char *value, const char *expected)
{
	FC_AUTO_FREE char *untuned = fc_heap_untuned(value);

	if (!expected)
		assert_null(untuned);
	else
		assert_string_equal(untuned, expected);
}

static void test_heap_setting_is_added_to_those_of_the_operator_and_taken_off_again(void **state FC_UNUSED)
{
	assert_tuned(NULL, OURS);
	assert_tuned("", OURS);
	assert_tuned("glibc.malloc.check=3", "glibc.malloc.check=3:" OURS);
	assert_untuned("glibc.malloc.check=3:" OURS, "glibc.malloc.check=3");
	assert_untuned(OURS, NULL);
}

static void test_heap_setting_of_the_operator_himself_is_left_alone(void **state FC_UNUSED)
{
	assert_tuned("glibc.malloc.tcache_count=3", NULL);
	assert_tuned(OURS, NULL);
	assert_tuned("glibc.malloc.check=3:glibc.malloc.tcache_max=64", NULL);
	assert_untuned("glibc.malloc.tcache_count=3", "glibc.malloc.tcache_count=3");
	assert_untuned("x" OURS, "x" OURS);
	assert_untuned(NULL, NULL);
}

/* What the child of this test does: exit status 0, when it was started with the setting and its children will not be.
 */
static int child(char **argv)
{
	const char *now;
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *environment = NULL;
	size_t bytes;

	fc_heap_start(argv);
	now = getenv("GLIBC_TUNABLES");
	if (fc_file_read("/proc/self/environ", 65536, &environment, &bytes, &err) < 0)
		return 2;
	if (!memmem(environment, bytes, OURS, strlen(OURS) + 1))
		return 3;
	return strcmp(now ?: "", argv[2]) == 0 ? 0 : 4;
}

/* What the child of the other test does: it has tried already, and its setting was taken away. */
static int stripped_child(char **argv)
{
	FC_AUTO_FREE char *pid = fc_xasprintf("%ld", (long)getpid());

	if (!getenv("STARTED_ONCE")) {
		setenv("STARTED_ONCE", "1", 1);
		setenv("FEDCOPY_HEAP_TRIED", pid, 1);
		fc_heap_start(argv);
		return getenv("FEDCOPY_HEAP_TRIED") || getenv("GLIBC_TUNABLES") ? 5 : 0;
	}
	return 6;
}

static int status_of_child(const char *what, const char *setting)
{
	FC_AUTO_FREE char *own = fc_xstrdup(setting);
	FC_AUTO_FREE char *command = fc_xstrdup(what);
	char name[] = "test_heap";
	char *argv[] = { name, command, own, NULL };
	FC_AUTO_FREE char *entry = fc_xasprintf("GLIBC_TUNABLES=%s", setting);
	char *environment[] = { setting[0] ? entry : NULL, NULL };
	int status;
	pid_t pid;

	assert_int_equal(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environment), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_heap_process_becomes_itself_again_with_the_setting_and_hands_it_to_nobody(void **state FC_UNUSED)
{
	assert_int_equal(status_of_child("child", ""), 0);
	assert_int_equal(status_of_child("child", "glibc.malloc.check=3"), 0);
}

static void test_heap_process_whose_setting_is_taken_away_at_each_start_goes_on_without_it(void **state FC_UNUSED)
{
	assert_int_equal(status_of_child("stripped", ""), 0);
}

static void test_heap_process_that_was_started_by_way_of_the_loader_goes_on_as_it_is(void **state FC_UNUSED)
{
	const void *base = (const void *)(uintptr_t)getauxval(AT_BASE);
	char self[4096] = "", command[] = "loaded";
	Dl_info loader;
	int status;
	pid_t pid;

	assert_true(dladdr(base, &loader));
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	FC_AUTO_FREE char *path = fc_xstrdup(loader.dli_fname);
	char *argv[] = { path, self, command, NULL };
	assert_int_equal(posix_spawn(&pid, path, NULL, NULL, argv, (char *[]){ NULL }), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap_setting_is_added_to_those_of_the_operator_and_taken_off_again),
		cmocka_unit_test(test_heap_setting_of_the_operator_himself_is_left_alone),
		cmocka_unit_test(test_heap_process_becomes_itself_again_with_the_setting_and_hands_it_to_nobody),
		cmocka_unit_test(test_heap_process_whose_setting_is_taken_away_at_each_start_goes_on_without_it),
		cmocka_unit_test(test_heap_process_that_was_started_by_way_of_the_loader_goes_on_as_it_is),
	};

	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return child(argv);
	if (argc > 1 && strcmp(argv[1], "stripped") == 0)
		return stripped_child(argv);
	if (argc > 1 && strcmp(argv[1], "loaded") == 0) {
		fc_heap_start(argv);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
