/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include "base/mem.h"
#include "base/random.h"
#include "steps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define STEP(name, common, much) [STEP_##name] = #name,
	SIM_STEPS(STEP)
#undef STEP
};
static const unsigned weights[][2] = {
#define STEP(name, common, much) [STEP_##name] = { common, much },
	SIM_STEPS(STEP)
#undef STEP
};

const char *step_name(enum step_kind kind)
{
	return names[kind];
}

static void add(struct script *s, struct step step)
{
	FC_GROW(s->steps, s->count, s->cap);
	s->steps[s->count++] = step;
}

/* Most worlds are short: what goes wrong goes wrong within few steps, and a long world finds no more than several short
 * ones. */
static size_t length(struct fc_random *random)
{
	size_t n = 40 + fc_random_next(random) % 160;

	while (fc_random_next(random) % 4 == 0 && n < 2000)
		n *= 2;
	return n;
}

/* What happens in worlds of the dialects that ship is chosen by numbers of its own: the other worlds stay what they
 * are. */
static bool is_of_dialects(unsigned kind)
{
	return kind >= STEP_KOPY;
}

static bool is_unheard_of(unsigned kind, unsigned dialects)
{
	return (kind == STEP_REPLICATE || kind == STEP_BOOKS) && !(dialects & SPEAKS_REPLICATOR);
}

/* Each world has much of a few kinds and none of some others: faults that never come together hide each other. */
static unsigned choose_weights(struct fc_random *random, struct fc_random *other, unsigned dialects,
			       unsigned weight[STEP_KINDS])
{
	unsigned sum = 0;

	for (unsigned k = 0; k < STEP_KINDS; k++) {
		unsigned chance = (unsigned)(fc_random_next(is_of_dialects(k) ? other : random) % 8);

		weight[k] = weights[k][chance == 0];
		if ((k > STEP_PASS && (chance == 1 || chance == 2)) || (is_of_dialects(k) && !dialects) ||
		    (k == STEP_OBJECTS && !(dialects & SPEAKS_OBJECTS)) || is_unheard_of(k, dialects))
			weight[k] = 0;
		sum += weight[k];
	}
	return sum;
}

/* Every other world speaks dialects that ship for whole objects, alone, together, and beside path rules. */
static unsigned choose_dialects(struct fc_random *random)
{
	static const unsigned mixes[] = {
		SPEAKS_KOPY,
		SPEAKS_SYNC,
		SPEAKS_KOPY | SPEAKS_SYNC,
		SPEAKS_KOPY | SPEAKS_SYNC,
		SPEAKS_KOPY | SPEAKS_PATHS,
		SPEAKS_SYNC | SPEAKS_PATHS,
		SPEAKS_KOPY | SPEAKS_SYNC | SPEAKS_PATHS,
		SPEAKS_KOPY | SPEAKS_SYNC | SPEAKS_PATHS,
		SPEAKS_REPLICATOR,
		SPEAKS_REPLICATOR,
		SPEAKS_REPLICATOR | SPEAKS_PATHS,
		SPEAKS_REPLICATOR | SPEAKS_KOPY | SPEAKS_SYNC,
	};
	uint64_t pick = fc_random_next(random) % (2 * FC_ARRAY_LEN(mixes));

	return pick < FC_ARRAY_LEN(mixes) && !getenv("PATHS") ? mixes[pick] : 0;
}

/* Most worlds of dialects speak object-sync too, and a few of the others. OBJECTS=1: every world; OBJECTS=0: none. */
static unsigned add_object_sync(uint64_t seed, unsigned dialects)
{
	struct fc_random random = { .state = seed + 5 };
	unsigned pick = (unsigned)(fc_random_next(&random) % 20);
	const char *which = getenv("OBJECTS");

	if (getenv("PATHS") || (which && strcmp(which, "0") == 0) ||
	    (!which && (dialects ? pick / 2 % 4 == 0 : pick / 2 % 4 != 0)))
		return dialects;
	if (dialects || pick % 2)
		return dialects | SPEAKS_OBJECTS;
	return SPEAKS_PATHS | SPEAKS_OBJECTS;
}

void script_make(struct script *s, uint64_t seed)
{
	struct fc_random random = { .state = seed }, other = { .state = ~seed };
	unsigned dialects = add_object_sync(seed, choose_dialects(&other)), weight[STEP_KINDS];
	unsigned sum = choose_weights(&random, &other, dialects, weight);
	size_t n = length(&random);

	*s = (struct script){ .seed = seed, .dialects = dialects };
	for (size_t i = 0; i < n; i++) {
		unsigned at = (unsigned)(fc_random_next(&random) % sum), kind = 0;
		uint64_t ab = fc_random_next(&random), cd = fc_random_next(&random);

		while (at >= weight[kind])
			at -= weight[kind++];
		add(s, (struct step){ .kind = (uint8_t)kind,
				      .a = (uint32_t)ab & 0xffff,
				      .b = (uint32_t)(ab >> 32) & 0xffff,
				      .c = (uint32_t)cd & 0xffff,
				      .d = (uint32_t)(cd >> 32) & 0xffff });
	}
}

void script_fini(struct script *s)
{
	free(s->steps);
	*s = (struct script){ 0 };
}

/* --- shrinking --- */

static struct script without(const struct script *s, size_t from, size_t count)
{
	struct script less = { .seed = s->seed, .dialects = s->dialects };

	for (size_t i = 0; i < s->count; i++)
		if (i < from || i >= from + count)
			add(&less, s->steps[i]);
	return less;
}

/* Leaves out runs of steps, half of all at first, then ever shorter ones, until no single step can be left out. */
void script_shrink(struct script *s, bool (*fails)(void *user, const struct script *s), void *user, unsigned tries)
{
	bool any = false;

	for (size_t run = s->count / 2 ? s->count / 2 : 1; run > 0 && tries > 0;) {
		any = false;
		for (size_t from = 0; from < s->count && tries > 0; tries--) {
			struct script less = without(s, from, run);

			if (fails(user, &less)) {
				script_fini(s);
				*s = less;
				any = true;
			} else {
				script_fini(&less);
				from += run;
			}
		}
		if (run > 1)
			run /= 2;
		else if (!any)
			break;
	}
}

/* --- cases --- */

int script_write(const struct script *s, const char *file, const char *why, struct fc_error *err)
{
	FILE *out = fopen(file, "w");

	if (!out)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "%s cannot be written", file);
	fprintf(out, "# %.*s\nseed %" PRIu64 "\n", (int)strcspn(why, "\n"), why, s->seed);
	if (s->dialects)
		fprintf(out, "dialects %u\n", s->dialects);
	for (size_t i = 0; i < s->count; i++)
		fprintf(out, "%s %u %u %u %u\n", names[s->steps[i].kind], s->steps[i].a, s->steps[i].b, s->steps[i].c,
			s->steps[i].d);
	fclose(out);
	return 0;
}

static int kind_of(const char *name)
{
	for (int k = 0; k < STEP_KINDS; k++)
		if (strcmp(names[k], name) == 0)
			return k;
	return -1;
}

static int read_line(struct script *s, const char *line)
{
	struct step step = { 0 };
	char name[32];
	int kind;

	if (line[0] == '#' || line[0] == '\n')
		return 0;
	if (sscanf(line, "seed %" SCNu64, &s->seed) == 1 || sscanf(line, "dialects %u", &s->dialects) == 1)
		return 0;
	if (sscanf(line, "%31s %u %u %u %u", name, &step.a, &step.b, &step.c, &step.d) != 5)
		return -1;
	kind = kind_of(name);
	if (kind < 0)
		return -1;
	step.kind = (uint8_t)kind;
	add(s, step);
	return 0;
}

int script_read(struct script *s, const char *file, struct fc_error *err)
{
	FILE *in = fopen(file, "r");
	char line[256];
	int number = 0, result = 0;

	*s = (struct script){ 0 };
	if (!in)
		return fc_error_set_errno(err, FC_ERR_CONFIG, errno, "%s cannot be read", file);
	while (result == 0 && fgets(line, sizeof(line), in)) {
		number++;
		if (read_line(s, line) < 0)
			result = fc_error_set(err, FC_ERR_CONFIG, "%s:%d: no step: %s", file, number, line);
	}
	fclose(in);
	return result;
}
