/* SPDX-License-Identifier: Apache-2.0 */
/* Each way in which what a path leads to may change. */
#include "base/file_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAIT_MS 20000
#define SETTLE_MS 20
/* Longer than it takes to settle by far: for what must not be told. */
#define QUIET_MS 150

/* Set: the kernel's limit of watches is reached. In place of libc's function, which has no way to make it so. */
static _Thread_local bool watches_used_up;

int inotify_add_watch(int fd, const char *path, uint32_t events)
{
	if (watches_used_up) {
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_inotify_add_watch, fd, path, events);
}

struct fixture {
	char folder[64], old_folder[4096];
	struct fc_loop *loop;
	struct fc_file_watch *watch;
	int calls;
};

static void count(void *user)
{
	((struct fixture *)user)->calls++;
}

static void watch_new(struct fixture *f, int64_t settle_ms, int64_t longest_ms, int64_t poll_ms)
{
	f->watch = fc_file_watch_new(&(struct fc_file_watch_options){
		.loop = f->loop,
		.on_change = count,
		.user = f,
		.settle_ms = settle_ms,
		.longest_ms = longest_ms,
		.poll_ms = poll_ms,
	});
}

/* The working folder is one of its own. Looking now and then is so rare that no test meets it unless it asks for it. */
static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	snprintf(f->folder, sizeof(f->folder), "/tmp/fedcopy-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_non_null(getcwd(f->old_folder, sizeof(f->old_folder)));
	assert_int_equal(chdir(f->folder), 0);
	f->loop = fc_loop_new(NULL, NULL, NULL);
	assert_non_null(f->loop);
	watch_new(f, SETTLE_MS, 0, 10 * WAIT_MS);
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st FC_UNUSED, int type FC_UNUSED, struct FTW *ftw FC_UNUSED)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	watches_used_up = false;
	fc_file_watch_free(f->watch);
	fc_loop_free(f->loop);
	assert_int_equal(chdir(f->old_folder), 0);
	nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* --- what a test does to files --- */

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void folder(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static void name_anew(const char *from, const char *to)
{
	assert_int_equal(rename(from, to), 0);
}

static void point(const char *link, const char *target)
{
	unlink(link);
	assert_int_equal(symlink(target, link), 0);
}

/* As kubelet does it: no moment without the link. */
static void swap(const char *link, const char *target)
{
	point("swapped", target);
	name_anew("swapped", link);
}

/* --- what it waits for --- */

static void expect_calls(struct fixture *f, int calls)
{
	int64_t give_up_ms = fc_clock_mono_ms() + WAIT_MS;

	while (f->calls < calls) {
		if (fc_clock_mono_ms() > give_up_ms)
			fail_msg("no change was told; %d were, %d are wanted", f->calls, calls);
		fc_loop_run_once(f->loop, 10);
	}
	assert_int_equal(f->calls, calls);
}

/* One more call for what was done since the last. */
static void expect_change(struct fixture *f)
{
	expect_calls(f, f->calls + 1);
}

static void expect_none(struct fixture *f)
{
	int64_t until_ms = fc_clock_mono_ms() + QUIET_MS;
	int calls = f->calls;

	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(f->loop, 10);
	assert_int_equal(f->calls, calls);
}

/* Watches one path, and is over its being new. */
static void watch_one(struct fixture *f, const char *path)
{
	fc_file_watch_set(f->watch, &path, 1);
	expect_change(f);
	expect_none(f);
}

/* --- the tests --- */

static void test_file_watch_path_that_is_new_counts_as_changed_and_a_known_one_does_not(void **state)
{
	struct fixture *f = *state;
	const char *both[] = { "a", "b" };

	put("a", "1");
	watch_one(f, "a");
	fc_file_watch_set(f->watch, both, 1);
	expect_none(f);
	fc_file_watch_set(f->watch, both, 2);
	expect_change(f);
	expect_none(f);
}

static void test_file_watch_tells_of_a_write_in_place(void **state)
{
	struct fixture *f = *state;

	put("a", "1");
	watch_one(f, "a");
	put("a", "2");
	expect_change(f);
	put("a", "2");
	expect_change(f);
	expect_none(f);
}

static void test_file_watch_tells_of_a_file_renamed_over_it(void **state)
{
	struct fixture *f = *state;

	put("a", "1");
	watch_one(f, "a");
	for (int i = 0; i < 3; i++) {
		put("a.new", "2");
		name_anew("a.new", "a");
		expect_change(f);
	}
	/* The one that is there now is watched, not the one that was. */
	put("a", "3");
	expect_change(f);
}

static void test_file_watch_tells_of_deletion_and_of_recreation(void **state)
{
	struct fixture *f = *state;

	put("a", "1");
	watch_one(f, "a");
	assert_int_equal(unlink("a"), 0);
	expect_change(f);
	put("a", "1");
	expect_change(f);
	put("a", "2");
	expect_change(f);
}

static void test_file_watch_tells_when_a_missing_folder_and_file_appear(void **state)
{
	struct fixture *f = *state;

	watch_one(f, "x/y/a");
	folder("x");
	expect_none(f);
	folder("x/y");
	expect_none(f);
	put("x/y/a", "1");
	expect_change(f);
	/* All at once, from elsewhere. */
	name_anew("x", "z");
	expect_change(f);
	name_anew("z", "x");
	expect_change(f);
	put("x/y/a", "2");
	expect_change(f);
}

static void test_file_watch_follows_the_links_of_a_mounted_secret(void **state)
{
	struct fixture *f = *state;

	folder("mount");
	folder("mount/..2026_01");
	put("mount/..2026_01/a", "1");
	point("mount/..data", "..2026_01");
	point("mount/a", "..data/a");
	watch_one(f, "mount/a");
	for (int i = 2; i < 5; i++) {
		FC_AUTO_FREE char *stamp = fc_xasprintf("..2026_%02d", i), *old = fc_xasprintf("..2026_%02d", i - 1);
		FC_AUTO_FREE char *path = fc_xasprintf("mount/%s", stamp), *file = fc_xasprintf("%s/a", path);
		FC_AUTO_FREE char *old_path = fc_xasprintf("mount/%s", old), *old_file = fc_xasprintf("%s/a", old_path);

		folder(path);
		put(file, "another");
		swap("mount/..data", stamp);
		assert_int_equal(unlink(old_file), 0);
		assert_int_equal(rmdir(old_path), 0);
		expect_change(f);
		expect_none(f);
	}
}

static void test_file_watch_follows_links_at_every_level(void **state)
{
	struct fixture *f = *state;
	FC_AUTO_FREE char *absolute = fc_xasprintf("%s/two", f->folder);

	folder("one");
	folder("two");
	put("one/a", "1");
	put("two/a", "2");
	folder("links");
	point("links/here", "../one");
	point("b", "./links/../links/here/a");
	watch_one(f, "b");
	put("one/a", "3");
	expect_change(f);
	swap("links/here", absolute);
	expect_change(f);
	put("one/a", "4");
	expect_none(f);
	put("two/a", "5");
	expect_change(f);
	swap("b", "nowhere");
	expect_change(f);
	put("nowhere", "6");
	expect_change(f);
}

static void test_file_watch_tells_when_the_folder_is_another_one(void **state)
{
	struct fixture *f = *state;

	folder("etc");
	put("etc/a", "1");
	folder("etc.new");
	put("etc.new/a", "2");
	watch_one(f, "etc/a");
	name_anew("etc", "etc.old");
	name_anew("etc.new", "etc");
	expect_change(f);
	put("etc.old/a", "3");
	expect_none(f);
	put("etc/a", "4");
	expect_change(f);
}

static void test_file_watch_is_not_concerned_with_its_neighbours(void **state)
{
	struct fixture *f = *state;

	put("a", "1");
	watch_one(f, "a");
	put("b", "1");
	folder("c");
	name_anew("b", "c/b");
	expect_none(f);
}

static void test_file_watch_forgets_a_path_that_is_not_wanted_any_more(void **state)
{
	struct fixture *f = *state;
	const char *both[] = { "a", "b" };

	put("a", "1");
	put("b", "1");
	fc_file_watch_set(f->watch, both, 2);
	expect_change(f);
	fc_file_watch_set(f->watch, both, 1);
	put("b", "2");
	expect_none(f);
	fc_file_watch_set(f->watch, NULL, 0);
	put("a", "2");
	expect_none(f);
}

static void test_file_watch_ends_at_links_that_go_in_a_circle(void **state)
{
	struct fixture *f = *state;

	point("a", "b");
	point("b", "a");
	watch_one(f, "a/c");
	unlink("b");
	folder("b");
	put("b/c", "1");
	expect_change(f);
}

static void test_file_watch_waits_until_changes_settle(void **state)
{
	struct fixture *f = *state;

	/* Long enough that no busy machine comes between two writes, shorter than what is quiet. */
	fc_file_watch_free(f->watch);
	watch_new(f, 5 * SETTLE_MS, 0, 10 * WAIT_MS);
	put("a", "1");
	watch_one(f, "a");
	for (int i = 0; i < 5; i++) {
		put("a", "2");
		fc_loop_run_once(f->loop, 0);
	}
	expect_change(f);
	expect_none(f);
}

/* A writer that never rests does not put it off for ever. */
static void test_file_watch_does_not_wait_for_ever_until_changes_settle(void **state)
{
	struct fixture *f = *state;

	fc_file_watch_free(f->watch);
	watch_new(f, 10 * WAIT_MS, 300, 10 * WAIT_MS);
	put("a", "1");
	const char *path = "a";
	fc_file_watch_set(f->watch, &path, 1);
	expect_change(f);
	int64_t began_ms = fc_clock_mono_ms(), calls = f->calls;
	while (f->calls == calls) {
		put("a", "2");
		fc_loop_run_once(f->loop, 1);
		assert_true(fc_clock_mono_ms() - began_ms < WAIT_MS);
	}
}

/* --- limits --- */

static void test_file_watch_without_an_inotify_instance_looks_at_the_files_and_says_why(void **state)
{
	struct fixture *f = *state;
	struct rlimit limit, none;
	const char *path = "a";

	fc_file_watch_free(f->watch);
	watch_new(f, SETTLE_MS, 0, 50);
	put("a", "1");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	fc_file_watch_set(f->watch, &path, 1);
	expect_change(f);
	assert_non_null(strstr(fc_file_watch_problem(f->watch), "fs.inotify.max_user_instances"));
	assert_int_equal(truncate("a", 100), 0);
	expect_change(f);
	expect_none(f);

	/* There is one again. */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(truncate("a", 200), 0);
	expect_change(f);
	assert_null(fc_file_watch_problem(f->watch));
}

static void test_file_watch_without_inotify_watches_looks_at_the_files_and_says_why(void **state)
{
	struct fixture *f = *state;

	fc_file_watch_free(f->watch);
	watch_new(f, SETTLE_MS, 0, 50);
	put("a", "1");
	watches_used_up = true;
	watch_one(f, "a");
	assert_non_null(strstr(fc_file_watch_problem(f->watch), "fs.inotify.max_user_watches"));
	put("a.new", "2");
	name_anew("a.new", "a");
	expect_change(f);
	watches_used_up = false;
	put("a", "333");
	expect_change(f);
	assert_null(fc_file_watch_problem(f->watch));
}

/* What inotify does not see, such as a write of another host: looked for a little less often. */
static void test_file_watch_looks_at_the_files_now_and_then_whatever_the_kernel_tells(void **state)
{
	struct fixture *f = *state;
	const char *path = "a";

	fc_file_watch_free(f->watch);
	watch_new(f, SETTLE_MS, 0, 20);
	put("a", "1");
	fc_file_watch_set(f->watch, &path, 1);
	expect_change(f);
	/* The descriptor is deaf from now on. */
	for (int fd = 3; fd < 64; fd++) {
		char link[64], target[64] = "";

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		if (readlink(link, target, sizeof(target) - 1) > 0 && strstr(target, "inotify"))
			fc_loop_remove_fd(f->loop, fd);
	}
	put("a", "22");
	expect_change(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_file_watch_path_that_is_new_counts_as_changed_and_a_known_one_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_tells_of_a_write_in_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_tells_of_a_file_renamed_over_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_tells_of_deletion_and_of_recreation, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_tells_when_a_missing_folder_and_file_appear, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_follows_the_links_of_a_mounted_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_follows_links_at_every_level, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_tells_when_the_folder_is_another_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_is_not_concerned_with_its_neighbours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_forgets_a_path_that_is_not_wanted_any_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_ends_at_links_that_go_in_a_circle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_waits_until_changes_settle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_does_not_wait_for_ever_until_changes_settle, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_file_watch_without_an_inotify_instance_looks_at_the_files_and_says_why, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_watch_without_inotify_watches_looks_at_the_files_and_says_why,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_file_watch_looks_at_the_files_now_and_then_whatever_the_kernel_tells, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
