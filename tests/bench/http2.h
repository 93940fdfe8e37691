/* SPDX-License-Identifier: Apache-2.0 */
/* http2 - connections to API servers by libcurl alone, as fast as it goes: what fedcopy is compared with.
 * Owns:    what each _new gives, until its _free; bodies are the caller's while they are sent.
 * Threads: one; callbacks come from http2_run_once, outside of libcurl.
 * Fails:   what cannot be set up, or gets no answer, ends the program with a line on standard error and status 1.
 * Source:  libcurl's multi interface with sockets and timers; nothing of fedcopy's own client is used. */
#ifndef FC_HTTP2_H
#define FC_HTTP2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All connections of the program, waited for together. */
struct http2_loop *http2_loop_new(void);
/* Waits until something happens or `until_us` (CLOCK_MONOTONIC; INT64_MAX: for ever), and deals with it. */
void http2_run_once(struct http2_loop *loop, int64_t until_us);

struct http2_server {
	const char *url, *ca_file, *token_file;
};

/* One connection to that server, verified by its authority, with its token in every request. */
struct http2 *http2_new(struct http2_loop *loop, const struct http2_server *server);

/* A request that can be sent again and again, one at a time. */
struct http2_request;

struct http2_options {
	const char *method, *content_type; /* NULL: a GET */
	/* The head of an answer, then its bytes as they come; from inside libcurl: nothing may be sent there. NULL: not
	 * of interest. */
	void (*on_head)(void *user, int status);
	void (*on_bytes)(void *user, const char *bytes, size_t len);
	/* The answer is complete. It may be sent anew from here. */
	void (*on_done)(void *user, int status);
	void *user;
};

struct http2_request *http2_request_new(struct http2 *c, const struct http2_options *options);
void http2_send(struct http2_request *r, const char *path, const char *body, size_t body_bytes);

/* NULL allowed. One that is under way is given up. */
void http2_request_free(struct http2_request *r);
/* When all its requests, all its connections are gone. */
void http2_free(struct http2 *c);
void http2_loop_free(struct http2_loop *loop);

/* Sends it, waits for the end of the answer and returns its status: for what comes before and after measuring. */
int http2_ask(struct http2_request *r, struct http2_loop *loop, const char *path);

/* "stamp: words", and the end. */
_Noreturn void http2_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
