/* SPDX-License-Identifier: Apache-2.0 */
/* sb_authority - a certificate authority for one run, and what servers show: a certificate of it for loopback, and one
 * of another authority of the same name.
 * Owns:    keys and certificates, in memory alone.
 * Threads: the loop's one.
 * Fails:   where OpenSSL does: FC_ERR_TLS.
 * Source:  RFC 5280; RFC 6125 (names and addresses in subjectAltName); RFC 7301 (ALPN). */
#ifndef FC_SANDBOX_AUTHORITY_H
#define FC_SANDBOX_AUTHORITY_H

#include "base/error.h"

struct ssl_ctx_st;

struct sb_authority;
struct sb_authority *sb_authority_new(struct fc_error *err) FC_MUST_CHECK;
void sb_authority_free(struct sb_authority *a); /* NULL allowed */

/* The authority's certificate as PEM, for those who are to trust it; borrowed. */
const char *sb_authority_pem(const struct sb_authority *a);
/* For servers of 127.0.0.1, ::1 and localhost that speak h2 and nothing else; borrowed. */
struct ssl_ctx_st *sb_authority_context(const struct sb_authority *a);
/* The same of the authority that nobody trusts. */
struct ssl_ctx_st *sb_authority_other_context(const struct sb_authority *a);

#endif
