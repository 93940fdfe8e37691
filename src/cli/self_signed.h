/* SPDX-License-Identifier: Apache-2.0 */
/* fc_self_signed - a certificate and its key for an endpoint that was given none.
 * Owns:    nothing; the texts belong to the caller.
 * Threads: any.
 * Fails:   FC_ERR_TLS, where OpenSSL cannot make them.
 * Source:  kube-client 11.7: the fallback of secure metrics. RFC 5280. */
#ifndef FC_SELF_SIGNED_H
#define FC_SELF_SIGNED_H

#include "base/error.h"

/* For localhost, a year long; another key with each call. The caller frees both, the key with fc_free_secret. */
int fc_self_signed_make(char **cert_pem, char **key_pem, struct fc_error *err) FC_MUST_CHECK;

#endif
