/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/channel.h"

#include "base/mem.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* What one TLS record holds: smaller frames of HTTP/2 travel together in it. */
#define RECORD_BYTES 16384
/* Records read or written in one go; then others have their turn. */
#define TURNS 16

struct sb_channel {
	struct fc_loop *loop;
	int fd;
	SSL *ssl;
	const struct sb_channel_owner *owner;
	void *user;
	struct fc_timer *turn; /* set: it is served in this round of the loop */
	uint8_t *rest;	       /* what the socket has not taken */
	size_t rest_len, rest_sent;
	bool open, over, reset;
	bool waits_for_room;
};

static void on_fd(void *user, int fd, uint32_t events);

static void watch(struct sb_channel *c, bool for_room)
{
	if (fc_loop_set_fd(c->loop, c->fd, EPOLLIN | (for_room ? (uint32_t)EPOLLOUT : 0), on_fd, c, NULL) < 0)
		c->over = true;
	c->waits_for_room = for_room;
}

static void wait_for_room(struct sb_channel *c, bool wanted)
{
	if (c->waits_for_room != wanted && !c->over)
		watch(c, wanted);
}

/* What an SSL call that did not succeed means; ends the channel when it is more than "not now". */
static void judge(struct sb_channel *c, int rc)
{
	int why = SSL_get_error(c->ssl, rc);

	ERR_clear_error();
	if (why == SSL_ERROR_WANT_WRITE)
		wait_for_room(c, true);
	else if (why != SSL_ERROR_WANT_READ)
		c->over = true;
}

static void handshake(struct sb_channel *c)
{
	const unsigned char *protocol;
	unsigned len;

	wait_for_room(c, false);
	int rc = SSL_do_handshake(c->ssl);
	if (rc != 1) {
		judge(c, rc);
		return;
	}
	c->open = true;
	SSL_get0_alpn_selected(c->ssl, &protocol, &len);
	if (len != 2 || memcmp(protocol, "h2", 2) != 0 || c->owner->opened(c->user) < 0)
		c->over = true;
}

static void take(struct sb_channel *c)
{
	uint8_t bytes[RECORD_BYTES];

	for (int turns = 0; !c->over && turns < TURNS; turns++) {
		int n = SSL_read(c->ssl, bytes, sizeof(bytes));
		if (n <= 0) {
			judge(c, n);
			return;
		}
		if (c->owner->received(c->user, bytes, (size_t)n) < 0)
			c->over = true;
	}
	/* What OpenSSL has decrypted already does not show in the descriptor. */
	if (!c->over && SSL_pending(c->ssl) > 0)
		sb_channel_wake(c);
}

/* True: the socket has taken all of it. */
static bool put(struct sb_channel *c, const uint8_t *bytes, size_t len, size_t *sent)
{
	*sent = 0;
	while (!c->over && *sent < len) {
		int n = SSL_write(c->ssl, bytes + *sent, (int)(len - *sent));
		if (n <= 0) {
			judge(c, n);
			return false;
		}
		*sent += (size_t)n;
	}
	return !c->over;
}

static bool put_rest(struct sb_channel *c)
{
	size_t sent;

	if (!c->rest)
		return true;
	bool all = put(c, c->rest + c->rest_sent, c->rest_len - c->rest_sent, &sent);
	c->rest_sent += sent;
	if (all)
		free(fc_steal(&c->rest));
	return all;
}

/* 1: there may be more; 0: nothing more now. */
static int put_next(struct sb_channel *c)
{
	uint8_t bytes[RECORD_BYTES];
	size_t sent;

	ssize_t len = c->owner->fill(c->user, bytes, sizeof(bytes));
	if (len < 0)
		c->over = true;
	if (len <= 0)
		return 0;
	if (put(c, bytes, (size_t)len, &sent))
		return 1;
	if (!c->over) {
		c->rest = fc_xcalloc(1, (size_t)len - sent);
		memcpy(c->rest, bytes + sent, (size_t)len - sent);
		c->rest_len = (size_t)len - sent;
		c->rest_sent = 0;
	}
	return 0;
}

static void give(struct sb_channel *c)
{
	if (!put_rest(c))
		return;
	int turns = 0;
	while (!c->over && turns < TURNS && put_next(c))
		turns++;
	if (c->over)
		return;
	wait_for_room(c, c->rest != NULL);
	if (turns == TURNS)
		sb_channel_wake(c);
}

static void serve(struct sb_channel *c)
{
	if (!c->open && !c->over)
		handshake(c);
	if (c->open && !c->over)
		take(c);
	if (c->open && !c->over)
		give(c);
	if (c->over)
		c->owner->closed(c->user);
}

static void on_fd(void *user, int fd FC_UNUSED, uint32_t events FC_UNUSED)
{
	serve(user);
}

static void on_turn(void *user)
{
	struct sb_channel *c = user;

	c->turn = NULL;
	serve(c);
}

struct sb_channel *sb_channel_new(struct fc_loop *loop, int fd, SSL_CTX *context, const struct sb_channel_owner *owner,
				  void *user)
{
	struct sb_channel *c = fc_xcalloc(1, sizeof(*c));

	*c = (struct sb_channel){ .loop = loop, .fd = fd, .owner = owner, .user = user };
	c->ssl = SSL_new(context);
	if (!c->ssl || SSL_set_fd(c->ssl, fd) != 1)
		abort(); /* no memory for a small thing */
	SSL_set_accept_state(c->ssl);
	watch(c, false);
	if (c->over)
		sb_channel_wake(c);
	return c;
}

void sb_channel_free(struct sb_channel *c)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	if (!c)
		return;
	fc_loop_timer_cancel(c->loop, &c->turn);
	fc_loop_remove_fd(c->loop, c->fd);
	if (c->reset)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	else if (c->open)
		(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
	SSL_free(c->ssl);
	close(c->fd);
	free(c->rest);
	free(c);
}

/* A timer of this round, not EPOLLOUT: any number of events for any number of connections costs no system call but the
 * writes themselves. */
void sb_channel_wake(struct sb_channel *c)
{
	if (!c->turn)
		c->turn = fc_loop_timer(c->loop, 0, on_turn, c);
}

void sb_channel_end(struct sb_channel *c, bool reset)
{
	c->over = true;
	c->reset = c->reset || reset;
	sb_channel_wake(c);
}

void sb_channel_flush(struct sb_channel *c)
{
	if (c->open && !c->over)
		give(c);
}
