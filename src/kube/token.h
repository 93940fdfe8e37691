/* SPDX-License-Identifier: Apache-2.0 */
/* fc_token - bearer tokens, from files and inline, fit for a header line.
 * Owns:    results belong to the caller, who frees them with fc_free_secret.
 * Threads: any.
 * Fails:   FC_ERR_CONFIG with the file's path and the fault; never quotes a byte of the token.
 * Source:  kube-client 1.16; RFC 6750 section 2.1, of which only the visible ASCII characters are enforced; RFC
 *          7519 section 4.1.4. */
#ifndef FC_TOKEN_H
#define FC_TOKEN_H

#include <stdint.h>

#include "base/error.h"

/* Far above any token, and below what servers take as header lines. */
#define FC_TOKEN_MAX_BYTES 65536

/* A copy without the white space around it. Empty ones and such with white space or control characters inside are
 * refused: these would end the header line and begin another. */
int fc_token_trim(const char *text, char **out, struct fc_error *err) FC_MUST_CHECK;
/* Trimmed (kube-client 1.16), the caller's to free by fc_free_secret. An empty or oversized file is an error. */
int fc_token_read_file(const char *path, char **out, struct fc_error *err) FC_MUST_CHECK;
/* When the token says that it expires (the claim `exp` of a JSON Web Token), in ms since 1970; 0 where it says nothing
 * that can be read. It is looked at only: nothing of it is verified, and nothing may be decided by it but words. */
int64_t fc_token_expires_ms(const char *token);

#endif
