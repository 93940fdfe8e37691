/* SPDX-License-Identifier: Apache-2.0 */
/* fc_permissions - what the operator permits: the list `permissions:` of the cluster set file.
 * Owns:    its strings; references are counted atomically, the list is immutable: it may be shared by threads.
 * Threads: any.
 * Fails:   reading (FC_ERR_CONFIG): names the entry, the key and the mend.
 * Source:  design section 7, row d, and section 8. */
#ifndef FC_PERMISSION_H
#define FC_PERMISSION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "model/resource.h"

struct fc_permissions;

/* From a JSON list of {from: CLUSTER/NAMESPACE, to: CLUSTER/NAMESPACE, resources: [...]}, or NULL or null: nothing is
 * permitted. One reference; NULL with err. */
struct fc_permissions *fc_permissions_read(const json_t *list, struct fc_error *err) FC_MUST_CHECK;
/* One more reference, and one less; the last frees. Any thread. */
struct fc_permissions *fc_permissions_ref(struct fc_permissions *p); /* NULL allowed, and given back */
void fc_permissions_unref(struct fc_permissions *p);		     /* NULL allowed */
bool fc_permissions_same(const struct fc_permissions *a, const struct fc_permissions *b); /* NULL: an empty one */

/* What is asked. Namespaces are "" where an end is cluster-scoped. */
struct fc_permission_query {
	const char *from_cluster, *from_namespace;
	const char *to_cluster, *to_namespace;
	const struct fc_resource *resource;
};

/* Does an entry permit it? A resource fits its plural name, with or without its group, as `secrets`, `cronjobs.batch`
 * or `*.batch`; a system namespace fits only where it is named. NULL: none does. */
bool fc_permissions_cover(const struct fc_permissions *p, const struct fc_permission_query *q);

#endif
