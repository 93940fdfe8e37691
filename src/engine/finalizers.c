/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to those who ask for copies: a finalizer before the first copy is made, which is taken off when the
 * last reachable one is released, and the status of a custom resource. Finalizers are the one thing that is ever
 * written to a source (design section 5, promise 4). */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"

bool bearer_has_finalizer(const struct bearer *b, const char *finalizer)
{
	json_t *name;
	size_t i;

	json_array_foreach(b->finalizers, i, name)
		if (json_is_string(name) && strcmp(json_string_value(name), finalizer) == 0)
			return true;
	return false;
}

static bool is_of_a_dialect(const struct fc_engine *e, const char *finalizer)
{
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_copy_dialect *d = e->options.dialects[i]->copy;

		for (const char *const *f = d ? d->finalizers : NULL; f && *f; f++)
			if (strcmp(*f, finalizer) == 0)
				return true;
	}
	return false;
}

static bool is_wanted(const struct bearer *b, const char *finalizer)
{
	for (const struct copy_rule *cr = b->rules; cr; cr = cr->next)
		if (cr->spec.finalizer && strcmp(cr->spec.finalizer, finalizer) == 0 && !b->target->deleting)
			return true;
	return false;
}

/* --- may it go? --- */

/* Has the cluster told all copies of that kind? Who cannot be reached is not waited for (design section 6). */
static bool has_told(struct fc_engine *e, const struct cluster *c, const struct origin *o)
{
	struct watch *w, *next;

	if (!c->had_outcome)
		return false;
	if (c->connection != UP)
		return true;
	HASH_ITER(hh, e->watches, w, next)
		if (w->cluster == c->no && w->use == WATCH_TARGETS && strcmp(w->resource->kind, o->key.kind) == 0 &&
		    strcmp(w->resource->group, o->key.group) == 0 && !w->synced && w->error.cls == FC_ERR_NONE)
			return false;
	return true;
}

static bool has_copies(struct fc_engine *e, const struct origin *o)
{
	for (const struct target *t = o->targets; t; t = t->copy->next_in_origin)
		if (!t->copy->released && !t->copy->pairs && cluster_of(e, t->key.cluster)->connection == UP &&
		    !stray_is_kept(t) && !stray_is_paused(e, t) && !copy_stands_at_home(e, t))
			return true;
	return false;
}

/* After a restart a rule may name a type that no cluster was asked for yet: what stands there is not known before. */
static bool types_are_known(const struct bearer *b)
{
	for (const struct copy_rule *cr = b->rules; cr; cr = cr->next) {
		if (copy_rule_is_invalid(cr) || cr->denied)
			continue;
		if (cr->word && !cr->word->answered)
			return false;
		for (const struct site *s = cr->sites; s; s = s->next)
			if (s->cluster->connection == UP && s->word && !s->word->answered)
				return false;
	}
	return true;
}

static bool all_released(struct fc_engine *e, const struct bearer *b)
{
	if (!types_are_known(b))
		return false;
	for (size_t i = 0; i < b->origin_count; i++) {
		const struct origin *o = b->origins[i];

		if (has_copies(e, o))
			return false;
		for (size_t c = 0; c < e->cluster_count; c++)
			if ((o->key.cluster_id || e->clusters[c]->no == o->key.cluster) &&
			    !has_told(e, e->clusters[c], o))
				return false;
	}
	return true;
}

/* --- the list as it is to be --- */

/* NULL: it is as it is to be. */
static json_t *wanted_finalizers(struct fc_engine *e, const struct bearer *b, bool deleting)
{
	bool news = false, may_go = all_released(e, b);
	json_t *list = json_array(), *name;
	size_t i;

	json_array_foreach(b->finalizers, i, name) {
		const char *text = json_is_string(name) ? json_string_value(name) : "";

		if (may_go && is_of_a_dialect(e, text) && !is_wanted(b, text))
			news = true;
		else
			json_array_append(list, name);
	}
	/* None can be added to what is being deleted. */
	for (const struct copy_rule *cr = b->rules; cr && !deleting; cr = cr->next) {
		if (!cr->spec.finalizer || copy_rule_is_invalid(cr) || cr->denied || !cr->resource ||
		    bearer_has_finalizer(b, cr->spec.finalizer))
			continue;
		json_array_append_new(list, json_string(cr->spec.finalizer));
		news = true;
	}
	if (news)
		return list;
	json_decref(list);
	return NULL;
}

/* Takes over `list`. */
static bool write_finalizers(struct fc_engine *e, struct target *t, json_t *list)
{
	struct fc_action *a;

	if (copy_must_wait(e, t) || !(a = target_action(e, t, FC_ACTION_PATCH))) {
		json_decref(list);
		return true;
	}
	a->body = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:o}]", "op", "replace", "path", "/metadata/resourceVersion",
			    "value", t->version, "op", "add", "path", "/metadata/finalizers", "value", list);
	t->bearer->writing = true;
	return true;
}

/* --- status --- */

struct outcomes {
	struct fc_copy_outcome *items;
	size_t count, cap;
};

/* Of what is pending, what waits for somebody: all else ends by itself. */
static bool is_passing(const struct condition *cond)
{
	static const char *const lasting[] = { "Paused", "TypeNotServed", "NamespaceMissing", "TargetTerminating" };

	for (size_t i = 0; i < FC_ARRAY_LEN(lasting); i++)
		if (strcmp(cond->reason, lasting[i]) == 0)
			return false;
	return cond->state == FC_STATE_PENDING;
}

static void add_outcome(struct outcomes *list, const struct site *s, const struct pair *p)
{
	const struct condition *cond = p ? &p->cond : &s->cond;

	FC_GROW(list->items, list->count, list->cap);
	list->items[list->count++] = (struct fc_copy_outcome){
		.cluster = s->cluster->info.name,
		.namespace_ = p ? p->target->key.namespace_ : NULL,
		.name = copy_rule_name(s->rule),
		.own = s->cluster->no == s->rule->bearer->target->key.cluster,
		.state = cond->state,
		.reason = cond->reason,
		.message = condition_text(cond),
		.passing = is_passing(cond),
	};
}

static json_t *wanted_status(const struct copy_rule *cr)
{
	struct outcomes list = { 0 };
	json_t *status;

	for (const struct site *s = cr->sites; s; s = s->next) {
		for (const struct pair *p = s->pairs; p; p = p->next_in_site)
			add_outcome(&list, s, p);
		if (!s->pairs)
			add_outcome(&list, s, NULL);
	}
	status = cr->dialect->copy->status(cr->bearer->object, list.items, list.count);
	free(list.items);
	return status;
}

static bool write_status(struct fc_engine *e, struct target *t, json_t *status)
{
	struct bearer *b = t->bearer;
	struct fc_digest wanted = fc_digest_json(status), stands = fc_digest_json(json_object_get(b->object, "status"));
	struct fc_action *a;

	if (fc_digest_equal(&wanted, &stands) ||
	    (fc_digest_equal(&wanted, &b->status_wanted) && fc_digest_equal(&stands, &b->status_stood)))
		return false;
	if (copy_must_wait(e, t) || !(a = target_action(e, t, FC_ACTION_PATCH)))
		return true;
	a->subresource = fc_xstrdup("status");
	a->body = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:O}]", "op", "replace", "path", "/metadata/resourceVersion",
			    "value", t->version, "op", "add", "path", "/status", "value", status);
	b->status_wanted = wanted;
	b->writing = true;
	return true;
}

static bool decide_status(struct fc_engine *e, struct target *t)
{
	bool busy = false;

	for (struct copy_rule *cr = t->bearer->rules; cr && !busy; cr = cr->next) {
		json_t *status;

		if (!cr->dialect->copy->status || !t->bearer->object)
			continue;
		status = wanted_status(cr);
		busy = status && write_status(e, t, status);
		json_decref(status);
	}
	return busy;
}

bool bearer_decide(struct fc_engine *e, struct target *t)
{
	struct bearer *b = t->bearer;
	json_t *list;

	/* The list of finalizers that is known of an undecodable one is that of another version. */
	if (!b || t->phase != IDLE || !t->version || t->unreadable || cluster_of(e, t->key.cluster)->connection != UP)
		return false;
	if (copy_must_look(e, t))
		return true;
	list = wanted_finalizers(e, b, t->deleting);
	if (list)
		return write_finalizers(e, t, list);
	if (!b->rules && b->origin_count && all_released(e, b))
		origins_forget_bearer(e, b);
	if (decide_status(e, t))
		return true;
	return false;
}

void bearer_written(struct target *t, const json_t *answer)
{
	struct bearer *b = t->bearer;

	if (!b)
		return;
	b->writing = false;
	b->status_stood = fc_digest_json(json_object_get(answer, "status"));
}
