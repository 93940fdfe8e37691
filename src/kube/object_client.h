/* SPDX-License-Identifier: Apache-2.0 */
/* fc_object_client - single requests on single objects: read, patch, create, delete.
 * Owns:    its requests while they run.
 * Threads: the cluster's thread.
 * Fails:   per call, in `done`; a name that may not stand in a URL fails there too, before anything is sent.
 * Source:  kube-client 2.11 (deadline, also sent as `timeout`), 8.1, 8.3 (fieldManager), 13.17 (unknown outcomes). */
#ifndef FC_OBJECT_CLIENT_H
#define FC_OBJECT_CLIENT_H

#include <jansson.h>

#include "kube/transport.h"
#include "model/marks.h"
#include "model/resource.h"

/* Below a server's own 60 s, so that we learn of the end first. */
#define FC_OBJECT_TIMEOUT_MS 30000

struct fc_object_call;

/* `object` is the decoded answer (now the callee's) or NULL with `err`; called exactly once unless cancelled, never
 * from inside the call that started it. */
typedef void fc_object_done(void *user, json_t *object, const struct fc_error *err);

/* A GET of the whole object, FC_OBJECT_TIMEOUT_MS at most. The handle is valid until `done` has been called. */
struct fc_object_call *fc_object_read(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
				      const char *name, fc_object_done *done, void *user);
/* An RFC 6902 patch; `subresource` NULL for the object itself. Of an error only what a write's answer may show is
 * kept. */
struct fc_object_call *fc_object_patch(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
				       const char *name, const char *subresource, const json_t *patch,
				       fc_object_done *done, void *user);
/* The answer to it is decoded without metadata.managedFields, which is quicker. */
void fc_object_brief(struct fc_object_call *c);
/* A server-side apply of `object`, as that field manager (static text; NULL: FC_FIELD_MANAGER); with `force` fields of
 * others are taken over. Uid and resourceVersion in the object are preconditions: it makes nothing then. */
struct fc_object_call *fc_object_apply(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
				       const char *name, const json_t *object, const char *manager, bool force,
				       fc_object_done *done, void *user);
/* A PUT of `object`, whose uid and resourceVersion are preconditions. */
struct fc_object_call *fc_object_replace(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
					 const char *name, const json_t *object, fc_object_done *done, void *user);
/* A POST of `object`, which names itself. A name that is taken is FC_ERR_EXISTS. */
struct fc_object_call *fc_object_create(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
					const json_t *object, fc_object_done *done, void *user);
/* `uid` and `version` are preconditions, NULL for none (8.14). The answer is the object, or a Status that says that it
 * is gone. */
struct fc_object_call *fc_object_delete(struct fc_transport *t, const struct fc_resource *r, const char *namespace_,
					const char *name, const char *uid, const char *version, fc_object_done *done,
					void *user);
void fc_object_cancel(struct fc_object_call *c); /* NULL allowed */

#endif
