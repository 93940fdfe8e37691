/* SPDX-License-Identifier: Apache-2.0 */
/* sb_protobuf - objects of built-in types in protobuf, as clients send them, made into JSON.
 * Owns:    nothing; results are the caller's.
 * Threads: any.
 * Fails:   FC_ERR_INVALID, FC_ERR_LIMIT (nested deeper than 128 levels): in the words of the real server, without a
 *          byte of what was sent.
 * Source:  the Kubernetes API concepts page, "Protobuf encoding"; runtime.Unknown; bytes and answers of a real server.
 */
#ifndef FC_SANDBOX_PROTOBUF_H
#define FC_SANDBOX_PROTOBUF_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "sandbox/schema.h"
#include "sandbox/wire.h"

#define SB_PROTOBUF_TYPE "application/vnd.kubernetes.protobuf"

/* What is around an object's message: four bytes, and what the object is. */
struct sb_envelope {
	char *api_version, *kind; /* "": it does not say */
	struct sb_wire message;	  /* points into the bytes */
};

/* fini all the same. */
int sb_envelope_open(struct sb_envelope *e, const char *bytes, size_t len, struct fc_error *err) FC_MUST_CHECK;
void sb_envelope_fini(struct sb_envelope *e);

/* The object, with what it says of its kind and apiVersion. When it says another kind, or another apiVersion than
 * `api_version` (NULL: any), that is all that is in the result: the message is of a type that `s` is not. Fields that
 * the schema does not know are passed over. */
json_t *sb_protobuf_decode(const struct sb_envelope *e, const struct sb_schema *s, const char *kind,
			   const char *api_version, struct fc_error *err) FC_MUST_CHECK;

#endif
