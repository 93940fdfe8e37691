/* SPDX-License-Identifier: Apache-2.0 */
/* When a target, a cluster or a watch is to be looked at again: a binary heap of alarms, each in it at most once. */
#include "base/mem.h"
#include "engine/parts.h"

static void place(struct fc_engine *e, struct alarm *a, size_t i)
{
	e->heap[i] = a;
	a->index = (uint32_t)i;
}

static void sift_up(struct fc_engine *e, size_t i)
{
	struct alarm *a = e->heap[i];

	while (i > 0 && e->heap[(i - 1) / 2]->due_ms > a->due_ms) {
		place(e, e->heap[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	place(e, a, i);
}

static void sift_down(struct fc_engine *e, size_t i)
{
	struct alarm *a = e->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= e->heap_count)
			break;
		if (child + 1 < e->heap_count && e->heap[child + 1]->due_ms < e->heap[child]->due_ms)
			child++;
		if (e->heap[child]->due_ms >= a->due_ms)
			break;
		place(e, e->heap[child], i);
		i = child;
	}
	place(e, a, i);
}

void alarm_clear(struct fc_engine *e, struct alarm *a)
{
	size_t i = a->index;

	if (a->due_ms == 0)
		return;
	a->due_ms = 0;
	e->heap_count--;
	if (i == e->heap_count)
		return;
	place(e, e->heap[e->heap_count], i);
	sift_down(e, i);
	sift_up(e, e->heap[i]->index);
}

void alarm_set_earliest(struct fc_engine *e, struct alarm *a, int64_t due_ms)
{
	/* 0 means "not in the heap"; nothing is due at the beginning of time. */
	if (due_ms <= 0)
		due_ms = 1;
	if (a->due_ms != 0 && a->due_ms <= due_ms)
		return;
	alarm_clear(e, a);
	FC_GROW(e->heap, e->heap_count, e->heap_cap);
	a->due_ms = due_ms;
	place(e, a, e->heap_count++);
	sift_up(e, a->index);
}

struct alarm *alarm_take_due(struct fc_engine *e, int64_t now_ms)
{
	struct alarm *a = e->heap_count ? e->heap[0] : NULL;

	if (!a || a->due_ms > now_ms)
		return NULL;
	alarm_clear(e, a);
	return a;
}
