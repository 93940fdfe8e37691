/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that feed each other (systems/k8s-copier.md B22, D17). A rule feeds another when it writes a place that
 * overlaps the place the other reads, in the same object. Every rule that reaches itself this way is suspended. Only
 * bound rules take part: those that are valid and permitted. The search begins at the rule that came or went, so that
 * rules which feed nobody cost nothing. */
#include "base/mem.h"
#include "engine/parts.h"

/* The rules that read what `r` writes hang on the source that is r's target. */
static struct source *fed_source(struct fc_engine *e, const struct rule *r)
{
	struct source *s = NULL;

	HASH_FIND(hh, e->sources, &r->target->key, sizeof(r->target->key), s);
	return s;
}

struct stack {
	struct rule **items;
	size_t count, cap;
};

static void push_fed(struct fc_engine *e, struct stack *stack, const struct rule *r)
{
	struct source *s = fed_source(e, r);

	for (struct rule *next = s ? s->rules : NULL; next; next = next->next_in_source) {
		if (fc_path_compare(r->spec.target_path, next->spec.source_path) == FC_PATH_APART)
			continue;
		FC_GROW(stack->items, stack->count, stack->cap);
		stack->items[stack->count++] = next;
	}
}

/* Does a walk from `start` along what it feeds come back to it? Everything met on the way is marked with this visit. */
static bool reaches_itself(struct fc_engine *e, struct rule *start)
{
	struct stack stack = { 0 };
	bool found = false;

	e->visit++;
	push_fed(e, &stack, start);
	while (stack.count && !found) {
		struct rule *r = stack.items[--stack.count];

		if (r == start)
			found = true;
		if (r->visit == e->visit)
			continue;
		r->visit = e->visit;
		push_fed(e, &stack, r);
	}
	free(stack.items);
	return found;
}

static void set_on_cycle(struct fc_engine *e, struct rule *r, bool on)
{
	if (r->on_cycle == on)
		return;
	r->on_cycle = on;
	if (on)
		e->cycle_count++;
	else
		e->cycle_count--;
	target_mark(e, r->target);
}

static void collect(struct fc_engine *e, struct stack *all, struct rule *start)
{
	e->visit++;
	push_fed(e, all, start);
	for (size_t i = 0; i < all->count; i++) {
		struct rule *r = all->items[i];

		if (r->visit == e->visit)
			continue;
		r->visit = e->visit;
		push_fed(e, all, r);
	}
}

void cycles_rule_bound(struct fc_engine *e, struct rule *r)
{
	struct stack fed = { 0 };

	if (!reaches_itself(e, r))
		return;
	set_on_cycle(e, r, true);
	collect(e, &fed, r);
	for (size_t i = 0; i < fed.count; i++)
		if (!fed.items[i]->on_cycle && reaches_itself(e, fed.items[i]))
			set_on_cycle(e, fed.items[i], true);
	free(fed.items);
}

/* Without it a cycle may be open: whoever was on one is asked again. */
void cycles_rule_unbound(struct fc_engine *e, struct rule *r)
{
	struct target *t, *next;

	if (!r->on_cycle)
		return;
	set_on_cycle(e, r, false);
	HASH_ITER(hh, e->targets, t, next) {
		if (e->cycle_count == 0)
			break;
		for (struct rule *other = t->rules; other; other = other->next)
			if (other->on_cycle)
				set_on_cycle(e, other, reaches_itself(e, other));
	}
}
