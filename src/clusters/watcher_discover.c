/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mem.h"
#include "clusters/watcher_words.h"

#include <string.h>

/* A word that nothing served matches is looked for again after 30 to 60 s (systems/k8s-copier.md, D11), and ever more
 * seldom up to 5 to 10 min: what most wait for is a CRD that somebody is about to install, or never will, and where
 * CRDs may be read it is found by these. The jitter also keeps a thousand clusters that came up together apart. */
#define RETRY_BASE_MS 30000
#define RETRY_CAP_MS 300000
/* ... and this soon when not even /api could be read. */
#define RETRY_FAILED_BASE_MS 5000
#define RETRY_FAILED_CAP_MS 60000
/* ... and this soon when it may be in a group that could not be read (kube-client 3.14): most such are back in a
 * moment, while one whose server is gone for good must not be asked for all the time. */
#define RETRY_UNREAD_BASE_MS 1000
/* A word that was never looked for is looked for at once; but whoever may annotate can invent words, and each costs the
 * server a request per group-version: many in a row are looked for together, ever more seldom (kube-client 3.13 has 10
 * s). */
#define PACE_BASE_MS 500
#define PACE_CAP_MS 10000
/* Two controllers that undo each other's changes of a CRD must not make a storm: so many looks may come in a row (a
 * chart of ten CRDs makes about twenty), then one in this time. */
#define LOOKS_IN_A_ROW 40
#define LOOK_COST_MS 5000
/* More groups than this are not gathered for the looks: it is as well to read all. */
#define MAX_GROUPS 32

/* When a look comes, after the one before it. The first gathers what belongs together: a CRD is written three times or
 * so when it is installed. A server's discovery shows a new type after about a second, a busy one's after several. */
static const int64_t looks_ms[] = { 200, 500, 1000, 2000, 4000 };
/* After an outage one look: the last of the row, when a server that has restarted shows all its types again. */
#define LAST_LOOK (FC_ARRAY_LEN(looks_ms) - 1)

static void discover(void *user);
static void look(void *user);

/* Not when the words are made: a watcher's is zeroed. */
static void init_backoffs(struct fc_watcher_words *words)
{
	if (words->pace.base_ms)
		return;
	words->pace = FC_BACKOFF_INIT(PACE_BASE_MS, PACE_CAP_MS);
	words->retry = FC_BACKOFF_INIT(RETRY_BASE_MS, RETRY_CAP_MS);
	words->retry_failed = FC_BACKOFF_INIT(RETRY_FAILED_BASE_MS, RETRY_FAILED_CAP_MS);
	words->retry_unread = FC_BACKOFF_INIT(RETRY_UNREAD_BASE_MS, RETRY_CAP_MS);
}

static bool is_wanted(const struct fc_watcher *w)
{
	FC_WATCHER_EACH_WORD(w, word)
	if (fc_watcher_word_wants(word))
		return true;
	return false;
}

static bool waits_for_first_answer(const struct fc_watcher *w)
{
	FC_WATCHER_EACH_WORD(w, word)
	if (!word->answered)
		return true;
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

static bool may_be_unread(const struct fc_watcher *w)
{
	FC_WATCHER_EACH_WORD(w, word)
	if (word->unread && fc_watcher_word_wants(word))
		return true;
	return false;
}

/* `told`: the discovery before brought a table. */
static struct fc_backoff *retry_backoff(struct fc_watcher *w, bool told)
{
	struct fc_watcher_words *words = &w->words;

	if (!told)
		return &words->retry_failed;
	return may_be_unread(w) ? &words->retry_unread : &words->retry;
}

/* What is planned stays: a look in between is no reason to try more seldom. */
static void plan_retry(struct fc_watcher *w, bool told)
{
	if (is_wanted(w) && !w->words.timer)
		plan(w, fc_backoff_next(retry_backoff(w, told), &w->random, fc_clock_mono_ms()));
}

/* --- looks --- */

static void forget_groups(struct fc_watcher_looks *looks)
{
	for (size_t i = 0; i < looks->group_count; i++)
		free(looks->groups[i]);
	free(looks->groups);
	looks->groups = NULL;
	looks->group_count = looks->group_cap = 0;
}

static bool has_group(const struct fc_watcher_looks *looks, const char *group)
{
	for (size_t i = 0; i < looks->group_count; i++)
		if (strcmp(looks->groups[i], group) == 0)
			return true;
	return false;
}

static void add_group(struct fc_watcher_looks *looks, const char *group)
{
	if (looks->group_count > MAX_GROUPS || has_group(looks, group))
		return;
	FC_GROW(looks->groups, looks->group_count, looks->group_cap);
	looks->groups[looks->group_count++] = fc_xstrdup(group);
}

/* How long until a look may be afforded: a bucket of LOOKS_IN_A_ROW. */
static int64_t look_not_before(const struct fc_watcher_looks *looks, int64_t now_ms)
{
	int64_t over_ms = looks->spent_ms - now_ms - (LOOKS_IN_A_ROW - 1) * LOOK_COST_MS;

	return over_ms > 0 ? over_ms : 0;
}

static void pay_for_look(struct fc_watcher_looks *looks)
{
	int64_t now_ms = fc_clock_mono_ms();

	looks->spent_ms = (looks->spent_ms > now_ms ? looks->spent_ms : now_ms) + LOOK_COST_MS;
}

/* A look in `delay_ms`, or sooner if it is due sooner. */
static void arm_look(struct fc_watcher *w, int64_t delay_ms)
{
	struct fc_watcher_looks *looks = &w->looks;
	int64_t now_ms = fc_clock_mono_ms(), wait_ms = look_not_before(looks, now_ms);

	if (delay_ms < wait_ms)
		delay_ms = wait_ms;
	if (looks->timer && looks->due_ms <= now_ms + delay_ms)
		return;
	fc_loop_timer_cancel(w->loop, &looks->timer);
	looks->due_ms = now_ms + delay_ms;
	looks->timer = fc_loop_timer(w->loop, delay_ms, look, w);
}

static void end_looks(struct fc_watcher *w)
{
	struct fc_watcher_looks *looks = &w->looks;

	FC_WATCHER_EACH_WORD(w, word)
	word->stirred = word->removed = false;
	looks->done = 0;
	forget_groups(looks);
}

struct stirred {
	bool any;
	bool missed;	 /* one is resolved to what was not found: not known yet whether it is gone */
	bool everywhere; /* one was not found in its own group */
};

static struct stirred what_is_stirred(const struct fc_watcher *w)
{
	struct stirred is = { .any = false };

	FC_WATCHER_EACH_WORD(w, word)
	{
		if (!word->stirred)
			continue;
		is.any = true;
		is.missed = is.missed || word->missed_ms;
		is.everywhere = is.everywhere || word->everywhere;
	}
	return is;
}

/* After a look; `told`: it brought a table. */
static void go_on_looking(struct fc_watcher *w, bool told)
{
	struct fc_watcher_looks *looks = &w->looks;
	const struct stirred is = what_is_stirred(w);

	/* Something new came meanwhile: it begins from the first. */
	if (looks->timer)
		return;
	if (told && is.everywhere && w->words.partial) {
		arm_look(w, 0);
		return;
	}
	/* Until it is clear whether it is gone. */
	if (told && is.missed && looks->done >= FC_ARRAY_LEN(looks_ms))
		looks->done = 1;
	if (is.any && looks->done < FC_ARRAY_LEN(looks_ms))
		arm_look(w, looks_ms[looks->done++]);
	else
		end_looks(w);
}

static void stir(struct fc_watcher *w, struct fc_watcher_word *word, const char *group, unsigned first_look)
{
	struct fc_watcher_looks *looks = &w->looks;
	bool looking = looks->done > 0;

	word->stirred = true;
	if (!group && word->resource)
		group = word->resource->group;
	if (group)
		add_group(looks, group);
	else if (!fc_resource_word_names_group(word->text))
		word->everywhere = true;
	if (looking && first_look > 0)
		return;
	looks->done = first_look + 1;
	arm_look(w, looks_ms[first_look]);
}

void fc_watcher_discover_soon(struct fc_watcher *w, struct fc_watcher_word *word, const char *group)
{
	stir(w, word, group, 0);
}

/* --- discovery --- */

static void discovered(void *user, struct fc_resource_table *table, const struct fc_error *err)
{
	struct fc_watcher *w = user;
	struct fc_watcher_words *words = &w->words;
	bool told = table;

	words->discovery = NULL;
	if (told)
		fc_watcher_words_look_up(w, table);
	else if (!words->look)
		fc_watcher_words_failed(w, err);
	/* A cluster's types are several hundred KiB and are needed again only when a new word comes. */
	fc_resource_table_free(table);
	if (waits_for_first_answer(w))
		fc_watcher_discover_new(w); /* it came while others were looked for */
	plan_retry(w, told);
	if (words->look)
		go_on_looking(w, told);
	fc_watcher_types_adjust(w);
}

/* Is `group` one that could hold what the word is sought for? */
static bool is_sought_in(const struct fc_watcher *w, const struct fc_watcher_word *word, const char *group)
{
	if (fc_resource_word_names_group(word->text))
		return fc_resource_word_may_mean_group(word->text, group);
	if (word->resource)
		return strcmp(word->resource->group, group) == 0;
	return has_group(&w->looks, group);
}

static bool is_sought_group(void *user, const char *group)
{
	const struct fc_watcher *w = user;

	FC_WATCHER_EACH_WORD(w, word)
	if (word->sought && is_sought_in(w, word, group))
		return true;
	return false;
}

/* Are a few groups enough to find out? */
static bool is_local(const struct fc_watcher *w, const struct fc_watcher_word *word)
{
	const struct fc_watcher_looks *looks = &w->looks;

	if (fc_resource_word_names_group(word->text))
		return true;
	if (!w->words.look || word->everywhere)
		return false;
	return word->resource || (looks->group_count > 0 && looks->group_count <= MAX_GROUPS);
}

static void begin(struct fc_watcher *w, bool is_look)
{
	struct fc_watcher_words *words = &w->words;

	words->look = is_look;
	words->partial = true;
	FC_WATCHER_EACH_WORD(w, word)
	{
		word->sought = is_look ? word->stirred : fc_watcher_word_wants(word);
		if (word->sought && !is_local(w, word))
			words->partial = false;
	}
	words->discovery =
		fc_discovery_start_some(w->transport, words->partial ? is_sought_group : NULL, discovered, w);
}

static void discover(void *user)
{
	struct fc_watcher *w = user;

	w->words.timer = NULL;
	/* Else when it is up again. */
	if (w->connection.state == FC_WATCHER_UP && !w->words.discovery)
		begin(w, false);
}

static void look(void *user)
{
	struct fc_watcher *w = user;

	w->looks.timer = NULL;
	if (!what_is_stirred(w).any) {
		end_looks(w);
	} else if (w->words.discovery) {
		/* The one under way may have read before it happened. */
		arm_look(w, looks_ms[0]);
	} else if (w->connection.state == FC_WATCHER_UP) {
		pay_for_look(&w->looks);
		begin(w, true);
	}
}

void fc_watcher_discover_new(struct fc_watcher *w)
{
	struct fc_watcher_words *words = &w->words;
	int64_t now_ms = fc_clock_mono_ms();

	init_backoffs(words);
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

void fc_watcher_discover_afresh(struct fc_watcher *w)
{
	init_backoffs(&w->words);
	fc_backoff_reset(&w->words.retry);
}

/* Types may have changed while nobody saw it. Built-in ones change with the server's release, and their watches say so.
 */
static void stir_after_outage(struct fc_watcher *w)
{
	FC_WATCHER_EACH_WORD(w, word)
	if (word->answered && (!word->resource || !fc_resource_group_is_builtin(word->resource->group)))
		stir(w, word, NULL, LAST_LOOK);
}

void fc_watcher_discover_up(struct fc_watcher *w, bool after_outage)
{
	/* What was under way when the cluster went. */
	if (what_is_stirred(w).any)
		arm_look(w, looks_ms[0]);
	if (after_outage)
		stir_after_outage(w);
	if (!is_wanted(w))
		return;
	if (!after_outage) {
		fc_watcher_discover_new(w);
		return;
	}
	fc_backoff_reset(&w->words.retry);
	fc_backoff_reset(&w->words.retry_failed);
	fc_backoff_reset(&w->words.retry_unread);
	plan(w, 0);
}

void fc_watcher_discover_less(struct fc_watcher *w)
{
	if (!is_wanted(w))
		fc_loop_timer_cancel(w->loop, &w->words.timer);
}

void fc_watcher_discover_stop(struct fc_watcher *w)
{
	struct fc_watcher_words *words = &w->words;

	fc_discovery_cancel(words->discovery);
	words->discovery = NULL;
	fc_loop_timer_cancel(w->loop, &words->timer);
	fc_loop_timer_cancel(w->loop, &w->looks.timer);
	end_looks(w);
}
