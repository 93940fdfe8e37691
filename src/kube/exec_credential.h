/* SPDX-License-Identifier: Apache-2.0 */
/* fc_exec_credential - what a login plug-in has answered.
 * Owns:    its strings, overwritten when freed.
 * Threads: plain data, as safe as its holder.
 * Fails:   FC_ERR_PROTOCOL with what is wrong; never quotes a byte of the answer.
 * Source:  kube-client 1.31; client.authentication.k8s.io/v1, ExecCredential. */
#ifndef FC_EXEC_CREDENTIAL_H
#define FC_EXEC_CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct fc_exec_credential {
	char *token;		  /* fit for a header line; NULL: none */
	char *cert_pem, *key_pem; /* both or none, and they fit together */
	int64_t expires_ms;	  /* since 1970; 0: the plug-in did not say */
};

/* Takes the answer of a plug-in that was asked for `api_version`. Holds a token or a certificate with its key, or both.
 * `out` is set only when it returns 0. */
int fc_exec_credential_parse(const char *text, size_t len, const char *api_version, struct fc_exec_credential *out,
			     struct fc_error *err) FC_MUST_CHECK;
/* Leaves it empty. */
void fc_exec_credential_fini(struct fc_exec_credential *c);

#endif
