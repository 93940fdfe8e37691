/* SPDX-License-Identifier: Apache-2.0 */
/* fc_cluster_info - what the engine needs to know of a cluster of the set: data.
 * Owns:    its strings and labels.
 * Threads: immutable once made: any.
 * Fails:   never.
 * Source:  design section 8, the cluster set file; section 7, row a for `reads`. */
#ifndef FC_CLUSTER_H
#define FC_CLUSTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What targets on this cluster may read from other clusters without a word of the source's side. */
enum fc_reads {
	FC_READS_SAME_NAMESPACE, /* from the master, in the namespace of the same name */
	FC_READS_CONSENTED,	 /* only what the source or the operator consented to */
	FC_READS_NONE,		 /* nothing */
};

/* A cluster's number: the same for the whole run, and never another cluster's. */
typedef uint32_t fc_cluster_no;
#define FC_NO_CLUSTER UINT32_MAX

struct fc_cluster_info {
	char *name; /* a DNS label */
	bool master;
	enum fc_reads reads;
	json_t *labels; /* object of strings, may be NULL; never written again, so copies share it */
	/* Names of dialects that act on this cluster's own objects too, inside it (design section 6): an array of
	 * strings, may be NULL; shared like labels. The master needs none: every dialect acts there. */
	json_t *dialects;
};

/* `to` owns what it gets. */
void fc_cluster_info_copy(struct fc_cluster_info *to, const struct fc_cluster_info *from);
void fc_cluster_info_fini(struct fc_cluster_info *info);
bool fc_cluster_info_same(const struct fc_cluster_info *a, const struct fc_cluster_info *b);

#endif
