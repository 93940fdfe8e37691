/* SPDX-License-Identifier: Apache-2.0 */
/* fc_object_key - how one object among all clusters is written for people.
 * Owns:    nothing; the text belongs to the caller.
 * Threads: any.
 * Fails:   never.
 * Source:  design section 8: CLUSTER/RESOURCE/NAMESPACE/NAME in logs, Events, /debug/rules and `explain KEY`. */
#ifndef FC_OBJECT_KEY_H
#define FC_OBJECT_KEY_H

#include "model/resource.h"

/* "hub/secrets/shop/web-tls", "hub/deployments.apps/shop/web"; of a cluster-scoped object, whose namespace is NULL or
 * "", "hub/nodes//n1". The caller frees. */
char *fc_object_key_text(const char *cluster, const struct fc_resource *r, const char *namespace_, const char *name);

#endif
