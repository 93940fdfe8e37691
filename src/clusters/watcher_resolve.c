/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_words.h"

#include <string.h>

/* More than any cluster serves; whoever may annotate could invent more than memory holds. */
#define MAX_WORDS 1000
/* For so long a type that was served must be missing, unless its CRD was seen to go: an API server that has just
 * started, or that takes over a changed CRD, leaves types out of its discovery for about a second. */
#define MISSED_MS 1500

bool fc_watcher_word_wants(const struct fc_watcher_word *word)
{
	return !word->resource || word->doubted;
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

/* Takes over `resource`, NULL: none. */
static void settle(struct fc_watcher_word *word, struct fc_resource *resource)
{
	/* The generation is of the CRD of the old one. */
	if (!resource || !word->resource || !fc_resource_same(word->resource, resource))
		word->generation = 0;
	fc_resource_unref(word->resource);
	word->resource = resource;
	word->doubted = word->everywhere = false;
	word->missed_ms = 0;
}

static void resolved(struct fc_watcher *w, struct fc_watcher_word *word, struct fc_resource *resource)
{
	bool changed = !word->answered || !word->resource || !same_answer(word->resource, resource);

	settle(word, resource);
	if (changed) {
		/* What was looked for is found. */
		word->stirred = word->removed = false;
		answer(w, word, NULL);
	}
	/* It was away only for a moment, or is about to go: its watches find out. */
	fc_watcher_watch_retry_gone(w, resource);
}

static void unresolved(struct fc_watcher *w, struct fc_watcher_word *word, const struct fc_error *why)
{
	bool lost = word->resource, changed = !word->answered || lost || word->cls != why->cls;

	settle(word, NULL);
	word->removed = false;
	if (lost)
		fc_watcher_discover_afresh(w);
	if (changed)
		answer(w, word, why);
}

/* Groups were left out that the word may mean as well. */
static bool is_told_in_part(const struct fc_watcher *w, const struct fc_watcher_word *word)
{
	return w->words.partial && !fc_resource_word_names_group(word->text);
}

/* Its resource is not in the table. Only what is missing for good, and from every group, is not served. */
static bool is_lost(struct fc_watcher *w, struct fc_watcher_word *word)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (!word->missed_ms)
		word->missed_ms = now_ms;
	if (is_told_in_part(w, word))
		word->everywhere = true;
	else if (word->removed || now_ms - word->missed_ms >= MISSED_MS)
		return true;
	word->doubted = true;
	if (!word->stirred)
		fc_watcher_discover_soon(w, word, NULL);
	return false;
}

/* Does the table tell more than that the word stays what it is? */
static bool tells(struct fc_watcher *w, struct fc_watcher_word *word, enum fc_resolved found,
		  const struct fc_resource *resource)
{
	bool part = is_told_in_part(w, word);

	if (!word->resource)
		return found == FC_RESOLVED || !part;
	/* One broken group-version takes nothing away from what was known (kube-client 3.6). */
	if (found == FC_RESOLVED_UNKNOWN) {
		word->missed_ms = 0;
		word->everywhere = false;
		return false;
	}
	if (found == FC_RESOLVED && !(part && strcmp(resource->group, word->resource->group) != 0))
		return true;
	return is_lost(w, word);
}

static void say_why(const struct fc_watcher *w, const struct fc_watcher_word *word, enum fc_resolved found,
		    struct fc_error *why)
{
	if (found == FC_RESOLVED_NOT_SERVED)
		fc_error_set(why, FC_ERR_NOT_SERVED, "cluster %s serves no resource %s", w->name, word->text);
	else if (found == FC_RESOLVED_LACKS_VERBS)
		fc_error_set(why, FC_ERR_NOT_SERVED, "what cluster %s serves as %s lacks a verb that is needed",
			     w->name, word->text);
	else
		fc_error_set(why, FC_ERR_SERVER,
			     "cluster %s could not tell all that it serves; %s may be among the rest", w->name,
			     word->text);
}

static bool is_rivalled(const struct fc_watcher_words *words, const char *text)
{
	for (size_t i = 0; i < words->rivalled_count; i++)
		if (strcmp(words->rivalled[i], text) == 0)
			return true;
	return false;
}

/* Once for a word, also when rules that use it come and go (kube-client 3.11). */
static void warn_of_rivals(struct fc_watcher *w, const struct fc_watcher_word *word,
			   const struct fc_resource_table *table)
{
	struct fc_watcher_words *words = &w->words;

	if (words->rivalled_count >= MAX_WORDS || is_rivalled(words, word->text))
		return;
	FC_AUTO_FREE char *rivals = fc_resource_rivals(table, word->text, word->verbs);
	if (!rivals)
		return;
	FC_GROW(words->rivalled, words->rivalled_count, words->rivalled_cap);
	words->rivalled[words->rivalled_count++] = fc_xstrdup(word->text);
	FC_AUTO_FREE char *name = fc_resource_name(word->resource);
	fc_log(FC_LOG_WARN, "a resource word means several resources; write name.group for the one that is meant",
	       FC_KV("cluster", w->name), FC_KV("word", word->text), FC_KV("taken", name), FC_KV("candidates", rivals));
}

static void look_up(struct fc_watcher *w, struct fc_watcher_word *word, const struct fc_resource_table *table)
{
	struct fc_resource *resource = NULL;
	struct fc_error why = FC_ERROR_INIT;
	enum fc_resolved found =
		word->resource ? fc_resource_resolve_again(table, word->text, word->verbs, word->resource, &resource)
			       : fc_resource_resolve(table, word->text, word->verbs, &resource);

	word->unread = found == FC_RESOLVED_UNKNOWN;
	if (!tells(w, word, found, resource)) {
		fc_resource_unref(resource);
	} else if (found == FC_RESOLVED) {
		resolved(w, word, resource);
		warn_of_rivals(w, word, table);
	} else {
		say_why(w, word, found, &why);
		unresolved(w, word, &why);
	}
}

void fc_watcher_words_look_up(struct fc_watcher *w, const struct fc_resource_table *table)
{
	FC_WATCHER_EACH_WORD(w, word)
	if (word->sought || !w->words.partial)
		look_up(w, word, table);
}

void fc_watcher_words_failed(struct fc_watcher *w, const struct fc_error *err)
{
	struct fc_error why = *err;

	fc_error_wrap(&why, "what cluster %s serves", w->name);
	FC_WATCHER_EACH_WORD(w, word)
	if (!word->resource)
		unresolved(w, word, &why);
}

static struct fc_watcher_word *find(const struct fc_watcher *w, const char *text, unsigned verbs)
{
	FC_WATCHER_EACH_WORD(w, word)
	if (word->verbs == verbs && strcmp(word->text, text) == 0)
		return word;
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
	fc_watcher_discover_afresh(w);
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

void fc_watcher_resolve(struct fc_watcher *w, const struct fc_action *action)
{
	struct fc_watcher_word *word = find(w, action->name, action->verbs);
	bool known = word;

	if (!known && w->words.count >= MAX_WORDS) {
		refuse(w, action);
		return;
	}
	if (!known)
		word = subscribe(w, action->name, action->verbs);
	word->request = action->request;
	if (known && word->resource) {
		answer(w, word, NULL);
		return;
	}
	/* Asked again, it is told again. */
	word->answered = false;
	fc_watcher_discover_new(w);
}

void fc_watcher_resolve_forget(struct fc_watcher *w, const struct fc_action *action)
{
	for (struct fc_watcher_word **at = &w->words.first; *at; at = &(*at)->next) {
		if ((*at)->verbs == action->verbs && strcmp((*at)->text, action->name) == 0) {
			unsubscribe(w, at);
			break;
		}
	}
	fc_watcher_discover_less(w);
	fc_watcher_types_adjust(w);
}

void fc_watcher_resolve_up(struct fc_watcher *w, bool after_outage)
{
	fc_watcher_discover_up(w, after_outage);
	if (after_outage)
		fc_watcher_types_up(w);
}

void fc_watcher_resolve_doubt(struct fc_watcher *w, const struct fc_resource *resource)
{
	FC_WATCHER_EACH_WORD(w, word)
	{
		if (!word->resource || !fc_resource_same(word->resource, resource))
			continue;
		word->doubted = true;
		fc_watcher_discover_soon(w, word, NULL);
	}
	fc_watcher_types_adjust(w);
}

void fc_watcher_resolve_rest(struct fc_watcher *w)
{
	fc_watcher_types_stop(w);
	fc_discovery_cancel(fc_steal(&w->words.discovery));
}

void fc_watcher_resolve_stop(struct fc_watcher *w)
{
	struct fc_watcher_words *words = &w->words;

	fc_watcher_types_stop(w);
	fc_watcher_discover_stop(w);
	while (words->first)
		unsubscribe(w, &words->first);
	for (size_t i = 0; i < words->rivalled_count; i++)
		free(words->rivalled[i]);
	free(words->rivalled);
	words->rivalled = NULL;
	words->rivalled_count = words->rivalled_cap = 0;
}
