/* SPDX-License-Identifier: Apache-2.0 */
/* fc_origin - the marks of a copy that was made from another cluster: read from an object, written into its metadata.
 * Owns:    its strings.
 * Threads: any.
 * Fails:   never: marks that are not whole are none.
 * Source:  design section 6: fedcopy.dev/origin, origin-cluster, origin-rule. */
#ifndef FC_COPY_MARKS_H
#define FC_COPY_MARKS_H

#include <jansson.h>
#include <stdbool.h>

struct fc_origin {
	char *cluster_id;
	char *namespace_, *name; /* of the source; namespace "": cluster-scoped */
	char *dialect;
	char *rule_namespace, *rule_name; /* of the custom resource; NULL: the source itself bears the rule */
};

/* False: it bears no such marks, and there is nothing to free. The label only repeats what the annotation says, for
 * those who search: a copy that has lost it is one still. */
bool fc_origin_read(const json_t *object, struct fc_origin *out);
void fc_origin_fini(struct fc_origin *o);
/* Puts the marks into `metadata`, whose `annotations` and `labels` are made where they are missing. */
void fc_origin_write(const struct fc_origin *o, json_t *metadata);
/* Is it the key of an annotation or label that these marks consist of? */
bool fc_origin_is_mark(const char *key);

#endif
