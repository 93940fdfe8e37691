/* SPDX-License-Identifier: Apache-2.0 */
/* fc_action - what the engine wants done. One struct; which members count is said at each type.
 * Owns:    its strings, its JSON (shared by reference, never written again) and its resource reference.
 * Threads: made by the engine, handed to one executor, which frees it.
 * Fails:   never; what becomes of it comes back as an event.
 * Source:  design section 5: `run`, `plan`, `--once`, `explain` and the simulation execute the same actions. */
#ifndef FC_ACTION_H
#define FC_ACTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "model/cluster.h"
#include "model/event_record.h"
#include "model/metric.h"
#include "model/resource.h"
#include "model/state.h"

enum fc_action_type {
	/* cluster, name: a RESOURCE word, verbs. Answered by RESOLVED, again whenever the answer changes */
	FC_ACTION_RESOLVE,
	/* cluster, name, verbs: that word is of no interest any more. Nothing is posted of it after this was executed
	 */
	FC_ACTION_FORGET_WORD,
	/* cluster, watch, resource, namespace (NULL: all), name (NULL: all; else a field selector), content,
	 * without_echoes */
	FC_ACTION_START_WATCH,
	/* cluster, watch: no event of it is posted after this was executed */
	FC_ACTION_STOP_WATCH,
	/* cluster, watch: it lists again, in case that it has missed something. Answered by what a list tells */
	FC_ACTION_RELIST,
	/* cluster, request, resource, namespace, name. Answered by RESULT */
	FC_ACTION_READ,
	/* cluster, request, resource, namespace, name, subresource (NULL: the object), body, brief. Answered by RESULT
	 */
	FC_ACTION_PATCH,
	/* cluster, request, resource, namespace, name, body, force: a server-side apply; the body names uid and version
	 * as preconditions. Answered by RESULT */
	FC_ACTION_APPLY,
	/* cluster, request, resource, namespace, name, body: a PUT; the body names uid and version. Answered by RESULT
	 */
	FC_ACTION_REPLACE,
	/* cluster, request, resource, namespace, name, body: a POST. Answered by RESULT */
	FC_ACTION_CREATE,
	/* cluster, request, resource, namespace, name, uid, version: both are preconditions. Answered by RESULT, whose
	 * object is the deleted one, or what waits for its finalizers */
	FC_ACTION_DELETE,
	/* cluster, record: a Kubernetes Event in that cluster. Answered by nothing: it may be lost */
	FC_ACTION_RECORD,
	/* report */
	FC_ACTION_REPORT,
	/* measure */
	FC_ACTION_MEASURE,
	/* name: a sentence. The cluster set cannot be what the operator meant: end before anything is copied */
	FC_ACTION_GIVE_UP,
};

/* What a watch brings. */
enum fc_watch_content {
	FC_WATCH_BODIES,    /* whole objects */
	FC_WATCH_METADATA,  /* of every object its metadata */
	FC_WATCH_ANNOTATED, /* metadata, of objects with an annotation of a dialect or of fedcopy.dev/ only */
};

/* Something worth a log line. Strings may be NULL where they do not apply; none holds a
 * value. */
struct fc_report {
	enum fc_log_level level;
	char *message; /* lower-case sentence */
	char *cluster;
	char *target; /* CLUSTER/RESOURCE/NAMESPACE/NAME */
	char *path;
	char *source;
	const char *state; /* static */
	char *reason;	   /* CamelCase */
	char *detail;
	char *version; /* the resourceVersion that a write has made */
};

struct fc_measure {
	enum fc_metric_id id;
	char *labels[FC_METRIC_MAX_LABELS];
	double value; /* counters: added; gauges: set; histograms: observed */
};

struct fc_action {
	enum fc_action_type type;
	fc_cluster_no cluster;
	uint32_t watch;
	uint64_t request;
	unsigned verbs;
	enum fc_watch_content content;
	bool without_echoes; /* of metadata: what the answer to a PATCH has told need not be told again */
	struct fc_resource *resource;
	char *namespace_;
	char *name;
	char *subresource;
	char *uid, *version;
	bool force;		   /* fields that others own are taken over */
	const char *field_manager; /* of an apply: static text; NULL: FC_FIELD_MANAGER */
	json_t *body;
	bool brief; /* of the answer metadata.managedFields is of no interest */
	struct fc_event_record *record;
	json_t *confidential; /* of a write, where the engine marks them: JSON Pointers to what no output may show */
	struct fc_report *report;
	struct fc_measure *measure;
	struct fc_action *next; /* in a list of actions */
};

/* Actions in the order in which they were decided. Not to be moved in memory: an empty list points into itself. */
struct fc_actions {
	struct fc_action *first, **end;
};

/* Empty. A list points into itself: it is not copied or moved. */
void fc_actions_init(struct fc_actions *list);
/* Appends a zeroed action; the list owns it. */
struct fc_action *fc_actions_add(struct fc_actions *list, enum fc_action_type type);
/* The first one, now the caller's; NULL when there is none. */
struct fc_action *fc_actions_take(struct fc_actions *list);
/* Frees what was not taken. */
void fc_actions_fini(struct fc_actions *list);
void fc_action_free(struct fc_action *a); /* NULL allowed */
const char *fc_action_type_name(enum fc_action_type type);

#endif
