/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_process.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* An answer with a certificate chain is about 8 KiB. */
#define FIRST_OUTPUT_BYTES ((size_t)16 * 1024)
/* How often is looked where the kernel (before 5.3), or a filter of system calls, gives no pidfd. */
#define POLL_MS 50

struct fc_exec_process {
	struct fc_loop *loop;
	pid_t pid;
	int pid_fd, out_fd; /* -1: none, or closed */
	struct fc_timer *deadline, *poll;
	int64_t deadline_ms;
	char *out;
	size_t len, cap, limit;
	struct fc_error failure; /* why it was killed; class NONE: it was not */
	void (*on_done)(void *user, const char *output, size_t bytes, const struct fc_error *why);
	void *user;
};

static size_t name_bytes(const char *variable)
{
	return strcspn(variable, "=");
}

static bool same_name(const char *a, const char *b)
{
	size_t len = name_bytes(a);

	return len == name_bytes(b) && memcmp(a, b, len) == 0;
}

static bool has_name(char *const *list, const char *variable)
{
	for (; *list; list++)
		if (same_name(*list, variable))
			return true;
	return false;
}

static size_t count_of(char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

/* 1.29: our own, then the additions; of one name the last one counts, and is there once. Borrowed strings. */
static char **join_environment(char *const *additions)
{
	char **out = fc_xcalloc(count_of(environ) + count_of(additions) + 1, sizeof(*out));
	size_t count = 0;

	for (char *const *e = environ; *e; e++)
		if (!has_name(additions, *e))
			out[count++] = *e;
	for (char *const *e = additions; *e; e++)
		if (!has_name(e + 1, *e))
			out[count++] = *e;
	return out;
}

static char **join_arguments(const char *command, char *const *args)
{
	size_t count = count_of(args);
	char **out = fc_xcalloc(count + 2, sizeof(*out));

	/* posix_spawn takes what is not const and does not write to it. */
	out[0] = (char *)(uintptr_t)command;
	memcpy(out + 1, args, count * sizeof(*out));
	return out;
}

/* The pipe first: where this process has no standard input, the pipe itself may be descriptor 0. Everything else that
 * somebody has left open without close-on-exec ends here too. */
static int prepare(posix_spawnattr_t *attributes, posix_spawn_file_actions_t *files, int output)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	if ((rc = posix_spawnattr_setflags(attributes,
					   POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)) ||
	    (rc = posix_spawnattr_setpgroup(attributes, 0)) || (rc = posix_spawnattr_setsigmask(attributes, &none)) ||
	    (rc = posix_spawnattr_setsigdefault(attributes, &all)))
		return rc;
	if ((rc = posix_spawn_file_actions_adddup2(files, output, STDOUT_FILENO)) ||
	    (rc = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)))
		return rc;
	return posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

/* 0, or errno. */
static int spawn(const struct fc_exec_process_options *o, int output, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char **args = join_arguments(o->command, o->args), **env = join_environment(o->env);

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	int rc = prepare(&attributes, &files, output);
	if (rc == 0)
		rc = posix_spawnp(pid, o->command, &files, &attributes, args, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	free(args);
	free(env);
	return rc;
}

/* The child's end is collected, whatever it was, so that no zombie stays. */
static void reap(struct fc_exec_process *p, siginfo_t *info)
{
	*info = (siginfo_t){ .si_pid = 0 };
	while (waitid(P_PID, (id_t)p->pid, info, WEXITED) < 0 && errno == EINTR)
		;
}

static void kill_group(const struct fc_exec_process *p)
{
	kill(-p->pid, SIGKILL);
}

static void close_fd(struct fc_exec_process *p, int *fd)
{
	if (*fd < 0)
		return;
	fc_loop_remove_fd(p->loop, *fd);
	close(*fd);
	*fd = -1;
}

static void release(struct fc_exec_process *p)
{
	fc_loop_timer_cancel(p->loop, &p->deadline);
	fc_loop_timer_cancel(p->loop, &p->poll);
	close_fd(p, &p->pid_fd);
	close_fd(p, &p->out_fd);
	fc_free_secret(p->out, p->len);
	free(p);
}

/* Killed: its end comes at once, and finishes the run with this reason. */
static void fail(struct fc_exec_process *p, const struct fc_error *why)
{
	if (p->failure.cls != FC_ERR_NONE)
		return;
	p->failure = *why;
	close_fd(p, &p->out_fd);
	kill_group(p);
}

/* By hand, not by realloc: that would leave parts of a credential behind. */
static int grow(struct fc_exec_process *p, struct fc_error *err)
{
	size_t cap = p->cap ? p->cap * 2 : FIRST_OUTPUT_BYTES;
	char *larger = fc_try_realloc(NULL, cap + 1);

	if (!larger)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory for its output");
	if (p->len)
		memcpy(larger, p->out, p->len);
	fc_free_secret(p->out, p->len);
	p->out = larger;
	p->cap = cap;
	return 0;
}

/* All that is in the pipe now. */
static int drain(struct fc_exec_process *p, struct fc_error *err)
{
	while (p->out_fd >= 0) {
		if (p->len == p->cap && grow(p, err) < 0)
			return -1;
		ssize_t n = read(p->out_fd, p->out + p->len, p->cap - p->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return fc_error_set_errno(err, FC_ERR_INTERNAL, errno, "its output cannot be read");
		if (n == 0)
			close_fd(p, &p->out_fd);
		p->len += (size_t)n;
		if (p->len > p->limit)
			return fc_error_set(err, FC_ERR_LIMIT, "wrote more than %zu bytes", p->limit);
	}
	return 0;
}

static void on_output(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	struct fc_error why = FC_ERROR_INIT;
	struct fc_exec_process *p = user;

	if (drain(p, &why) < 0)
		fail(p, &why);
}

static void judge(const siginfo_t *info, struct fc_error *why)
{
	if (info->si_code == CLD_EXITED && info->si_status != 0)
		fc_error_set(why, FC_ERR_UNAUTHORIZED, "ended with status %d", info->si_status);
	else if (info->si_code != CLD_EXITED)
		fc_error_set(why, FC_ERR_UNAUTHORIZED, "was ended by signal %d", info->si_status);
}

/* What it has left running holds the pipe open, perhaps for ever (a cache of logins): what was written until its end is
 * the answer. That process goes on, since the plug-in has ended well and meant it to. */
static void finish(struct fc_exec_process *p)
{
	struct fc_error why = p->failure;
	siginfo_t info;

	reap(p, &info);
	if (why.cls == FC_ERR_NONE)
		judge(&info, &why);
	if (why.cls == FC_ERR_NONE)
		drain(p, &why);
	if (p->out)
		p->out[p->len] = '\0';
	p->on_done(p->user, p->out ? p->out : "", p->len, why.cls == FC_ERR_NONE ? NULL : &why);
	release(p);
}

static void on_exit_seen(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	finish(user);
}

static void on_poll(void *user)
{
	struct fc_exec_process *p = user;
	siginfo_t info = { .si_pid = 0 };

	p->poll = NULL;
	if (waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0)
		p->poll = fc_loop_timer(p->loop, POLL_MS, on_poll, p);
	else
		finish(p);
}

static void on_deadline(void *user)
{
	struct fc_error why = FC_ERROR_INIT;
	struct fc_exec_process *p = user;

	p->deadline = NULL;
	fc_error_set(&why, FC_ERR_TIMEOUT, "did not end within %lld ms and was killed", (long long)p->deadline_ms);
	fail(p, &why);
}

static int watch(struct fc_exec_process *p, struct fc_error *err)
{
	if (fc_loop_set_fd(p->loop, p->out_fd, EPOLLIN, on_output, p, err) < 0)
		return -1;
	p->pid_fd = pidfd_open(p->pid, 0);
	if (p->pid_fd < 0 && (errno == ENOSYS || errno == EPERM)) {
		p->poll = fc_loop_timer(p->loop, POLL_MS, on_poll, p);
	} else if (p->pid_fd < 0) {
		return fc_error_set_errno(err, FC_ERR_LIMIT, errno, "cannot be watched");
	} else if (fc_loop_set_fd(p->loop, p->pid_fd, EPOLLIN, on_exit_seen, p, err) < 0) {
		return -1;
	}
	p->deadline = fc_loop_timer(p->loop, p->deadline_ms, on_deadline, p);
	return 0;
}

static struct fc_exec_process *refuse_start(int reason, struct fc_error *err)
{
	bool missing = reason == ENOENT || reason == ENOTDIR;

	fc_error_set_errno(err, missing ? FC_ERR_NOT_FOUND : FC_ERR_UNAUTHORIZED, reason, "cannot be started");
	return NULL;
}

struct fc_exec_process *fc_exec_process_start(const struct fc_exec_process_options *options, struct fc_error *err)
{
	int ends[2];
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return refuse_start(errno, err);
	/* Our end only: a child that finds its output full is to wait. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	int rc = spawn(options, ends[1], &pid);
	close(ends[1]);
	if (rc != 0) {
		close(ends[0]);
		return refuse_start(rc, err);
	}
	struct fc_exec_process *p = fc_xcalloc(1, sizeof(*p));
	p->loop = options->loop;
	p->pid = pid;
	p->pid_fd = -1;
	p->out_fd = ends[0];
	p->deadline_ms = options->deadline_ms;
	p->limit = options->max_output_bytes;
	p->failure = FC_ERROR_INIT;
	p->on_done = options->on_done;
	p->user = options->user;
	if (watch(p, err) == 0)
		return p;
	fc_exec_process_cancel(p);
	return NULL;
}

void fc_exec_process_cancel(struct fc_exec_process *p)
{
	siginfo_t info;

	if (!p)
		return;
	kill_group(p);
	reap(p, &info);
	release(p);
}
