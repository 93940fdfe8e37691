/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: objects that carry rules. Watched as metadata; read once when first seen and once after each foreign
 * change. While one is being written its events are held: our own event mostly comes before our answer
 * (kube-client 6.14). */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"
#include "model/marks.h"
#include "model/resource_version.h"

/* After a 409 the event that caused it is under way; without one the target is read (design section 5, Writing). */
#define CONFLICT_EVENT_MS 2000

void target_mark(struct fc_engine *e, struct target *t)
{
	if (t->dirty)
		return;
	t->dirty = true;
	*e->dirty_end = t;
	e->dirty_end = &t->next_dirty;
}

static void unmark(struct fc_engine *e, struct target *t)
{
	struct target **at = &e->dirty;

	if (!t->dirty)
		return;
	while (*at != t)
		at = &(*at)->next_dirty;
	*at = t->next_dirty;
	if (e->dirty_end == &t->next_dirty)
		e->dirty_end = at;
	t->dirty = false;
}

void target_free(struct fc_engine *e, struct target *t)
{
	/* Nobody will come for what was held for the source of the same name. */
	if (t->phase == WRITING) {
		t->phase = IDLE;
		source_deliver_held(e, &t->key);
	}
	rules_free(e, t);
	whole_free(e, t);
	job_forget(e, cluster_of(e, t->key.cluster), &t->job);
	timer_clear(e, t);
	unmark(e, t);
	notice_forget(e, t);
	DL_DELETE2(t->watch->targets, t, prev_in_watch, next_in_watch);
	HASH_DEL(e->targets, t);
	key_drop(e, &t->key);
	json_decref(t->held);
	free(t->held_version);
	fault_clear(&t->error);
	fault_clear(&t->of_status.error);
	free(t->version);
	free(t->refused_version);
	free(t->conflict_version);
	free(t->rewrites);
	free(t);
}

static struct target *target_new(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name)
{
	struct target *t = fc_xcalloc(1, sizeof(*t));

	t->serial = ++e->next_target;
	t->key = key_take(e, w->cluster, w->resource, namespace_, name);
	t->watch = w;
	t->settle_until_ms = e->now_ms + SETTLE_MS;
	job_init(&t->job, t);
	HASH_ADD(hh, e->targets, key, sizeof(t->key), t);
	DL_APPEND2(w->targets, t, prev_in_watch, next_in_watch);
	if (t->key.namespace_[0])
		namespaces_watch(e, cluster_of(e, w->cluster));
	return t;
}

struct target *target_take(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name)
{
	struct target *t = target_find(e, w->cluster, w->resource, namespace_, name);

	return t ? t : target_new(e, w, namespace_, name);
}

/* Nothing is known of it that is worth keeping. */
static bool is_of_no_use(const struct target *t)
{
	return !t->rules && !t->copy && !t->bearer && !t->asked;
}

/* It is not there. A place where a copy is to stand, or that marks name, stays; a read that is under way may tell of a
 * time before. */
static void is_gone(struct fc_engine *e, struct target *t)
{
	if (!t->copy && !t->asked) {
		target_free(e, t);
		return;
	}
	if (t->phase == READING) {
		job_forget(e, cluster_of(e, t->key.cluster), &t->job);
		t->phase = IDLE;
	}
	whole_absent(e, t);
	target_mark(e, t);
}

static void set_text(char **slot, const char *text)
{
	if (*slot && text && strcmp(*slot, text) == 0)
		return;
	free(*slot);
	*slot = fc_xstrdup_null(text);
}

/* The widest rule whose place holds that of `r`: what lies in it is refused together. Rules are in order of path. */
static const struct rule *widest_above(const struct target *t, const struct rule *r)
{
	for (const struct rule *above = t->rules; above && above != r; above = above->next)
		if (above->spec.target_path &&
		    fc_path_compare(above->spec.target_path, r->spec.target_path) == FC_PATH_ABOVE)
			return above;
	return r;
}

enum part rule_part(const struct rule *r)
{
	if (!r->target->watch->has_status || !r->spec.target_path)
		return PART_OBJECT;
	return strcmp(fc_path_segment(r->spec.target_path, 0), "status") == 0 ? PART_STATUS : PART_OBJECT;
}

int64_t target_not_before_ms(const struct target *t, enum part part)
{
	if (part == PART_OBJECT)
		return t->not_before_ms;
	/* A flap is of the target as a whole. */
	if (t->flapping && t->not_before_ms > t->of_status.not_before_ms)
		return t->not_before_ms;
	return t->of_status.not_before_ms;
}

/* Without the subresource a write of the object writes the status too; with it, it is ignored there without a word:
 * what was taken for the server's will is void. */
void targets_have_status(struct fc_engine *e, struct watch *w, bool has_status)
{
	if (w->has_status == has_status)
		return;
	w->has_status = has_status;
	for (struct target *t = w->targets; t; t = t->next_in_watch) {
		retry_write_succeeded(t, PART_STATUS);
		for (struct rule *r = t->rules; r; r = r->next)
			r->settled_key = fc_digest_json(NULL);
		target_mark(e, t);
	}
}

bool target_feeds_itself(const struct rule *root, const struct rule *r)
{
	return r != root && r->source && memcmp(&r->source->key, &r->target->key, sizeof(r->target->key)) == 0 &&
	       fc_path_compare(root->spec.target_path, r->spec.source_path) != FC_PATH_APART;
}

void target_wants_anew(struct target *t, const struct rule *changed)
{
	const struct rule *widest = changed ? widest_above(t, changed) : NULL;

	set_text(&t->refused_version, NULL);
	/* What another rule wants has no part in the fight; it may even be fed, on a way round, by what is fought for.
	 */
	if (!changed || (changed->in_rewrite && !target_feeds_itself(widest, changed)))
		retry_forget_rewrites(t);
	for (struct rule *r = t->rules; r; r = r->next) {
		r->child_blocked = false;
		if (!widest || !r->spec.target_path ||
		    fc_path_compare(r->spec.target_path, widest->spec.target_path) != FC_PATH_APART)
			r->refused = false;
	}
}

static struct fc_uid uid_of(const json_t *object)
{
	return fc_uid_of(fc_json_metadata(object, "uid"));
}

static json_int_t generation_of(const json_t *object)
{
	return json_integer_value(json_object_get(json_object_get(object, "metadata"), "generation"));
}

/* With every rule under `spec` and a kind that counts generations, an unchanged generation says that nothing there
 * has changed. */
static bool generation_answers(const struct target *t, const json_t *object)
{
	json_int_t generation = generation_of(object);

	if (generation == 0 || generation != t->generation)
		return false;
	for (const struct rule *r = t->rules; r; r = r->next)
		if (!r->spec.target_path || strcmp(fc_path_segment(r->spec.target_path, 0), "spec") != 0)
			return false;
	return true;
}

/* What the metadata of any version tells. Returns whether a rule is new. */
static bool take_metadata(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct fc_uid uid = uid_of(object);

	if (t->version && !fc_uid_equal(&t->uid, &uid)) {
		/* Deleted and made again under the same name (6.6): nothing that was known of the other holds. */
		t->known = false;
		t->generation = 0;
		target_wants_anew(t, NULL);
		retry_succeeded(t);
		retry_write_succeeded(t, PART_STATUS);
	}
	t->uid = uid;
	set_text(&t->version, fc_json_metadata(object, "resourceVersion"));
	t->deleting = fc_json_metadata(object, "deletionTimestamp")[0] != '\0';
	t->paused = fc_marks_paused(object);
	t->has_hub = fc_marks_annotation(object, FC_MARK_HUB);
	t->unreadable = false;
	t->event_until_ms = 0;
	whole_take_metadata(e, t, object);
	if (!rules_scan(e, t, object))
		return false;
	t->settle_until_ms = e->now_ms + SETTLE_MS;
	return true;
}

/* Another version than the one known: by somebody else, or seen for the first time. */
static void take_event(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct fc_uid uid = uid_of(object);
	/* Where versions begin again after a restore from a backup, generations do too. */
	bool older = fc_rv_compare(fc_json_metadata(object, "resourceVersion"), t->version) == FC_RV_OLDER;
	/* Nor is a list believed: versions that began again may have passed the known one meanwhile. */
	bool same = !older && !t->watch->listing && fc_uid_equal(&t->uid, &uid);
	bool answered = t->known && same && generation_answers(t, object);
	bool spec_same = same && t->generation != 0 && generation_of(object) == t->generation;

	if (t->phase == READING)
		t->touched = true;
	/* It is another target now: what was refused may be taken. */
	set_text(&t->refused_version, NULL);
	set_text(&t->conflict_version, NULL);
	for (struct rule *r = t->rules; r; r = r->next)
		r->refused = false;
	if (take_metadata(e, t, object))
		answered = false;
	whole_take_event(e, t, object, spec_same);
	t->generation = generation_of(object);
	t->known = answered;
	if (is_of_no_use(t)) {
		target_free(e, t);
		return;
	}
	target_mark(e, t);
}

/* Keeps the newest of the events that come while the target is being written: `object`, or how there is none. In a list
 * an older version may be the newest (a restored backup). */
static void hold(struct target *t, const struct watch *w, json_t *object, const char *version, bool unreadable)
{
	if (!w->listing && t->held_version && version && fc_rv_compare(version, t->held_version) == FC_RV_OLDER)
		return;
	t->held_listed = w->listing;
	json_decref(t->held);
	t->held = object ? json_incref(object) : NULL;
	t->held_unreadable = unreadable;
	t->held_gone = !object && !unreadable;
	set_text(&t->held_version, version);
}

void targets_forget_held(struct fc_engine *e, fc_cluster_no cluster)
{
	struct target *t, *next;

	HASH_ITER(hh, e->targets, t, next) {
		if (t->key.cluster != cluster)
			continue;
		json_decref(t->held);
		t->held = NULL;
		t->held_gone = t->held_unreadable = t->held_listed = false;
		set_text(&t->held_version, NULL);
	}
}

void target_object(struct fc_engine *e, struct watch *w, json_t *object)
{
	const char *version = fc_json_metadata(object, "resourceVersion"), *name = fc_json_metadata(object, "name");
	const char *namespace_ = fc_json_metadata(object, "namespace");
	struct target *t = target_find(e, w->cluster, w->resource, namespace_, name);
	enum fc_rv_order order;

	if (!t && !rules_present(e, object) && !whole_concerns(e, w, object))
		return;
	if (!rules_follow_master(e, object))
		w->skipped_hubs = true;
	if (!t && !rules_follow_master(e, object))
		return;
	if (!t)
		t = target_new(e, w, namespace_, name);
	t->generation_seen = w->generation;
	if (t->phase == WRITING) {
		hold(t, w, object, version, false);
		return;
	}
	order = fc_rv_compare(version, t->version);
	if (t->version && order == FC_RV_SAME && !t->unreadable) {
		/* A resync: what is known of it is looked at again, at the pace at which the list comes. */
		if (w->relisting)
			target_mark(e, t);
		return;
	}
	/* Older in a list: the cluster was restored from a backup, where versions begin again. A watch only brings
	 * the past late. */
	if (t->version && order == FC_RV_OLDER && !w->listing)
		return;
	take_event(e, t, object);
}

void target_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version)
{
	struct target *t = target_find(e, w->cluster, w->resource, namespace_, name);

	if (!t)
		return;
	if (t->phase == WRITING)
		hold(t, w, NULL, version, false);
	else if (!version || !t->version || fc_rv_compare(version, t->version) != FC_RV_OLDER)
		is_gone(e, t);
}

/* Who followed it under its old name follows another now; who may follow the new name is in no table, and is listed
 * again. */
void targets_master_renamed(struct fc_engine *e)
{
	struct watch *w, *next_watch;
	struct target *t, *next;

	HASH_ITER(hh, e->targets, t, next) {
		if (!t->has_hub)
			continue;
		t->watch->skipped_hubs = true;
		target_free(e, t);
	}
	/* One that is listed again is met again at the end of the table. */
	HASH_ITER(hh, e->watches, w, next_watch) {
		if (!w->skipped_hubs)
			continue;
		w->skipped_hubs = false;
		watch_list_again(e, w);
	}
}

static void is_unreadable(struct fc_engine *e, struct target *t, const char *version)
{
	t->touched = true;
	t->unreadable = true;
	t->known = false;
	if (version)
		set_text(&t->version, version);
	target_mark(e, t);
}

void target_unreadable(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name,
		       const char *version)
{
	struct target *t = target_find(e, w->cluster, w->resource, namespace_, name);

	if (!t)
		return;
	t->generation_seen = w->generation;
	if (t->phase == WRITING)
		hold(t, w, NULL, version, true);
	else if (!version || !t->version || w->listing || fc_rv_compare(version, t->version) != FC_RV_OLDER)
		is_unreadable(e, t, version);
}

void targets_list_end(struct fc_engine *e, struct watch *w)
{
	struct target *t, *next;

	DL_FOREACH_SAFE2(w->targets, t, next, next_in_watch) {
		if (t->generation_seen == w->generation)
			continue;
		if (t->phase == WRITING) {
			set_text(&t->held_version, NULL);
			hold(t, w, NULL, NULL, false);
		} else {
			is_gone(e, t);
		}
	}
}

struct fc_action *target_action(struct fc_engine *e, struct target *t, enum fc_action_type type)
{
	struct cluster *c = cluster_of(e, t->key.cluster);
	uint64_t id = job_start(e, c, &t->job, JOB_WRITE_TARGET);
	struct fc_action *a;

	if (!id)
		return NULL;
	a = fc_actions_add(e->out, type);
	a->cluster = c->no;
	a->request = id;
	a->resource = fc_resource_ref(t->key.resource);
	a->namespace_ = t->key.resource->namespaced ? fc_xstrdup(t->key.namespace_) : NULL;
	a->name = fc_xstrdup(t->key.name);
	/* Of path rules only: whole objects have one delay, whatever was written last. */
	t->written = PART_OBJECT;
	t->phase = WRITING;
	timer_clear(e, t);
	for (struct rule *r = t->rules; r; r = r->next)
		r->in_write = r->is_root = false;
	return a;
}

void target_read(struct fc_engine *e, struct target *t)
{
	struct cluster *c = cluster_of(e, t->key.cluster);
	struct fc_action *a;
	uint64_t id;

	if (t->phase != IDLE)
		return;
	id = job_start(e, c, &t->job, JOB_READ_TARGET);
	if (!id)
		return;
	t->phase = READING;
	t->touched = false;
	a = fc_actions_add(e->out, FC_ACTION_READ);
	a->cluster = c->no;
	a->request = id;
	a->resource = fc_resource_ref(t->key.resource);
	a->namespace_ = t->key.resource->namespaced ? fc_xstrdup(t->key.namespace_) : NULL;
	a->name = fc_xstrdup(t->key.name);
	for (struct rule *r = t->rules; r; r = r->next)
		if (r->takes_part && r->cond.state == FC_STATE_PENDING)
			rule_set_state(e, r, FC_STATE_PENDING, "ReadingTarget", "the target is being read", NULL);
}

/* The whole object, from a read or from the answer to a write. Frees the target when it bears no rule any more;
 * returns it otherwise. */
static struct target *take_whole(struct fc_engine *e, struct target *t, const json_t *object)
{
	take_metadata(e, t, object);
	if (is_of_no_use(t)) {
		target_free(e, t);
		return NULL;
	}
	t->generation = generation_of(object);
	rules_survey(t, object);
	whole_take_answer(e, t, object);
	t->known = true;
	t->look_again = false;
	target_mark(e, t);
	return t;
}

void target_take_whole(struct fc_engine *e, struct target *t, const json_t *object)
{
	set_text(&t->version, fc_json_metadata(object, "resourceVersion"));
	take_whole(e, t, object);
}

/* Of a place that several rules share the widest is held for the one at fault, and those inside it go alone. If one of
 * these is refused too, the fault may have been that one's: the wider ones are tried without it. */
static void place_refused(struct fc_engine *e, struct target *t, const char *why)
{
	struct rule *root = t->rules;

	while (!root->in_write || !root->is_root)
		root = root->next;
	for (struct rule *r = t->rules; r != root; r = r->next)
		if (r->spec.target_path &&
		    fc_path_compare(r->spec.target_path, root->spec.target_path) == FC_PATH_ABOVE)
			r->refused = false;
	root->refused = true;
	rule_set_state(e, root, FC_STATE_INVALID, "Refused", "the server refused the value", why);
}

/* A read shows the version that a write was refused on: if it still stands, it is what we want that is refused, not
 * what it met. Of several places at once only one may be at fault: they go alone from now on (promise 7). */
static void judge_refusal(struct fc_engine *e, struct target *t, const char *version)
{
	const struct fault *why = t->written == PART_STATUS ? &t->of_status.error : &t->error;
	bool moved = false;
	size_t places = 0;

	if (!t->refused_version)
		return;
	whole_judge_refusal(e, t, strcmp(t->refused_version, version) == 0);
	for (const struct rule *r = t->rules; r; r = r->next) {
		places += r->in_write && r->is_root;
		moved = moved || (r->in_write && r->want_moved);
	}
	if (!moved && strcmp(t->refused_version, version) == 0) {
		t->one_by_one[t->written] = places > 1;
		if (places == 1)
			place_refused(e, t, why->text);
	}
	set_text(&t->refused_version, NULL);
}

/* A 409 although nothing has changed (a webhook, an aggregated server): a failure like another, with growing
 * delays. */
static void judge_conflict(struct fc_engine *e, struct target *t, const char *version)
{
	struct fc_error error = FC_ERROR_INIT;

	if (!t->conflict_version)
		return;
	if (strcmp(t->conflict_version, version) == 0) {
		fc_error_set(&error, FC_ERR_CONFLICT, "the server answers 409 although the target has not changed");
		retry_write_failed(e, t, t->written, &error);
	}
	set_text(&t->conflict_version, NULL);
}

static void is_not_found(struct fc_engine *e, struct target *t)
{
	bool stays = t->copy || t->asked;

	judge_conflict(e, t, "");
	is_gone(e, t);
	if (stays)
		origins_answered(e, t, false);
}

void target_read_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error)
{
	t->phase = IDLE;
	if (error && error->cls == FC_ERR_NOT_FOUND && !t->touched) {
		is_not_found(e, t);
		return;
	}
	if (error) {
		/* A 404 that was overtaken by an event of a new object under that name is not believed: it is read
		 * again. */
		if (error->cls != FC_ERR_NOT_FOUND)
			retry_failed(e, t, error);
		target_mark(e, t);
		return;
	}
	/* An event newer than this answer came meanwhile: what stands there now is not known yet. Without one an
	 * older answer is believed: versions begin again after a restore from a backup. */
	if (t->touched && t->version &&
	    fc_rv_compare(fc_json_metadata(object, "resourceVersion"), t->version) == FC_RV_OLDER) {
		target_mark(e, t);
		return;
	}
	judge_refusal(e, t, fc_json_metadata(object, "resourceVersion"));
	judge_conflict(e, t, fc_json_metadata(object, "resourceVersion"));
	take_whole(e, t, object);
}

static bool held_is_newer(const struct target *t, bool written)
{
	if (!t->held_version || !t->version)
		return true;
	switch (fc_rv_compare(t->held_version, t->version)) {
	case FC_RV_NEWER:
	case FC_RV_UNKNOWN:
		return true;
	case FC_RV_OLDER:
		return t->held_listed && !written;
	case FC_RV_SAME:
		break;
	}
	return false;
}

/* What came while the write was under way, if it is newer than what is known now; frees the target where it is
 * gone. */
static void deliver_held(struct fc_engine *e, struct target *t, bool written)
{
	bool newer = held_is_newer(t, written);
	json_t *held = fc_steal(&t->held);
	char *version = fc_steal(&t->held_version);
	bool gone = t->held_gone, unreadable = t->held_unreadable;

	t->held_gone = t->held_unreadable = t->held_listed = false;
	if (gone && newer)
		is_gone(e, t);
	else if (unreadable && newer)
		is_unreadable(e, t, version);
	else if (held && newer)
		take_event(e, t, held);
	json_decref(held);
	free(version);
}

/* What came while it was deleted, of a time before that, says nothing of now. */
static void forget_held_of_before(struct target *t)
{
	if (!t->held_version || !t->version || fc_rv_compare(t->held_version, t->version) == FC_RV_NEWER)
		return;
	json_decref(fc_steal(&t->held));
	t->held_gone = t->held_unreadable = false;
}

static void whole_write_succeeded(struct fc_engine *e, struct target *t, json_t *object)
{
	if (whole_written(e, t, object)) {
		forget_held_of_before(t);
		is_gone(e, t);
	}
	deliver_held(e, t, true);
}

static void write_succeeded(struct fc_engine *e, struct target *t, json_t *object)
{
	bool changed = fc_rv_compare(fc_json_metadata(object, "resourceVersion"), t->version) != FC_RV_SAME;

	retry_write_succeeded(t, t->written);
	measure_write(e, t, changed ? "changed" : "unchanged");
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->in_write)
			continue;
		r->cond.writes++;
		measure_propagation(e, r);
		r->sent_us = 0;
	}
	if (changed && t->writing_rewrite)
		retry_note_rewrite(e, t);
	set_text(&t->version, fc_json_metadata(object, "resourceVersion"));
	if (changed)
		report_write(e, t);
	if (!take_whole(e, t, object))
		return;
	/* The answer is the truth: what the server made of our wish is right as long as we wish the same. The wish was
	 * that of the group; what a rule inside it would make by itself nobody knows. */
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->in_write)
			continue;
		r->settled_key = r->is_root ? r->written_key : fc_digest_json(NULL);
		r->settled_present = r->present;
	}
	deliver_held(e, t, true);
}

static void write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->in_write)
			continue;
		/* What was refused has been tried: what calls for another try is what somebody else does. And only what
		 * was new is so again: one that fails again and again makes nothing new of those beside it. */
		if (error->cls != FC_ERR_INVALID)
			r->fresh = r->fresh || r->sent_fresh;
		if (r->received_us == 0)
			r->received_us = r->sent_us;
	}
	if (!whole_is_writing(t)) {
		measure_write(e, t, fc_error_class_name(error->cls));
	} else if (whole_write_failed(e, t, error)) {
		target_mark(e, t);
		deliver_held(e, t, false);
		return;
	}
	switch (error->cls) {
	case FC_ERR_CONFLICT:
	case FC_ERR_NOT_FOUND:
		t->event_until_ms = e->now_ms + CONFLICT_EVENT_MS;
		set_text(&t->conflict_version, t->version);
		break;
	case FC_ERR_INVALID:
		/* A 422 is also what a missing parent or another object under that name gives: one read tells (design
		 * section 5). */
		fault_set(t->written == PART_STATUS ? &t->of_status.error : &t->error, error);
		set_text(&t->refused_version, t->version);
		t->look_again = true;
		break;
	default:
		retry_write_failed(e, t, t->written, error);
		t->look_again = error->outcome_unknown;
		break;
	}
	target_mark(e, t);
	deliver_held(e, t, false);
}

void target_write_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error)
{
	struct key key = t->key;

	/* The target may be gone at the end of this: its key stays for the source of the same name. */
	fc_intern_again(e->strings, key.namespace_);
	fc_intern_again(e->strings, key.name);
	t->phase = IDLE;
	if (object) {
		(whole_is_writing(t) ? whole_write_succeeded : write_succeeded)(e, t, object);
		source_written(e, &key, object);
	} else {
		write_failed(e, t, error);
		source_deliver_held(e, &key);
	}
	key_drop(e, &key);
}
