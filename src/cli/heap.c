/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/heap.h"

#include "base/mem.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define TUNABLES "GLIBC_TUNABLES"
/* Every thread keeps up to seven freed pieces of each size up to 1 KiB for itself alone. A TLS handshake frees pieces
 * of all sizes: 40 KiB for each thread that then waits, for ever. So it keeps those of few bytes alone, of which there
 * are most: without any, threads that work at the same time would wait for each other at every piece. */
#define CACHE "glibc.malloc.tcache_"
#define SMALL_CACHE CACHE "max=128"
/* The process that has become itself again. */
#define TRIED "FEDCOPY_HEAP_TRIED"

/* One arena per thread would be a thousand of them; these few are shared by threads that mostly wait. */
#define ARENAS 4
/* What is larger goes back to the kernel at once. Left alone glibc takes the first large block that is freed for a sign
 * that more will come, and keeps all further ones of that size: objects of 1 MiB would stay as holes in the arenas. */
#define LARGE (256 * 1024)

static const char *added(const char *value)
{
	size_t len = value ? strlen(value) : 0, ours = strlen(SMALL_CACHE);

	if (len < ours || strcmp(value + len - ours, SMALL_CACHE) != 0)
		return NULL;
	return len == ours || value[len - ours - 1] == ':' ? value + len - ours : NULL;
}

char *fc_heap_tuned(const char *value)
{
	if (!value || !value[0])
		return fc_xstrdup(SMALL_CACHE);
	return strstr(value, CACHE) ? NULL : fc_xasprintf("%s:" SMALL_CACHE, value);
}

char *fc_heap_untuned(const char *value)
{
	const char *at = added(value);

	if (!at)
		return value ? fc_xstrdup(value) : NULL;
	return at == value ? NULL : fc_xasprintf("%.*s", (int)(at - value - 1), value);
}

/* Where every start takes the setting away (of a program with rights of its own, ld.so(8)) one try is all. */
static bool was_tried(void)
{
	const char *by = getenv(TRIED);
	bool tried = by && strtol(by, NULL, 10) == getpid();

	unsetenv(TRIED);
	return tried;
}

static void set_tried(void)
{
	FC_AUTO_FREE char *pid = fc_xasprintf("%ld", (long)getpid());

	setenv(TRIED, pid, 1);
}

static void set_environment(const char *value)
{
	if (value)
		setenv(TUNABLES, value, 1);
	else
		unsetenv(TUNABLES);
}

void fc_heap_start(char **argv)
{
	FC_AUTO_FREE char *before = fc_xstrdup_null(getenv(TUNABLES));
	FC_AUTO_FREE char *tuned = fc_heap_tuned(before);
	char path[4096];

	/* Started by way of the loader, /proc/self/exe is that one. */
	if (was_tried() || !tuned || !getauxval(AT_BASE)) {
		FC_AUTO_FREE char *untuned = fc_heap_untuned(before);
		set_environment(untuned);
		return;
	}
	/* By its path: under the name /proc/self/exe it would be called "exe" in the list of processes. */
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (len <= 0)
		return;
	path[len] = '\0';
	set_environment(tuned);
	set_tried();
	execv(path, argv);
	unsetenv(TRIED);
	set_environment(before);
}

void fc_heap_set(void)
{
	mallopt(M_ARENA_MAX, ARENAS);
	mallopt(M_MMAP_THRESHOLD, LARGE);
}
