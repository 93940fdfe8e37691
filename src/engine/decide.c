/* SPDX-License-Identifier: Apache-2.0 */
/* What is to be done about one target: its rules, applied parent first to one wanted value per place, against what
 * stands there. Equal: nothing. Different: one patch for all of them. */
#include "base/mem.h"
#include "engine/parts.h"
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

static struct rule *next_taking_part(struct rule *r)
{
	while (r && !r->takes_part)
		r = r->next;
	return r;
}

static json_t *value_of(const struct rule *r)
{
	return r->spec.literal ? r->spec.literal : r->value;
}

/* Rules whose places lie in each other make a group: the first is the place of all. Rules are in order of path, so a
 * group is a run. */
struct group {
	struct rule *root, *end;
	bool single;
	struct fc_digest key; /* of what all of them want together */
	bool holds;
	json_t *value; /* composed; a reference; NULL until then */
};

static struct rule *group_end(struct rule *root)
{
	struct rule *r = root->next;

	while (r && (!r->takes_part || fc_path_compare(root->spec.target_path, r->spec.target_path) == FC_PATH_ABOVE))
		r = r->next;
	return r;
}

static void group_name(struct group *g)
{
	struct fc_buf text = FC_BUF_INIT;
	size_t members = 0;

	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part)
			continue;
		members++;
		fc_path_pointer(r->spec.target_path, &text);
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

	if (g->single && fc_digest_equal(&r->want, &r->present))
		return true;
	return !fc_digest_is_missing(&r->settled_key) && fc_digest_equal(&r->settled_key, &g->key) &&
	       fc_digest_equal(&r->settled_present, &r->present);
}

static void group_in_sync(struct fc_engine *e, struct group *g)
{
	g->holds = true;
	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part)
			continue;
		rule_drop_value(r);
		r->received_us = 0;
		rule_set_state(e, r, FC_STATE_IN_SYNC, "InSync", "the target's path equals the source's", NULL);
	}
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
		if (fc_path_set(r->spec.target_path, document, copy, NULL) < 0) {
			r->child_blocked = true;
			rule_judge(e, r);
		}
		json_decref(copy);
	}
	if (fc_path_get(g->root->spec.target_path, document, &found) == FC_PATH_FOUND)
		g->value = json_incref(found);
	json_decref(document);
	group_name(g);
}

/* Asks for the values that are needed and not at hand. Returns whether any is missing. */
static bool group_lacks_values(struct fc_engine *e, struct group *g)
{
	bool lacks = false;

	for (struct rule *r = g->root; r != g->end; r = r->next) {
		if (!r->takes_part || value_of(r))
			continue;
		lacks = true;
		r->wants_value = true;
		source_read(e, r->source);
	}
	return lacks;
}

/* Makes the groups of the rules that take part, and tells those that hold. */
static size_t make_groups(struct fc_engine *e, struct target *t, struct group **groups)
{
	size_t count = 0, cap = 0, open = 0;

	*groups = NULL;
	for (struct rule *r = next_taking_part(t->rules); r; r = next_taking_part((*groups)[count - 1].end)) {
		struct group *g;

		FC_GROW(*groups, count, cap);
		g = &(*groups)[count++];
		*g = (struct group){ .root = r, .end = group_end(r) };
		group_name(g);
		if (group_holds(g))
			group_in_sync(e, g);
		else
			open++;
	}
	if (open == 0) {
		free(*groups);
		*groups = NULL;
		return 0;
	}
	return count;
}

static void free_groups(struct group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++)
		json_decref(groups[i].value);
	free(groups);
}

static bool groups_lack_values(struct fc_engine *e, struct group *groups, size_t count)
{
	bool lacks = false;

	for (size_t i = 0; i < count; i++)
		if (!groups[i].holds && group_lacks_values(e, &groups[i]))
			lacks = true;
	return lacks;
}

/* Composes the open groups; one whose value turns out to stand there already is settled. Returns how many are still to
 * be written. */
static size_t compose_groups(struct fc_engine *e, struct group *groups, size_t count)
{
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		struct group *g = &groups[i];
		struct fc_digest digest;

		if (g->holds)
			continue;
		if (g->single)
			g->value = json_incref(value_of(g->root));
		else
			group_compose(e, g);
		digest = fc_digest_json(g->value);
		if (fc_digest_equal(&digest, &g->root->present)) {
			g->root->settled_key = g->key;
			g->root->settled_present = g->root->present;
			group_in_sync(e, g);
		} else {
			open++;
		}
	}
	return open;
}

static json_t *make_patch(struct target *t, struct group *groups, size_t count)
{
	struct fc_patch *patch = fc_patch_new(t->version);

	t->writing_rewrite = true;
	for (struct rule *r = t->rules; r; r = r->next)
		r->in_write = r->is_root = false;
	for (size_t i = 0; i < count; i++) {
		struct group *g = &groups[i];

		if (g->holds)
			continue;
		g->root->written_key = g->key;
		g->root->is_root = true;
		fc_patch_put(patch, g->root->spec.target_path, &g->root->ground, g->value);
		for (struct rule *r = g->root; r != g->end; r = r->next) {
			if (!r->takes_part)
				continue;
			r->in_write = true;
			r->sent_us = r->received_us;
			r->received_us = 0;
			if (r->fresh)
				t->writing_rewrite = false;
			r->fresh = false;
		}
	}
	return fc_patch_finish(patch);
}

static void send_patch(struct fc_engine *e, struct target *t, struct group *groups, size_t count)
{
	struct cluster *c = &e->clusters[t->key.cluster];
	uint64_t id = job_start(e, c, &t->job, JOB_WRITE_TARGET);
	struct fc_action *a;

	if (!id) {
		set_all(e, t, "Queued", "the write waits for others to the same cluster");
		return;
	}
	a = fc_actions_add(e->out, FC_ACTION_PATCH);
	a->cluster = c->no;
	a->request = id;
	a->resource = fc_resource_ref(t->key.resource);
	a->namespace_ = t->key.resource->namespaced ? fc_xstrdup(t->key.namespace_) : NULL;
	a->name = fc_xstrdup(t->key.name);
	a->body = make_patch(t, groups, count);
	t->phase = WRITING;
	timer_clear(e, t);
	for (struct rule *r = t->rules; r; r = r->next)
		if (r->in_write && r->takes_part)
			rule_set_state(e, r, FC_STATE_PENDING, "Writing", "the target is being written", NULL);
}

/* A failure or a flap lies so short a time back that nothing is sent yet. */
static bool must_wait(struct fc_engine *e, struct target *t)
{
	if (t->not_before_ms <= e->now_ms)
		return false;
	timer_set(e, t, t->not_before_ms);
	return true;
}

static void show_waiting(struct fc_engine *e, struct group *groups, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (struct rule *r = groups[i].root; !groups[i].holds && r != groups[i].end; r = r->next) {
			if (!r->takes_part)
				continue;
			rule_drop_value(r);
			rule_set_waiting(e, r);
		}
	}
}

static size_t up_to_first_open(const struct group *groups, size_t count)
{
	size_t i = 0;

	while (i < count && groups[i].holds)
		i++;
	return i + 1;
}

static void write_difference(struct fc_engine *e, struct target *t, bool syncing)
{
	struct cluster *c = &e->clusters[t->key.cluster];
	struct group *groups;
	size_t count = make_groups(e, t, &groups);

	if (count == 0) {
		job_leave_line(c, &t->job);
		t->one_by_one = false;
		if (t->not_before_ms <= e->now_ms)
			retry_succeeded(t);
	} else if (must_wait(e, t)) {
		show_waiting(e, groups, count);
	} else if (syncing && e->now_ms < t->settle_until_ms) {
		/* Its other sources are about to tell their first state: one write for all of them. */
		timer_set(e, t, t->settle_until_ms);
		set_all(e, t, "FirstSync", "other sources of the target are being read for the first time");
	} else if (groups_lack_values(e, groups, count)) {
		set_all(e, t, "ReadingSource", "the source is being read");
	} else if (!job_could_start(e, c, JOB_WRITE_TARGET)) {
		job_wait(c, &t->job, JOB_WRITE_TARGET);
		set_all(e, t, "Queued", "the write waits for others to the same cluster");
	} else if (compose_groups(e, groups, count)) {
		send_patch(e, t, groups, t->one_by_one ? up_to_first_open(groups, count) : count);
	}
	free_groups(groups, count);
}

/* Reads the target first where what stands in it is not known. */
static bool must_read(struct fc_engine *e, struct target *t)
{
	if (t->event_until_ms) {
		if (e->now_ms < t->event_until_ms) {
			timer_set(e, t, t->event_until_ms);
			set_all(e, t, "Conflict", "the target was changed meanwhile, its event is awaited");
			return true;
		}
		t->event_until_ms = 0;
		t->look_again = true;
	}
	if (t->known && !t->look_again)
		return false;
	if (must_wait(e, t)) {
		set_all_waiting(e, t);
		return true;
	}
	target_read(e, t);
	return true;
}

/* A source whose read failed, and of which nothing else will tell, is read again when the target's delay is over. */
static void retry_source_reads(struct fc_engine *e, struct target *t)
{
	for (struct rule *r = t->rules; r; r = r->next) {
		struct source *s = r->source;

		if (!s || r->want_known || s->error.cls == FC_ERR_NONE || e->clusters[s->key.cluster].connection != UP)
			continue;
		if (!must_wait(e, t))
			source_read(e, s);
	}
}

void target_decide(struct fc_engine *e, struct target *t)
{
	bool any = false, syncing = false, worth_a_read = false;

	for (struct rule *r = t->rules; r; r = r->next) {
		rule_judge(e, r);
		any = any || r->takes_part;
		syncing = syncing || r->waits_for_sync;
		worth_a_read = worth_a_read || r->takes_part || (r->waits_for_sync && r->source);
	}
	if (t->phase == WRITING)
		set_all(e, t, "Writing", "the target is being written");
	if (t->phase != IDLE || e->clusters[t->key.cluster].connection != UP || t->deleting || t->unreadable)
		return;
	retry_source_reads(e, t);
	/* Rules that want nothing cost no read. One whose source is just being read may as well have it done meanwhile.
	 */
	if (!worth_a_read)
		return;
	if (must_read(e, t))
		return;
	if (any)
		write_difference(e, t, syncing);
}
