/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/backoff.h"

/* Jitter keeps a thousand clients that lost one server from coming back in step. */
static int64_t delay(struct fc_backoff *b, struct fc_random *r, int64_t least_ms, int64_t now_ms)
{
	int64_t delay_ms = least_ms + fc_random_between(r, 0, least_ms);

	b->last_ms = now_ms + delay_ms;
	return delay_ms;
}

int64_t fc_backoff_next(struct fc_backoff *b, struct fc_random *r, int64_t now_ms)
{
	if (b->next_ms == 0 || now_ms - b->last_ms > FC_BACKOFF_RESET_MS)
		b->next_ms = b->base_ms;

	int64_t delay_ms = b->next_ms < b->cap_ms ? b->next_ms : b->cap_ms;
	b->next_ms = delay_ms * 2;
	return delay(b, r, delay_ms, now_ms);
}

int64_t fc_backoff_at_cap(struct fc_backoff *b, struct fc_random *r, int64_t now_ms)
{
	b->next_ms = b->cap_ms;
	return delay(b, r, b->cap_ms, now_ms);
}

void fc_backoff_reset(struct fc_backoff *b)
{
	b->next_ms = 0;
}
