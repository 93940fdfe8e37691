/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a copy that nobody wants any more: the dialect says whether it is deleted, cleared, released or kept;
 * the brake says when too many go because something is gone. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/copy_judge.h"
#include "engine/parts.h"
#include "engine/whole.h"

static void tell(struct fc_engine *e, struct target *t, struct pair *owner, enum fc_state state, const char *reason,
		 const char *message, const char *detail)
{
	if (owner)
		pair_set_state(e, owner, state, reason, message, detail);
	else
		stray_set_state(e, t, state, reason, message, detail);
}

static void tell_failed(struct fc_engine *e, struct target *t, struct pair *owner)
{
	const struct setback *s = setback_or_none(t->setbacks[PART_OBJECT]);
	bool forbidden = s->error.cls == FC_ERR_FORBIDDEN || s->error.cls == FC_ERR_UNAUTHORIZED;

	if (owner)
		pair_set_waiting(e, owner);
	else if (forbidden)
		stray_set_state(e, t, FC_STATE_FORBIDDEN, "TargetForbidden", "", s->error.text);
	else
		stray_set_state(e, t, s->failures < 3 ? FC_STATE_PENDING : FC_STATE_ERROR, "TargetFailed", "",
				s->error.text);
}

bool stray_is_paused(const struct fc_engine *e, const struct target *t)
{
	const struct space *space = namespace_find(e, cluster_of(e, t->key.cluster), t->key.namespace_);

	return t->copy->paused || (space && space->paused);
}

static bool is_terminating(struct fc_engine *e, const struct target *t)
{
	const struct space *space = namespace_find(e, cluster_of(e, t->key.cluster), t->key.namespace_);

	return space && space->terminating;
}

/* Whoever deletes the Namespace of a source means all that is in it. */
static bool source_goes_with_its_space(struct fc_engine *e, const struct target *t)
{
	const struct origin *o = t->copy->origin;
	struct cluster *c = o && o->key.namespace_ ? origin_cluster(e, o) : NULL;
	const struct space *space;

	if (!c)
		return false;
	namespaces_watch(e, c);
	space = namespace_find(e, c, o->key.namespace_);
	return space && space->terminating;
}

/* The one that was not sent, or failed, is counted already. */
static bool brake_is_on(struct fc_engine *e, struct target *t, struct pair *owner, bool counts)
{
	if (!counts || t->copy->counted || is_terminating(e, t) || source_goes_with_its_space(e, t))
		return false;
	if (brake_allows(e, cluster_of(e, t->key.cluster))) {
		t->copy->counted = true;
		return false;
	}
	tell(e, t, owner, FC_STATE_ERROR, "Brake",
	     "too many copies were deleted in ten minutes because their sources are gone: start again with a higher "
	     "--max-deletes if that is right",
	     NULL);
	return true;
}

/* NULL: not now. */
static struct fc_action *start(struct fc_engine *e, struct target *t, struct pair *owner, enum fc_action_type type,
			       enum copy_write what)
{
	struct fc_action *a;

	if (copy_must_wait(e, t)) {
		tell_failed(e, t, owner);
		return NULL;
	}
	a = copy_action(e, t, type, what);
	if (!a)
		return NULL;
	t->copy->writer = owner;
	t->writing_rewrite = false;
	return a;
}

static void delete_it(struct fc_engine *e, struct target *t, struct pair *owner)
{
	struct fc_action *a = start(e, t, owner, FC_ACTION_DELETE, COPY_DELETES);

	if (!a)
		return;
	a->uid = fc_xstrdup(t->copy->uid);
	a->version = fc_rv_text(&t->version);
}

/* What its metadata holds is known from its events, which is all that it takes. */
static void release(struct fc_engine *e, struct target *t, struct pair *owner)
{
	struct fc_action *a = start(e, t, owner, FC_ACTION_PATCH, COPY_RELEASES);

	if (a)
		a->body = pieces_patch_release(t);
}

/* What its owner has made immutable stays as it is. */
static bool cannot_change(struct fc_engine *e, struct target *t, struct pair *owner)
{
	if (!json_is_true(json_object_get(t->copy->body, "immutable")))
		return false;
	tell(e, t, owner, FC_STATE_CONFLICT, "Immutable", "it is to be cleared, and is immutable", NULL);
	return true;
}

static void set_time(const struct fc_engine *e, const struct fc_copy_dialect *d, json_t *object)
{
	json_t *annotations = json_object_get(json_object_get(object, "metadata"), "annotations");
	char time[FC_RFC3339_BYTES];

	if (!d->written_annotation || !json_object_get(annotations, d->written_annotation))
		return;
	fc_time_rfc3339_seconds(e->wall_ms, time);
	json_object_set_new(annotations, d->written_annotation, json_string(time));
}

static bool is_abroad(const struct fc_engine *e, const struct target *t, const struct pair *owner)
{
	return owner ? !pair_is_at_home(owner) : is_copy_from_elsewhere(e, t);
}

void copy_clear(struct fc_engine *e, struct target *t, const struct fc_dialect *of, struct pair *owner, bool counts)
{
	const struct fc_copy_dialect *d = of->copy;
	json_t *cleared;
	struct fc_action *a;

	if (t->copy->cleared || !d->cleared)
		return;
	if (!t->copy->body) {
		t->copy->wants_body = true;
		if (!copy_must_wait(e, t))
			target_read(e, t);
		return;
	}
	cleared = d->cleared(of, t->copy->body, is_abroad(e, t, owner));
	t->copy->cleared = !cleared;
	if (cleared && cannot_change(e, t, owner)) {
		t->copy->cleared = true;
	} else if (cleared && !brake_is_on(e, t, owner, counts)) {
		set_time(e, d, cleared);
		a = start(e, t, owner, FC_ACTION_PATCH, COPY_CLEARS);
		if (a)
			a->body = pieces_patch_to(t, t->copy->body, cleared);
	}
	json_decref(cleared);
	json_decref(t->copy->body);
	t->copy->body = NULL;
	t->copy->wants_body = false;
}

bool stray_is_kept(const struct target *t)
{
	return t->copy->kept && t->copy->origin && origin_has_reason(t->copy->origin, t->copy->kept_why);
}

/* A finalizer may have waited for this one. */
static void mark_bearers(struct fc_engine *e, const struct target *t)
{
	const struct origin *o = t->copy->origin;

	for (size_t i = 0; o && i < o->bearer_count; i++)
		target_mark(e, o->bearers[i]->target);
	memories_mark_bearers(e, t->copy);
}

static bool is_told_paused(const struct target *t, const struct pair *owner)
{
	const struct condition *cond = owner ? &owner->cond : t->copy->speaks ? &t->copy->cond : NULL;

	return cond && cond->reason && strcmp(cond->reason, "Paused") == 0;
}

void stray_decide(struct fc_engine *e, struct target *t, struct pair *owner, enum fc_copy_reason why, bool counts)
{
	enum fc_copy_end end = copy_dialect_of(t)->copy->ends(t->copy->mark_flags, why);
	bool kept = stray_is_kept(t);

	t->copy->kept = end == FC_COPY_KEEP || (end == FC_COPY_CLEAR && t->copy->cleared);
	t->copy->kept_why = why;
	/* They may say that nothing is to be touched. And how many copies there are, for the brake, is not known
	 * before. */
	namespaces_watch(e, cluster_of(e, t->key.cluster));
	if (!namespaces_known(cluster_of(e, t->key.cluster)) || !watch_has_told(t->watch)) {
		tell(e, t, owner, FC_STATE_PENDING, "FirstSync",
		     "the cluster's Namespaces and copies are being read for the first time", NULL);
		return;
	}
	if (stray_is_paused(e, t)) {
		/* Once: what asks for it may be itself a copy that is paused, or this very object. */
		if (!is_told_paused(t, owner))
			mark_bearers(e, t);
		tell(e, t, owner, FC_STATE_PENDING, "Paused", "fedcopy.dev/pause on the copy or its Namespace", NULL);
		return;
	}
	switch (end) {
	case FC_COPY_KEEP:
		break;
	case FC_COPY_RELEASE:
		/* One that has lost its marks has none to be released of. */
		if (t->copy->origin)
			release(e, t, owner);
		break;
	case FC_COPY_CLEAR:
		copy_clear(e, t, copy_dialect_of(t), owner, counts);
		break;
	case FC_COPY_DELETE:
		if (!brake_is_on(e, t, owner, counts))
			delete_it(e, t, owner);
		break;
	}
	if (t->copy->kept && !kept)
		mark_bearers(e, t);
}
