/* SPDX-License-Identifier: Apache-2.0 */
/* fedcopy.dev/create-namespaces: a namespace that a rule names, and that is missing on a member, is created where the
 * operator permits the copy. Once for all that wait for it; it bears a mark that says for whom, and is never deleted
 * again. The write stands in the place of that of the first copy that is to lie in it. */
#include "engine/new_spaces.h"

#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "model/marks.h"

/* By a pattern or labels only namespaces that exist are meant. */
static bool names_it(const struct pair *p)
{
	const struct fc_copy_spec *spec = &p->site->rule->spec;

	for (size_t i = 0; i < spec->name_count; i++)
		if (strcmp(spec->names[i], p->target->key.namespace_) == 0)
			return true;
	return false;
}

bool new_space_is_wanted(struct fc_engine *e, const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	const struct cluster *own = cluster_of(e, cr->bearer->target->key.cluster);

	return cr->bearer->creates_spaces && p->site->cluster != own && own->id && p->site->cluster->id &&
	       !cr->ending && cr->source && cr->source->present && names_it(p) && pair_operator_permits(e, p) &&
	       pair_is_permitted(e, p);
}

void new_space_tell(struct fc_engine *e, struct pair *p)
{
	if (setback_or_none(p->target->setbacks[PART_OBJECT])->failures)
		pair_set_waiting(e, p);
	else
		pair_set_state(e, p, FC_STATE_PENDING, "CreatingNamespace", "the namespace is being created", NULL);
}

/* Does another copy's write make it just now? */
static bool is_being_made(const struct cluster *c, const char *name)
{
	for (const struct site *s = c->sites; s; s = s->next_in_cluster)
		for (const struct pair *p = s->pairs; p; p = p->next_in_site)
			if (p->target->key.namespace_ == name && new_space_is_under_way(p->target))
				return true;
	return false;
}

/* --- the write --- */

static json_t *space_object(struct fc_engine *e, const struct pair *p)
{
	const struct key *bearer = &p->site->rule->bearer->target->key;

	return json_pack(
		"{s:s, s:s, s:{s:s, s:{s:o}}}", "apiVersion", "v1", "kind", "Namespace", "metadata", "name",
		p->target->key.namespace_, "annotations", FC_MARK_CREATED_FOR,
		json_sprintf("%s/%s/%s", cluster_of(e, bearer->cluster)->id, bearer->namespace_, bearer->name));
}

static struct pair *who_wants_it(struct fc_engine *e, struct target *t)
{
	const struct cluster *c = cluster_of(e, t->key.cluster);

	if (fc_rv_is_set(&t->version) || namespace_find(e, c, t->key.namespace_) || !namespaces_listed(c))
		return NULL;
	for (struct pair *p = t->copy->pairs; p; p = p->next)
		if (p->needs_space)
			return p;
	return NULL;
}

bool new_space_make(struct fc_engine *e, struct target *t)
{
	struct cluster *c = cluster_of(e, t->key.cluster);
	struct pair *p = who_wants_it(e, t);
	struct fc_action *a;

	if (!p || is_being_made(c, t->key.namespace_) || copy_must_wait(e, t))
		return false;
	a = copy_action(e, t, FC_ACTION_CREATE, COPY_MAKES_SPACE);
	if (!a)
		return false;
	fc_resource_unref(a->resource);
	a->resource = fc_resource_ref((struct fc_resource *)(uintptr_t)c->namespaces_watch->resource);
	free(fc_steal(&a->namespace_));
	free(a->name);
	a->name = fc_xstrdup(t->key.namespace_);
	a->body = space_object(e, p);
	json_decref(fc_steal(&a->confidential));
	t->copy->writer = p;
	t->writing_rewrite = false;
	return true;
}

bool new_space_is_under_way(const struct target *t)
{
	return t->copy && t->copy->writing == COPY_MAKES_SPACE;
}

/* Copies that wait for it try themselves, if it has failed. */
static void mark_others(struct fc_engine *e, const struct cluster *c, const char *name)
{
	for (struct site *s = c->sites; s; s = s->next_in_cluster)
		for (struct pair *p = s->pairs; p; p = p->next_in_site)
			if (p->target->key.namespace_ == name)
				target_mark(e, p->target);
}

void new_space_done(struct fc_engine *e, struct target *t, const json_t *answer, const struct fc_error *error)
{
	struct cluster *c = cluster_of(e, t->key.cluster);

	measure_write(e, t, error ? fc_error_class_name(error->cls) : "changed");
	t->copy->writing = COPY_WRITES_NOTHING;
	if (!error) {
		retry_succeeded(t, PART_OBJECT);
		report_cluster(e, FC_LOG_INFO, c, "namespace created", t->key.namespace_);
		/* Its event comes too; nobody has to wait for it. */
		if (c->namespaces_watch)
			namespace_object(e, c->namespaces_watch, answer);
	} else {
		/* Where somebody else was faster its event is under way. */
		retry_failed(e, t, PART_OBJECT, error);
	}
	t->copy->writer = NULL;
	mark_others(e, c, t->key.namespace_);
	target_mark(e, t);
}
