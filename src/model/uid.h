/* SPDX-License-Identifier: Apache-2.0 */
/* fc_uid - an object's metadata.uid, kept in 17 bytes.
 * Owns:    nothing; plain data in its holder.
 * Threads: any.
 * Fails:   never: of a uid that is no UUID a digest is kept, which can be compared and not written.
 * Source:  Kubernetes writes every uid as a UUID in its canonical form (RFC 4122 section 3), whose 16 bytes give back
 *          its text. */
#ifndef FC_UID_H
#define FC_UID_H

#include <stdbool.h>

#include "json/digest.h"

#define FC_UID_TEXT_BYTES 37

/* Zeroed: none is known. */
struct fc_uid {
	struct fc_digest bits; /* the UUID itself; else what stands for the text */
	bool is_uuid;
};

/* "" is a uid like another. */
struct fc_uid fc_uid_of(const char *text);
bool fc_uid_equal(const struct fc_uid *a, const struct fc_uid *b);
/* The text that it was made of; false: it is not known any more. */
bool fc_uid_text(const struct fc_uid *u, char out[FC_UID_TEXT_BYTES]);

#endif
