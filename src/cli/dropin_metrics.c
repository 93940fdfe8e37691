/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_metrics.h"

#include "base/hash.h"
#include "base/mem.h"
#include "cli/engine_thread.h"

#include <pthread.h>
#include <string.h>

#define MAX_QUEUES 4

/* A watch, or a request under way: of which queue. */
struct entry {
	uint64_t id;
	const struct fc_dropin_queue *queue; /* NULL: none of the original's */
	struct fc_resource *resource;	     /* NULL: nobody asks for it */
	UT_hash_handle hh;
};

struct fc_dropin_meter {
	const struct fc_dropin_original *original;
	struct fc_metrics *metrics;
	const char *names[MAX_QUEUES + 1];
	pthread_mutex_t mu; /* guards all below */
	struct entry *watches, *requests;
};

static const struct fc_dropin_queue *queue_of_resource(const struct fc_dropin_meter *m, const char *plural)
{
	for (const struct fc_dropin_queue *q = m->original->queues; q->name; q++)
		if (!q->resource || (plural && strcmp(q->resource, plural) == 0))
			return q;
	return NULL;
}

static void begin_counting(struct fc_dropin_meter *m)
{
	static const char *const results[] = { "success", "error", "requeue", "requeue_after" };
	size_t count = 0;

	for (const struct fc_dropin_queue *q = m->original->queues; q->name && count + 1 < MAX_QUEUES; q++) {
		m->names[count++] = q->name;
		fc_metrics_add(m->metrics, FC_METRIC_WORKQUEUE_ADDS, 0, FC_LABELS(q->name));
		fc_metrics_add(m->metrics, FC_METRIC_WORKQUEUE_RETRIES, 0, FC_LABELS(q->name));
		if (!q->reconciles)
			continue;
		for (size_t i = 0; i < FC_ARRAY_LEN(results); i++)
			fc_metrics_add(m->metrics, FC_METRIC_RECONCILES, 0, FC_LABELS(q->name, results[i]));
		fc_metrics_add(m->metrics, FC_METRIC_RECONCILE_ERRORS, 0, FC_LABELS(q->name));
	}
	if (!queue_of_resource(m, NULL))
		m->names[count] = FC_ENGINE_QUEUE;
	if (!m->original->object_series)
		return;
	fc_metrics_add(m->metrics, FC_METRIC_OBJECT_SYNCS, 0, NULL);
	fc_metrics_add(m->metrics, FC_METRIC_OBJECT_SYNC_ERRORS, 0, NULL);
}

struct fc_dropin_meter *fc_dropin_meter_new(const struct fc_dropin_original *original, struct fc_metrics *metrics)
{
	struct fc_dropin_meter *m = fc_xcalloc(1, sizeof(*m));

	m->original = original;
	m->metrics = metrics;
	pthread_mutex_init(&m->mu, NULL);
	begin_counting(m);
	return m;
}

static void forget(struct entry **table, uint64_t id)
{
	struct entry *entry;

	HASH_FIND(hh, *table, &id, sizeof(id), entry);
	if (!entry)
		return;
	HASH_DEL(*table, entry);
	fc_resource_unref(entry->resource);
	free(entry);
}

static void forget_all(struct entry **table)
{
	while (*table)
		forget(table, (*table)->id);
}

void fc_dropin_meter_free(struct fc_dropin_meter *m)
{
	if (!m)
		return;
	forget_all(&m->watches);
	forget_all(&m->requests);
	pthread_mutex_destroy(&m->mu);
	free(m);
}

static void note(struct fc_dropin_meter *m, struct entry **table, uint64_t id, const struct fc_resource *r)
{
	struct entry *entry;

	forget(table, id);
	entry = fc_xcalloc(1, sizeof(*entry));
	entry->id = id;
	entry->queue = queue_of_resource(m, r->plural);
	entry->resource = m->original->object_series ? fc_resource_ref(r) : NULL;
	HASH_ADD(hh, *table, id, sizeof(entry->id), entry);
}

static const struct entry *look_up(struct entry *table, uint64_t id)
{
	struct entry *entry;

	HASH_FIND(hh, table, &id, sizeof(id), entry);
	return entry;
}

void fc_dropin_meter_action(struct fc_dropin_meter *m, const struct fc_action *a)
{
	pthread_mutex_lock(&m->mu);
	if (a->type == FC_ACTION_START_WATCH)
		note(m, &m->watches, a->watch, a->resource);
	else if (a->type == FC_ACTION_STOP_WATCH)
		forget(&m->watches, a->watch);
	else if (a->request)
		note(m, &m->requests, a->request, a->resource);
	pthread_mutex_unlock(&m->mu);
}

static const struct entry *entry_of(struct fc_dropin_meter *m, const struct fc_event *event)
{
	if (fc_event_is_of_watch(event->type))
		return look_up(m->watches, event->watch);
	return event->type == FC_EVENT_RESULT ? look_up(m->requests, event->request) : NULL;
}

/* --- by group, version and kind: object-sync --- */

static bool is_object_sync(const struct fc_resource *r)
{
	return strcmp(r->group, "sync.rustrial.org") == 0 && strcmp(r->plural, "objectsyncs") == 0;
}

static void count_object(struct fc_dropin_meter *m, const struct fc_resource *r, double seconds)
{
	const char *const *labels = FC_LABELS(r->group, r->version, r->kind);

	if (is_object_sync(r)) {
		fc_metrics_add(m->metrics, FC_METRIC_OBJECT_SYNCS, 1, NULL);
		fc_metrics_observe(m->metrics, FC_METRIC_OBJECT_SYNC_MS, seconds * 1000, NULL);
		return;
	}
	fc_metrics_add(m->metrics, FC_METRIC_OBJECT_SYNC_RESOURCES, 1, labels);
	fc_metrics_observe(m->metrics, FC_METRIC_OBJECT_SYNC_RESOURCE_MS, seconds * 1000, labels);
}

static void count_object_error(struct fc_dropin_meter *m, const struct fc_resource *r)
{
	if (is_object_sync(r))
		fc_metrics_add(m->metrics, FC_METRIC_OBJECT_SYNC_ERRORS, 1, NULL);
	else
		fc_metrics_add(m->metrics, FC_METRIC_OBJECT_SYNC_RESOURCE_ERRORS, 1,
			       FC_LABELS(r->group, r->version, r->kind));
}

/* Namespaces are neither source nor copy. */
static bool is_counted(const struct entry *entry)
{
	return entry && entry->resource && strcmp(entry->resource->plural, "namespaces") != 0;
}

void fc_dropin_meter_stepped(struct fc_dropin_meter *m, const struct fc_event *event, double seconds)
{
	if (event->type != FC_EVENT_OBJECT && event->type != FC_EVENT_OBJECT_GONE)
		return;
	pthread_mutex_lock(&m->mu);
	const struct entry *entry = entry_of(m, event);
	if (is_counted(entry))
		count_object(m, entry->resource, seconds);
	pthread_mutex_unlock(&m->mu);
}

/* --- by queue --- */

/* An answer comes once. */
static const struct fc_dropin_queue *queue_of_event(struct fc_dropin_meter *m, const struct fc_event *event)
{
	const struct fc_dropin_queue *queue = NULL;

	pthread_mutex_lock(&m->mu);
	const struct entry *entry = entry_of(m, event);
	if (entry)
		queue = entry->queue;
	if (is_counted(entry) && event->type == FC_EVENT_RESULT && event->error.cls != FC_ERR_NONE)
		count_object_error(m, entry->resource);
	if (event->type == FC_EVENT_RESULT)
		forget(&m->requests, event->request);
	pthread_mutex_unlock(&m->mu);
	return queue ? queue : queue_of_resource(m, NULL);
}

static void count_success(struct fc_dropin_meter *m, const struct fc_dropin_queue *q)
{
	fc_metrics_add(m->metrics, FC_METRIC_RECONCILES, 1, FC_LABELS(q->name, "success"));
}

static void count_failure(struct fc_dropin_meter *m, const struct fc_dropin_queue *q)
{
	fc_metrics_add(m->metrics, FC_METRIC_RECONCILES, 1, FC_LABELS(q->name, "error"));
	fc_metrics_add(m->metrics, FC_METRIC_RECONCILE_ERRORS, 1, FC_LABELS(q->name));
}

void fc_dropin_meter_event(struct fc_dropin_meter *m, struct fc_event *event)
{
	const struct fc_dropin_queue *q = queue_of_event(m, event);

	event->queue = q ? q->name : NULL;
	if (!q || !q->reconciles)
		return;
	if (event->type == FC_EVENT_OBJECT || event->type == FC_EVENT_OBJECT_GONE)
		count_success(m, q);
	else if (event->type == FC_EVENT_RESULT && event->error.cls != FC_ERR_NONE)
		count_failure(m, q);
}

const char *fc_dropin_meter_queue(const struct fc_dropin_meter *m)
{
	const struct fc_dropin_queue *q = queue_of_resource(m, NULL);

	return q ? q->name : FC_ENGINE_QUEUE;
}

const char *const *fc_dropin_meter_queues(const struct fc_dropin_meter *m)
{
	return m->names;
}
