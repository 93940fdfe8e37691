/* SPDX-License-Identifier: Apache-2.0 */
/* The brake (design section 5, promise 9): whatever goes wrong where sources are, a cluster does not lose more than a
 * few of its copies by it before somebody has looked. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

#define WINDOW_MS (10 * 60 * 1000)
#define DEFAULT_DELETES 50

static void forget_old(struct fc_engine *e, struct brake *b)
{
	size_t old = 0;

	while (old < b->count && b->times[old] <= e->now_ms - WINDOW_MS)
		old++;
	b->count -= old;
	if (old)
		memmove(b->times, b->times + old, b->count * sizeof(*b->times));
}

/* Ten of a hundred where the cluster holds many: those that are gone already count as if they were there. */
static size_t limit_of(const struct fc_engine *e, const struct cluster *c)
{
	long option = e->options.max_deletes;
	size_t limit = option == 0 ? DEFAULT_DELETES : option < 0 ? 0 : (size_t)option;
	size_t tenth = (c->copies + c->brake.count) / 10;

	return limit > tenth || option < 0 ? limit : tenth;
}

bool brake_allows(struct fc_engine *e, struct cluster *c)
{
	struct brake *b = &c->brake;

	forget_old(e, b);
	if (!b->pulled && b->count >= limit_of(e, c)) {
		b->pulled = true;
		report_cluster(e, FC_LOG_ERROR, c,
			       "many copies would be deleted because their sources are gone: none is any more, until a "
			       "restart with a higher --max-deletes",
			       NULL);
	}
	if (b->pulled)
		return false;
	FC_GROW(b->times, b->count, b->cap);
	b->times[b->count++] = e->now_ms;
	return true;
}

void brake_free(struct brake *b)
{
	free(b->times);
	*b = (struct brake){ .times = NULL };
}
