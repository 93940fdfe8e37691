/* SPDX-License-Identifier: Apache-2.0 */
/* fc_credentials - the Authorization of each request, kept fresh.
 * Owns:    the token last read.
 * Threads: the cluster's thread.
 * Fails:   a token file that cannot be read keeps the last good token and is logged (kube-client 1.17); without
 *          one, the request fails.
 * Source:  kube-client 1.16 to 1.20, 1.39. Exec plug-ins and impersonation take their place here. */
#ifndef FC_CREDENTIALS_H
#define FC_CREDENTIALS_H

#include "base/buf.h"
#include "base/error.h"
#include "kube/kubeconfig.h"

struct fc_credentials;

/* Borrows `access`, which must outlive it. */
struct fc_credentials *fc_credentials_new(const struct fc_access *access);
/* The token is overwritten first. NULL allowed. */
void fc_credentials_free(struct fc_credentials *c);

/* Appends "Authorization: ..." (no line end) for a request made now, or nothing where a certificate alone
 * authenticates or the server is not https. The caller frees the buffer with fc_buf_fini_secret. A token file is
 * read again when its value is older than 50 s. */
int fc_credentials_header(struct fc_credentials *c, int64_t now_ms, struct fc_buf *out, struct fc_error *err)
	FC_MUST_CHECK;

/* The server answered 401: look again at the next request, whatever the age (2.17). */
void fc_credentials_refused(struct fc_credentials *c);

#endif
