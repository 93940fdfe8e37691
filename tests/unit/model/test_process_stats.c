/* SPDX-License-Identifier: Apache-2.0 */
#include "model/process_stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static void test_process_stats_are_of_this_process(void **state)
{
	struct fc_process_stats p;

	(void)state;
	fc_process_stats_read(&p);
	assert_true(p.cpu_seconds >= 0 && p.cpu_seconds < 3600);
	assert_true(p.resident_bytes > 64 * 1024);
	assert_true(p.virtual_bytes >= p.resident_bytes);
}

static void test_process_stats_count_each_open_descriptor_once(void **state)
{
	struct fc_process_stats before, after;

	(void)state;
	fc_process_stats_read(&before);
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	fc_process_stats_read(&after);
	close(fd);
	assert_true(before.open_fds >= 0);
	assert_true(after.open_fds == before.open_fds + 1);
}

static void test_process_stats_max_fds_is_the_soft_limit(void **state)
{
	struct fc_process_stats p;
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	fc_process_stats_read(&p);
	assert_true(p.max_fds == (double)limit.rlim_cur);
}

static void test_process_stats_start_lies_shortly_before_now(void **state)
{
	struct fc_process_stats p;
	double now = (double)time(NULL);

	(void)state;
	fc_process_stats_read(&p);
	/* The kernel rounds the time of boot to seconds, and the clock may have been set since. */
	assert_true(p.start_time_seconds < now + 60);
	assert_true(p.start_time_seconds > now - 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_stats_are_of_this_process),
		cmocka_unit_test(test_process_stats_count_each_open_descriptor_once),
		cmocka_unit_test(test_process_stats_max_fds_is_the_soft_limit),
		cmocka_unit_test(test_process_stats_start_lies_shortly_before_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
