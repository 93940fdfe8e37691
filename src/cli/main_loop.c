/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/main_loop.h"

#include "base/mem.h"
#include "cli/command.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* After the start, and after that. */
#define FIRST_TRIM_MS 10000
#define NEXT_TRIM_MS 600000

struct fc_main_loop {
	struct fc_loop *loop;
	int signal_fd;
	sigset_t ending; /* SIGINT and SIGTERM */
	int signo;	 /* the one that came; 0: none */
	struct fc_timer *trim;
	void (*on_hangup)(void *user);
	void *user;
};

static void take_signals(void *user, int fd, uint32_t events FC_UNUSED)
{
	struct fc_main_loop *m = user;
	struct signalfd_siginfo info;

	while (m->signo == 0 && read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP) {
			m->signo = (int)info.ssi_signo;
			fc_loop_stop(m->loop);
		} else if (m->on_hangup) {
			m->on_hangup(m->user);
		}
	}
}

/* What a start needs for a moment (discovery, first lists) glibc keeps, in every arena: given back once it is
 * over, and now and then, it is a third less memory at a hundred clusters. */
static void trim(void *user)
{
	struct fc_main_loop *m = user;

	malloc_trim(0);
	m->trim = fc_loop_timer(m->loop, NEXT_TRIM_MS, trim, m);
}

static int open_signals(struct fc_main_loop *m, struct fc_error *err)
{
	sigset_t all;

	sigemptyset(&m->ending);
	sigaddset(&m->ending, SIGINT);
	sigaddset(&m->ending, SIGTERM);
	all = m->ending;
	sigaddset(&all, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	m->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->signal_fd < 0)
		return fc_error_set_errno(err, FC_ERR_LIMIT, errno, "cannot open a descriptor for signals");
	return fc_loop_set_fd(m->loop, m->signal_fd, EPOLLIN, take_signals, m, err);
}

struct fc_main_loop *fc_main_loop_new(struct fc_error *err)
{
	struct fc_main_loop *m = fc_xcalloc(1, sizeof(*m));

	m->signal_fd = -1;
	m->loop = fc_loop_new(NULL, NULL, err);
	if (!m->loop || open_signals(m, err) < 0) {
		fc_main_loop_free(m);
		return NULL;
	}
	m->trim = fc_loop_timer(m->loop, FIRST_TRIM_MS, trim, m);
	return m;
}

void fc_main_loop_free(struct fc_main_loop *m)
{
	if (!m)
		return;
	fc_loop_free(m->loop);
	if (m->signal_fd >= 0)
		close(m->signal_fd);
	free(m);
}

struct fc_loop *fc_main_loop_loop(struct fc_main_loop *m)
{
	return m->loop;
}

void fc_main_loop_on_hangup(struct fc_main_loop *m, void (*fn)(void *user), void *user)
{
	m->on_hangup = fn;
	m->user = user;
}

static void leave_at_once(int signo)
{
	(void)signo;
	_exit(FC_EXIT_FAILED);
}

int fc_main_loop_run(struct fc_main_loop *m)
{
	struct sigaction again = { .sa_handler = leave_at_once };

	fc_loop_run(m->loop);
	sigaction(SIGINT, &again, NULL);
	sigaction(SIGTERM, &again, NULL);
	pthread_sigmask(SIG_UNBLOCK, &m->ending, NULL);
	return m->signo;
}
