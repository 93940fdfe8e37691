/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done about one destination: the pair that its marks name keeps it as it is wanted; where nothing stands
 * one pair makes it; whatever is not ours is left alone. */
#include <string.h>

#include "base/mem.h"
#include "engine/copy_owners.h"
#include "engine/new_spaces.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "engine/whole_bodies.h"

bool copy_must_wait(struct fc_engine *e, struct target *t)
{
	int64_t not_before_ms = target_not_before_ms(t, PART_OBJECT);

	if (not_before_ms <= e->now_ms)
		return false;
	timer_set_earliest(e, t, not_before_ms);
	return true;
}

bool copy_must_look(struct fc_engine *e, struct target *t)
{
	int64_t event_until_ms = doubt_event_until_ms(t);

	if (event_until_ms) {
		if (e->now_ms < event_until_ms) {
			timer_set_earliest(e, t, event_until_ms);
			return true;
		}
		doubt_await_event(t, 0);
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
	t->copy->reading = false;
	a->confidential = confidential_copy(e, t);
	return a;
}

/* Several rules ask for the same: it is kept for all of them. */
static void others_follow(struct fc_engine *e, struct copy *c, const struct pair *owner)
{
	for (struct pair *p = c->pairs; p; p = p->next) {
		if (p == owner || !p->takes_part || !pair_shares(p, owner))
			continue;
		copy_rule_body_was_used(e, p);
		p->fresh = false;
		pair_set_state(e, p, owner->cond.state, owner->cond.reason, owner->cond.message, owner->cond.detail);
	}
}

static void others_conflict(struct fc_engine *e, struct copy *c, const struct pair *owner)
{
	for (struct pair *p = c->pairs; p; p = p->next) {
		if (p == owner || !p->takes_part || p->site->rule->spec.fills || (owner && pair_shares(p, owner)))
			continue;
		copy_rule_body_was_used(e, p);
		if (owner || (c->origin && !c->free_for_all))
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

static bool any_rule_takes_part(const struct target *t)
{
	for (const struct rule *r = t->rules; r; r = r->next)
		if (r->takes_part)
			return true;
	return false;
}

bool copy_is_at_work(const struct target *t)
{
	for (const struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next)
		if (p->takes_part && p->cond.state != FC_STATE_IN_SYNC && p->cond.state != FC_STATE_CONFLICT)
			return true;
	return false;
}

static void in_sync(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;

	copy_rule_body_was_used(e, p);
	p->received_us = 0;
	/* What comes to differ from now on is somebody's doing. */
	p->fresh = false;
	p->failures = 0;
	retry_end_fight(e, t);
	/* What path rules have met they forget themselves. */
	if (!any_rule_takes_part(t) && target_not_before_ms(t, PART_OBJECT) <= e->now_ms)
		retry_succeeded(t, PART_OBJECT);
	pair_set_state(e, p, FC_STATE_IN_SYNC, "InSync", "the copy is as it is wanted", NULL);
	/* What it fills is the bearer itself, which has just been decided about: it waits for its other copies. */
	if (p->site->rule->bearer->moving && p->site->rule->bearer->target != t)
		target_mark(e, p->site->rule->bearer->target);
}

static void waits(struct fc_engine *e, struct pair *p)
{
	/* It may be minutes until it is needed. */
	copy_rule_body_was_used(e, p);
	pair_set_waiting(e, p);
}

static void keep_text(char **slot, const char *text)
{
	free(*slot);
	*slot = fc_xstrdup_null(text);
}

/* What stood there before and was changed or taken away by somebody is written again: a rewrite. */
static void sent(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;

	t->copy->writer = p;
	t->copy->counted = false;
	t->writing_rewrite = !p->fresh;
	keep_text(&p->sent_uid, p->site->rule->source_uid);
	keep_text(&p->sent_version, p->site->rule->source_version);
	p->sent_us = p->received_us;
	p->received_us = 0;
	p->fresh = p->want_moved = false;
	pair_set_state(e, p, FC_STATE_PENDING, "Writing", "the copy is being written", NULL);
}

static void reads_source(struct fc_engine *e, struct pair *p)
{
	if (p->site->rule->dialect->copy->retry_delay_ms && pair_tell_source_fault(e, p))
		pair_is_unread(e, p);
	else
		pair_set_state(e, p, FC_STATE_PENDING, "ReadingSource", "the source is being read", NULL);
}

/* A source that asks for copies itself may have said in its last edit whom they are for, and the watch of its body may
 * be the first to tell: what it says to whom belongs together. */
static bool bearer_is_behind(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct target *b = cr->bearer->target;
	const struct source *s = cr->source;

	if (!s || s->key.cluster != b->key.cluster || s->key.resource != b->key.resource ||
	    s->key.namespace_ != b->key.namespace_ || s->key.name != b->key.name || !fc_rv_is_set(&b->version))
		return false;
	FC_AUTO_FREE char *version = fc_rv_text(&s->version);
	return fc_rv_compare_kept(version, &b->version) == FC_RV_NEWER;
}

bool copy_is_in_line(const struct target *t)
{
	for (const struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next)
		if (p->cond.state == FC_STATE_PENDING && strcmp(p->cond.reason, "Queued") == 0)
			return true;
	return false;
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
		reads_source(e, p);
		return false;
	}
	if (bearer_is_behind(p)) {
		pair_set_state(e, p, FC_STATE_PENDING, "ReadingSource",
			       "what the source asks for since its last change is awaited", NULL);
		return false;
	}
	if (bearer_must_begin(e, p)) {
		pair_set_state(e, p, FC_STATE_PENDING, "Beginning", "the status is to say first that it begins", NULL);
		return false;
	}
	if (sources_may_close_circle(e, p->target)) {
		timer_set_earliest(e, p->target, p->target->settle_until_ms);
		pair_set_state(e, p, FC_STATE_PENDING, "FirstSync", "other sources are being read for the first time",
			       NULL);
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
	object = pair_desired_now(e, p);
	if (!object) {
		/* What it wants was not known before the body was. */
		target_mark(e, p->target);
		return;
	}
	pair_set_written_time(e, p, object);
	copy_action(e, p->target, FC_ACTION_CREATE, COPY_CREATES)->body = object;
	sent(e, p);
}

/* It was there before a rule took it over: who made it immutable is to take it away. */
static bool must_stay(const struct pair *p)
{
	const struct fc_copy_dialect *d = p->site->rule->dialect->copy;

	return p->target->copy->adopted || (d->may_recreate && !d->may_recreate(p->target->copy->mark_flags));
}

static void cannot_change(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;
	struct fc_error error = FC_ERROR_INIT;

	fc_error_set(&error, FC_ERR_INVALID, "the object is immutable, and was there before: it is not deleted");
	t->copy->writer = p;
	t->copy->reading = false;
	retry_failed(e, t, PART_OBJECT, &error);
	t->copy->writer = NULL;
	(void)copy_must_wait(e, t);
	waits(e, p);
}

static void recreate(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;
	struct fc_action *a;

	if (copy_must_wait(e, t)) {
		waits(e, p);
		return;
	}
	if (must_stay(p)) {
		cannot_change(e, p);
		return;
	}
	if (bearer_must_begin(e, p)) {
		pair_set_state(e, p, FC_STATE_PENDING, "Beginning", "the status is to say first that it begins", NULL);
		return;
	}
	if (!(a = copy_action(e, t, FC_ACTION_DELETE, COPY_DELETES))) {
		pair_set_state(e, p, FC_STATE_PENDING, "Queued", "the write waits for others to the same cluster",
			       NULL);
		return;
	}
	a->uid = fc_xstrdup(t->copy->uid);
	a->version = fc_rv_text(&t->version);
	sent(e, p);
	/* What is created then is no more a rewrite than this. */
	p->fresh = true;
}

/* False: it is to be read first, for what is the server's, or for whose its fields are. */
static bool has_standing(struct fc_engine *e, struct pair *p)
{
	enum fc_copy_strategy strategy = p->site->rule->spec.strategy;
	struct target *t = p->target;
	bool replaced = strategy == FC_COPY_REPLACES;

	if (replaced ? t->copy->body != NULL : strategy != FC_COPY_APPLIES || t->copy->owners_known)
		return true;
	t->copy->wants_body = t->copy->wants_body || replaced;
	pair_set_state(e, p, FC_STATE_PENDING, "ReadingTarget", "the copy is being read", NULL);
	target_read(e, t);
	return false;
}

/* What was created or patched by us counts as updated: an apply would not take it back. */
static bool must_turn(const struct pair *p)
{
	return p->site->rule->spec.strategy == FC_COPY_APPLIES && p->target->copy->updates >= 0;
}

/* `object` is the wanted one. */
static void write_as_asked(struct fc_engine *e, struct pair *p, const json_t *object)
{
	struct target *t = p->target;
	struct fc_action *a;

	switch (p->site->rule->spec.strategy) {
	case FC_COPY_PATCHES:
		copy_action(e, t, FC_ACTION_PATCH, COPY_PATCHES)->body = pieces_patch(p, t, object);
		break;
	case FC_COPY_APPLIES:
		if (must_turn(p)) {
			copy_action(e, t, FC_ACTION_PATCH, COPY_TURNS)->body = pieces_patch_turn(t);
			break;
		}
		a = copy_action(e, t, FC_ACTION_APPLY, COPY_PATCHES);
		a->body = pieces_apply(e, p, object);
		a->force = true;
		break;
	case FC_COPY_REPLACES:
		copy_action(e, t, FC_ACTION_REPLACE, COPY_PATCHES)->body = pieces_replace(p, t, object, t->copy->body);
		json_decref(fc_steal(&t->copy->body));
		t->copy->wants_body = false;
		break;
	}
}

static void mend(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;
	json_t *object;
	bool fresh = p->fresh;

	if (!may_write(e, p))
		return;
	/* What is wanted may be another now that the body is here. */
	if (p->wish != FC_COPY_WANTED || !pieces_differ(p, &t->copy->standing)) {
		target_mark(e, t);
		copy_rule_body_was_used(e, p);
		return;
	}
	if (!has_standing(e, p))
		return;
	object = pair_desired(e, p, p->site->rule->body);
	pair_set_written_time(e, p, object);
	write_as_asked(e, p, object);
	json_decref(object);
	sent(e, p);
	if (t->copy->writing != COPY_TURNS)
		return;
	/* What it is for comes after it, and is what it was before. */
	t->writing_rewrite = false;
	p->fresh = fresh;
	p->received_us = p->sent_us;
}

/* False: it is read, or that is waited for. */
static bool is_known(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;

	if (t->copy->known)
		return true;
	if (copy_must_wait(e, t)) {
		waits(e, p);
		return false;
	}
	pair_set_state(e, p, FC_STATE_PENDING, "ReadingTarget", "the copy is being read", NULL);
	target_read(e, t);
	return false;
}

static bool is_unfit(struct fc_engine *e, struct pair *p)
{
	if (!p->site->rule->spec.fills ||
	    !pieces_need_recreation(p, &p->target->copy->standing, p->target->key.resource))
		return false;
	p->unfit = "it is immutable, or a Secret of another type than its source: it cannot be filled";
	copy_rule_body_was_used(e, p);
	pair_set_state(e, p, FC_STATE_CONFLICT, "Unfit", p->unfit, NULL);
	return true;
}

/* As its dialect has judged. True: it is as it is to be. */
static bool keep_books(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;
	json_t *object;
	bool same;

	if (p->verdict.wish == FC_COPY_AS_IT_IS) {
		in_sync(e, p);
		return true;
	}
	if (!is_known(e, p) || !may_write(e, p))
		return false;
	object = pair_desired_now(e, p);
	same = !object || !pieces_differ(p, &t->copy->standing);
	if (same) {
		in_sync(e, p);
	} else if (is_unfit(e, p)) {
		same = false;
	} else if (pieces_need_recreation(p, &t->copy->standing, t->key.resource)) {
		recreate(e, p);
	} else {
		pair_set_written_time(e, p, object);
		copy_action(e, t, FC_ACTION_PATCH, COPY_PATCHES)->body = pieces_patch(p, t, object);
		sent(e, p);
	}
	json_decref(object);
	return same;
}

/* What its bearer's status says of it was the truth when it was written, foreign fields and all: as long as neither it
 * nor its source has changed, it is. */
static void trust(struct fc_engine *e, struct pair *p)
{
	if (p->trusted)
		return;
	p->trusted = true;
	if (p->target->copy->memories && p->target->copy->origin && pair_has_mark(p) && memory_is_true(p))
		pieces_settle(e, p, &p->target->copy->standing);
}

/* The server has refused to change it so, once. */
static bool must_remake(const struct pair *p)
{
	const struct copy *c = p->target->copy;

	return c->remake && fc_digest_equal(&c->remade, &p->want);
}

/* It is somebody else's, and is taken over: it is to say so from now on. */
static void adopt(struct pair *p)
{
	struct copy *c = p->target->copy;
	const struct fc_copy_dialect *d = p->site->rule->dialect->copy;

	if (c->adopted || !d->adopted_annotation || pair_has_mark(p) || !copy_is_unowned(p->target))
		return;
	c->adopted = true;
	p->want_known = false;
}

static void keep_true(struct fc_engine *e, struct pair *p)
{
	struct target *t = p->target;

	adopt(p);
	if (p->want_known && p->wish == FC_COPY_AS_IT_IS) {
		in_sync(e, p);
		return;
	}
	if (!is_known(e, p))
		return;
	if (!p->want_known) {
		if (copy_rule_has_body(e, p))
			target_mark(e, t);
		else
			reads_source(e, p);
		return;
	}
	trust(e, p);
	if (!pieces_differ(p, &t->copy->standing))
		in_sync(e, p);
	else if (must_remake(p) || pieces_need_recreation(p, &t->copy->standing, t->key.resource))
		recreate(e, p);
	else
		mend(e, p);
}

/* Whose status lists it does not wait for what others have to do; nor does what it was made of. */
static void set_stuck(struct fc_engine *e, struct target *t, bool stuck)
{
	struct copy *c = t->copy;

	if (c->stuck == stuck)
		return;
	c->stuck = stuck;
	memories_mark_bearers(e, c);
	if (c->origin)
		holds_mark_source(e, c->origin, t->key.resource);
}

/* A copy that somebody deletes waits for our finalizer alone, perhaps: it is made again when it is gone. */
static void let_go(struct fc_engine *e, struct target *t)
{
	bool free = holds_let_copy_go(e, t);
	struct fc_action *a;
	json_t *patch;

	all_taking_part(e, t->copy, "TargetTerminating", "the copy is being deleted");
	set_stuck(e, t, !free && holds_wait_for_somebody(e, t));
	/* What was made of it goes first. */
	if (!free || copy_must_wait(e, t) || !(patch = pieces_patch_finalizers(t)))
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

	if (cr->dialect->copy->outlives_source || !cr->source->known || cr->source->present ||
	    p->cond.state != FC_STATE_SOURCE_NOT_FOUND)
		return false;
	if (!cr->gone_sure && source_not_before_ms(cr->source) <= e->now_ms)
		source_read(e, cr->source);
	else if (!cr->gone_sure)
		timer_set_earliest(e, p->target, source_not_before_ms(cr->source));
	return cr->gone_sure;
}

/* It writes, or comes to by itself. Not one that waits for somebody: the copy would stay as long. */
static bool may_inherit(const struct pair *p)
{
	return p->takes_part || condition_is_passing(&p->cond) || p->cond.state == FC_STATE_ERROR ||
	       p->cond.state == FC_STATE_CLUSTER_UNREACHABLE;
}

/* What is gone for sure leaves its copy to another rule of its dialect, where that is the dialect's way: to one that
 * may write it, or comes to by itself. */
static struct pair *heir_of(struct fc_engine *e, struct target *t)
{
	const struct origin *o = t->copy->origin;
	struct pair *heir = NULL;
	enum fc_copy_reason why;
	bool counts;

	if (!o || !o->key.dialect->copy->inherits || !o->key.rule_name || !t->copy->pairs)
		return NULL;
	if (!origin_is_over(e, t, &why, &counts) || why != FC_COPY_BEARER_GONE || !o->gone)
		return NULL;
	for (struct pair *p = t->copy->pairs; p; p = p->next)
		if (p->site->rule->dialect == o->key.dialect && may_inherit(p) &&
		    (!heir || (!heir->takes_part && p->takes_part)))
			heir = p;
	return heir;
}

/* Deleted, as its end tells, or a consistent read. */
static bool its_source_is_gone(struct fc_engine *e, struct pair *p)
{
	struct copy_rule *cr = p->site->rule;

	if (cr->source_ending || cr->gone_sure)
		return true;
	if (source_not_before_ms(cr->source) <= e->now_ms)
		source_read(e, cr->source);
	else
		timer_set_earliest(e, p->target, source_not_before_ms(cr->source));
	return false;
}

/* True: it is as it is to be. */
static bool keep_or_clear(struct fc_engine *e, struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;

	if (p->takes_part)
		return keep_books(e, p);
	if (!copy_rule_clears(cr))
		return false;
	if (p->source_gone && its_source_is_gone(e, p))
		copy_clear(e, p->target, cr->dialect, p, true);
	else if (!p->source_gone && p->verdict.wish == FC_COPY_CLEARED)
		copy_clear(e, p->target, cr->dialect, p, false);
	return false;
}

/* As long as the copy is not as its owner wants it. */
static void filler_follows(struct fc_engine *e, struct pair *filler, const struct pair *owner)
{
	if (!filler->takes_part)
		return;
	if (!owner->takes_part || owner->cond.state != FC_STATE_PENDING)
		copy_rule_body_was_used(e, filler);
	pair_set_state(e, filler, owner->cond.state, owner->cond.reason, owner->cond.message, owner->cond.detail);
}

static bool bears_marks_of_another(const struct copy *c, const struct pair *filler)
{
	return c->origin && !c->released && c->origin->key.dialect != filler->site->rule->dialect;
}

/* The copy is another dialect's, whether anybody asks for it or not, or of somebody for whom nothing is done now.
 * Before that is known it is new. */
static void filler_conflicts(struct fc_engine *e, struct target *t, const struct pair *owner)
{
	struct pair *filler = copy_filler(t->copy);

	if (!filler || !filler->takes_part)
		return;
	if (!owner && t->copy->origin && !bears_marks_of_another(t->copy, filler) && !origin_is_held(e, t))
		return;
	copy_rule_body_was_used(e, filler);
	pair_set_state(e, filler, FC_STATE_CONFLICT, "AnotherRule", "another rule's copy stands there", NULL);
}

/* It has lost its marks, and goes by what a status says. */
static bool goes_by_status(struct fc_engine *e, struct target *t)
{
	enum fc_copy_reason why;
	bool counts;

	return !t->copy->origin && memory_is_over(e, t, &why, &counts);
}

/* Of a dialect that judges: somebody's copy is first as that one wants it. */
static bool decide_by_books(struct fc_engine *e, struct target *t, struct pair *owner)
{
	struct pair *filler = copy_filler(t->copy);

	if (t->deleting ||
	    (owner ? !dialect_judges(owner->site->rule->dialect) : !filler || t->copy->origin || goes_by_status(e, t)))
		return false;
	if (owner && !keep_or_clear(e, owner)) {
		if (filler)
			filler_follows(e, filler, owner);
	} else if (filler) {
		(void)keep_or_clear(e, filler);
	}
	return true;
}

/* The same object, by another version of its kind: there it is wanted, or not. */
static bool is_judged_elsewhere(struct fc_engine *e, const struct target *t)
{
	const struct fc_resource *r = t->key.resource;

	for (const struct watch *w = cluster_of(e, t->key.cluster)->watches; w; w = w->next_in_cluster) {
		const struct target *same;

		if (w->use != WATCH_TARGETS || w->resource == r || strcmp(w->resource->kind, r->kind) != 0 ||
		    strcmp(w->resource->group, r->group) != 0)
			continue;
		same = target_find(e, t->key.cluster, w->resource, t->key.namespace_, t->key.name);
		if (same && same->copy && same->copy->pairs)
			return true;
	}
	return false;
}

static bool is_left(struct fc_engine *e, struct target *t, enum fc_copy_reason *why, bool *counts)
{
	if (is_judged_elsewhere(e, t) || !copy_dialect_of(t))
		return false;
	return t->copy->origin ? origin_is_over(e, t, why, counts) : memory_is_over(e, t, why, counts);
}

static bool decide_present(struct fc_engine *e, struct target *t)
{
	struct pair *owner = copy_owner(e, t->copy) ?: heir_of(e, t);
	enum fc_copy_reason why = FC_COPY_SOURCE_GONE;
	bool counts = true, waits = false;

	if (!owner)
		owner = copy_pair_that_lost_marks(t) ?: copy_sharer(e, t, &waits);
	if (waits && !t->deleting) {
		all_taking_part(e, t->copy, "FirstSync", "another rule of the same source may want it still");
		return t->phase != IDLE;
	}
	others_conflict(e, t->copy, owner);
	if (decide_by_books(e, t, owner))
		return t->phase != IDLE;
	if (!t->deleting)
		filler_conflicts(e, t, owner);
	if (t->deleting) {
		/* What was told of it before it went is past. */
		stray_is_silent(e, t->copy);
		let_go(e, t);
	} else if (owner && owner->takes_part)
		keep_true(e, owner);
	/* Nobody's copy yet, which the pair may take over, is nothing that goes with a source. */
	else if (owner && copy_dialect_of(t) && source_is_gone(e, owner))
		stray_decide(e, t, owner, why, counts);
	else if (!owner && is_left(e, t, &why, &counts))
		stray_decide(e, t, NULL, why, counts);
	if (owner)
		others_follow(e, t->copy, owner);
	return t->phase != IDLE;
}

/* A status tells whether anything stands there, even while there is nothing to copy: what nobody asked about before it
 * was listed is read once. */
bool copy_must_be_seen(const struct target *t)
{
	const struct pair *p = t->copy->seen || fc_rv_is_set(&t->version) ? NULL : t->copy->pairs;

	if (!t->copy->seen && !fc_rv_is_set(&t->version) && !p && t->copy->memories)
		return t->watch->synced;
	for (; p; p = p->next)
		if (p->cond.state == FC_STATE_SOURCE_NOT_FOUND && p->site->rule->dialect->copy->status &&
		    t->key.cluster == p->site->rule->bearer->target->key.cluster)
			return true;
	return false;
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
	if (proof_is_open(t)) {
		all_taking_part(e, c, "ReadingTarget", "the copy is being read");
		if (!copy_must_wait(e, t))
			target_read(e, t);
		return true;
	}
	if (fc_rv_is_set(&t->version))
		return decide_present(e, t);
	if (copy_must_be_seen(t)) {
		if (!copy_must_wait(e, t))
			target_read(e, t);
		return true;
	}
	if (new_space_make(e, t))
		return true;
	maker = copy_maker(c);
	others_conflict(e, c, maker);
	if (maker) {
		create(e, maker);
		others_follow(e, c, maker);
	}
	return true;
}
