/* SPDX-License-Identifier: Apache-2.0 */
/* Whose is what stands in one destination, and who of several makes what does not. */
#include "engine/copy_owners.h"

#include <string.h>

#include "engine/parts.h"
#include "engine/whole.h"

/* Until the clusters have told which namespaces they have. */
#define LOOK_AGAIN_MS 1000
/* One that does not tell them may never do. */
#define LOOK_AGAIN_UNTOLD_MS 10000

static struct origin *origin_of(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;

	return p->site->cluster == cr->word->cluster ? cr->near : cr->far;
}

/* Of one source, whichever custom resource has asked: where marks name sources, these share their copies. */
static bool is_of_same_source(const struct origin *a, const struct origin *b)
{
	return a && b && a->key.dialect == b->key.dialect && a->key.dialect->copy->marks_name_source &&
	       a->key.cluster_id == b->key.cluster_id && a->key.cluster == b->key.cluster &&
	       a->key.group == b->key.group && a->key.kind == b->key.kind && a->key.namespace_ == b->key.namespace_ &&
	       a->key.name == b->key.name;
}

bool pair_has_mark(const struct pair *p)
{
	const struct copy *c = p->target->copy;

	if (!c->origin)
		return c->memories && !c->claimed && memory_by_uid(c, p->site->rule->bearer);
	return c->origin == origin_of(p);
}

bool copy_has_owner(const struct copy *c)
{
	for (const struct pair *p = c->pairs; p; p = p->next)
		if (pair_has_mark(p))
			return true;
	return false;
}

static bool adopts(const struct fc_engine *e, const struct fc_dialect *d)
{
	for (const char *const *name = e->options.adopting; name && *name; name++)
		if (strcmp(*name, d->name) == 0)
			return true;
	return false;
}

/* What asks for copies itself is somebody's. */
bool copy_is_unowned(const struct target *t)
{
	const struct copy *c = t->copy;

	return fc_rv_is_set(&t->version) && (!c->origin || c->free_for_all) && !c->claimed &&
	       !(t->bearer && t->bearer->rules) && !memory_by_uid(c, NULL);
}

bool pair_takes_unowned(const struct pair *p)
{
	return p->site->rule->spec.take_unowned && copy_is_unowned(p->target);
}

bool pair_may_adopt(const struct fc_engine *e, const struct pair *p)
{
	return adopts(e, p->site->rule->dialect) && copy_is_unowned(p->target);
}

/* Of several pairs that may, the one that can: a rule that shares its source with another one takes over from it. */
struct pair *copy_owner(const struct fc_engine *e, struct copy *c)
{
	struct pair *owner = NULL;

	for (struct pair *p = c->pairs; p; p = p->next) {
		bool owns = pair_has_mark(p) || pair_takes_unowned(p) || pair_may_adopt(e, p);

		if (owns && !p->site->rule->spec.fills && (!owner || (!owner->takes_part && p->takes_part)))
			owner = p;
	}
	return owner;
}

bool copy_bears_finalizer(const struct copy *c, const char *finalizer)
{
	for (size_t i = 0; i < c->standing.count; i++)
		if (c->standing.items[i].kind == PIECE_FINALIZER && strcmp(c->standing.items[i].key, finalizer) == 0)
			return true;
	return false;
}

static bool bears_finalizer_of(const struct target *t, const struct fc_dialect *d)
{
	/* A status says which copies are one's own. */
	if (d->copy->remember)
		return false;
	for (const char *const *f = d->copy->finalizers; t->bearer && f && *f; f++)
		if (bearer_has_finalizer(t->bearer, *f))
			return true;
	return false;
}

/* Then the finalizer is its own, and no sign of a copy. After a restart those tell it that were made of it. */
static bool has_asked(struct bearer *b)
{
	for (size_t i = 0; i < b->origin_count && !b->asked; i++)
		for (const struct target *t = b->origins[i]->targets; t; t = t->copy->next_in_origin)
			b->asked = b->asked || !t->copy->released;
	return b->asked;
}

/* It bears the finalizer of a copy and not its label, and may be one in all else: that is to be known first. */
static bool may_have_lost(const struct pair *p)
{
	const struct target *t = p->target;

	if (t->copy->origin || t->bearer->rules || !p->takes_part || p->site->cluster != p->site->rule->word->cluster ||
	    !bears_finalizer_of(t, p->site->rule->dialect))
		return false;
	return !t->copy->known || !p->want_known || pieces_lack_marks_alone(p, &t->copy->standing);
}

struct pair *copy_pair_that_lost_marks(struct target *t)
{
	for (struct pair *p = t->bearer && !t->deleting ? t->copy->pairs : NULL; p; p = p->next)
		if (!has_asked(t->bearer) && may_have_lost(p))
			return p;
	return NULL;
}

/* A rule of which is not known yet whether it selects this place. */
static bool may_be_selected(const struct target *t, const struct site *s)
{
	const struct copy_rule *cr = s->rule;

	return !s->settled && !cr->ending && !cr->denied && !copy_rule_is_invalid(cr) &&
	       strcmp(copy_rule_name(cr), t->key.name) == 0 && bears_finalizer_of(t, cr->dialect);
}

bool copy_may_have_lost_its_marks(struct fc_engine *e, struct target *t)
{
	const struct cluster *c = cluster_of(e, t->key.cluster);

	if (t->deleting || t->bearer->rules || (t->copy && t->copy->origin) || has_asked(t->bearer))
		return false;
	for (const struct site *s = c->sites; s; s = s->next_in_cluster) {
		if (!may_be_selected(t, s))
			continue;
		timer_set_earliest(e, t, e->now_ms + (c->namespaces_failed ? LOOK_AGAIN_UNTOLD_MS : LOOK_AGAIN_MS));
		return true;
	}
	for (struct pair *p = t->copy ? t->copy->pairs : NULL; p; p = p->next) {
		pair_judge(e, p);
		if (p->cond.state == FC_STATE_PENDING && !p->takes_part && bears_finalizer_of(t, p->cond.dialect))
			return true;
	}
	return t->copy && copy_pair_that_lost_marks(t);
}

static bool had_mark_of(const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct origin *former = p->target->copy->former;

	return former && former == (p->site->cluster == cr->word->cluster ? cr->near : cr->far);
}

static bool has_lower_key(const struct pair *a, const struct pair *b)
{
	const struct key *ka = &a->site->rule->bearer->target->key, *kb = &b->site->rule->bearer->target->key;
	int order = strcmp(ka->namespace_, kb->namespace_);

	return order < 0 || (order == 0 && strcmp(ka->name, kb->name) < 0);
}

/* Does it get the place rather than that one, which came before it? */
static bool goes_first(const struct pair *p, const struct pair *other)
{
	if (!dialect_judges(p->site->rule->dialect) || p->site->rule->dialect != other->site->rule->dialect)
		return false;
	if (had_mark_of(p) != had_mark_of(other))
		return had_mark_of(p);
	return has_lower_key(p, other);
}

/* Who makes what does not stand. */
struct pair *copy_maker(struct copy *c)
{
	struct pair *first = NULL;

	for (struct pair *p = c->pairs; p; p = p->next)
		if (p->takes_part && !p->site->rule->spec.fills && (!first || goes_first(p, first)))
			first = p;
	return first;
}

/* Who fills what stands, and bears the instruction itself; NULL: nobody. */
struct pair *copy_filler(struct copy *c)
{
	for (struct pair *p = c->pairs; p; p = p->next)
		if (p->site->rule->spec.fills)
			return p;
	return NULL;
}

struct pair *copy_sharer(struct fc_engine *e, struct target *t, bool *waits)
{
	struct pair *sharer = NULL;
	enum fc_copy_reason why;
	bool counts;

	for (struct pair *p = t->copy->origin ? t->copy->pairs : NULL; p; p = p->next)
		if (is_of_same_source(t->copy->origin, origin_of(p)) &&
		    (!sharer || (!sharer->takes_part && p->takes_part)))
			sharer = p;
	*waits = sharer && !origin_is_over(e, t, &why, &counts);
	return *waits ? NULL : sharer;
}

bool pair_shares(const struct pair *p, const struct pair *owner)
{
	return owner->site->rule != p->site->rule && is_of_same_source(origin_of(p), origin_of(owner));
}
