/* SPDX-License-Identifier: Apache-2.0 */
/* fc_cluster_set_diff - what turns the clusters that are running into those that a new set names.
 * Owns:    the list of changes; the caller frees it with free().
 * Threads: any; pure.
 * Fails:   FC_ERR_CONFIG where the new set has another master: that needs a restart.
 * Source:  design section 8: what happens when the cluster set file or a kubeconfig changes. */
#ifndef FC_CLUSTER_SET_DIFF_H
#define FC_CLUSTER_SET_DIFF_H

#include "clusters/cluster_set.h"

/* A cluster that is running. All borrowed. */
struct fc_cluster_present {
	fc_cluster_no no;
	const struct fc_cluster_info *info;
	const struct fc_access *access;
	const char *id; /* uid of kube-system; NULL: not known */
	/* Its access leads to another cluster than the one of this id: under another name it is that other one. */
	bool elsewhere;
};

enum fc_cluster_change_type {
	FC_CLUSTER_REMOVE, /* no */
	FC_CLUSTER_CHANGE, /* no, index: another name, other labels, other `reads` */
	FC_CLUSTER_RENEW,  /* no, index: another address, other credentials, another CA */
	FC_CLUSTER_ADD,	   /* index */
};

struct fc_cluster_change {
	enum fc_cluster_change_type type;
	fc_cluster_no no; /* of the present ones */
	size_t index;	  /* in the new set */
};

struct fc_cluster_changes {
	struct fc_cluster_change *list; /* removals, changes, renewals, additions: no name is used twice on the way */
	size_t count, cap;
};

/* `ids` has one for each cluster of `next`, or NULL where it cannot be known before that cluster was asked. A cluster
 * is the same when its name is; else, of those whose name is gone or new, when its access is the same, or its id: then
 * it was renamed. A member whose `dialects` change leaves and joins again. One of `present` is the master. */
int fc_cluster_set_diff(const struct fc_cluster_present *present, size_t count, const struct fc_cluster_set *next,
			const char *const *ids, struct fc_cluster_changes *out, struct fc_error *err) FC_MUST_CHECK;

#endif
