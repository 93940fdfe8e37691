/* SPDX-License-Identifier: Apache-2.0 */
/* sb_outflow - what one stream still has to send: an answer's body, then the lines of a watch.
 * Owns:    the body; of shared lines a reference each, no copy.
 * Threads: the loop's one.
 * Fails:   never; whoever fills it looks at how much is unsent.
 * Source:  kube-apiserver ends watches whose clients do not keep up. */
#ifndef FC_SANDBOX_OUTFLOW_H
#define FC_SANDBOX_OUTFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sandbox/exchange.h"

struct sb_outflow_line;

struct sb_outflow {
	struct fc_buf body;
	size_t body_sent;
	struct sb_outflow_line *first, *last;
	size_t unsent; /* bytes of lines */
	bool ended;    /* nothing follows */

	int64_t bytes_per_second; /* 0: as fast as may be */
	int64_t paced_ms;	  /* since then, */
	int64_t paced_bytes;	  /* so many went out */
};

void sb_outflow_fini(struct sb_outflow *o);
/* The first `len` bytes of the line, not before `due_ms` of the monotonic clock, nor before the line in front. */
void sb_outflow_push(struct sb_outflow *o, struct sb_text *line, size_t len, int64_t due_ms);
/* Copies what may go out now; 0: nothing. */
size_t sb_outflow_take(struct sb_outflow *o, void *out, size_t room, int64_t now_ms);
/* Everything is out, and nothing follows. */
bool sb_outflow_is_over(const struct sb_outflow *o);
/* After a take of 0: in how many milliseconds there is something; -1: when something is pushed. */
int64_t sb_outflow_wait_ms(const struct sb_outflow *o, int64_t now_ms);

#endif
