/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that feed each other (systems/k8s-copier.md B22, D17). A rule feeds another when it writes a place that
 * overlaps the place the other reads, in the same object. Every rule that reaches itself this way is suspended. Only
 * linked rules take part: those that are valid, permitted and bound to a source.
 *
 * The strongly connected components (Tarjan, 1972) of what can be reached from the rules that came in a step, and
 * from those that were on a cycle when one of these went, are found once at the end of the step: the work is in
 * proportion to the rules that feed somebody there, and rules that feed nobody cost nothing. */
#include "base/mem.h"
#include "engine/parts.h"

/* The first rule that reads from the object which `r` writes. */
static struct rule *first_reader(struct fc_engine *e, const struct rule *r)
{
	struct source *s = NULL;

	HASH_FIND(hh, e->sources, &r->target->key, sizeof(r->target->key), s);
	return s ? s->rules : NULL;
}

/* From `reader` on, the next that reads what `r` writes, and may. */
static struct rule *next_fed(const struct rule *r, struct rule *reader)
{
	while (reader &&
	       (!reader->linked || fc_path_compare(r->spec.target_path, reader->spec.source_path) == FC_PATH_APART))
		reader = reader->next_in_source;
	return reader;
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

/* A rule on the way of the search, and how far its readers have been looked at. */
struct step {
	struct rule *rule, *reader;
};

struct search {
	struct fc_engine *e;
	uint32_t visit, order;
	struct step *path;
	size_t path_count, path_cap;
	struct rule **open; /* met, and not yet of a finished component */
	size_t open_count, open_cap;
};

static void enter(struct search *s, struct rule *r)
{
	r->visit = s->visit;
	r->order = r->low = ++s->order;
	r->is_open = true;
	FC_GROW(s->open, s->open_count, s->open_cap);
	s->open[s->open_count++] = r;
	FC_GROW(s->path, s->path_count, s->path_cap);
	s->path[s->path_count++] = (struct step){ .rule = r, .reader = first_reader(s->e, r) };
}

static bool feeds_itself(const struct search *s, const struct rule *r)
{
	return r->source && r->source->rules == first_reader(s->e, r) &&
	       fc_path_compare(r->spec.target_path, r->spec.source_path) != FC_PATH_APART;
}

/* `root` is the first of a component that was met: what is open from it on is the component. */
static void finish(struct search *s, struct rule *root)
{
	size_t first = s->open_count;

	while (s->open[first - 1] != root)
		first--;
	first--;
	for (size_t i = first; i < s->open_count; i++) {
		s->open[i]->is_open = false;
		set_on_cycle(s->e, s->open[i], s->open_count - first > 1 || feeds_itself(s, s->open[i]));
	}
	s->open_count = first;
}

static void walk(struct search *s, struct rule *start)
{
	enter(s, start);
	while (s->path_count) {
		struct step *at = &s->path[s->path_count - 1];
		struct rule *r = at->rule, *fed = next_fed(r, at->reader);

		if (fed) {
			at->reader = fed->next_in_source;
			if (fed->visit != s->visit)
				enter(s, fed);
			else if (fed->is_open && fed->order < r->low)
				r->low = fed->order;
			continue;
		}
		s->path_count--;
		if (s->path_count && r->low < s->path[s->path_count - 1].rule->low)
			s->path[s->path_count - 1].rule->low = r->low;
		if (r->low == r->order)
			finish(s, r);
	}
}

static void walk_those_on_cycles(struct search *s)
{
	struct target *t, *next;

	HASH_ITER(hh, s->e->targets, t, next)
		for (struct rule *r = t->rules; r; r = r->next)
			if (r->on_cycle && r->visit != s->visit)
				walk(s, r);
}

void cycles_settle(struct fc_engine *e)
{
	struct search s = { .e = e };

	if (e->bound_count == 0 && !e->cycle_opened)
		return;
	s.visit = ++e->visit;
	for (size_t i = 0; i < e->bound_count; i++) {
		e->bound[i]->just_bound = false;
		if (e->bound[i]->visit != s.visit)
			walk(&s, e->bound[i]);
	}
	e->bound_count = 0;
	if (e->cycle_opened && e->cycle_count)
		walk_those_on_cycles(&s);
	e->cycle_opened = false;
	free(s.path);
	free(s.open);
}

void cycles_rule_bound(struct fc_engine *e, struct rule *r)
{
	/* Who feeds nobody is on no cycle; whoever comes to read from it later is searched from then. */
	if (r->just_bound || !next_fed(r, first_reader(e, r)))
		return;
	r->just_bound = true;
	FC_GROW(e->bound, e->bound_count, e->bound_cap);
	e->bound[e->bound_count++] = r;
}

void cycles_rule_unbound(struct fc_engine *e, struct rule *r)
{
	for (size_t i = 0; r->just_bound && i < e->bound_count; i++) {
		if (e->bound[i] != r)
			continue;
		e->bound[i] = e->bound[--e->bound_count];
		r->just_bound = false;
	}
	if (!r->on_cycle)
		return;
	set_on_cycle(e, r, false);
	e->cycle_opened = true;
}
