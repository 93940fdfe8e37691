/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin_patience - ends a drop-in whose original ends where its Namespaces are not listed some time after the
 * start.
 * Owns:    its timer. Borrows loop and engine.
 * Threads: the loop's.
 * Fails:   never.
 * Source:  systems/object-syncer.md, B1. */
#ifndef FC_DROPIN_PATIENCE_H
#define FC_DROPIN_PATIENCE_H

#include "base/loop.h"
#include "cli/engine_thread.h"

struct fc_dropin_patience;

struct fc_dropin_patience_options {
	struct fc_loop *loop;
	struct fc_engine_thread *engine;
	unsigned ms;
	/* Once, when it is over: why, in a sentence. */
	void (*on_over)(void *user, const struct fc_error *why);
	void *user;
};

/* Never NULL. */
struct fc_dropin_patience *fc_dropin_patience_new(const struct fc_dropin_patience_options *options);
/* Before loop and engine go. NULL allowed. */
void fc_dropin_patience_free(struct fc_dropin_patience *p);

#endif
