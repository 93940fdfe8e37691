/* SPDX-License-Identifier: Apache-2.0 */
/* fc_impersonation - as whom a user of a kubeconfig wants to act, as header lines of every request.
 * Owns:    nothing; the lines belong to the caller, each allocated, the list NULL-terminated.
 * Threads: any.
 * Fails:   FC_ERR_CONFIG with the field and the mend.
 * Source:  kube-client 1.21, 1.22; the escapes are those of client-go's headerKeyEscape. */
#ifndef FC_IMPERSONATION_H
#define FC_IMPERSONATION_H

#include <jansson.h>

#include "base/error.h"

/* The fields as, as-uid, as-groups and as-user-extra of a user's body. NULL in `*out`: nobody is meant. */
int fc_impersonation_read(const json_t *user, char ***out, struct fc_error *err) FC_MUST_CHECK;
/* NULL allowed. */
void fc_impersonation_free(char **lines);

#endif
