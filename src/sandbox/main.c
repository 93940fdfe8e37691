/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/options.h"
#include "sandbox/server.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

/* A signal, whichever: it ends. */
static void on_signal(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	fc_loop_stop(user);
}

/* The descriptor by which SIGTERM and SIGINT come; -1 with an error. */
static int open_signals(struct fc_loop *loop, struct fc_error *err)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	int fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return fc_error_set_errno(err, FC_ERR_LIMIT, errno, "cannot open a descriptor for signals");
	if (fc_loop_set_fd(loop, fd, EPOLLIN, on_signal, loop, err) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Whoever waits for the word reads it from a pipe or a file: it must not stay in a buffer. */
static int say_ready(struct fc_error *err)
{
	if (puts("ready") >= 0 && fflush(stdout) == 0)
		return 0;
	return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot write \"ready\" on standard output");
}

static int serve(const struct sb_options *options, struct fc_loop *loop, struct fc_error *err)
{
	struct sb_server *server = sb_server_new(options, loop, err);

	if (!server)
		return -1;
	/* What the start needed for a moment. */
	malloc_trim(0);
	int rc = say_ready(err);
	if (rc == 0)
		fc_loop_run(loop);
	sb_server_free(server);
	return rc;
}

static int run(const struct sb_options *options, struct fc_error *err)
{
	struct fc_loop *loop = fc_loop_new(NULL, NULL, err);

	if (!loop)
		return -1;
	int fd = open_signals(loop, err);
	int rc = fd < 0 ? -1 : serve(options, loop, err);
	fc_loop_free(loop);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int act(const struct sb_options *options, struct fc_error *err)
{
	if (options->help)
		sb_options_help();
	else if (options->version)
		puts("fedcopy-sandbox " FC_VERSION);
	else
		return run(options, err);
	return fflush(stdout) == 0 ? 0 : fc_error_set_errno(err, FC_ERR_CONFIG, errno, "cannot write standard output");
}

int main(int argc, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct fc_error err = FC_ERROR_INIT;
	struct sb_options options;

	umask(S_IRWXG | S_IRWXO);
	/* A client that went away is an error of a write, never the end of the program. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	fc_decode_init();
	int rc = sb_options_parse(&options, argc, argv, &err);
	if (rc == 0)
		rc = act(&options, &err);
	sb_options_fini(&options);
	fc_log_flush();
	if (rc == 0)
		return EXIT_DONE;
	fprintf(stderr, "fedcopy-sandbox: %s\n", err.text);
	return err.cls == FC_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
