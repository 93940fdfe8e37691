/* SPDX-License-Identifier: Apache-2.0 */
/* fc_metric - every metric of the program in one table, and the registry that counts.
 * Owns:    the series.
 * Threads: any; a mutex of its own is held for a few instructions; fc_metrics_forget waits for texts under way.
 * Fails:   never; the number of series is bounded by clusters, resources, states and codes, never by objects.
 * Source:  design section 8, Metrics; Prometheus text format 0.0.4; kube-client 11.2, 11.3, 11.6, 11.7. */
#ifndef FC_METRIC_H
#define FC_METRIC_H

#include <stddef.h>

#include "base/buf.h"

enum fc_metric_id {
	FC_METRIC_RULES,	       /* dialect, state */
	FC_METRIC_WRITES,	       /* cluster, dialect, verb, result */
	FC_METRIC_PROPAGATION_SECONDS, /* dialect */
	FC_METRIC_WATCH_EVENTS,	       /* cluster, resource, type */
	FC_METRIC_WATCH_RESTARTS,      /* cluster, resource, reason */
	FC_METRIC_WATCH_LAST_EVENT,    /* cluster, resource */
	FC_METRIC_CLUSTER_UP,	       /* cluster */
	FC_METRIC_REQUESTS_IN_FLIGHT,  /* cluster */
	FC_METRIC_OBJECTS_SKIPPED,     /* cluster, resource, reason */
	FC_METRIC_SET_RELOAD_OK,
	FC_METRIC_SET_RELOAD_TIME,
	FC_METRIC_REST_CLIENT_REQUESTS,	   /* code, method, host */
	FC_METRIC_WORKQUEUE_DEPTH,	   /* name */
	FC_METRIC_WORKQUEUE_ADDS,	   /* name */
	FC_METRIC_WORKQUEUE_RETRIES,	   /* name */
	FC_METRIC_WORKQUEUE_QUEUE_SECONDS, /* name */
	FC_METRIC_WORKQUEUE_WORK_SECONDS,  /* name */
	FC_METRIC_WORKQUEUE_UNFINISHED,	   /* name */
	FC_METRIC_WORKQUEUE_LONGEST,	   /* name */
	FC_METRIC_RECONCILES,		   /* controller, result; of drop-ins alone, and so the next */
	FC_METRIC_RECONCILE_ERRORS,	   /* controller */
	FC_METRIC_OBJECT_SYNCS,		   /* of the drop-in object-sync, and so the next */
	FC_METRIC_OBJECT_SYNC_ERRORS,
	FC_METRIC_OBJECT_SYNC_MS,
	FC_METRIC_OBJECT_SYNC_RESOURCES,       /* group, version, kind */
	FC_METRIC_OBJECT_SYNC_RESOURCE_ERRORS, /* the same */
	FC_METRIC_OBJECT_SYNC_RESOURCE_MS,     /* the same */
	FC_METRIC_LEADER,		       /* name */
	FC_METRIC_LEADER_SLOW_PATH,	       /* name */
	FC_METRIC_BUILD_INFO,		       /* version */
	FC_METRIC_PROCESS_CPU_SECONDS,
	FC_METRIC_PROCESS_RESIDENT_BYTES,
	FC_METRIC_PROCESS_VIRTUAL_BYTES,
	FC_METRIC_PROCESS_OPEN_FDS,
	FC_METRIC_PROCESS_MAX_FDS,
	FC_METRIC_PROCESS_START_TIME,
	FC_METRICS
};

enum fc_metric_type { FC_METRIC_COUNTER, FC_METRIC_GAUGE, FC_METRIC_HISTOGRAM };
#define FC_METRIC_MAX_LABELS 4

struct fc_metric {
	const char *name;
	const char *help;
	enum fc_metric_type type;
	const char *labels[FC_METRIC_MAX_LABELS]; /* NULL-terminated when fewer */
	const double *buckets;			  /* histograms; ends with a negative number */
};
/* The table's row. */
const struct fc_metric *fc_metric_row(enum fc_metric_id id);

struct fc_metrics;
/* Without any series; never NULL. */
struct fc_metrics *fc_metrics_new(void);
void fc_metrics_free(struct fc_metrics *m);

/* Label values in the order of the row; as many as it names. NULL `m` does nothing, so that tests may leave it
 * out. */
void fc_metrics_add(struct fc_metrics *m, enum fc_metric_id id, double by, const char *const *labels);
/* Gauges. */
void fc_metrics_set(struct fc_metrics *m, enum fc_metric_id id, double value, const char *const *labels);
/* Histograms. */
void fc_metrics_observe(struct fc_metrics *m, enum fc_metric_id id, double value, const char *const *labels);
/* The present value of a counter or gauge series, of a histogram how often it observed, 0 when there is none. For
 * tests. */
double fc_metrics_get(struct fc_metrics *m, enum fc_metric_id id, const char *const *labels);
#define FC_LABELS(...) ((const char *const[FC_METRIC_MAX_LABELS]){ __VA_ARGS__ })
/* Forgets every series that bears this label value: of a cluster that was removed. */
void fc_metrics_forget(struct fc_metrics *m, const char *label, const char *value);
/* All series with HELP and TYPE lines. process_* are read from /proc at this moment; a NULL `m` has nothing else. */
void fc_metrics_text(struct fc_metrics *m, struct fc_buf *out);

#endif
