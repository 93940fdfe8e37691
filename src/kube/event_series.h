/* SPDX-License-Identifier: Apache-2.0 */
/* fc_event_series - an Event and how often it came again, and the bodies that tell a server of it.
 * Owns:    its record.
 * Threads: its recorder's.
 * Fails:   never: what a note may not hold was taken out when the record was made.
 * Source:  kube-client 10.1 to 10.4; events.k8s.io/v1, and the core/v1 Event of servers before 1.19. This header is for
 *          the recorder's own files. */
#ifndef FC_EVENT_SERIES_H
#define FC_EVENT_SERIES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "json/digest.h"
#include "model/event_record.h"

/* A qualified name, as the API wants it. */
#define FC_EVENT_CONTROLLER "fedcopy.dev/fedcopy"
#define FC_EVENT_INSTANCE_BYTES 128

struct fc_event_series {
	struct fc_digest key;		/* of all that makes two Events the same */
	struct fc_event_record *record; /* the newest of them */
	uint64_t serial;		/* nanoseconds, the hexadecimal end of its name */
	int64_t first_ms, last_ms;	/* wall */
	unsigned count;			/* how often it came */
	unsigned written;		/* what the server knows of that; 0: nothing, it is not there */
	unsigned sent;			/* what the request under way tells */
	unsigned tries;			/* of the request that waits, or is under way */
	bool legacy;			/* written as a core/v1 Event */
	bool combined;			/* its notes were not all the same */
	bool queued;
	int64_t seen_ms;		     /* monotonic, when it came last */
	int64_t written_ms;		     /* ... when the server was told last */
	struct fc_event_series *prev, *next; /* in the queue */
	UT_hash_handle hh;		     /* by key; in the order in which they came last */
};

/* 10.3: type, action, reason, regarding and related, not the note. Controller and instance are the recorder's, and so
 * the same. Not the resourceVersion either: it moves with each of our own writes, and nothing would ever come twice. */
struct fc_digest fc_event_key(const struct fc_event_record *r);
/* Of the object alone, with its incarnation. */
struct fc_digest fc_event_object_key(const struct fc_event_record *r);

bool fc_event_is_cluster_scoped(const struct fc_event_record *r);
/* 10.2: that of the object; borrowed. */
const char *fc_event_namespace(const struct fc_event_record *r);
/* `<object>.<hex>`, 253 bytes at most; the caller frees. */
char *fc_event_name(const struct fc_event_series *s);
/* For a create, and for a merge patch that says how often it came. `instance` is the reportingInstance. */
json_t *fc_event_body(const struct fc_event_series *s, const char *instance);
json_t *fc_event_patch(const struct fc_event_series *s);

#endif
