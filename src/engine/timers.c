/* SPDX-License-Identifier: Apache-2.0 */
/* When a target, a cluster or a watch is to be looked at again: a binary heap of alarms, each in it at most once. */
#include "base/mem.h"
#include "engine/parts.h"

static void place(struct fc_engine *e, struct alarm_time at, size_t i)
{
	e->heap[i] = at;
	at.alarm->place = (unsigned)i + 1;
}

static void sift_up(struct fc_engine *e, size_t i)
{
	struct alarm_time a = e->heap[i];

	while (i > 0 && e->heap[(i - 1) / 2].due_ms > a.due_ms) {
		place(e, e->heap[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	place(e, a, i);
}

static void sift_down(struct fc_engine *e, size_t i)
{
	struct alarm_time a = e->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= e->heap_count)
			break;
		if (child + 1 < e->heap_count && e->heap[child + 1].due_ms < e->heap[child].due_ms)
			child++;
		if (e->heap[child].due_ms >= a.due_ms)
			break;
		place(e, e->heap[child], i);
		i = child;
	}
	place(e, a, i);
}

/* What a start has needed, where every target waits for a moment, is not kept. */
static void give_back(struct fc_engine *e)
{
	if (e->heap_count > 0 || e->heap_cap <= 64)
		return;
	free(e->heap);
	e->heap = NULL;
	e->heap_cap = 0;
}

int64_t alarm_due_ms(const struct fc_engine *e, const struct alarm *a)
{
	return a->place ? e->heap[a->place - 1].due_ms : 0;
}

void alarm_clear(struct fc_engine *e, struct alarm *a)
{
	size_t i = a->place;

	if (i-- == 0)
		return;
	a->place = 0;
	if (i < --e->heap_count) {
		place(e, e->heap[e->heap_count], i);
		sift_down(e, i);
		sift_up(e, i);
	}
	give_back(e);
}

void alarm_set_earliest(struct fc_engine *e, struct alarm *a, int64_t due_ms)
{
	/* 0 means "not set"; nothing is due at the beginning of time. */
	if (due_ms <= 0)
		due_ms = 1;
	if (a->place && alarm_due_ms(e, a) <= due_ms)
		return;
	alarm_clear(e, a);
	FC_GROW(e->heap, e->heap_count, e->heap_cap);
	place(e, (struct alarm_time){ .due_ms = due_ms, .alarm = a }, e->heap_count);
	sift_up(e, e->heap_count++);
}

struct alarm *alarm_take_due(struct fc_engine *e, int64_t now_ms)
{
	struct alarm *a;

	if (e->heap_count == 0 || e->heap[0].due_ms > now_ms)
		return NULL;
	a = e->heap[0].alarm;
	alarm_clear(e, a);
	return a;
}
