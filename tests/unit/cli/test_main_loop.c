/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/main_loop.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct fc_main_loop *new_loop(void)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_main_loop *m = fc_main_loop_new(&err);

	if (!m)
		fail_msg("%s", err.text);
	return m;
}

static void end_it(void *user)
{
	*(int *)user += 1;
	kill(getpid(), SIGTERM);
}

static void test_main_loop_calls_for_a_hangup_and_ends_with_a_signal(void **state FC_UNUSED)
{
	struct fc_main_loop *m = new_loop();
	int calls = 0;

	/* The mask stays as it is after a run, which is the last thing in a process. */
	kill(getpid(), SIGHUP);
	fc_main_loop_on_hangup(m, end_it, &calls);
	assert_int_equal(fc_main_loop_run(m), SIGTERM);
	assert_int_equal(calls, 1);
	fc_main_loop_free(m);
}

static void test_main_loop_a_hangup_that_nobody_waits_for_does_no_harm(void **state FC_UNUSED)
{
	struct fc_main_loop *m = new_loop();

	kill(getpid(), SIGHUP);
	fc_loop_run_once(fc_main_loop_loop(m), 0);
	kill(getpid(), SIGINT);
	assert_int_equal(fc_main_loop_run(m), SIGINT);
	fc_main_loop_free(m);
}

static void test_main_loop_second_signal_ends_the_process_at_once(void **state FC_UNUSED)
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		struct fc_main_loop *m = fc_main_loop_new(NULL);

		kill(getpid(), SIGTERM);
		fc_main_loop_run(m);
		kill(getpid(), SIGTERM);
		_exit(17);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_main_loop_calls_for_a_hangup_and_ends_with_a_signal),
		cmocka_unit_test(test_main_loop_a_hangup_that_nobody_waits_for_does_no_harm),
		cmocka_unit_test(test_main_loop_second_signal_ends_the_process_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
