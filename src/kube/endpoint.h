/* SPDX-License-Identifier: Apache-2.0 */
/* fc_endpoint - addresses of API servers and proxies, as kubeconfigs write them.
 * Owns:    nothing; results belong to the caller.
 * Threads: any.
 * Fails:   FC_ERR_CONFIG with the fault and the mend; never quotes the address, which may hold a password.
 * Source:  kube-client 1.9, 1.12, 1.13; libcurl's URL parser, so that what passes here is what the transport uses. */
#ifndef FC_ENDPOINT_H
#define FC_ENDPOINT_H

#include <stdbool.h>

#include "base/error.h"

/* scheme://host[:port][/prefix] without trailing slash, query, fragment; `tls` decides where `text` has no scheme. */
int fc_endpoint_server(const char *text, bool tls, char **out, struct fc_error *err) FC_MUST_CHECK;
/* http, https or socks5, with a host. */
int fc_endpoint_check_proxy(const char *text, struct fc_error *err) FC_MUST_CHECK;
/* A name that a certificate can bear and that can stand in a URL. */
int fc_endpoint_check_tls_name(const char *text, struct fc_error *err) FC_MUST_CHECK;

#endif
