/* SPDX-License-Identifier: Apache-2.0 */
/* fc_peer - one API server as libcurl wants it: address, trust, identity, proxy, HTTP version.
 * Owns:    itself, by counted references; copies of all it was made from, key material overwritten when freed.
 * Threads: the cluster's thread, the count included. Immutable: a changed certificate makes another peer.
 * Fails:   _new on a server address that is no URL; _apply when libcurl refuses an option.
 * Source:  kube-client 1.9 to 1.13, 2.1, 2.3, 2.6, 2.8, 2.9, 2.25, 2.26. Key material never touches a file. */
#ifndef FC_PEER_H
#define FC_PEER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/error.h"
#include "kube/credentials.h"
#include "kube/kubeconfig.h"

struct fc_peer {
	unsigned refs;
	char *base_url;	   /* what a request's path is put behind; holds tls_server_name in place of the host (1.12) */
	char *host;	   /* host[:port] of the server, as the metric's label has it */
	char *host_header; /* "Host: ...", or NULL where the URL says it */
	struct curl_slist *connect_to;
	char *user_agent;
	char *proxy; /* the access's, else the environment's; NULL: none */
	bool http1_only, insecure, no_compression;
	char *ca_pem, *cert_pem, *key_pem; /* NULL where there is none */
};

/* Copies what it needs; one reference is the caller's. NULL with err: an address, or a proxy of the environment, that
 * cannot be used. */
struct fc_peer *fc_peer_new(const struct fc_access *access, const struct fc_tls_material *tls, struct fc_error *err)
	FC_MUST_CHECK;
/* What the requests are for stands at the end of their User-Agent: "leader-election" (2.8). NULL: it is not said.
 * Before the first request. */
void fc_peer_say_purpose(struct fc_peer *p, const char *purpose);
struct fc_peer *fc_peer_ref(struct fc_peer *p);
void fc_peer_unref(struct fc_peer *p); /* NULL allowed */
/* Was it made with this material? */
bool fc_peer_has_tls(const struct fc_peer *p, const struct fc_tls_material *tls);

/* Sets everything that does not depend on the single request. A reference must be held as long as the handle is: key
 * material is read in place. */
CURLcode fc_peer_apply(const struct fc_peer *p, CURL *easy);
/* A socket that is closed on exec and notices dead hosts; CURL_SOCKET_BAD without descriptors. */
curl_socket_t fc_peer_open_socket(const struct curl_sockaddr *address);

#endif
