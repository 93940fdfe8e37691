/* SPDX-License-Identifier: Apache-2.0 */
/* What events, reads and writes of a target mean for its part in copies of whole objects: as a copy, as what asks for
 * copies, as what marks name. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
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

void whole_take_metadata(struct fc_engine *e, struct target *t, const json_t *object)
{
	if (!e->copies)
		return;
	origins_answered(e, t, true);
	copy_take_marks(e, t, object);
	bearer_take(e, t, object);
	if (!t->copy)
		return;
	t->copy->paused = fc_marks_paused(object) || !rules_follow_master(e, object);
	t->copy->cleared = t->copy->kept = false;
	forget_body(t->copy);
	set_text(&t->copy->uid, fc_json_metadata(object, "uid"));
	if (!t->copy->origin || copy_has_owner(t->copy))
		stray_is_silent(e, t->copy);
}

/* Metadata tells all of itself; of the rest only that a kind which counts generations has not changed it. */
void whole_take_event(struct fc_engine *e, struct target *t, const json_t *object, bool spec_same)
{
	struct copy *c = t->copy;

	if (!c)
		return;
	c->known = c->known && spec_same;
	/* It is another target now: what was refused may be taken. */
	for (struct pair *p = c->pairs; p; p = p->next)
		p->refused = false;
	pieces_survey(e, &c->standing, object, false);
}

void whole_take_answer(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct copy *c = t->copy;

	if (!c)
		return;
	pieces_survey(e, &c->standing, object, true);
	c->known = true;
	if (c->wants_body) {
		forget_body(c);
		c->body = json_incref((json_t *)(uintptr_t)object);
	}
}

void whole_absent(struct fc_engine *e, struct target *t)
{
	struct copy *c = t->copy;

	free(fc_steal(&t->version));
	t->deleting = t->unreadable = t->known = t->look_again = false;
	t->generation = 0;
	t->event_until_ms = 0;
	rules_free(e, t);
	memset(&t->rules_text, 0, sizeof(t->rules_text));
	bearer_free(e, t);
	/* An event, or a list of a replica that lags, is no consistent read. */
	origins_in_doubt(e, t);
	if (!c)
		return;
	stray_is_silent(e, c);
	copy_drop_marks(e, t);
	pieces_fini(e, &c->standing);
	forget_body(c);
	c->known = c->paused = c->counted = c->cleared = c->kept = false;
	for (struct pair *p = c->pairs; p; p = p->next) {
		p->refused = false;
		pair_forget_settled(e, p);
	}
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
	return asked_decide(e, t) || bearer_decide(e, t) || copy_decide(e, t);
}

/* --- writes --- */

static const char *const verbs[] = {
	[COPY_WRITES_NOTHING] = "patch", [COPY_CREATES] = "create", [COPY_PATCHES] = "patch",
	[COPY_DELETES] = "delete",	 [COPY_RELEASES] = "patch", [COPY_CLEARS] = "patch",
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

	if (!p || t->copy->writing == COPY_DELETES)
		return;
	p->cond.writes++;
	if (changed)
		measure_pair_propagation(e, p);
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

/* A deletion's answer is the deleted object, or what waits for finalizers: only the latter is there still. */
static bool is_deleted(const struct target *t, const json_t *answer)
{
	const json_t *metadata = json_object_get(answer, "metadata");

	return t->copy && t->copy->writing == COPY_DELETES &&
	       json_array_size(json_object_get(metadata, "finalizers")) == 0 &&
	       fc_json_metadata(answer, "deletionTimestamp")[0] == '\0';
}

bool whole_written(struct fc_engine *e, struct target *t, json_t *answer)
{
	const char *version = fc_json_metadata(answer, "resourceVersion");
	bool gone = is_deleted(t, answer), changed = !t->version || strcmp(t->version, version) != 0;

	retry_succeeded(t);
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
		return true;
	}
	target_take_whole(e, t, answer);
	if (t->copy) {
		settle(e, t);
		t->copy->counted = false;
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
		free(t->conflict_version);
		t->conflict_version = fc_xstrdup("");
		return;
	case FC_ERR_INVALID:
		fault_set(&t->error, error);
		if (!p || p->want_moved)
			return;
		p->refused = true;
		pair_set_state(e, p, FC_STATE_INVALID, "Refused", "", error->text);
		return;
	default:
		retry_failed(e, t, error);
		t->look_again = error->outcome_unknown || error->cls == FC_ERR_TIMEOUT || error->cls == FC_ERR_NETWORK;
		return;
	}
}

/* No pair can be called Invalid for it (a finalizer, a status, the release of what nobody wants): without a delay the
 * same would be written again at once. */
static void nobody_refused(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	retry_failed(e, t, error);
	t->look_again = true;
}

bool whole_write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	enum copy_write what = t->copy ? t->copy->writing : COPY_WRITES_NOTHING;
	bool nobody = error->cls == FC_ERR_INVALID && !(t->copy && t->copy->writer);

	writer_failed(t);
	measure_write(e, t, fc_error_class_name(error->cls));
	if (t->bearer)
		t->bearer->writing = false;
	if (what == COPY_CREATES)
		create_failed(e, t, error);
	else if (nobody)
		nobody_refused(e, t, error);
	if (t->copy)
		t->copy->writing = COPY_WRITES_NOTHING;
	return what == COPY_CREATES || nobody;
}

void whole_judge_refusal(struct fc_engine *e, struct target *t, bool same_version)
{
	struct pair *p = t->copy ? t->copy->writer : NULL;

	if (!t->copy)
		return;
	t->copy->writer = NULL;
	if (!p || !same_version || p->want_moved)
		return;
	p->refused = true;
	pair_set_state(e, p, FC_STATE_INVALID, "Refused", "", t->error.text);
}
