/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"

#include <inttypes.h>
#include <string.h>

/* A word that nothing served matches is looked for again after 30 to 60 s (systems/k8s-copier.md, D11), and ever more
 * seldom up to 5 to 10 min: what most wait for is a CRD that somebody is about to install, or never will. The jitter
 * also keeps a thousand clusters that came up together apart. */
#define RETRY_BASE_MS 30000
#define RETRY_CAP_MS 300000
/* ... and this soon when not even /api could be read. */
#define RETRY_FAILED_BASE_MS 5000
#define RETRY_FAILED_CAP_MS 60000
/* A word that was never looked for is looked for at once; but whoever may annotate can invent words, and each costs the
 * server a request per group-version: many in a row are looked for together, ever more seldom (kube-client 3.13 has 10
 * s). */
#define PACE_BASE_MS 500
#define PACE_CAP_MS 10000
/* More than any cluster serves; whoever may annotate could invent more than memory holds. */
#define MAX_WORDS 1000

struct fc_watcher_word {
	char *text;
	unsigned verbs;
	uint64_t request; /* of the last action that asked */
	bool answered;
	bool doubted;		      /* resolved, but its type answered 404 since */
	bool sought;		      /* by the discovery under way */
	struct fc_resource *resource; /* the last answer; NULL: not resolved */
	enum fc_error_class cls;      /* why not */
	struct fc_watcher_word *next;
};

static void discover(void *user);
static void plan_for_new_word(struct fc_watcher *w);

/* When nothing is served any more under a known word, another version may be (kube-client 3.17). */
static bool wants(const struct fc_watcher_word *word)
{
	return !word->resource || word->doubted;
}

static bool wants_discovery(const struct fc_watcher *w)
{
	for (const struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		if (wants(word))
			return true;
	}
	return false;
}

/* Discovery in `delay_ms`, or sooner if it is planned sooner. */
static void plan(struct fc_watcher *w, int64_t delay_ms)
{
	struct fc_watcher_words *words = &w->words;
	int64_t due_ms = fc_clock_mono_ms() + delay_ms;

	if (words->discovery || w->connection.state != FC_WATCHER_UP || (words->timer && words->due_ms <= due_ms))
		return;
	fc_loop_timer_cancel(w->loop, &words->timer);
	words->due_ms = due_ms;
	words->timer = fc_loop_timer(w->loop, delay_ms, discover, w);
}

static void answer(struct fc_watcher *w, struct fc_watcher_word *word, const struct fc_error *why)
{
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_RESOLVED);

	word->answered = true;
	word->cls = why ? why->cls : FC_ERR_NONE;
	event->request = word->request;
	event->name = fc_xstrdup(word->text);
	if (word->resource)
		event->resource = fc_resource_ref(word->resource);
	else if (why)
		event->error = *why;
	fc_watcher_emit(w, event);
}

static bool same_answer(const struct fc_resource *a, const struct fc_resource *b)
{
	return fc_resource_same(a, b) && a->namespaced == b->namespaced && a->verbs == b->verbs &&
	       a->has_status == b->has_status;
}

static void resolved(struct fc_watcher *w, struct fc_watcher_word *word, struct fc_resource *resource)
{
	bool changed = !word->answered || !word->resource || !same_answer(word->resource, resource);

	fc_resource_unref(word->resource);
	word->resource = resource;
	word->doubted = false;
	if (changed)
		answer(w, word, NULL);
}

static void unresolved(struct fc_watcher *w, struct fc_watcher_word *word, const struct fc_error *why)
{
	bool changed = !word->answered || word->resource || word->cls != why->cls;

	fc_resource_unref(word->resource);
	word->resource = NULL;
	word->doubted = false;
	if (changed)
		answer(w, word, why);
}

static void look_up(struct fc_watcher *w, struct fc_watcher_word *word, const struct fc_resource_table *table)
{
	struct fc_resource *resource = NULL;
	struct fc_error why = FC_ERROR_INIT;

	switch (fc_resource_resolve(table, word->text, word->verbs, &resource)) {
	case FC_RESOLVED:
		resolved(w, word, resource);
		return;
	case FC_RESOLVED_NOT_SERVED:
		fc_error_set(&why, FC_ERR_NOT_SERVED, "cluster %s serves no resource %s", w->name, word->text);
		break;
	case FC_RESOLVED_LACKS_VERBS:
		fc_error_set(&why, FC_ERR_NOT_SERVED, "what cluster %s serves as %s lacks a verb that is needed",
			     w->name, word->text);
		break;
	case FC_RESOLVED_UNKNOWN:
		/* One broken group-version takes nothing away from what was known (kube-client 3.6). */
		if (word->resource)
			return;
		fc_error_set(&why, FC_ERR_SERVER,
			     "cluster %s could not tell all that it serves; %s may be among the rest", w->name,
			     word->text);
		break;
	}
	unresolved(w, word, &why);
}

static void discovery_failed(struct fc_watcher *w, const struct fc_error *err)
{
	struct fc_error why = *err;

	fc_error_wrap(&why, "what cluster %s serves", w->name);
	for (struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		if (!word->resource)
			unresolved(w, word, &why);
	}
}

/* A partial table tells nothing of words that it was not read for. */
static void look_up_all(struct fc_watcher *w, const struct fc_resource_table *table)
{
	for (struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		if (word->sought || !w->words.partial)
			look_up(w, word, table);
	}
}

static bool waits_for_first_answer(const struct fc_watcher *w)
{
	for (const struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		if (!word->answered)
			return true;
	}
	return false;
}

static void discovered(void *user, struct fc_resource_table *table, const struct fc_error *err)
{
	struct fc_watcher *w = user;
	struct fc_watcher_words *words = &w->words;

	words->discovery = NULL;
	if (table)
		look_up_all(w, table);
	else
		discovery_failed(w, err);
	/* A cluster's types are several hundred KiB and are needed again only when a new word comes. */
	fc_resource_table_free(table);
	if (waits_for_first_answer(w))
		plan_for_new_word(w); /* it came while others were looked for */
	if (wants_discovery(w))
		plan(w, fc_backoff_next(table ? &words->retry : &words->retry_failed, &w->random, fc_clock_mono_ms()));
}

/* What stands behind the first dot is a group, or a version and a group; "pods." means any group. */
static bool names_group(const char *text)
{
	const char *dot = strchr(text, '.');

	return dot && dot[1];
}

/* Whether `group` is what the word may mean by its group: "widgets.v1.example.com" is read in two ways. */
static bool is_sought_group(void *user, const char *group)
{
	const struct fc_watcher *w = user;
	size_t len = strlen(group);

	for (const struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		size_t text_len = strlen(word->text);
		if (word->sought && text_len > len && word->text[text_len - len - 1] == '.' &&
		    strcmp(word->text + text_len - len, group) == 0)
			return true;
	}
	return false;
}

static void discover(void *user)
{
	struct fc_watcher *w = user;
	struct fc_watcher_words *words = &w->words;

	words->timer = NULL;
	/* Else when it is up again. */
	if (w->connection.state != FC_WATCHER_UP)
		return;
	words->partial = true;
	for (struct fc_watcher_word *word = words->first; word; word = word->next) {
		word->sought = wants(word);
		if (word->sought && !names_group(word->text))
			words->partial = false;
	}
	words->discovery =
		fc_discovery_start_some(w->transport, words->partial ? is_sought_group : NULL, discovered, w);
}

static struct fc_watcher_word *find(const struct fc_watcher *w, const char *text, unsigned verbs)
{
	for (struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		if (word->verbs == verbs && strcmp(word->text, text) == 0)
			return word;
	}
	return NULL;
}

static struct fc_watcher_word *subscribe(struct fc_watcher *w, const char *text, unsigned verbs)
{
	struct fc_watcher_word *word = fc_xcalloc(1, sizeof(*word));

	word->text = fc_xstrdup(text);
	word->verbs = verbs;
	word->next = w->words.first;
	w->words.first = word;
	w->words.count++;
	/* Whoever asks for one kind may be about to install more. */
	fc_backoff_reset(&w->words.retry);
	return word;
}

static void unsubscribe(struct fc_watcher *w, struct fc_watcher_word **at)
{
	struct fc_watcher_word *word = *at;

	*at = word->next;
	w->words.count--;
	fc_resource_unref(word->resource);
	free(word->text);
	free(word);
}

static void refuse(struct fc_watcher *w, const struct fc_action *action)
{
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_RESOLVED);

	event->request = action->request;
	event->name = fc_xstrdup(action->name);
	fc_error_set(&event->error, FC_ERR_LIMIT,
		     "%d resources are asked for in cluster %s already; %s is not looked for", MAX_WORDS, w->name,
		     action->name);
	if (!w->words.full_told)
		fc_log(FC_LOG_WARN, "too many different resources are asked for; further ones are not looked for",
		       FC_KV("cluster", w->name), FC_KN("limit", MAX_WORDS));
	w->words.full_told = true;
	fc_watcher_emit(w, event);
}

/* Not when the words are made: a watcher's is zeroed. */
static void init_backoffs(struct fc_watcher_words *words)
{
	if (words->pace.base_ms)
		return;
	words->pace = FC_BACKOFF_INIT(PACE_BASE_MS, PACE_CAP_MS);
	words->retry = FC_BACKOFF_INIT(RETRY_BASE_MS, RETRY_CAP_MS);
	words->retry_failed = FC_BACKOFF_INIT(RETRY_FAILED_BASE_MS, RETRY_FAILED_CAP_MS);
}

/* At once, unless words came one after the other. */
static void plan_for_new_word(struct fc_watcher *w)
{
	struct fc_watcher_words *words = &w->words;
	int64_t now_ms = fc_clock_mono_ms();

	/* One that runs or is due answers for this word too. */
	if (words->discovery || w->connection.state != FC_WATCHER_UP || (words->timer && words->due_ms <= now_ms))
		return;
	if (now_ms < words->earliest_ms) {
		plan(w, words->earliest_ms - now_ms);
		return;
	}
	words->earliest_ms = now_ms + fc_backoff_next(&words->pace, &w->random, now_ms);
	plan(w, 0);
}

void fc_watcher_resolve(struct fc_watcher *w, const struct fc_action *action)
{
	struct fc_watcher_word *word = find(w, action->name, action->verbs);
	bool known = word;

	if (!known && w->words.count >= MAX_WORDS) {
		refuse(w, action);
		return;
	}
	init_backoffs(&w->words);
	if (!known)
		word = subscribe(w, action->name, action->verbs);
	word->request = action->request;
	if (known && word->resource) {
		answer(w, word, NULL);
		return;
	}
	/* Asked again, it is told again. */
	word->answered = false;
	plan_for_new_word(w);
}

void fc_watcher_resolve_forget(struct fc_watcher *w, const struct fc_action *action)
{
	for (struct fc_watcher_word **at = &w->words.first; *at; at = &(*at)->next) {
		if ((*at)->verbs == action->verbs && strcmp((*at)->text, action->name) == 0) {
			unsubscribe(w, at);
			break;
		}
	}
	if (!wants_discovery(w))
		fc_loop_timer_cancel(w->loop, &w->words.timer);
}

void fc_watcher_resolve_up(struct fc_watcher *w, bool after_outage)
{
	if (!wants_discovery(w))
		return;
	if (!after_outage) {
		plan_for_new_word(w);
		return;
	}
	fc_backoff_reset(&w->words.retry);
	fc_backoff_reset(&w->words.retry_failed);
	plan(w, 0);
}

void fc_watcher_resolve_doubt(struct fc_watcher *w, const struct fc_resource *resource)
{
	for (struct fc_watcher_word *word = w->words.first; word; word = word->next) {
		if (word->resource && fc_resource_same(word->resource, resource))
			word->doubted = true;
	}
	if (!wants_discovery(w))
		return;
	fc_backoff_reset(&w->words.retry);
	plan(w, fc_backoff_next(&w->words.retry, &w->random, fc_clock_mono_ms()));
}

void fc_watcher_resolve_stop(struct fc_watcher *w)
{
	fc_discovery_cancel(w->words.discovery);
	w->words.discovery = NULL;
	fc_loop_timer_cancel(w->loop, &w->words.timer);
	while (w->words.first)
		unsubscribe(w, &w->words.first);
}
