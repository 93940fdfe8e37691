/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin_serve - the endpoints of a drop-in, where its original has them.
 * Owns:    its servers.
 * Threads: main thread; what the servers ask is called on threads of theirs.
 * Fails:   _start: an address that cannot be had, or a certificate that cannot be used, naming the flag. Later a
 *          certificate that cannot be used is logged once, and the one before it stays.
 * Source:  the systems/ pages; kube-client 11.7, 11.8. */
#ifndef FC_DROPIN_SERVE_H
#define FC_DROPIN_SERVE_H

#include "base/loop.h"
#include "cli/dropin.h"
#include "cli/dropin_guard.h"
#include "serve/server.h"

struct fc_dropin_serve;

/* Does it serve anything by https, for which the cluster is asked? */
bool fc_dropin_serve_needs_guard(const struct fc_dropin *d);
/* `d`, `sources` and `loop` (the main thread's, on which it looks for other certificates) outlive it; so does `guard`,
 * NULL where none is needed. NULL with err, and nothing runs. */
struct fc_dropin_serve *fc_dropin_serve_start(const struct fc_dropin *d, const struct fc_serve_sources *sources,
					      struct fc_dropin_guard *guard, struct fc_loop *loop, struct fc_error *err)
	FC_MUST_CHECK;
void fc_dropin_serve_stop(struct fc_dropin_serve *s); /* NULL allowed */

#endif
