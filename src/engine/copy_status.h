/* SPDX-License-Identifier: Apache-2.0 */
/* fc_copy_outcome, fc_copy_memory - what the status of a custom resource is made of, and what it tells after a restart.
 * Owns:    outcomes borrow all their texts; memories those of the bearer that they were read from.
 * Threads: any: data, no behaviour.
 * Fails:   never.
 * Source:  design section 6. Included by engine/copy_dialect.h. */
#ifndef FC_COPY_STATUS_H
#define FC_COPY_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/resource.h"
#include "model/state.h"

/* How a copy that stands is made as it is wanted. A new one is always created. */
enum fc_copy_strategy {
	FC_COPY_PATCHES,  /* what differs, in one JSON Patch: one write, no read */
	FC_COPY_APPLIES,  /* server-side apply, by force: fields that others own and nobody wants otherwise stay */
	FC_COPY_REPLACES, /* a PUT of all of it: what is foreign goes. Read before, for what the server owns */
};

/* A copy that the bearer's status tells of: all that is remembered of it over a restart. Texts are borrowed from the
 * bearer; NULL: not told. */
struct fc_copy_memory {
	const char *cluster; /* NULL: the bearer's own */
	const char *group, *kind, *namespace_, *name;
	const char *uid, *version;		 /* as it was when it was written last */
	const char *source_uid, *source_version; /* and what it was made of */
	enum fc_copy_strategy strategy;		 /* and how */
};
struct fc_copy_memories {
	struct fc_copy_memory *items;
	size_t count, cap;
};

/* How it stands with one copy, for a custom resource's status. */
struct fc_copy_outcome {
	const char *cluster, *namespace_, *name;
	bool own;
	const struct fc_resource *resource; /* of the copy; NULL: not known */
	const char *group, *kind;	    /* of what is left over, as the status has it; else NULL */
	enum fc_state state;
	const char *reason, *message;
	bool source_outside;	    /* its namespace is not one of those that are worked in */
	bool source_ending;	    /* the source is being deleted */
	bool source_exists, exists; /* the source, and an object in this place: as far as is known */
	bool source_missing;	    /* it is known that there is none */
	bool unseen;		    /* nobody has looked whether there is one */
	unsigned failures;	    /* in a row, of a dialect with delays of its own */
	int64_t written_ms;	    /* since 1970: when this process wrote it last; 0: it has not */
	/* On its way to another state by itself: a list, a read or a write is awaited. A status that is to tell only of
	 * what lasts is left as it is meanwhile. */
	bool passing;
	bool listed;	/* the status that stands lists it */
	bool ours;	/* what stands there is what it lists */
	bool left_over; /* nobody wants it any more, and it stands there still */
	/* The object there and its source, as they are known (NULL: not known), and as they were when this process
	 * wrote the one with the other last (NULL: it has not). */
	const char *uid, *version, *source_uid, *source_version;
	const char *written_version, *written_source_uid, *written_source_version;
};

/* In a wanted status: the time of its writing, RFC 3339. No text of anybody is this. */
#define FC_COPY_NOW "\001now"

#endif
