/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "cli/heap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __has_feature
#define FC_FEATURE(f) __has_feature(f)
#else
#define FC_FEATURE(f) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || FC_FEATURE(address_sanitizer) || \
	FC_FEATURE(thread_sanitizer) || FC_FEATURE(memory_sanitizer)
#define FC_SANITIZED 1
#else
#define FC_SANITIZED 0
#endif

/* A descriptor 0, 1 or 2 that the parent closed would be given to the next socket, and log lines would go to
 * a cluster. */
static bool open_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* Opened so that using it fails: output that cannot be written is to be noticed. */
		if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return false;
	}
	return true;
}

/* Memory holds tokens, keys and, for moments, values of Secrets: none of it goes into a core dump, nor to another
 * process of the same user through /proc or ptrace. LeakSanitizer itself needs ptrace. */
static bool keep_memory_private(void)
{
	const struct rlimit none = { 0, 0 };

	if (FC_SANITIZED)
		return true;
	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

int main(int argc, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (argc > 1 && strcmp(argv[1], "run") == 0 && !FC_SANITIZED)
		fc_heap_start(argv);
	if (!open_standard_descriptors())
		return FC_EXIT_FAILED; /* and nowhere to say so */
	if (!keep_memory_private()) {
		perror("fedcopy: cannot keep its memory out of core dumps");
		return FC_EXIT_FAILED;
	}
	umask(S_IRWXG | S_IRWXO);
	/* A peer that went away is an error of a write, never the end of the program. */
	if (sigaction(SIGPIPE, &ignore, NULL) < 0)
		return FC_EXIT_FAILED;
	return fc_command_main(argc, argv);
}
