/* SPDX-License-Identifier: Apache-2.0 */
/* fc_once - the end of a run that ends by itself: when nothing is to be expected any more, or the time is over.
 * Owns:    its timer on the main loop.
 * Threads: main thread; asks the engine's.
 * Fails:   never.
 * Source:  design section 8, `--once` and `--timeout`. */
#ifndef FC_ONCE_H
#define FC_ONCE_H

#include "base/loop.h"
#include "cli/engine_thread.h"
#include "cli/outcome.h"

struct fc_once;

/* Stops the loop when the engine has come to rest, after `timeout_ms` at the latest. Both are borrowed. */
struct fc_once *fc_once_new(struct fc_loop *loop, struct fc_engine_thread *engine, int64_t timeout_ms);
/* Before the loop is freed. NULL allowed. */
void fc_once_free(struct fc_once *o);

/* What is to be said of a run with --once: a table of what is not well for standard output, warnings and problems for
 * standard error. True: all is well. */
bool fc_once_report(const struct fc_outcome *o, struct fc_buf *table, struct fc_buf *warnings);

#endif
