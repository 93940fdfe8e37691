/* SPDX-License-Identifier: Apache-2.0 */
/* fc_file_steps - inotify watches over every folder and link by which some paths are reached.
 * Owns:    an inotify descriptor and its watches.
 * Threads: one.
 * Fails:   never: what cannot be watched is a problem that its holder can ask for.
 * Source:  inotify(7), path_resolution(7). Private to file_watch.c. */
#ifndef FC_FILE_STEPS_H
#define FC_FILE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/inotify.h>

/* Of a file itself: what is in it may be something else. */
#define FC_FILE_STEPS_CONTENT (IN_MODIFY | IN_CLOSE_WRITE)

/* Numbers of watches. */
struct fc_file_watches {
	int *numbers;
	size_t count, cap;
};

struct fc_file_steps {
	int fd; /* -1: there is none */
	struct fc_file_watches watches, old;
	struct fc_file_step *table;
	char *problem; /* why something cannot be watched, and the mend; NULL: nothing hinders */
};
#define FC_FILE_STEPS_INIT ((struct fc_file_steps){ .fd = -1 })

/* Watches the steps of these paths as they lead now, and no other: _begin, _add for each absolute path, _end. Opens the
 * descriptor where there is none: true when it did. */
bool fc_file_steps_begin(struct fc_file_steps *s);
void fc_file_steps_add(struct fc_file_steps *s, const char *path);
void fc_file_steps_end(struct fc_file_steps *s);
/* Between _begin and the first _add: the descriptor cannot be waited for, which is the problem. */
void fc_file_steps_close(struct fc_file_steps *s, const char *why);

/* May what has happened have changed where one of the paths leads, or what is there? */
bool fc_file_steps_concern(const struct fc_file_steps *s, const struct inotify_event *event);
/* It is as at the beginning. */
void fc_file_steps_fini(struct fc_file_steps *s);

#endif
