/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters as the engine sees them: reachable or not, what their RESOURCE words mean, and the watches of what may
 * carry rules. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"

/* What every use of a word needs; a target needs PATCH besides. */
#define WORD_VERBS (FC_VERB_GET | FC_VERB_LIST | FC_VERB_WATCH)

struct cluster *cluster_by_name(struct fc_engine *e, const char *name)
{
	for (size_t i = 0; i < e->options.cluster_count; i++)
		if (strcmp(e->clusters[i].info->name, name) == 0)
			return &e->clusters[i];
	return NULL;
}

bool namespace_selected(const struct fc_engine *e, const char *namespace_)
{
	if (e->options.namespace_count == 0 || !namespace_)
		return true;
	for (size_t i = 0; i < e->options.namespace_count; i++)
		if (strcmp(e->options.namespaces[i], namespace_) == 0)
			return true;
	return false;
}

struct word *cluster_word(struct fc_engine *e, struct cluster *c, const char *text)
{
	const char *interned = fc_intern_take(e->strings, text);
	struct fc_action *a;
	struct word *w;

	for (w = c->words; w; w = w->next) {
		if (w->text == interned) {
			fc_intern_drop(e->strings, interned);
			return w;
		}
	}
	w = fc_xcalloc(1, sizeof(*w));
	w->cluster = c;
	w->text = interned;
	w->next = c->words;
	c->words = w;
	a = fc_actions_add(e->out, FC_ACTION_RESOLVE);
	a->cluster = c->no;
	a->name = fc_xstrdup(text);
	a->verbs = WORD_VERBS;
	return w;
}

void cluster_forget_word(struct fc_engine *e, struct word *w)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_FORGET_WORD);

	a->cluster = w->cluster->no;
	a->name = fc_xstrdup(w->text);
	a->verbs = WORD_VERBS;
	LL_DELETE(w->cluster->words, w);
	fc_intern_drop(e->strings, w->text);
	fault_clear(&w->error);
	free(w);
}

void clusters_start(struct fc_engine *e)
{
	for (size_t i = 0; i < e->options.cluster_count; i++)
		for (size_t k = 0; k < e->options.target_word_count; k++)
			cluster_word(e, &e->clusters[i], e->options.target_words[k])->for_targets = true;
}

static bool target_watch_exists(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
				const char *namespace_)
{
	struct watch *w, *next;

	HASH_ITER(hh, e->watches, w, next)
		if (w->of_targets && w->cluster == cluster && w->resource == r &&
		    (!namespace_ || (w->namespace_ && strcmp(w->namespace_, namespace_) == 0)))
			return true;
	return false;
}

/* Two words may mean one resource: one watch. A cluster-scoped resource has no namespaces to be narrowed to. */
static void watch_targets(struct fc_engine *e, struct cluster *c, const struct fc_resource *r)
{
	if (e->options.namespace_count == 0 || !r->namespaced) {
		if (!target_watch_exists(e, c->no, r, NULL))
			watch_start(e, c->no, r, NULL, NULL, true);
		return;
	}
	for (size_t i = 0; i < e->options.namespace_count; i++)
		if (!target_watch_exists(e, c->no, r, e->options.namespaces[i]))
			watch_start(e, c->no, r, e->options.namespaces[i], NULL, true);
}

/* The word means another version from now on: what was found under the old one is found again under the new. */
static void unwatch_targets(struct fc_engine *e, struct word *w)
{
	struct watch *watch, *next;
	struct target *t, *next_target;

	for (struct word *other = w->cluster->words; other; other = other->next)
		if (other != w && other->for_targets && other->resource == w->resource)
			return;
	/* The targets first: with them go their sources and the watches of these, none of which may be met below. */
	HASH_ITER(hh, e->targets, t, next_target)
		if (t->key.cluster == w->cluster->no && t->key.resource == w->resource)
			target_free(e, t);
	HASH_ITER(hh, e->watches, watch, next) {
		if (!watch->of_targets || watch->cluster != w->cluster->no || watch->resource != w->resource)
			continue;
		watch_stop(e, watch);
	}
}

static void rebind_rules(struct fc_engine *e, struct word *w)
{
	struct rule *r, *next;

	DL_FOREACH_SAFE2(w->rules, r, next, next_in_word) {
		rule_bind(e, r);
		target_mark(e, r->target);
	}
}

/* A type that is gone keeps its last meaning: its watch says that it is gone, and hears when it is back. One that has
 * only changed its verbs or subresources is the same type, unless it can be patched only now. */
static bool means_the_same(const struct word *w, const struct fc_resource *r)
{
	if (!r)
		return true;
	if (!w->resource || !fc_resource_same(r, w->resource))
		return false;
	return !w->for_targets || (w->resource->verbs & FC_VERB_PATCH) || !(r->verbs & FC_VERB_PATCH);
}

static void report_unknown_word(struct fc_engine *e, const struct cluster *c, const struct word *w,
				const struct fc_error *why)
{
	char *detail = fc_xasprintf("%s: %s", w->text, why->text);

	report_cluster(e, FC_LOG_WARN, c, "target resource is not known here yet, it is looked up again", detail);
	free(detail);
}

void cluster_resolved(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	const struct fc_resource *r = event->resource ? resource_take(e, event->resource) : NULL;
	struct word *w;

	for (w = c->words; w && strcmp(w->text, event->name) != 0; w = w->next)
		;
	if (!w)
		return;
	if (!w->answered && !r && w->for_targets)
		report_unknown_word(e, c, w, &event->error);
	w->answered = true;
	fault_set(&w->error, &event->error);
	if (means_the_same(w, r)) {
		clusters_check_synced(e, c);
		if (!w->resource)
			rebind_rules(e, w);
		return;
	}
	if (w->for_targets && w->resource)
		unwatch_targets(e, w);
	w->resource = r;
	if (w->for_targets && !(r->verbs & FC_VERB_PATCH))
		report_cluster(e, FC_LOG_WARN, c, "target resource cannot be patched, its rules are not read", w->text);
	else if (w->for_targets)
		watch_targets(e, c, r);
	rebind_rules(e, w);
	clusters_check_synced(e, c);
}

/* Decides again about every target that lies on the cluster or reads from it. */
static void mark_concerned(struct fc_engine *e, struct cluster *c)
{
	struct target *t, *next;

	HASH_ITER(hh, e->targets, t, next) {
		bool concerned = t->key.cluster == c->no;

		for (struct rule *r = t->rules; r && !concerned; r = r->next)
			concerned = r->word && r->word->cluster == c;
		if (concerned)
			target_mark(e, t);
	}
}

/* Two names for one cluster would be two writers of every target there: the one that came later is left alone. */
static bool is_known_by_another_name(struct fc_engine *e, struct cluster *c, const char *id)
{
	struct fc_error why = FC_ERROR_INIT;

	for (size_t i = 0; id && i < e->options.cluster_count; i++) {
		struct cluster *other = &e->clusters[i];

		if (other == c || !other->id || strcmp(other->id, id) != 0 || other->connection == REFUSED)
			continue;
		fc_error_set(&why, FC_ERR_CONFIG,
			     "it is the same cluster as %s: take one of the two out of the cluster set",
			     other->info->name);
		fault_set(&c->error, &why);
		return true;
	}
	return false;
}

/* At the start it is a mistake in the cluster set, found before anything was written (design section 8). */
static void give_up(struct fc_engine *e, const struct cluster *c)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_GIVE_UP);

	a->cluster = c->no;
	a->name = fc_xasprintf("cluster %s: %s", c->info->name, c->error.text);
}

/* What failed because the cluster was away need not wait any longer. */
static void forgive_network_failures(struct fc_engine *e, struct cluster *c)
{
	struct target *t, *next;
	struct source *s, *next_source;

	HASH_ITER(hh, e->targets, t, next)
		if (t->key.cluster == c->no && (t->error.cls == FC_ERR_NETWORK || t->error.cls == FC_ERR_TIMEOUT))
			retry_succeeded(t);
	HASH_ITER(hh, e->sources, s, next_source)
		if (s->key.cluster == c->no)
			s->not_before_ms = 0;
}

void cluster_up(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	c->had_outcome = c->had_outcome || c->connection == REFUSED;
	if (is_known_by_another_name(e, c, event->name)) {
		if (e->collecting)
			give_up(e, c);
		c->connection = REFUSED;
		c->had_outcome = true;
		report_cluster(e, FC_LOG_ERROR, c, "cluster is left alone", c->error.text);
		mark_concerned(e, c);
		return;
	}
	if (event->name && (!c->id || strcmp(c->id, event->name) != 0)) {
		free(c->id);
		c->id = fc_xstrdup(event->name);
	}
	c->connection = UP;
	fault_clear(&c->error);
	forgive_network_failures(e, c);
	clusters_check_synced(e, c);
	mark_concerned(e, c);
	e->freed = c;
}

void cluster_down(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	if (c->connection != REFUSED) {
		c->connection = DOWN;
		fault_set(&c->error, &event->error);
	}
	c->had_outcome = true;
	mark_concerned(e, c);
}

void clusters_check_synced(struct fc_engine *e, struct cluster *c)
{
	struct watch *watch, *next;

	if (c->connection != UP || c->has_synced)
		return;
	for (struct word *w = c->words; w; w = w->next)
		if (w->for_targets && !w->answered)
			return;
	HASH_ITER(hh, e->watches, watch, next) {
		if (watch->cluster != c->no || !watch->of_targets || watch->synced)
			continue;
		if (watch->error.cls != FC_ERR_NONE)
			c->had_outcome = true;
		return;
	}
	c->has_synced = c->had_outcome = true;
}

bool clusters_have_told(const struct fc_engine *e)
{
	for (size_t i = 0; i < e->options.cluster_count; i++)
		if (!e->clusters[i].had_outcome)
			return false;
	return true;
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

bool fc_engine_next_cluster(const struct fc_engine *e, fc_cluster_no *no)
{
	*no = *no == FC_NO_CLUSTER ? 0 : *no + 1;
	return *no < e->options.cluster_count;
}

void fc_engine_cluster(const struct fc_engine *e, fc_cluster_no no, struct fc_cluster_summary *out)
{
	const struct cluster *c = &e->clusters[no];

	out->name = c->info->name;
	out->master = c->info->master;
	out->has_synced = c->has_synced;
	out->had_outcome = c->had_outcome;
	out->message = c->error.text ? c->error.text : "";
	if (c->connection == CONNECTING)
		out->state = FC_CLUSTER_CONNECTING;
	else if (c->connection != UP)
		out->state = FC_CLUSTER_UNREACHABLE;
	else
		out->state = c->has_synced ? FC_CLUSTER_SYNCED : FC_CLUSTER_SYNCING;
}
