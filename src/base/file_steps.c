/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_steps.h"

#include "base/hash.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the kernel has it (path_resolution(7)). */
#define MAX_LINKS 40

/* What comes and goes in a folder. What is written into a file is asked of the file itself: a folder such as /tmp would
 * tell of every write of everybody. */
#define FOLDER_EVENTS \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define FILE_EVENTS (FC_FILE_STEPS_CONTENT | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW)

/* A name in a watched folder over which one of the paths leads. */
struct fc_file_step {
	UT_hash_handle hh;
	char key[]; /* see step_key */
};

/* --- what hinders --- */

static void set_problem(struct fc_file_steps *s, char *text)
{
	free(s->problem);
	s->problem = text;
}

static void no_descriptor(struct fc_file_steps *s, int why)
{
	set_problem(s, why == EMFILE
			       ? fc_xstrdup("no further inotify instance: raise fs.inotify.max_user_instances, or the "
					    "limit of open files")
			       : fc_xasprintf("inotify: %s", strerror(why)));
}

static void no_watch(struct fc_file_steps *s, const char *path, int why)
{
	if (why == ENOSPC)
		set_problem(s, fc_xstrdup("no further inotify watch: raise fs.inotify.max_user_watches"));
	else
		set_problem(s, fc_xasprintf("%s cannot be watched: %s", path, strerror(why)));
}

/* --- watches --- */

static int compare_numbers(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static void sort(struct fc_file_watches *list)
{
	if (list->count)
		qsort(list->numbers, list->count, sizeof(*list->numbers), compare_numbers);
}

static bool has(const struct fc_file_watches *list, int number)
{
	return list->count && bsearch(&number, list->numbers, list->count, sizeof(number), compare_numbers);
}

/* Its number, or -1. A folder that is watched already keeps its number. */
static int add_watch(struct fc_file_steps *s, const char *path, uint32_t events)
{
	int number = s->fd < 0 ? -1 : inotify_add_watch(s->fd, path, events);

	if (number < 0) {
		/* Gone again: the folder above tells of it. */
		if (s->fd >= 0 && errno != ENOENT && errno != ENOTDIR)
			no_watch(s, path, errno);
		return -1;
	}
	FC_GROW(s->watches.numbers, s->watches.count, s->watches.cap);
	s->watches.numbers[s->watches.count++] = number;
	return number;
}

static char *step_key(int watch, const char *name)
{
	return fc_xasprintf("%d/%s", watch, name);
}

static void add_step(struct fc_file_steps *s, int watch, const char *name)
{
	FC_AUTO_FREE char *key = step_key(watch, name);
	struct fc_file_step *step;

	HASH_FIND_STR(s->table, key, step);
	if (step)
		return;
	step = fc_xcalloc(1, sizeof(*step) + strlen(key) + 1);
	memcpy(step->key, key, strlen(key) + 1);
	HASH_ADD_STR(s->table, key, step);
}

static void free_table(struct fc_file_step *table)
{
	struct fc_file_step *step, *next;

	HASH_ITER(hh, table, step, next) {
		HASH_DEL(table, step);
		free(step);
	}
}

/* --- the way of a path --- */

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
static bool enter(struct fc_file_steps *s, struct walk *walk, const char *name)
{
	FC_AUTO_FREE char *path = fc_xasprintf("%s/%s", walk->folder, name);
	int watch = add_watch(s, walk->folder[0] ? walk->folder : "/", FOLDER_EVENTS);
	struct stat st;

	if (watch >= 0)
		add_step(s, watch, name);
	if (lstat(path, &st) < 0)
		return false;
	if (S_ISLNK(st.st_mode))
		return follow_link(walk, path);
	if (!S_ISDIR(st.st_mode)) {
		add_watch(s, path, FILE_EVENTS);
		return false;
	}
	free(walk->folder);
	walk->folder = fc_steal(&path);
	return true;
}

static bool go(struct fc_file_steps *s, struct walk *walk)
{
	FC_AUTO_FREE char *way = walk->rest;
	const char *rest = way;
	FC_AUTO_FREE char *name = next_name(&rest);

	walk->rest = fc_xstrdup(rest);
	if (!name)
		return false;
	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") != 0)
		return enter(s, walk, name);
	go_up(walk->folder);
	return true;
}

/* --- the whole --- */

bool fc_file_steps_begin(struct fc_file_steps *s)
{
	s->old = s->watches;
	s->watches = (struct fc_file_watches){ .numbers = NULL };
	free_table(fc_steal(&s->table));
	set_problem(s, NULL);
	if (s->fd >= 0)
		return false;
	s->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->fd < 0)
		no_descriptor(s, errno);
	return s->fd >= 0;
}

void fc_file_steps_close(struct fc_file_steps *s, const char *why)
{
	close(s->fd);
	s->fd = -1;
	set_problem(s, fc_xstrdup(why));
}

void fc_file_steps_add(struct fc_file_steps *s, const char *path)
{
	struct walk walk = { .folder = fc_xstrdup(""), .rest = fc_xstrdup(path) };

	while (go(s, &walk))
		;
	free(walk.folder);
	free(walk.rest);
}

void fc_file_steps_end(struct fc_file_steps *s)
{
	sort(&s->watches);
	sort(&s->old);
	for (size_t i = 0; i < s->old.count; i++)
		if (!has(&s->watches, s->old.numbers[i]) && (i == 0 || s->old.numbers[i] != s->old.numbers[i - 1]))
			inotify_rm_watch(s->fd, s->old.numbers[i]);
	free(fc_steal(&s->old.numbers));
}

bool fc_file_steps_concern(const struct fc_file_steps *s, const struct inotify_event *event)
{
	struct fc_file_step *step;

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	/* Of a watch that was removed meanwhile. */
	if (!has(&s->watches, event->wd))
		return false;
	if (event->len == 0)
		return true;
	FC_AUTO_FREE char *key = step_key(event->wd, event->name);
	HASH_FIND_STR(s->table, key, step);
	return step;
}

void fc_file_steps_fini(struct fc_file_steps *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free_table(s->table);
	free(s->watches.numbers);
	free(s->problem);
	*s = FC_FILE_STEPS_INIT;
}
