/* SPDX-License-Identifier: Apache-2.0 */
/* sb_store - the objects of a cluster by resource, one counter of versions, and a bounded history of changes.
 * Owns:    objects and history; what it returns is borrowed until the next change, unless told otherwise.
 * Threads: the loop's one.
 * Fails:   never; what history has forgotten is told.
 * Source:  kube-client section 4; etcd's one revision for all keys; kube-apiserver's watch cache (a window of events
 * per resource). */
#ifndef FC_SANDBOX_STORE_H
#define FC_SANDBOX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sandbox/history.h"
#include "sandbox/object.h"

struct sb_store;
struct sb_watch;

/* What is stored under one group and plural, whatever versions serve it. */
struct sb_resource;

struct sb_store *sb_store_new(unsigned history);
void sb_store_free(struct sb_store *s);
uint64_t sb_store_version(const struct sb_store *s); /* of the last change in any resource */
/* A change of nothing that is known here: a real server's other keys. */
uint64_t sb_store_bump(struct sb_store *s);

/* Never NULL: made when first asked for. The handle is good while the store lives. */
struct sb_resource *sb_store_resource(struct sb_store *s, const char *group, const char *plural);
/* Its objects are deleted first (watches see it), then open watches end, and history begins anew. For a
 * CustomResourceDefinition that goes. */
void sb_store_drop(struct sb_store *s, struct sb_resource *r);

struct sb_object *sb_store_find(const struct sb_resource *r, const char *ns, const char *name); /* NULL: none */
size_t sb_store_count(const struct sb_resource *r);
size_t sb_store_owned(const struct sb_resource *r); /* how many have ownerReferences */
bool sb_store_any_owned(const struct sb_store *s);
/* The i-th in the order of "ns/name" bytewise, as etcd has it. */
struct sb_object *sb_store_at(const struct sb_resource *r, size_t i);
/* All of them, in that order. */
struct sb_object *const *sb_store_objects(const struct sb_resource *r, size_t *count);
/* Where in an array of that order the first stands whose key is at or behind ns/name ("" name: the namespace's
 * first). */
size_t sb_objects_lower_bound(struct sb_object *const *objects, size_t count, const char *ns, const char *name);

/* Gives the next version to `json` (borrowed) and stores it: a creation, or a replacement of what has its name. Watches
 * are told before it returns. Borrowed. */
struct sb_object *sb_store_put(struct sb_store *s, struct sb_resource *r, const json_t *json);
/* Puts another reading of an object in its place, at its version: nobody is told, and history keeps what was told. What
 * a changed CustomResourceDefinition makes of objects that are stored. */
void sb_store_reread(struct sb_resource *r, struct sb_object *o, const json_t *json);
/* Deletes; the DELETED event and the returned object (a reference of the caller's) show the stored state at the version
 * of the deletion, as etcd tells it. */
struct sb_object *sb_store_remove(struct sb_store *s, struct sb_resource *r, struct sb_object *o);

/* The oldest version from which events are complete: a watch from an earlier one gets 410. */
uint64_t sb_store_oldest(const struct sb_resource *r);
/* The version of its last change; 0: there was none. */
uint64_t sb_store_changed(const struct sb_resource *r);
/* What history holds, oldest first; borrowed until the next change. */
size_t sb_store_change_count(const struct sb_resource *r);
const struct sb_change *sb_store_change(const struct sb_resource *r, size_t i);
/* The number of the first change behind `version`; sb_store_change_count: there is none. */
size_t sb_store_change_after(const struct sb_resource *r, uint64_t version);
/* The objects as of `version`, in order, each with a reference of the caller's, the array too; -1: history has
 * forgotten. For pages of a list: ask sb_store_change_after first, mostly nothing has changed. */
int sb_store_as_of(const struct sb_resource *r, uint64_t version, struct sb_object ***out, size_t *count);
/* History forgets everything up to now: for `compact` of the admin endpoint. */
void sb_store_compact(struct sb_store *s);

/* Watches of a resource, told of each change as it is made: watch.c. */
void sb_store_subscribe(struct sb_resource *r, struct sb_watch *w);
void sb_store_unsubscribe(struct sb_resource *r, struct sb_watch *w);
/* All open watches of the resource end: its CustomResourceDefinition has changed. */
void sb_store_end_watches(struct sb_resource *r);

#endif
