/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf_message - protobuf messages written by hand, for tests.
 * Owns:    nothing: a message is the bytes of a buffer.
 * Threads: one.
 * Fails:   never.
 * Source:  https://protobuf.dev/programming-guides/encoding. */
#ifndef FC_TESTS_PROTOBUF_MESSAGE_H
#define FC_TESTS_PROTOBUF_MESSAGE_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static inline void put_varint(struct fc_buf *out, uint64_t n)
{
	for (; n > 0x7f; n >>= 7)
		fc_buf_putc(out, (char)(n | 0x80));
	fc_buf_putc(out, (char)n);
}

static inline void put_number(struct fc_buf *out, uint32_t field, uint64_t n)
{
	put_varint(out, (uint64_t)field << 3);
	put_varint(out, n);
}

static inline void put_bytes(struct fc_buf *out, uint32_t field, const void *bytes, size_t len)
{
	put_varint(out, (uint64_t)field << 3 | 2);
	put_varint(out, len);
	fc_buf_append(out, bytes, len);
}

static inline void put_text(struct fc_buf *out, uint32_t field, const char *text)
{
	put_bytes(out, field, text, strlen(text));
}

/* A message inside, which is empty afterwards. */
static inline void put_message(struct fc_buf *out, uint32_t field, struct fc_buf *message)
{
	put_bytes(out, field, fc_buf_str(message), message->len);
	fc_buf_fini(message);
}

/* The object around a message; "" for what it does not say. */
static inline void put_envelope(struct fc_buf *out, const char *api_version, const char *kind, struct fc_buf *message)
{
	struct fc_buf type = FC_BUF_INIT;

	if (*api_version)
		put_text(&type, 1, api_version);
	if (*kind)
		put_text(&type, 2, kind);
	fc_buf_append(out, "k8s", 4);
	put_message(out, 1, &type);
	put_message(out, 2, message);
}

#endif
