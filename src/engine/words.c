/* SPDX-License-Identifier: Apache-2.0 */
/* RESOURCE words, as one cluster understands each: what is watched for targets under them, and what becomes of it when
 * a type goes, comes back or is another one. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

/* What every use of a word needs; a target needs PATCH besides. */
#define WORD_VERBS (FC_VERB_GET | FC_VERB_LIST | FC_VERB_WATCH)

bool namespace_is_in(const struct fc_namespace_list *l, const char *namespace_)
{
	if (l->count == 0 || !namespace_)
		return true;
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->items[i], namespace_) == 0)
			return true;
	return false;
}

bool namespace_selected(const struct fc_engine *e, const char *namespace_)
{
	const struct fc_namespace_list all = { e->options.namespaces, e->options.namespace_count };

	return namespace_is_in(&all, namespace_);
}

static void ask(struct fc_engine *e, const struct word *w, enum fc_action_type type)
{
	struct fc_action *a = fc_actions_add(e->out, type);

	a->cluster = w->cluster->no;
	a->name = fc_xstrdup(w->text);
	a->verbs = WORD_VERBS;
}

struct word *cluster_word(struct fc_engine *e, struct cluster *c, const char *text)
{
	const char *interned = fc_intern_take(e->strings, text);
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
	if (c->connection != REFUSED)
		ask(e, w, FC_ACTION_RESOLVE);
	return w;
}

static void word_free(struct fc_engine *e, struct word *w)
{
	LL_DELETE(w->cluster->words, w);
	fc_intern_drop(e->strings, w->text);
	fault_clear(&w->error);
	free(w);
}

void cluster_forget_word(struct fc_engine *e, struct word *w)
{
	e->words_forgotten = true;
	if (!w->cluster->leaving)
		ask(e, w, FC_ACTION_FORGET_WORD);
	word_free(e, w);
}

void words_start(struct fc_engine *e, struct cluster *c)
{
	for (size_t k = 0; k < e->options.target_word_count; k++)
		cluster_word(e, c, e->options.target_words[k])->for_targets = true;
	copy_words_start(e, c);
}

void words_ask_again(struct fc_engine *e, struct cluster *c)
{
	for (const struct word *w = c->words; w; w = w->next)
		ask(e, w, FC_ACTION_RESOLVE);
}

void words_abandon(struct fc_engine *e, struct cluster *c)
{
	struct word *next;

	/* With its last rule the word itself may go. */
	for (struct word *w = c->words; w; w = next) {
		struct rule *r, *next_rule;

		next = w->next;
		/* As long as somebody relies on it, it stays for that one to let go of. */
		DL_FOREACH_SAFE2(w->rules, r, next_rule, next_in_word)
			rule_rebind(e, r);
	}
}

void words_free(struct fc_engine *e, struct cluster *c)
{
	while (c->words)
		word_free(e, c->words);
}

/* --- the watches of targets --- */

static bool target_watch_exists(const struct cluster *c, const struct fc_resource *r, const char *namespace_)
{
	for (const struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && w->resource == r &&
		    (!namespace_ || (w->namespace_ && strcmp(w->namespace_, namespace_) == 0)))
			return true;
	return false;
}

/* Two words may mean one resource: one watch. A cluster-scoped resource has no namespaces to be narrowed to. */
static void watch_targets(struct fc_engine *e, struct cluster *c, const struct fc_resource *r)
{
	if (e->options.namespace_count == 0 || !r->namespaced) {
		if (!target_watch_exists(c, r, NULL))
			watch_start(e, c->no, r, NULL, NULL, WATCH_TARGETS);
		return;
	}
	for (size_t i = 0; i < e->options.namespace_count; i++)
		if (!target_watch_exists(c, r, e->options.namespaces[i]))
			watch_start(e, c->no, r, e->options.namespaces[i], NULL, WATCH_TARGETS);
}

/* The word means another version or scope from now on: what was found under the old one is found again under the
 * new. */
static void unwatch_targets(struct fc_engine *e, struct word *w)
{
	struct watch *watch, *next;
	struct target *t;

	for (struct word *other = w->cluster->words; other; other = other->next)
		if (other != w && (other->for_targets || other->for_copies) && other->resource == w->resource)
			return;
	/* The targets first: with them go their sources and the watches of these, none of which may be met below. */
	FC_TABLE_FOREACH(&e->targets, at, t)
		if (t->key.cluster == w->cluster->no && t->key.resource == w->resource)
			target_free(e, t);
	DL_FOREACH_SAFE2(w->cluster->watches, watch, next, next_in_cluster)
		if (watch->use == WATCH_TARGETS && watch->resource == w->resource)
			watch_stop(e, watch);
}

static bool needs_target_watch(const struct word *w)
{
	return w->for_targets || w->for_copies || w->copy_rules || w->sites || w->memories;
}

static bool is_wanted(const struct cluster *c, const struct watch *watch)
{
	for (const struct word *w = c->words; w; w = w->next)
		if (w->resource == watch->resource && needs_target_watch(w))
			return true;
	return false;
}

/* A source's finalizer is still to be taken off, or an answer comes yet. */
static bool is_at_work(const struct watch *watch)
{
	for (const struct target *t = watch->targets; t; t = t->next_in_watch)
		if (t->phase != IDLE || (t->bearer && t->bearer->held))
			return true;
	return false;
}

/* Returns whether its cluster has told all by that: what was awaited may have been this list alone. */
static bool stop_with_targets(struct fc_engine *e, struct watch *watch)
{
	struct cluster *c = cluster_of(e, watch->cluster);
	bool had_outcome = c->had_outcome;
	struct target *t, *next;

	DL_FOREACH_SAFE2(watch->targets, t, next, next_in_watch)
		target_free(e, t);
	watch_stop(e, watch);
	clusters_check_synced(c);
	if (had_outcome || !c->had_outcome)
		return false;
	copy_cluster_told(e, c);
	return true;
}

bool words_settle(struct fc_engine *e)
{
	struct watch *watch, *next;
	bool left = false, told = false;

	for (size_t i = 0; e->words_forgotten && i < e->cluster_count; i++)
		DL_FOREACH_SAFE2(e->clusters[i]->watches, watch, next, next_in_cluster) {
			if (watch->use != WATCH_TARGETS || is_wanted(e->clusters[i], watch))
				continue;
			if (is_at_work(watch))
				left = true;
			else
				told = stop_with_targets(e, watch) || told;
		}
	e->words_forgotten = left;
	return told;
}

/* --- types that go and come back --- */

static void mark_rules(struct fc_engine *e, const struct word *w)
{
	copy_word_mark(e, w);
	for (struct rule *r = w->rules; r; r = r->next_in_word)
		target_mark(e, r->target);
}

static void set_has_status(struct fc_engine *e, const struct cluster *c, const struct fc_resource *r, bool has_status)
{
	for (struct watch *w = c->watches; w; w = w->next_in_cluster)
		if (w->use == WATCH_TARGETS && w->resource == r)
			targets_have_status(e, w, has_status);
}

static void set_unserved(struct fc_engine *e, const struct cluster *c, const struct fc_resource *r, bool unserved)
{
	for (struct watch *w = c->watches; w; w = w->next_in_cluster) {
		if (w->use != WATCH_TARGETS || w->resource != r || w->unserved == unserved)
			continue;
		w->unserved = unserved;
		for (struct target *t = w->targets; t; t = t->next_in_watch) {
			retry_type_is_back(t);
			target_mark(e, t);
		}
		copy_watch_told(e, w);
	}
}

/* Its objects are unknown now, not deleted (kube-client 3.16): the watches go on trying, and what is known stays. */
static void type_is_gone(struct fc_engine *e, struct cluster *c, struct word *w)
{
	if (w->for_targets || w->for_copies)
		set_unserved(e, c, w->resource, true);
	mark_rules(e, w);
}

void type_is_served(struct fc_engine *e, struct cluster *c, const struct fc_resource *r)
{
	for (struct word *w = c->words; w; w = w->next) {
		if (w->resource != r || !fault_is_of_type(&w->error))
			continue;
		fault_clear(&w->error);
		for (struct rule *rule = w->rules; rule; rule = rule->next_in_word)
			if (rule->source && fault_is_of_type(&setback_or_none(rule->source->setback)->error))
				source_waits_no_more(rule->source);
		mark_rules(e, w);
	}
	set_unserved(e, c, r, false);
}

/* --- answers --- */

static void report_unknown_word(struct fc_engine *e, const struct cluster *c, const struct word *w,
				const struct fc_error *why)
{
	char *detail = fc_xasprintf("%s: %s", w->text, why->text);

	report_cluster(e, FC_LOG_WARN, c, "target resource is not known here yet, it is looked up again", detail);
	free(detail);
}

/* A finalizer waits for the first answer. */
static void answered(struct fc_engine *e, struct word *w)
{
	if (!w->answered && (w->for_copies || w->copy_rules || w->sites || w->memories))
		bearers_mark_ending(e);
	if (!w->answered)
		holds_word_told(e, w);
	w->answered = true;
}

static void unresolved(struct fc_engine *e, struct cluster *c, struct word *w, const struct fc_error *why)
{
	if (!w->answered && w->for_targets)
		report_unknown_word(e, c, w, why);
	answered(e, w);
	fault_set(&w->error, why);
	if (!w->resource)
		mark_rules(e, w);
	else if (fault_is_of_type(&w->error))
		type_is_gone(e, c, w);
	clusters_check_synced(c);
}

static void rebind_rules(struct fc_engine *e, struct word *w)
{
	struct rule *r, *next;

	DL_FOREACH_SAFE2(w->rules, r, next, next_in_word) {
		rule_bind(e, r);
		target_mark(e, r->target);
	}
	copy_rules_of_word_changed(e, w);
}

static void resolved(struct fc_engine *e, struct cluster *c, struct word *w, const struct fc_resource *r)
{
	bool patchable = r->verbs & FC_VERB_PATCH, news = !w->answered || w->patchable != patchable;
	const struct fc_resource *type = resource_take(e, r);

	answered(e, w);
	w->patchable = patchable;
	if (w->resource == type) {
		type_is_served(e, c, type);
	} else {
		if ((w->for_targets || w->for_copies || w->sites) && w->resource)
			unwatch_targets(e, w);
		w->resource = type;
		news = true;
	}
	fault_clear(&w->error);
	/* First, since it may be watched for more than rules of paths. */
	if (w->for_copies)
		copy_word_resolved(e, w);
	/* What is watched goes on being watched: its rules say why nothing is written. */
	if (w->for_targets && !patchable && news)
		report_cluster(e, FC_LOG_WARN, c, "target resource cannot be patched, its rules are not read", w->text);
	else if (w->for_targets && patchable)
		watch_targets(e, c, type);
	set_has_status(e, c, type, r->has_status);
	rebind_rules(e, w);
	clusters_check_synced(c);
}

void cluster_resolved(struct fc_engine *e, struct cluster *c, const struct fc_event *event)
{
	struct word *w;

	if (c->connection == REFUSED)
		return;
	for (w = c->words; w && strcmp(w->text, event->name) != 0; w = w->next)
		;
	if (!w)
		return;
	if (event->resource)
		resolved(e, c, w, event->resource);
	else
		unresolved(e, c, w, &event->error);
}
