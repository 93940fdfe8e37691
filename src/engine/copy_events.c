/* SPDX-License-Identifier: Apache-2.0 */
/* What events, reads and writes of a target mean for its part in copies of whole objects: as a copy, as what asks for
 * copies, as what marks name. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "engine/whole_bodies.h"
#include "json/decode.h"
#include "model/marks.h"

bool whole_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object)
{
	return e->copies && (bearer_concerns(e, w, object) || copy_is_marked(e, cluster_of(e, w->cluster), object));
}

static void set_text(char **slot, const char *text)
{
	if (*slot && strcmp(*slot, text) == 0)
		return;
	free(*slot);
	*slot = fc_xstrdup(text);
}

static void forget_body(struct copy *c)
{
	json_decref(c->body);
	c->body = NULL;
}

/* It says so as long as it stands. */
static void take_adopted(struct copy *c, const json_t *object)
{
	const struct fc_copy_dialect *d = c->origin ? c->origin->key.dialect->copy : NULL;

	if (c->adopted || !d || !d->adopted_annotation || !fc_marks_annotation(object, d->adopted_annotation))
		return;
	c->adopted = true;
	for (struct pair *p = c->pairs; p; p = p->next)
		p->want_known = false;
}

void whole_take_metadata(struct fc_engine *e, struct target *t, const json_t *object)
{
	if (!e->copies)
		return;
	origins_answered(e, t, true);
	copy_take_marks(e, t, object);
	bearer_take(e, t, object);
	if (!t->copy)
		return;
	t->copy->seen = true;
	t->copy->paused = fc_marks_paused(object) || !rules_follow_master(e, object);
	t->copy->cleared = t->copy->kept = false;
	forget_body(t->copy);
	t->copy->owners_known = false;
	if (t->copy->uid && strcmp(t->copy->uid, fc_json_metadata(object, "uid")) != 0)
		proof_forget(e, t->copy);
	set_text(&t->copy->uid, fc_json_metadata(object, "uid"));
	proof_take_marks(e, t->copy);
	take_adopted(t->copy, object);
	if (!t->copy->origin || copy_has_owner(t->copy))
		stray_is_silent(e, t->copy);
	sites_copy_is_told(e, t);
	/* Who has it listed may have waited for what it is. */
	if (!copy_has_owner(t->copy))
		memories_mark_bearers(e, t->copy);
}

/* Metadata tells all of itself; of the rest only that a kind which counts generations has not changed it. */
void whole_take_event(struct fc_engine *e, struct target *t, const json_t *object, bool spec_same)
{
	struct copy *c = t->copy;

	if (!c)
		return;
	c->known = c->known && spec_same;
	copy_retry_at_once(t);
	/* It is another target now: what was refused may be taken. */
	for (struct pair *p = c->pairs; p; p = p->next) {
		p->refused = false;
		p->unfit = NULL;
	}
	pieces_survey(e, t, object, false);
}

static void take_owners(struct fc_engine *e, struct copy *c, const json_t *object)
{
	enum copy_proof before = c->proof;

	pieces_find_owners(c, object);
	proof_take_whole(c, object);
	if (c->proof != before)
		memories_mark_bearers(e, c);
}

void whole_take_answer(struct fc_engine *e, struct target *t, const json_t *object, bool brief)
{
	struct copy *c = t->copy;

	if (!c)
		return;
	pieces_survey(e, t, object, true);
	c->known = true;
	if (!brief)
		take_owners(e, c, object);
	if (c->wants_body) {
		forget_body(c);
		c->body = json_incref((json_t *)(uintptr_t)object);
	}
}

void whole_absent(struct fc_engine *e, struct target *t)
{
	struct copy *c = t->copy;

	fc_rv_set(&t->version, NULL);
	t->deleting = t->unreadable = t->known = t->look_again = false;
	t->generation = 0;
	doubt_await_event(t, 0);
	rules_free(e, t);
	memset(&t->rules_text, 0, sizeof(t->rules_text));
	bearer_absent(e, t);
	/* An event, or a list of a replica that lags, is no consistent read. */
	origins_in_doubt(e, t);
	if (!c)
		return;
	c->seen = true;
	stray_is_silent(e, c);
	copy_remember_former(e, c);
	memories_mark_bearers(e, c);
	copy_drop_marks(e, t);
	pieces_fini(e, &c->standing);
	json_decref(fc_steal(&c->allotted));
	forget_body(c);
	c->known = c->paused = c->stuck = c->counted = c->cleared = c->kept = c->adopted = c->remake = false;
	free(fc_steal(&c->uid));
	proof_forget(e, c);
	free(fc_steal(&c->made_version));
	free(fc_steal(&c->made_of_uid));
	free(fc_steal(&c->made_of_version));
	for (struct pair *p = c->pairs; p; p = p->next) {
		p->refused = false;
		p->unfit = NULL;
		pair_forget_settled(e, p);
	}
	sites_copy_is_told(e, t);
}

bool whole_is_used(const struct target *t)
{
	return copy_is_used(t->copy) || bearer_is_used(t->bearer) || t->asked;
}

void whole_free(struct fc_engine *e, struct target *t)
{
	bearer_free(e, t);
	copy_part_free(e, t);
	origins_asked_free(e, t);
}

bool whole_decide(struct fc_engine *e, struct target *t)
{
	if (!t->copy && !t->bearer && !t->asked)
		return false;
	if (t->phase == IDLE && !t->rules && !whole_is_used(t)) {
		target_free(e, t);
		return true;
	}
	bearer_reads_sources(e, t);
	return asked_decide(e, t) || bearer_decide(e, t) || copy_decide(e, t);
}

/* --- writes --- */

static const char *const verbs[] = {
	[COPY_WRITES_NOTHING] = "patch", [COPY_CREATES] = "create", [COPY_PATCHES] = "patch",  [COPY_TURNS] = "patch",
	[COPY_MAKES_SPACE] = "create",	 [COPY_DELETES] = "delete", [COPY_RELEASES] = "patch", [COPY_CLEARS] = "patch",
};

const char *whole_verb(const struct target *t)
{
	return t->copy ? verbs[t->copy->writing] : "patch";
}

const char *whole_dialect(const struct target *t)
{
	if (t->copy && t->copy->writer)
		return t->copy->writer->cond.dialect->name;
	if (t->copy && t->copy->origin)
		return t->copy->origin->key.dialect->name;
	return t->bearer && t->bearer->rules ? t->bearer->rules->dialect->name : "";
}

bool whole_is_writing(const struct target *t)
{
	return (t->copy && t->copy->writing != COPY_WRITES_NOTHING) || (t->bearer && t->bearer->writing);
}

static void writer_succeeded(struct fc_engine *e, struct target *t, bool changed)
{
	struct pair *p = t->copy->writer;

	if (!p || t->copy->writing == COPY_DELETES || t->copy->writing == COPY_TURNS)
		return;
	p->cond.writes++;
	p->failures = 0;
	if (changed) {
		t->copy->written_ms = e->wall_ms;
		measure_pair_propagation(e, p);
	}
	p->sent_us = 0;
	copy_rule_body_was_used(e, p);
}

/* The answer is the truth: what the server made of our wish is right as long as we wish the same. */
static void settle(struct fc_engine *e, struct target *t)
{
	struct pair *p = t->copy->writer;

	if (p && !p->want_moved && (t->copy->writing == COPY_PATCHES || t->copy->writing == COPY_CREATES))
		pieces_settle(e, p, &t->copy->standing);
}

static void keep_text(char **slot, char **from)
{
	free(*slot);
	*slot = fc_steal(from);
}

static void note_made(struct target *t, const char *version)
{
	struct copy *c = t->copy;
	struct pair *p = c->writer;

	if (!p || !p->site->rule->dialect->copy->remember || (c->writing != COPY_PATCHES && c->writing != COPY_CREATES))
		return;
	c->remake = false;
	free(c->made_version);
	c->made_version = fc_xstrdup(version);
	keep_text(&c->made_of_uid, &p->sent_uid);
	keep_text(&c->made_of_version, &p->sent_version);
}

/* A deletion's answer is the deleted object, or what waits for finalizers: only the latter is there still. That of the
 * update which takes the last one off is the object as it was, in its old version. */
static bool is_deleted(const struct target *t, const json_t *answer)
{
	const json_t *metadata = json_object_get(answer, "metadata");
	bool deleted = t->copy && t->copy->writing == COPY_DELETES;
	bool waits = fc_json_metadata(answer, "deletionTimestamp")[0] != '\0';

	if (json_array_size(json_object_get(metadata, "finalizers")) > 0)
		return false;
	return deleted ? !waits : waits && t->deleting;
}

bool whole_written(struct fc_engine *e, struct target *t, json_t *answer)
{
	const char *version = fc_json_metadata(answer, "resourceVersion");
	bool gone = is_deleted(t, answer), changed = fc_rv_compare_kept(version, &t->version) != FC_RV_SAME;

	retry_succeeded(t, PART_OBJECT);
	if (t->copy)
		t->copy->conflicts = 0;
	measure_write(e, t, changed || gone ? "changed" : "unchanged");
	if (changed && t->writing_rewrite)
		retry_note_rewrite(e, t);
	if (t->bearer && t->bearer->writing)
		bearer_written(t, answer);
	if (t->copy)
		writer_succeeded(e, t, changed);
	if (changed || gone)
		report_whole_write(e, t, version);
	if (gone && t->copy) {
		t->copy->writing = COPY_WRITES_NOTHING;
		t->copy->writer = NULL;
	}
	if (gone)
		return true;
	target_take_whole(e, t, answer);
	if (t->copy) {
		settle(e, t);
		note_made(t, version);
		t->copy->counted = false;
		if (t->copy->writing == COPY_RELEASES)
			proof_released(e, t->copy);
		t->copy->cleared = t->copy->writing == COPY_CLEARS;
		t->copy->writing = COPY_WRITES_NOTHING;
		t->copy->writer = NULL;
	}
	return false;
}

static void writer_failed(struct target *t)
{
	struct pair *p = t->copy ? t->copy->writer : NULL;

	if (!p)
		return;
	if (!t->writing_rewrite)
		p->fresh = true;
	if (p->received_us == 0)
		p->received_us = p->sent_us;
}

/* Nothing stands there, as far as was known when this was sent. */
static void create_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	struct pair *p = t->copy->writer;

	switch (error->cls) {
	case FC_ERR_EXISTS:
	case FC_ERR_CONFLICT:
		t->look_again = true;
		/* If the read finds nothing, the 409 was no information. */
		doubt_conflict(t, fc_xstrdup(""));
		return;
	case FC_ERR_INVALID:
		if (copy_is_patient(t)) {
			retry_failed(e, t, PART_OBJECT, error);
			return;
		}
		fault_set(&setback_take(&t->setbacks[PART_OBJECT])->error, error);
		if (!p || p->want_moved)
			return;
		p->refused = true;
		pair_set_state(e, p, FC_STATE_INVALID, "Refused", "", error->text);
		return;
	default:
		retry_failed(e, t, PART_OBJECT, error);
		t->look_again = error->outcome_unknown || error->cls == FC_ERR_TIMEOUT || error->cls == FC_ERR_NETWORK;
		return;
	}
}

/* No pair can be called Invalid for it (a finalizer, a status, the release of what nobody wants): without a delay the
 * same would be written again at once. */
static void nobody_refused(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	retry_failed(e, t, PART_OBJECT, error);
	t->look_again = true;
}

bool whole_write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	enum copy_write what = t->copy ? t->copy->writing : COPY_WRITES_NOTHING;
	bool nobody = error->cls == FC_ERR_INVALID && !(t->copy && t->copy->writer);

	writer_failed(t);
	measure_write(e, t, fc_error_class_name(error->cls));
	if (t->bearer)
		bearer_write_failed(e, t, error);
	if (what == COPY_CREATES)
		create_failed(e, t, error);
	else if (nobody)
		nobody_refused(e, t, error);
	if (t->copy)
		t->copy->writing = COPY_WRITES_NOTHING;
	return what == COPY_CREATES || nobody;
}

static bool holds_something(const struct fc_resource *r)
{
	return r->group[0] == '\0' &&
	       (strcmp(r->kind, "Service") == 0 || strcmp(r->kind, "PersistentVolumeClaim") == 0);
}

/* Not what holds data or an address that a new one would not have; and once only for what is wanted. */
static bool may_remake(const struct pair *p)
{
	const struct copy *c = p->target->copy;

	return p->site->rule->dialect->copy->recreates && c->origin && !c->adopted &&
	       !holds_something(p->target->key.resource) && !fc_digest_equal(&c->remade, &p->want);
}

void whole_judge_refusal(struct fc_engine *e, struct target *t, bool same_version)
{
	struct pair *p = t->copy ? t->copy->writer : NULL;
	const struct fault *last = &setback_or_none(t->setbacks[PART_OBJECT])->error;
	/* A read that failed before this one has its own words there, or an outage since has taken them away. */
	const char *why = last->cls == FC_ERR_INVALID ? last->text : "the server refused the copy";
	struct fc_error error = FC_ERROR_INIT;
	bool counts = p && same_version && !p->want_moved;

	if (!t->copy)
		return;
	if (counts && may_remake(p)) {
		t->copy->remake = true;
		t->copy->remade = p->want;
		counts = false;
	}
	if (counts && copy_is_patient(t)) {
		fc_error_set(&error, FC_ERR_INVALID, "%s", why);
		t->copy->reading = false;
		retry_failed(e, t, PART_OBJECT, &error);
		counts = false;
	}
	t->copy->writer = NULL;
	if (!counts)
		return;
	p->refused = true;
	pair_set_state(e, p, FC_STATE_INVALID, "Refused", "", why);
}
