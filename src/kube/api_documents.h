/* SPDX-License-Identifier: Apache-2.0 */
/* fc_api_documents - the legacy discovery documents: APIVersions, APIGroupList, APIResourceList.
 * Owns:    the lists it fills own their entries.
 * Threads: any.
 * Fails:   on a body that is not the document; single entries without a name are left out.
 * Source:  kube-client 3.5, 3.9;
 *          https://kubernetes.io/docs/reference/using-api/api-concepts/#unaggregated-discovery */
#ifndef FC_API_DOCUMENTS_H
#define FC_API_DOCUMENTS_H

#include <stddef.h>

#include "base/error.h"
#include "model/resource.h"

struct fc_api_version {
	char *group, *version;
};

struct fc_api_versions {
	struct fc_api_version *items;
	size_t count, cap;
};

/* Appends the versions of `/api`. */
int fc_api_read_core(struct fc_api_versions *list, const char *body, size_t len, struct fc_error *err) FC_MUST_CHECK;
/* Appends the group-versions of `/apis`: groups as advertised, in a group the preferred version first. */
int fc_api_read_groups(struct fc_api_versions *list, const char *body, size_t len, struct fc_error *err) FC_MUST_CHECK;
void fc_api_versions_fini(struct fc_api_versions *list);

struct fc_api_resources {
	struct fc_resource **items; /* subresources too, as `x/y` */
	size_t count, cap;
};

/* Appends the resources of `/api/v1` or `/apis/GROUP/VERSION`; on failure nothing. */
int fc_api_read_resources(struct fc_api_resources *list, const char *group, const char *version, const char *body,
			  size_t len, struct fc_error *err) FC_MUST_CHECK;
void fc_api_resources_fini(struct fc_api_resources *list);

#endif
