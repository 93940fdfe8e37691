/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"

#include <string.h>

#define DEFAULT_IN_FLIGHT 16
/* A cluster that is slower than this at its first list holds up nobody (promise 7). */
#define COLLECT_MS 2000

struct fc_engine *fc_engine_new(const struct fc_engine_options *options, uint64_t seed)
{
	struct fc_engine *e = fc_xcalloc(1, sizeof(*e));
	size_t dialects = 0;

	e->options = *options;
	if (e->options.max_in_flight == 0)
		e->options.max_in_flight = DEFAULT_IN_FLIGHT;
	e->random.state = seed;
	e->strings = fc_intern_new();
	fc_table_init(&e->targets, target_hash);
	fc_table_init(&e->sources, source_hash);
	fc_table_init(&e->specs, spec_hash);
	for (; options->dialects[dialects]; dialects++)
		e->copies = e->copies || options->dialects[dialects]->copy;
	e->counts = fc_xcalloc(dialects ? dialects : 1, sizeof(*e->counts));
	e->permissions = fc_permissions_ref(options->permissions);
	e->options.permissions = NULL;
	clusters_take(e, options->clusters, options->cluster_count);
	e->options.clusters = NULL;
	return e;
}

void fc_engine_free(struct fc_engine *e)
{
	struct target *t;
	struct request *q, *next_request;
	struct watch *w, *next_watch;
	struct fc_actions unsaid;

	if (!e)
		return;
	/* Taking things apart stops watches; nobody is there any more to hear of it. */
	fc_actions_init(&unsaid);
	e->out = &unsaid;
	FC_TABLE_FOREACH(&e->targets, at, t)
		target_free(e, t);
	source_watches_free(e);
	HASH_ITER(hh, e->watches, w, next_watch)
		watch_stop(e, w);
	HASH_ITER(hh, e->requests, q, next_request) {
		HASH_DEL(e->requests, q);
		free(q);
	}
	clusters_free(e);
	fc_actions_fini(&unsaid);
	for (size_t i = 0; i < e->resource_count; i++)
		fc_resource_unref(e->resources[i]);
	free(e->resources);
	free(e->heap);
	free(e->dirty);
	free(e->bound);
	free(e->owed);
	free(e->counts);
	fc_permissions_unref(e->permissions);
	fc_table_fini(&e->targets);
	fc_table_fini(&e->sources);
	fc_table_fini(&e->specs);
	fc_intern_free(e->strings);
	free(e);
}

static void take_event(struct fc_engine *e, const struct fc_event *event)
{
	/* What comes late of one that has left the set is of no interest. */
	struct cluster *c = cluster_of(e, event->cluster);

	if (fc_event_is_of_watch(event->type)) {
		watch_event(e, event);
		return;
	}
	switch (event->type) {
	case FC_EVENT_TICK:
		break;
	case FC_EVENT_CLUSTER_ADDED:
		cluster_added(e, event);
		break;
	case FC_EVENT_CLUSTER_REMOVED:
		if (c)
			cluster_removed(e, c);
		break;
	case FC_EVENT_CLUSTER_CHANGED:
		if (c)
			cluster_changed(e, c, event);
		break;
	case FC_EVENT_PERMISSIONS:
		permissions_changed(e, event);
		break;
	case FC_EVENT_CLUSTER_UP:
		if (c)
			cluster_up(e, c, event);
		break;
	case FC_EVENT_CLUSTER_DOWN:
		if (c)
			cluster_down(e, c, event);
		break;
	case FC_EVENT_RESOLVED:
		if (c)
			cluster_resolved(e, c, event);
		break;
	case FC_EVENT_RESULT:
		request_done(e, event);
		break;
	default:
		break;
	}
}

/* Deciding may free a request for another target, which is then decided too: until nothing is left. */
static void decide_dirty(struct fc_engine *e)
{
	for (size_t i = 0; i < e->dirty_count; i++) {
		struct target *t = fc_steal(&e->dirty[i]);

		if (!t)
			continue;
		t->dirty = false;
		target_decide(e, t);
	}
	e->dirty_count = 0;
	/* A start makes all of them dirty at once. */
	if (e->dirty_cap > 1024) {
		free(fc_steal(&e->dirty));
		e->dirty_cap = 0;
	}
}

/* The first lists of targets are told: what they want is watched, and may be written from now on. */
static void end_collecting(struct fc_engine *e)
{
	struct target *t;

	e->collecting = false;
	source_watches_begin(e);
	FC_TABLE_FOREACH(&e->targets, at, t)
		target_mark(e, t);
}

static void ring(struct fc_engine *e, struct alarm *a)
{
	switch (a->kind) {
	case ALARM_TARGET:
		target_mark(e, FC_CONTAINER_OF(a, struct target, alarm));
		break;
	case ALARM_CLUSTER:
		jobs_run(e, FC_CONTAINER_OF(a, struct cluster, throttle.alarm));
		break;
	case ALARM_WATCH:
		resync_due(e, FC_CONTAINER_OF(a, struct watch, alarm));
		break;
	}
}

void fc_engine_step(struct fc_engine *e, const struct fc_event *event, struct fc_actions *out)
{
	struct alarm *due;

	e->out = out;
	e->now_ms = event->now_ms;
	e->wall_ms = event->wall_ms;
	e->event_us = event->received_us ? event->received_us : event->now_ms * 1000;
	if (!e->started) {
		e->started = e->collecting = true;
		e->collect_until_ms = e->now_ms + COLLECT_MS;
		for (size_t i = 0; i < e->cluster_count; i++)
			words_start(e, e->clusters[i]);
	}
	take_event(e, event);
	if (e->collecting && (e->now_ms >= e->collect_until_ms || clusters_have_told(e)))
		end_collecting(e);
	cycles_settle(e);
	/* Not before: whoever is next in line must know whether it is on a cycle. */
	if (e->freed)
		jobs_run(e, e->freed);
	e->freed = NULL;
	while ((due = alarm_take_due(e, e->now_ms)))
		ring(e, due);
	do {
		decide_dirty(e);
		notices_settle(e);
		copy_bodies_settle(e);
	} while (words_settle(e));
	fc_table_tidy(&e->targets);
	fc_table_tidy(&e->sources);
	e->out = NULL;
}

int64_t fc_engine_deadline(const struct fc_engine *e)
{
	int64_t due_ms = e->heap_count ? e->heap[0].due_ms : INT64_MAX;

	if (e->collecting && e->collect_until_ms < due_ms)
		due_ms = e->collect_until_ms;
	return due_ms == INT64_MAX ? -1 : due_ms;
}

/* --- keys --- */

struct key key_take(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *namespace_,
		    const char *name)
{
	return (struct key){
		.cluster = cluster,
		.resource = r,
		.namespace_ = fc_intern_take(e->strings, namespace_ ? namespace_ : ""),
		.name = fc_intern_take(e->strings, name),
	};
}

void key_drop(struct fc_engine *e, struct key *key)
{
	fc_intern_drop(e->strings, key->namespace_);
	fc_intern_drop(e->strings, key->name);
	key->namespace_ = key->name = NULL;
}

/* A key for looking up only: a name that nobody holds is in no table. */
static bool key_find(const struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns,
		     const char *name, struct key *key)
{
	*key = (struct key){
		.cluster = cluster,
		.resource = r,
		.namespace_ = fc_intern_find(e->strings, ns ? ns : ""),
		.name = fc_intern_find(e->strings, name),
	};
	return key->namespace_ && key->name;
}

static uint32_t key_hash(const struct key *key)
{
	return fc_table_hash(key, sizeof(*key));
}

static bool key_same(const struct key *a, const struct key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

uint32_t target_hash(const void *target)
{
	return key_hash(&((const struct target *)target)->key);
}

uint32_t source_hash(const void *source)
{
	return key_hash(&((const struct source *)source)->key);
}

static bool target_has_key(const void *target, const void *key)
{
	return key_same(&((const struct target *)target)->key, key);
}

static bool source_has_key(const void *source, const void *key)
{
	return key_same(&((const struct source *)source)->key, key);
}

struct target *target_of_key(const struct fc_engine *e, const struct key *key)
{
	return fc_table_find(&e->targets, key_hash(key), target_has_key, key);
}

struct source *source_of_key(const struct fc_engine *e, const struct key *key)
{
	return fc_table_find(&e->sources, key_hash(key), source_has_key, key);
}

struct target *target_find(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns,
			   const char *name)
{
	struct key key;

	return key_find(e, cluster, r, ns, name, &key) ? target_of_key(e, &key) : NULL;
}

struct source *source_find(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns,
			   const char *name)
{
	struct key key;

	return key_find(e, cluster, r, ns, name, &key) ? source_of_key(e, &key) : NULL;
}

/* The same type in several clusters is one pointer here, as long as the clusters agree about what it is: what it can
 * do is no part of that. There are few types: a list does. */
const struct fc_resource *resource_take(struct fc_engine *e, const struct fc_resource *r)
{
	for (size_t i = 0; i < e->resource_count; i++) {
		const struct fc_resource *known = e->resources[i];

		if (fc_resource_same(known, r) && known->namespaced == r->namespaced &&
		    strcmp(known->kind, r->kind) == 0)
			return known;
	}
	FC_GROW(e->resources, e->resource_count, e->resource_cap);
	e->resources[e->resource_count] = fc_resource_ref(r);
	return e->resources[e->resource_count++];
}
