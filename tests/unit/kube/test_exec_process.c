/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_process.h"

#include "base/clock.h"
#include "unit/kube/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct bench {
	struct fixture *files;
	struct fc_loop *loop;
	struct fc_exec_process *process;
	bool done;
	char *output;
	size_t bytes;
	struct fc_error why;
};

static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	b->files = fixture_new();
	b->loop = fc_loop_new(NULL, NULL, NULL);
	assert_non_null(b->loop);
	*state = b;
	return 0;
}

/* Every test leaves no child behind, living or dead. */
static int teardown(void **state)
{
	struct bench *b = *state;

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	fc_loop_free(b->loop);
	fixture_free(b->files);
	free(b->output);
	free(b);
	return 0;
}

static void on_done(void *user, const char *output, size_t bytes, const struct fc_error *why)
{
	struct bench *b = user;

	assert_false(b->done);
	b->done = true;
	b->output = fc_xstrndup(output, bytes);
	b->bytes = bytes;
	b->why = why ? *why : FC_ERROR_INIT;
	b->process = NULL;
}

static const char *script(struct bench *b, const char *body)
{
	FC_AUTO_FREE char *text = fc_xasprintf("#!/bin/sh\n%s\n", body);
	const char *path = fixture_write(b->files, "plug-in", text);

	assert_int_equal(chmod(path, 0755), 0);
	return path;
}

struct how {
	char *const *args, *const *env;
	int64_t deadline_ms;
	size_t max_output_bytes;
};

static char *const nothing[] = { NULL };

static int start(struct bench *b, const char *command, const struct how *how, struct fc_error *err)
{
	const struct fc_exec_process_options options = {
		.loop = b->loop,
		.command = command,
		.args = how->args ? how->args : nothing,
		.env = how->env ? how->env : nothing,
		.deadline_ms = how->deadline_ms ? how->deadline_ms : 60000,
		.max_output_bytes = how->max_output_bytes ? how->max_output_bytes : 1024 * 1024,
		.on_done = on_done,
		.user = b,
	};

	b->process = fc_exec_process_start(&options, err);
	return b->process ? 0 : -1;
}

static void run(struct bench *b, const char *body, const struct how *how)
{
	struct fc_error err = FC_ERROR_INIT;

	if (start(b, script(b, body), how, &err) < 0)
		fail_msg("%s", err.text);
	while (!b->done)
		fc_loop_run_once(b->loop, -1);
}

static void expect_output(struct bench *b, const char *wanted)
{
	assert_string_equal(b->why.text, "");
	assert_string_equal(b->output, wanted);
}

/* kube-client 1.29 */
static void test_exec_process_arguments_arrive_unchanged_without_a_shell(void **state)
{
	char *const args[] = { (char[]){ "a b  c" }, (char[]){ "" }, (char[]){ "$(id)`id`;*'\"" }, NULL };

	run(*state, "printf '%s|' \"$#\" \"$@\"", &(struct how){ .args = args });
	expect_output(*state, "3|a b  c||$(id)`id`;*'\"|");
}

/* 1.29: a copy of our environment, of one name the last value, and ours stays as it was. */
static void test_exec_process_environment_is_a_copy_with_additions(void **state)
{
	char *const env[] = { (char[]){ "FC_A=new" }, (char[]){ "FC_B=1" }, (char[]){ "FC_B=2 3" }, NULL };

	setenv("FC_A", "old", 1);
	setenv("FC_AB", "kept", 1);
	run(*state, "printf '%s|%s|%s|' \"$FC_A\" \"$FC_B\" \"$FC_AB\"; env | grep -c ^FC_",
	    &(struct how){ .env = env });
	expect_output(*state, "new|2 3|kept|3\n");
	assert_string_equal(getenv("FC_A"), "old");
	assert_null(getenv("FC_B"));
	unsetenv("FC_A");
	unsetenv("FC_AB");
}

/* 1.28, 1.36: no input, nothing that we have open (also without close-on-exec), a process group of its own. */
static void test_exec_process_inherits_nothing_but_standard_error(void **state)
{
	int leaky = open("/dev/null", O_RDONLY), high = fcntl(leaky, F_DUPFD, 200);

	run(*state,
	    "readlink /proc/self/fd/0; cd /proc/$$/fd; for f in *; do [ $f -gt 2 ] && readlink $f; done; "
	    "[ $(ps -o pgid= -p $$) = $$ ] && echo own; :",
	    &(struct how){ .args = NULL });
	/* The shell has its own script open; nothing else. */
	FC_AUTO_FREE char *wanted =
		fc_xasprintf("/dev/null\n%s/plug-in\nown\n", ((struct bench *)*state)->files->folder);
	expect_output(*state, wanted);
	close(leaky);
	close(high);
}

/* What is blocked or ignored here is not there: `timeout` and pipes of the plug-in work. */
static void test_exec_process_begins_with_ordinary_signals(void **state)
{
	sigset_t blocked, old;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &blocked, &old);
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	run(*state, "grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2", &(struct how){ .args = NULL });
	signal(SIGPIPE, before);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	/* 32 and 33 are the C library's own; it leaves them ignored in every child. */
	const unsigned long long internal = 3ULL << 31;
	unsigned long long is_blocked = 1, is_ignored = 1;
	assert_int_equal(sscanf(((struct bench *)*state)->output, "%llx %llx", &is_blocked, &is_ignored), 2);
	assert_int_equal(is_blocked & ~internal, 0);
	assert_int_equal(is_ignored & ~internal, 0);
}

static void test_exec_process_bare_name_goes_through_path(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	char *const args[] = { (char[]){ "found" }, NULL };
	struct bench *b = *state;

	assert_int_equal(start(b, "echo", &(struct how){ .args = args }, &err), 0);
	while (!b->done)
		fc_loop_run_once(b->loop, -1);
	expect_output(b, "found\n");
}

/* A class of its own, so that the install hint is shown (1.35). */
static void test_exec_process_that_is_not_there_is_told_apart(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	struct bench *b = *state;

	assert_int_equal(start(b, "no-such-plug-in-anywhere", &(struct how){ .args = NULL }, &err), -1);
	assert_int_equal(err.cls, FC_ERR_NOT_FOUND);
	assert_int_equal(start(b, fixture_path(b->files, "nowhere"), &(struct how){ .args = NULL }, &err), -1);
	assert_int_equal(err.cls, FC_ERR_NOT_FOUND);
	err = FC_ERROR_INIT;
	const char *no_program = fixture_write(b->files, "text", "geheim");
	assert_int_equal(start(b, no_program, &(struct how){ .args = NULL }, &err), -1);
	assert_int_equal(err.cls, FC_ERR_UNAUTHORIZED);
	assert_contains(err.text, "Permission denied");
	/* Executable, but nothing that the kernel can run: no shell is tried in its place. */
	assert_int_equal(chmod(no_program, 0755), 0);
	assert_int_equal(start(b, no_program, &(struct how){ .args = NULL }, &err), -1);
	assert_contains(err.text, "Exec format error");
	assert_false(b->done);
}

static void test_exec_process_end_without_success_is_a_failure(void **state)
{
	struct bench *b = *state;

	run(b, "echo geheim; exit 3", &(struct how){ .args = NULL });
	assert_int_equal(b->why.cls, FC_ERR_UNAUTHORIZED);
	assert_string_equal(b->why.text, "ended with status 3");
	free(fc_steal(&b->output));
	b->done = false;
	run(b, "kill -9 $$", &(struct how){ .args = NULL });
	assert_string_equal(b->why.text, "was ended by signal 9");
}

/* A megabyte comes whole; one byte more than is allowed ends it. */
static void test_exec_process_output_has_a_limit(void **state)
{
	struct bench *b = *state;

	run(b, "head -c 300000 /dev/zero | tr '\\0' x", &(struct how){ .max_output_bytes = 300000 });
	assert_string_equal(b->why.text, "");
	assert_int_equal(b->bytes, 300000);
	free(fc_steal(&b->output));
	b->done = false;
	run(b, "yes geheim", &(struct how){ .max_output_bytes = 300000 });
	assert_int_equal(b->why.cls, FC_ERR_LIMIT);
	assert_lacks(b->why.text, "geheim");
}

/* Are all gone whose number was written to that file? A zombie of somebody else's counts as gone. */
static bool has_gone(const char *pid_file)
{
	char state = 0;
	long pid = 0;

	FILE *f = fopen(pid_file, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld", &pid), 1);
	fclose(f);
	FC_AUTO_FREE char *path = fc_xasprintf("/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (fscanf(f, "%*d %*s %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state == 'Z' || state == 'X';
}

/* 1.36; what it has started is ended with it, and a closed output is no end. */
static void test_exec_process_past_its_deadline_is_killed_with_its_group(void **state)
{
	struct bench *b = *state;
	const char *pid_file = fixture_path(b->files, "pid");
	FC_AUTO_FREE char *body = fc_xasprintf("sleep 1000 & echo $! > %s.new; mv %s.new %s; exec >&-; sleep 1000",
					       pid_file, pid_file, pid_file);
	int64_t began_ms = fc_clock_mono_ms();

	/* Long enough to have written the file on a busy machine. */
	run(b, body, &(struct how){ .deadline_ms = 2000 });
	assert_int_equal(b->why.cls, FC_ERR_TIMEOUT);
	assert_contains(b->why.text, "did not end within 2000 ms");
	assert_true(fc_clock_mono_ms() - began_ms >= 2000);
	for (int64_t end_ms = fc_clock_mono_ms() + 20000; !has_gone(pid_file);) {
		assert_true(fc_clock_mono_ms() < end_ms);
		usleep(1000);
	}
}

/* A cache of logins that the plug-in leaves running holds its output open: nobody waits for that. */
static void test_exec_process_does_not_wait_for_what_it_leaves_behind(void **state)
{
	struct bench *b = *state;
	const char *pid_file = fixture_path(b->files, "pid");
	FC_AUTO_FREE char *body = fc_xasprintf("sleep 1000 & echo $! > %s; echo answer", pid_file);

	run(b, body, &(struct how){ .args = NULL });
	expect_output(b, "answer\n");
	assert_false(has_gone(pid_file));
	long pid = 0;
	FILE *f = fopen(pid_file, "r");
	assert_int_equal(fscanf(f, "%ld", &pid), 1);
	fclose(f);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void test_exec_process_closed_output_waits_for_the_end(void **state)
{
	run(*state, "echo answer; exec >&-; sleep 0.2; exit 5", &(struct how){ .args = NULL });
	assert_string_equal(((struct bench *)*state)->why.text, "ended with status 5");
}

static void test_exec_process_cancelled_is_gone_and_calls_nobody(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	struct bench *b = *state;

	assert_int_equal(start(b, script(b, "echo answer; sleep 1000"), &(struct how){ .args = NULL }, &err), 0);
	fc_exec_process_cancel(b->process);
	fc_exec_process_cancel(NULL);
	fc_loop_run_once(b->loop, 0);
	assert_false(b->done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_exec_process_arguments_arrive_unchanged_without_a_shell, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_environment_is_a_copy_with_additions, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_inherits_nothing_but_standard_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_begins_with_ordinary_signals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_bare_name_goes_through_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_that_is_not_there_is_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_end_without_success_is_a_failure, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_output_has_a_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_past_its_deadline_is_killed_with_its_group, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_does_not_wait_for_what_it_leaves_behind, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_closed_output_waits_for_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec_process_cancelled_is_gone_and_calls_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
