/* SPDX-License-Identifier: Apache-2.0 */
/* fc_file_watch - tells when what some paths lead to may have changed.
 * Owns:    an inotify descriptor, its timers, copies of the paths.
 * Threads: all calls, and the callback, on the thread of the loop.
 * Fails:   never: where the kernel cannot tell, the files are looked at every 10 s, and the log says why.
 * Source:  inotify(7); kube-client 12.5: atomic renames, volumes whose files are links through a link. */
#ifndef FC_FILE_WATCH_H
#define FC_FILE_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct fc_file_watch;

struct fc_file_watch_options {
	struct fc_loop *loop; /* borrowed, must outlive it */
	/* Once for any number of changes in a row: when none has come for `settle_ms`, or `longest_ms` after the first.
	 * May call fc_file_watch_set; not fc_file_watch_free. */
	void (*on_change)(void *user);
	void *user;
	int64_t settle_ms;  /* 0: 200 */
	int64_t longest_ms; /* 0: 2000 */
	int64_t poll_ms;    /* how often files are looked at that cannot be watched; 0: 10000 */
};

/* Watches nothing yet; never NULL. */
struct fc_file_watch *fc_file_watch_new(const struct fc_file_watch_options *options);
/* NULL allowed. */
void fc_file_watch_free(struct fc_file_watch *w);

/* Watches these paths from now on, and no other: files that may come and go, also behind symbolic links and in folders
 * that are missing yet. They are copied; relative ones lie below the present working folder. A path that is new here
 * counts as changed, since whoever names it has read it before it was watched. */
void fc_file_watch_set(struct fc_file_watch *w, const char *const *paths, size_t count);

/* Why some change may be noticed late only, and the mend; NULL when nothing hinders. Borrowed until the next call. */
const char *fc_file_watch_problem(const struct fc_file_watch *w);

#endif
