/* SPDX-License-Identifier: Apache-2.0 */
/* fc_object_sync - what the files of this dialect share: its keys, and what an ObjectSync asks for.
 * Owns:    what a function gives belongs to the caller, unless it says that it is borrowed.
 * Threads: pure functions, any thread.
 * Fails:   never: what cannot be understood is a rule with a reason.
 * Source:  systems/object-syncer.md. */
#ifndef FC_OBJECT_SYNC_H
#define FC_OBJECT_SYNC_H

#include <jansson.h>

#include "engine/copy_dialect.h"

#define FC_OBJECT_SYNC_PREFIX "sync.rustrial.org/"
#define FC_OBJECT_SYNC_FINALIZER FC_OBJECT_SYNC_PREFIX "rustrial-object-syncer"

/* spec.source.<member>, "" where that is no text; borrowed. */
const char *fc_object_sync_source(const json_t *bearer, const char *member);
/* One of spec.destinations: a namespace or "*", the name of its copies, and the strategy as it is written, NULL where
 * it is not; all borrowed. False: there is none of that number. */
struct fc_object_sync_destination {
	const char *namespace_, *name, *strategy;
};
bool fc_object_sync_destination(const json_t *bearer, size_t i, struct fc_object_sync_destination *out);
bool fc_object_sync_is_every(const struct fc_object_sync_destination *d); /* every namespace is meant */
/* B11: the one that counts for that place; false: none. */
bool fc_object_sync_find(const json_t *bearer, const char *namespace_, const char *name,
			 struct fc_object_sync_destination *out);
enum fc_copy_strategy fc_object_sync_strategy(const char *word); /* NULL: the default */
/* See struct fc_copy_dialect. */
void fc_object_sync_scan(const struct fc_dialect *dialect, const json_t *bearer, struct fc_copy_specs *out);
void fc_object_sync_remember(const json_t *bearer, struct fc_copy_memories *out);
json_t *fc_object_sync_status(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count);

#endif
