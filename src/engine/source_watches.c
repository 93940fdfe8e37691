/* SPDX-License-Identifier: Apache-2.0 */
/* How wide sources are watched (design section 5, Reading): one field-selector watch for each of few, which works
 * with RBAC that names them; beyond 8 in a namespace or 40 of a resource one watch of the namespace; beyond 4 such
 * namespaces one of the cluster. A source relies on the watch that it has until the one it is to have has synced.
 *
 * A wide watch reads what no rule asks for, so it does not stay for ever: when half of what made it wide is left, each
 * source gets a watch of its own again. Half, since going back and forth at one threshold would list again each
 * time: between the two numbers nothing is started or stopped.
 *
 * Where a wide watch is forbidden (the rights may be just for objects by name), it goes on trying, in case that they
 * come; until then its sources are watched by the namespace, or by their names, however many they are. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

#define NAMED_PER_NAMESPACE 8
#define NAMED_PER_RESOURCE 40
#define WIDE_NAMESPACES 4

/* All sources of one resource in one cluster, by namespaces: decides how wide their watches are. */
struct source_space {
	const char *namespace_; /* interned, "" for cluster-scoped */
	size_t count;		/* sources in it */
	struct watch *wide;	/* one watch of the namespace; NULL: one per source */
	bool narrowing;		/* few are left: each gets a watch of its own again, then the wide one ends */
	UT_hash_handle hh;	/* source_group.spaces */
};
struct source_group {
	fc_cluster_no cluster;
	const struct fc_resource *resource;
	struct source_space *spaces;
	/* Sums over the spaces, so that one source more or less costs the same however many there are. */
	size_t wide_spaces; /* watched as a whole */
	size_t crowded;	    /* with many sources */
	size_t scattered;   /* sources in the others */
	size_t named;	    /* watches of single objects */
	struct watch *wide; /* one watch of the cluster, or NULL */
	bool narrowing;	    /* as in a space */
	struct source_group *next;
};

static struct source_group *group_of(struct fc_engine *e, uint64_t cluster, const struct fc_resource *resource)
{
	struct source_group *g;

	for (g = e->groups; g && !(g->cluster == cluster && g->resource == resource); g = g->next)
		;
	return g;
}

static struct source_group *group_take(struct fc_engine *e, const struct key *key)
{
	struct source_group *g = group_of(e, key->cluster, key->resource);

	if (g)
		return g;
	g = fc_xcalloc(1, sizeof(*g));
	g->cluster = (fc_cluster_no)key->cluster;
	g->resource = key->resource;
	LL_PREPEND(e->groups, g);
	return g;
}

static struct source_space *space_of(struct source_group *g, const struct key *key)
{
	struct source_space *s;

	HASH_FIND(hh, g->spaces, &key->namespace_, sizeof(key->namespace_), s);
	return s;
}

static struct source_space *space_take(struct fc_engine *e, struct source_group *g, const struct key *key)
{
	struct source_space *s = space_of(g, key);

	if (s)
		return s;
	s = fc_xcalloc(1, sizeof(*s));
	s->namespace_ = fc_intern_again(e->strings, key->namespace_);
	HASH_ADD(hh, g->spaces, namespace_, sizeof(s->namespace_), s);
	return s;
}

/* --- which watch a source is to rely on --- */

static bool is_usable(const struct watch *w, bool narrowing)
{
	return w && !narrowing && !w->forbidden;
}

/* NULL: its own. */
static struct watch *wide_for(const struct source_group *g, const struct source_space *space)
{
	if (is_usable(g->wide, g->narrowing))
		return g->wide;
	return is_usable(space->wide, space->narrowing) ? space->wide : NULL;
}

/* One more namespace watched as a whole, rather than the cluster? With --namespace nothing is ever watched
 * cluster-wide: the rights may be just for those namespaces. */
static bool takes_the_namespace(const struct fc_engine *e, const struct source_group *g,
				const struct source_space *space)
{
	if (!g->resource->namespaced)
		return false;
	return space->wide || e->options.namespace_count || e->options.sources_in.count ||
	       g->wide_spaces < WIDE_NAMESPACES || (g->wide && g->wide->forbidden);
}

static struct watch *start_wide(struct fc_engine *e, const struct source_group *g, const char *namespace_)
{
	return watch_start(e, g->cluster, g->resource, namespace_, NULL, WATCH_SOURCES);
}

static void start_wide_space(struct fc_engine *e, struct source_group *g, struct source_space *space)
{
	if (space->wide)
		return;
	space->wide = start_wide(e, g, space->namespace_);
	g->wide_spaces++;
}

static void stop_wide_space(struct fc_engine *e, struct source_group *g, struct source_space *space)
{
	if (!space->wide)
		return;
	watch_stop(e, space->wide);
	space->wide = NULL;
	space->narrowing = false;
	g->wide_spaces--;
}

/* Where the sources have become too many to be named one by one. */
static void widen(struct fc_engine *e, struct source_group *g, struct source_space *space, const struct source *s)
{
	bool many = space->count > NAMED_PER_NAMESPACE || (!s->own && g->named >= NAMED_PER_RESOURCE);

	if (!many || wide_for(g, space))
		return;
	if (takes_the_namespace(e, g, space)) {
		space->narrowing = false;
		start_wide_space(e, g, space);
	} else {
		g->narrowing = false;
		if (!g->wide)
			g->wide = start_wide(e, g, NULL);
	}
}

/* --- moving from one to the other --- */

static void leave(struct source *s)
{
	if (s->watch)
		DL_DELETE2(s->watch->sources, s, prev_in_watch, next_in_watch);
	s->watch = NULL;
}

static void rely_on(struct fc_engine *e, struct source *s, struct watch *w)
{
	bool has_told = w->synced || w->listing;

	leave(s);
	s->watch = w;
	DL_APPEND2(w->sources, s, prev_in_watch, next_in_watch);
	/* What it has said of the source before, in a list under way too, nobody may have kept: no end of that list
	 * makes it absent. And its snapshot may be older than what another watch has told: absence there is a
	 * question. */
	s->generation_seen = has_told ? w->generation : w->generation - 1;
	if (has_told && s->seen_elsewhere != watch_list_mark(w) && (s->present || !s->known))
		source_ask(e, s);
	for (struct rule *r = s->rules; r; r = r->next_in_source)
		target_mark(e, r->target);
	copy_rules_mark_source(e, s);
}

static void start_own(struct fc_engine *e, struct source_group *g, struct source *s)
{
	s->own = watch_start(e, s->key.cluster, s->key.resource, s->key.resource->namespaced ? s->key.namespace_ : NULL,
			     s->key.name, WATCH_SOURCES);
	g->named++;
}

static void stop_own(struct fc_engine *e, struct source_group *g, struct source *s)
{
	if (s->watch == s->own)
		leave(s);
	watch_stop(e, s->own);
	s->own = NULL;
	g->named--;
}

/* Moves the source as far as it can go just now; to be called again when a watch of its group works, or is
 * forbidden. */
static void settle(struct fc_engine *e, struct source_group *g, struct source_space *space, struct source *s)
{
	struct watch *aim;

	widen(e, g, space, s);
	aim = wide_for(g, space);
	if (!aim && !s->own)
		start_own(e, g, s);
	if (!aim)
		aim = s->own;
	/* Who has none yet takes what has synced already; who has one that works keeps it until then. */
	if (!s->watch && !aim->synced && space->wide && space->wide->synced && !space->wide->forbidden)
		rely_on(e, s, space->wide);
	if (s->watch != aim && (aim->synced || !s->watch || s->watch->forbidden))
		rely_on(e, s, aim);
	if (s->own && s->watch != s->own && aim != s->own)
		stop_own(e, g, s);
}

/* Wide watches that nobody relies on any more. */
static void stop_unused(struct fc_engine *e, struct source_group *g)
{
	bool covered = is_usable(g->wide, g->narrowing) && g->wide->synced;

	for (struct source_space *space = g->spaces; space && g->wide_spaces; space = space->hh.next)
		if (space->wide && !space->wide->sources && (space->narrowing || covered))
			stop_wide_space(e, g, space);
	if (!g->wide || g->wide->sources || !g->narrowing)
		return;
	watch_stop(e, g->wide);
	g->wide = NULL;
	g->narrowing = false;
}

static void settle_group(struct fc_engine *e, struct source_group *g)
{
	struct source *s;

	FC_TABLE_FOREACH(&e->sources, at, s)
		if (s->planned && s->key.cluster == g->cluster && s->key.resource == g->resource)
			settle(e, g, space_of(g, &s->key), s);
	stop_unused(e, g);
}

/* --- sources come --- */

static bool is_crowded(const struct source_space *space)
{
	return space->count > NAMED_PER_NAMESPACE / 2;
}

static void set_count(struct source_group *g, struct source_space *space, size_t count)
{
	if (is_crowded(space))
		g->crowded--;
	else
		g->scattered -= space->count;
	space->count = count;
	if (is_crowded(space))
		g->crowded++;
	else
		g->scattered += space->count;
}

static void count_in(struct fc_engine *e, struct source *s)
{
	struct source_group *g = group_take(e, &s->key);
	struct source_space *space = space_take(e, g, &s->key);

	set_count(g, space, space->count + 1);
	s->planned = true;
}

static void watch_it(struct fc_engine *e, struct source *s)
{
	struct source_group *g = group_of(e, s->key.cluster, s->key.resource);
	struct source_space *space = space_of(g, &s->key);
	bool narrowing = g->narrowing || space->narrowing;

	settle(e, g, space, s);
	/* It was the one too many: the others, on their way to watches of their own, turn round. */
	if (narrowing && !g->narrowing && !space->narrowing)
		settle_group(e, g);
}

void source_watch_add(struct fc_engine *e, struct source *s)
{
	if (e->collecting)
		return;
	count_in(e, s);
	watch_it(e, s);
}

/* More crowded namespaces than are watched as a whole: none of them need be listed first. */
static void begin_group(struct fc_engine *e, struct source_group *g)
{
	size_t crowded = 0;

	for (const struct source_space *space = g->spaces; space; space = space->hh.next)
		crowded += space->count > NAMED_PER_NAMESPACE;
	if (crowded > WIDE_NAMESPACES && e->options.namespace_count == 0 && e->options.sources_in.count == 0)
		g->wide = start_wide(e, g, NULL);
}

void source_watches_begin(struct fc_engine *e)
{
	struct source *s;

	/* All are counted before the first is watched: who is one of many is never watched alone first. */
	FC_TABLE_FOREACH(&e->sources, at, s)
		count_in(e, s);
	for (struct source_group *g = e->groups; g; g = g->next)
		begin_group(e, g);
	FC_TABLE_FOREACH(&e->sources, at, s)
		watch_it(e, s);
}

/* --- sources go --- */

/* Are few enough left in the namespace? */
static bool space_narrows(const struct source_group *g, const struct source_space *space)
{
	return space->wide && !space->narrowing && !is_crowded(space) &&
	       g->named + space->count <= NAMED_PER_RESOURCE / 2;
}

/* And in the cluster? Few namespaces that are watched as a whole, few sources in the others. */
static bool group_narrows(const struct source_group *g)
{
	return g->wide && !g->narrowing && g->crowded <= (g->resource->namespaced ? WIDE_NAMESPACES / 2 : 0) &&
	       g->scattered <= NAMED_PER_RESOURCE / 2;
}

static void narrow(struct fc_engine *e, struct source_group *g)
{
	struct source_space *space;
	bool any = false;

	if (group_narrows(g)) {
		any = g->narrowing = true;
		for (space = g->spaces; space; space = space->hh.next)
			if (is_crowded(space))
				start_wide_space(e, g, space);
	}
	/* A watch of the cluster covers them all: what is to be of one namespace is seen when that one narrows. */
	space = g->wide_spaces == 0 || is_usable(g->wide, g->narrowing) ? NULL : g->spaces;
	for (; space; space = space->hh.next)
		if (space_narrows(g, space))
			any = space->narrowing = true;
	if (any)
		settle_group(e, g);
}

static void free_space(struct fc_engine *e, struct source_group *g, struct source_space *space)
{
	stop_wide_space(e, g, space);
	set_count(g, space, 0);
	HASH_DEL(g->spaces, space);
	fc_intern_drop(e->strings, space->namespace_);
	free(space);
}

static void free_group(struct fc_engine *e, struct source_group *g)
{
	while (g->spaces)
		free_space(e, g, g->spaces);
	if (g->wide)
		watch_stop(e, g->wide);
	LL_DELETE(e->groups, g);
	free(g);
}

void source_watch_remove(struct fc_engine *e, struct source *s)
{
	struct source_group *g = group_of(e, s->key.cluster, s->key.resource);
	struct source_space *space = g ? space_of(g, &s->key) : NULL;

	if (!space || !s->planned)
		return;
	s->planned = false;
	leave(s);
	if (s->own)
		stop_own(e, g, s);
	set_count(g, space, space->count - 1);
	if (space->count == 0)
		free_space(e, g, space);
	if (!g->spaces) {
		free_group(e, g);
		return;
	}
	stop_unused(e, g);
	narrow(e, g);
}

void source_watches_free(struct fc_engine *e)
{
	while (e->groups)
		free_group(e, e->groups);
}

/* --- what watches tell of themselves --- */

void source_watch_works(struct fc_engine *e, struct watch *w)
{
	struct source_group *g = group_of(e, w->cluster, w->resource);
	struct source *s;

	if (!g)
		return;
	if (!w->name) {
		settle_group(e, g);
		return;
	}
	s = source_find(e, w->cluster, w->resource, w->namespace_, w->name);
	if (!s || s->watch == w)
		return;
	settle(e, g, space_of(g, &s->key), s);
	stop_unused(e, g);
}

void source_watch_forbidden(struct fc_engine *e, struct watch *w)
{
	struct source_group *g = w->name ? NULL : group_of(e, w->cluster, w->resource);
	char *what;

	if (!g)
		return;
	what = fc_resource_name(w->resource);
	report_cluster(e, FC_LOG_INFO, cluster_of(e, w->cluster),
		       "sources may not be watched together here, they are watched by their names", what);
	free(what);
	settle_group(e, g);
}
