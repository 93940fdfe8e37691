/* SPDX-License-Identifier: Apache-2.0 */
/* How wide sources are watched (design section 5, Reading): one field-selector watch for each of few, which works
 * with RBAC that names them; beyond 8 in a namespace or 40 of a resource one watch of the namespace; beyond 4 such
 * namespaces one of the cluster. The narrow watches run until the wide one has synced. A wide watch stays until
 * nothing in it is named any more: going back and forth at a threshold would list again each time. */
#include <string.h>

#include "base/mem.h"
#include "engine/parts.h"

#define NAMED_PER_NAMESPACE 8
#define NAMED_PER_RESOURCE 40
#define WIDE_NAMESPACES 4

static struct source_group *group_of(struct fc_engine *e, const struct key *key, bool make)
{
	struct source_group *g;

	for (g = e->groups; g; g = g->next)
		if (g->cluster == key->cluster && g->resource == key->resource)
			return g;
	if (!make)
		return NULL;
	g = fc_xcalloc(1, sizeof(*g));
	g->cluster = (fc_cluster_no)key->cluster;
	g->resource = key->resource;
	LL_PREPEND(e->groups, g);
	return g;
}

static struct source_space *space_of(struct fc_engine *e, struct source_group *g, const struct key *key, bool make)
{
	struct source_space *s;

	for (s = g->spaces; s; s = s->next)
		if (s->namespace_ == key->namespace_)
			return s;
	if (!make)
		return NULL;
	s = fc_xcalloc(1, sizeof(*s));
	s->namespace_ = fc_intern_again(e->strings, key->namespace_);
	LL_PREPEND(g->spaces, s);
	return s;
}

/* Takes the source off the watch it relies on; a watch of that object alone ends with it. */
static void leave_watch(struct fc_engine *e, struct source_group *g, struct source *s)
{
	struct watch *w = s->watch;

	if (!w)
		return;
	DL_DELETE2(w->sources, s, prev_in_watch, next_in_watch);
	s->watch = NULL;
	if (w->name) {
		watch_stop(e, w);
		g->named--;
	}
}

static void join_watch(struct source *s, struct watch *w)
{
	s->watch = w;
	s->generation_seen = w->generation - 1;
	DL_APPEND2(w->sources, s, prev_in_watch, next_in_watch);
}

static size_t wide_spaces(const struct source_group *g)
{
	size_t n = 0;

	for (const struct source_space *s = g->spaces; s; s = s->next)
		n += s->wide != NULL;
	return n;
}

/* The namespace's sources become too many to be named one by one. With --namespace nothing is ever watched
 * cluster-wide: the rights may be just for those namespaces. */
static void widen(struct fc_engine *e, struct source_group *g, struct source_space *space)
{
	if (g->resource->namespaced && (wide_spaces(g) < WIDE_NAMESPACES || e->options.namespace_count))
		space->wide = watch_start(e, g->cluster, g->resource, space->namespace_, NULL, false);
	else
		g->wide = watch_start(e, g->cluster, g->resource, NULL, NULL, false);
}

/* Counts the source; to be followed by watch_it. */
static void count_in(struct fc_engine *e, struct source *s)
{
	space_of(e, group_of(e, &s->key, true), &s->key, true)->count++;
	s->planned = true;
}

static void watch_it(struct fc_engine *e, struct source *s)
{
	struct source_group *g = group_of(e, &s->key, false);
	struct source_space *space = space_of(e, g, &s->key, false);
	struct watch *wide;

	if (!g->wide && !space->wide && (space->count > NAMED_PER_NAMESPACE || g->named >= NAMED_PER_RESOURCE))
		widen(e, g, space);
	wide = g->wide && (g->wide->synced || !space->wide) ? g->wide : space->wide;
	if (!wide) {
		join_watch(s, watch_start(e, s->key.cluster, s->key.resource,
					  s->key.resource->namespaced ? s->key.namespace_ : NULL, s->key.name, false));
		g->named++;
		return;
	}
	join_watch(s, wide);
	/* What a wide watch has said of it before, in a list under way too, nobody kept: it is read, and no end of
	 * that list makes it absent. */
	if (wide->synced || wide->listing) {
		s->generation_seen = wide->generation;
		source_read(e, s);
	}
}

void source_watch_add(struct fc_engine *e, struct source *s)
{
	if (e->collecting)
		return;
	count_in(e, s);
	watch_it(e, s);
}

void source_watches_begin(struct fc_engine *e)
{
	struct source *s, *next;

	/* All are counted before the first is watched: who is one of many is never watched alone first. */
	HASH_ITER(hh, e->sources, s, next)
		count_in(e, s);
	HASH_ITER(hh, e->sources, s, next)
		watch_it(e, s);
}

static void free_space(struct fc_engine *e, struct source_group *g, struct source_space *space)
{
	if (space->wide)
		watch_stop(e, space->wide);
	LL_DELETE(g->spaces, space);
	fc_intern_drop(e->strings, space->namespace_);
	free(space);
}

void source_watch_remove(struct fc_engine *e, struct source *s)
{
	struct source_group *g = group_of(e, &s->key, false);
	struct source_space *space = g ? space_of(e, g, &s->key, false) : NULL;

	if (!space || !s->planned)
		return;
	leave_watch(e, g, s);
	if (--space->count > 0)
		return;
	free_space(e, g, space);
	if (g->spaces)
		return;
	if (g->wide)
		watch_stop(e, g->wide);
	LL_DELETE(e->groups, g);
	free(g);
}

static bool covers(const struct watch *w, const struct source *s)
{
	return s->key.cluster == w->cluster && s->key.resource == w->resource &&
	       (!w->namespace_ || w->namespace_ == s->key.namespace_);
}

void source_watch_synced(struct fc_engine *e, struct watch *w)
{
	struct source_group *g;
	struct source *s, *next;

	if (w->name)
		return;
	for (g = e->groups; g && !(g->cluster == w->cluster && g->resource == w->resource); g = g->next)
		;
	if (!g)
		return;
	HASH_ITER(hh, e->sources, s, next) {
		if (s->watch == w || !covers(w, s))
			continue;
		leave_watch(e, g, s);
		join_watch(s, w);
		s->generation_seen = w->generation;
		/* The snapshot of the wide list may be older than what its own watch has told: absence there is a
		 * question. */
		if (s->seen_elsewhere != watch_list_mark(w) && (s->present || !s->known))
			source_read(e, s);
	}
	if (w != g->wide)
		return;
	for (struct source_space *space = g->spaces; space; space = space->next) {
		if (space->wide)
			watch_stop(e, space->wide);
		space->wide = NULL;
	}
}

void source_watches_free(struct fc_engine *e)
{
	while (e->groups) {
		struct source_group *g = e->groups;

		while (g->spaces)
			free_space(e, g, g->spaces);
		if (g->wide)
			watch_stop(e, g->wide);
		LL_DELETE(e->groups, g);
		free(g);
	}
}
