/* SPDX-License-Identifier: Apache-2.0 */
/* fc_connection - one libcurl multi handle on the loop: one HTTP/2 connection to one peer, one fate.
 * Owns:    the multi handle, its timers, and the requests it was given until they are finished or cancelled; a
 *          reference to the peer.
 * Threads: the cluster's thread. Its callbacks come from the loop, never from inside a call made here but _fail and
 *          _end_watches.
 * Fails:   _new and _add, when libcurl has no memory.
 * Source:  kube-client 2.2, 2.5, 2.6; design section 4 (tried: keep-alive and TCP_USER_TIMEOUT see dead hosts, not
 *          stopped servers; a request that times out leaves the dead connection to the next one; so only giving up
 *          the whole multi handle helps). */
#ifndef FC_CONNECTION_H
#define FC_CONNECTION_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"

struct fc_connection;
struct fc_peer;
struct fc_request;

struct fc_connection_options {
	struct fc_loop *loop;
	struct fc_peer *peer; /* of all its requests */
	int64_t silent_ms;    /* without a byte, while requests are on it, until on_silent */
	/* The request is the callee's again, on no connection any more. `why` NULL: `code` tells. */
	void (*on_finished)(void *user, struct fc_request *r, CURLcode code, const struct fc_error *why);
	/* Called once; _alive starts the wait anew, _fail ends it. */
	void (*on_silent)(void *user, struct fc_connection *c);
	/* A socket is about to be opened; and the first answer on one has begun, so TLS is up. libcurl opens further
	 * ones by itself: after a GOAWAY, when one was lost, or where a server allows fewer streams. Both are called
	 * from inside libcurl: of what is here, the first must call nothing, the second only _add and _cancel. */
	void (*on_connecting)(void *user);
	void (*on_connected)(void *user, struct fc_connection *c);
	/* libcurl can do no more with it: to be failed. */
	void (*on_broken)(void *user, struct fc_connection *c, const struct fc_error *why);
	void *user;
};

/* Opens nothing yet: libcurl connects with the first request. NULL with err: no descriptor. */
struct fc_connection *fc_connection_new(const struct fc_connection_options *options, struct fc_error *err)
	FC_MUST_CHECK;
/* Frees what is still on it without calling back. Not inside its own callbacks. */
void fc_connection_free(struct fc_connection *c);

/* Takes `r` over; when libcurl is busy with this connection, it is started once libcurl has returned. On failure
 * `r` stays the caller's. */
int fc_connection_add(struct fc_connection *c, struct fc_request *r, struct fc_error *err) FC_MUST_CHECK;
/* Takes `r` off and frees it, now or once libcurl has returned. */
void fc_connection_cancel(struct fc_connection *c, struct fc_request *r);

/* Gives it up: every request on it is finished with `why`, its sockets are closed. Nothing may be added any more. */
void fc_connection_fail(struct fc_connection *c, const struct fc_error *why);
/* Finishes every watch on it with `why`. Not from inside libcurl. */
void fc_connection_end_watches(struct fc_connection *c, const struct fc_error *why);
/* The head of an answer to `r`, which is on it, has come: for on_connected. Called from inside libcurl. */
void fc_connection_answered(struct fc_connection *c, struct fc_request *r);
/* Is the socket that `r` is on neither closed by the other side nor broken? */
bool fc_connection_stands(struct fc_connection *c, struct fc_request *r);
/* The server has shown life after on_silent. */
void fc_connection_alive(struct fc_connection *c);

/* Of the requests on it, those that are watches. */
size_t fc_connection_watches(const struct fc_connection *c);
size_t fc_connection_requests(const struct fc_connection *c); /* watches included */
/* Has it a socket? Else the next request connects first. */
bool fc_connection_is_open(const struct fc_connection *c);
struct fc_peer *fc_connection_peer(const struct fc_connection *c); /* borrowed */
/* When the last byte of any answer came, monotonic; 0: never. */
int64_t fc_connection_heard_us(const struct fc_connection *c);

#endif
