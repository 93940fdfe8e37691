/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that feed each other (systems/k8s-copier.md B22, D17). A rule feeds another when it writes a place that
 * overlaps the place the other reads, in the same object. Every rule that reaches itself this way is suspended. Only
 * linked rules take part: those that are valid, permitted and bound to a source.
 *
 * The strongly connected components (Tarjan, 1972) of what can be reached from the rules that came in a step, and
 * from those that were on a cycle when one of these went, are found once at the end of the step: the work is in
 * proportion to the rules that feed somebody there, and rules that feed nobody cost nothing. */
#include "engine/cycles.h"

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

#include <stddef.h>
#include <string.h>

static struct rule *rule_of(struct vertex *v)
{
	return (struct rule *)((char *)v - offsetof(struct rule, vertex));
}

static struct pair *pair_of(struct vertex *v)
{
	return (struct pair *)((char *)v - offsetof(struct pair, vertex));
}

static struct target *target_of(struct vertex *v)
{
	return v->is_pair ? pair_of(v)->target : rule_of(v)->target;
}

/* --- who reads what it writes --- */

/* Those that read from one object: its rules, then the pairs of the whole-object rules that have it as their source. */
struct readers {
	struct rule *rule;
	struct copy_rule *copy_rule;
	struct site *site;
	struct pair *pair;
};

static struct readers readers_of(struct fc_engine *e, struct vertex *v)
{
	struct target *t = target_of(v);
	struct source *s = source_of_key(e, &t->key);

	if (!s)
		return (struct readers){ .rule = NULL };
	return (struct readers){
		.rule = s->rules,
		.copy_rule = s->copy_rules,
		.site = s->copy_rules ? s->copy_rules->sites : NULL,
	};
}

/* A rule reads a place, a pair the whole; and what a pair writes is the whole. */
static bool reads(struct vertex *writer, const struct rule *reader)
{
	if (!reader->linked)
		return false;
	return writer->is_pair ||
	       fc_path_compare(rule_of(writer)->spec->target_path, reader->spec->source_path) != FC_PATH_APART;
}

/* The next pair in the order of rules, sites and pairs; NULL: there is none. */
static struct pair *next_pair(struct readers *r)
{
	for (;;) {
		if (r->pair && r->pair->next_in_site)
			return r->pair = r->pair->next_in_site;
		if (r->pair)
			r->site = r->site->next;
		r->pair = NULL;
		while (r->copy_rule && !(r->site && r->site->pairs)) {
			if (r->site) {
				r->site = r->site->next;
				continue;
			}
			r->copy_rule = r->copy_rule->next_in_source;
			r->site = r->copy_rule ? r->copy_rule->sites : NULL;
		}
		if (!r->copy_rule)
			return NULL;
		return r->pair = r->site->pairs;
	}
}

/* NULL: nobody more. */
static struct vertex *next_fed(struct fc_engine *e, struct vertex *writer, struct readers *r)
{
	struct pair *p;

	while (r->rule) {
		struct rule *reader = r->rule;

		r->rule = reader->next_in_source;
		if (reads(writer, reader))
			return &reader->vertex;
	}
	while ((p = next_pair(r)))
		if (pair_is_permitted(e, p))
			return &p->vertex;
	return NULL;
}

static bool feeds_somebody(struct fc_engine *e, struct vertex *v)
{
	struct readers r = readers_of(e, v);

	return next_fed(e, v, &r);
}

/* --- the search --- */

static void set_on_cycle(struct fc_engine *e, struct vertex *v, bool on)
{
	if (v->on_cycle == on)
		return;
	v->on_cycle = on;
	if (on)
		e->cycle_count++;
	else
		e->cycle_count--;
	target_mark(e, target_of(v));
}

/* A rule on the way of the search, and how far its readers have been looked at. */
struct step {
	struct vertex *vertex;
	struct readers readers;
};

struct search {
	struct fc_engine *e;
	uint32_t visit;
	struct step *path;
	size_t path_count, path_cap;
	struct vertex **open; /* met, and not yet of a finished component */
	size_t open_count, open_cap;
	uint32_t *low; /* by order: the earliest open one that can be reached from there */
	size_t low_count, low_cap;
};

static void enter(struct search *s, struct vertex *v)
{
	v->visit = s->visit;
	v->order = (uint32_t)s->low_count;
	FC_GROW(s->low, s->low_count, s->low_cap);
	s->low[s->low_count++] = v->order;
	v->is_open = true;
	FC_GROW(s->open, s->open_count, s->open_cap);
	s->open[s->open_count++] = v;
	FC_GROW(s->path, s->path_count, s->path_cap);
	s->path[s->path_count++] = (struct step){ .vertex = v, .readers = readers_of(s->e, v) };
}

/* No pair's source is its own destination. */
static bool feeds_itself(struct vertex *v)
{
	const struct rule *r = v->is_pair ? NULL : rule_of(v);

	return r && r->source && memcmp(&r->source->key, &r->target->key, sizeof(r->target->key)) == 0 &&
	       fc_path_compare(r->spec->target_path, r->spec->source_path) != FC_PATH_APART;
}

/* Such a dialect looks at marks, and refuses the one that closes the circle. */
static bool is_marked_chain(struct vertex *v)
{
	return v->is_pair && pair_of(v)->site->rule->dialect->copy->marked_chains;
}

/* `root` is the first of a component that was met: what is open from it on is the component. */
static void finish(struct search *s, struct vertex *root)
{
	size_t first = s->open_count;
	bool by_marks = true;

	while (s->open[first - 1] != root)
		first--;
	first--;
	for (size_t i = first; i < s->open_count; i++)
		by_marks = by_marks && is_marked_chain(s->open[i]);
	for (size_t i = first; i < s->open_count; i++) {
		struct vertex *v = s->open[i];
		bool was_on = v->on_cycle, on = (s->open_count - first > 1 && !by_marks) || feeds_itself(v);

		v->is_open = false;
		set_on_cycle(s->e, v, on);
		if (was_on && !on && !v->is_pair)
			rule_joins(rule_of(v));
	}
	s->open_count = first;
}

static void reaches(struct search *s, const struct vertex *v, uint32_t order)
{
	if (order < s->low[v->order])
		s->low[v->order] = order;
}

static void walk(struct search *s, struct vertex *start)
{
	enter(s, start);
	while (s->path_count) {
		struct step *at = &s->path[s->path_count - 1];
		struct vertex *v = at->vertex, *fed = next_fed(s->e, v, &at->readers);

		if (fed) {
			if (fed->visit != s->visit)
				enter(s, fed);
			else if (fed->is_open)
				reaches(s, v, fed->order);
			continue;
		}
		s->path_count--;
		if (s->path_count)
			reaches(s, s->path[s->path_count - 1].vertex, s->low[v->order]);
		if (s->low[v->order] == v->order)
			finish(s, v);
	}
}

static void walk_again(struct search *s, struct vertex *v)
{
	if (v->on_cycle && v->visit != s->visit)
		walk(s, v);
}

static void walk_those_on_cycles(struct search *s)
{
	struct target *t;

	FC_TABLE_FOREACH(&s->e->targets, at, t) {
		for (struct rule *r = t->rules; r; r = r->next)
			walk_again(s, &r->vertex);
		for (struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next)
			walk_again(s, &p->vertex);
	}
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
	free(s.low);
}

/* --- who comes and who goes --- */

static void bound(struct fc_engine *e, struct vertex *v)
{
	/* Who feeds nobody is on no cycle; whoever comes to read from it later is searched from then. */
	if (v->just_bound || !feeds_somebody(e, v))
		return;
	v->just_bound = true;
	FC_GROW(e->bound, e->bound_count, e->bound_cap);
	e->bound[e->bound_count++] = v;
}

static void unbound(struct fc_engine *e, struct vertex *v)
{
	for (size_t i = 0; v->just_bound && i < e->bound_count; i++) {
		if (e->bound[i] != v)
			continue;
		e->bound[i] = e->bound[--e->bound_count];
		v->just_bound = false;
	}
	if (!v->on_cycle)
		return;
	set_on_cycle(e, v, false);
	e->cycle_opened = true;
}

void cycles_rule_bound(struct fc_engine *e, struct rule *r)
{
	bound(e, &r->vertex);
}

void cycles_rule_unbound(struct fc_engine *e, struct rule *r)
{
	unbound(e, &r->vertex);
}

void cycles_pair_bound(struct fc_engine *e, struct pair *p)
{
	p->vertex.is_pair = true;
	bound(e, &p->vertex);
}

void cycles_pair_unbound(struct fc_engine *e, struct pair *p)
{
	unbound(e, &p->vertex);
}

void cycles_pairs_permitted_anew(struct fc_engine *e)
{
	struct target *t;

	if (!e->copies)
		return;
	FC_TABLE_FOREACH(&e->targets, at, t)
		for (struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next)
			cycles_pair_bound(e, p);
	e->cycle_opened = true;
}

void cycles_copies_permitted_anew(struct fc_engine *e, const struct copy_rule *cr)
{
	for (struct site *s = cr->sites; s; s = s->next)
		for (struct pair *p = s->pairs; p; p = p->next_in_site)
			cycles_pair_bound(e, p);
	e->cycle_opened = true;
}
