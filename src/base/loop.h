/* SPDX-License-Identifier: Apache-2.0 */
/* fc_loop - one thread's wait for descriptors, timers and a call from outside.
 * Owns:    an epoll descriptor, an eventfd, its timers; not the descriptors it watches.
 * Threads: all calls from the thread that runs the loop, except fc_loop_wake and fc_loop_stop: any thread.
 * Fails:   only _new (no descriptors left).
 * Source:  epoll(7), eventfd(2). */
#ifndef FC_LOOP_H
#define FC_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct fc_loop;
struct fc_timer;

/* `on_wake` is called on the loop's thread after fc_loop_wake; several wakes may become one call. */
struct fc_loop *fc_loop_new(void (*on_wake)(void *user), void *user, struct fc_error *err) FC_MUST_CHECK;
/* Not from inside a callback; timers that are left are dropped uncalled. NULL allowed. */
void fc_loop_free(struct fc_loop *l);

/* Watches a descriptor for EPOLLIN and/or EPOLLOUT. A second call for the same fd changes events, function and user.
 * A callback may set or remove any descriptor, its own included; a removed one is not called again. */
int fc_loop_set_fd(struct fc_loop *l, int fd, uint32_t events, void (*fn)(void *user, int fd, uint32_t events),
		   void *user, struct fc_error *err) FC_MUST_CHECK;
/* An fd that is not watched is left alone; the descriptor stays open. */
void fc_loop_remove_fd(struct fc_loop *l, int fd);

/* Calls `fn` once after `delay_ms` (0: in this round; set by another timer's call: in the next one, without a wait).
 * The handle is valid until the call has begun or it was cancelled. */
struct fc_timer *fc_loop_timer(struct fc_loop *l, int64_t delay_ms, void (*fn)(void *user), void *user);
/* NULL allowed; sets *timer to NULL. A callback sets its own handle to NULL first. */
void fc_loop_timer_cancel(struct fc_loop *l, struct fc_timer **timer);

/* Runs until fc_loop_stop; a stop that came before the run ends it at once. */
void fc_loop_run(struct fc_loop *l);
/* Waits at most `timeout_ms` (-1: for ever) and handles what is ready; for tests. */
void fc_loop_run_once(struct fc_loop *l, int64_t timeout_ms);
/* Any thread, also from a signal handler: it only writes to an eventfd. */
void fc_loop_wake(struct fc_loop *l);
/* Any thread: the run ends after the round under way; before the run, it ends at once. */
void fc_loop_stop(struct fc_loop *l);

#endif
