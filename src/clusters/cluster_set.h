/* SPDX-License-Identifier: Apache-2.0 */
/* fc_cluster_set - one master, any number of members: from a file, or from --master and --member.
 * Owns:    the clusters' descriptions and accesses, a reference of the permissions; a list of files belongs to whoever
 *          gave it.
 * Threads: made before the threads; then immutable.
 * Fails:   FC_ERR_CONFIG or FC_ERR_USAGE naming the file and entry, or the flag, and the mend. A member whose
 *          kubeconfig entry cannot be used makes the set fail at start: it is the operator's text. A server that
 *          is not there does not.
 * Source:  design section 8, the cluster set file; kube-client 1.3. */
#ifndef FC_CLUSTER_SET_H
#define FC_CLUSTER_SET_H

#include <stddef.h>

#include "base/error.h"
#include "kube/kubeconfig.h"
#include "model/cluster.h"
#include "model/permission.h"

struct fc_cluster_spec {
	struct fc_cluster_info info;
	struct fc_access *access;
};

struct fc_cluster_set {
	struct fc_cluster_spec *clusters; /* in the order of the file or the flags; a cluster's number is its index */
	size_t count;
	size_t master; /* index */
	/* The list `permissions:` of the file; NULL where there is no file: an empty one */
	struct fc_permissions *permissions;
};

/* Each file once, as it was named: relative to the working folder where it is relative. */
struct fc_cluster_set_files {
	char **paths;
	size_t count, cap;
};
void fc_cluster_set_files_fini(struct fc_cluster_set_files *files);

struct fc_cluster_set_options {
	const char *file;	/* --clusters; excludes master and members */
	const char *kubeconfig; /* --kubeconfig, NULL or "": kube-client 1.3 */
	const char
		*master; /* --master [NAME=]CONTEXT, NULL: the current context, inside a cluster the cluster itself */
	const char *const *members; /* --member, `member_count` of them */
	size_t member_count;
	/* Of the one cluster of a drop-in, where neither file nor master nor members are given */
	const char *server;   /* in place of the server of a kubeconfig of --kubeconfig or KUBECONFIG; NULL: that one */
	bool any_context;     /* a current context that is no DNS label gets a name out of it */
	bool in_cluster_only; /* without `kubeconfig` the pod's own cluster, and no other */
	/* Names of the dialects that exist, NULL-terminated: a cluster's `dialects:` names some; NULL: any name will do
	 */
	const char *const *dialects;
	const char *service_account_dir; /* NULL: where kubelet mounts it; another one is for tests */
	/* Gets every file from which the set is read, or would be were it there (members of KUBECONFIG, the usual one),
	 * also when loading fails: a change of any of them may change the set. Files that a kubeconfig names (tokens,
	 * certificates) are not among them: kube/credentials.h looks at these. NULL: not wanted */
	struct fc_cluster_set_files *files;
	/* Of pipes and the like nothing is left to be read the second time, and whoever waits for it waits for ever:
	 * only regular files are taken */
	bool again;
};

/* Reads the files now; no request is made. The set is the caller's; NULL with err. */
struct fc_cluster_set *fc_cluster_set_load(const struct fc_cluster_set_options *options, struct fc_error *err)
	FC_MUST_CHECK;
/* When no watcher borrows from it any more. NULL allowed. */
void fc_cluster_set_free(struct fc_cluster_set *s);

#endif
