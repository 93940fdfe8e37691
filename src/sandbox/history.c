/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/history.h"

#include "base/mem.h"

static struct sb_change *place(const struct sb_history *h, size_t i)
{
	return &h->changes[(h->first + i) % h->cap];
}

static void forget_oldest(struct sb_history *h)
{
	struct sb_change *c = place(h, 0);

	h->forgotten = c->version;
	sb_object_unref(c->before);
	sb_object_unref(c->now);
	sb_object_unref(c->last);
	h->first = (h->first + 1) % h->cap;
	h->count--;
}

/* Small at first: most of the resources of a thousand clusters never change. */
static void grow(struct sb_history *h)
{
	size_t cap = h->cap ? h->cap * 2 : 8;
	struct sb_change *changes;

	if (cap > h->limit)
		cap = h->limit;
	changes = fc_xcalloc(cap, sizeof(*changes));
	for (size_t i = 0; i < h->count; i++)
		changes[i] = *place(h, i);
	free(h->changes);
	h->changes = changes;
	h->cap = cap;
	h->first = 0;
}

void sb_history_push(struct sb_history *h, const struct sb_change *change)
{
	if (!h->limit)
		h->limit = 1;
	if (h->count == h->limit)
		forget_oldest(h);
	if (h->count == h->cap)
		grow(h);
	*place(h, h->count++) = *change;
}

const struct sb_change *sb_history_at(const struct sb_history *h, size_t i)
{
	return place(h, i);
}

size_t sb_history_after(const struct sb_history *h, uint64_t version)
{
	size_t low = 0, high = h->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (place(h, middle)->version <= version)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void sb_history_forget(struct sb_history *h, uint64_t version)
{
	while (h->count)
		forget_oldest(h);
	h->forgotten = version;
}

void sb_history_fini(struct sb_history *h)
{
	sb_history_forget(h, 0);
	free(h->changes);
	*h = (struct sb_history){ .limit = h->limit };
}
