/* SPDX-License-Identifier: Apache-2.0 */
/* sb_exchange - one HTTP request and its answer, as the API sees them: no socket, no HTTP/2, no TLS in it.
 * Owns:    a request is the connection's and borrowed by the API; an answer owns its body and headers; a shared text
 *          counts its users.
 * Threads: the loop's one.
 * Fails:   never; what is wrong with a request is an answer.
 * Source:  RFC 9110; the Kubernetes API concepts page. */
#ifndef FC_SANDBOX_EXCHANGE_H
#define FC_SANDBOX_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct sb_request {
	const char *method; /* "GET" */
	const char *path;   /* as it came: path and query, percent-encoded */
	const char *accept; /* headers; each "" when absent */
	const char *content_type;
	const char *authorization;
	const char *if_none_match;
	const char *user_agent;
	const char *body; /* followed by a zero byte */
	size_t body_len;
	bool body_too_large; /* more came than the server takes: it was not kept */
};

/* Bytes that several streams send: one watch event, rendered once for all watches that want it in the same form. */
struct sb_text {
	unsigned refs;
	size_t len;
	char bytes[];
};
struct sb_text *sb_text_new(const char *bytes, size_t len);
struct sb_text *sb_text_ref(struct sb_text *t);
void sb_text_unref(struct sb_text *t); /* NULL allowed */

/* What one piece of a stream is, for whoever does things to events. */
enum sb_piece { SB_PIECE_EVENT, SB_PIECE_BOOKMARK, SB_PIECE_ERROR };

/* Where a watch tells its events: a stream of a connection, or a test. The holder implements both functions. `write`
 * keeps a reference of `line` for as long as it needs it; `line` ends with a line feed. `end` is called once, by the
 * watch when it ends by itself; the watch is gone afterwards. */
struct sb_sink {
	void (*write)(struct sb_sink *sink, struct sb_text *line, enum sb_piece piece);
	void (*end)(struct sb_sink *sink);
};

struct sb_watch;

#define SB_MAX_HEADERS 8

struct sb_response {
	int status;
	const char *content_type; /* static; NULL: no body */
	struct {
		const char *name; /* static, lower case */
		char *value;
	} headers[SB_MAX_HEADERS]; /* further ones: warning, retry-after, allow, etag, audit-id, ... */
	unsigned header_count;
	struct fc_buf body;
	/* Not NULL: after `body` the stream stays open. The connection gives the watch a sink by sb_watch_start, and
	 * ends it by sb_watch_close when the stream is closed from the other side. */
	struct sb_watch *watch;
	uint64_t journal; /* of a watch: its number, for sb_journal_end */
};

#define SB_RESPONSE_INIT ((struct sb_response){ .status = 200 })
/* Adds a header; the value is copied. More than SB_MAX_HEADERS are dropped. */
void sb_response_header(struct sb_response *r, const char *name, const char *value);
/* Frees what it holds; a watch in it that has not been started is closed. */
void sb_response_fini(struct sb_response *r);

#endif
