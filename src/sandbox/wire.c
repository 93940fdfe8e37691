/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/wire.h"

#include <endian.h>
#include <string.h>

/* Whatever the message says, this many groups in each other are none that anybody wrote. */
#define GROUPS_MAX 128

struct sb_wire sb_wire_of(const void *bytes, size_t len)
{
	return (struct sb_wire){ .at = bytes, .end = (const unsigned char *)bytes + len };
}

static int ends_early(struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_INVALID, "unexpected EOF");
}

static int pass(struct sb_wire *w, uint64_t bytes, struct fc_error *err)
{
	if (bytes > (uint64_t)(w->end - w->at))
		return ends_early(err);
	w->at += bytes;
	return 0;
}

int sb_wire_varint(struct sb_wire *w, uint64_t *out, struct fc_error *err)
{
	unsigned char byte;

	*out = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (w->at == w->end)
			return ends_early(err);
		byte = *w->at++;
		*out |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return 0;
	}
	return fc_error_set(err, FC_ERR_INVALID, "proto: integer overflow");
}

int sb_wire_double(struct sb_wire *w, double *out, struct fc_error *err)
{
	const unsigned char *from = w->at;
	uint64_t bits;

	if (pass(w, sizeof(bits), err) < 0)
		return -1;
	memcpy(&bits, from, sizeof(bits));
	bits = le64toh(bits);
	memcpy(out, &bits, sizeof(bits));
	return 0;
}

int sb_wire_piece(struct sb_wire *w, struct sb_wire *out, struct fc_error *err)
{
	uint64_t len;

	if (sb_wire_varint(w, &len, err) < 0)
		return -1;
	if (len > INT64_MAX)
		return fc_error_set(err, FC_ERR_INVALID, "proto: negative length found during unmarshaling");
	out->at = w->at;
	if (pass(w, len, err) < 0)
		return -1;
	out->end = w->at;
	return 0;
}

static int read_key(struct sb_wire *w, uint32_t *number, enum sb_wire_type *type, struct fc_error *err)
{
	uint64_t key;

	if (sb_wire_varint(w, &key, err) < 0)
		return -1;
	*number = (uint32_t)(key >> 3);
	*type = (enum sb_wire_type)(key & 7);
	return 0;
}

int sb_wire_key(struct sb_wire *w, const char *message, uint32_t *number, enum sb_wire_type *type, struct fc_error *err)
{
	if (read_key(w, number, type, err) < 0)
		return -1;
	if (*type == SB_WIRE_GROUP_END)
		return fc_error_set(err, FC_ERR_INVALID, "proto: %s: wiretype end group for non-group", message);
	if (*number == 0 || *number > INT32_MAX)
		return fc_error_set(err, FC_ERR_INVALID, "proto: %s: illegal tag %d (wire type %d)", message,
				    (int)*number, (int)*type);
	return 0;
}

/* All but groups. */
static int skip_simple(struct sb_wire *w, enum sb_wire_type type, struct fc_error *err)
{
	struct sb_wire piece;
	uint64_t number;

	switch (type) {
	case SB_WIRE_VARINT:
		return sb_wire_varint(w, &number, err);
	case SB_WIRE_FIXED64:
		return pass(w, 8, err);
	case SB_WIRE_FIXED32:
		return pass(w, 4, err);
	case SB_WIRE_PIECE:
		return sb_wire_piece(w, &piece, err);
	default:
		return fc_error_set(err, FC_ERR_INVALID, "proto: illegal wireType %d", (int)type);
	}
}

int sb_wire_skip(struct sb_wire *w, enum sb_wire_type type, struct fc_error *err)
{
	unsigned depth = 0;
	uint32_t number;

	for (;;) {
		if (type == SB_WIRE_GROUP)
			depth++;
		else if (type == SB_WIRE_GROUP_END)
			depth--;
		else if (skip_simple(w, type, err) < 0)
			return -1;
		if (!depth)
			return 0;
		if (depth > GROUPS_MAX)
			return fc_error_set(err, FC_ERR_LIMIT, "proto: nested deeper than %d levels", GROUPS_MAX);
		if (read_key(w, &number, &type, err) < 0)
			return -1;
	}
}
