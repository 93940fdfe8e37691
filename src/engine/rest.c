/* SPDX-License-Identifier: Apache-2.0 */
/* Has the engine come to rest? For `--once` and `plan`, which end when nothing is to be expected any more. Asked from
 * what stands in the tables; nothing is counted on the way, so that a run that never asks pays nothing. */
#include "base/mem.h"
#include "engine/parts.h"
#include "model/object_key.h"

/* As many failures in a row as make an `Error` of a rule (design section 5, States). */
#define FAILURES 3

struct look {
	const struct fc_engine *e;
	size_t max;
	json_t *waits; /* NULL: only whether */
	bool rest;
};

/* Notes one thing that is waited for; takes over the sentence. False: no more are wanted. */
static bool waits_for(struct look *l, char *sentence)
{
	l->rest = false;
	if (l->waits && json_array_size(l->waits) < l->max)
		json_array_append_new(l->waits, json_string(sentence));
	free(sentence);
	return l->waits && json_array_size(l->waits) < l->max;
}

/* Is it worth waiting for another try? Rights, quota and certificates are other people's to change. */
static bool may_pass(enum fc_error_class cls)
{
	return cls == FC_ERR_THROTTLED || cls == FC_ERR_SERVER || cls == FC_ERR_TIMEOUT || cls == FC_ERR_NETWORK ||
	       cls == FC_ERR_GONE || cls == FC_ERR_CONFLICT || cls == FC_ERR_NOT_FOUND;
}

/* A list has no name: a 404 of it says that there is no such type. */
static bool watch_may_pass(const struct fault *f)
{
	return may_pass(f->cls) && !fault_is_of_type(f);
}

/* --- clusters and their words --- */

static bool look_at_connection(struct look *l, const struct cluster *c)
{
	if (c->connection == CONNECTING)
		return waits_for(l, fc_xasprintf("cluster %s has not answered", c->info.name));
	/* Until the time is over it may come back (design section 8, --timeout). */
	if (c->connection == DOWN && may_pass(c->error.cls))
		return waits_for(l, fc_xasprintf("cluster %s cannot be reached: %s", c->info.name, c->error.text));
	return true;
}

static bool look_at_words(struct look *l, const struct cluster *c)
{
	if (c->connection != UP)
		return true;
	for (const struct word *w = c->words; w; w = w->next)
		if (!w->answered &&
		    !waits_for(l, fc_xasprintf("cluster %s has not said what %s is", c->info.name, w->text)))
			return false;
	return true;
}

static bool look_at_lines(struct look *l, const struct cluster *c)
{
	if (c->connection == UP && (c->writes.count || c->reads.count))
		return waits_for(l, fc_xasprintf("requests wait for others to cluster %s", c->info.name));
	return true;
}

static bool look_at_clusters(struct look *l)
{
	for (size_t i = 0; i < l->e->cluster_count; i++) {
		const struct cluster *c = l->e->clusters[i];

		if (!look_at_connection(l, c) || !look_at_words(l, c) || !look_at_lines(l, c))
			return false;
	}
	return true;
}

/* --- watches and requests --- */

static char *watch_text(const struct fc_engine *e, const struct watch *w)
{
	char *resource = fc_resource_name(w->resource), *text;

	text = fc_xasprintf("cluster %s has not listed %s%s%s%s%s", cluster_of(e, w->cluster)->info.name, resource,
			    w->namespace_ || w->name ? " " : "", w->namespace_ ? w->namespace_ : "",
			    w->namespace_ && w->name ? "/" : "", w->name ? w->name : "");
	free(resource);
	return text;
}

static bool look_at_watches(struct look *l)
{
	const struct watch *w, *next;

	HASH_ITER(hh, l->e->watches, w, next) {
		bool failed = w->error.cls != FC_ERR_NONE;

		if (cluster_of(l->e, w->cluster)->connection != UP)
			continue;
		if (failed ? !watch_may_pass(&w->error) : w->synced && !w->listing)
			continue;
		if (!waits_for(l, watch_text(l->e, w)))
			return false;
	}
	return true;
}

static bool look_at_requests(struct look *l)
{
	size_t n = HASH_COUNT(l->e->requests);

	return n == 0 || waits_for(l, fc_xasprintf("%zu request%s under way", n, n == 1 ? "" : "s"));
}

/* --- targets and sources --- */

static char *key_text(const struct fc_engine *e, const struct key *k, const char *what)
{
	char *key = fc_object_key_text(cluster_of(e, k->cluster)->info.name, k->resource, k->namespace_, k->name);
	char *text = fc_xasprintf("%s %s", key, what);

	free(key);
	return text;
}

/* Whoever flaps is slowed down for as long as the other one goes on. */
static bool delay_is_for_good(const struct target *t, enum part part)
{
	const struct setback *s = setback_or_none(t->setbacks[part]);

	return t->flapping || s->failures >= FAILURES || (s->error.cls != FC_ERR_NONE && !may_pass(s->error.cls));
}

static const char *part_waits(const struct fc_engine *e, const struct target *t, enum part part)
{
	if (target_not_before_ms(t, part) > e->now_ms && !delay_is_for_good(t, part))
		return "is tried again";
	if (setback_or_none(t->setbacks[part])->values_until_ms > e->now_ms)
		return "waits for its sources to be read";
	return NULL;
}

static const char *target_waits(const struct fc_engine *e, const struct target *t)
{
	const char *what = part_waits(e, t, PART_OBJECT);
	int64_t due_ms;

	if (doubt_event_until_ms(t))
		return "was changed by somebody else meanwhile";
	if (!what)
		what = part_waits(e, t, PART_STATUS);
	/* A target that does not wait for others has no alarm then, or a later one. */
	due_ms = alarm_due_ms(e, &t->alarm);
	if (!what && due_ms && due_ms <= t->settle_until_ms && t->settle_until_ms > e->now_ms)
		what = "waits for its other sources";
	return what;
}

static bool look_at_rules(struct look *l, const struct target *t)
{
	for (const struct rule *r = t->rules; r; r = r->next)
		if (r->waits_for_sync && !waits_for(l, key_text(l->e, &t->key, "waits for a source's first answer")))
			return false;
	return true;
}

static bool look_at_targets(struct look *l)
{
	const struct target *t;

	FC_TABLE_FOREACH(&l->e->targets, at, t) {
		const char *what;

		if (cluster_of(l->e, t->key.cluster)->connection != UP)
			continue;
		what = target_waits(l->e, t);
		if (what && !waits_for(l, key_text(l->e, &t->key, what)))
			return false;
		if (!look_at_rules(l, t))
			return false;
	}
	return true;
}

static bool look_at_sources(struct look *l)
{
	const struct source *s;

	FC_TABLE_FOREACH(&l->e->sources, at, s) {
		const struct setback *setback = s->setback;

		if (!setback || cluster_of(l->e, s->key.cluster)->connection != UP ||
		    setback->not_before_ms <= l->e->now_ms)
			continue;
		if (setback->failures >= FAILURES || !may_pass(setback->error.cls))
			continue;
		if (!waits_for(l, key_text(l->e, &s->key, "could not be read and is tried again")))
			return false;
	}
	return true;
}

bool fc_engine_is_at_rest(const struct fc_engine *e, size_t max, json_t *waits)
{
	struct look l = { .e = e, .max = max, .waits = waits, .rest = true };

	/* Of several reasons the one nearest to the beginning is named first: the others follow from it. */
	if (!e->started)
		waits_for(&l, fc_xstrdup("nothing has begun"));
	else if (look_at_clusters(&l) && look_at_watches(&l) && look_at_requests(&l) && look_at_targets(&l))
		look_at_sources(&l);
	if (l.rest && e->collecting)
		waits_for(&l, fc_xstrdup("the clusters have not told all their targets"));
	return l.rest;
}

/* --- what was not seen --- */

static void add(json_t *sentences, char *sentence)
{
	json_array_append_new(sentences, json_string(sentence));
	free(sentence);
}

/* A type that is not served has no objects. Where a group could not be asked, nobody knows. */
static void unseen_words(const struct cluster *c, json_t *sentences)
{
	for (const struct word *w = c->words; w; w = w->next)
		if (w->for_targets && !w->resource && w->error.cls != FC_ERR_NONE && w->error.cls != FC_ERR_NOT_SERVED)
			add(sentences, fc_xasprintf("cluster %s: what %s is cannot be found out: %s", c->info.name,
						    w->text, w->error.text));
}

void fc_engine_unseen(const struct fc_engine *e, json_t *sentences)
{
	const struct watch *w, *next;

	for (size_t i = 0; i < e->cluster_count; i++)
		if (e->clusters[i]->connection == UP)
			unseen_words(e->clusters[i], sentences);
	HASH_ITER(hh, e->watches, w, next) {
		const struct cluster *c = cluster_of(e, w->cluster);
		char *resource;

		if (w->use != WATCH_TARGETS || w->synced || c->connection != UP || fault_is_of_type(&w->error))
			continue;
		resource = fc_resource_name(w->resource);
		add(sentences, fc_xasprintf("cluster %s: %s%s%s cannot be listed: %s", c->info.name, resource,
					    w->namespace_ ? " of namespace " : "", w->namespace_ ? w->namespace_ : "",
					    w->error.text ? w->error.text : "no answer in time"));
		free(resource);
	}
}
