/* SPDX-License-Identifier: Apache-2.0 */
/* sb_stream - one request on its way in and its answer on its way out: collected, handed to the service, sent; a watch
 * for as long as it lasts. No HTTP/2 in it.
 * Owns:    the request's text, the answer's body, the watch.
 * Threads: the loop's one.
 * Fails:   what cannot be answered is a 500; a watch whose client does not keep up ends.
 * Source:  exchange.h; kube-apiserver's limit of 3 MiB for a request's body. */
#ifndef FC_SANDBOX_STREAM_H
#define FC_SANDBOX_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/loop.h"
#include "sandbox/exchange.h"
#include "sandbox/faults.h"
#include "sandbox/outflow.h"

#define SB_BODY_BYTES ((size_t)3 * 1024 * 1024)

struct sb_connection;

struct sb_stream {
	struct sb_connection *connection;
	int32_t id;
	struct sb_stream *next, *prev; /* of the connection */

	struct sb_request request; /* its texts belong to the stream */
	struct fc_buf body;
	bool asks_first; /* the client keeps the body back until it is asked for: RFC 9110, 10.1.1 */
	bool begun;	 /* the request was whole, and is being answered */

	struct sb_sink sink;
	struct sb_watch *watch; /* NULL: none, or it has ended */
	uint64_t journal;	/* its number there */
	struct sb_outflow out;
	size_t most_unsent; /* a watch with more than that ends */
	struct sb_request_faults faults;
	bool silent;		/* a watch that tells nothing any more */
	struct fc_timer *timer; /* it goes on then */
};

struct sb_stream *sb_stream_new(struct sb_connection *c, int32_t id);
/* Ends its watch. The connection takes it out of its list. */
void sb_stream_free(struct sb_stream *s);

/* As the request comes in. */
void sb_stream_header(struct sb_stream *s, const char *name, const char *value);
void sb_stream_body(struct sb_stream *s, const void *bytes, size_t len);
void sb_stream_whole(struct sb_stream *s);

/* As the answer goes out: how many bytes were written to `out`; 0 with *over: that was all; 0 without: nothing now,
 * sb_connection_resume will be called. */
size_t sb_stream_take(struct sb_stream *s, void *out, size_t room, bool *over);

#endif
