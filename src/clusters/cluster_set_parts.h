/* SPDX-License-Identifier: Apache-2.0 */
/* fc_cluster_set_parts - what the two ways to a cluster set share: from a file, and from flags.
 * Owns:    a set under construction belongs to its maker; the cache owns the kubeconfigs that it loaded.
 * Threads: one.
 * Fails:   see each function.
 * Source:  design section 8. Private to cluster_set.c and cluster_set_file.c. */
#ifndef FC_CLUSTER_SET_PARTS_H
#define FC_CLUSTER_SET_PARTS_H

#include <stdbool.h>

#include "clusters/cluster_set.h"

#define FC_MASTER_LABEL "cluster-master"

/* Before a file is read: adds it to the options' list. Fails where it is none that may be read. */
int fc_cluster_set_note_file(const struct fc_cluster_set_options *options, const char *path, struct fc_error *err)
	FC_MUST_CHECK;

/* Each kubeconfig is read once, however many clusters name it. */
struct fc_kubeconfig_cache {
	const struct fc_cluster_set_options *options; /* borrowed */
	struct fc_cached_kubeconfig *rows;
	size_t count, cap;
};

/* Borrowed; `path` NULL or "": kube-client 1.3. */
const struct fc_kubeconfig *fc_kubeconfig_cache_get(struct fc_kubeconfig_cache *c, const char *path,
						    struct fc_error *err) FC_MUST_CHECK;
/* The same for what --kubeconfig says (NULL or "": kube-client 1.3): the error names the flag. */
const struct fc_kubeconfig *fc_kubeconfig_of_flag(struct fc_kubeconfig_cache *c, const char *path, struct fc_error *err)
	FC_MUST_CHECK;
void fc_kubeconfig_cache_fini(struct fc_kubeconfig_cache *c);

/* Appends a cluster. The name has been checked; NULL when another has it. Borrowed until the next one is added. */
struct fc_cluster_spec *fc_cluster_set_add(struct fc_cluster_set *s, const char *name) FC_MUST_CHECK;
/* The index of a name, or `count`. */
size_t fc_cluster_set_find(const struct fc_cluster_set *s, const char *name);
void fc_cluster_set_mark_master(struct fc_cluster_set *s, size_t index);

/* The cluster this process runs in, where kube-client 1.3 comes to that: neither --kubeconfig nor KUBECONFIG is
 * given. Else NULL with FC_ERR_NOT_FOUND. */
struct fc_access *fc_cluster_set_own_cluster(const struct fc_cluster_set_options *options, struct fc_error *err)
	FC_MUST_CHECK;

/* Fills the empty set from options->file. */
int fc_cluster_set_read_file(struct fc_cluster_set *s, const struct fc_cluster_set_options *options,
			     struct fc_kubeconfig_cache *cache, struct fc_error *err) FC_MUST_CHECK;

#endif
