/* SPDX-License-Identifier: Apache-2.0 */
/* When a target is to be looked at again: a binary heap, each target in it at most once. */
#include "base/mem.h"
#include "engine/parts.h"

static void place(struct fc_engine *e, struct target *t, size_t i)
{
	e->heap[i] = t;
	t->heap_index = i;
}

static void sift_up(struct fc_engine *e, size_t i)
{
	struct target *t = e->heap[i];

	while (i > 0 && e->heap[(i - 1) / 2]->due_ms > t->due_ms) {
		place(e, e->heap[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	place(e, t, i);
}

static void sift_down(struct fc_engine *e, size_t i)
{
	struct target *t = e->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= e->heap_count)
			break;
		if (child + 1 < e->heap_count && e->heap[child + 1]->due_ms < e->heap[child]->due_ms)
			child++;
		if (e->heap[child]->due_ms >= t->due_ms)
			break;
		place(e, e->heap[child], i);
		i = child;
	}
	place(e, t, i);
}

void timer_clear(struct fc_engine *e, struct target *t)
{
	size_t i = t->heap_index;

	if (t->due_ms == 0)
		return;
	t->due_ms = 0;
	e->heap_count--;
	if (i == e->heap_count)
		return;
	place(e, e->heap[e->heap_count], i);
	sift_down(e, i);
	sift_up(e, e->heap[i]->heap_index);
}

void timer_set_earliest(struct fc_engine *e, struct target *t, int64_t due_ms)
{
	/* 0 means "not in the heap"; nothing is due at the beginning of time. */
	if (due_ms <= 0)
		due_ms = 1;
	if (t->due_ms != 0 && t->due_ms <= due_ms)
		return;
	timer_clear(e, t);
	FC_GROW(e->heap, e->heap_count, e->heap_cap);
	t->due_ms = due_ms;
	place(e, t, e->heap_count++);
	sift_up(e, t->heap_index);
}

struct target *timer_take_due(struct fc_engine *e, int64_t now_ms)
{
	struct target *t = e->heap_count ? e->heap[0] : NULL;

	if (!t || t->due_ms > now_ms)
		return NULL;
	timer_clear(e, t);
	return t;
}
