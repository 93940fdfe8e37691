/* SPDX-License-Identifier: Apache-2.0 */
/* fc_credentials - who a cluster's requests come from: Authorization, impersonation, TLS material, all kept fresh.
 * Owns:    the token last read, the certificates in force.
 * Threads: the cluster's thread.
 * Fails:   a file that cannot be read keeps the last good value and is logged (kube-client 1.17, 1.25, 1.26); without
 *          one, the request fails.
 * Source:  kube-client 1.15 to 1.26, 1.32 to 1.35, 1.39. */
#ifndef FC_CREDENTIALS_H
#define FC_CREDENTIALS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/loop.h"
#include "kube/kubeconfig.h"

#include <curl/curl.h>

struct fc_credentials;
struct fc_exec_plugins;

struct fc_credentials_options {
	const struct fc_access *access; /* borrowed, must outlive it */
	struct fc_loop *loop;
	/* The process's plug-ins, whose results all clusters share; may be NULL where the access names none. */
	struct fc_exec_plugins *plugins;
};

/* NULL with err: no descriptor for word from a plug-in. */
struct fc_credentials *fc_credentials_new(const struct fc_credentials_options *options, struct fc_error *err)
	FC_MUST_CHECK;
/* Secrets are overwritten first. NULL allowed. */
void fc_credentials_free(struct fc_credentials *c);

/* Who is told what; both are called from the loop, never from inside a call made here. Either may be NULL. */
struct fc_credentials_listener {
	/* What fc_credentials_headers waits for has come, or has failed: ask again. */
	void (*on_ready)(void *user);
	/* The TLS material is another one than before: connections made with the old one are to end (1.25, 1.34). */
	void (*on_tls_changed)(void *user);
	void *user;
};
void fc_credentials_listen(struct fc_credentials *c, const struct fc_credentials_listener *listener);

/* Appends the header lines of a request made now to `*out`: Authorization, unless a certificate alone authenticates or
 * the server is not https, then the impersonation. 0; 1: a plug-in is at work, on_ready will be called; -1 with err.
 * The caller frees the list with fc_credentials_free_headers, in every case. A token file is read again when its value
 * is older than 50 s. */
int fc_credentials_headers(struct fc_credentials *c, int64_t now_ms, struct curl_slist **out, struct fc_error *err)
	FC_MUST_CHECK;
/* Overwrites them first. NULL allowed. */
void fc_credentials_free_headers(struct curl_slist *headers);

/* PEM texts; NULL where there is none. */
struct fc_tls_material {
	const char *ca_pem, *cert_pem, *key_pem;
};
/* In force now; borrowed until on_tls_changed is called. With a plug-in that gives certificates: after
 * fc_credentials_headers has returned 0. */
struct fc_tls_material fc_credentials_tls(const struct fc_credentials *c);

/* The server answered 401: look again at the next request, whatever the age (2.17, 1.33). */
void fc_credentials_refused(struct fc_credentials *c);
/* A connection is about to be made, or has failed over a question of trust: files that have changed since, looked at
 * once per second at most, are used (1.25). */
void fc_credentials_connecting(struct fc_credentials *c);

/* When the token and the client certificate in force expire, in ms since 1970; 0: never, or nobody knows. */
struct fc_credentials_expiry {
	int64_t token_ms, certificate_ms;
};
struct fc_credentials_expiry fc_credentials_expires(const struct fc_credentials *c);

#endif
