/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_watch.h"

#include "base/clock.h"
#include "base/file_steps.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTLE_MS 200
#define LONGEST_MS 2000
#define POLL_MS 10000
/* Where everything is watched, the files are looked at all the same, this many times less often: the kernel says
 * nothing of what another host writes on a shared file system, nor of a mount over a folder. */
#define RARE_POLLS 6

/* A file is another one, or has other content, when any of these differs. */
struct stamp {
	bool there;
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec modified, changed;
};

struct file {
	char *path; /* absolute */
	struct stamp stamp;
};

struct fc_file_watch {
	struct fc_file_watch_options o;
	struct file *files;
	size_t count;

	struct fc_file_steps steps;
	char *told_problem;

	bool sure;	       /* something was written, whatever the stamps say: their clock ticks every few ms */
	int64_t first_ms;      /* the first change that was not told yet; 0: none */
	struct fc_timer *soon; /* until it is told */
	struct fc_timer *poll;
};

static void take_events(void *user, int fd, uint32_t events);
static void arm_poll(struct fc_file_watch *w);

/* --- where the paths lead --- */

static void tell_problem(struct fc_file_watch *w)
{
	const char *problem = w->steps.problem;

	if (!problem || (w->told_problem && strcmp(problem, w->told_problem) == 0))
		return;
	free(w->told_problem);
	w->told_problem = fc_xstrdup(problem);
	fc_log(FC_LOG_WARN, "files cannot be watched, they are looked at now and then",
	       FC_KN("seconds", w->o.poll_ms / 1000), FC_KV("reason", problem));
}

/* Watches all steps of all paths as they lead now, and no other. */
static void arm(struct fc_file_watch *w)
{
	struct fc_error err = FC_ERROR_INIT;
	bool had_problem = w->steps.problem;

	if (fc_file_steps_begin(&w->steps) && fc_loop_set_fd(w->o.loop, w->steps.fd, EPOLLIN, take_events, w, &err) < 0)
		fc_file_steps_close(&w->steps, err.text);
	for (size_t i = 0; i < w->count; i++)
		fc_file_steps_add(&w->steps, w->files[i].path);
	fc_file_steps_end(&w->steps);
	tell_problem(w);
	if (w->steps.problem && !had_problem)
		arm_poll(w);
}

/* --- has it changed? --- */

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
	if (!a->there || !b->there)
		return a->there == b->there;
	return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
	       same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

static struct stamp look(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return (struct stamp){ .there = false };
	return (struct stamp){
		.there = true,
		.device = st.st_dev,
		.inode = st.st_ino,
		.bytes = st.st_size,
		.modified = st.st_mtim,
		.changed = st.st_ctim,
	};
}

/* Is any file another one than when it was told last? With `take`, from now on it is not. */
static bool differ(struct fc_file_watch *w, bool take)
{
	bool any = false;

	for (size_t i = 0; i < w->count; i++) {
		struct stamp now = look(w->files[i].path);

		any = any || !same_stamp(&now, &w->files[i].stamp);
		if (take)
			w->files[i].stamp = now;
	}
	return any;
}

static void tell(void *user)
{
	struct fc_file_watch *w = user;

	w->soon = NULL;
	w->first_ms = 0;
	arm(w);
	if (differ(w, true) || w->sure) {
		w->sure = false;
		w->o.on_change(w->o.user);
	}
}

static void note_change(struct fc_file_watch *w)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (w->first_ms == 0)
		w->first_ms = now_ms;
	int64_t left_ms = w->first_ms + w->o.longest_ms - now_ms;
	fc_loop_timer_cancel(w->o.loop, &w->soon);
	w->soon = fc_loop_timer(w->o.loop, left_ms < w->o.settle_ms ? left_ms : w->o.settle_ms, tell, w);
}

static void poll_files(void *user)
{
	struct fc_file_watch *w = user;

	w->poll = NULL;
	arm(w);
	if (!w->soon && differ(w, false))
		note_change(w);
	arm_poll(w);
}

static void arm_poll(struct fc_file_watch *w)
{
	fc_loop_timer_cancel(w->o.loop, &w->poll);
	if (w->count)
		w->poll = fc_loop_timer(w->o.loop, w->steps.problem ? w->o.poll_ms : RARE_POLLS * w->o.poll_ms,
					poll_files, w);
}

/* --- what the kernel tells --- */

static void take_events(void *user, int fd, uint32_t events FC_UNUSED)
{
	struct fc_file_watch *w = user;
	_Alignas(struct inotify_event) char bytes[8192];
	bool any = false;
	ssize_t len;

	while ((len = read(fd, bytes, sizeof(bytes))) > 0) {
		for (const char *at = bytes; at < bytes + len;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;

			if (fc_file_steps_concern(&w->steps, event)) {
				any = true;
				w->sure = w->sure || (event->mask & FC_FILE_STEPS_CONTENT);
			}
			at += sizeof(*event) + event->len;
		}
	}
	if (!any)
		return;
	/* At once, so that what goes on in a folder that has just come is heard too, and waited for. */
	arm(w);
	note_change(w);
}

/* --- the whole --- */

struct fc_file_watch *fc_file_watch_new(const struct fc_file_watch_options *options)
{
	struct fc_file_watch *w = fc_xcalloc(1, sizeof(*w));

	w->o = *options;
	w->o.settle_ms = options->settle_ms ? options->settle_ms : SETTLE_MS;
	w->o.longest_ms = options->longest_ms ? options->longest_ms : LONGEST_MS;
	w->o.poll_ms = options->poll_ms ? options->poll_ms : POLL_MS;
	w->steps = FC_FILE_STEPS_INIT;
	return w;
}

static char *absolute(const char *path)
{
	FC_AUTO_FREE char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);

	return fc_xasprintf("%s%s%s", here ? here : "", here ? "/" : "", path);
}

static const struct file *find_file(const struct file *files, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	return NULL;
}

static void free_files(struct file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i].path);
	free(files);
}

void fc_file_watch_set(struct fc_file_watch *w, const char *const *paths, size_t count)
{
	struct file *old = w->files;
	size_t old_count = w->count;
	bool any_new = false;

	w->files = fc_xcalloc(count ? count : 1, sizeof(*w->files));
	w->count = count;
	for (size_t i = 0; i < count; i++) {
		w->files[i].path = absolute(paths[i]);
		const struct file *known = find_file(old, old_count, w->files[i].path);
		if (known)
			w->files[i].stamp = known->stamp;
		any_new = any_new || !known;
	}
	free_files(old, old_count);
	arm(w);
	arm_poll(w);
	if (any_new) {
		w->sure = true;
		note_change(w);
	}
}

const char *fc_file_watch_problem(const struct fc_file_watch *w)
{
	return w->steps.problem;
}

void fc_file_watch_free(struct fc_file_watch *w)
{
	if (!w)
		return;
	fc_loop_timer_cancel(w->o.loop, &w->soon);
	fc_loop_timer_cancel(w->o.loop, &w->poll);
	if (w->steps.fd >= 0)
		fc_loop_remove_fd(w->o.loop, w->steps.fd);
	fc_file_steps_fini(&w->steps);
	free_files(w->files, w->count);
	free(w->told_problem);
	free(w);
}
