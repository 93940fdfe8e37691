/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_server - an API server of a few prepared answers: TLS on loopback, one request per connection.
 * Owns:    its sockets, threads and key; copies of the requests it saw.
 * Threads: scripted_* from the test's thread.
 * Fails:   the test.
 * Source:  tls_server.h serves the transport's tests; this one can also cut an answer off, die and come back. */
#ifndef FC_TESTS_SCRIPTED_SERVER_H
#define FC_TESTS_SCRIPTED_SERVER_H

#include "base/mem.h"
#include "unit/kube/scripted_connection.h"
#include "unit/kube/tls_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void scripted_keys(struct scripted_server *s)
{
	FC_AUTO_FREE char *key_pem = NULL;

	tls_make_certificate("IP:127.0.0.1", &s->certificate_pem, &key_pem);
	BIO *certificate_bio = BIO_new_mem_buf(s->certificate_pem, -1), *key_bio = BIO_new_mem_buf(key_pem, -1);
	X509 *certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
	s->tls = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(s->tls, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s->tls, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(certificate_bio);
	BIO_free(key_bio);
}

static inline void *scripted_accept(void *user)
{
	struct scripted_server *s = user;

	for (;;) {
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			return NULL;
		assert_true(s->connections < SCRIPTED_MAX);
		struct scripted_connection *c = fc_xcalloc(1, sizeof(*c));
		c->server = s;
		c->fd = s->sockets[s->connections] = fd;
		assert_int_equal(pthread_create(&s->workers[s->connections++], NULL, scripted_serve, c), 0);
	}
}

static inline void scripted_listen(struct scripted_server *s, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t len = sizeof(address);
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(s->listener, 64), 0);
	getsockname(s->listener, (struct sockaddr *)&address, &len);
	s->port = ntohs(address.sin_port);
}

static inline void scripted_begin(struct scripted_server *s)
{
	s->stopping = s->release = false;
	assert_int_equal(pthread_create(&s->acceptor, NULL, scripted_accept, s), 0);
}

/* `steps` is borrowed. */
static inline struct scripted_server *scripted_start(const struct scripted_step *steps, size_t count)
{
	struct scripted_server *s = fc_xcalloc(1, sizeof(*s));

	assert_true(count <= SCRIPTED_MAX);
	/* As the program does: a peer that went away is an error of the write, not the end. */
	signal(SIGPIPE, SIG_IGN);
	s->steps = steps;
	s->step_count = count;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->released, NULL);
	scripted_keys(s);
	scripted_listen(s, 0);
	scripted_begin(s);
	return s;
}

/* Everything held goes on. */
static inline void scripted_release(struct scripted_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->release = true;
	pthread_cond_broadcast(&s->released);
	pthread_mutex_unlock(&s->lock);
}

/* As a server that is killed: every connection breaks, and new ones are refused. */
static inline void scripted_kill(struct scripted_server *s)
{
	if (s->listener < 0)
		return;
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->acceptor, NULL);
	close(s->listener);
	s->listener = -1;
	for (size_t i = 0; i < s->connections; i++)
		shutdown(s->sockets[i], SHUT_RDWR);
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->released);
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < s->connections; i++) {
		pthread_join(s->workers[i], NULL);
		close(s->sockets[i]);
	}
	s->connections = 0;
}

/* The same server again, at the same address. */
static inline void scripted_restart(struct scripted_server *s)
{
	scripted_listen(s, s->port);
	scripted_begin(s);
}

static inline void scripted_free(struct scripted_server *s)
{
	scripted_kill(s);
	for (size_t i = 0; i < s->request_count; i++) {
		free(s->requests[i].line);
		free(s->requests[i].head);
		free(s->requests[i].body);
	}
	SSL_CTX_free(s->tls);
	free(s->certificate_pem);
	pthread_cond_destroy(&s->released);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* How many requests came whose line holds `part`. */
static inline size_t scripted_seen(struct scripted_server *s, const char *part)
{
	size_t seen = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->request_count; i++)
		seen += strstr(s->requests[i].line, part) != NULL;
	pthread_mutex_unlock(&s->lock);
	return seen;
}

/* The n-th (from 0) request whose line holds `part`; valid as long as the server. */
static inline const struct scripted_request *scripted_request(struct scripted_server *s, const char *part, size_t n)
{
	const struct scripted_request *found = NULL;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->request_count && !found; i++) {
		if (strstr(s->requests[i].line, part) && n-- == 0)
			found = &s->requests[i];
	}
	pthread_mutex_unlock(&s->lock);
	assert_non_null(found);
	return found;
}

#endif
