/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done about one target: its rules, applied parent first to one wanted value per place, against what
 * stands there. Equal: nothing. Different: one patch for all of them. */
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/patch.h"

static void set_all(struct fc_engine *e, struct target *t, const char *reason, const char *message)
{
	for (struct rule *r = t->rules; r; r = r->next)
		if (r->takes_part)
			rule_set_state(e, r, FC_STATE_PENDING, reason, message, NULL);
}

static void set_all_waiting(struct fc_engine *e, struct target *t)
{
	for (struct rule *r = t->rules; r; r = r->next) {
		if (!r->takes_part)
			continue;
		/* It may be minutes until it is needed. */
		rule_drop_value(r);
		rule_set_waiting(e, r);
	}
}

static struct rule *next_taking_part(struct rule *r, enum part part)
{
	while (r && !(r->takes_part && rule_part(r) == part))
		r = r->next;
	return r;
}

static json_t *value_of(const struct rule *r)
{
	return r->spec->literal ? r->spec->literal : r->value;
}

/* Rules whose places lie in each other make a group: the first is the place of all. Rules are in order of path, so a
 * group is a run. */
struct group {
	struct rule *root, *end;
	bool single;
	bool undecided;	      /* a rule inside it may want something, and cannot say what just now */
	bool unknown;	      /* and has never said */
	struct fc_digest key; /* of what all of them want together */
	bool open;	      /* to be written */
	json_t *value;	      /* composed; a reference; NULL until then */
};

static struct rule *group_end(struct rule *root)
{
	struct rule *r = root->next;

	while (r && (!r->takes_part || fc_path_compare(root->spec->target_path, r->spec->target_path) == FC_PATH_ABOVE))
		r = r->next;
	return r;
}

static bool waits_inside(const struct rule *root, const struct rule *r)
{
	return !r->takes_part && r->undecided &&
	       fc_path_compare(root->spec->target_path, r->spec->target_path) == FC_PATH_ABOVE;
}

static void group_name(struct group *g)
{
	struct fc_buf text = FC_BUF_INIT;
	size_t members = 0;

	g->undecided = g->unknown = false;
	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (waits_inside(g->root, r)) {
			g->undecided = true;
			g->unknown = g->unknown || !r->want_known;
		} else if (!r->takes_part) {
			continue;
		}
		if (r->wanted != FC_WANTED_VALUE)
			continue;
		members++;
		fc_path_pointer(r->spec->target_path, &text);
		fc_buf_append(&text, "", 1);
		fc_buf_append(&text, r->want.bytes, sizeof(r->want.bytes));
	}
	g->single = members == 1;
	g->key = g->single ? g->root->want : fc_digest_bytes(text.data, text.len);
	fc_buf_fini(&text);
}

/* Does what stands there hold, for this group? Either it is what is wanted, or it is what the server made of the same
 * wish. */
static bool group_holds(const struct group *g)
{
	const struct rule *r = g->root;

	if (g->unknown)
		return false;
	if (g->single && fc_digest_equal(&r->want, &r->present))
		return true;
	return r->echo && !fc_digest_is_missing(&r->echo->settled_wish) &&
	       fc_digest_equal(&r->echo->settled_wish, &g->key) && fc_digest_equal(&r->echo->settled, &r->present);
}

static void group_in_sync(struct fc_engine *e, struct group *g)
{
	g->open = false;
	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part)
			continue;
		rule_drop_value(r);
		r->received_us = 0;
		/* What comes to differ from now on is somebody's doing. */
		r->fresh = false;
		rule_set_state(e, r, FC_STATE_IN_SYNC, "InSync", "the target's path equals the source's", NULL);
	}
}

static void group_drop_values(struct group *g)
{
	for (struct rule *r = g->root; r != g->end; r = r->next)
		if (r->takes_part)
			rule_drop_value(r);
}

/* Not now; what keeps it back is another group's or rule's affair. */
static void group_pending(struct fc_engine *e, struct group *g, const char *reason, const char *message)
{
	for (struct rule *r = g->root; r != g->end; r = r->next)
		if (r->takes_part)
			rule_set_state(e, r, FC_STATE_PENDING, reason, message, NULL);
}

static void open_groups_pending(struct fc_engine *e, struct group *groups, size_t count, const char *reason,
				const char *message)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i].open)
			group_pending(e, &groups[i], reason, message);
}

/* The value of the whole group. A child that cannot be set inside its parent's value is `Invalid` and left out. */
static void group_compose(struct fc_engine *e, struct group *g)
{
	json_t *document = json_object(), *found = NULL;

	for (struct rule *r = g->root; r != g->end; r = r->next) {
		json_t *copy;

		if (!r->takes_part)
			continue;
		/* Copies: setting a child must not change a value that others share. */
		copy = json_deep_copy(value_of(r));
		if (fc_path_set(r->spec->target_path, document, copy, NULL) < 0) {
			r->child_blocked = true;
			rule_judge(e, r);
		}
		json_decref(copy);
	}
	if (fc_path_get(g->root->spec->target_path, document, &found) == FC_PATH_FOUND)
		g->value = json_incref(found);
	json_decref(document);
	group_name(g);
}

/* A wide rule is not written over the place of a rule inside it that cannot say what it wants: that would take away
 * what the other has copied there, and put it back later (promise 2). */
static void group_judge(struct fc_engine *e, struct target *t, struct group *g)
{
	group_name(g);
	if (group_holds(g)) {
		group_in_sync(e, g);
		return;
	}
	g->open = !g->undecided;
	if (!g->undecided)
		return;
	group_pending(e, g, "OverlapWaits", "a rule for a place inside this one waits for its source");
	/* At the beginning that is a moment; later it may be hours. */
	if (e->now_ms < t->settle_until_ms)
		timer_set_earliest(e, t, t->settle_until_ms);
	else
		group_drop_values(g);
}

/* Makes the groups of the rules for that part that take part; `open` counts those to be written. The caller frees. */
static struct group *make_groups(struct fc_engine *e, struct target *t, enum part part, size_t *count, size_t *open)
{
	struct group *groups = NULL;
	size_t cap = 0;

	*count = *open = 0;
	for (struct rule *r = next_taking_part(t->rules, part); r; r = next_taking_part(groups[*count - 1].end, part)) {
		FC_GROW(groups, *count, cap);
		groups[*count] = (struct group){ .root = r, .end = group_end(r) };
		group_judge(e, t, &groups[*count]);
		*open += groups[(*count)++].open;
	}
	return groups;
}

static void free_groups(struct group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_decref(groups[i].value);
	free(groups);
}

enum values { VALUES_HERE, VALUES_READ, VALUES_FAILED };

/* Is a value missing whose source may not be asked for it yet? */
static bool group_must_wait(struct fc_engine *e, struct target *t, const struct group *g)
{
	bool waits = false;

	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part || value_of(r) || source_not_before_ms(r->source) <= e->now_ms)
			continue;
		timer_set_earliest(e, t, source_not_before_ms(r->source));
		waits = true;
	}
	return waits;
}

/* Asks for the values that are needed and not at hand. */
static enum values group_values(struct fc_engine *e, struct target *t, struct group *g)
{
	enum values have = VALUES_HERE;

	if (group_must_wait(e, t, g))
		return VALUES_FAILED;
	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part || value_of(r))
			continue;
		have = VALUES_READ;
		r->wants_value = true;
		source_read(e, r->source);
	}
	return have;
}

static void group_lacks_values(struct fc_engine *e, struct group *g, enum values have)
{
	if (have == VALUES_READ) {
		group_pending(e, g, "ReadingSource", "the source is being read");
		return;
	}
	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part)
			continue;
		/* It may be minutes until the other value is there. */
		rule_drop_value(r);
		if (!rule_set_source_failed(e, r))
			rule_set_state(e, r, FC_STATE_PENDING, "ReadingSource", "another rule's source cannot be read",
				       NULL);
	}
}

/* Something lies so short a time back that nothing is sent yet. */
static bool must_wait_until(struct fc_engine *e, struct target *t, int64_t not_before_ms)
{
	if (not_before_ms <= e->now_ms)
		return false;
	timer_set_earliest(e, t, not_before_ms);
	return true;
}

/* Reads of sources are under way: they are waited for, but not for long. */
static bool must_wait_for_values(struct fc_engine *e, struct target *t, enum part part, size_t reading)
{
	struct setback *s = t->setbacks[part];

	if (reading == 0) {
		if (s)
			s->values_until_ms = 0;
		setback_free_unused(&t->setbacks[part]);
		return false;
	}
	s = setback_take(&t->setbacks[part]);
	if (s->values_until_ms == 0)
		s->values_until_ms = e->now_ms + SETTLE_MS;
	return must_wait_until(e, t, s->values_until_ms);
}

/* Gets the values of the open groups together. A source that cannot be read keeps its own group back only; reads
 * under way are waited for a moment, to make one write of all. Returns how many groups can be written now. */
static size_t gather_values(struct fc_engine *e, struct target *t, enum part part, struct group *groups, size_t count)
{
	size_t ready = 0, reading = 0;

	for (size_t i = 0; i < count; i++) {
		enum values have;

		if (!groups[i].open)
			continue;
		have = group_values(e, t, &groups[i]);
		ready += have == VALUES_HERE;
		reading += have == VALUES_READ;
		if (have == VALUES_HERE)
			continue;
		group_lacks_values(e, &groups[i], have);
		groups[i].open = false;
	}
	if (!must_wait_for_values(e, t, part, reading))
		return ready;
	open_groups_pending(e, groups, count, "ReadingSource", "another source of the target is being read");
	return 0;
}

/* Composes the open groups; one whose value turns out to stand there already is settled. Returns how many are
 * still to be written. */
static size_t compose_groups(struct fc_engine *e, struct group *groups, size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		struct group *g = &groups[i];
		struct fc_digest digest;

		if (!g->open)
			continue;
		if (g->single) {
			g->value = json_incref(value_of(g->root));
			digest = g->root->want;
		} else {
			group_compose(e, g);
			digest = fc_digest_json(g->value);
		}
		if (fc_digest_equal(&digest, &g->root->present)) {
			rule_settles(g->root, &g->key);
			group_in_sync(e, g);
		} else {
			open++;
		}
	}
	return open;
}

static bool group_is_fresh(const struct group *g)
{
	for (const struct rule *r = g->root; r != g->end; r = r->next)
		if (r->takes_part && r->fresh && !target_feeds_itself(g->root, r))
			return true;
	return false;
}

static json_t *make_patch(struct target *t, struct group *groups, size_t count)
{
	FC_AUTO_FREE char *version = fc_rv_text(&t->version);
	struct fc_patch *patch = fc_patch_new(version);

	t->writing_rewrite = false;
	for (struct rule *r = t->rules; r; r = r->next)
		r->in_write = r->is_root = r->want_moved = false;
	for (size_t i = 0; i < count; i++) {
		struct group *g = &groups[i];
		bool rewrite;

		if (!g->open)
			continue;
		rewrite = !group_is_fresh(g);
		t->writing_rewrite = t->writing_rewrite || rewrite;
		rule_echo(g->root)->written = g->key;
		g->root->is_root = true;
		fc_patch_put(patch, g->root->spec->target_path, &g->root->ground, g->value);
		for (struct rule *r = g->root; r != g->end; r = r->next) {
			if (!r->takes_part)
				continue;
			r->in_write = true;
			rule_echo(r)->sent_us = r->received_us;
			r->received_us = 0;
			r->in_rewrite = rewrite;
			r->sent_fresh = r->fresh;
			r->fresh = false;
		}
	}
	return fc_patch_finish(patch);
}

/* Why the write stands in the cluster's line. */
static void open_groups_in_line(struct fc_engine *e, struct cluster *c, struct group *groups, size_t count)
{
	if (throttle_is_closed(e, c))
		open_groups_pending(e, groups, count, "Throttled",
				    "the cluster has asked for patience: nothing is sent");
	else if (c->writes_in_flight < c->throttle.limit)
		open_groups_pending(e, groups, count, "RateLimited",
				    "the write waits for its turn under --max-writes-per-second");
	else
		open_groups_pending(e, groups, count, "Queued", "the write waits for others to the same cluster");
}

static struct fc_action *patch_action(struct fc_engine *e, const struct target *t, uint64_t request, enum part part)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_PATCH);

	a->cluster = (fc_cluster_no)t->key.cluster;
	a->request = request;
	a->resource = fc_resource_ref(t->key.resource);
	a->namespace_ = t->key.resource->namespaced ? fc_xstrdup(t->key.namespace_) : NULL;
	a->name = fc_xstrdup(t->key.name);
	a->subresource = part == PART_STATUS ? fc_xstrdup("status") : NULL;
	/* A rule may read anything, but no rule writes there; of a copy it is asked who owns its fields. */
	a->brief = !source_is_named(e, &t->key) && !t->copy;
	return a;
}

static void send_patch(struct fc_engine *e, struct target *t, enum part part, struct group *groups, size_t count)
{
	struct cluster *c = cluster_of(e, t->key.cluster);
	uint64_t id = job_start(e, c, &t->job, JOB_WRITE_TARGET);
	struct fc_action *a;

	if (!id) {
		open_groups_in_line(e, c, groups, count);
		return;
	}
	a = patch_action(e, t, id, part);
	a->body = make_patch(t, groups, count);
	t->written = part;
	if (t->copy)
		t->copy->reading = false;
	a->confidential = confidential_places(e, t);
	t->phase = WRITING;
	timer_clear(e, t);
	for (struct rule *r = t->rules; r; r = r->next)
		if (r->in_write && r->takes_part)
			rule_set_state(e, r, FC_STATE_PENDING, "Writing", "the target is being written", NULL);
}

static void open_groups_drop_values(struct group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (groups[i].open)
			group_drop_values(&groups[i]);
}

static void open_groups_waiting(struct fc_engine *e, struct group *groups, size_t count)
{
	open_groups_drop_values(groups, count);
	for (size_t i = 0; i < count; i++)
		for (struct rule *r = groups[i].root; groups[i].open && r != groups[i].end; r = r->next)
			if (r->takes_part)
				rule_set_waiting(e, r);
}

static size_t up_to_first_open(const struct group *groups, size_t count)
{
	size_t i = 0;

	while (i < count && !groups[i].open)
		i++;
	return i + 1;
}

/* Nothing of that part is to be written. */
static void part_at_rest(struct fc_engine *e, struct target *t, enum part part)
{
	struct setback *s = t->setbacks[part];

	retry_end_fight(e, t);
	if (!s)
		return;
	s->one_by_one = false;
	s->values_until_ms = 0;
	/* What a copy has met it forgets itself. */
	if (target_not_before_ms(t, part) <= e->now_ms && (part != PART_OBJECT || !copy_is_at_work(t)))
		retry_succeeded(t, part);
}

/* False: it cannot be written just now, for a reason of its own, or stands there already. */
static bool write_groups(struct fc_engine *e, struct target *t, enum part part, struct group *groups, size_t count,
			 bool syncing)
{
	struct cluster *c = cluster_of(e, t->key.cluster);

	if (e->collecting) {
		/* k8s-copier B1; fc_engine_step marks every target when this is over. */
		open_groups_pending(e, groups, count, "FirstSync", "the first lists of targets are not complete");
		return false;
	}
	if (must_wait_until(e, t, target_not_before_ms(t, part))) {
		open_groups_waiting(e, groups, count);
		return false;
	}
	if (syncing && e->now_ms < t->settle_until_ms) {
		/* Its other sources are about to tell their first state: one write for all of them. */
		timer_set_earliest(e, t, t->settle_until_ms);
		open_groups_pending(e, groups, count, "FirstSync",
				    "other sources of the target are being read for the first time");
		return true;
	}
	/* It may be long until then: no value is read for it, or kept. */
	if (throttle_is_closed(e, c))
		open_groups_drop_values(groups, count);
	else if (gather_values(e, t, part, groups, count) == 0)
		return false;
	if (!job_could_start(e, c, JOB_WRITE_TARGET)) {
		job_wait(c, &t->job, JOB_WRITE_TARGET);
		open_groups_in_line(e, c, groups, count);
		return true;
	}
	if (compose_groups(e, groups, count) == 0)
		return false;
	send_patch(e, t, part, groups,
		   setback_or_none(t->setbacks[part])->one_by_one ? up_to_first_open(groups, count) : count);
	return true;
}

/* The object first, then its status, decided on the version that the first one's answer has. One that is held up by
 * something of its own does not keep the other back (promise 7). */
static void write_difference(struct fc_engine *e, struct target *t, bool syncing)
{
	bool under_way = false, any = false;

	for (enum part part = PART_OBJECT; part < PARTS; part++) {
		size_t count, open;
		struct group *groups = make_groups(e, t, part, &count, &open);

		any = any || open > 0;
		if (open == 0)
			part_at_rest(e, t, part);
		else if (under_way)
			open_groups_pending(e, groups, count, "Writing", "the object is written before its status");
		else
			under_way = write_groups(e, t, part, groups, count, syncing);
		free_groups(groups, count);
	}
	if (!any && !copy_is_in_line(t))
		job_leave_line(cluster_of(e, t->key.cluster), &t->job);
}

/* Whatever became of the write that is to be looked for, the delay after it counts. */
static int64_t not_read_before_ms(const struct target *t)
{
	int64_t of_object_ms = setback_or_none(t->setbacks[PART_OBJECT])->not_before_ms;
	int64_t of_status_ms = t->look_again ? setback_or_none(t->setbacks[PART_STATUS])->not_before_ms : 0;

	return of_object_ms > of_status_ms ? of_object_ms : of_status_ms;
}

/* Reads the target first where what stands in it is not known. */
static bool must_read(struct fc_engine *e, struct target *t)
{
	int64_t event_until_ms = doubt_event_until_ms(t);

	if (event_until_ms) {
		if (e->now_ms < event_until_ms) {
			timer_set_earliest(e, t, event_until_ms);
			set_all(e, t, "Conflict", "the target was changed meanwhile, its event is awaited");
			return true;
		}
		doubt_await_event(t, 0);
		t->look_again = true;
	}
	if (t->known && !t->look_again)
		return false;
	if (must_wait_until(e, t, not_read_before_ms(t))) {
		set_all_waiting(e, t);
		return true;
	}
	target_read(e, t);
	return true;
}

/* Nothing else will tell what the rule's source holds: a read of it failed, or its body was not kept for a rule that
 * did not exist. */
static bool lacks_a_read(const struct source *s, const struct rule *r)
{
	if (s->owed)
		return true;
	return !r->denied && !r->want_known &&
	       (setback_or_none(s->setback)->error.cls != FC_ERR_NONE || (s->known && s->present && !s->unreadable));
}

/* Such a source is read when its delay is over. */
static void retry_source_reads(struct fc_engine *e, struct target *t)
{
	for (struct rule *r = t->rules; r; r = r->next) {
		struct source *s = r->source;

		if (!s || !lacks_a_read(s, r) || cluster_of(e, s->key.cluster)->connection != UP)
			continue;
		if (source_not_before_ms(s) > e->now_ms)
			timer_set_earliest(e, t, source_not_before_ms(s));
		else
			source_read(e, s);
	}
}

void target_decide(struct fc_engine *e, struct target *t)
{
	bool any = false, syncing = false, worth_a_read = false;

	timer_clear(e, t);
	if (whole_decide(e, t))
		return;
	for (struct rule *r = t->rules; r; r = r->next) {
		rule_judge(e, r);
		any = any || r->takes_part;
		syncing = syncing || r->waits_for_sync;
		worth_a_read = worth_a_read || r->takes_part || (r->waits_for_sync && r->source);
	}
	syncing = syncing || sources_may_close_circle(e, t);
	if (t->phase == WRITING)
		set_all(e, t, "Writing", "the target is being written");
	if (t->phase != IDLE || cluster_of(e, t->key.cluster)->connection != UP || t->deleting || t->unreadable)
		return;
	retry_source_reads(e, t);
	/* Rules that want nothing cost no read. One whose source is just being read may as well have it done
	 * meanwhile. */
	if (!worth_a_read)
		return;
	if (must_read(e, t))
		return;
	if (any)
		write_difference(e, t, syncing);
}
