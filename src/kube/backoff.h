/* SPDX-License-Identifier: Apache-2.0 */
/* fc_backoff - how long to wait before the next try: doubled with each failure, with jitter, forgotten when quiet.
 * Owns:    nothing; plain data in its holder.
 * Threads: one owner.
 * Fails:   never.
 * Source:  kube-client 5.14: factor 2, jitter factor 1 (a delay d becomes anything from d to 2d), reset after 2 min:
 * counted from the end of the delay, so that a delay longer than that does not end its own series. */
#ifndef FC_BACKOFF_H
#define FC_BACKOFF_H

#include "base/random.h"

#include <stdint.h>

#define FC_BACKOFF_RESET_MS 120000

struct fc_backoff {
	int64_t base_ms;
	int64_t cap_ms;	 /* before jitter */
	int64_t next_ms; /* of the next failure, before jitter; 0: base */
	int64_t last_ms; /* when the delay of the last failure was over */
};

#define FC_BACKOFF_INIT(base, cap) ((struct fc_backoff){ .base_ms = (base), .cap_ms = (cap) })

/* The delay after a failure at `now_ms`. */
int64_t fc_backoff_next(struct fc_backoff *b, struct fc_random *r, int64_t now_ms);
/* The same for a failure that only somebody's act can mend (403, 404): the longest delay at once. */
int64_t fc_backoff_at_cap(struct fc_backoff *b, struct fc_random *r, int64_t now_ms);
/* The next delay is the first again. */
void fc_backoff_reset(struct fc_backoff *b);

#endif
