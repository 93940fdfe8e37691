/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a copy that nobody wants any more: the dialect says whether it is deleted, cleared, released or kept;
 * the brake says when too many go because something is gone. */
#include <string.h>

#include "base/mem.h"
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
	bool forbidden = t->error.cls == FC_ERR_FORBIDDEN || t->error.cls == FC_ERR_UNAUTHORIZED;

	if (owner)
		pair_set_waiting(e, owner);
	else if (forbidden)
		stray_set_state(e, t, FC_STATE_FORBIDDEN, "TargetForbidden", "", t->error.text);
	else
		stray_set_state(e, t, t->failures < 3 ? FC_STATE_PENDING : FC_STATE_ERROR, "TargetFailed", "",
				t->error.text);
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

/* The one that was not sent, or failed, is counted already. */
static bool brake_is_on(struct fc_engine *e, struct target *t, struct pair *owner, bool counts)
{
	if (!counts || t->copy->counted || is_terminating(e, t))
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
	a->version = fc_xstrdup(t->version);
}

/* What its metadata holds is known from its events, which is all that it takes. */
static void release(struct fc_engine *e, struct target *t, struct pair *owner)
{
	struct fc_action *a = start(e, t, owner, FC_ACTION_PATCH, COPY_RELEASES);

	if (a)
		a->body = pieces_patch_release(t);
}

static void clear(struct fc_engine *e, struct target *t, struct pair *owner, bool counts)
{
	const struct fc_copy_dialect *d = t->copy->origin->key.dialect->copy;
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
	cleared = d->cleared(t->copy->body);
	t->copy->cleared = !cleared;
	if (cleared && !brake_is_on(e, t, owner, counts)) {
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
	return t->copy->kept;
}

/* A finalizer may have waited for this one. */
static void mark_bearers(struct fc_engine *e, const struct target *t)
{
	const struct origin *o = t->copy->origin;

	for (size_t i = 0; i < o->bearer_count; i++)
		target_mark(e, o->bearers[i]->target);
}

void stray_decide(struct fc_engine *e, struct target *t, struct pair *owner, enum fc_copy_reason why, bool counts)
{
	enum fc_copy_end end = t->copy->origin->key.dialect->copy->ends(t->copy->mark_flags, why);
	bool kept = t->copy->kept;

	t->copy->kept = end == FC_COPY_KEEP || (end == FC_COPY_CLEAR && t->copy->cleared);
	/* They may say that nothing is to be touched. And how many copies there are, for the brake, is not known
	 * before. */
	namespaces_watch(e, cluster_of(e, t->key.cluster));
	if (!namespaces_known(cluster_of(e, t->key.cluster)) || !t->watch->synced) {
		tell(e, t, owner, FC_STATE_PENDING, "FirstSync",
		     "the cluster's Namespaces and copies are being read for the first time", NULL);
		return;
	}
	if (stray_is_paused(e, t)) {
		mark_bearers(e, t);
		tell(e, t, owner, FC_STATE_PENDING, "Paused", "fedcopy.dev/pause on the copy or its Namespace", NULL);
		return;
	}
	switch (end) {
	case FC_COPY_KEEP:
		break;
	case FC_COPY_RELEASE:
		release(e, t, owner);
		break;
	case FC_COPY_CLEAR:
		clear(e, t, owner, counts);
		break;
	case FC_COPY_DELETE:
		if (!brake_is_on(e, t, owner, counts))
			delete_it(e, t, owner);
		break;
	}
	if (t->copy->kept && !kept)
		mark_bearers(e, t);
}
