/* SPDX-License-Identifier: Apache-2.0 */
/* fc_request - one HTTP request: made, signed, its answer collected or passed on, its outcome classified.
 * Owns:    its libcurl handle, headers, request body and what is collected of the answer (both overwritten when
 *          freed); a reference to the peer it goes to.
 * Threads: the cluster's thread.
 * Fails:   _new, when something given is no request; _prepare without memory; later failures are its outcome.
 * Source:  kube-client 2.10, 2.11, 2.20, 2.24, 2.25, 13.3, 13.17, 13.18. This header is for the transport's own
 *          files. */
#ifndef FC_REQUEST_H
#define FC_REQUEST_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "kube/peer.h"
#include "kube/transport.h"

struct fc_connection;

enum fc_request_state {
	FC_REQUEST_PARKED,    /* waits for credentials, or is about to be signed */
	FC_REQUEST_QUEUED,    /* sent from inside libcurl: it goes to libcurl once that has returned */
	FC_REQUEST_RUNNING,   /* libcurl has it */
	FC_REQUEST_CANCELLED, /* cancelled from inside libcurl: it is freed once that has returned */
	FC_REQUEST_FINISHING, /* its on_done is being called */
};

/* Of an answer that is an error, for whoever looks for it in the server's logs (2.20). */
struct fc_request_marks {
	char audit_id[64], flow_schema[64], priority_level[64];
};

/* What has come over a connection, for all that is on it. */
struct fc_heard {
	int64_t us;  /* monotonic, of the last byte; 0: none */
	bool filled; /* a watch's buffer, to its last byte: libcurl may hold more for it */
};

struct fc_request {
	struct fc_transport *transport;
	struct fc_connection *connection;
	struct fc_request *prev, *next; /* in the list of the connection, or of those parked */
	enum fc_request_state state;
	bool watch, probe;
	bool read; /* GET: nothing changes, so no outcome is unknown, and more of an error may be shown */
	char *method;
	int64_t timeout_ms;

	/* Until it is prepared. */
	char *path, *accept, *content_type;

	/* While it is parked: its deadline, and which round of looking at the parked ones it has seen. */
	struct fc_timer *deadline;
	unsigned round;

	/* From then on. */
	struct fc_peer *peer;
	unsigned signature; /* which of the transport's it bears */

	CURL *easy;
	struct curl_slist *headers;
	char *request_body;
	size_t request_body_bytes, request_body_sent;
	bool streamed; /* a write: it goes out on a stream of HTTP/2 */
	bool refused;  /* a write: that stream was refused, and no byte of it has gone out again (2.7) */
	bool repeated; /* a read, by fc_request_repeat */

	struct fc_buf body;
	size_t max_body_bytes;
	struct fc_error *failure;	/* our own reason to end it; NULL: none */
	struct fc_request_marks *marks; /* NULL: the answer is no error, or bears none */
	int64_t started_us, heard_us;	/* monotonic; heard_us is of the last byte, 0: none */
	struct fc_heard *heard;		/* its connection's; NULL: it has none */
	int64_t retry_after_ms;
	char error_text[CURL_ERROR_SIZE];

	/* For the transport: the head of an answer has come; a read's answer has a warning (2.20). Called from inside
	 * libcurl; may be NULL. */
	void (*on_answered)(struct fc_request *r);
	void (*on_warning)(struct fc_request *r, const char *value, size_t len);
	int (*on_data)(void *user, const char *bytes, size_t len, struct fc_error *err);
	void (*on_done)(void *user, const struct fc_response *response);
	void *user;
};

/* Copies the options and takes over options->body, in any case. Parked: libcurl knows nothing of it. */
struct fc_request *fc_request_new(const struct fc_request_options *options, struct fc_error *err) FC_MUST_CHECK;
/* Makes its handle: to `peer`, which it refers to from then on, with these header lines of the credentials (taken over
 * in any case; NULL: none). `timeout_ms` is what is left of its own. Once only. */
int fc_request_prepare(struct fc_request *r, struct fc_peer *peer, struct curl_slist *credentials, int64_t timeout_ms,
		       struct fc_error *err) FC_MUST_CHECK;
/* libcurl is about to get it. `streams`: what was answered before on its connection came in streams of HTTP/2.
 * `connected`: it will go out on a connection that stands. */
void fc_request_starts(struct fc_request *r, bool streams, bool connected);
/* A read that was lost with its connection before any answer: makes it ready for another connection to the same peer.
 * False: it is not to be repeated, or was before (2.14). */
bool fc_request_repeat(struct fc_request *r, CURLcode code);
void fc_request_free(struct fc_request *r); /* NULL allowed; libcurl must not have it */

/* What came of it. `why` NULL: libcurl's `code` tells; else the connection was given up for that reason. `out`
 * borrows from `r` and from `err`, which holds the error that out->error points to. */
void fc_request_outcome(struct fc_request *r, CURLcode code, const struct fc_error *why, struct fc_response *out,
			struct fc_error *err);

#endif
