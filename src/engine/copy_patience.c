/* SPDX-License-Identifier: Apache-2.0 */
/* Dialects that say themselves how long to wait after failures, since their status tells of it: each failure of a copy
 * counts, of its own requests as well as of what keeps its source or its place from being read. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

/* In a row, that are no failures (systems/configmapsync.md B14). */
#define FREE_CONFLICTS 5

/* The dialect that is about to write it, or has; NULL: the engine's own delays hold. */
static const struct fc_copy_dialect *patient(const struct target *t)
{
	const struct copy *c = t->copy;
	const struct fc_dialect *d = NULL;

	if (c && c->pairs)
		d = c->pairs->site->rule->dialect;
	else if (c && c->origin)
		d = c->origin->key.dialect;
	return d && d->copy->retry_delay_ms ? d->copy : NULL;
}

bool copy_is_patient(const struct target *t)
{
	return patient(t);
}

/* By whom it is written: for whom a copy stands there, whose copy it is, or what it asks for itself. */
int64_t copy_longest_delay_ms(const struct target *t)
{
	const struct copy_rule *cr = t->bearer ? t->bearer->rules ?: t->bearer->held_for : NULL;
	const struct fc_dialect *d = cr ? cr->dialect : NULL;

	if (t->copy && t->copy->pairs)
		d = t->copy->pairs->site->rule->dialect;
	else if (t->copy)
		d = copy_dialect_of(t) ?: d;
	return d ? d->copy->longest_delay_ms : 0;
}

unsigned pair_failures_before(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct fc_copy_dialect *d = cr->dialect->copy;

	if (!d->failures || !cr->bearer->object || p->site->cluster->no != cr->bearer->target->key.cluster)
		return 0;
	return d->failures(cr->bearer->object);
}

/* The status tells how many there are. */
static void one_more(struct fc_engine *e, struct pair *p)
{
	if (p->failures < UINT32_MAX)
		p->failures++;
	target_mark(e, p->site->rule->bearer->target);
}

/* Of several pairs it is the one that has written, or those that wait for what was read. */
int64_t copy_retry_delay_ms(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	const struct fc_copy_dialect *d = patient(t);
	struct copy *c = t->copy;
	enum fc_copy_try what = c->reading ? FC_COPY_TRY_READ : FC_COPY_TRY_WRITE;
	unsigned failures = c->pairs ? 0 : setback_or_none(t->setbacks[PART_OBJECT])->failures;
	int64_t delay;

	for (struct pair *p = c->pairs; p; p = p->next) {
		if (what == FC_COPY_TRY_WRITE ? p != c->writer : !p->takes_part)
			continue;
		one_more(e, p);
		if (p->failures > failures)
			failures = p->failures;
	}
	/* What no pair has met, path rules or a finalizer have. */
	if (c->pairs && !failures)
		return retry_delay_ms(&e->random, t->setbacks[PART_OBJECT]->failures, error);
	delay = d->retry_delay_ms(what, failures ? failures : 1);
	return delay > error->retry_after_ms ? delay : error->retry_after_ms;
}

bool copy_excuses_conflict(struct target *t)
{
	return patient(t) && t->copy->conflicts++ < FREE_CONFLICTS;
}

void copy_retry_at_once(struct target *t)
{
	struct setback **s = &t->setbacks[PART_OBJECT];

	/* A fight is not ended by another blow. */
	if (!*s || !patient(t) || t->flapping)
		return;
	(*s)->not_before_ms = 0;
	setback_free_unused(s);
}

/* --- what cannot be read --- */

static bool is_unread(const struct pair *p)
{
	static const char *const reasons[] = { "SourceForbidden", "SourceFailed",     "SourceUnreadable",
					       "TargetForbidden", "TargetUnreadable", "TargetFailed" };

	if (p->cond.state != FC_STATE_FORBIDDEN && p->cond.state != FC_STATE_ERROR)
		return false;
	for (size_t i = 0; i < FC_ARRAY_LEN(reasons); i++)
		if (strcmp(p->cond.reason, reasons[i]) == 0)
			return true;
	return false;
}

void pair_is_unread(struct fc_engine *e, struct pair *p)
{
	if (!p->site->rule->dialect->copy->retry_delay_ms)
		return;
	if (p->unread_until_ms <= e->now_ms) {
		one_more(e, p);
		p->unread_until_ms =
			e->now_ms + p->site->rule->dialect->copy->retry_delay_ms(FC_COPY_TRY_READ, p->failures);
	}
	timer_set_earliest(e, p->target, p->unread_until_ms);
}

/* Watches go on trying by themselves; how often that was in vain is told at the dialect's pace. */
void pair_count_unread(struct fc_engine *e, struct pair *p)
{
	if (!p->takes_part && is_unread(p))
		pair_is_unread(e, p);
	else if (!p->takes_part || setback_or_none(p->site->rule->source->setback)->error.cls == FC_ERR_NONE)
		p->unread_until_ms = 0;
}
