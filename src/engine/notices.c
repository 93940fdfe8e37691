/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/notices.h"

#include "base/buf.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "model/event_record.h"

#include <stdio.h>

#define ACTION "Copy"

/* Into a bad state or out of one, since the last Event. Pending comes and goes with every write. While the target's own
 * cluster is away nothing can be told there: what is still so when it is back is told then. */
static bool is_owed(const struct fc_engine *e, const struct rule *r)
{
	const struct condition *c = &r->cond;

	if (fc_state_is_bad(c->state) ? c->state == c->noticed : !fc_state_is_bad(c->noticed) && !c->heir)
		return false;
	return c->state != FC_STATE_PENDING && cluster_of(e, r->target->key.cluster)->connection == UP;
}

void notice_rule(struct fc_engine *e, struct rule *r)
{
	struct target *t = r->target;

	if (t->owed || !is_owed(e, r))
		return;
	t->owed = true;
	FC_GROW(e->owed, e->owed_count, e->owed_cap);
	e->owed[e->owed_count++] = t;
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
	to->resource_version = fc_xstrdup_null(t->version);
}

/* Path, source and message of the first rule: the same words as in the log, so no value is in it. */
static char *make_note(const struct fc_engine *e, const struct rule *first, size_t count)
{
	FC_AUTO_FREE char *path = rule_path_text(first);
	FC_AUTO_FREE char *source = first->spec.literal ? NULL : rule_source_text(e, first);
	bool named = source && source[0];
	FC_AUTO_FREE char *text = fc_xasprintf("%s%s%s: %s", path, named ? " from " : "", named ? source : "",
					       condition_text(&first->cond));
	char more[48] = "";

	if (count > 1)
		snprintf(more, sizeof(more), " (and %zu more rule%s)", count - 1, count > 2 ? "s" : "");
	return fc_event_note(text, more);
}

static void say(struct fc_engine *e, const struct target *t, const struct rule *first, size_t count)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_RECORD);
	enum fc_state state = first->cond.state;

	a->cluster = cluster_of(e, t->key.cluster)->no;
	a->record = fc_event_record_new();
	a->record->type = fc_state_is_bad(state) ? FC_RECORD_WARNING : FC_RECORD_NORMAL;
	/* The state's name and not the rule's reason: there are few, and people look for the words of /debug/rules. */
	a->record->reason = fc_state_name(state);
	a->record->action = ACTION;
	a->record->note = make_note(e, first, count);
	a->record->wall_ms = e->wall_ms;
	set_regarding(&a->record->regarding, t);
}

static void settle(struct fc_engine *e, struct target *t)
{
	const struct rule *first[FC_STATES] = { NULL };
	size_t counts[FC_STATES] = { 0 };

	t->owed = false;
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!is_owed(e, r))
			continue;
		if (counts[r->cond.state]++ == 0)
			first[r->cond.state] = r;
		r->cond.noticed = r->cond.state;
		r->cond.heir = false;
	}
	for (int state = 0; state < FC_STATES; state++)
		if (first[state])
			say(e, t, first[state], counts[state]);
}

void notices_settle(struct fc_engine *e)
{
	for (size_t i = 0; i < e->owed_count; i++)
		settle(e, e->owed[i]);
	e->owed_count = 0;
}
