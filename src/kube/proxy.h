/* SPDX-License-Identifier: Apache-2.0 */
/* fc_proxy - which proxy the environment names for a server, by Go's rules and not by libcurl's.
 * Owns:    nothing.
 * Threads: any, as long as nobody changes the environment.
 * Fails:   FC_ERR_CONFIG for a proxy that would be used and is no address; it is not quoted, since it may hold a login.
 * Source:  kube-client 2.9; golang.org/x/net/http/httpproxy. libcurl overlooks HTTP_PROXY in capitals, ports in
 * NO_PROXY, and that loopback addresses never go through a proxy. */
#ifndef FC_PROXY_H
#define FC_PROXY_H

#include "base/error.h"

/* HTTPS_PROXY or HTTP_PROXY as the scheme says, in capitals or not, unless NO_PROXY covers the host. `host` without
 * brackets. *out is the caller's, with its scheme; NULL: connect directly. */
int fc_proxy_from_environment(const char *scheme, const char *host, const char *port, char **out, struct fc_error *err)
	FC_MUST_CHECK;

#endif
