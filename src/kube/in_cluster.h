/* SPDX-License-Identifier: Apache-2.0 */
/* fc_in_cluster - access to the cluster in which this process runs as a Pod.
 * Owns:    nothing; the access belongs to the caller.
 * Threads: one (it reads the environment).
 * Fails:   FC_ERR_NOT_FOUND when not in a cluster; FC_ERR_CONFIG when in one that gives no token, or a broken CA.
 * Source:  kube-client 1.37 to 1.39. */
#ifndef FC_IN_CLUSTER_H
#define FC_IN_CLUSTER_H

#include "kube/kubeconfig.h"

#define FC_SERVICE_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* fc_access_in_cluster with another folder than the one kubelet mounts: for tests. */
struct fc_access *fc_access_in_cluster_at(const char *folder, struct fc_error *err) FC_MUST_CHECK;

/* The namespace of the Pod in which this process runs: POD_NAMESPACE, else what kubelet mounts; NULL outside of one.
 * Whether it can be one is not looked at. The caller frees. */
char *fc_pod_namespace(void);
char *fc_pod_namespace_at(const char *folder);

#endif
