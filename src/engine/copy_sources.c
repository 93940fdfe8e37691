/* SPDX-License-Identifier: Apache-2.0 */
/* What whole-object rules know of their sources. Of each destination's wanted object the digests of its parts are kept;
 * the source's body lives while a pair is about to be written with it, once for all pairs of a rule. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "engine/copy_judge.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/copy_marks.h"
#include "model/marks.h"
#include "model/owned_fields.h"

void copy_rules_mark(struct fc_engine *e, struct copy_rule *cr)
{
	if (cr->hold)
		target_mark(e, cr->hold);
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
	const struct fc_dialect *const *known =
		e->options.known_dialects ? e->options.known_dialects : e->options.dialects;

	for (; own_marks && *own_marks; own_marks++)
		if (strcmp(key, *own_marks) == 0)
			return false;
	for (size_t i = 0; known[i]; i++) {
		const struct fc_dialect *d = known[i];

		if (begins_with_any(key, d->annotation_prefixes) ||
		    (d->copy && begins_with_any(key, d->copy->prefixes)))
			return true;
	}
	return strncmp(key, FC_MARK_PREFIX, strlen(FC_MARK_PREFIX)) == 0;
}

static bool is_same_in(const json_t *source, const char *map, const char *key, const json_t *value)
{
	return json_equal(json_object_get(json_object_get(json_object_get(source, "metadata"), map), key), value);
}

/* What the source does not have under that key, or has with another value, its dialect has put there. */
static void strip_map(const struct fc_engine *e, const struct fc_resource *r, json_t *metadata, const char *map,
		      const json_t *source, const struct fc_dialect *own)
{
	bool labels = strcmp(map, "labels") == 0;
	const char *const *own_marks = !own ? NULL : labels ? own->copy->mark_labels : own->copy->mark_annotations;
	enum fc_owned_map which = labels ? FC_OWNED_LABEL : FC_OWNED_ANNOTATION;
	json_t *entries = json_object_get(metadata, map), *value;
	const char *key;
	void *next;

	json_object_foreach_safe(entries, next, key, value)
		/* Who keeps books writes his own words alone: none of them is taken over. */
		if ((copy_key_is_foreign(e, key, own_marks) &&
		     !(own && dialect_judges(own) && dialect_has_word(own, key))) ||
		    (fc_owned_is_key(r, which, key, source) && is_same_in(source, map, key, value)))
			json_object_del(entries, key);
}

static json_t *finalizers_of_dialect(const json_t *object, const struct fc_copy_dialect *d)
{
	json_t *list = json_array(), *name;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(object, "metadata"), "finalizers"), i, name)
		for (const char *const *f = d ? d->finalizers : NULL; f && *f; f++)
			if (json_is_string(name) && strcmp(json_string_value(name), *f) == 0)
				json_array_append(list, name);
	return list;
}

/* No annotation or label of a dialect or of fedcopy.dev/ is taken over from a source (design section 6); what the
 * dialect itself puts on copies in its own cluster stays, and what it must remember elsewhere. Nor is anything taken
 * over that is the server's or a deploying tool's. Takes over `object`. */
static json_t *strip(const struct fc_engine *e, const struct pair *p, json_t *object, const json_t *source, bool own)
{
	const struct fc_dialect *d = own ? p->site->rule->dialect : NULL;
	const struct fc_resource *r = p->target->key.resource;
	json_t *rest = fc_owned_strip(r, object), *metadata = json_object_get(rest, "metadata");
	json_t *state = json_incref(json_object_get(json_object_get(metadata, "annotations"), FC_MARK_ORIGIN_STATE));
	json_t *finalizers = finalizers_of_dialect(object, d ? d->copy : NULL);

	strip_map(e, r, metadata, "labels", source, d);
	strip_map(e, r, metadata, "annotations", source, d);
	if (state && !own)
		json_object_set(json_object_get(metadata, "annotations"), FC_MARK_ORIGIN_STATE, state);
	json_decref(state);
	if (json_array_size(finalizers))
		json_object_set(metadata, "finalizers", finalizers);
	json_decref(finalizers);
	json_decref(object);
	return rest;
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
}

/* What it is to hold is known when it is written. */
static void set_no_time(const struct pair *p, json_t *object)
{
	const char *key = p->site->rule->dialect->copy->written_annotation;
	json_t *metadata = json_object_get(object, "metadata");

	if (!key || !pair_is_at_home(p))
		return;
	if (dialect_judges(p->site->rule->dialect)) {
		if (json_object_get(json_object_get(metadata, "annotations"), key))
			json_object_set_new(json_object_get(metadata, "annotations"), key, json_string(""));
		return;
	}
	if (!json_object_get(metadata, "annotations"))
		json_object_set_new(metadata, "annotations", json_object());
	json_object_set_new(json_object_get(metadata, "annotations"), key, json_string(""));
}

static bool is_wish_for_object(enum fc_copy_wish wish)
{
	return wish == FC_COPY_WANTED || wish == FC_COPY_WANTED_FRAME || wish == FC_COPY_WANTED_WORDS;
}

json_t *pair_desired(struct fc_engine *e, struct pair *p, const json_t *body)
{
	const struct copy_rule *cr = p->site->rule;
	const struct key *bearer = &cr->bearer->target->key;
	struct fc_copy_place place = pair_place(p);
	json_t *object = NULL;

	if (dialect_judges(cr->dialect))
		place_take_heads(e, p, &place);

	p->why = NULL;
	p->wish = cr->dialect->copy->desired(&cr->spec, body, &place, &object, &p->why);
	place_drop_heads(&place);
	if (!is_wish_for_object(p->wish)) {
		json_decref(object);
		return NULL;
	}
	name_it(p, object);
	object = strip(e, p, object, body, place.own);
	if (!place.own && cluster_of(e, bearer->cluster)->id)
		set_origin(e, p, json_object_get(object, "metadata"));
	set_no_time(p, object);
	return object;
}

void pair_set_written_time(const struct fc_engine *e, const struct pair *p, json_t *object)
{
	const char *key = p->site->rule->dialect->copy->written_annotation;
	char time[FC_RFC3339_BYTES];

	if (!key || !pair_is_at_home(p) ||
	    !json_object_get(json_object_get(json_object_get(object, "metadata"), "annotations"), key))
		return;
	fc_time_rfc3339_seconds(e->wall_ms, time);
	json_object_set_new(json_object_get(json_object_get(object, "metadata"), "annotations"), key,
			    json_string(time));
}

json_t *pair_desired_now(struct fc_engine *e, struct pair *p)
{
	json_t *object = pair_desired(e, p, p->site->rule->body);

	pieces_fini(e, &p->wanted);
	if (object)
		p->wanted = pieces_of(e, p->target->key.resource, object);
	return object;
}

/* Who keeps books says what is wanted when what stands is known, too. */
static struct fc_digest want_of_body(struct fc_engine *e, struct pair *p, const json_t *body)
{
	struct fc_digest digest;
	json_t *object;

	if (dialect_judges(p->site->rule->dialect))
		return fc_digest_json(body);
	object = pair_desired(e, p, body);
	pieces_fini(e, &p->wanted);
	if (object)
		p->wanted = pieces_of(e, p->target->key.resource, object);
	digest = fc_digest_json(object);
	json_decref(object);
	return digest;
}

static void pair_source_is(struct fc_engine *e, struct pair *p, const json_t *body, int64_t received_us)
{
	struct fc_digest before = p->want;
	bool was_known = p->want_known;

	p->want = want_of_body(e, p, body);
	p->want_known = true;
	if (was_known && fc_digest_equal(&before, &p->want))
		return;
	p->fresh = p->want_moved = true;
	p->refused = false;
	p->unfit = NULL;
	p->received_us = received_us;
	target_copy_wants_anew(p->target, &p->want);
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
static void take_ending(struct fc_engine *e, struct copy_rule *cr)
{
	bool ending;

	cr->source_ending = cr->source->present && cr->source->ending && !cr->dialect->copy->outlives_source;
	ending = cr->bearer->target->deleting || (cr->source_ending && !copy_rule_clears(cr));
	if (cr->ending == ending)
		return;
	cr->ending = ending;
	for (struct site *s = cr->sites; s; s = s->next)
		site_settle(e, s);
	origin_mark(e, cr->near);
	origin_mark(e, cr->far);
}

static void take_refusal(struct fc_engine *e, struct copy_rule *cr, const json_t *body)
{
	const struct fc_copy_dialect *d = cr->dialect->copy;
	const char *refused = body && d->refuses ? d->refuses(body) : NULL;

	/* A finalizer may have waited for that. */
	if (cr->spec.finalizer && !bearer_has_finalizer(cr->bearer, cr->spec.finalizer))
		target_mark(e, cr->bearer->target);
	cr->refusal_known = cr->refusal_known || body;
	if (cr->refused == refused)
		return;
	cr->refused = refused;
	copy_rule_bind(e, cr);
}

/* What is gone pauses nothing. */
static void take_pause(struct fc_engine *e, struct copy_rule *cr)
{
	if (cr->source_paused) {
		origin_mark(e, cr->near);
		origin_mark(e, cr->far);
	}
	cr->source_paused = cr->source->present && cr->source->paused;
}

static void take_identity(struct fc_engine *e, struct copy_rule *cr, json_t *body)
{
	if (cr->dialect->copy->remember) {
		free(cr->source_uid);
		cr->source_uid = fc_xstrdup(fc_json_metadata(body, "uid"));
		free(cr->source_version);
		cr->source_version = fc_xstrdup(fc_json_metadata(body, "resourceVersion"));
	}
	/* Its own watch may not tell of it before something happens to it. */
	if (cr->hold && cr->hold->bearer->unseen && cr->hold->phase == IDLE)
		target_object(e, cr->hold->watch, body);
}

static void copy_rule_source_is(struct fc_engine *e, struct copy_rule *cr, json_t *body, int64_t received_us)
{
	cr->gone_sure = false;
	take_pause(e, cr);
	take_refusal(e, cr, body);
	if (body) {
		const char *type = json_string_value(json_object_get(body, "type"));

		free(cr->secret_type);
		cr->secret_type = fc_xstrdup_null(type);
		take_identity(e, cr, body);
		take_ending(e, cr);
		remember_body(e, cr, body);
		for (struct site *s = cr->sites; s; s = s->next)
			for (struct pair *p = s->pairs; p; p = p->next_in_site) {
				pair_source_is(e, p, body, received_us);
				/* Told by a watch, not by a read of ours. */
				if (received_us)
					copy_retry_at_once(p->target);
			}
	} else {
		take_ending(e, cr);
		drop_body(cr);
	}
	copy_rules_mark(e, cr);
}

/* What keeps it from being followed: for that alone its source is not read again. */
void copy_rule_learn(struct fc_engine *e, struct copy_rule *cr)
{
	take_pause(e, cr);
	take_ending(e, cr);
}

void copy_rules_source_is(struct fc_engine *e, struct source *s, json_t *body, int64_t received_us)
{
	struct copy_rule *cr, *next;

	DL_FOREACH_SAFE2(s->copy_rules, cr, next, next_in_source)
		copy_rule_source_is(e, cr, body, received_us);
}

/* Whether it may bear a finalizer is not known of a source whose body was told before the rule was there. */
static bool awaits_refusal(const struct copy_rule *cr)
{
	return cr->dialect->copy->refuses && !cr->refusal_known && cr->spec.finalizer && !copy_rule_is_invalid(cr) &&
	       !cr->denied && cr->source->known && cr->source->present && !source_is_in_question(cr->source) &&
	       !bearer_has_finalizer(cr->bearer, cr->spec.finalizer);
}

void copy_rules_source_was_read(struct fc_engine *e, const struct source *s)
{
	for (struct copy_rule *cr = s->copy_rules; cr; cr = cr->next_in_source) {
		bearer_changed(e, cr->bearer->target);
		/* It may have failed, and is to be read again. */
		if (s->owed || awaits_refusal(cr))
			target_mark(e, cr->bearer->target);
	}
}

void bearer_reads_sources(struct fc_engine *e, struct target *t)
{
	if (!t->bearer || cluster_of(e, t->key.cluster)->connection != UP)
		return;
	for (struct copy_rule *cr = t->bearer->rules; cr; cr = cr->next) {
		struct source *s = cr->source;

		if (!s || !(s->owed || awaits_refusal(cr)))
			continue;
		if (source_not_before_ms(s) > e->now_ms)
			timer_set_earliest(e, t, source_not_before_ms(s));
		else
			source_read(e, s);
	}
}

void copy_rules_end_is_sure(struct source *s, bool sure)
{
	for (struct copy_rule *cr = s->copy_rules; cr; cr = cr->next_in_source) {
		cr->gone_sure = sure;
		s->owed = s->owed || (cr->source_ending && !sure);
	}
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
	if (source_not_before_ms(cr->source) <= e->now_ms)
		source_read(e, cr->source);
	else
		timer_set_earliest(e, p->target, source_not_before_ms(cr->source));
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
