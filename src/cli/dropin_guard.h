/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin_guard - lets in whom the cluster's API server knows, and lets read the path: for metrics by https.
 * Owns:    its thread, loop and client; what was answered lately.
 * Threads: _new, _renew, _end, _free from the main thread; _admit from any, which waits for the server's answer.
 * Fails:   _new (an access that cannot be used, no thread). A server that does not answer admits nobody.
 * Source:  kube-client 11.7. */
#ifndef FC_DROPIN_GUARD_H
#define FC_DROPIN_GUARD_H

#include "kube/kubeconfig.h"

struct fc_dropin_guard;

/* Takes over `access`, also when it fails. Signals should be blocked, since its thread inherits the mask. */
struct fc_dropin_guard *fc_dropin_guard_new(const char *cluster, struct fc_access *access, struct fc_error *err)
	FC_MUST_CHECK;
/* The cluster's entry has changed: who is asked about from now on, or is at present, is asked about by this access, of
 * which a share is taken. One that cannot be used changes nothing, but for a line in the log. NULL guard allowed. */
void fc_dropin_guard_renew(struct fc_dropin_guard *g, struct fc_access *access);
/* Whoever waits for an answer gets 500 at once, and so does whoever comes. NULL allowed. */
void fc_dropin_guard_end(struct fc_dropin_guard *g);
void fc_dropin_guard_free(struct fc_dropin_guard *g); /* NULL allowed; nobody is admitted any more */

/* As fc_serve_security.admit, with the guard as `user`: 200, 401, 403 or 500. What was said of a bearer and a path
 * holds for a minute; what was not said, not at all. */
int fc_dropin_guard_admit(void *user, const char *authorization, const char *path);

#endif
