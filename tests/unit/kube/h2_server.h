/* SPDX-License-Identifier: Apache-2.0 */
/* h2_server - an HTTP/2 server on loopback for the client's tests: limits its streams, refuses them, says GOAWAY.
 * Owns:    its sockets, sessions, thread, key and certificate; what it recorded.
 * Threads: start, stop, the questions and the commands from the test's; one thread of its own serves all connections
 *          and calls `route`.
 * Fails:   the test, by assertion.
 * Source:  RFC 9113; libnghttp2. tls_server.h speaks HTTP/1.1 only. */
#ifndef TESTS_H2_SERVER_H
#define TESTS_H2_SERVER_H

#include "base/mem.h"
#include "unit/kube/tls_server.h"

#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#define H2_MAX_CONNECTIONS 64
#define H2_MAX_SEEN 1024

enum h2_manner {
	H2_ANSWER, /* status and body */
	H2_WATCH,  /* status and body, then the stream stays open: h2_server_say, h2_server_end */
	H2_LAST,   /* as H2_WATCH, after a GOAWAY that lets it go on */
	H2_SILENT, /* no answer */
	H2_REFUSE, /* the stream is reset with REFUSED_STREAM */
	H2_RESET,  /* ... with INTERNAL_ERROR */
	H2_LEAVE,  /* GOAWAY, which says that this stream was not looked at */
	H2_BREAK,  /* the connection is torn down, as by the kernel of a server that was killed */
};

struct h2_reply {
	enum h2_manner manner;
	int status;	  /* 0: 200 */
	const char *body; /* static */
};

struct h2_seen {
	char method[16], path[256], authorization[128];
	size_t connection; /* from 0, in the order they came */
	size_t body_bytes;
};

struct h2_stream {
	int32_t id;
	struct h2_seen seen;
	char *text; /* still to be sent, and when it has been, `end` or a wait for more */
	size_t len, sent;
	bool watch, end, answered;
	struct h2_stream *next;
};

struct h2_connection {
	struct h2_server *server;
	int fd;
	SSL *ssl;
	nghttp2_session *session; /* NULL: in the handshake */
	struct h2_stream *streams;
	size_t number;
	bool broken;
	uint8_t *out; /* sent next */
	size_t out_len, out_sent;
};

struct h2_server {
	SSL_CTX *tls;
	char *ca_pem, *key_pem;
	char url[64];
	int listener, port, wake;
	uint32_t max_streams; /* announced; 0: nothing is said */
	pthread_t thread;
	void (*route)(void *user, const struct h2_seen *request, struct h2_reply *reply);
	void *user;
	struct h2_connection *connections[H2_MAX_CONNECTIONS];

	pthread_mutex_t mu; /* guards the rest */
	bool stop, goaway, end, deaf;
	char *say;
	size_t accepted, open, watches, seen_count;
	struct h2_seen seen[H2_MAX_SEEN];
};

static inline ssize_t h2_read_text(nghttp2_session *session, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
				   nghttp2_data_source *source, void *user)
{
	struct h2_stream *s = source->ptr;
	size_t len = s->len - s->sent < room ? s->len - s->sent : room;

	(void)session;
	(void)id;
	(void)user;
	if (len == 0 && !s->end)
		return NGHTTP2_ERR_DEFERRED;
	if (len)
		memcpy(out, s->text + s->sent, len);
	s->sent += len;
	if (s->end && s->sent == s->len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)len;
}

static inline void h2_append(struct h2_stream *s, const char *text)
{
	size_t len = strlen(text);

	s->text = fc_xrealloc(s->text, s->len + len + 1);
	memcpy(s->text + s->len, text, len);
	s->len += len;
}

#define H2_HEADER(n, v)                                    \
	((nghttp2_nv){ .name = (uint8_t *)(uintptr_t)(n),  \
		       .value = (uint8_t *)(uintptr_t)(v), \
		       .namelen = strlen(n),               \
		       .valuelen = strlen(v),              \
		       .flags = NGHTTP2_NV_FLAG_NONE })

static inline void h2_answer(struct h2_connection *c, struct h2_stream *s)
{
	struct h2_reply reply = { .manner = H2_ANSWER, .body = "{}" };
	char status[8];

	s->answered = true;
	c->server->route(c->server->user, &s->seen, &reply);
	if (reply.manner == H2_SILENT)
		return;
	if (reply.manner == H2_LEAVE) {
		nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, s->id - 2, NGHTTP2_NO_ERROR, NULL, 0);
		return;
	}
	if (reply.manner == H2_BREAK) {
		const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		c->broken = true;
		return;
	}
	if (reply.manner == H2_REFUSE || reply.manner == H2_RESET) {
		nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, s->id,
					  reply.manner == H2_REFUSE ? NGHTTP2_REFUSED_STREAM : NGHTTP2_INTERNAL_ERROR);
		return;
	}
	if (reply.manner == H2_LAST)
		nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR, NULL, 0);
	s->watch = reply.manner == H2_WATCH || reply.manner == H2_LAST;
	s->end = !s->watch;
	h2_append(s, reply.body ? reply.body : "");
	snprintf(status, sizeof(status), "%d", reply.status ? reply.status : 200);
	const nghttp2_nv headers[] = { H2_HEADER(":status", status), H2_HEADER("content-type", "application/json") };
	nghttp2_data_provider data = { .source.ptr = s, .read_callback = h2_read_text };
	nghttp2_submit_response(c->session, s->id, headers, FC_ARRAY_LEN(headers), &data);
}

static inline struct h2_stream *h2_find(struct h2_connection *c, int32_t id)
{
	struct h2_stream *s = c->streams;

	while (s && s->id != id)
		s = s->next;
	return s;
}

static inline int h2_on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_connection *c = user;
	struct h2_stream *s;

	(void)session;
	if (frame->hd.type != NGHTTP2_HEADERS || h2_find(c, frame->hd.stream_id))
		return 0;
	s = fc_xcalloc(1, sizeof(*s));
	s->id = frame->hd.stream_id;
	s->seen.connection = c->number;
	s->next = c->streams;
	c->streams = s;
	return 0;
}

static inline int h2_on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
			       size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
	struct h2_stream *s = h2_find(user, frame->hd.stream_id);

	(void)session;
	(void)flags;
	if (!s)
		return 0;
	if (name_len == 7 && memcmp(name, ":method", 7) == 0)
		snprintf(s->seen.method, sizeof(s->seen.method), "%.*s", (int)value_len, (const char *)value);
	if (name_len == 5 && memcmp(name, ":path", 5) == 0)
		snprintf(s->seen.path, sizeof(s->seen.path), "%.*s", (int)value_len, (const char *)value);
	if (name_len == 13 && memcmp(name, "authorization", 13) == 0)
		snprintf(s->seen.authorization, sizeof(s->seen.authorization), "%.*s", (int)value_len,
			 (const char *)value);
	return 0;
}

static inline int h2_on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len,
			     void *user)
{
	struct h2_stream *s = h2_find(user, id);

	(void)session;
	(void)flags;
	(void)bytes;
	if (s)
		s->seen.body_bytes += len;
	return 0;
}

/* Before the answer, so that a test that has it finds it here. */
static inline void h2_note(struct h2_server *server, const struct h2_seen *seen)
{
	pthread_mutex_lock(&server->mu);
	assert_true(server->seen_count < H2_MAX_SEEN);
	server->seen[server->seen_count++] = *seen;
	pthread_mutex_unlock(&server->mu);
}

static inline int h2_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct h2_connection *c = user;
	struct h2_stream *s = h2_find(c, frame->hd.stream_id);
	bool request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;

	(void)session;
	if (!s || !request || !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) || s->answered)
		return 0;
	h2_note(c->server, &s->seen);
	h2_answer(c, s);
	return 0;
}

static inline int h2_on_close(nghttp2_session *session, int32_t id, uint32_t error, void *user)
{
	struct h2_connection *c = user;

	(void)session;
	(void)error;
	for (struct h2_stream **at = &c->streams; *at; at = &(*at)->next) {
		struct h2_stream *s = *at;
		if (s->id != id)
			continue;
		*at = s->next;
		free(s->text);
		free(s);
		break;
	}
	return 0;
}

static inline void h2_open_session(struct h2_connection *c)
{
	nghttp2_session_callbacks *callbacks;
	const nghttp2_settings_entry limit = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, c->server->max_streams };

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, h2_on_begin);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, h2_on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, h2_on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, h2_on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, h2_on_close);
	assert_int_equal(nghttp2_session_server_new(&c->session, callbacks, c), 0);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &limit, c->server->max_streams ? 1 : 0);
}

static inline void h2_close(struct h2_server *server, size_t i)
{
	struct h2_connection *c = server->connections[i];

	server->connections[i] = NULL;
	while (c->streams)
		h2_on_close(NULL, c->streams->id, 0, c);
	nghttp2_session_del(c->session);
	SSL_free(c->ssl);
	close(c->fd);
	free(c->out);
	free(c);
	pthread_mutex_lock(&server->mu);
	server->open--;
	pthread_mutex_unlock(&server->mu);
}

/* Frames that are due together share records of TLS, as real servers' do. False: it is over. */
static inline bool h2_send(struct h2_connection *c)
{
	for (;;) {
		while (c->out_sent < c->out_len) {
			int n = SSL_write(c->ssl, c->out + c->out_sent, (int)(c->out_len - c->out_sent));
			if (n <= 0)
				return SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_WRITE ||
				       SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_READ;
			c->out_sent += (size_t)n;
		}
		const uint8_t *bytes;
		ssize_t len;
		c->out_len = c->out_sent = 0;
		while ((len = nghttp2_session_mem_send(c->session, &bytes)) > 0) {
			c->out = fc_xrealloc(c->out, c->out_len + (size_t)len);
			memcpy(c->out + c->out_len, bytes, (size_t)len);
			c->out_len += (size_t)len;
		}
		if (len < 0 || c->out_len == 0)
			return len == 0;
	}
}

static inline bool h2_receive(struct h2_connection *c)
{
	uint8_t bytes[16384];
	int n;

	if (!c->session) {
		n = SSL_accept(c->ssl);
		if (n != 1) {
			int why = SSL_get_error(c->ssl, n);
			return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
		}
		h2_open_session(c);
	}
	while ((n = SSL_read(c->ssl, bytes, sizeof(bytes))) > 0) {
		if (nghttp2_session_mem_recv(c->session, bytes, (size_t)n) != n || c->broken)
			return false;
	}
	if (SSL_get_error(c->ssl, n) != SSL_ERROR_WANT_READ)
		return false;
	return h2_send(c) && (nghttp2_session_want_read(c->session) || nghttp2_session_want_write(c->session));
}

static inline void h2_accept(struct h2_server *s)
{
	int fd = accept(s->listener, NULL, NULL);
	struct h2_connection *c = fc_xcalloc(1, sizeof(*c));
	size_t i = 0;

	assert_true(fd >= 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (s->connections[i])
		assert_true(++i < H2_MAX_CONNECTIONS);
	c->server = s;
	c->fd = fd;
	c->ssl = SSL_new(s->tls);
	SSL_set_fd(c->ssl, fd);
	SSL_set_accept_state(c->ssl);
	pthread_mutex_lock(&s->mu);
	c->number = s->accepted++;
	s->open++;
	pthread_mutex_unlock(&s->mu);
	s->connections[i] = c;
}

static inline void h2_obey(struct h2_connection *c, bool goaway, bool end, const char *say)
{
	if (!c->session)
		return;
	if (goaway)
		nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
				      nghttp2_session_get_last_proc_stream_id(c->session), NGHTTP2_NO_ERROR, NULL, 0);
	for (struct h2_stream *s = c->streams; s; s = s->next) {
		if (!s->watch)
			continue;
		if (say)
			h2_append(s, say);
		s->end = s->end || end;
		nghttp2_session_resume_data(c->session, s->id);
	}
	h2_send(c);
}

/* What the test has ordered since the last round; true: it stops. */
static inline bool h2_orders(struct h2_server *s)
{
	uint64_t count;

	if (read(s->wake, &count, sizeof(count)) < 0)
		count = 0;
	pthread_mutex_lock(&s->mu);
	bool stop = s->stop, goaway = s->goaway, end = s->end;
	char *say = s->say;
	s->end = false;
	s->say = NULL;
	pthread_mutex_unlock(&s->mu);
	for (size_t i = 0; i < H2_MAX_CONNECTIONS; i++)
		if (s->connections[i] && (goaway || end || say))
			h2_obey(s->connections[i], goaway, end, say);
	free(say);
	if (goaway) {
		pthread_mutex_lock(&s->mu);
		s->goaway = false;
		pthread_mutex_unlock(&s->mu);
	}
	return stop;
}

static inline size_t h2_count_watches(const struct h2_server *s)
{
	size_t count = 0;

	for (size_t i = 0; i < H2_MAX_CONNECTIONS; i++)
		for (struct h2_stream *t = s->connections[i] ? s->connections[i]->streams : NULL; t; t = t->next)
			count += t->watch;
	return count;
}

static inline void *h2_run(void *user)
{
	struct h2_server *s = user;
	struct pollfd fds[H2_MAX_CONNECTIONS + 2];
	size_t of[H2_MAX_CONNECTIONS + 2];

	while (!h2_orders(s)) {
		nfds_t count = 2;
		fds[0] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = s->wake, .events = POLLIN };
		for (size_t i = 0; i < H2_MAX_CONNECTIONS; i++) {
			struct h2_connection *c = s->connections[i];
			if (!c)
				continue;
			short out = c->out_sent < c->out_len ? POLLOUT : 0;
			of[count] = i;
			fds[count++] = (struct pollfd){ .fd = c->fd, .events = (short)(POLLIN | out) };
		}
		if (poll(fds, count, -1) < 0)
			continue;
		pthread_mutex_lock(&s->mu);
		bool deaf = s->deaf;
		pthread_mutex_unlock(&s->mu);
		for (nfds_t n = 2; n < count && !deaf; n++)
			if (fds[n].revents && !h2_receive(s->connections[of[n]]))
				h2_close(s, of[n]);
		if (fds[0].revents)
			h2_accept(s);
		pthread_mutex_lock(&s->mu);
		s->watches = h2_count_watches(s);
		pthread_mutex_unlock(&s->mu);
	}
	return NULL;
}

static inline int h2_choose(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
			    unsigned in_len, void *user)
{
	static const unsigned char h2[] = { 2, 'h', '2' };

	(void)ssl;
	(void)user;
	return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, h2, sizeof(h2), in, in_len) ==
			       OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static inline void h2_keys(struct h2_server *s)
{
	tls_make_certificate("IP:127.0.0.1", &s->ca_pem, &s->key_pem);
	BIO *certificate_bio = BIO_new_mem_buf(s->ca_pem, -1), *key_bio = BIO_new_mem_buf(s->key_pem, -1);
	X509 *certificate = PEM_read_bio_X509(certificate_bio, NULL, NULL, NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);

	s->tls = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(s->tls, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(s->tls, key), 1);
	SSL_CTX_set_alpn_select_cb(s->tls, h2_choose, NULL);
	SSL_CTX_set_mode(s->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	X509_free(certificate);
	EVP_PKEY_free(key);
	BIO_free(certificate_bio);
	BIO_free(key_bio);
}

static inline struct h2_server *h2_server_start(uint32_t max_streams,
						void (*route)(void *user, const struct h2_seen *request,
							      struct h2_reply *reply),
						void *user)
{
	struct h2_server *s = fc_xcalloc(1, sizeof(*s));

	s->route = route;
	s->user = user;
	s->max_streams = max_streams;
	pthread_mutex_init(&s->mu, NULL);
	h2_keys(s);
	s->listener = tls_listen(&s->port);
	snprintf(s->url, sizeof(s->url), "https://127.0.0.1:%d", s->port);
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(s->wake >= 0);
	assert_int_equal(pthread_create(&s->thread, NULL, h2_run, s), 0);
	return s;
}

static inline void h2_order(struct h2_server *s, bool *order, const char *say)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&s->mu);
	if (order)
		*order = true;
	if (say) {
		free(s->say);
		s->say = fc_xstrdup(say);
	}
	pthread_mutex_unlock(&s->mu);
	assert_int_equal(write(s->wake, &one, sizeof(one)), sizeof(one));
}

/* Every connection: no further streams, those that are there go on. It has been written when this returns. */
static inline void h2_server_goaway(struct h2_server *s)
{
	h2_order(s, &s->goaway, NULL);
	for (bool written = false; !written; usleep(1000)) {
		pthread_mutex_lock(&s->mu);
		written = !s->goaway;
		pthread_mutex_unlock(&s->mu);
	}
}

/* Every watch gets this piece. */
static inline void h2_server_say(struct h2_server *s, const char *text)
{
	h2_order(s, NULL, text);
}

/* Every watch ends. */
static inline void h2_server_end(struct h2_server *s)
{
	h2_order(s, &s->end, NULL);
}

static inline void h2_server_stop(struct h2_server *s)
{
	h2_order(s, &s->stop, NULL);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < H2_MAX_CONNECTIONS; i++)
		if (s->connections[i])
			h2_close(s, i);
	free(s->say);
	close(s->listener);
	close(s->wake);
	SSL_CTX_free(s->tls);
	free(s->ca_pem);
	free(s->key_pem);
	pthread_mutex_destroy(&s->mu);
	free(s);
}

/* Connections that ever came, those that are open, watches that are open on them, requests that came whole. */
static inline size_t h2_server_accepted(struct h2_server *s)
{
	pthread_mutex_lock(&s->mu);
	size_t count = s->accepted;
	pthread_mutex_unlock(&s->mu);
	return count;
}

static inline size_t h2_server_open(struct h2_server *s)
{
	pthread_mutex_lock(&s->mu);
	size_t count = s->open;
	pthread_mutex_unlock(&s->mu);
	return count;
}

static inline size_t h2_server_watches(struct h2_server *s)
{
	pthread_mutex_lock(&s->mu);
	size_t count = s->watches;
	pthread_mutex_unlock(&s->mu);
	return count;
}

static inline size_t h2_server_requests(struct h2_server *s)
{
	pthread_mutex_lock(&s->mu);
	size_t count = s->seen_count;
	pthread_mutex_unlock(&s->mu);
	return count;
}

/* The n-th request (from 0). */
static inline struct h2_seen h2_server_seen(struct h2_server *s, size_t n)
{
	pthread_mutex_lock(&s->mu);
	assert_true(n < s->seen_count);
	struct h2_seen seen = s->seen[n];
	pthread_mutex_unlock(&s->mu);
	return seen;
}

#endif
