/* SPDX-License-Identifier: Apache-2.0 */
/* fc_api_aggregated - the aggregated discovery document, APIGroupDiscoveryList: all groups with all they serve.
 * Owns:    nothing; the list it fills owns its entries.
 * Threads: any.
 * Fails:   on an item that is none; single entries without a name are left out.
 * Source:  kube-client 3.1 to 3.4;
 *          https://kubernetes.io/docs/reference/using-api/api-concepts/#aggregated-discovery */
#ifndef FC_API_AGGREGATED_H
#define FC_API_AGGREGATED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kube/api_documents.h"

/* What to ask for: its two versions, and the legacy document from a server that has neither. The order within each
 * counts for servers (3.1). */
#define FC_ACCEPT_AGGREGATED                                                    \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

#define FC_AGGREGATED_KIND "APIGroupDiscoveryList"

/* Is that what an answer of this Content-Type holds? Parameters come in any order, others with them (3.2). */
bool fc_api_is_aggregated(const char *content_type);

/* Appends the versions of one group, an item of the document, in its order, each with its resources or stale; on
 * failure nothing. `core`: it is the document of /api, whose only group has no name; in that of /apis each has one. */
int fc_api_read_aggregated(struct fc_api_versions *list, bool core, const char *item, size_t len, struct fc_error *err)
	FC_MUST_CHECK;

#endif
