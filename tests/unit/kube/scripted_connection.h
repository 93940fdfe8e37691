/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_connection - one connection of a scripted_server: reads a request, answers it by the next step that fits.
 * Owns:    its TLS session.
 * Threads: one per connection; what it shares with the test is behind the server's mutex.
 * Fails:   the test; a peer that goes away ends it.
 * Source:  RFC 9112, section 7.1: chunked bodies, so that a cut-off stream and one that ended are told apart. */
#ifndef FC_TESTS_SCRIPTED_CONNECTION_H
#define FC_TESTS_SCRIPTED_CONNECTION_H

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum scripted_end {
	SCRIPTED_END,  /* the body is complete */
	SCRIPTED_CUT,  /* the connection ends before the body does */
	SCRIPTED_HOLD, /* nothing more comes until scripted_release or the end of the server; then as SCRIPTED_END */
	SCRIPTED_LATE, /* not even the head of the answer comes before that */
	SCRIPTED_STAY, /* the same, and nothing more comes until the end of the server */
};

/* Used once, by the first request whose line (method and target) holds `match`. A request for which there is no step
 * left is answered 404, a watch is held open and silent. Who the cluster is may be asked at any time: that takes only
 * steps made for it, and the last of them again and again. */
struct scripted_step {
	const char *match;
	int status;	     /* 0: 200 */
	const char *body[6]; /* pieces, each written by itself */
	enum scripted_end end;
	bool bytewise; /* each byte of the body is written by itself */
};

#define SCRIPTED_MAX 64

struct scripted_request {
	char *line; /* "GET /api/v1/secrets?limit=500" */
	char *head; /* its header lines */
	char *body;
};

struct scripted_server {
	SSL_CTX *tls;
	char *certificate_pem;
	int listener; /* -1: killed */
	uint16_t port;
	pthread_t acceptor, workers[SCRIPTED_MAX];
	int sockets[SCRIPTED_MAX];
	size_t connections;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t released;
	const struct scripted_step *steps;
	size_t step_count;
	bool used[SCRIPTED_MAX];
	bool release, stopping;
	struct scripted_request requests[SCRIPTED_MAX];
	size_t request_count;
};

struct scripted_connection {
	struct scripted_server *server;
	int fd;
	SSL *ssl;
};

static inline char *scripted_header_end(char *text)
{
	char *end = strstr(text, "\r\n\r\n");

	return end ? end + 4 : NULL;
}

/* Reads one request; false when the connection ended. */
static inline bool scripted_read(struct scripted_connection *c, struct scripted_request *out)
{
	char text[32768];
	size_t len = 0;
	char *body = NULL;
	long body_bytes = 0;

	while (!body || text + len < body + body_bytes) {
		int n = SSL_read(c->ssl, text + len, (int)(sizeof(text) - 1 - len));
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		body = scripted_header_end(text);
		char *length = strcasestr(text, "content-length:");
		if (body && length && length < body)
			body_bytes = strtol(length + strlen("content-length:"), NULL, 10);
	}
	char *line_end = strstr(text, " HTTP/1.1\r\n");
	assert_non_null(line_end);
	out->line = fc_xstrndup(text, (size_t)(line_end - text));
	out->head = fc_xstrndup(line_end, (size_t)(body - line_end));
	out->body = fc_xstrdup(body);
	return true;
}

static inline const struct scripted_step *scripted_step_for(struct scripted_server *s, const char *line)
{
	static const struct scripted_step silent = { .end = SCRIPTED_HOLD }, none = { .status = 404, .body = { "{}" } };
	bool of_id = strstr(line, "namespaces/kube-system") != NULL;
	const struct scripted_step *last = NULL;

	for (size_t i = 0; i < s->step_count; i++) {
		if (!strstr(line, s->steps[i].match) || (of_id && !strstr(s->steps[i].match, "kube-system")))
			continue;
		last = &s->steps[i];
		if (s->used[i])
			continue;
		s->used[i] = true;
		return last;
	}
	if (of_id && last)
		return last;
	return strstr(line, "watch=true") ? &silent : &none;
}

static inline const struct scripted_step *scripted_note(struct scripted_server *s,
							const struct scripted_request *request)
{
	pthread_mutex_lock(&s->lock);
	const struct scripted_step *step = scripted_step_for(s, request->line);
	assert_true(s->request_count < SCRIPTED_MAX);
	s->requests[s->request_count++] = *request;
	pthread_mutex_unlock(&s->lock);
	return step;
}

static inline void scripted_write(struct scripted_connection *c, const char *text)
{
	if (*text)
		(void)SSL_write(c->ssl, text, (int)strlen(text));
}

static inline void scripted_write_bytes(struct scripted_connection *c, const char *text)
{
	char chunk[] = "1\r\nx\r\n";

	for (; *text; text++) {
		chunk[3] = *text;
		scripted_write(c, chunk);
	}
}

static inline void scripted_wait(struct scripted_server *s, bool for_the_end)
{
	pthread_mutex_lock(&s->lock);
	while ((!s->release || for_the_end) && !s->stopping)
		pthread_cond_wait(&s->released, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static inline void scripted_answer(struct scripted_connection *c, const struct scripted_step *step)
{
	FC_AUTO_FREE char *head =
		fc_xasprintf("HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nConnection: close\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n",
			     step->status ? step->status : 200);

	if (step->end == SCRIPTED_LATE || step->end == SCRIPTED_STAY)
		scripted_wait(c->server, false);
	scripted_write(c, head);
	for (size_t i = 0; i < FC_ARRAY_LEN(step->body) && step->body[i]; i++) {
		if (step->bytewise) {
			scripted_write_bytes(c, step->body[i]);
			continue;
		}
		FC_AUTO_FREE char *chunk = fc_xasprintf("%zx\r\n%s\r\n", strlen(step->body[i]), step->body[i]);
		scripted_write(c, chunk);
	}
	if (step->end == SCRIPTED_HOLD || step->end == SCRIPTED_STAY)
		scripted_wait(c->server, step->end == SCRIPTED_STAY);
	if (step->end != SCRIPTED_CUT)
		scripted_write(c, "0\r\n\r\n");
}

static inline void *scripted_serve(void *user)
{
	struct scripted_connection *c = user;
	struct scripted_request request;

	c->ssl = SSL_new(c->server->tls);
	SSL_set_fd(c->ssl, c->fd);
	if (SSL_accept(c->ssl) == 1 && scripted_read(c, &request)) {
		scripted_answer(c, scripted_note(c->server, &request));
		SSL_shutdown(c->ssl);
	}
	SSL_free(c->ssl);
	shutdown(c->fd, SHUT_RDWR);
	free(c);
	return NULL;
}

#endif
