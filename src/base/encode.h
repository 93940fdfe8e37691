/* SPDX-License-Identifier: Apache-2.0 */
/* fc_encode - base64, hexadecimal, SHA-256 and HMAC, all by OpenSSL.
 * Owns:    nothing; results belong to the caller.
 * Threads: any.
 * Fails:   decoding of malformed input; hashing never.
 * Source:  RFC 4648 (standard alphabet, padded; white space is skipped), FIPS 180-4, RFC 2104. */
#ifndef FC_ENCODE_H
#define FC_ENCODE_H

#include <stddef.h>

#include "base/error.h"

/* A zero byte follows the decoded bytes. `*out` is the caller's to free. */
int fc_base64_decode(const char *text, char **out, size_t *out_bytes, struct fc_error *err) FC_MUST_CHECK;
/* Padded, on one line, zero-terminated; the caller frees. */
char *fc_base64_encode(const void *bytes, size_t len);

#define FC_SHA256_BYTES 32
struct fc_sha256;
/* A hash under way, in one thread; never NULL. Ended, and freed, by fc_sha256_finish. */
struct fc_sha256 *fc_sha256_new(void);
/* May be called any number of times, with any piece. */
void fc_sha256_add(struct fc_sha256 *h, const void *bytes, size_t len);
/* Writes the hash and frees `h`. */
void fc_sha256_finish(struct fc_sha256 *h, unsigned char out[FC_SHA256_BYTES]);

/* HMAC-SHA256. */
void fc_hmac_sha256(const void *key, size_t key_bytes, const void *bytes, size_t len,
		    unsigned char out[FC_SHA256_BYTES]);

/* Lower-case digits and a zero byte: `out` holds 2 * len + 1. */
void fc_hex(const void *bytes, size_t len, char *out);

#endif
