/* SPDX-License-Identifier: Apache-2.0 */
#include "model/process_stats.h"

#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* /proc/stat has a line per processor and one with a number per interrupt: some 100 KiB on the largest machines. */
#define PROC_MAX_BYTES ((size_t)1024 * 1024)

static char *read_proc(const char *path)
{
	char *text = NULL;
	size_t len;

	return fc_file_read(path, PROC_MAX_BYTES, &text, &len, NULL) < 0 ? NULL : text;
}

/* When the machine was started, in seconds since 1970; negative when not known. */
static double boot_time(void)
{
	FC_AUTO_FREE char *text = read_proc("/proc/stat");
	const char *line = text ? strstr(text, "\nbtime ") : NULL;
	double seconds = -1;

	if (line && sscanf(line, " btime %lf", &seconds) != 1)
		return -1;
	return seconds;
}

/* Fields 14, 15, 22, 23 and 24 of proc(5). The program's name, field 2, may hold blanks and parentheses: counting
 * begins after the last. */
static void read_stat(struct fc_process_stats *out)
{
	FC_AUTO_FREE char *text = read_proc("/proc/self/stat");
	const char *rest = text ? strrchr(text, ')') : NULL;
	double user_ticks, system_ticks, start_ticks, virtual_bytes, resident_pages;
	double ticks_per_second = (double)sysconf(_SC_CLK_TCK), booted = boot_time();

	if (!rest ||
	    sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf %*d %*d %*d %*d %*d %*d %lf %lf %lf",
		   &user_ticks, &system_ticks, &start_ticks, &virtual_bytes, &resident_pages) != 5)
		return;
	out->cpu_seconds = (user_ticks + system_ticks) / ticks_per_second;
	out->virtual_bytes = virtual_bytes;
	out->resident_bytes = resident_pages * (double)sysconf(_SC_PAGESIZE);
	if (booted >= 0)
		out->start_time_seconds = booted + start_ticks / ticks_per_second;
}

static double count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	double count = 0;

	if (!dir)
		return -1;
	for (const struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	closedir(dir);
	/* Without the one by which they were counted. */
	return count - 1;
}

void fc_process_stats_read(struct fc_process_stats *out)
{
	struct rlimit limit;

	*out = (struct fc_process_stats){ -1, -1, -1, -1, -1, -1 };
	read_stat(out);
	out->open_fds = count_fds();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		out->max_fds = (double)limit.rlim_cur;
}
