/* SPDX-License-Identifier: Apache-2.0 */
/* channel - a TLS connection that never blocks, of either side.
 * Owns:    its descriptor and its SSL.
 * Threads: the loop's.
 * Fails:   by on_closed, from the loop; the owner then frees it, not from inside a callback.
 * Source:  SSL_read(3), SSL_write(3); packet(7) of SO_ATTACH_FILTER. */
#ifndef TESTS_CHANNEL_H
#define TESTS_CHANNEL_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"

struct channel_callbacks {
	void (*on_open)(void *user);
	/* -1: the channel cannot go on. */
	int (*on_bytes)(void *user, const uint8_t *bytes, size_t len);
	/* What is to be sent next, valid until the next call; 0: nothing now; -1: it cannot go on. */
	ssize_t (*on_room)(void *user, const uint8_t **bytes);
	void (*on_closed)(void *user);
};

struct channel;

/* Takes over `fd` and `ssl`, whose state (accept or connect) is set. */
struct channel *channel_new(struct fc_loop *loop, int fd, SSL *ssl, const struct channel_callbacks *callbacks,
			    void *user);
/* With `reset` the peer gets an RST (SO_LINGER 0). NULL allowed. */
void channel_free(struct channel *c, bool reset);
/* There may be something to send: on_room is called from the loop. */
void channel_wake(struct channel *c);
/* A paused channel is neither read nor written; the socket stays open. */
void channel_pause(struct channel *c, bool paused);
/* Segments that arrive for `fd` are dropped before TCP sees them, unacknowledged: as if a firewall had forgotten the
 * connection, or the cable were cut. Needs no privilege. */
void channel_drop_segments(int fd, bool drop);
int channel_fd(const struct channel *c);
const SSL *channel_ssl(const struct channel *c);

#endif
