/* SPDX-License-Identifier: Apache-2.0 */
/* fc_pem - is this text a certificate, a private key, a pair? Asked at the start, not at the first handshake.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   FC_ERR_CONFIG with what is wrong; never quotes a byte of the text. Never asks a terminal for a password.
 * Source:  RFC 7468; kube-client 1.10, 1.15. OpenSSL reads with the same functions that libcurl uses later. */
#ifndef FC_PEM_H
#define FC_PEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What is read from a file: the bundle of a whole distribution is about 220 KiB. */
#define FC_PEM_MAX_BYTES ((size_t)1024 * 1024)

/* One certificate at least, and each can be read; blocks of other kinds are skipped, as OpenSSL and Go skip them. */
int fc_pem_check_certificates(const char *pem, struct fc_error *err) FC_MUST_CHECK;
/* A private key without a password. */
int fc_pem_check_key(const char *pem, struct fc_error *err) FC_MUST_CHECK;
/* The key is that of the first certificate. Both must have passed the checks above. */
int fc_pem_check_pair(const char *certificate_pem, const char *key_pem, struct fc_error *err) FC_MUST_CHECK;
/* When the first certificate expires, in ms since 1970; 0 where there is none that can be read. */
int64_t fc_pem_expires_ms(const char *pem);

#endif
