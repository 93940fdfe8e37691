/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is made of, as far as copies go: pieces, each with a digest in place of its value.
 * Owns:    keys are interned strings of the engine.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  pieces.c. */
#ifndef FC_ENGINE_PIECE_H
#define FC_ENGINE_PIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "json/digest.h"

/* A member of the root; one of `spec`, where the server owns others of these; a label, an annotation, a finalizer. */
enum piece_kind { PIECE_MEMBER, PIECE_SPEC, PIECE_LABEL, PIECE_ANNOTATION, PIECE_FINALIZER };
/* Its value as a digest, without what is the server's in it (model/owned_fields.h). */
struct piece {
	const char *key; /* interned */
	enum piece_kind kind;
	bool ours;   /* of what stands: it was wanted once. What is foreign is left as it is */
	bool theirs; /* a server's, or a deploying tool's mark: left as it is in any case */
	struct fc_digest value;
};
struct pieces {
	struct piece *items;
	size_t count, cap;
};
/* A part which the server makes into something else than we wish: right, as long as we wish the same. */
struct settled {
	const char *key; /* interned */
	enum piece_kind kind;
	struct fc_digest want, value; /* "missing" where there is none */
};

#endif
