/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/connection.h"

#include "base/clock.h"
#include "base/mem.h"
#include "kube/peer.h"
#include "kube/request.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

/* libcurl opens a further socket for each handle beyond this, whatever the server allows; its own default is 100
 * (2.6). */
#define MAX_STREAMS 1000L
/* libcurl 7.88 may forget what it has read of a connection and not passed on yet: after a GOAWAY the end of a long
 * answer waits in it until the next bytes come, which for a watch may be minutes. So when something has happened it is
 * asked to look again, and again as long as this brings something: at once when bytes have come, but at most this
 * often, else this much later. And what of an event does not go into the buffer of a watch it passes on only when
 * something else comes: it is asked at once then. */
#define STIR_MS 20
#define LOOKS 3
/* Connections are found silent in step, all at once at each quarter of the time after which they count as that, so up
 * to a quarter later: 20 to 25 s. A question that follows another one finds the processor's caches warm, and with a
 * thousand clusters at rest this is a third less of its time. */
#define BEATS 4

struct fc_connection {
	struct fc_connection_options o;
	CURLM *multi;		 /* NULL: given up */
	struct fc_timer *timer;	 /* libcurl's */
	struct fc_timer *stir;	 /* set: it is asked to look again */
	int64_t stirred_us;	 /* when it was last */
	struct fc_timer *health; /* runs while requests are on it */
	struct fc_request *requests;
	size_t count, watches;
	/* Inside a call to libcurl, whose callbacks must not call it: sends and cancellations wait until it has
	 * returned. */
	bool inside;
	bool deferred; /* something waits for that */
	bool asked;    /* on_silent was called */
	bool streams;  /* its last answer came in one of HTTP/2 */
	struct fc_heard heard;
	int64_t busy_since_us;
	struct socket {
		curl_socket_t fd;
		bool fresh; /* no answer has begun on it */
	} * sockets;
	size_t socket_count, socket_cap, fresh_count;
};

static void act(struct fc_connection *c, curl_socket_t fd, int events);

static void on_timer(void *user)
{
	struct fc_connection *c = user;

	c->timer = NULL;
	act(c, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wanted(CURLM *multi FC_UNUSED, long delay_ms, void *user)
{
	struct fc_connection *c = user;

	fc_loop_timer_cancel(c->o.loop, &c->timer);
	if (delay_ms >= 0)
		c->timer = fc_loop_timer(c->o.loop, delay_ms, on_timer, c);
	return 0;
}

static void on_fd(void *user, int fd, uint32_t events)
{
	int what = 0;

	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	act(user, fd, what);
}

static int on_socket_wanted(CURL *easy FC_UNUSED, curl_socket_t fd, int what, void *user, void *socket_data FC_UNUSED)
{
	struct fc_connection *c = user;
	uint32_t events = 0;

	if (what == CURL_POLL_REMOVE) {
		fc_loop_remove_fd(c->o.loop, fd);
		return 0;
	}
	if (what & CURL_POLL_IN)
		events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		events |= EPOLLOUT;
	/* -1 makes libcurl refuse all further work on this multi handle: the connection is then given up. */
	return fc_loop_set_fd(c->o.loop, fd, events, on_fd, c, NULL);
}

static curl_socket_t on_open(void *user, curlsocktype purpose FC_UNUSED, struct curl_sockaddr *address)
{
	struct fc_connection *c = user;

	c->o.on_connecting(c->o.user);
	curl_socket_t fd = fc_peer_open_socket(address);
	if (fd == CURL_SOCKET_BAD)
		return fd;
	FC_GROW(c->sockets, c->socket_count, c->socket_cap);
	c->sockets[c->socket_count++] = (struct socket){ .fd = fd, .fresh = true };
	c->fresh_count++;
	return fd;
}

static int on_close(void *user, curl_socket_t fd)
{
	struct fc_connection *c = user;

	for (size_t i = 0; i < c->socket_count; i++) {
		if (c->sockets[i].fd != fd)
			continue;
		c->fresh_count -= c->sockets[i].fresh;
		c->sockets[i] = c->sockets[--c->socket_count];
		break;
	}
	return close(fd);
}

static long local_port(curl_socket_t fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .v6 = { .sin6_port = 0 } };
	socklen_t len = sizeof(address);

	if (getsockname(fd, &address.any, &len) < 0)
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* Which socket a request is on libcurl tells by its local port only, as long as it is under way. */
static struct socket *socket_of(struct fc_connection *c, struct fc_request *r)
{
	long port = 0;

	if (curl_easy_getinfo(r->easy, CURLINFO_LOCAL_PORT, &port) != CURLE_OK || port == 0)
		return NULL;
	for (size_t i = 0; i < c->socket_count; i++)
		if (local_port(c->sockets[i].fd) == port)
			return &c->sockets[i];
	return NULL;
}

void fc_connection_answered(struct fc_connection *c, struct fc_request *r)
{
	struct socket *s = c->fresh_count > 0 ? socket_of(c, r) : NULL;
	long version = 0;

	curl_easy_getinfo(r->easy, CURLINFO_HTTP_VERSION, &version);
	c->streams = version == CURL_HTTP_VERSION_2_0;
	if (!s || !s->fresh)
		return;
	s->fresh = false;
	c->fresh_count--;
	c->o.on_connected(c->o.user, c);
}

bool fc_connection_stands(struct fc_connection *c, struct fc_request *r)
{
	const struct socket *s = socket_of(c, r);
	char byte;

	if (!s)
		return false;
	ssize_t n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

static CURLMcode set_up(struct fc_connection *c)
{
	CURLMcode rc = curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);

	if (rc == CURLM_OK)
		rc = curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	if (rc == CURLM_OK)
		rc = curl_multi_setopt(c->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, MAX_STREAMS);
	return rc;
}

struct fc_connection *fc_connection_new(const struct fc_connection_options *options, struct fc_error *err)
{
	struct fc_connection *c = fc_xcalloc(1, sizeof(*c));

	c->o = *options;
	fc_peer_ref(c->o.peer);
	c->multi = curl_multi_init();
	if (c->multi && set_up(c) == CURLM_OK)
		return c;
	fc_error_set(err, FC_ERR_MEMORY, "no memory for a connection");
	fc_connection_free(c);
	return NULL;
}

static void on_health(void *user);

/* The first beat, of those of all connections, that is not before `delay_ms` from now. */
static int64_t to_beat(const struct fc_connection *c, int64_t delay_ms)
{
	int64_t beat_ms = c->o.silent_ms < BEATS ? 1 : c->o.silent_ms / BEATS;
	int64_t now_ms = fc_clock_mono_ms();

	return (now_ms + delay_ms + beat_ms - 1) / beat_ms * beat_ms - now_ms;
}

static void watch_health(struct fc_connection *c, int64_t delay_ms)
{
	fc_loop_timer_cancel(c->o.loop, &c->health);
	if (c->count > 0 && c->multi)
		c->health = fc_loop_timer(c->o.loop, to_beat(c, delay_ms), on_health, c);
}

/* Not re-armed by every byte: the timer runs out, sees when the last one came, and waits for the rest. */
static void on_health(void *user)
{
	struct fc_connection *c = user;
	int64_t last_us = c->heard.us > c->busy_since_us ? c->heard.us : c->busy_since_us;
	int64_t silent_ms = (fc_clock_mono_us() - last_us) / 1000;

	c->health = NULL;
	if (c->asked)
		return;
	if (silent_ms < c->o.silent_ms) {
		watch_health(c, c->o.silent_ms - silent_ms);
		return;
	}
	c->asked = true;
	c->o.on_silent(c->o.user, c);
}

void fc_connection_alive(struct fc_connection *c)
{
	c->asked = false;
	watch_health(c, c->o.silent_ms);
}

static void link_request(struct fc_connection *c, struct fc_request *r)
{
	if (c->count++ == 0) {
		c->busy_since_us = fc_clock_mono_us();
		c->asked = false;
		watch_health(c, c->o.silent_ms);
	}
	DL_APPEND(c->requests, r);
	c->watches += r->watch;
	r->connection = c;
	r->heard = &c->heard;
}

static void unlink_request(struct fc_connection *c, struct fc_request *r)
{
	DL_DELETE(c->requests, r);
	c->count--;
	c->watches -= r->watch;
	r->connection = NULL;
	r->heard = NULL;
	if (c->count == 0) {
		fc_loop_timer_cancel(c->o.loop, &c->health);
		fc_loop_timer_cancel(c->o.loop, &c->stir);
	}
}

/* Only outside of libcurl. */
static void detach(struct fc_connection *c, struct fc_request *r)
{
	if (r->state != FC_REQUEST_QUEUED && c->multi)
		curl_multi_remove_handle(c->multi, r->easy);
	unlink_request(c, r);
}

static int start(struct fc_connection *c, struct fc_request *r, struct fc_error *err)
{
	fc_request_starts(r, c->streams, c->streams && c->socket_count > 0 && c->fresh_count == 0);
	CURLMcode rc = curl_multi_add_handle(c->multi, r->easy);

	if (rc != CURLM_OK)
		return fc_error_set(err, FC_ERR_MEMORY, "a request cannot be started: %s", curl_multi_strerror(rc));
	r->state = FC_REQUEST_RUNNING;
	return 0;
}

static CURLcode take_sockets(struct fc_connection *c, CURL *easy)
{
	CURLcode rc = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, c);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, c);
	return rc;
}

int fc_connection_add(struct fc_connection *c, struct fc_request *r, struct fc_error *err)
{
	if (!c->multi)
		return fc_error_set(err, FC_ERR_INTERNAL, "a request for a connection that was given up");
	if (take_sockets(c, r->easy) != CURLE_OK)
		return fc_error_set(err, FC_ERR_MEMORY, "no memory to start a request");
	r->state = FC_REQUEST_QUEUED;
	if (c->inside)
		c->deferred = true;
	else if (start(c, r, err) < 0)
		return -1;
	link_request(c, r);
	return 0;
}

void fc_connection_cancel(struct fc_connection *c, struct fc_request *r)
{
	if (c->inside && r->state == FC_REQUEST_RUNNING) {
		r->state = FC_REQUEST_CANCELLED;
		c->deferred = true;
		return;
	}
	detach(c, r);
	fc_request_free(r);
}

static struct fc_request *first_deferred(struct fc_connection *c)
{
	struct fc_request *r;

	DL_FOREACH(c->requests, r)
		if (r->state == FC_REQUEST_QUEUED || r->state == FC_REQUEST_CANCELLED)
			return r;
	return NULL;
}

/* From the beginning each time: a callback may change the list in any way. */
static void do_deferred(struct fc_connection *c)
{
	struct fc_error why = FC_ERROR_INIT;

	while (c->deferred && c->multi) {
		struct fc_request *r = first_deferred(c);
		if (!r) {
			c->deferred = false;
		} else if (r->state == FC_REQUEST_CANCELLED) {
			detach(c, r);
			fc_request_free(r);
		} else if (start(c, r, &why) < 0) {
			unlink_request(c, r);
			c->o.on_finished(c->o.user, r, CURLE_OUT_OF_MEMORY, &why);
		}
	}
}

static void collect_finished(struct fc_connection *c)
{
	CURLMsg *message;
	int left;

	while (c->multi && (message = curl_multi_info_read(c->multi, &left))) {
		CURLcode code = message->data.result;
		struct fc_request *r = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r);
		if (message->msg != CURLMSG_DONE)
			continue;
		detach(c, r); /* `message` is gone with it */
		c->o.on_finished(c->o.user, r, code, NULL);
	}
}

static void on_stir(void *user);

static void stir_later(struct fc_connection *c)
{
	bool at_once = c->heard.filled;

	c->heard.filled = false;
	if (at_once)
		fc_loop_timer_cancel(c->o.loop, &c->stir);
	if (!c->stir && c->count > 0)
		c->stir = fc_loop_timer(c->o.loop, at_once ? 0 : STIR_MS, on_stir, c);
}

/* Backwards: a socket that closes meanwhile gives its place to the last one. */
static CURLMcode look_again(struct fc_connection *c)
{
	CURLMcode rc = CURLM_OK;
	int running;

	c->inside = true;
	for (size_t i = c->socket_count; i-- > 0 && rc == CURLM_OK;)
		if (i < c->socket_count)
			rc = curl_multi_socket_action(c->multi, c->sockets[i].fd, CURL_CSELECT_IN, &running);
	c->inside = false;
	return rc;
}

/* An answer that came at once brings its end with the second look. */
static CURLMcode stir(struct fc_connection *c)
{
	CURLMcode rc = CURLM_OK;
	bool more = true;

	fc_loop_timer_cancel(c->o.loop, &c->stir);
	c->stirred_us = fc_clock_mono_us();
	for (int i = 0; i < LOOKS && more && rc == CURLM_OK; i++) {
		int64_t heard_us = c->heard.us;
		rc = look_again(c);
		more = c->heard.us != heard_us;
	}
	if (more)
		stir_later(c);
	return rc;
}

/* `rc` is what libcurl said; `c` may be gone afterwards. */
static void settle(struct fc_connection *c, CURLMcode rc)
{
	struct fc_error why = FC_ERROR_INIT;

	do_deferred(c);
	collect_finished(c);
	if (rc == CURLM_OK || !c->multi)
		return;
	fc_error_set(&why, rc == CURLM_OUT_OF_MEMORY ? FC_ERR_MEMORY : FC_ERR_NETWORK,
		     "the connection cannot go on: %s", curl_multi_strerror(rc));
	c->o.on_broken(c->o.user, c, &why);
}

/* Nothing can have been forgotten where nothing came since libcurl was asked last; nor where only watches are, of which
 * a timer ran out. */
static bool may_have_forgotten(const struct fc_connection *c, curl_socket_t fd, bool heard, bool stirred)
{
	return fd != CURL_SOCKET_TIMEOUT || heard || (!stirred && c->count > c->watches);
}

static void act(struct fc_connection *c, curl_socket_t fd, int events)
{
	int64_t heard_us = c->heard.us;
	bool heard, stirred;
	int running;

	c->inside = true;
	CURLMcode rc = curl_multi_socket_action(c->multi, fd, events, &running);
	c->inside = false;
	heard = c->heard.us != heard_us;
	stirred = fc_clock_mono_us() - c->stirred_us < STIR_MS * 1000;
	/* Of a connection at rest this is the answer to a question: with a timer for it the thread would wake once
	 * more. */
	if (rc == CURLM_OK && (events & CURL_CSELECT_IN || heard) && !stirred && !c->heard.filled)
		rc = stir(c);
	else if (may_have_forgotten(c, fd, heard, stirred))
		stir_later(c);
	settle(c, rc);
}

static void on_stir(void *user)
{
	struct fc_connection *c = user;

	c->stir = NULL;
	settle(c, stir(c));
}

static void close_multi(struct fc_connection *c)
{
	curl_multi_cleanup(fc_steal(&c->multi)); /* NULL allowed; removes its sockets from the loop */
	fc_loop_timer_cancel(c->o.loop, &c->timer);
	fc_loop_timer_cancel(c->o.loop, &c->stir);
	fc_loop_timer_cancel(c->o.loop, &c->health);
}

void fc_connection_fail(struct fc_connection *c, const struct fc_error *why)
{
	struct fc_request *r;

	/* First out of libcurl, all of them: a callback may cancel another, and must not find it half gone. */
	DL_FOREACH(c->requests, r) {
		if (r->state != FC_REQUEST_QUEUED && c->multi)
			curl_multi_remove_handle(c->multi, r->easy);
	}
	close_multi(c);
	while ((r = c->requests)) {
		unlink_request(c, r);
		if (r->state == FC_REQUEST_CANCELLED)
			fc_request_free(r);
		else
			c->o.on_finished(c->o.user, r, CURLE_OK, why);
	}
}

static struct fc_request *first_watch(struct fc_connection *c)
{
	struct fc_request *r;

	DL_FOREACH(c->requests, r)
		if (r->watch && r->state != FC_REQUEST_CANCELLED)
			return r;
	return NULL;
}

/* From the beginning each time: a callback may cancel any other. */
void fc_connection_end_watches(struct fc_connection *c, const struct fc_error *why)
{
	for (struct fc_request *r; (r = first_watch(c));) {
		detach(c, r);
		c->o.on_finished(c->o.user, r, CURLE_OK, why);
	}
}

void fc_connection_free(struct fc_connection *c)
{
	if (!c)
		return;
	while (c->requests) {
		struct fc_request *r = c->requests;
		detach(c, r);
		fc_request_free(r);
	}
	close_multi(c);
	fc_peer_unref(c->o.peer);
	free(c->sockets);
	free(c);
}

size_t fc_connection_watches(const struct fc_connection *c)
{
	return c->watches;
}

size_t fc_connection_requests(const struct fc_connection *c)
{
	return c->count;
}

bool fc_connection_is_open(const struct fc_connection *c)
{
	return c->socket_count > 0;
}

struct fc_peer *fc_connection_peer(const struct fc_connection *c)
{
	return c->o.peer;
}

int64_t fc_connection_heard_us(const struct fc_connection *c)
{
	return c->heard.us;
}
