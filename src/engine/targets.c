/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: objects that carry rules. Watched as metadata; read once when first seen and once after each foreign
 * change. While one is being written its events are held: our own event mostly comes before our answer
 * (kube-client 6.14). */
#include <string.h>

#include "base/mem.h"
#include "engine/new_spaces.h"
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
	FC_GROW(e->dirty, e->dirty_count, e->dirty_cap);
	e->dirty[e->dirty_count++] = t;
}

static void unmark(struct fc_engine *e, struct target *t)
{
	for (size_t i = 0; t->dirty && i < e->dirty_count; i++) {
		if (e->dirty[i] != t)
			continue;
		e->dirty[i] = NULL;
		t->dirty = false;
	}
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
	fc_table_remove(&e->targets, t);
	key_drop(e, &t->key);
	held_forget(t);
	doubt_free(t);
	for (enum part part = PART_OBJECT; part < PARTS; part++)
		setback_free(&t->setbacks[part]);
	fc_rv_set(&t->version, NULL);
	free(t->fight);
	free(t);
}

static struct target *target_new(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name)
{
	struct target *t = fc_xcalloc(1, sizeof(*t));

	t->serial = ++e->next_target;
	t->key = key_take(e, w->cluster, w->resource, namespace_, name);
	t->watch = w;
	t->settle_until_ms = e->now_ms + SETTLE_MS;
	fc_table_add(&e->targets, t);
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
	if (!t->copy && !t->asked && !(t->bearer && t->bearer->held_for)) {
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

/* The widest rule whose place holds that of `r`: what lies in it is refused together. Rules are in order of path. */
static const struct rule *widest_above(const struct target *t, const struct rule *r)
{
	for (const struct rule *above = t->rules; above && above != r; above = above->next)
		if (above->spec->target_path &&
		    fc_path_compare(above->spec->target_path, r->spec->target_path) == FC_PATH_ABOVE)
			return above;
	return r;
}

enum part rule_part(const struct rule *r)
{
	if (!r->target->watch->has_status || !r->spec->target_path)
		return PART_OBJECT;
	return strcmp(fc_path_segment(r->spec->target_path, 0), "status") == 0 ? PART_STATUS : PART_OBJECT;
}

int64_t target_not_before_ms(const struct target *t, enum part part)
{
	int64_t of_object_ms = setback_or_none(t->setbacks[PART_OBJECT])->not_before_ms;
	int64_t of_part_ms = setback_or_none(t->setbacks[part])->not_before_ms;

	/* A flap is of the target as a whole. */
	return t->flapping && of_object_ms > of_part_ms ? of_object_ms : of_part_ms;
}

/* Without the subresource a write of the object writes the status too; with it, it is ignored there without a word:
 * what was taken for the server's will is void. */
void targets_have_status(struct fc_engine *e, struct watch *w, bool has_status)
{
	if (w->has_status == has_status)
		return;
	w->has_status = has_status;
	for (struct target *t = w->targets; t; t = t->next_in_watch) {
		retry_succeeded(t, PART_STATUS);
		/* A write may be under way. */
		for (struct rule *r = t->rules; r; r = r->next)
			if (r->echo)
				r->echo->settled_wish = fc_digest_json(NULL);
		target_mark(e, t);
	}
}

bool target_feeds_itself(const struct rule *root, const struct rule *r)
{
	return r != root && r->source && memcmp(&r->source->key, &r->target->key, sizeof(r->target->key)) == 0 &&
	       fc_path_compare(root->spec->target_path, r->spec->source_path) != FC_PATH_APART;
}

/* NULL: of all of them. */
static void forget_refusals(struct target *t, const struct rule *widest)
{
	doubt_refused_is_over(t);
	for (struct rule *r = t->rules; r; r = r->next) {
		r->child_blocked = false;
		if (!widest || !r->spec->target_path ||
		    fc_path_compare(r->spec->target_path, widest->spec->target_path) != FC_PATH_APART)
			r->refused = false;
	}
}

void target_wants_anew(struct target *t, const struct rule *changed)
{
	const struct rule *widest = changed ? widest_above(t, changed) : NULL;

	/* What another rule wants has no part in the fight; it may even be fed, on a way round, by what is fought for.
	 */
	if (!changed)
		retry_forget_rewrites(t);
	else if (changed->in_rewrite && !target_feeds_itself(widest, changed))
		retry_wants_anew(t, &changed->want);
	forget_refusals(t, widest);
}

void target_copy_wants_anew(struct target *t, const struct fc_digest *want)
{
	retry_wants_anew(t, want);
	forget_refusals(t, NULL);
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
		if (!r->spec->target_path || strcmp(fc_path_segment(r->spec->target_path, 0), "spec") != 0)
			return false;
	return true;
}

/* What the metadata of any version tells. Returns whether a rule is new. */
static bool take_metadata(struct fc_engine *e, struct target *t, const json_t *object)
{
	struct fc_uid uid = uid_of(object);

	if (fc_rv_is_set(&t->version) && !fc_uid_equal(&t->uid, &uid)) {
		/* Deleted and made again under the same name (6.6): nothing that was known of the other holds. */
		t->known = false;
		t->generation = 0;
		target_wants_anew(t, NULL);
		retry_succeeded(t, PART_OBJECT);
		retry_succeeded(t, PART_STATUS);
	}
	t->uid = uid;
	fc_rv_set(&t->version, fc_json_metadata(object, "resourceVersion"));
	t->deleting = fc_json_metadata(object, "deletionTimestamp")[0] != '\0';
	t->paused = fc_marks_paused(object);
	t->has_hub = fc_marks_annotation(object, FC_MARK_HUB);
	t->unreadable = false;
	doubt_await_event(t, 0);
	whole_take_metadata(e, t, object);
	if (!rules_scan(e, t, object))
		return false;
	t->settle_until_ms = e->now_ms + SETTLE_MS;
	return true;
}

/* Another version than the one known: by somebody else, or seen for the first time. */
static void take_event(struct fc_engine *e, struct target *t, const json_t *object, bool listed)
{
	struct fc_uid uid = uid_of(object);
	/* Where versions begin again after a restore from a backup, generations do too. */
	bool older = fc_rv_compare_kept(fc_json_metadata(object, "resourceVersion"), &t->version) == FC_RV_OLDER;
	/* Nor is a list believed: versions that began again may have passed the known one meanwhile. */
	bool same = !older && !listed && fc_uid_equal(&t->uid, &uid);
	bool answered = t->known && same && generation_answers(t, object);
	bool spec_same = same && t->generation != 0 && generation_of(object) == t->generation;

	if (t->phase == READING)
		t->touched = true;
	/* It is another target now: what was refused may be taken. */
	doubt_refused_is_over(t);
	doubt_conflict_is_over(t);
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
 * an older version may be the newest (a restored backup), and what comes behind it is no better known. */
static void hold(struct target *t, const struct watch *w, json_t *object, const char *version, bool unreadable)
{
	struct held *h = t->held = t->held ?: fc_xcalloc(1, sizeof(*h));

	if (!w->listing && h->version && version && fc_rv_compare(version, h->version) == FC_RV_OLDER)
		return;
	h->listed = h->listed || w->listing;
	/* What is being written was read before versions began again: the answer is of that time too. */
	h->begun_again = h->begun_again || (w->listing && version && fc_rv_is_set(&t->version) &&
					    fc_rv_compare_kept(version, &t->version) == FC_RV_OLDER);
	json_decref(h->object);
	h->object = object ? json_incref(object) : NULL;
	h->unreadable = unreadable;
	h->gone = !object && !unreadable;
	free(h->version);
	h->version = fc_xstrdup_null(version);
}

void targets_forget_held(struct fc_engine *e, fc_cluster_no cluster)
{
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t)
		if (t->key.cluster == cluster)
			held_forget(t);
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
	order = fc_rv_compare_kept(version, &t->version);
	if (fc_rv_is_set(&t->version) && order == FC_RV_SAME && !t->unreadable) {
		/* A resync: what is known of it is looked at again, at the pace at which the list comes. */
		if (w->relisting)
			target_mark(e, t);
		return;
	}
	/* Older in a list: the cluster was restored from a backup, where versions begin again. A watch only brings
	 * the past late. */
	if (fc_rv_is_set(&t->version) && order == FC_RV_OLDER && !w->listing)
		return;
	take_event(e, t, object, w->listing);
}

void target_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version)
{
	struct target *t = target_find(e, w->cluster, w->resource, namespace_, name);

	if (!t)
		return;
	if (t->phase == WRITING) {
		hold(t, w, NULL, version, false);
	} else if (!version || !fc_rv_is_set(&t->version) || fc_rv_compare_kept(version, &t->version) != FC_RV_OLDER) {
		copy_retry_at_once(t);
		is_gone(e, t);
	}
}

/* Who followed it under its old name follows another now; who may follow the new name is in no table, and is listed
 * again. */
void targets_master_renamed(struct fc_engine *e)
{
	struct watch *w, *next_watch;
	struct target *t;

	FC_TABLE_FOREACH(&e->targets, at, t) {
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
		fc_rv_set(&t->version, version);
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
	else if (!version || !fc_rv_is_set(&t->version) || w->listing ||
		 fc_rv_compare_kept(version, &t->version) != FC_RV_OLDER)
		is_unreadable(e, t, version);
}

void targets_list_end(struct fc_engine *e, struct watch *w)
{
	struct target *t, *next;

	DL_FOREACH_SAFE2(w->targets, t, next, next_in_watch) {
		if (t->generation_seen == w->generation)
			continue;
		if (t->phase == WRITING) {
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
	if (t->copy)
		t->copy->reading = true;
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
static struct target *take_whole(struct fc_engine *e, struct target *t, const json_t *object, bool brief)
{
	take_metadata(e, t, object);
	if (is_of_no_use(t)) {
		target_free(e, t);
		return NULL;
	}
	t->generation = generation_of(object);
	rules_survey(t, object);
	whole_take_answer(e, t, object, brief);
	t->known = true;
	t->look_again = false;
	target_mark(e, t);
	return t;
}

void target_take_whole(struct fc_engine *e, struct target *t, const json_t *object)
{
	fc_rv_set(&t->version, fc_json_metadata(object, "resourceVersion"));
	/* What we have made anew is nobody else's object: a fight goes on. */
	t->uid = uid_of(object);
	take_whole(e, t, object, false);
}

/* Of a place that several rules share the widest is held for the one at fault, and those inside it go alone. If one of
 * these is refused too, the fault may have been that one's: the wider ones are tried without it. */
static void place_refused(struct fc_engine *e, struct target *t, const char *why)
{
	struct rule *root = t->rules;

	while (root && (!root->in_write || !root->is_root))
		root = root->next;
	/* None, when the rules of that write have gone meanwhile. */
	if (!root)
		return;
	for (struct rule *r = t->rules; r != root; r = r->next)
		if (r->spec->target_path &&
		    fc_path_compare(r->spec->target_path, root->spec->target_path) == FC_PATH_ABOVE)
			r->refused = false;
	root->refused = true;
	/* What could not be set inside its value meets something else now. */
	for (struct rule *r = root->next; r; r = r->next)
		r->child_blocked = false;
	rule_set_state(e, root, FC_STATE_INVALID, "Refused", "the server refused the value", why);
}

/* How many places the last write had: each that of a group of rules. */
static size_t places_written(const struct target *t)
{
	size_t places = 0;

	for (const struct rule *r = t->rules; r; r = r->next)
		places += r->in_write && r->is_root;
	return places;
}

/* Does a rule want something else since the last write, at or around one of its places? A rule inside that had no part
 * in it may have one now. */
static bool place_has_moved(const struct target *t)
{
	for (const struct rule *root = t->rules; root; root = root->next) {
		if (!root->in_write || !root->is_root)
			continue;
		for (const struct rule *r = t->rules; r; r = r->next)
			if (r->want_moved && r->spec->target_path &&
			    fc_path_compare(root->spec->target_path, r->spec->target_path) != FC_PATH_APART)
				return true;
	}
	return false;
}

/* A read shows the version that a write was refused on: if it still stands, it is what we want that is refused, not
 * what it met. Of several places at once only one may be at fault: they go alone from now on (promise 7). */
static void judge_refusal(struct fc_engine *e, struct target *t, const char *version)
{
	const char *refused = doubt_refused_version(t);
	size_t places = places_written(t);

	if (!refused)
		return;
	whole_judge_refusal(e, t, strcmp(refused, version) == 0);
	if (strcmp(refused, version) == 0 && !place_has_moved(t)) {
		setback_take(&t->setbacks[t->written])->one_by_one = places > 1;
		if (places == 1)
			place_refused(e, t, t->setbacks[t->written]->error.text);
		setback_free_unused(&t->setbacks[t->written]);
	}
	doubt_refused_is_over(t);
}

/* A 409 although nothing has changed (a webhook, an aggregated server): a failure like another, with growing
 * delays. */
static void judge_conflict(struct fc_engine *e, struct target *t, const char *version)
{
	const char *decided_on = doubt_conflict_version(t);
	struct fc_error error = FC_ERROR_INIT;

	if (!decided_on)
		return;
	if (strcmp(decided_on, version) == 0 && !copy_excuses_conflict(t)) {
		fc_error_set(&error, FC_ERR_CONFLICT, "the server answers 409 although the target has not changed");
		retry_failed(e, t, t->written, &error);
	}
	doubt_conflict_is_over(t);
}

static void is_not_found(struct fc_engine *e, struct target *t)
{
	bool stays = t->copy || t->asked || (t->bearer && t->bearer->held_for);

	judge_conflict(e, t, "");
	is_gone(e, t);
	if (stays)
		origins_answered(e, t, false);
}

static void read_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error)
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
			retry_failed(e, t, PART_OBJECT, error);
		target_mark(e, t);
		return;
	}
	/* An event newer than this answer came meanwhile: what stands there now is not known yet. Without one an
	 * older answer is believed: versions begin again after a restore from a backup. */
	if (t->touched && fc_rv_is_set(&t->version) &&
	    fc_rv_compare_kept(fc_json_metadata(object, "resourceVersion"), &t->version) == FC_RV_OLDER) {
		target_mark(e, t);
		return;
	}
	judge_refusal(e, t, fc_json_metadata(object, "resourceVersion"));
	judge_conflict(e, t, fc_json_metadata(object, "resourceVersion"));
	take_whole(e, t, object, false);
}

void target_read_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error)
{
	struct key key = t->key;

	fc_intern_again(e->strings, key.namespace_);
	fc_intern_again(e->strings, key.name);
	read_done(e, t, object, error);
	if (object)
		source_was_read(e, &key, object);
	key_drop(e, &key);
}

static bool held_is_newer(const struct target *t, bool written)
{
	if (!t->held->version || !fc_rv_is_set(&t->version))
		return true;
	switch (fc_rv_compare_kept(t->held->version, &t->version)) {
	case FC_RV_NEWER:
	case FC_RV_UNKNOWN:
		return true;
	case FC_RV_OLDER:
		return t->held->begun_again || (t->held->listed && !written);
	case FC_RV_SAME:
		break;
	}
	return false;
}

/* What came while the write was under way, if it is newer than what is known now; frees the target where it is
 * gone. */
static void deliver_held(struct fc_engine *e, struct target *t, bool written)
{
	bool newer = t->held && held_is_newer(t, written);
	struct held *h = t->held;

	if (!newer) {
		held_forget(t);
		return;
	}
	t->held = NULL;
	if (h->gone)
		is_gone(e, t);
	else if (h->unreadable)
		is_unreadable(e, t, h->version);
	else
		take_event(e, t, h->object, h->listed);
	held_free(h);
}

/* What came while it was deleted, of a time before that, says nothing of now. */
static void forget_held_of_before(struct target *t)
{
	const struct held *h = t->held;

	if (h && h->version && fc_rv_is_set(&t->version) && fc_rv_compare_kept(h->version, &t->version) != FC_RV_NEWER)
		held_forget(t);
}

/* True: it has been deleted, and `object` is no object. */
static bool whole_write_succeeded(struct fc_engine *e, struct target *t, json_t *object)
{
	bool gone = whole_written(e, t, object);

	if (gone)
		forget_held_of_before(t);
	if (gone && !t->held) {
		is_gone(e, t);
		return true;
	}
	/* What came since is told of the next one under that name, which may need this one's place. */
	if (gone && (t->copy || t->asked))
		is_gone(e, t);
	deliver_held(e, t, true);
	return gone;
}

static void write_succeeded(struct fc_engine *e, struct target *t, json_t *object, bool brief)
{
	bool changed = fc_rv_compare_kept(fc_json_metadata(object, "resourceVersion"), &t->version) != FC_RV_SAME;

	retry_succeeded(t, t->written);
	measure_write(e, t, changed ? "changed" : "unchanged");
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->in_write)
			continue;
		r->cond.writes++;
		measure_propagation(e, r);
		r->echo->sent_us = 0;
	}
	if (changed && t->writing_rewrite)
		retry_note_rewrite(e, t);
	fc_rv_set(&t->version, fc_json_metadata(object, "resourceVersion"));
	if (changed)
		report_write(e, t);
	if (!take_whole(e, t, object, brief))
		return;
	/* The answer is the truth: what the server made of our wish is right as long as we wish the same. The wish was
	 * that of the group; what a rule inside it would make by itself nobody knows. */
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->in_write)
			continue;
		if (r->is_root)
			rule_settles(r, &r->echo->written);
		else
			rule_forget_echo(r);
	}
	deliver_held(e, t, true);
}

static void write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error)
{
	bool tried = error->cls == FC_ERR_INVALID && places_written(t) == 1;

	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->in_write)
			continue;
		/* What was refused has been tried, unless it was others that were refused with it: what calls for
		 * another try is what somebody else does. And only what was new is so again: one that fails again and
		 * again makes nothing new of those beside it. */
		if (!tried)
			r->fresh = r->fresh || r->sent_fresh;
		if (r->received_us == 0)
			r->received_us = r->echo->sent_us;
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
		doubt_await_event(t, e->now_ms + CONFLICT_EVENT_MS);
		doubt_conflict(t, fc_rv_text(&t->version));
		break;
	case FC_ERR_INVALID:
		/* A 422 is also what a missing parent or another object under that name gives: one read tells (design
		 * section 5). */
		fault_set(&setback_take(&t->setbacks[t->written])->error, error);
		doubt_refused(t, fc_rv_text(&t->version));
		t->look_again = true;
		break;
	default:
		retry_failed(e, t, t->written, error);
		t->look_again = error->outcome_unknown;
		break;
	}
	target_mark(e, t);
	deliver_held(e, t, false);
}

void target_write_done(struct fc_engine *e, struct target *t, json_t *object, bool brief, const struct fc_error *error)
{
	struct key key = t->key;
	bool gone = false;

	/* The target may be gone at the end of this: its key stays for the source of the same name. */
	fc_intern_again(e->strings, key.namespace_);
	fc_intern_again(e->strings, key.name);
	t->phase = IDLE;
	origins_named_is_written(e, t);
	if (new_space_is_under_way(t)) {
		new_space_done(e, t, object, error);
		deliver_held(e, t, false);
		source_deliver_held(e, &key);
	} else if (object) {
		if (whole_is_writing(t))
			gone = whole_write_succeeded(e, t, object);
		else
			write_succeeded(e, t, object, brief);
		/* A rule may have come meanwhile that reads it: its watch tells it whole, and its end. */
		if (brief || gone)
			source_deliver_held(e, &key);
		else
			source_written(e, &key, object);
	} else {
		write_failed(e, t, error);
		source_deliver_held(e, &key);
	}
	key_drop(e, &key);
}
