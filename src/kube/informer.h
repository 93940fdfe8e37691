/* SPDX-License-Identifier: Apache-2.0 */
/* fc_informer - lists one collection, in pages or as the beginning of a watch, and watches it, for ever; says what it
 *          sees and holds no object.
 * Owns:    its request, its timers, the keys it has passed on where a filter drops objects.
 * Threads: the cluster's thread.
 * Fails:   never for good: it reports a failure, backs off and goes on; what it told before stays true (6.19).
 * Source:  kube-client sections 4 and 5: pages of 500 (4.2), resume from the last resourceVersion (5.9, 5.10),
 *          bookmarks (5.7), 410 lists again (5.11), back-off 800 ms to 30 s (5.14), streaming lists (5.17 to 5.21),
 *          deadline (5.25); design section 4: 240 to 300 s a watch. */
#ifndef FC_INFORMER_H
#define FC_INFORMER_H

#include "base/random.h"
#include "kube/transport.h"
#include "model/metric.h"
#include "model/resource.h"

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct fc_informer;

/* Of an object that is not decoded: its namespace (NULL: cluster-scoped), name and resourceVersion. */
struct fc_informer_key {
	char *namespace_, *name, *version;
};
static inline void fc_informer_key_fini(struct fc_informer_key *key)
{
	free(key->namespace_);
	free(key->name);
	free(key->version);
}

struct fc_informer_callbacks {
	/* A list begins: objects until on_list_end are its items, and what is gone before that is none of them. It may
	 * begin anew without having ended (a page failed, or its token was too old): what was told of the earlier
	 * attempt stays true, but only what is named since the last beginning counts at the end. */
	void (*on_list_begin)(void *user);
	/* An object is there or has changed; `object` is the callee's. Items lack apiVersion and kind in lists:
	 * nothing is filled in. */
	void (*on_object)(void *user, json_t *object, int64_t received_us);
	void (*on_gone)(void *user, const char *namespace_, const char *name, const char *resource_version);
	/* Present, but cannot be decoded; namespace and resource_version may be NULL. */
	void (*on_unreadable)(void *user, const char *namespace_, const char *name, const char *resource_version,
			      const struct fc_error *why);
	/* The list is complete. `removes`: what it did not name is absent, or bears none of the annotations asked
	 * for: a list does not name an object that was passed on before and has lost them. False when an item's
	 * key could not be found (5.4). */
	void (*on_list_end)(void *user, bool removes);
	/* Once when it stops working, and again when the class of the failure changes (refused, then forbidden).
	 * Working again shows as on_resumed when nothing was missed, else as a list. */
	void (*on_failed)(void *user, const struct fc_error *why);
	void (*on_resumed)(void *user);
	/* May be NULL. With metadata_only, before an event that tells of a change is decoded: `bytes` are its text.
	 * True: nothing is told of it now; the callee has copied it, to give it to fc_informer_tell or to drop it.
	 * *key is set then, and becomes the caller's. */
	bool (*on_change)(void *user, const char *bytes, size_t len, int64_t received_us, struct fc_informer_key *key);
};

struct fc_informer_options {
	struct fc_transport *transport;
	const struct fc_resource *resource; /* a reference is taken */
	const char *namespace_;		    /* NULL: all; copied */
	const char *name;		    /* NULL: all; else fieldSelector metadata.name (5.1); copied */
	bool metadata_only; /* PartialObjectMetadata (4.13); full objects that come all the same are stripped */
	/* NULL: every object is passed on. Else only objects with an annotation whose key begins with one of these
	 * (NULL-terminated), and objects that were passed on before: so that the listener learns when the last
	 * annotation went. */
	const char *const *annotation_prefixes;	       /* borrowed, like all that is not said to be copied */
	struct fc_metrics *metrics;		       /* may be NULL */
	struct fc_random *random;		       /* borrowed, for jitter */
	const struct fc_informer_callbacks *callbacks; /* all of them set but on_change */
	void *user;
};

/* Begins at once. Callbacks come from the loop only, never from inside this call. Lists are the beginning of a watch,
 * one request in place of two, where a discovery over the same transport has shown a server that may know of that. */
struct fc_informer *fc_informer_start(const struct fc_informer_options *options);
/* No callback after this. Allowed inside a callback. */
void fc_informer_stop(struct fc_informer *i);
/* Is something to be retried (a back-off under way)? Then do it now: the cluster is back. NULL allowed. */
void fc_informer_retry_now(struct fc_informer *i);

/* The versions that it knows may be another cluster's: it lists again, at once and once, however often it is said
 * before that list begins. A list or watch under way ends untold. Allowed inside a callback. */
void fc_informer_relist(struct fc_informer *i);

/* What on_change has taken is told now; nothing while a list is under way, which tells it too. Calls back from inside.
 */
void fc_informer_tell(struct fc_informer *i, const char *bytes, size_t len, int64_t received_us);

#endif
