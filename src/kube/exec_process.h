/* SPDX-License-Identifier: Apache-2.0 */
/* fc_exec_process - one run of a program, on an event loop: its standard output, and how it ended.
 * Owns:    the child until it is reaped, its output (overwritten when freed), a pipe, a pidfd.
 * Threads: the loop's.
 * Fails:   FC_ERR_NOT_FOUND where there is no such program, FC_ERR_TIMEOUT past the deadline, FC_ERR_LIMIT for too much
 *          output, FC_ERR_UNAUTHORIZED for an end that is no success; never quotes output, arguments or environment.
 * Source:  kube-client 1.28, 1.29, 1.36; posix_spawn(3), pidfd_open(2). */
#ifndef FC_EXEC_PROCESS_H
#define FC_EXEC_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"

struct fc_exec_process;

struct fc_exec_process_options {
	struct fc_loop *loop;
	const char *command; /* a path, or a bare name that is looked for in PATH */
	char *const *args;   /* without the command; NULL-terminated, like env */
	char *const *env;    /* NAME=VALUE: put into a copy of the environment, over what has the same name there */
	int64_t deadline_ms; /* then the child and its process group are killed */
	size_t max_output_bytes;
	/* Called once, from the loop, unless cancelled. With `why` the output is not to be used. `output` is followed
	 * by a zero byte, and gone, like the process, when this returns. */
	void (*on_done)(void *user, const char *output, size_t bytes, const struct fc_error *why);
	void *user;
};

/* Starts it: no shell, a process group of its own, nothing open but /dev/null, the pipe and this process' standard
 * error, no signal blocked or ignored. The options are not needed after the call. NULL with err: nothing was started,
 * or it could not be watched and has been killed. */
struct fc_exec_process *fc_exec_process_start(const struct fc_exec_process_options *options, struct fc_error *err)
	FC_MUST_CHECK;
/* Kills it and waits for its end, which comes at once; nothing is called back. NULL allowed. */
void fc_exec_process_cancel(struct fc_exec_process *p);

#endif
