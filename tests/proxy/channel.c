/* SPDX-License-Identifier: Apache-2.0 */
#include "channel.h"

#include <linux/filter.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* One TLS record. */
#define READ_BYTES 16384

struct channel {
	struct fc_loop *loop;
	int fd;
	SSL *ssl;
	const struct channel_callbacks *callbacks;
	void *user;
	const uint8_t *chunk; /* given by on_room, not written yet */
	size_t chunk_len;
	bool open, paused, wants_room, closed;
	bool blocked; /* TLS waits until the socket can be written */
};

static void on_fd(void *user, int fd, uint32_t events);

static void update(struct channel *c)
{
	uint32_t events = EPOLLIN;

	if (c->paused || c->closed) {
		fc_loop_remove_fd(c->loop, c->fd);
		return;
	}
	if (c->blocked || (c->open && (c->wants_room || c->chunk_len)))
		events |= EPOLLOUT;
	if (fc_loop_set_fd(c->loop, c->fd, events, on_fd, c, NULL) < 0)
		abort();
}

static void closed(struct channel *c)
{
	if (c->closed)
		return;
	c->closed = true;
	c->callbacks->on_closed(c->user);
}

/* Is `rc` of an SSL call more than "not now"? */
static bool is_fatal(struct channel *c, int rc)
{
	int why = SSL_get_error(c->ssl, rc);

	if (why == SSL_ERROR_WANT_WRITE)
		c->blocked = true;
	ERR_clear_error();
	return why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
}

static void handshake(struct channel *c)
{
	int rc = SSL_do_handshake(c->ssl);

	if (rc == 1) {
		c->open = true;
		c->callbacks->on_open(c->user);
	} else if (is_fatal(c, rc)) {
		closed(c);
	}
}

static void receive(struct channel *c)
{
	uint8_t bytes[READ_BYTES];

	while (!c->paused && !c->closed) {
		int n = SSL_read(c->ssl, bytes, sizeof(bytes));
		if (n <= 0) {
			if (is_fatal(c, n))
				closed(c);
			return;
		}
		if (c->callbacks->on_bytes(c->user, bytes, (size_t)n) < 0)
			closed(c);
	}
}

/* False: nothing to send. */
static bool next_chunk(struct channel *c)
{
	ssize_t len = c->callbacks->on_room(c->user, &c->chunk);

	if (len < 0)
		closed(c);
	c->chunk_len = len > 0 ? (size_t)len : 0;
	c->wants_room = len > 0;
	return len > 0;
}

static void transmit(struct channel *c)
{
	while (!c->paused && !c->closed && (c->chunk_len || next_chunk(c))) {
		int n = SSL_write(c->ssl, c->chunk, (int)c->chunk_len);
		if (n <= 0) {
			if (is_fatal(c, n))
				closed(c);
			return;
		}
		c->chunk += n;
		c->chunk_len -= (size_t)n;
	}
}

static void on_fd(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	struct channel *c = user;

	c->blocked = false;
	if (!c->open)
		handshake(c);
	if (c->open && !c->closed)
		receive(c);
	if (c->open && !c->closed)
		transmit(c);
	update(c);
}

struct channel *channel_new(struct fc_loop *loop, int fd, SSL *ssl, const struct channel_callbacks *callbacks,
			    void *user)
{
	struct channel *c = fc_xcalloc(1, sizeof(*c));

	*c = (struct channel){ .loop = loop, .fd = fd, .ssl = ssl, .callbacks = callbacks, .user = user };
	c->blocked = true; /* a connect(2) under way ends with EPOLLOUT */
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_set_fd(ssl, fd) != 1)
		abort();
	update(c);
	return c;
}

void channel_free(struct channel *c, bool reset)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (!c)
		return;
	fc_loop_remove_fd(c->loop, c->fd);
	if (reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	else if (c->open)
		(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

void channel_wake(struct channel *c)
{
	if (!c || c->wants_room || c->closed)
		return;
	c->wants_room = true;
	update(c);
}

void channel_pause(struct channel *c, bool paused)
{
	if (!c || c->paused == paused)
		return;
	c->paused = paused;
	update(c);
}

void channel_drop_segments(int fd, bool drop)
{
	struct sock_filter nothing = { .code = BPF_RET | BPF_K, .k = 0 };
	struct sock_fprog program = { .len = 1, .filter = &nothing };

	if (drop && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
		abort();
	if (!drop)
		(void)setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 }, sizeof(int));
}

int channel_fd(const struct channel *c)
{
	return c->fd;
}

const SSL *channel_ssl(const struct channel *c)
{
	return c->ssl;
}
