/* SPDX-License-Identifier: Apache-2.0 */
/* fc_kubeconfig_user - what a user of a kubeconfig brings to log in with, and as whom it acts.
 * Owns:    nothing; what is read belongs to the access.
 * Threads: any.
 * Fails:   FC_ERR_CONFIG with file, entry, key and the mend; never quotes a credential.
 * Source:  kube-client 1.14 to 1.18, 1.21 to 1.23, 1.27 to 1.30, 1.35. Private to kubeconfig_access.c. */
#ifndef FC_KUBECONFIG_USER_H
#define FC_KUBECONFIG_USER_H

#include "kube/kubeconfig_entry.h"

/* Certificate, token, Basic and impersonation; files named are read now. */
int fc_kubeconfig_user_read(const struct fc_kubeconfig_entry *user, struct fc_access *a, struct fc_error *err)
	FC_MUST_CHECK;
/* The plug-in, unless the user has another login (1.35). After that, and after the cluster: the plug-in may want to
 * know where it logs in. */
int fc_kubeconfig_user_read_exec(const struct fc_kubeconfig_entry *user, const struct fc_kubeconfig_entry *cluster,
				 struct fc_access *a, struct fc_error *err) FC_MUST_CHECK;

#endif
