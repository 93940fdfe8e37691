/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/notices.h"

#include "base/buf.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "model/event_record.h"

#include <stdio.h>

#define ACTION "Copy"

/* Into a bad state or out of one, since the last Event. Pending comes and goes with every write. While the cluster of
 * the object is away nothing can be told there: what is still so when it is back is told then. */
static bool is_owed(const struct fc_engine *e, const struct condition *c, const struct target *on)
{
	if (fc_state_is_bad(c->state) ? c->state == c->noticed : !fc_state_is_bad(c->noticed) && !c->heir)
		return false;
	return c->state != FC_STATE_PENDING && cluster_of(e, on->key.cluster)->connection == UP;
}

static void owe(struct fc_engine *e, const struct condition *c, struct target *on)
{
	if (on->owed || !is_owed(e, c, on))
		return;
	on->owed = true;
	FC_GROW(e->owed, e->owed_count, e->owed_cap);
	e->owed[e->owed_count++] = on;
}

/* A copy that does not stand is told of on the object that asks for it; so is that it stands, where the Event before
 * was there. */
static struct target *object_for(const struct pair *p)
{
	bool stands = fc_rv_is_set(&p->target->version) && !p->site->rule->dialect->copy->tells_bearer;
	bool at_bearer = fc_state_is_bad(p->cond.state) ? !stands : p->cond.at_bearer;

	return at_bearer ? p->site->rule->bearer->target : p->target;
}

void notice_rule(struct fc_engine *e, struct rule *r)
{
	owe(e, &r->cond, r->target);
}

void notice_pair(struct fc_engine *e, struct pair *p)
{
	owe(e, &p->cond, object_for(p));
}

void notice_site(struct fc_engine *e, struct site *s)
{
	owe(e, &s->cond, s->rule->bearer->target);
}

void notice_stray(struct fc_engine *e, struct target *t)
{
	owe(e, &t->copy->cond, t);
}

void notice_heir(const struct rule *old, struct rule *heir)
{
	if (heir && (fc_state_is_bad(old->cond.noticed) || old->cond.heir))
		heir->cond.heir = true;
}

void notice_forget(struct fc_engine *e, struct target *t)
{
	size_t i = 0;

	if (!t->owed)
		return;
	while (e->owed[i] != t)
		i++;
	e->owed[i] = e->owed[--e->owed_count];
	t->owed = false;
}

/* --- what an Event says --- */

static void set_regarding(struct fc_object_reference *to, const struct target *t)
{
	const struct fc_resource *resource = t->key.resource;
	char uid[FC_UID_TEXT_BYTES];

	to->api_version = resource->group[0] ? fc_xasprintf("%s/%s", resource->group, resource->version)
					     : fc_xstrdup(resource->version);
	to->kind = fc_xstrdup(resource->kind);
	to->namespace_ = resource->namespaced ? fc_xstrdup(t->key.namespace_) : NULL;
	to->name = fc_xstrdup(t->key.name);
	to->uid = fc_uid_text(&t->uid, uid) ? fc_xstrdup(uid) : NULL;
	to->resource_version = fc_rv_text(&t->version);
}

/* What is in a state: one of these, or the object itself, as a copy that nobody wants. */
struct subject {
	const struct rule *rule;
	const struct pair *pair;
	const struct site *site;
};

/* How many have come to each state, and the first of them. */
struct tally {
	size_t counts[FC_STATES];
	struct subject first[FC_STATES];
	const struct condition *conditions[FC_STATES];
};

static char *rule_words(const struct fc_engine *e, const struct rule *r)
{
	FC_AUTO_FREE char *path = rule_path_text(r);
	/* A literal is a value. */
	FC_AUTO_FREE char *source = r->spec->literal ? NULL : rule_source_text(e, r);
	bool named = source && source[0];

	return fc_xasprintf("%s%s%s", path, named ? " from " : "", named ? source : "");
}

static char *pair_words(const struct fc_engine *e, const struct pair *p, const struct target *on)
{
	bool is_told_there = p->target == on;
	FC_AUTO_FREE char *other = is_told_there ? copy_source_text(e, p->site->rule) : target_text(e, p->target);

	return fc_xasprintf("%s %s", is_told_there ? "copy of" : "copy", other);
}

static char *subject_words(const struct fc_engine *e, const struct subject *s, const struct target *on)
{
	if (s->rule)
		return rule_words(e, s->rule);
	if (s->pair)
		return pair_words(e, s->pair, on);
	if (s->site)
		return fc_xasprintf("copies in cluster %s", s->site->cluster->info.name);

	FC_AUTO_FREE char *origin = copy_origin_text(e, on);
	return fc_xasprintf("copy of %s", origin);
}

/* Path, source and message: the same words as in the log, so no value is in it. */
static char *make_note(const struct fc_engine *e, const struct tally *tally, enum fc_state state,
		       const struct target *on)
{
	FC_AUTO_FREE char *words = subject_words(e, &tally->first[state], on);
	FC_AUTO_FREE char *text = fc_xasprintf("%s: %s", words, condition_text(tally->conditions[state]));
	size_t others = tally->counts[state] - 1;
	char more[48] = "";

	if (others > 0)
		snprintf(more, sizeof(more), " (and %zu more rule%s)", others, others > 1 ? "s" : "");
	return fc_event_note(text, more);
}

/* Takes over the note. */
static void record(struct fc_engine *e, const struct target *on, bool warning, const char *reason, char *note)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_RECORD);

	a->cluster = cluster_of(e, on->key.cluster)->no;
	a->record = fc_event_record_new();
	a->record->type = warning ? FC_RECORD_WARNING : FC_RECORD_NORMAL;
	a->record->reason = reason;
	a->record->action = ACTION;
	a->record->note = note;
	a->record->wall_ms = e->wall_ms;
	set_regarding(&a->record->regarding, on);
}

/* The state's name and not the rule's reason: there are few, and people look for the words of /debug/rules. */
static void say(struct fc_engine *e, const struct target *on, const struct tally *tally, enum fc_state state)
{
	record(e, on, fc_state_is_bad(state), fc_state_name(state), make_note(e, tally, state, on));
}

void notice_warning(struct fc_engine *e, const struct target *on, const char *text)
{
	report_warning(e, on, text);
	record(e, on, true, fc_state_name(FC_STATE_INVALID), fc_event_note(text, ""));
}

static void take(const struct fc_engine *e, struct tally *tally, const struct target *on, struct condition *c,
		 struct subject subject)
{
	if (!is_owed(e, c, on))
		return;
	if (tally->counts[c->state]++ == 0) {
		tally->first[c->state] = subject;
		tally->conditions[c->state] = c;
	}
	c->noticed = c->state;
	c->heir = false;
	c->at_bearer = subject.pair && subject.pair->target != on;
}

static void take_pair(const struct fc_engine *e, struct tally *tally, const struct target *on, struct pair *p)
{
	if (object_for(p) == on)
		take(e, tally, on, &p->cond, (struct subject){ .pair = p });
}

static void take_copies(const struct fc_engine *e, struct tally *tally, const struct target *on)
{
	struct copy *copy = on->copy;

	for (struct pair *p = copy ? copy->pairs : NULL; p; p = p->next)
		take_pair(e, tally, on, p);
	if (copy && copy->speaks)
		take(e, tally, on, &copy->cond, (struct subject){ .rule = NULL });
	for (struct copy_rule *cr = on->bearer ? on->bearer->rules : NULL; cr; cr = cr->next) {
		for (struct site *s = cr->sites; s; s = s->next) {
			if (s->speaks)
				take(e, tally, on, &s->cond, (struct subject){ .site = s });
			/* Those that stand have had their turn, or have it where they stand. */
			for (struct pair *p = s->pairs; p; p = p->next_in_site)
				if (p->target != on)
					take_pair(e, tally, on, p);
		}
	}
}

static void settle(struct fc_engine *e, struct target *t)
{
	struct tally tally = { .counts = { 0 } };

	t->owed = false;
	for (struct rule *r = t->rules; r; r = r->next)
		take(e, &tally, t, &r->cond, (struct subject){ .rule = r });
	take_copies(e, &tally, t);
	for (int state = 0; state < FC_STATES; state++)
		if (tally.counts[state])
			say(e, t, &tally, state);
}

void notices_settle(struct fc_engine *e)
{
	for (size_t i = 0; i < e->owed_count; i++)
		settle(e, e->owed[i]);
	e->owed_count = 0;
}
