/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters as the engine sees them: reachable or not, and whether who answers is who it should be. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

void cluster_mark_concerned(struct fc_engine *e, struct cluster *c)
{
	for (struct watch *w = c->watches; w; w = w->next_in_cluster)
		for (struct target *t = w->targets; t; t = t->next_in_watch)
			target_mark(e, t);
	for (struct word *w = c->words; w; w = w->next)
		for (struct rule *r = w->rules; r; r = r->next_in_word)
			target_mark(e, r->target);
	copy_rules_of_cluster_changed(e, c);
}

/* --- who answers --- */

/* A cluster known by its id stays who it is (design section 8): what was decided about the one must not be written to
 * the other. */
static bool is_another(const struct fc_engine *e, const struct cluster *c, struct fc_error *why)
{
	/* Another name would make it another master, which is refused until a restart. */
	bool master = c->no == e->options.master;

	if (!c->id || !c->told_id || strcmp(c->id, c->told_id) == 0)
		return false;
	fc_error_set(why, FC_ERR_CONFIG,
		     "another cluster answers under this name: its id is %s, and %s was known; %sstart again if it "
		     "takes the place of the old one",
		     c->told_id, c->id,
		     master ? "let the name lead to the master that was known, or "
			    : "give the new one a name of its own, or ");
	return true;
}

/* Two names for one cluster would be two writers of every target there: the one that came later is left alone, and
 * never the master. */
static struct cluster *other_of_that_id(const struct fc_engine *e, const struct cluster *c, struct fc_error *why)
{
	for (size_t i = 0; c->told_id && i < e->cluster_count; i++) {
		struct cluster *other = e->clusters[i];

		if (other == c || !other->id || strcmp(other->id, c->told_id) != 0 || other->connection == REFUSED)
			continue;
		fc_error_set(why, FC_ERR_CONFIG,
			     "it is the same cluster as %s: take one of the two out of the cluster set",
			     other->info.name);
		return other;
	}
	return NULL;
}

/* What the other one tells and answers must not be heard: its watches get other numbers, under which nothing is
 * started until the right one is back. */
static void leave_alone(struct fc_engine *e, struct cluster *c)
{
	struct watch *w, *last = c->watches ? c->watches->prev_in_cluster : NULL, *silenced = NULL;

	/* Each moves behind those that were there. */
	while (silenced != last) {
		w = silenced = c->watches;
		watch_silence(e, w);
		/* Much may change meanwhile: no copy goes before targets are listed anew. */
		w->synced = w->synced && w->use != WATCH_TARGETS;
	}
	c->connection = REFUSED;
	targets_forget_held(e, c->no);
	sources_forget_held(e, c->no);
	requests_abandon(e, c);
}

static void refuse(struct fc_engine *e, struct cluster *c, const struct fc_error *why)
{
	bool news = c->connection != REFUSED || strcmp(c->error.text, why->text) != 0;

	if (c->connection != REFUSED)
		leave_alone(e, c);
	c->had_outcome = true;
	fault_set(&c->error, why);
	if (!news)
		return;
	report_cluster(e, FC_LOG_ERROR, c, "cluster is left alone", c->error.text);
	cluster_mark_concerned(e, c);
}

/* What failed because the cluster was away need not wait any longer; and what was said of the end of a source may be of
 * before a restore from a backup. */
static void forget_what_is_past(struct cluster *c)
{
	for (struct watch *w = c->watches; w; w = w->next_in_cluster)
		for (struct target *t = w->targets; t; t = t->next_in_watch)
			retry_cluster_is_back(t);
	for (struct word *w = c->words; w; w = w->next) {
		for (struct rule *r = w->rules; r; r = r->next_in_word)
			if (r->source)
				source_waits_no_more(r->source);
		for (struct copy_rule *cr = w->copy_rules; cr; cr = cr->next_in_word)
			if (cr->source) {
				source_waits_no_more(cr->source);
				copy_rules_end_is_sure(cr->source, false);
			}
	}
}

static void hear_again(struct fc_engine *e, struct cluster *c)
{
	words_ask_again(e, c);
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		watch_say_start(e, w);
}

static void accept(struct fc_engine *e, struct cluster *c)
{
	bool was_refused = c->connection == REFUSED;

	if (c->told_id && !c->id)
		c->id = fc_xstrdup(c->told_id);
	/* One that went away while it was refused is away still, and tells when it is back. */
	c->connection = c->answers ? UP : DOWN;
	fault_clear(&c->error);
	c->error = c->away;
	c->away = (struct fault){ .cls = FC_ERR_NONE };
	if (was_refused) {
		hear_again(e, c);
		report_cluster(e, FC_LOG_INFO, c, "cluster is left alone no longer", NULL);
	}
	forget_what_is_past(c);
	clusters_check_synced(c);
	cluster_mark_concerned(e, c);
	e->freed = c;
}

/* At the start it is a mistake in the cluster set, found before anything was written (design section 8). */
static void give_up(struct fc_engine *e, const struct cluster *c, const struct fc_error *why)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_GIVE_UP);

	a->cluster = c->no;
	a->name = fc_xasprintf("cluster %s: %s", c->info.name, why->text);
}

static void judge(struct fc_engine *e, struct cluster *c)
{
	struct fc_error why = FC_ERROR_INIT;
	struct cluster *other;

	if (is_another(e, c, &why)) {
		refuse(e, c, &why);
		return;
	}
	other = other_of_that_id(e, c, &why);
	if (!other) {
		accept(e, c);
		return;
	}
	/* Without the master nothing is copied anywhere: it is always the member that is left alone. The master's id
	 * is known first, so that it is what the member is refused for. */
	if (c->no == e->options.master) {
		accept(e, c);
		judge(e, other);
		return;
	}
	if (e->collecting && !c->added && !other->added)
		give_up(e, c, &why);
	refuse(e, c, &why);
}

void clusters_look_again(struct fc_engine *e)
{
	for (size_t i = 0; i < e->cluster_count; i++)
		if (e->clusters[i]->connection == REFUSED)
			judge(e, e->clusters[i]);
}

static void replace_text(char **slot, const char *text)
{
	if (!text || (*slot && strcmp(*slot, text) == 0))
		return;
	free(*slot);
	*slot = fc_xstrdup(text);
}

void cluster_up(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	bool was_refused = c->connection == REFUSED;

	c->answers = true;
	fault_clear(&c->away);
	replace_text(&c->server_version, event->server_version);
	/* An id that cannot be read just now is no other one; nor does it lift what a readable one has brought. */
	replace_text(&c->told_id, event->name);
	judge(e, c);
	/* Its id may be another's now. */
	if (c->connection == REFUSED && !was_refused)
		clusters_look_again(e);
}

void cluster_down(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	c->answers = false;
	c->had_outcome = true;
	if (c->connection == REFUSED) {
		fault_set(&c->away, &event->error);
		return;
	}
	c->connection = DOWN;
	fault_set(&c->error, &event->error);
	cluster_mark_concerned(e, c);
}

/* --- what it has told --- */

void clusters_check_synced(struct cluster *c)
{
	if (c->connection != UP || c->has_synced)
		return;
	for (struct word *w = c->words; w; w = w->next)
		if ((w->for_targets || w->for_copies) && !w->answered)
			return;
	for (const struct watch *watch = c->watches; watch; watch = watch->next_in_cluster) {
		if (watch->use != WATCH_TARGETS || watch->synced)
			continue;
		if (watch->error.cls != FC_ERR_NONE)
			c->had_outcome = true;
		return;
	}
	c->has_synced = c->had_outcome = true;
}

bool cluster_is_waited_for(const struct cluster *c)
{
	return c->connection == UP || !c->had_outcome;
}

bool clusters_have_told(struct fc_engine *e)
{
	/* It is asked for with every event of a start: each cluster is looked at until it has told, and not again. */
	while (e->outcome_count < e->cluster_count && e->clusters[e->outcome_count]->had_outcome)
		e->outcome_count++;
	return e->outcome_count == e->cluster_count;
}

const char *fc_cluster_state_name(enum fc_cluster_state s)
{
	static const char *const names[] = {
		[FC_CLUSTER_CONNECTING] = "connecting",
		[FC_CLUSTER_UNREACHABLE] = "unreachable",
		[FC_CLUSTER_SYNCING] = "syncing",
		[FC_CLUSTER_SYNCED] = "synced",
	};

	return names[s];
}

void fc_engine_cluster(const struct fc_engine *e, fc_cluster_no no, struct fc_cluster_summary *out)
{
	const struct cluster *c = cluster_of(e, no);

	*out = (struct fc_cluster_summary){ .name = "", .state = FC_CLUSTER_CONNECTING, .message = "" };
	if (!c)
		return;
	out->name = c->info.name;
	out->id = c->id;
	out->server_version = c->server_version;
	out->master = c->no == e->options.master;
	out->has_synced = c->has_synced;
	out->had_outcome = c->had_outcome;
	out->spaces_known = c->namespaces_watch ? namespaces_listed(c) : c->server_version != NULL;
	out->message = c->error.text ? c->error.text : "";
	if (c->connection == CONNECTING)
		out->state = FC_CLUSTER_CONNECTING;
	else if (c->connection != UP)
		out->state = FC_CLUSTER_UNREACHABLE;
	else
		out->state = c->has_synced ? FC_CLUSTER_SYNCED : FC_CLUSTER_SYNCING;
}
