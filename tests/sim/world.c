/* SPDX-License-Identifier: Apache-2.0 */
#include "world_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void world_fail(struct world *w, int promise, const char *fmt, ...)
{
	va_list args;

	if (broken(w))
		return;
	w->verdict.promise = promise;
	va_start(args, fmt);
	vsnprintf(w->verdict.text, sizeof(w->verdict.text), fmt, args);
	va_end(args);
	world_say(w, "BROKEN: promise %d: %s", promise, w->verdict.text);
}

void world_say(const struct world *w, const char *fmt, ...)
{
	va_list args;

	if (!w->told)
		return;
	printf("%" PRId64 " ", w->now_ms);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

struct dice dice_of(const struct world *w, const struct step *s)
{
	struct dice d = { { w->seed ^ ((uint64_t)s->a << 48 | (uint64_t)s->b << 32 | (uint64_t)s->c << 16 | s->d) } };

	d.random.state += s->kind;
	return d;
}

unsigned dice_below(struct dice *d, unsigned n)
{
	return (unsigned)(fc_random_next(&d->random) % n);
}

bool dice_chance(struct dice *d, unsigned percent)
{
	return dice_below(d, 100) < percent;
}

static bool is_of_users(enum step_kind kind)
{
	return (kind >= STEP_EDIT_SOURCE && kind <= STEP_RIVAL) || kind >= STEP_KOPY;
}

static void play(struct world *w, const struct step *s)
{
	w->stats.steps++;
	w->stats.faults[s->kind]++;
	if (w->told && s->kind > STEP_PASS)
		world_say(w, "step %s %u %u %u %u", step_name(s->kind), s->a, s->b, s->c, s->d);
	if (is_of_users(s->kind))
		user_play(w, s);
	else
		fault_play(w, s);
	/* A rival is quick, but not always first. */
	if (s->b % 3 == 0)
		rivals_act(w);
}

/* Half of the worlds begin at rest. */
static void begin(struct world *w)
{
	struct dice d = { { w->seed } };

	world_build(w);
	process_start(w, &w->processes[0]);
	for (unsigned i = 0; i < w->member_count; i++)
		if (dice_chance(&d, 85))
			sim_watcher_connect(w->processes[0].slots[i].watcher);
	if (dice_chance(&d, 60))
		world_settle(w, 0);
}

static void add_stats(const struct world *w, struct world_stats *to)
{
	to->steps += w->stats.steps;
	to->events += w->stats.events;
	to->writes += w->stats.writes;
	to->reads += w->stats.reads;
	to->clusters += w->stats.clusters;
	to->rules += w->stats.rules;
	for (unsigned i = 0; i < FC_ARRAY_LEN(to->faults); i++)
		to->faults[i] += w->stats.faults[i];
}

void world_play(const struct script *s, bool told, struct verdict *out, struct world_stats *stats)
{
	struct world *w = fc_xcalloc(1, sizeof(*w));

	w->random.state = w->seed = s->seed;
	w->told = told;
	w->speaks = s->dialects;
	begin(w);
	for (size_t i = 0; i < s->count && !broken(w); i++)
		play(w, &s->steps[i]);
	promises_of_rest(w);
	promises_of_calm(w);
	promises_of_change(w);
	*out = w->verdict;
	if (stats)
		add_stats(w, stats);
	world_fini(w);
	free(w);
}
