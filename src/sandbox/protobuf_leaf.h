/* SPDX-License-Identifier: Apache-2.0 */
/* sb_leaf - types that are a message in protobuf and something else in JSON: times, quantities, JSON itself.
 * Owns:    nothing; results are the caller's.
 * Threads: any.
 * Fails:   FC_ERR_INVALID, without a byte of what was sent.
 * Source:  the messages Time, MicroTime, Quantity, IntOrString, RawExtension, FieldsV1 and those of JSON schemas; what
 * a real server makes of them. */
#ifndef FC_SANDBOX_PROTOBUF_LEAF_H
#define FC_SANDBOX_PROTOBUF_LEAF_H

#include <jansson.h>

#include "base/error.h"
#include "sandbox/schema.h"
#include "sandbox/wire.h"

#define SB_PROTOBUF_MAX_DEPTH 128

/* The message of such a type; its parts point into themselves, so it stays where it was filled. */
struct sb_leaf {
	struct sb_schema shape, list;
	struct sb_member members[3];
};
void sb_leaf_shape(struct sb_leaf *leaf, const struct sb_schema *s);
/* The JSON value that those parts are. NULL: they are none. */
json_t *sb_leaf_value(const struct sb_schema *s, json_t *parts, struct fc_error *err) FC_MUST_CHECK;

/* A string; NULL: it is not UTF-8. */
json_t *sb_leaf_text(struct sb_wire piece, struct fc_error *err) FC_MUST_CHECK;
/* NULL, with those words. */
json_t *sb_leaf_refuse(const char *why, struct fc_error *err);

#endif
