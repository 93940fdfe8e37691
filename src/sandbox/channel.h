/* SPDX-License-Identifier: Apache-2.0 */
/* sb_channel - the server's end of one TLS connection, which never blocks: bytes in, bytes out, and its end.
 * Owns:    its descriptor and its SSL; at rest no buffer.
 * Threads: the loop's one.
 * Fails:   by `closed`, from the loop; its owner frees it there.
 * Source:  SSL_read(3), SSL_write(3), SSL_CTX_set_mode(3). */
#ifndef FC_SANDBOX_CHANNEL_H
#define FC_SANDBOX_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"

struct ssl_ctx_st;

struct sb_channel_owner {
	/* The handshake is done and h2 agreed. -1: it cannot go on. */
	int (*opened)(void *user);
	/* -1: it cannot go on. */
	int (*received)(void *user, const uint8_t *bytes, size_t len);
	/* Writes at most `room` bytes of what is to be sent; 0: nothing now; -1: there is nothing more to say. */
	ssize_t (*fill)(void *user, uint8_t *out, size_t room);
	/* It has ended. Nothing is called afterwards: the owner frees it. */
	void (*closed)(void *user);
};

struct sb_channel;

/* Takes over `fd`, a connected socket that does not block. */
struct sb_channel *sb_channel_new(struct fc_loop *loop, int fd, struct ssl_ctx_st *context,
				  const struct sb_channel_owner *owner, void *user);
/* NULL allowed. Not from inside a callback other than `closed`. */
void sb_channel_free(struct sb_channel *c);
/* There may be something to send: `fill` is asked from the loop. */
void sb_channel_wake(struct sb_channel *c);
/* It ends, from the loop; with `reset` the other side gets an RST, and what was not sent is lost. */
void sb_channel_end(struct sb_channel *c, bool reset);
/* Sends what can be sent at once, without waiting: for a last word before sb_channel_free. */
void sb_channel_flush(struct sb_channel *c);

#endif
