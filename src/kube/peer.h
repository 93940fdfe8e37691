/* SPDX-License-Identifier: Apache-2.0 */
/* fc_peer - one API server as libcurl wants it: address, trust, identity, proxy, HTTP version.
 * Owns:    the strings derived from an access; borrows the access, whose key material libcurl reads in place.
 * Threads: the cluster's thread.
 * Fails:   _init on a server address that is no URL; _apply when libcurl refuses an option.
 * Source:  kube-client 1.9 to 1.13, 2.1, 2.3, 2.6, 2.8, 2.9, 2.25, 2.26. Key material never touches a file. */
#ifndef FC_PEER_H
#define FC_PEER_H

#include <curl/curl.h>
#include <stdbool.h>

#include "base/error.h"
#include "kube/kubeconfig.h"

struct fc_peer {
	const struct fc_access *access;
	char *base_url;	   /* what a request's path is put behind; holds tls_server_name in place of the host (1.12) */
	char *host;	   /* host[:port] of the server, as the metric's label has it */
	char *host_header; /* "Host: ...", or NULL where the URL says it */
	struct curl_slist *connect_to;
	char *user_agent;
	char *proxy; /* NULL: the environment's */
	bool http1_only;
};

/* Borrows `access`. -1 with err: an address that cannot be used. */
int fc_peer_init(struct fc_peer *p, const struct fc_access *access, struct fc_error *err) FC_MUST_CHECK;
void fc_peer_fini(struct fc_peer *p);

/* Sets everything that does not depend on the single request. `p` must outlive the handle. */
CURLcode fc_peer_apply(const struct fc_peer *p, CURL *easy);

#endif
