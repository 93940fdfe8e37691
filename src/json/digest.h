/* SPDX-License-Identifier: Apache-2.0 */
/* fc_digest - 128 bits that stand for a JSON value: equal values have equal digests, on every machine and in every
 * run.
 * Owns:    16 bytes in the holder.
 * Threads: any.
 * Fails:   never.
 * Source:  SHA-256 cut to 128 bits over a canonical form: object members by key, numbers by value (1, 1.0 and 1e0
 *          are one number; kube-client and systems/k8s-copier.md D16), strings with their length (\u0000 included).
 *          A missing value has a digest of its own, all zero, which no value has. */
#ifndef FC_DIGEST_H
#define FC_DIGEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct fc_digest {
	unsigned char bytes[16];
};

/* NULL gives the digest of "missing". */
struct fc_digest fc_digest_json(const json_t *value);
/* Of bytes as they are: for texts that are compared, not for values. */
struct fc_digest fc_digest_bytes(const void *bytes, size_t len);
/* Equal, and: that of "missing". */
bool fc_digest_equal(const struct fc_digest *a, const struct fc_digest *b);
bool fc_digest_is_missing(const struct fc_digest *d);

#endif
