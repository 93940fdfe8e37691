/* SPDX-License-Identifier: Apache-2.0 */
/* tls_server - an HTTPS server on loopback for the client's tests, as kind or as cruel as the test wants.
 * Owns:    its daemon, its key and certificate (made afresh), what it recorded.
 * Threads: start, stop and the questions from the test's; the test's `route` runs on one thread per connection.
 * Fails:   the test, by assertion.
 * Source:  libmicrohttpd (HTTP/1.1); OpenSSL for the certificate. */
#ifndef TESTS_TLS_SERVER_H
#define TESTS_TLS_SERVER_H

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum tls_manner {
	TLS_ANSWER,	 /* status, headers, body */
	TLS_CLOSE,	 /* closes the connection in place of an answer */
	TLS_HANG,	 /* no answer until the server is released or stopped */
	TLS_STREAM,	 /* the body's lines as pieces, then the end */
	TLS_STREAM_CUT,	 /* the same, and the connection breaks in place of the end */
	TLS_STREAM_HANG, /* the same, then nothing more until released or stopped */
};

struct tls_reply {
	enum tls_manner manner;
	int status;
	const char *body;  /* static; or `allocated` */
	size_t body_bytes; /* 0: strlen */
	char *allocated;   /* freed by the server */
	const char *content_type, *retry_after, *location, *content_encoding, *warning, *audit_id;
};

struct tls_seen {
	char method[16], url[512], body[4096];
	char user_agent[256], accept[256], accept_encoding[64], authorization[128], host[128], content_type[128];
	bool has_content_length;
};

struct tls_server {
	struct MHD_Daemon *daemon;
	char *ca_pem; /* the certificate itself: it is its own root */
	char *key_pem;
	char url[64];
	int port;
	void (*route)(void *user, const struct tls_seen *request, struct tls_reply *reply);
	void *user;

	pthread_mutex_t mu; /* guards the rest */
	pthread_cond_t changed;
	bool released;
	struct tls_seen last;
	unsigned requests;
};

struct tls_exchange {
	struct tls_seen seen;
	size_t body_bytes;
	struct tls_server *server;
	struct tls_reply reply;
	size_t sent;
};

static inline char *tls_take_bio(BIO *b)
{
	char *data;
	long len = BIO_get_mem_data(b, &data);
	char *text = strndup(data, (size_t)len);

	BIO_free(b);
	return text;
}

static inline void tls_add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* `alt_name` as OpenSSL's configuration writes it: "IP:127.0.0.1", "DNS:name". */
static inline void tls_make_certificate(const char *alt_name, char **cert_pem, char **key_pem)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	assert_true(key && cert && cert_bio && key_bio);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test server", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	tls_add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	tls_add_extension(cert, NID_subject_alt_name, alt_name);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(cert_bio, cert), 1);
	assert_int_equal(PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL), 1);
	*cert_pem = tls_take_bio(cert_bio);
	*key_pem = tls_take_bio(key_bio);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static inline void tls_wait_released(struct tls_server *s)
{
	pthread_mutex_lock(&s->mu);
	while (!s->released)
		pthread_cond_wait(&s->changed, &s->mu);
	pthread_mutex_unlock(&s->mu);
}

/* What hangs goes on (and ends); what comes later does not hang. */
static inline void tls_server_release(struct tls_server *s)
{
	pthread_mutex_lock(&s->mu);
	s->released = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mu);
}

static inline struct tls_seen tls_server_last(struct tls_server *s)
{
	pthread_mutex_lock(&s->mu);
	struct tls_seen seen = s->last;
	pthread_mutex_unlock(&s->mu);
	return seen;
}

static inline unsigned tls_server_requests(struct tls_server *s)
{
	pthread_mutex_lock(&s->mu);
	unsigned n = s->requests;
	pthread_mutex_unlock(&s->mu);
	return n;
}

static inline ssize_t tls_next_piece(void *user, uint64_t at, char *out, size_t room)
{
	struct tls_exchange *x = user;
	const char *rest = x->reply.body + x->sent;
	const char *line_end = strchr(rest, '\n');
	size_t len = line_end ? (size_t)(line_end - rest) + 1 : strlen(rest);

	(void)at;
	if (len == 0) {
		if (x->reply.manner == TLS_STREAM_HANG)
			tls_wait_released(x->server);
		return x->reply.manner == TLS_STREAM_CUT ? MHD_CONTENT_READER_END_WITH_ERROR
							 : MHD_CONTENT_READER_END_OF_STREAM;
	}
	if (len > room)
		len = room;
	memcpy(out, rest, len);
	x->sent += len;
	return (ssize_t)len;
}

static inline void tls_put_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (value)
		assert_int_equal(MHD_add_response_header(r, name, value), MHD_YES);
}

static inline enum MHD_Result tls_answer(struct MHD_Connection *c, struct tls_exchange *x)
{
	struct tls_reply *r = &x->reply;
	struct MHD_Response *response;

	if (r->manner == TLS_HANG)
		tls_wait_released(x->server);
	if (r->manner == TLS_CLOSE || r->manner == TLS_HANG)
		return MHD_NO;
	if (r->allocated)
		r->body = r->allocated;
	if (!r->body)
		r->body = "";
	if (r->manner == TLS_ANSWER)
		response = MHD_create_response_from_buffer(r->body_bytes ? r->body_bytes : strlen(r->body),
							   (void *)(uintptr_t)r->body, MHD_RESPMEM_MUST_COPY);
	else
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, tls_next_piece, x, NULL);
	tls_put_header(response, "Content-Type", r->content_type ? r->content_type : "application/json");
	tls_put_header(response, "Retry-After", r->retry_after);
	tls_put_header(response, "Location", r->location);
	tls_put_header(response, "Content-Encoding", r->content_encoding);
	tls_put_header(response, "Warning", r->warning);
	tls_put_header(response, "Audit-Id", r->audit_id);
	enum MHD_Result rc = MHD_queue_response(c, (unsigned)(r->status ? r->status : 200), response);
	MHD_destroy_response(response);
	return rc;
}

static inline void tls_copy_header(struct MHD_Connection *c, const char *name, char *out, size_t room)
{
	const char *value = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	snprintf(out, room, "%s", value ? value : "");
}

static inline enum MHD_Result tls_put_query(void *user, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct tls_seen *seen = user;
	size_t at = strlen(seen->url);

	(void)kind;
	snprintf(seen->url + at, sizeof(seen->url) - at, "%c%s=%s", strchr(seen->url, '?') ? '&' : '?', key,
		 value ? value : "");
	return MHD_YES;
}

static inline struct tls_exchange *tls_begin(struct tls_server *s, struct MHD_Connection *c, const char *url,
					     const char *method)
{
	struct tls_exchange *x = calloc(1, sizeof(*x));
	struct tls_seen *seen = &x->seen;

	x->server = s;
	snprintf(seen->method, sizeof(seen->method), "%s", method);
	snprintf(seen->url, sizeof(seen->url), "%s", url);
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, tls_put_query, seen);
	tls_copy_header(c, "User-Agent", seen->user_agent, sizeof(seen->user_agent));
	tls_copy_header(c, "Accept", seen->accept, sizeof(seen->accept));
	tls_copy_header(c, "Accept-Encoding", seen->accept_encoding, sizeof(seen->accept_encoding));
	tls_copy_header(c, "Authorization", seen->authorization, sizeof(seen->authorization));
	tls_copy_header(c, "Host", seen->host, sizeof(seen->host));
	tls_copy_header(c, "Content-Type", seen->content_type, sizeof(seen->content_type));
	seen->has_content_length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length") != NULL;
	return x;
}

static inline enum MHD_Result tls_on_request(void *user, struct MHD_Connection *c, const char *url, const char *method,
					     const char *version, const char *upload, size_t *upload_bytes,
					     void **state)
{
	struct tls_server *s = user;
	struct tls_exchange *x = *state;

	(void)version;
	if (!x) {
		*state = tls_begin(s, c, url, method);
		return MHD_YES;
	}
	if (*upload_bytes) {
		size_t room = sizeof(x->seen.body) - 1 - x->body_bytes;
		size_t len = *upload_bytes < room ? *upload_bytes : room;
		memcpy(x->seen.body + x->body_bytes, upload, len);
		x->body_bytes += len;
		*upload_bytes = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&s->mu);
	s->last = x->seen;
	s->requests++;
	pthread_mutex_unlock(&s->mu);
	s->route(s->user, &x->seen, &x->reply);
	return tls_answer(c, x);
}

static inline void tls_on_completed(void *user, struct MHD_Connection *c, void **state,
				    enum MHD_RequestTerminationCode why)
{
	struct tls_exchange *x = *state;

	(void)user;
	(void)c;
	(void)why;
	if (x)
		free(x->reply.allocated);
	free(x);
}

/* A server behind a listening descriptor of its own making, so that the port is known and free. */
static inline int tls_listen(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 128), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* `alt_name` NULL: a certificate for 127.0.0.1. */
static inline struct tls_server *tls_server_start(const char *alt_name,
						  void (*route)(void *user, const struct tls_seen *request,
								struct tls_reply *reply),
						  void *user)
{
	struct tls_server *s = calloc(1, sizeof(*s));

	s->route = route;
	s->user = user;
	pthread_mutex_init(&s->mu, NULL);
	pthread_cond_init(&s->changed, NULL);
	tls_make_certificate(alt_name ? alt_name : "IP:127.0.0.1", &s->ca_pem, &s->key_pem);
	int fd = tls_listen(&s->port);
	snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d", s->port);
	s->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_TLS,
		(uint16_t)s->port, NULL, NULL, tls_on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_HTTPS_MEM_KEY, s->key_pem, MHD_OPTION_HTTPS_MEM_CERT, s->ca_pem, MHD_OPTION_NOTIFY_COMPLETED,
		tls_on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT, 500u, MHD_OPTION_END);
	assert_non_null(s->daemon);
	return s;
}

static inline void tls_server_stop(struct tls_server *s)
{
	tls_server_release(s);
	MHD_stop_daemon(s->daemon);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->mu);
	free(s->ca_pem);
	free(s->key_pem);
	free(s);
}

#endif
