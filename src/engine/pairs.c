/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs: a rule for whole objects and one destination. The destination is a struct target, whether it is there or not;
 * a pair that ends leaves what stands there to whoever its marks name. */
#include <string.h>

#include "base/mem.h"
#include "engine/copy_judge.h"
#include "engine/parts.h"
#include "engine/whole.h"

struct copy *copy_part(struct target *t)
{
	if (!t->copy) {
		t->copy = fc_xcalloc(1, sizeof(*t->copy));
		t->copy->target = t;
		t->copy->updates = t->copy->applies = -1;
	}
	return t->copy;
}

bool copy_is_used(const struct copy *c)
{
	return c && (c->pairs || c->origin || c->memories);
}

void copy_part_free(struct fc_engine *e, struct target *t)
{
	struct copy *c = t->copy;

	if (!c)
		return;
	while (c->pairs)
		pair_free(e, c->pairs);
	stray_is_silent(e, c);
	memories_lose_target(c);
	copy_drop_marks(e, t);
	pieces_fini(e, &c->standing);
	json_decref(c->allotted);
	origin_unref(e, c->former);
	proof_forget(e, c);
	free(c->far_state);
	free(c->uid);
	free(c->made_version);
	free(c->made_of_uid);
	free(c->made_of_version);
	json_decref(c->body);
	free(c);
	t->copy = NULL;
}

struct pair *pair_find(struct fc_engine *e, const struct site *s, const char *namespace_)
{
	const struct copy_rule *cr = s->rule;
	struct target *t = target_find(e, s->cluster->no, s->word->resource, namespace_, copy_rule_name(cr));

	for (struct pair *p = t && t->copy ? t->copy->pairs : NULL; p; p = p->next)
		if (p->site == s)
			return p;
	return NULL;
}

/* Whether its source is to bear a finalizer, and what the status says, is a matter of which copies there are to be. */
static void mark_both_ends(struct fc_engine *e, const struct copy_rule *cr)
{
	if (!cr->dialect->copy->remember)
		return;
	target_mark(e, cr->bearer->target);
	if (cr->hold)
		target_mark(e, cr->hold);
}

void pair_add(struct fc_engine *e, struct site *s, const char *namespace_, struct watch *w)
{
	const struct copy_rule *cr = s->rule;
	struct target *t = target_take(e, w, namespace_, copy_rule_name(cr));
	struct pair *p = fc_xcalloc(1, sizeof(*p)), **end = &copy_part(t)->pairs;

	site_is_silent(e, s);
	p->site = s;
	p->target = t;
	p->fresh = true;
	condition_init(e, &p->cond, cr->dialect);
	while (*end)
		end = &(*end)->next;
	*end = p;
	DL_APPEND2(s->pairs, p, prev_in_site, next_in_site);
	stray_is_silent(e, t->copy);
	cycles_pair_bound(e, p);
	copy_pair_learn(e, p);
	p->failures = pair_failures_before(p);
	copy_retry_at_once(t);
	target_mark(e, t);
	mark_both_ends(e, cr);
}

void pair_free(struct fc_engine *e, struct pair *p)
{
	struct copy *c = p->target->copy;
	struct pair **at = &c->pairs;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	if (c->writer == p)
		c->writer = NULL;
	DL_DELETE2(p->site->pairs, p, prev_in_site, next_in_site);
	cycles_pair_unbound(e, p);
	copy_rule_body_was_used(e, p);
	pair_forget_settled(e, p);
	judged_free(p);
	pieces_fini(e, &p->wanted);
	condition_fini(e, &p->cond);
	mark_both_ends(e, p->site->rule);
	free(p->sent_uid);
	free(p->sent_version);
	target_mark(e, p->target);
	free(p);
}
