/* SPDX-License-Identifier: Apache-2.0 */
/* sb_history - the last changes of one resource, oldest first, and what has been forgotten.
 * Owns:    a reference to each object in it.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  kube-apiserver's watch cache: a window of events per resource; who asks for what is older gets 410. */
#ifndef FC_SANDBOX_HISTORY_H
#define FC_SANDBOX_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/object.h"

struct sb_change_text;

/* `before` NULL: created; `now` NULL: deleted, and `last` is what the event shows. */
struct sb_change {
	uint64_t version;
	struct sb_object *before, *now, *last;
	/* The event in the forms that watches asked for, while they are told: watch_text.c. */
	struct sb_change_text *texts;
};

/* Zeroed but for `limit`: empty. */
struct sb_history {
	struct sb_change *changes; /* a ring */
	size_t first, count, cap;
	size_t limit;	    /* changes kept */
	uint64_t forgotten; /* the version of the last change that is not known any more */
};

/* Takes over the references of `change`. */
void sb_history_push(struct sb_history *h, const struct sb_change *change);
/* The i-th, oldest first. */
const struct sb_change *sb_history_at(const struct sb_history *h, size_t i);
/* The number of the first change behind `version`; `count` when there is none. */
size_t sb_history_after(const struct sb_history *h, uint64_t version);
/* Empties it: versions before `version` are not known any more. */
void sb_history_forget(struct sb_history *h, uint64_t version);
/* Forgets and frees. */
void sb_history_fini(struct sb_history *h);

#endif
