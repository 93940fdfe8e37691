/* SPDX-License-Identifier: Apache-2.0 */
/* sb_wire - the parts of an encoded protobuf message: keys, numbers, pieces.
 * Owns:    nothing; pieces point into the message.
 * Threads: any.
 * Fails:   FC_ERR_INVALID with the words of the real server, which name no byte of the message.
 * Source:  https://protobuf.dev/programming-guides/encoding; answers of a real server to damaged messages. */
#ifndef FC_SANDBOX_WIRE_H
#define FC_SANDBOX_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum sb_wire_type {
	SB_WIRE_VARINT,
	SB_WIRE_FIXED64,
	SB_WIRE_PIECE, /* texts, bytes, messages, lists of numbers: their length comes first */
	SB_WIRE_GROUP, /* of old; nothing has one, and all pass over it */
	SB_WIRE_GROUP_END,
	SB_WIRE_FIXED32,
};

/* What is still to be read. */
struct sb_wire {
	const unsigned char *at, *end;
};

struct sb_wire sb_wire_of(const void *bytes, size_t len);
/* Which field comes next, and how it is written; `message` names the type for errors. */
int sb_wire_key(struct sb_wire *w, const char *message, uint32_t *number, enum sb_wire_type *type, struct fc_error *err)
	FC_MUST_CHECK;
/* The value behind a key. */
int sb_wire_varint(struct sb_wire *w, uint64_t *out, struct fc_error *err) FC_MUST_CHECK;
int sb_wire_double(struct sb_wire *w, double *out, struct fc_error *err) FC_MUST_CHECK;
int sb_wire_piece(struct sb_wire *w, struct sb_wire *out, struct fc_error *err) FC_MUST_CHECK;
/* Passes over a value of that type. */
int sb_wire_skip(struct sb_wire *w, enum sb_wire_type type, struct fc_error *err) FC_MUST_CHECK;

#endif
