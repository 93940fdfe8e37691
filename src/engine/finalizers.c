/* SPDX-License-Identifier: Apache-2.0 */
/* What is written to those who ask for copies: a finalizer before the first copy is made, which is taken off when the
 * last reachable one is released, and the status of a custom resource. Finalizers are the one thing that is ever
 * written to a source (design section 5, promise 4). */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"

static bool is_in(const json_t *list, const char *finalizer)
{
	json_t *name;
	size_t i;

	json_array_foreach(list, i, name)
		if (json_is_string(name) && strcmp(json_string_value(name), finalizer) == 0)
			return true;
	return false;
}

bool bearer_has_finalizer(const struct bearer *b, const char *finalizer)
{
	return is_in(b->finalizers, finalizer);
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

/* What a copy bears is not what one bears who asks. */
static bool is_of_copy(const struct target *t, const char *finalizer)
{
	const struct origin *o = t->copy ? t->copy->origin : NULL;

	if (!o || o->key.cluster_id || t->copy->released)
		return false;
	for (const char *const *f = o->key.dialect->copy->finalizers; f && *f; f++)
		if (strcmp(*f, finalizer) == 0)
			return true;
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
static bool has_told(const struct cluster *c, const struct origin *o)
{
	if (!c->had_outcome)
		return false;
	if (c->connection != UP)
		return true;
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && strcmp(w->resource->kind, o->key.kind) == 0 &&
		    strcmp(w->resource->group, o->key.group) == 0 && !watch_has_told(w) && w->error.cls == FC_ERR_NONE)
			return false;
	return true;
}

/* Whoever holds it still, it goes when they let go of it. */
bool copy_is_let_go(const struct target *t)
{
	const struct fc_dialect *d = copy_dialect_of(t);
	const char *const *f = d ? d->copy->finalizers : NULL;

	for (; t->deleting && f && *f; f++)
		if (copy_bears_finalizer(t->copy, *f))
			return false;
	return t->deleting;
}

/* It goes when somebody does something, and not before. */
static bool copy_is_stuck(const struct target *t)
{
	return t->deleting ? t->copy->stuck : memory_is_held(t->copy);
}

static bool has_copies(struct fc_engine *e, const struct origin *o)
{
	for (const struct target *t = o->targets; t; t = t->copy->next_in_origin)
		if (!t->copy->released && !copy_is_let_go(t) && !copy_has_owner(t->copy) &&
		    cluster_is_waited_for(cluster_of(e, t->key.cluster)) && !stray_is_kept(t) &&
		    !stray_is_paused(e, t) && !copy_stands_at_home(e, t))
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

/* The kinds of what a custom resource has copied are known of its dialect, whatever it says now. */
static bool kinds_are_known(struct fc_engine *e, const struct bearer *b)
{
	for (size_t c = 0; c < e->cluster_count; c++)
		for (const struct word *w = e->clusters[c]->words; b->object && w; w = w->next)
			if (w->for_copies && !w->answered && e->clusters[c]->connection == UP)
				return false;
	return true;
}

static bool all_released(struct fc_engine *e, const struct bearer *b)
{
	if (!types_are_known(b) || !kinds_are_known(e, b))
		return false;
	if (!memories_are_released(e, b) || (b->target->deleting && !holds_are_free(e, b)))
		return false;
	for (size_t i = 0; i < b->origin_count; i++) {
		const struct origin *o = b->origins[i];

		/* These are nobody's but what a status lists. */
		if (o->key.dialect->copy->remember && !o->key.cluster_id)
			continue;
		if (has_copies(e, o))
			return false;
		for (size_t c = 0; c < e->cluster_count; c++)
			if ((o->key.cluster_id || o->key.rule_name || e->clusters[c]->no == o->key.cluster) &&
			    !has_told(e->clusters[c], o))
				return false;
	}
	return true;
}

/* --- the list as it is to be --- */

/* Which of its own copies bears it still, although it is to bear another one? It is mended first. What a copy bears of
 * another dialect it bears as that one's source. */
static bool is_on_owned_copy(const struct bearer *b, const char *finalizer)
{
	/* A custom resource is no copy's source: there the finalizers have nothing to do with each other. */
	for (size_t i = 0; !b->object && i < b->origin_count; i++)
		for (const struct target *t = is_listed(b->origins[i]->key.dialect->copy->finalizers, finalizer)
						      ? b->origins[i]->targets
						      : NULL;
		     t; t = t->copy->next_in_origin)
			if (copy_has_owner(t->copy) && !t->copy->paused && copy_bears_finalizer(t->copy, finalizer))
				return true;
	return false;
}

static bool may_go(struct fc_engine *e, struct bearer *b, const char *finalizer)
{
	if (!is_of_a_dialect(e, finalizer) || is_wanted(b, finalizer) || is_of_copy(b->target, finalizer))
		return false;
	if (hold_is_of_source(e, b, finalizer) && !hold_is_over(e, b, finalizer))
		return false;
	if (is_on_owned_copy(b, finalizer))
		b->moving = true;
	return !b->moving;
}

/* One that the dialect refuses is not touched at all: what it is has to be known. Several rules may want the same. */
static bool may_come(const struct copy_rule *cr, const json_t *list)
{
	if (!cr->spec.finalizer || is_in(list, cr->spec.finalizer))
		return false;
	if (cr->spec.finalizer_first)
		return true;
	if (copy_rule_is_invalid(cr) || cr->denied || !cr->resource)
		return false;
	return !cr->dialect->copy->refuses || cr->refusal_known;
}

/* NULL: it is as it is to be. */
static json_t *wanted_finalizers(struct fc_engine *e, struct bearer *b, bool deleting, bool *comes)
{
	bool news = false, released = all_released(e, b) && !copy_may_have_lost_its_marks(e, b->target);
	json_t *list = json_array(), *name;
	size_t i;

	b->moving = *comes = false;
	json_array_foreach(b->finalizers, i, name) {
		if (released && json_is_string(name) && may_go(e, b, json_string_value(name)))
			news = true;
		else
			json_array_append(list, name);
	}
	/* None can be added to what is being deleted. */
	for (const struct copy_rule *cr = b->rules; cr && !deleting; cr = cr->next) {
		if (!may_come(cr, list))
			continue;
		*comes = true;
		json_array_append_new(list, json_string(cr->spec.finalizer));
		news = true;
	}
	if (news)
		return list;
	json_decref(list);
	return NULL;
}

/* Takes over `list`. */
static bool write_finalizers(struct fc_engine *e, struct target *t, json_t *list, const json_t *stale)
{
	FC_AUTO_FREE char *version = fc_rv_text(&t->version);
	struct fc_action *a;
	json_t *label;
	size_t i;

	if (copy_must_wait(e, t) || !(a = target_action(e, t, FC_ACTION_PATCH))) {
		json_decref(list);
		return true;
	}
	a->body = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:o}]", "op", "replace", "path", "/metadata/resourceVersion",
			    "value", version, "op", "add", "path", "/metadata/finalizers", "value", list);
	json_array_foreach(stale, i, label)
		pieces_patch_remove_label(a->body, json_string_value(label));
	t->bearer->writing = true;
	/* Its answer tells of no status that we wrote, and may be that of another object of that name. */
	memset(&t->bearer->status_wanted, 0, sizeof(t->bearer->status_wanted));
	return true;
}

/* By an apply that names the object and that finalizer: no other list of anybody is written over, and who looks sees
 * whose it is. */
static bool put_on_source(struct fc_engine *e, struct target *t, const char *finalizer)
{
	FC_AUTO_FREE char *version = fc_rv_text(&t->version), *api = NULL;
	const struct fc_resource *r = t->key.resource;
	char uid[FC_UID_TEXT_BYTES];
	struct fc_action *a;
	json_t *list;

	if (!fc_uid_text(&t->uid, uid)) {
		list = t->bearer->finalizers ? json_copy(t->bearer->finalizers) : json_array();
		json_array_append_new(list, json_string(finalizer));
		return write_finalizers(e, t, list, NULL);
	}
	if (copy_must_wait(e, t) || !(a = target_action(e, t, FC_ACTION_APPLY)))
		return true;
	api = r->group[0] ? fc_xasprintf("%s/%s", r->group, r->version) : fc_xstrdup(r->version);
	/* With the version alone a server makes an empty object of that name where there is none any more. */
	a->body = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:[s]}}", "apiVersion", api, "kind", r->kind, "metadata",
			    "name", t->key.name, "namespace", t->key.namespace_, "uid", uid, "resourceVersion", version,
			    "finalizers", finalizer);
	a->force = true;
	a->field_manager = FC_SOURCE_FIELD_MANAGER;
	t->bearer->writing = true;
	return true;
}

/* --- status --- */

struct outcomes {
	struct fc_copy_outcome *items;
	size_t count, cap;
	char **texts; /* that they borrow */
	size_t text_count, text_cap;
};

bool condition_is_passing(const struct condition *cond)
{
	/* What waits for somebody: all else ends by itself. */
	static const char *const lasting[] = { "Paused", "TypeNotServed", "NamespaceMissing", "TargetTerminating" };

	for (size_t i = 0; i < FC_ARRAY_LEN(lasting); i++)
		if (strcmp(cond->reason, lasting[i]) == 0)
			return false;
	return cond->state == FC_STATE_PENDING;
}

static const char *keep_text(struct outcomes *list, char *text)
{
	FC_GROW(list->texts, list->text_count, list->text_cap);
	return list->texts[list->text_count++] = text;
}

static void outcomes_fini(struct outcomes *list)
{
	for (size_t i = 0; i < list->text_count; i++)
		free(list->texts[i]);
	free(list->texts);
	free(list->items);
}

static struct fc_copy_outcome *new_outcome(struct outcomes *list)
{
	FC_GROW(list->items, list->count, list->cap);
	memset(&list->items[list->count], 0, sizeof(*list->items));
	return &list->items[list->count++];
}

/* Of a dialect whose status remembers its copies: which objects they are. */
static void add_identity(const struct fc_engine *e, struct outcomes *list, struct fc_copy_outcome *o,
			 const struct target *t, const struct copy_rule *cr)
{
	const struct copy *c = t->copy;

	o->resource = t->key.resource;
	o->listed = memory_of(c, cr->bearer);
	/* As long as nobody has said otherwise it stands there. */
	o->ours = o->listed && (memory_is_of_copy(t) || !watch_has_told(t->watch) || copy_must_be_seen(t) ||
				proof_is_open(t) || cluster_of(e, t->key.cluster)->connection != UP);
	if (fc_rv_is_set(&t->version)) {
		o->uid = c->uid;
		o->version = keep_text(list, fc_rv_text(&t->version));
	}
	o->source_uid = cr->source_uid;
	o->source_version = cr->source_version;
	o->written_version = c->made_version;
	o->written_source_uid = c->made_of_uid;
	o->written_source_version = c->made_of_version;
}

static void add_outcome(const struct fc_engine *e, struct outcomes *list, const struct site *s, const struct pair *p)
{
	const struct condition *cond = p ? &p->cond : &s->cond;
	struct fc_copy_outcome *o = new_outcome(list);

	*o = (struct fc_copy_outcome){
		.cluster = s->cluster->info.name,
		.namespace_ = p ? p->target->key.namespace_ : NULL,
		.name = copy_rule_name(s->rule),
		.own = s->cluster->no == s->rule->bearer->target->key.cluster,
		.state = cond->state,
		.reason = cond->reason,
		.message = condition_text(cond),
		.source_ending = s->rule->source_ending,
		.source_exists = s->rule->source && s->rule->source->known && s->rule->source->present,
		.source_missing = s->rule->source && s->rule->source->known && !s->rule->source->present,
		.exists = p && fc_rv_is_set(&p->target->version),
		.unseen = p && copy_must_be_seen(p->target),
		.failures = p ? p->failures : 0,
		.written_ms = p ? p->target->copy->written_ms : 0,
		.passing = condition_is_passing(cond),
	};
	o->source_outside = !source_is_selected(e, s->rule);
	if (p && s->rule->dialect->copy->remember)
		add_identity(e, list, o, p->target, s->rule);
}

static void add_rule(const struct fc_engine *e, struct outcomes *list, const struct copy_rule *cr)
{
	for (const struct site *s = cr->sites; s; s = s->next) {
		for (const struct pair *p = s->pairs; p; p = p->next_in_site)
			add_outcome(e, list, s, p);
		if (!s->pairs)
			add_outcome(e, list, s, NULL);
	}
}

static bool has_pair_of(const struct copy *c, const struct bearer *b)
{
	for (const struct pair *p = c->pairs; p; p = p->next)
		if (p->site->rule->bearer == b)
			return true;
	return false;
}

/* What its status lists and no rule of it wants: while it stands there, or may. */
static void add_left_over(struct fc_engine *e, struct outcomes *list, const struct bearer *b)
{
	for (const struct memory *m = b->memories; m; m = m->next) {
		const struct copy *c = m->target ? m->target->copy : NULL;
		bool away = m->cluster && m->cluster->connection != UP;
		struct fc_copy_outcome *o;

		if ((c && has_pair_of(c, b)) || (!away && !memory_is_left(e, m)))
			continue;
		o = new_outcome(list);
		*o = (struct fc_copy_outcome){
			.cluster = m->cluster ? m->cluster->info.name : NULL,
			.namespace_ = m->is.namespace_,
			.name = m->is.name,
			.own = !m->is.cluster,
			.group = m->is.group,
			.kind = m->is.kind,
			.resource = m->word ? m->word->resource : NULL,
			.left_over = true,
			.listed = true,
			.unseen = !c || !fc_rv_is_set(&m->target->version),
			.state = c && c->speaks ? c->cond.state : FC_STATE_PENDING,
			.reason = c && c->speaks ? c->cond.reason : "Deleting",
			.message = c && c->speaks ? condition_text(&c->cond) : "the copy is not wanted any more",
		};
		o->passing = c && c->speaks ? condition_is_passing(&c->cond)
					    : !away && !(c && (copy_is_let_go(m->target) || copy_is_stuck(m->target)));
	}
}

static json_t *wanted_status(struct fc_engine *e, const struct copy_rule *cr, bool before)
{
	const struct fc_copy_dialect *d = cr->dialect->copy;
	struct outcomes list = { 0 };
	json_t *status;

	if (d->remember) {
		for (const struct copy_rule *each = cr->bearer->rules; each; each = each->next)
			if (each->dialect == cr->dialect)
				add_rule(e, &list, each);
		add_left_over(e, &list, cr->bearer);
	} else {
		add_rule(e, &list, cr);
	}
	status =
		(before && d->status_before ? d->status_before : d->status)(cr->bearer->object, list.items, list.count);
	outcomes_fini(&list);
	return status;
}

/* The time of its writing, in a tree that is ours. */
static void fill_in(json_t *tree, const char *time)
{
	json_t *value;
	const char *key;
	size_t i;

	json_object_foreach(tree, key, value) {
		if (json_is_string(value) && strcmp(json_string_value(value), FC_COPY_NOW) == 0)
			json_string_set(value, time);
		fill_in(value, time);
	}
	json_array_foreach(tree, i, value)
		fill_in(value, time);
}

static bool write_status(struct fc_engine *e, struct target *t, json_t *status)
{
	struct bearer *b = t->bearer;
	struct fc_digest wanted = fc_digest_json(status), stands = fc_digest_json(json_object_get(b->object, "status"));
	FC_AUTO_FREE char *version = NULL;
	char time[FC_RFC3339_BYTES];
	struct fc_action *a;

	if (fc_digest_equal(&wanted, &stands) ||
	    (fc_digest_equal(&wanted, &b->status_wanted) && fc_digest_equal(&stands, &b->status_stood)))
		return false;
	if (copy_must_wait(e, t) || !(a = target_action(e, t, FC_ACTION_PATCH)))
		return true;
	fc_time_rfc3339_seconds(e->wall_ms, time);
	fill_in(status, time);
	version = fc_rv_text(&t->version);
	a->subresource = fc_xstrdup("status");
	a->body = json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:O}]", "op", "replace", "path", "/metadata/resourceVersion",
			    "value", version, "op", "add", "path", "/status", "value", status);
	b->status_wanted = wanted;
	b->writing = true;
	return true;
}

bool bearer_must_begin(struct fc_engine *e, const struct pair *p)
{
	const struct copy_rule *cr = p->site->rule;
	struct bearer *b = cr->bearer;
	json_t *status;

	if (cr->dialect->copy->remember) {
		if (!b->object || memory_of(p->target->copy, b))
			return false;
		b->begins = true;
		target_mark(e, b->target);
		return true;
	}
	if (!cr->dialect->copy->status_before || b->begun || !b->object)
		return false;
	status = wanted_status(e, cr, true);
	b->begins = status;
	if (status)
		target_mark(e, b->target);
	json_decref(status);
	return b->begins;
}

/* A status that cannot be written keeps no copy back. */
static void begin_without(struct fc_engine *e, struct bearer *b)
{
	b->begins = false;
	b->begun = true;
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next)
		copy_rules_mark(e, cr);
}

/* A destination whose namespace does not exist is none: until they are listed nobody knows (B10, B34). */
static bool awaits_namespaces(const struct site *s)
{
	return s->cluster->connection == UP && s->cluster->namespaces_watch && !namespaces_known(s->cluster);
}

/* Of a thousand copies one comes after the other: until all have come to rest nothing is told. */
static bool is_under_way(const struct bearer *b)
{
	for (const struct copy_rule *cr = b->begins ? NULL : b->rules; cr; cr = cr->next)
		for (const struct site *s = cr->dialect->copy->remember ? cr->sites : NULL; s; s = s->next)
			if (awaits_namespaces(s))
				return true;
	for (const struct copy_rule *cr = b->begins ? NULL : b->rules; cr; cr = cr->next)
		for (const struct site *s = cr->dialect->copy->remember ? cr->sites : NULL; s; s = s->next)
			for (const struct pair *p = s->pairs; p; p = p->next_in_site)
				if (condition_is_passing(&p->cond))
					return true;
	return false;
}

bool bearer_has_status(const struct target *t)
{
	return t->bearer && t->bearer->object;
}

/* Something has happened to a copy that it tells of, and was not judged yet: what is known of it is of before. */
static bool is_behind(const struct bearer *b)
{
	for (const struct copy_rule *cr = b->rules; cr; cr = cr->next)
		for (const struct site *s = cr->dialect->copy->status ? cr->sites : NULL; s; s = s->next)
			for (const struct pair *p = s->pairs; p; p = p->next_in_site)
				if (p->target->dirty && !bearer_has_status(p->target))
					return true;
	for (const struct memory *m = b->memories; m; m = m->next)
		if (m->target && m->target->dirty && !bearer_has_status(m->target))
			return true;
	return false;
}

static bool decide_status(struct fc_engine *e, struct target *t)
{
	bool busy = false, remembers = false;

	if (!t->bearer->object)
		return false;
	if (is_behind(t->bearer)) {
		target_mark(e, t);
		return false;
	}
	if (is_under_way(t->bearer))
		return false;
	for (struct copy_rule *cr = t->bearer->rules; cr && !busy && !remembers; cr = cr->next) {
		json_t *status;

		if (!cr->dialect->copy->status)
			continue;
		/* Of such a one the status is that of all its rules. */
		remembers = cr->dialect->copy->remember;
		status = wanted_status(e, cr, t->bearer->begins);
		busy = status && write_status(e, t, status);
		json_decref(status);
	}
	if (t->bearer->begins && !busy && !remembers)
		begin_without(e, t->bearer);
	return busy;
}

bool bearer_decide(struct fc_engine *e, struct target *t)
{
	struct bearer *b = t->bearer;
	const char *lacking;
	json_t *list;
	bool comes;

	if (b && hold_must_look(e, t))
		return true;
	/* The list of finalizers that is known of an undecodable one is that of another version. */
	if (!b || t->phase != IDLE || !fc_rv_is_set(&t->version) || t->unreadable ||
	    cluster_of(e, t->key.cluster)->connection != UP)
		return false;
	if (copy_must_look(e, t))
		return true;
	if (t->deleting)
		bearer_expect_copies(e, b, NULL);
	list = wanted_finalizers(e, b, t->deleting, &comes);
	if (list)
		return write_finalizers(e, t, list, comes ? b->stale : NULL);
	lacking = hold_lacks(e, t);
	if (lacking)
		return put_on_source(e, t, lacking);
	if (!b->rules && b->origin_count && all_released(e, b) && !copy_may_have_lost_its_marks(e, t))
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
	b->writing = b->begins = false;
	b->status_stood = fc_digest_json(json_object_get(answer, "status"));
}

void bearer_write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	struct bearer *b = t->bearer;

	b->writing = false;
	/* What was not taken is to be written still. */
	memset(&b->status_wanted, 0, sizeof(b->status_wanted));
	if (b->begins && error->cls != FC_ERR_CONFLICT && !(b->rules && b->rules->dialect->copy->remember))
		begin_without(e, b);
	/* Without its finalizer no copy is made: why not, its pairs are to say. */
	for (struct copy_rule *cr = b->rules; cr; cr = cr->next)
		if (cr->spec.finalizer)
			copy_rules_mark(e, cr);
	holds_changed(e, b);
}
