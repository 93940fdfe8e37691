/* SPDX-License-Identifier: Apache-2.0 */
/* fc_mailbox - a first-in-first-out of pointers from many threads to one.
 * Owns:    its own nodes; the messages belong to the sender until put, to the receiver once taken.
 * Threads: put from any; take from one. The only lock is its own, held for a few instructions, never over a callback.
 * Fails:   put after close frees nothing and returns -1: the message stays the sender's.
 * Source:  design section 4: one queue into the engine, one to each cluster. */
#ifndef FC_MAILBOX_H
#define FC_MAILBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct fc_mailbox;

/* `limit` messages at most (0: no limit). A full mailbox makes put wait: the sender slows down, memory does not grow.
 * `wake` (may be NULL) is called after a put into an empty mailbox, with no lock held. */
struct fc_mailbox *fc_mailbox_new(size_t limit, void (*wake)(void *user), void *user);

/* Takes over the message; waits while the mailbox is full. -1 when it is closed: the message stays the caller's. */
int fc_mailbox_put(struct fc_mailbox *m, void *message) FC_MUST_CHECK;
/* The same, but never waits, whatever the limit: for messages that must not be held up (shutdown, a snapshot). */
int fc_mailbox_put_now(struct fc_mailbox *m, void *message) FC_MUST_CHECK;

/* The next message, or NULL after `timeout_ms` without one (0: at once, -1: wait for ever) or when closed and
 * empty. */
void *fc_mailbox_take(struct fc_mailbox *m, int64_t timeout_ms);

/* Refuses further puts, lets waiting senders go with -1; what is inside can still be taken. */
void fc_mailbox_close(struct fc_mailbox *m);
/* Messages that wait now; another thread may change it at once. */
size_t fc_mailbox_depth(struct fc_mailbox *m);
/* Every message must have been taken. */
void fc_mailbox_free(struct fc_mailbox *m);

#endif
