/* SPDX-License-Identifier: Apache-2.0 */
/* sb_files - what the sandbox writes for those who use it: kubeconfig, clusters.yaml, ca.crt, admin.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   FC_ERR_CONFIG with the path; a file is there whole or not at all.
 * Source:  design section 8; the kubeconfig format. */
#ifndef FC_SANDBOX_FILES_H
#define FC_SANDBOX_FILES_H

#include "base/error.h"

struct sb_files_cluster {
	const char *name, *token;
	int port;
};

/* Makes the folder and those above it where they are missing, for the owner alone. */
int sb_files_make_directory(const char *directory, struct fc_error *err) FC_MUST_CHECK;
/* DIR/kubeconfig with a context, a user and a cluster of each name, the first's current; DIR/clusters.yaml, the first
 * labelled cluster-master=true; DIR/ca.crt. All for the owner alone, since tokens are in them. */
int sb_files_write_clusters(const char *directory, const char *ca_pem, const struct sb_files_cluster *clusters,
			    unsigned count, struct fc_error *err) FC_MUST_CHECK;
/* DIR/admin: {"url": ..., "token": ...}. */
int sb_files_write_admin(const char *directory, int port, const char *token, struct fc_error *err) FC_MUST_CHECK;

#endif
