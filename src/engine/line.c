/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs in line: a ring of pointers, in which each job knows its number. One that leaves from the middle leaves a gap,
 * which is passed by when its turn comes. So a line costs nothing while nobody waits. */
#include "base/mem.h"
#include "engine/parts.h"

#define FEWEST 16

static struct job **place_of(const struct line *l, uint64_t number)
{
	return &l->jobs[number & (l->cap - 1)];
}

/* Moves those that are in it together, into `cap` places. */
static void move_to(struct line *l, size_t cap)
{
	struct line to = { .jobs = fc_xcalloc(cap, sizeof(struct job *)), .cap = cap };

	for (uint64_t number = l->first; number < l->end; number++)
		if (*place_of(l, number))
			line_add(&to, *place_of(l, number));
	free(l->jobs);
	*l = to;
}

void line_add(struct line *l, struct job *j)
{
	/* Where half of it is gaps, they are room enough. */
	size_t cap = l->count > l->cap / 2 ? l->cap * 2 : l->cap;

	if (l->end - l->first == l->cap)
		move_to(l, cap < FEWEST ? FEWEST : cap);
	j->number = l->end;
	*place_of(l, l->end++) = j;
	l->count++;
}

void line_remove(struct line *l, const struct job *j)
{
	*place_of(l, j->number) = NULL;
	if (--l->count > 0)
		return;
	l->first = l->end;
	/* What a crowd has needed once is not kept for the next. */
	if (l->cap > FEWEST)
		line_fini(l);
}

struct job *line_first(struct line *l)
{
	if (l->count == 0)
		return NULL;
	while (!*place_of(l, l->first))
		l->first++;
	return *place_of(l, l->first);
}

void line_fini(struct line *l)
{
	free(l->jobs);
	*l = (struct line){ .jobs = NULL };
}
