/* SPDX-License-Identifier: Apache-2.0 */
/* fc_event - what the engine is told. One struct; which members count is said at each type.
 * Owns:    its strings, its JSON (never written again after the event was made) and its resource reference.
 * Threads: made by one thread, handed to the engine's, which frees it.
 * Fails:   never.
 * Source:  design section 5: events in, actions out; the time is in the event. */
#ifndef FC_EVENT_H
#define FC_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "model/cluster.h"
#include "model/permission.h"
#include "model/resource.h"

enum fc_event_type {
	/* Nothing but the time. */
	FC_EVENT_TICK,
	/* cluster: a number that was never used; info: its description. Its other events come after this one */
	FC_EVENT_CLUSTER_ADDED,
	/* cluster: it is none of the set any more; nothing on it is touched. Events of it may come still */
	FC_EVENT_CLUSTER_REMOVED,
	/* cluster; info: its new description: another name, other labels, other `reads` */
	FC_EVENT_CLUSTER_CHANGED,
	/* permissions: the operator's list from now on, NULL: an empty one */
	FC_EVENT_PERMISSIONS,
	/* cluster; name: cluster id (uid of kube-system), NULL when not readable; server_version; round_trip_us */
	FC_EVENT_CLUSTER_UP,
	/* cluster; error */
	FC_EVENT_CLUSTER_DOWN,
	/* cluster; name: the word; resource, or NULL with error (NOT_SERVED or why not known) */
	FC_EVENT_RESOLVED,
	/* watch: a (re)list begins; every object until LIST_END is one of the list */
	FC_EVENT_LIST_BEGIN,
	/* watch; complete: what was not named since LIST_BEGIN is absent or bears no rule any more */
	FC_EVENT_LIST_END,
	/* watch; object; received_us */
	FC_EVENT_OBJECT,
	/* watch; namespace, name, resource_version (of the deletion) */
	FC_EVENT_OBJECT_GONE,
	/* watch; namespace, name, resource_version (or NULL); error: present, but cannot be decoded */
	FC_EVENT_OBJECT_UNREADABLE,
	/* watch; error: it cannot list or watch just now, and goes on trying; what is known stays */
	FC_EVENT_WATCH_FAILED,
	/* watch: a failed one works again, nothing was missed */
	FC_EVENT_WATCH_RESUMED,
	/* request; object (the body of the answer, NULL for none), brief; or error */
	FC_EVENT_RESULT,
};

struct fc_event {
	enum fc_event_type type;
	fc_cluster_no cluster;
	uint32_t watch;
	uint64_t request;
	bool complete;
	bool brief;	       /* the object may lack metadata.managedFields */
	int64_t now_ms;	       /* monotonic, set when the engine takes the event */
	int64_t wall_ms;       /* since 1970, for what people read; set with now_ms */
	int64_t received_us;   /* monotonic, when its last byte came from the network */
	int64_t round_trip_us; /* of the request that found the cluster up, a new connection included */
	int64_t queued_us;     /* monotonic, when it was given to the engine's queue */
	const char *queue;     /* static: what that queue is called in the metrics; NULL: as the engine's is */
	char *namespace_;      /* NULL or "": cluster-scoped */
	char *name;
	char *resource_version;
	char *server_version; /* gitVersion, for people */
	json_t *object;
	struct fc_resource *resource;
	struct fc_cluster_info *info;
	struct fc_permissions *permissions; /* a reference */
	struct fc_error error;		    /* cls FC_ERR_NONE: none */
};

/* Zeroed but for the type, and FC_ERROR_INIT as error; never NULL. */
struct fc_event *fc_event_new(enum fc_event_type type);
void fc_event_free(struct fc_event *e); /* NULL allowed */
const char *fc_event_type_name(enum fc_event_type type);
/* Is it something that a watch tells? Then `watch` says which. */
bool fc_event_is_of_watch(enum fc_event_type type);

#endif
