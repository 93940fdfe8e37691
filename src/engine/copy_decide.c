/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done about one destination: the pair that its marks name keeps it as it is wanted; where nothing stands
 * one pair makes it; whatever is not ours is left alone. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

bool copy_must_wait(struct fc_engine *e, struct target *t)
{
	if (t->not_before_ms <= e->now_ms)
		return false;
	timer_set_earliest(e, t, t->not_before_ms);
	return true;
}

bool copy_must_look(struct fc_engine *e, struct target *t)
{
	if (t->event_until_ms) {
		if (e->now_ms < t->event_until_ms) {
			timer_set_earliest(e, t, t->event_until_ms);
			return true;
		}
		t->event_until_ms = 0;
		t->look_again = true;
	}
	if (!t->look_again)
		return false;
	if (!copy_must_wait(e, t))
		target_read(e, t);
	return true;
}

struct fc_action *copy_action(struct fc_engine *e, struct target *t, enum fc_action_type type, enum copy_write what)
{
	struct fc_action *a = target_action(e, t, type);

	if (!a)
		return NULL;
	t->copy->writing = what;
	a->confidential = confidential_copy(e, t);
	return a;
}

/* --- whose is it? --- */

static bool has_mark_of(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct origin *o = p->target->copy->origin;

	return o && o == (p->site->cluster == cr->word->cluster ? cr->near : cr->far);
}

bool copy_has_owner(const struct copy *c)
{
	for (const struct pair *p = c->pairs; p; p = p->next)
		if (has_mark_of(p))
			return true;
	return false;
}

/* Of several pairs that may, the one that can: a rule that shares its source with another one takes over from it. */
static struct pair *owner_of(struct copy *c)
{
	struct pair *owner = NULL;

	for (struct pair *p = c->pairs; p; p = p->next) {
		bool owns = has_mark_of(p) || (!c->origin && p->site->rule->spec.take_unowned);

		if (owns && (!owner || (!owner->takes_part && p->takes_part)))
			owner = p;
	}
	return owner;
}

static struct pair *first_taking_part(struct copy *c)
{
	for (struct pair *p = c->pairs; p; p = p->next)
		if (p->takes_part)
			return p;
	return NULL;
}

static void others_conflict(struct fc_engine *e, struct copy *c, const struct pair *owner)
{
	for (struct pair *p = c->pairs; p; p = p->next) {
		if (p == owner || !p->takes_part)
			continue;
		copy_rule_body_was_used(e, p);
		if (owner || c->origin)
			pair_set_state(e, p, FC_STATE_CONFLICT, "AnotherRule", "another rule's copy stands there",
				       NULL);
		else
			pair_set_state(e, p, FC_STATE_CONFLICT, "Unowned",
				       "an object of that name stands there which no rule has made", NULL);
	}
}

static void all_taking_part(struct fc_engine *e, struct copy *c, const char *reason, const char *message)
{
	for (struct pair *p = c->pairs; p; p = p->next)
		if (p->takes_part)
			pair_set_state(e, p, FC_STATE_PENDING, reason, message, NULL);
}

/* --- writing --- */

static void in_sync(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;

	copy_rule_body_was_used(e, p);
	p->received_us = 0;
	if (t->not_before_ms <= e->now_ms)
		retry_succeeded(t);
	pair_set_state(e, p, FC_STATE_IN_SYNC, "InSync", "the copy is as it is wanted", NULL);
}

static void waits(struct fc_engine *e, struct pair *p)
{
	/* It may be minutes until it is needed. */
	copy_rule_body_was_used(e, p);
	pair_set_waiting(e, p);
}

static void sent(struct fc_engine *e, struct pair *p, bool rewrites)
{
	struct target *t = p->target;

	t->copy->writer = p;
	t->copy->counted = false;
	t->writing_rewrite = rewrites && !p->fresh;
	p->sent_us = p->received_us;
	p->received_us = 0;
	p->fresh = p->want_moved = false;
	pair_set_state(e, p, FC_STATE_PENDING, "Writing", "the copy is being written", NULL);
}

/* True: the body is here and a request is free. */
static bool may_write(struct fc_engine *e, struct pair *p)
{
	struct cluster *c = p->site->cluster;

	if (copy_must_wait(e, p->target)) {
		waits(e, p);
		return false;
	}
	if (!copy_rule_has_body(e, p)) {
		pair_set_state(e, p, FC_STATE_PENDING, "ReadingSource", "the source is being read", NULL);
		return false;
	}
	if (job_could_start(e, c, JOB_WRITE_TARGET))
		return true;
	job_wait(c, &p->target->job, JOB_WRITE_TARGET);
	pair_set_state(e, p, FC_STATE_PENDING, "Queued", "the write waits for others to the same cluster", NULL);
	return false;
}

static void create(struct fc_engine *e, struct pair *p)
{
	json_t *object;

	if (p->want_known && p->wish == FC_COPY_AS_IT_IS) {
		in_sync(e, p);
		return;
	}
	if (!may_write(e, p))
		return;
	object = pair_desired(e, p, p->site->rule->body);
	if (!object) {
		/* What it wants was not known before the body was. */
		target_mark(e, p->target);
		return;
	}
	copy_action(e, p->target, FC_ACTION_CREATE, COPY_CREATES)->body = object;
	sent(e, p, false);
}

static void recreate(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;
	struct fc_action *a;

	if (copy_must_wait(e, t)) {
		waits(e, p);
		return;
	}
	if (!(a = copy_action(e, t, FC_ACTION_DELETE, COPY_DELETES))) {
		pair_set_state(e, p, FC_STATE_PENDING, "Queued", "the write waits for others to the same cluster",
			       NULL);
		return;
	}
	a->uid = fc_xstrdup(t->copy->uid);
	a->version = fc_xstrdup(t->version);
	sent(e, p, true);
	/* What is created then is no more a rewrite than this. */
	p->fresh = true;
}

static void mend(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;
	json_t *object;

	if (!may_write(e, p))
		return;
	/* What is wanted may be another now that the body is here. */
	if (p->wish != FC_COPY_WANTED || !pieces_differ(p, &t->copy->standing)) {
		target_mark(e, t);
		copy_rule_body_was_used(e, p);
		return;
	}
	object = pair_desired(e, p, p->site->rule->body);
	copy_action(e, t, FC_ACTION_PATCH, COPY_PATCHES)->body = pieces_patch(p, t, object);
	json_decref(object);
	sent(e, p, true);
}

static void keep_true(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;

	if (p->want_known && p->wish == FC_COPY_AS_IT_IS) {
		in_sync(e, p);
		return;
	}
	if (!t->copy->known) {
		if (copy_must_wait(e, t)) {
			waits(e, p);
			return;
		}
		pair_set_state(e, p, FC_STATE_PENDING, "ReadingTarget", "the copy is being read", NULL);
		target_read(e, t);
		return;
	}
	if (!p->want_known) {
		if (copy_rule_has_body(e, p))
			target_mark(e, t);
		else
			pair_set_state(e, p, FC_STATE_PENDING, "ReadingSource", "the source is being read", NULL);
		return;
	}
	if (!pieces_differ(p, &t->copy->standing))
		in_sync(e, p);
	else if (pieces_need_recreation(p, &t->copy->standing, t->key.resource))
		recreate(e, p);
	else
		mend(e, p);
}

/* A copy that somebody deletes waits for our finalizer alone, perhaps: it is made again when it is gone. */
static void let_go(struct fc_engine *e, struct target *t)
{
	struct fc_action *a;
	json_t *patch;

	all_taking_part(e, t->copy, "TargetTerminating", "the copy is being deleted");
	if (!t->copy->origin || copy_must_wait(e, t) || !(patch = pieces_patch_finalizers(t)))
		return;
	if (!(a = copy_action(e, t, FC_ACTION_PATCH, COPY_RELEASES))) {
		json_decref(patch);
		return;
	}
	t->copy->writer = NULL;
	t->copy->counted = false;
	t->writing_rewrite = false;
	a->body = patch;
}

/* A source that a custom resource names is gone: only a read makes it sure. */
static bool source_is_gone(struct fc_engine *e, struct pair *p)
{
	struct copy_rule *cr = p->site->rule;

	if (!cr->source->known || cr->source->present || p->cond.state != FC_STATE_SOURCE_NOT_FOUND)
		return false;
	if (!cr->gone_sure && cr->source->not_before_ms <= e->now_ms)
		source_read(e, cr->source);
	else if (!cr->gone_sure)
		timer_set_earliest(e, p->target, cr->source->not_before_ms);
	return cr->gone_sure;
}

static bool decide_present(struct fc_engine *e, struct target *t)
{
	struct pair *owner = owner_of(t->copy);
	enum fc_copy_reason why = FC_COPY_SOURCE_GONE;
	bool counts = true;

	others_conflict(e, t->copy, owner);
	if (t->deleting)
		let_go(e, t);
	else if (owner && owner->takes_part)
		keep_true(e, owner);
	else if (owner && source_is_gone(e, owner))
		stray_decide(e, t, owner, why, counts);
	else if (!owner && t->copy->origin && origin_is_over(e, t, &why, &counts))
		stray_decide(e, t, NULL, why, counts);
	return t->phase != IDLE;
}

bool copy_decide(struct fc_engine *e, struct target *t)
{
	struct copy *c = t->copy;
	struct pair *maker;

	if (!c)
		return false;
	for (struct pair *p = c->pairs; p; p = p->next)
		pair_judge(e, p);
	if (t->phase == WRITING) {
		all_taking_part(e, c, "Writing", "the object is being written");
		return whole_is_writing(t);
	}
	if (t->phase != IDLE || cluster_of(e, t->key.cluster)->connection != UP || t->unreadable)
		return t->phase != IDLE;
	if (copy_must_look(e, t)) {
		all_taking_part(e, c, "Conflict", "the copy was changed meanwhile, its event or a read is awaited");
		return true;
	}
	if (t->version)
		return decide_present(e, t);
	maker = first_taking_part(c);
	others_conflict(e, c, maker);
	if (maker)
		create(e, maker);
	return true;
}
