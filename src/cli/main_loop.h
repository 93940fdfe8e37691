/* SPDX-License-Identifier: Apache-2.0 */
/* fc_main_loop - what the main thread does while the others work: waits for signals, and gives memory back.
 * Owns:    its loop, a signalfd, the signal mask of the process.
 * Threads: main thread; made before the others start, which inherit the mask.
 * Fails:   only _new (no descriptors).
 * Source:  signalfd(2); design section 4, shutdown. */
#ifndef FC_MAIN_LOOP_H
#define FC_MAIN_LOOP_H

#include "base/loop.h"

struct fc_main_loop;

/* SIGINT, SIGTERM and SIGHUP are blocked from now on. */
struct fc_main_loop *fc_main_loop_new(struct fc_error *err) FC_MUST_CHECK;
/* NULL allowed. */
void fc_main_loop_free(struct fc_main_loop *m);

/* For others who wait for something on the main thread. */
struct fc_loop *fc_main_loop_loop(struct fc_main_loop *m);
/* What a SIGHUP sets off; nothing until this was called. */
void fc_main_loop_on_hangup(struct fc_main_loop *m, void (*fn)(void *user), void *user);

/* Runs until SIGINT or SIGTERM comes, and returns which. After that a second one ends the process at once. */
int fc_main_loop_run(struct fc_main_loop *m);

#endif
