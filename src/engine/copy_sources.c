/* SPDX-License-Identifier: Apache-2.0 */
/* What whole-object rules know of their sources. Of each destination's wanted object the digests of its parts are kept;
 * the source's body lives while a pair is about to be written with it, once for all pairs of a rule. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/copy_marks.h"
#include "model/marks.h"

void copy_rules_mark(struct fc_engine *e, struct copy_rule *cr)
{
	for (struct site *s = cr->sites; s; s = s->next) {
		site_judge(e, s);
		for (struct pair *p = s->pairs; p; p = p->next_in_site)
			target_mark(e, p->target);
	}
}

void copy_rules_mark_source(struct fc_engine *e, struct source *s)
{
	for (struct copy_rule *cr = s->copy_rules; cr; cr = cr->next_in_source)
		copy_rules_mark(e, cr);
}

void copy_rule_bind_source(struct fc_engine *e, struct copy_rule *cr)
{
	struct key key;

	if (cr->source)
		return;
	key = key_take(e, cr->word->cluster->no, cr->resource, copy_rule_source_namespace(cr),
		       copy_rule_source_name(cr));
	source_attach_copy(e, &key, cr);
	key_drop(e, &key);
}

static void drop_body(struct copy_rule *cr)
{
	json_decref(cr->body);
	cr->body = NULL;
}

void copy_rule_drop_source(struct fc_engine *e, struct copy_rule *cr)
{
	drop_body(cr);
	for (struct copy_rule **at = &e->with_body; cr->in_with_body && *at; at = &(*at)->next_with_body) {
		if (*at != cr)
			continue;
		*at = cr->next_with_body;
		cr->in_with_body = false;
		break;
	}
	if (cr->source)
		source_detach_copy(e, cr);
}

/* --- what is wanted --- */

static bool begins_with_any(const char *key, const char *const *prefixes)
{
	for (; prefixes && *prefixes; prefixes++)
		if (strncmp(key, *prefixes, strlen(*prefixes)) == 0)
			return true;
	return false;
}

bool copy_key_is_foreign(const struct fc_engine *e, const char *key, const char *const *own_marks)
{
	for (; own_marks && *own_marks; own_marks++)
		if (strcmp(key, *own_marks) == 0)
			return false;
	for (size_t i = 0; e->options.dialects[i]; i++) {
		const struct fc_dialect *d = e->options.dialects[i];

		if (begins_with_any(key, d->annotation_prefixes) ||
		    (d->copy && begins_with_any(key, d->copy->prefixes)))
			return true;
	}
	return strncmp(key, FC_MARK_PREFIX, strlen(FC_MARK_PREFIX)) == 0;
}

static void strip_map(const struct fc_engine *e, json_t *map, const char *const *own_marks)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(map, next, key, value) {
		(void)value;
		if (copy_key_is_foreign(e, key, own_marks))
			json_object_del(map, key);
	}
}

/* No annotation or label of a dialect or of fedcopy.dev/ is taken over from a source (design section 6); what the
 * dialect itself puts on copies in its own cluster stays, and what it must remember elsewhere. */
static void strip(const struct fc_engine *e, const struct pair *p, json_t *object, bool own)
{
	const struct fc_copy_dialect *d = own ? p->site->rule->dialect->copy : NULL;
	json_t *metadata = json_object_get(object, "metadata");
	json_t *state = json_incref(json_object_get(json_object_get(metadata, "annotations"), FC_MARK_ORIGIN_STATE));

	strip_map(e, json_object_get(metadata, "labels"), d ? d->mark_labels : NULL);
	strip_map(e, json_object_get(metadata, "annotations"), d ? d->mark_annotations : NULL);
	if (state && !own)
		json_object_set(json_object_get(metadata, "annotations"), FC_MARK_ORIGIN_STATE, state);
	json_decref(state);
	if (!own)
		json_object_del(metadata, "finalizers");
}

static void set_origin(const struct fc_engine *e, const struct pair *p, json_t *metadata)
{
	const struct copy_rule *cr = p->site->rule;
	const struct key *bearer = &cr->bearer->target->key;
	bool by_rule = cr->spec.name;
	/* Only read: its texts belong to others. */
	const struct fc_origin o = {
		.cluster_id = cluster_of(e, bearer->cluster)->id,
		.namespace_ = (char *)(uintptr_t)copy_rule_source_namespace(cr),
		.name = (char *)(uintptr_t)copy_rule_source_name(cr),
		.dialect = (char *)(uintptr_t)cr->dialect->name,
		.rule_namespace = by_rule ? (char *)(uintptr_t)bearer->namespace_ : NULL,
		.rule_name = by_rule ? (char *)(uintptr_t)bearer->name : NULL,
	};

	fc_origin_write(&o, metadata);
}

static void name_it(const struct pair *p, json_t *object)
{
	const struct key *k = &p->target->key;
	json_t *metadata = json_object_get(object, "metadata");
	FC_AUTO_FREE char *group = k->resource->group[0]
					   ? fc_xasprintf("%s/%s", k->resource->group, k->resource->version)
					   : fc_xstrdup(k->resource->version);

	json_object_set_new(object, "apiVersion", json_string(group));
	json_object_set_new(object, "kind", json_string(k->resource->kind));
	if (!metadata) {
		json_object_set_new(object, "metadata", json_object());
		metadata = json_object_get(object, "metadata");
	}
	json_object_set_new(metadata, "name", json_string(k->name));
	if (k->resource->namespaced)
		json_object_set_new(metadata, "namespace", json_string(k->namespace_));
	json_object_del(object, "status");
}

static bool is_own(const struct pair *p)
{
	return p->site->cluster->no == p->site->rule->bearer->target->key.cluster;
}

json_t *pair_desired(struct fc_engine *e, struct pair *p, const json_t *body)
{
	const struct copy_rule *cr = p->site->rule;
	const struct key *bearer = &cr->bearer->target->key;
	const struct fc_copy_place place = {
		.cluster = p->site->cluster->info.name,
		.namespace_ = p->target->key.namespace_,
		.name = p->target->key.name,
		.own = is_own(p),
		.source_namespace = copy_rule_source_namespace(cr),
		.source_name = copy_rule_source_name(cr),
		.bearer_namespace = bearer->namespace_,
		.bearer_name = bearer->name,
	};
	json_t *object = NULL;

	p->why = NULL;
	p->wish = cr->dialect->copy->desired(&cr->spec, body, &place, &object, &p->why);
	if (p->wish != FC_COPY_WANTED) {
		json_decref(object);
		return NULL;
	}
	name_it(p, object);
	strip(e, p, object, place.own);
	if (!place.own && cluster_of(e, bearer->cluster)->id)
		set_origin(e, p, json_object_get(object, "metadata"));
	return object;
}

static void pair_source_is(struct fc_engine *e, struct pair *p, const json_t *body, int64_t received_us)
{
	json_t *object = pair_desired(e, p, body);
	struct fc_digest before = p->want;
	bool was_known = p->want_known;

	pieces_fini(e, &p->wanted);
	if (object)
		p->wanted = pieces_of(e, object);
	p->want = fc_digest_json(object);
	p->want_known = true;
	json_decref(object);
	if (was_known && fc_digest_equal(&before, &p->want))
		return;
	p->fresh = p->want_moved = true;
	p->refused = false;
	p->received_us = received_us;
	target_wants_anew(p->target, NULL);
}

static void remember_body(struct fc_engine *e, struct copy_rule *cr, json_t *body)
{
	drop_body(cr);
	cr->body = json_incref(body);
	if (cr->in_with_body)
		return;
	cr->in_with_body = true;
	cr->next_with_body = e->with_body;
	e->with_body = cr;
}

/* A source that is being deleted wants no copies any more, as when what bears the rule is. */
static void take_ending(struct fc_engine *e, struct copy_rule *cr, const json_t *body)
{
	bool ending;

	cr->source_ending = body && fc_json_metadata(body, "deletionTimestamp")[0] != '\0';
	ending = cr->bearer->target->deleting || cr->source_ending;
	if (cr->ending == ending)
		return;
	cr->ending = ending;
	for (struct site *s = cr->sites; s; s = s->next)
		site_settle(e, s);
	origin_mark(e, cr->near);
	origin_mark(e, cr->far);
}

void copy_rule_source_is(struct fc_engine *e, struct copy_rule *cr, json_t *body, int64_t received_us)
{
	cr->gone_sure = false;
	if (body) {
		const char *type = json_string_value(json_object_get(body, "type"));

		free(cr->secret_type);
		cr->secret_type = fc_xstrdup_null(type);
		if (cr->source_paused) {
			origin_mark(e, cr->near);
			origin_mark(e, cr->far);
		}
		cr->source_paused = fc_marks_paused(body);
		take_ending(e, cr, body);
		remember_body(e, cr, body);
		for (struct site *s = cr->sites; s; s = s->next)
			for (struct pair *p = s->pairs; p; p = p->next_in_site)
				pair_source_is(e, p, body, received_us);
	} else {
		take_ending(e, cr, NULL);
		drop_body(cr);
	}
	copy_rules_mark(e, cr);
}

void copy_rules_source_is(struct fc_engine *e, struct source *s, json_t *body, int64_t received_us)
{
	struct copy_rule *cr, *next;

	DL_FOREACH_SAFE2(s->copy_rules, cr, next, next_in_source)
		copy_rule_source_is(e, cr, body, received_us);
}

void copy_rules_source_sure(struct source *s)
{
	for (struct copy_rule *cr = s->copy_rules; cr; cr = cr->next_in_source)
		cr->gone_sure = true;
}

/* --- bodies --- */

bool copy_rule_has_body(struct fc_engine *e, struct pair *p)
{
	struct copy_rule *cr = p->site->rule;

	p->needs_body = true;
	if (cr->body) {
		if (!p->want_known)
			pair_source_is(e, p, cr->body, cr->received_us);
		return true;
	}
	if (cr->source->not_before_ms <= e->now_ms)
		source_read(e, cr->source);
	else
		timer_set_earliest(e, p->target, cr->source->not_before_ms);
	return false;
}

/* The cluster is about to tell which namespaces it has: its pairs need no read of the source then. */
static bool is_about_to_settle(const struct site *s)
{
	return !s->settled && s->cluster->connection == UP && s->word && s->word->resource &&
	       s->cluster->namespaces_watch && !s->cluster->namespaces_watch->synced && !s->cluster->namespaces_failed;
}

static bool is_needed(const struct copy_rule *cr)
{
	for (const struct site *s = cr->sites; s; s = s->next) {
		if (is_about_to_settle(s))
			return true;
		for (const struct pair *p = s->pairs; p; p = p->next_in_site)
			if (p->needs_body)
				return true;
	}
	return false;
}

/* Looked at once, at the end of the step. */
void copy_rule_look_at_body(struct fc_engine *e, struct copy_rule *cr)
{
	if (!cr->body || cr->in_with_body)
		return;
	cr->in_with_body = true;
	cr->next_with_body = e->with_body;
	e->with_body = cr;
}

void copy_pair_learn(struct fc_engine *e, struct pair *p)
{
	struct copy_rule *cr = p->site->rule;

	if (cr->body)
		pair_source_is(e, p, cr->body, cr->received_us);
}

void copy_rule_body_was_used(struct fc_engine *e, struct pair *p)
{
	struct copy_rule *cr = p->site->rule;

	if (!p->needs_body)
		return;
	p->needs_body = false;
	copy_rule_look_at_body(e, cr);
}

void copy_bodies_settle(struct fc_engine *e)
{
	while (e->with_body) {
		struct copy_rule *cr = e->with_body;

		e->with_body = cr->next_with_body;
		cr->in_with_body = false;
		if (!is_needed(cr))
			drop_body(cr);
	}
}
