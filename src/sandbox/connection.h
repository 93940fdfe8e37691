/* SPDX-License-Identifier: Apache-2.0 */
/* sb_connection - one client's connection: an HTTP/2 session over a channel, and the streams that are open in it.
 * Owns:    channel, session, streams; it is in its service's list until it ends.
 * Threads: the loop's one.
 * Fails:   it ends alone.
 * Source:  RFC 9113; nghttp2's programmer's guide; kube-apiserver's settings of its HTTP/2 server. */
#ifndef FC_SANDBOX_CONNECTION_H
#define FC_SANDBOX_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "sandbox/authority.h"
#include "sandbox/exchange.h"
#include "sandbox/faults.h"

struct sb_connection;

/* What all connections of one port have in common. */
struct sb_service {
	struct fc_loop *loop;
	const struct sb_authority *authority;
	/* Fills the response, as sb_api_handle does. */
	void (*handle)(void *user, const struct sb_request *request, struct sb_response *response);
	void *user;
	struct sb_cluster *cluster; /* whose cruelties are met; NULL: nobody's */
	struct sb_connection *connections;
	unsigned connection_count;
};

/* Takes over `fd`, which does not block. */
void sb_connection_new(struct sb_service *service, int fd, const struct sb_connection_faults *faults);
/* All of a service's end at once: with GOAWAY, or with `reset` by an RST. Not from inside one of their requests. */
void sb_connections_end(struct sb_service *service, bool reset);

/* --- for streams --- */
struct sb_stream;
struct sb_service *sb_connection_service(struct sb_connection *c);
/* The head of the answer; what follows is taken from the stream by sb_stream_take. */
void sb_connection_respond(struct sb_connection *c, struct sb_stream *s, const struct sb_response *response,
			   bool has_body);
/* There is more to send of that stream, or it has ended. */
void sb_connection_resume(struct sb_connection *c, int32_t stream_id);
/* RST_STREAM with REFUSED_STREAM: the client may try again. */
void sb_connection_refuse(struct sb_connection *c, int32_t stream_id);
/* No further request is taken; those there are come to their end. */
void sb_connection_goaway(struct sb_connection *c);
void sb_connection_reset(struct sb_connection *c);

#endif
