/* SPDX-License-Identifier: Apache-2.0 */
/* api_server - a model of the Kubernetes API server, in memory: what it answers to a request, what a watch tells, what
 * it remembers.
 * Owns:    its objects and their history; an answer belongs to the caller.
 * Threads: one. It has no clock and no chance of its own: time and uids come from the caller's calls.
 * Fails:   never; what a real server refuses is an answer with a Status.
 * Source:  the Kubernetes API concepts and conventions pages, RFC 6902, and recorded conversations with a real
 *          kube-apiserver (1.20) in tests/sim/recorded, which test_api_server replays against this model. Nothing in it
 *          is taken from the engine: it includes nothing of src/engine, src/kube or src/clusters.
 *
 * What it does not have: pages of lists, generateName, dryRun, stringData, apply and strategic patches, managedFields,
 * dependents that go with their owners, schemas (but `admit`). ConfigMap, Secret and Namespace are decoded and
 * validated as the real types are; of other built-in types all members are kept. A group with a dot that is not one of
 * k8s.io is one of custom resources, which differ: a PUT needs a resourceVersion, kind and apiVersion are asked for. */
#ifndef FC_SIM_API_SERVER_H
#define FC_SIM_API_SERVER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A resource that it serves. */
struct api_type {
	const char *group, *version, *plural, *singular, *kind; /* group "" for core */
	bool namespaced;
	bool status;		    /* has a status subresource */
	bool generation;	    /* counts metadata.generation when anything but metadata and status changes */
	const char *immutable_when; /* a top-level member that, when true, freezes the others ("immutable"); or NULL */
	/* Defaults, prunes or mutates an object about to be stored, as admission and schemas do; may be NULL. `old` is
	 * NULL at creation. Returns NULL, or a static message with which it is refused as Invalid (422). */
	const char *(*admit)(json_t *object, const json_t *old);
};

struct api_server;

/* `seed` decides its uids. Serves v1 Namespace from the start, with default, kube-system and kube-public in it, whose
 * uid of kube-system is the cluster's id. */
struct api_server *api_server_new(uint64_t seed);
void api_server_free(struct api_server *s);
void api_server_serve(struct api_server *s, const struct api_type *type); /* borrowed; a second time: nothing */
/* The type disappears with its objects, which watches are told of before they end (as when its CRD is deleted). Served
 * again, it is empty, and knows no version from before. */
void api_server_withdraw(struct api_server *s, const struct api_type *type);
/* It notes from now on who set which field, and takes server-side applies: api_server_fields.c. */
void api_server_keep_managers(struct api_server *s);
/* Of the writes to come; borrowed; NULL: of anybody. */
void api_server_set_writer(struct api_server *s, const char *manager);
/* For creationTimestamp and deletionTimestamp: seconds since 1970. */
void api_server_set_time(struct api_server *s, int64_t seconds);

struct api_answer {
	int status; /* HTTP */
	/* Object, list or Status; a reference of who asked; never NULL. What is in it is shared with the store, with
	 * history and with other answers: it is read, and never changed. */
	json_t *body;
};
/* Executes a request as a real server does. `path` is the URL's path and query: "/api/v1/namespaces/a/secrets/b",
 * "/apis/apps/v1/namespaces/a/deployments/b/status", "/api/v1/secrets?labelSelector=...". Methods GET (object, list,
 * discovery documents /api, /apis, /api/v1, /apis/GROUP/VERSION, /version), POST, PUT, PATCH
 * (application/json-patch+json, application/merge-patch+json), DELETE (of an object or a collection; DeleteOptions with
 * preconditions and propagationPolicy in `body`). `accept_metadata`: answers as PartialObjectMetadata(List). `body` is
 * borrowed, NULL for none. */
struct api_answer api_request(struct api_server *s, const char *method, const char *path, const char *content_type,
			      bool accept_metadata, const json_t *body);
void api_answer_fini(struct api_answer *a);

/* --- watches --- */
struct api_watch;
/* `path` as of a list, with resourceVersion and selectors in the query (a labelSelector, and of fieldSelectors
 * metadata.name and metadata.namespace). Without a version, or with 0, what is there is told first, as ADDED. Never
 * NULL: a version that history has forgotten is told as an ERROR event of code 410; and so is what a real server
 * refuses with an HTTP status of its own, a type that is not served (404) or a selector that cannot be read (400). */
struct api_watch *api_watch_open(struct api_server *s, const char *path, bool accept_metadata);
/* The next event, now the caller's, its object shared: {"type": "ADDED|MODIFIED|DELETED|ERROR|BOOKMARK", "object":
 * {...}}; NULL: none just now, or it has ended. With a selector, an object that begins or ceases to match is ADDED or
 * DELETED. A watch from a version that is still to come (after a restore) is silent until then. */
json_t *api_watch_next(struct api_watch *w);
/* The connection is closed: after an ERROR, when the server was restored or restarted, when the type was withdrawn. */
bool api_watch_ended(struct api_watch *w);
/* A bookmark with the version up to which all was told; NULL where there can be none: ended, or not yet begun. */
json_t *api_watch_bookmark(struct api_watch *w);
void api_watch_close(struct api_watch *w);

/* --- what happens to servers --- */
/* Forgets history up to now: watches from before get 410, open ones too that have something left to tell. */
void api_server_compact(struct api_server *s);
/* A restart: every open watch ends, history is forgotten, the version rises, no object changes. */
void api_server_restart(struct api_server *s);
/* A backup, and going back to the last one: versions, objects and types as then, and every open watch ends, as after a
 * restart. Without a backup, nothing. */
void api_server_save(struct api_server *s);
void api_server_restore(struct api_server *s);
/* Lists served with resourceVersion=0 or from a lagging replica may be behind: the state `back` changes ago, with its
 * resourceVersion. 0: now. Applies to the next list only. */
void api_server_lag(struct api_server *s, unsigned back);

/* One step of the controllers, by requests of theirs: takes the finalizers foregroundDeletion and orphan off one object
 * that is being deleted, deletes one object in a namespace that is Terminating, or such a namespace, when nothing is in
 * it and no finalizer holds it. False: there was nothing to do. A DELETE of a namespace alone only makes it
 * Terminating. */
bool api_server_run_controllers(struct api_server *s);

/* --- looking without asking, for checkers and worlds; borrowed --- */
const json_t *api_server_object(const struct api_server *s, const char *group, const char *plural, const char *ns,
				const char *name);
/* Calls `fn` for every object of all types. */
void api_server_each(const struct api_server *s, void (*fn)(void *user, const struct api_type *type, const json_t *o),
		     void *user);
bool api_server_serves(const struct api_server *s, const struct api_type *type);
unsigned api_server_discovery(const struct api_server *s); /* another number when a type has come or gone */
uint64_t api_server_version(const struct api_server *s);   /* of the last change */
const char *api_server_id(const struct api_server *s);	   /* uid of kube-system */

#endif
