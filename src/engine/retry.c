/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, how long a target waits after it, and when two writers are undoing each other (design section 5,
 * promise 6). */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

#define FIRST_DELAY_MS 200
#define LONGEST_DELAY_MS (5 * 60 * 1000)
/* Rights may come later, and seldom come within a second (kube-client 13.6). */
#define FIRST_FORBIDDEN_DELAY_MS 5000
#define FLAP_WINDOW_MS 60000
#define FIRST_FLAP_DELAY_MS 1000

void fault_clear(struct fault *f)
{
	free(f->text);
	*f = (struct fault){ .cls = FC_ERR_NONE };
}

void fault_set(struct fault *f, const struct fc_error *error)
{
	char *text = fc_xstrdup(error->text);

	fault_clear(f);
	*f = (struct fault){ .cls = error->cls, .text = text };
}

/* --- setbacks --- */

const struct setback *setback_or_none(const struct setback *s)
{
	static const struct setback none;

	return s ? s : &none;
}

struct setback *setback_take(struct setback **at)
{
	if (!*at)
		*at = fc_xcalloc(1, sizeof(**at));
	return *at;
}

void setback_free(struct setback **at)
{
	if (*at)
		fault_clear(&(*at)->error);
	free(fc_steal(at));
}

void setback_free_unused(struct setback **at)
{
	const struct setback *s = *at;

	if (s && !s->failures && s->error.cls == FC_ERR_NONE && !s->not_before_ms && !s->values_until_ms &&
	    !s->one_by_one)
		setback_free(at);
}

static int64_t doubled(int64_t first_ms, unsigned times)
{
	int64_t d = first_ms;

	while (times-- > 0 && d < LONGEST_DELAY_MS)
		d *= 2;
	return d < LONGEST_DELAY_MS ? d : LONGEST_DELAY_MS;
}

static bool wants_patience(enum fc_error_class cls)
{
	return cls == FC_ERR_FORBIDDEN || cls == FC_ERR_UNAUTHORIZED || cls == FC_ERR_QUOTA ||
	       cls == FC_ERR_TERMINATING;
}

int64_t retry_delay_ms(struct fc_random *random, unsigned failures, const struct fc_error *error)
{
	int64_t d = doubled(wants_patience(error->cls) ? FIRST_FORBIDDEN_DELAY_MS : FIRST_DELAY_MS,
			    failures ? failures - 1 : 0);

	/* Up to a quarter more: many that failed together do not come back together. The longest with it is the
	 * longest. */
	if (d > LONGEST_DELAY_MS / 5 * 4)
		d = LONGEST_DELAY_MS / 5 * 4;
	d = fc_random_between(random, d, d + d / 4);
	return d > error->retry_after_ms ? d : error->retry_after_ms;
}

static void failed(struct fc_engine *e, struct setback *s, const struct fc_error *error)
{
	s->failures++;
	measure_retry(e);
	fault_set(&s->error, error);
}

void retry_failed(struct fc_engine *e, struct target *t, enum part part, const struct fc_error *error)
{
	struct setback *s = setback_take(&t->setbacks[part]);
	int64_t longest_ms = part == PART_OBJECT ? copy_longest_delay_ms(t) : 0, delay_ms;

	failed(e, s, error);
	delay_ms = part == PART_OBJECT && copy_is_patient(t) ? copy_retry_delay_ms(e, t, error)
							     : retry_delay_ms(&e->random, s->failures, error);
	if (longest_ms && delay_ms > longest_ms)
		delay_ms = longest_ms > error->retry_after_ms ? longest_ms : error->retry_after_ms;
	s->not_before_ms = e->now_ms + delay_ms;
}

void retry_source_failed(struct fc_engine *e, struct source *source, const struct fc_error *error)
{
	struct setback *s = setback_take(&source->setback);

	failed(e, s, error);
	s->not_before_ms = e->now_ms + retry_delay_ms(&e->random, s->failures, error);
}

void retry_succeeded(struct target *t, enum part part)
{
	struct setback *s = t->setbacks[part];

	if (!s)
		return;
	s->failures = 0;
	fault_clear(&s->error);
	s->not_before_ms = 0;
	setback_free_unused(&t->setbacks[part]);
}

/* --- fights --- */

void retry_forget_rewrites(struct target *t)
{
	/* The delay was for the old fight. */
	if (t->flapping && t->setbacks[PART_OBJECT])
		t->setbacks[PART_OBJECT]->not_before_ms = 0;
	setback_free_unused(&t->setbacks[PART_OBJECT]);
	if (t->fight)
		t->fight->count = t->fight->flaps = 0;
	t->flapping = false;
}

void retry_wants_anew(struct target *t, const struct fc_digest *want)
{
	struct fight *f = t->fight;

	for (size_t i = 0; f && i < FIGHT_VALUES; i++)
		if (fc_digest_equal(&f->wanted[i], want))
			return;
	if (f)
		f->wanted[f->next++ % FIGHT_VALUES] = *want;
	retry_forget_rewrites(t);
}

static bool is_of_network(const struct fault *f)
{
	return f->cls == FC_ERR_NETWORK || f->cls == FC_ERR_TIMEOUT;
}

static void end_where(struct target *t, bool (*is_over)(const struct fault *f))
{
	for (enum part part = PART_OBJECT; part < PARTS; part++)
		if (is_over(&setback_or_none(t->setbacks[part])->error))
			retry_succeeded(t, part);
}

void retry_type_is_back(struct target *t)
{
	end_where(t, fault_is_of_type);
}

void retry_cluster_is_back(struct target *t)
{
	end_where(t, is_of_network);
}

/* Keeps the newest ones, of the last minute. */
static void note_time(struct fight *f, int64_t now_ms)
{
	unsigned old = 0;

	while (old < f->count && f->rewrites[old] <= now_ms - FLAP_WINDOW_MS)
		old++;
	if (old == 0 && f->count == FIGHT_REWRITES + 1)
		old = 1;
	f->count -= old;
	memmove(f->rewrites, f->rewrites + old, f->count * sizeof(*f->rewrites));
	f->rewrites[f->count++] = f->last_ms = now_ms;
}

void retry_end_fight(const struct fc_engine *e, struct target *t)
{
	if (t->fight && !t->flapping && t->fight->last_ms <= e->now_ms - FLAP_WINDOW_MS)
		free(fc_steal(&t->fight));
}

bool retry_note_rewrite(struct fc_engine *e, struct target *t)
{
	struct fight *f = t->fight = t->fight ?: fc_xcalloc(1, sizeof(*f));
	int64_t last = f->count ? f->rewrites[f->count - 1] : INT64_MIN / 2;
	bool still_undone = t->flapping && e->now_ms - last <= 2 * doubled(FIRST_FLAP_DELAY_MS, f->flaps - 1);

	note_time(f, e->now_ms);
	/* Once slowed down, fewer than ten fit into the window: a rewrite that is undone before twice its delay is
	 * over is the same fight. */
	t->flapping = f->count > FIGHT_REWRITES || still_undone;
	if (!t->flapping) {
		f->flaps = 0;
		return false;
	}
	setback_take(&t->setbacks[PART_OBJECT])->not_before_ms = e->now_ms + doubled(FIRST_FLAP_DELAY_MS, f->flaps++);
	return true;
}
