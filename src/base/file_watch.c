/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_watch.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTLE_MS 200
#define LONGEST_MS 2000
#define POLL_MS 10000
/* Where everything is watched, the files are looked at all the same, this many times less often: the kernel says
 * nothing of what another host writes on a shared file system, nor of a mount over a folder. */
#define RARE_POLLS 6

/* As the kernel has it (path_resolution(7)). */
#define MAX_LINKS 40

/* What comes and goes in a folder. What is written into a file is asked of the file itself: a folder such as /tmp would
 * tell of every write of everybody. */
#define FOLDER_EVENTS \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define CONTENT_EVENTS (IN_MODIFY | IN_CLOSE_WRITE)
#define FILE_EVENTS (CONTENT_EVENTS | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW)

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

/* A name in a watched folder over which one of the paths leads. */
struct step {
	UT_hash_handle hh;
	char key[]; /* see step_key */
};

struct watches {
	int *numbers;
	size_t count, cap;
};

struct fc_file_watch {
	struct fc_file_watch_options o;
	struct file *files;
	size_t count;

	int fd; /* -1: there is none, and the files are only looked at */
	struct watches watches;
	struct step *steps;
	char *problem, *told_problem;

	bool sure;	       /* something was written, whatever the stamps say: their clock ticks every few ms */
	int64_t first_ms;      /* the first change that was not told yet; 0: none */
	struct fc_timer *soon; /* until it is told */
	struct fc_timer *poll;
};

static void take_events(void *user, int fd, uint32_t events);
static void arm_poll(struct fc_file_watch *w);

/* --- what hinders --- */

static void set_problem(struct fc_file_watch *w, char *text)
{
	free(w->problem);
	w->problem = text;
	if (!text || (w->told_problem && strcmp(text, w->told_problem) == 0))
		return;
	free(w->told_problem);
	w->told_problem = fc_xstrdup(text);
	fc_log(FC_LOG_WARN, "files cannot be watched, they are looked at now and then",
	       FC_KN("seconds", w->o.poll_ms / 1000), FC_KV("reason", text));
}

static void no_descriptor(struct fc_file_watch *w, int why)
{
	set_problem(w, why == EMFILE
			       ? fc_xstrdup("no further inotify instance: raise fs.inotify.max_user_instances, or the "
					    "limit of open files")
			       : fc_xasprintf("inotify: %s", strerror(why)));
}

static void no_watch(struct fc_file_watch *w, const char *path, int why)
{
	if (why == ENOSPC)
		set_problem(w, fc_xstrdup("no further inotify watch: raise fs.inotify.max_user_watches"));
	else
		set_problem(w, fc_xasprintf("%s cannot be watched: %s", path, strerror(why)));
}

/* --- where a path leads over --- */

static char *step_key(int watch, const char *name)
{
	return fc_xasprintf("%d/%s", watch, name);
}

static struct step *find_step(const struct fc_file_watch *w, int watch, const char *name)
{
	FC_AUTO_FREE char *key = step_key(watch, name);
	struct step *s;

	HASH_FIND_STR(w->steps, key, s);
	return s;
}

static void add_step(struct fc_file_watch *w, int watch, const char *name)
{
	FC_AUTO_FREE char *key = step_key(watch, name);
	struct step *s;

	HASH_FIND_STR(w->steps, key, s);
	if (s)
		return;
	s = fc_xcalloc(1, sizeof(*s) + strlen(key) + 1);
	memcpy(s->key, key, strlen(key) + 1);
	HASH_ADD_STR(w->steps, key, s);
}

static void free_steps(struct step *steps)
{
	struct step *s, *next;

	HASH_ITER(hh, steps, s, next) {
		HASH_DEL(steps, s);
		free(s);
	}
}

/* Its number, or -1. A folder that is watched already keeps its number. */
static int add_watch(struct fc_file_watch *w, const char *path, uint32_t events)
{
	int number = w->fd < 0 ? -1 : inotify_add_watch(w->fd, path, events);

	if (number < 0) {
		/* Gone again: the folder above tells of it. */
		if (w->fd >= 0 && errno != ENOENT && errno != ENOTDIR)
			no_watch(w, path, errno);
		return -1;
	}
	FC_GROW(w->watches.numbers, w->watches.count, w->watches.cap);
	w->watches.numbers[w->watches.count++] = number;
	return number;
}

/* The next name of `rest`, which is moved behind it; NULL at the end. */
static char *next_name(const char **rest)
{
	const char *from = *rest + strspn(*rest, "/");
	size_t len = strcspn(from, "/");

	*rest = from + len;
	return len ? fc_xstrndup(from, len) : NULL;
}

/* `folder`, which holds no link any more, without its last name; "" is the root. */
static void go_up(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (slash)
		*slash = '\0';
}

static char *read_link(const char *path)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	return len > 0 ? fc_xstrndup(target, (size_t)len) : NULL;
}

/* One resolution under way. */
struct walk {
	char *folder; /* reached so far, free of links; "" is the root */
	char *rest;   /* still to go */
	int links;
};

static bool follow_link(struct walk *walk, const char *link)
{
	FC_AUTO_FREE char *target = read_link(link), *behind = fc_steal(&walk->rest);

	walk->rest = fc_xasprintf("%s/%s", target ? target : "", behind);
	if (target && target[0] == '/')
		walk->folder[0] = '\0';
	return target && ++walk->links <= MAX_LINKS;
}

/* From the folder reached into what bears this name there. It is watched before it is looked at, so that what changes
 * after the look is told. false: the way ends here. */
static bool enter(struct fc_file_watch *w, struct walk *walk, const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/%s", walk->folder, name);
	int watch = add_watch(w, walk->folder[0] ? walk->folder : "/", FOLDER_EVENTS);
	struct stat st;

	if (watch >= 0)
		add_step(w, watch, name);
	if (lstat(path, &st) < 0)
		return false;
	if (S_ISLNK(st.st_mode))
		return follow_link(walk, path);
	if (!S_ISDIR(st.st_mode)) {
		add_watch(w, path, FILE_EVENTS);
		return false;
	}
	free(walk->folder);
	walk->folder = fc_steal(&path);
	return true;
}

static bool go(struct fc_file_watch *w, struct walk *walk)
{
	const char *rest = walk->rest;
	FC_AUTO_FREE char *name = next_name(&rest), *old_rest = walk->rest;

	walk->rest = fc_xstrdup(rest);
	if (!name)
		return false;
	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") != 0)
		return enter(w, walk, name);
	go_up(walk->folder);
	return true;
}

static void watch_path(struct fc_file_watch *w, const char *path)
{
	struct walk walk = { .folder = fc_xstrdup(""), .rest = fc_xstrdup(path) };

	while (go(w, &walk))
		;
	free(walk.folder);
	free(walk.rest);
}

static int compare_numbers(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void sort(struct watches *s)
{
	if (s->count)
		qsort(s->numbers, s->count, sizeof(*s->numbers), compare_numbers);
}

static bool has(const struct watches *s, int number)
{
	return s->count && bsearch(&number, s->numbers, s->count, sizeof(number), compare_numbers);
}

static void open_inotify(struct fc_file_watch *w)
{
	struct fc_error err = FC_ERROR_INIT;

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0) {
		no_descriptor(w, errno);
		return;
	}
	if (fc_loop_set_fd(w->o.loop, w->fd, EPOLLIN, take_events, w, &err) < 0) {
		set_problem(w, fc_xstrdup(err.text));
		close(w->fd);
		w->fd = -1;
	}
}

/* Watches all steps of all paths as they lead now, and no other. */
static void arm(struct fc_file_watch *w)
{
	struct watches old = w->watches;
	bool had_problem = w->problem != NULL;

	w->watches = (struct watches){ .numbers = NULL };
	free_steps(fc_steal(&w->steps));
	set_problem(w, NULL);
	if (w->fd < 0)
		open_inotify(w);
	for (size_t i = 0; i < w->count; i++)
		watch_path(w, w->files[i].path);
	sort(&w->watches);
	sort(&old);
	for (size_t i = 0; i < old.count; i++)
		if (!has(&w->watches, old.numbers[i]) && (i == 0 || old.numbers[i] != old.numbers[i - 1]))
			inotify_rm_watch(w->fd, old.numbers[i]);
	free(old.numbers);
	if (w->problem && !had_problem)
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
		w->poll =
			fc_loop_timer(w->o.loop, w->problem ? w->o.poll_ms : RARE_POLLS * w->o.poll_ms, poll_files, w);
}

/* --- what the kernel tells --- */

static bool concerns(const struct fc_file_watch *w, const struct inotify_event *event)
{
	if (event->mask & IN_Q_OVERFLOW)
		return true;
	/* Of a watch that was removed meanwhile. */
	if (!has(&w->watches, event->wd))
		return false;
	return event->len == 0 || find_step(w, event->wd, event->name);
}

static void take_events(void *user, int fd, uint32_t events FC_UNUSED)
{
	struct fc_file_watch *w = user;
	_Alignas(struct inotify_event) char bytes[8192];
	bool any = false;
	ssize_t len;

	while ((len = read(fd, bytes, sizeof(bytes))) > 0) {
		for (const char *at = bytes; at < bytes + len;) {
			const struct inotify_event *event = (const struct inotify_event *)(const void *)at;

			if (concerns(w, event)) {
				any = true;
				w->sure = w->sure || (event->mask & CONTENT_EVENTS);
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
	w->fd = -1;
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
	return w->problem;
}

void fc_file_watch_free(struct fc_file_watch *w)
{
	if (!w)
		return;
	fc_loop_timer_cancel(w->o.loop, &w->soon);
	fc_loop_timer_cancel(w->o.loop, &w->poll);
	if (w->fd >= 0) {
		fc_loop_remove_fd(w->o.loop, w->fd);
		close(w->fd);
	}
	free_steps(w->steps);
	free_files(w->files, w->count);
	free(w->watches.numbers);
	free(w->problem);
	free(w->told_problem);
	free(w);
}
