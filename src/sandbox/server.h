/* SPDX-License-Identifier: Apache-2.0 */
/* sb_server - all clusters of the process behind one loop: a listening port each, TLS, HTTP/2, and the admin endpoint.
 * Owns:    clusters, listeners, connections.
 * Threads: the loop's one.
 * Fails:   at start, with the port or file at fault; later a connection ends alone.
 * Source:  design section 8; RFC 9113; nghttp2's programmer's guide. */
#ifndef FC_SANDBOX_SERVER_H
#define FC_SANDBOX_SERVER_H

#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "sandbox/options.h"

struct sb_server;
/* Makes the clusters, loads what --load says, listens, writes the files. NULL: an error. */
struct sb_server *sb_server_new(const struct sb_options *options, struct fc_loop *loop, struct fc_error *err)
	FC_MUST_CHECK;
/* Closes every connection and frees. NULL allowed. */
void sb_server_free(struct sb_server *s);

#endif
