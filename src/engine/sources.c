/* SPDX-License-Identifier: Apache-2.0 */
/* Sources: objects that rules read. Kept of them is a resourceVersion; of each rule's value a digest. A value lives
 * only while a write of it is pending, and is read again when it is needed later. */
#include <string.h>

#include "base/mem.h"
#include "engine/copy_judge.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"
#include "model/resource_version.h"

static void forget_held(struct source *s)
{
	if (s->held)
		json_decref(s->held->object);
	free(fc_steal(&s->held));
}

/* Nobody names it any more. */
static void free_unused(struct fc_engine *e, struct source *s)
{
	if (s->rules || s->copy_rules)
		return;
	e->unknown_sources -= !s->known;
	source_watch_remove(e, s);
	job_forget(e, cluster_of(e, s->key.cluster), &s->job);
	fc_table_remove(&e->sources, s);
	forget_held(s);
	readings_free(&s->readings);
	json_decref(s->said);
	setback_free(&s->setback);
	fc_rv_set(&s->version, NULL);
	key_drop(e, &s->key);
	free(s);
}

void source_detach(struct fc_engine *e, struct rule *r)
{
	struct source *s = r->source;

	DL_DELETE2(s->rules, r, prev_in_source, next_in_source);
	r->source = NULL;
	free_unused(e, s);
}

void source_detach_copy(struct fc_engine *e, struct copy_rule *cr)
{
	struct source *s = cr->source;

	DL_DELETE2(s->copy_rules, cr, prev_in_source, next_in_source);
	cr->source = NULL;
	free_unused(e, s);
}

/* Is the wanted value one that the target may have to be written with soon? Then it is kept until the target has
 * decided. */
static bool value_is_needed(const struct fc_engine *e, const struct rule *r)
{
	const struct target *t = r->target;

	if (r->denied || r->wanted != FC_WANTED_VALUE || cluster_of(e, t->key.cluster)->connection != UP ||
	    target_not_before_ms(t, rule_part(r)) > e->now_ms)
		return false;
	/* Where places overlap, equality is judged on the whole, which takes all values. */
	if (r->wants_value || t->phase == WRITING || r->overlaps)
		return true;
	return t->known && !fc_digest_equal(&r->want, &r->present);
}

/* The rules of a source mostly want the same value of it, one after the other: its digest is made once. */
struct last {
	const json_t *value; /* NULL: none yet */
	struct fc_digest digest;
};

static struct fc_digest digest_of(const json_t *value, struct last *last)
{
	if (!value || value != last->value)
		*last = (struct last){ .value = value, .digest = fc_digest_json(value) };
	return last->digest;
}

static void rule_source_is(struct fc_engine *e, struct rule *r, const json_t *body, int64_t received_us,
			   struct last *last)
{
	struct fc_digest before = r->want;
	bool was_known = r->want_known;
	json_t *value = NULL;

	r->wanted = body ? r->cond.dialect->desired(r->spec, body, &value) : FC_WANTED_PATH_NOT_FOUND;
	r->want = digest_of(r->wanted == FC_WANTED_VALUE ? value : NULL, last);
	r->want_known = true;
	if (!was_known || !fc_digest_equal(&before, &r->want)) {
		r->fresh = r->want_moved = true;
		r->received_us = r->denied ? 0 : received_us;
		target_wants_anew(r->target, r);
	}
	json_decref(r->value);
	r->value = value && value_is_needed(e, r) ? json_incref(value) : NULL;
	r->wants_value = false;
	target_mark(e, r->target);
}

/* Consents and pauses come first: no value is taken that they forbid. */
static void hear(struct fc_engine *e, struct source *s, const json_t *body)
{
	json_t *said = body ? consent_words(e, body) : NULL;

	if (said == s->said || json_equal(said, s->said)) {
		json_decref(said);
		return;
	}
	readings_free(&s->readings);
	json_decref(s->said);
	s->said = said;
	for (struct rule *r = s->rules; r; r = r->next_in_source) {
		permission_renew(e, r);
		target_mark(e, r->target);
	}
	for (struct copy_rule *cr = s->copy_rules; cr; cr = cr->next_in_source)
		cycles_copies_permitted_anew(e, cr);
}

static void is_known(struct fc_engine *e, struct source *s)
{
	e->unknown_sources -= !s->known;
	s->known = true;
}

/* The source stands as `body` says; NULL: it is not there. */
static void take(struct fc_engine *e, struct source *s, json_t *body, int64_t received_us)
{
	struct last last = { .value = NULL };

	hear(e, s, body);
	is_known(e, s);
	s->present = body != NULL;
	s->unreadable = false;
	s->ending = body && fc_json_metadata(body, "deletionTimestamp")[0] != '\0';
	s->paused = body && fc_marks_paused(body);
	if (s->setback)
		fault_clear(&s->setback->error);
	setback_free_unused(&s->setback);
	for (struct rule *r = s->rules; r; r = r->next_in_source)
		rule_source_is(e, r, body, received_us, &last);
	copy_rules_source_is(e, s, body, received_us);
}

/* A rule that reads the same place of the source wants the same. */
static void learn_from_others(const struct source *s, struct rule *r)
{
	/* Then none of them knows, and at the start there may be thousands. */
	if (!s->known)
		return;
	for (const struct rule *other = s->rules; other; other = other->next_in_source) {
		if (!other->want_known || other->cond.dialect != r->cond.dialect ||
		    !fc_path_same(other->spec->source_path, r->spec->source_path))
			continue;
		r->wanted = other->wanted;
		r->want = other->want;
		r->want_known = true;
		return;
	}
}

static struct source *source_new(struct fc_engine *e, const struct key *key)
{
	struct source *s = fc_xcalloc(1, sizeof(*s));

	s->key = *key;
	s->key.namespace_ = fc_intern_again(e->strings, key->namespace_);
	s->key.name = fc_intern_again(e->strings, key->name);
	e->unknown_sources++;
	fc_table_add(&e->sources, s);
	return s;
}

void source_attach_copy(struct fc_engine *e, const struct key *key, struct copy_rule *cr)
{
	struct source *s = source_of_key(e, key);
	bool is_new = !s;

	if (is_new)
		s = source_new(e, key);
	DL_APPEND2(s->copy_rules, cr, prev_in_source, next_in_source);
	cr->source = s;
	if (is_new)
		source_watch_add(e, s);
	else
		copy_rule_learn(e, cr);
}

struct source *source_attach(struct fc_engine *e, const struct key *key, struct rule *r)
{
	struct source *s = source_of_key(e, key);

	if (!s) {
		s = source_new(e, key);
		DL_APPEND2(s->rules, r, prev_in_source, next_in_source);
		r->source = s;
		source_watch_add(e, s);
		return s;
	}
	learn_from_others(s, r);
	DL_APPEND2(s->rules, r, prev_in_source, next_in_source);
	r->source = s;
	/* Its body was not kept for a rule that did not exist. One that may not know it asks when it may. */
	if (s->known && s->present && !r->want_known && !r->denied)
		source_read(e, s);
	else if (s->known && !s->present)
		rule_source_is(e, r, NULL, 0, &(struct last){ .value = NULL });
	return s;
}

/* A source that has told nothing yet may consent to what closes a circle: until then, or for a moment at least, what a
 * new target is fed with goes no further. */
bool sources_may_close_circle(const struct fc_engine *e, const struct target *t)
{
	return e->unknown_sources > 0 && e->now_ms < t->settle_until_ms && source_of_key(e, &t->key);
}

static struct target *being_written(struct fc_engine *e, const struct key *key)
{
	struct target *t = target_of_key(e, key);

	return t && t->phase == WRITING ? t : NULL;
}

static void mark_seen(struct source *s, const struct watch *w)
{
	s->touched = true;
	if (s->watch == w)
		s->generation_seen = w->generation;
	else
		s->seen_elsewhere = watch_list_mark(w);
}

/* Does a version tell more than what is known? Of versions whose order is not known, whatever comes counts. */
static bool is_news(const struct source *s, const char *version)
{
	enum fc_rv_order order;

	if (!s->known || !fc_rv_is_set(&s->version))
		return true;
	order = fc_rv_compare_kept(version, &s->version);
	return order == FC_RV_NEWER || order == FC_RV_UNKNOWN ||
	       (order == FC_RV_SAME && (s->unreadable || !s->present));
}

static bool is_older_than_held(const struct source *s, const char *version)
{
	return s->held && fc_rv_compare(version, fc_json_metadata(s->held->object, "resourceVersion")) == FC_RV_OLDER;
}

static void hold(struct source *s, json_t *object, int64_t received_us)
{
	forget_held(s);
	s->held = fc_xcalloc(1, sizeof(*s->held));
	*s->held = (struct held_body){ .object = json_incref(object), .received_us = received_us };
}

/* A list has an older version: a snapshot from before the last event or our own write, or versions that begin again
 * after a restore from a backup. A read tells which; what is held may be of before the restore. */
static void doubt(struct fc_engine *e, struct source *s)
{
	s->in_doubt = true;
	forget_held(s);
	source_ask(e, s);
}

/* Once in doubt, it is read once more where something comes while a read is under way. */
static void is_late(struct fc_engine *e, struct source *s, const struct watch *w, const char *version)
{
	if (fc_rv_compare_kept(version, &s->version) != FC_RV_OLDER)
		return;
	if (w->listing)
		doubt(e, s);
	else if (s->in_doubt)
		source_ask(e, s);
}

void source_object(struct fc_engine *e, struct watch *w, json_t *object, int64_t received_us)
{
	const char *version = fc_json_metadata(object, "resourceVersion");
	struct source *s = source_find(e, w->cluster, w->resource, fc_json_metadata(object, "namespace"),
				       fc_json_metadata(object, "name"));

	if (!s)
		return;
	mark_seen(s, w);
	if (!is_news(s, version)) {
		is_late(e, s, w, version);
		return;
	}
	s->in_doubt = false;
	if (being_written(e, &s->key)) {
		if (is_older_than_held(s, version)) {
			if (w->listing)
				doubt(e, s);
			return;
		}
		hold(s, object, received_us);
		/* A consent that is withdrawn ends at once. */
		hear(e, s, object);
		return;
	}
	fc_rv_set(&s->version, version);
	take(e, s, object, received_us);
}

/* The version stays: what is older than the deletion must not bring it back. Where that one's version was not told, a
 * read has to say so. */
static void is_absent(struct fc_engine *e, struct source *s, const char *version)
{
	s->touched = true;
	forget_held(s);
	if (version)
		fc_rv_set(&s->version, version);
	s->in_doubt = !version;
	take(e, s, NULL, 0);
}

void source_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version)
{
	struct source *s = source_find(e, w->cluster, w->resource, namespace_, name);

	if (!s)
		return;
	mark_seen(s, w);
	if (!s->known || fc_rv_compare_kept(version, &s->version) != FC_RV_OLDER)
		is_absent(e, s, version);
	else
		is_late(e, s, w, version);
}

void source_unreadable(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name,
		       const char *version)
{
	struct source *s = source_find(e, w->cluster, w->resource, namespace_, name);

	if (!s)
		return;
	mark_seen(s, w);
	if (version && !is_news(s, version)) {
		is_late(e, s, w, version);
		return;
	}
	if (version)
		fc_rv_set(&s->version, version);
	/* Present and unchanged, as far as the rules go, until it can be read again. */
	is_known(e, s);
	s->present = s->unreadable = true;
	for (struct rule *r = s->rules; r; r = r->next_in_source)
		target_mark(e, r->target);
	copy_rules_mark_source(e, s);
}

void sources_list_end(struct fc_engine *e, struct watch *w, bool removes)
{
	struct source *s, *next;

	DL_FOREACH_SAFE2(w->sources, s, next, next_in_watch) {
		if (s->generation_seen == w->generation)
			continue;
		if (removes) {
			/* A read that is under way may tell of a time before this list. */
			job_forget(e, cluster_of(e, s->key.cluster), &s->job);
			is_absent(e, s, NULL);
		} else if (!s->known) {
			source_ask(e, s);
		}
	}
	sources_changed(e, w);
	source_watch_works(e, w);
}

void sources_changed(struct fc_engine *e, struct watch *w)
{
	for (struct source *s = w->sources; s; s = s->next_in_watch) {
		for (struct rule *r = s->rules; r; r = r->next_in_source)
			target_mark(e, r->target);
		copy_rules_mark_source(e, s);
	}
}

void sources_forget_held(struct fc_engine *e, fc_cluster_no cluster)
{
	struct source *s;

	FC_TABLE_FOREACH(&e->sources, at, s)
		if (s->key.cluster == cluster)
			forget_held(s);
}

int64_t source_not_before_ms(const struct source *s)
{
	return setback_or_none(s->setback)->not_before_ms;
}

void source_waits_no_more(struct source *s)
{
	if (s->setback)
		s->setback->not_before_ms = 0;
	setback_free_unused(&s->setback);
}

void source_read(struct fc_engine *e, struct source *s)
{
	struct cluster *c = cluster_of(e, s->key.cluster);
	struct fc_action *a;
	uint64_t id;

	if (job_is_under_way(&s->job))
		return;
	/* When that cluster is back, its rules are decided again. */
	s->owed = s->owed || c->connection == REFUSED;
	if (c->connection == REFUSED)
		return;
	id = job_start(e, c, &s->job, JOB_READ_SOURCE);
	if (!id)
		return;
	s->asked = s->owed;
	s->touched = s->owed = false;
	a = fc_actions_add(e->out, FC_ACTION_READ);
	a->cluster = c->no;
	a->request = id;
	a->resource = fc_resource_ref(s->key.resource);
	a->namespace_ = s->key.resource->namespaced ? fc_xstrdup(s->key.namespace_) : NULL;
	a->name = fc_xstrdup(s->key.name);
}

void source_ask(struct fc_engine *e, struct source *s)
{
	s->owed = true;
	source_read(e, s);
}

bool source_is_in_question(const struct source *s)
{
	return s->owed || (job_is_under_way(&s->job) && s->asked);
}

static void values_are_here(struct fc_engine *e, struct source *s)
{
	for (struct rule *r = s->rules; r; r = r->next_in_source) {
		r->wants_value = false;
		target_mark(e, r->target);
	}
	copy_rules_mark_source(e, s);
}

/* Is the state that a read found, while the watch was telling something, one from before that? */
static bool is_overtaken(const struct source *s, const char *version)
{
	enum fc_rv_order order = fc_rv_compare_kept(version, &s->version);

	return fc_rv_is_set(&s->version) && (order == FC_RV_OLDER || (order == FC_RV_SAME && !s->present));
}

static void read_done(struct fc_engine *e, struct source *s, json_t *object, const struct fc_error *error)
{
	const char *version = object ? fc_json_metadata(object, "resourceVersion") : NULL;

	if (error && error->cls != FC_ERR_NOT_FOUND) {
		/* The delay is the source's own: other rules of the targets that wait for it are not held up
		 * (promise 7). */
		retry_source_failed(e, s, error);
		s->owed = s->owed || s->asked;
		values_are_here(e, s);
		return;
	}
	if (s->setback)
		s->setback->failures = 0;
	source_waits_no_more(s);
	/* The watch has said something while this answer was under way: what it said later counts, and gave the
	 * values that were waited for. An older answer that nothing has overtaken is believed: versions begin
	 * again after a restore from a backup. */
	if (!s->in_doubt && s->touched && s->known && (!object || is_overtaken(s, version))) {
		values_are_here(e, s);
		return;
	}
	if (version)
		fc_rv_set(&s->version, version);
	take(e, s, object, 0);
	if (!object)
		copy_rules_end_is_sure(s, true);
	/* One that is owed is read when its rules are decided, at the end of this step. */
	s->in_doubt = s->owed || !object;
}

void source_read_done(struct fc_engine *e, struct source *s, json_t *object, const struct fc_error *error)
{
	read_done(e, s, object, error);
	copy_rules_source_was_read(e, s);
}

static void deliver(struct fc_engine *e, struct source *s, json_t *body, int64_t received_us)
{
	const char *version = fc_json_metadata(body, "resourceVersion");

	if (!is_news(s, version))
		return;
	s->touched = true;
	s->in_doubt = false;
	fc_rv_set(&s->version, version);
	take(e, s, body, received_us);
}

void source_deliver_held(struct fc_engine *e, const struct key *key)
{
	struct source *s = source_of_key(e, key);
	struct held_body *h = s ? fc_steal(&s->held) : NULL;

	if (!h)
		return;
	deliver(e, s, h->object, h->received_us);
	json_decref(h->object);
	free(h);
}

void source_was_read(struct fc_engine *e, const struct key *key, json_t *object)
{
	struct source *s = source_of_key(e, key);

	if (s && s->known && s->present)
		deliver(e, s, object, 0);
}

bool source_is_named(const struct fc_engine *e, const struct key *key)
{
	return source_of_key(e, key);
}

void source_written(struct fc_engine *e, const struct key *key, json_t *answer)
{
	struct source *s = source_of_key(e, key);
	bool was_held;

	if (!s)
		return;
	was_held = s->held;
	if (s->held && fc_rv_compare(fc_json_metadata(s->held->object, "resourceVersion"),
				     fc_json_metadata(answer, "resourceVersion")) != FC_RV_NEWER)
		forget_held(s);
	/* One that the source's watch says is gone was deleted behind our back, or has not been told of yet. */
	if (s->held)
		source_deliver_held(e, key);
	else if (s->known && !s->present && !was_held)
		source_ask(e, s);
	else
		deliver(e, s, answer, 0);
}
