/* SPDX-License-Identifier: Apache-2.0 */
/* fc_api_documents - the legacy discovery documents: APIVersions, APIGroupList, APIResourceList; and what they have in
 *          common with the aggregated one (api_aggregated.h).
 * Owns:    the lists it fills own their entries.
 * Threads: any.
 * Fails:   on a body that is not the document; single entries without a name are left out.
 * Source:  kube-client 3.5, 3.9;
 *          https://kubernetes.io/docs/reference/using-api/api-concepts/#unaggregated-discovery */
#ifndef FC_API_DOCUMENTS_H
#define FC_API_DOCUMENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/resource.h"

struct fc_api_resources {
	struct fc_resource **items; /* subresources too, as `x/y` */
	size_t count, cap;
};

struct fc_api_version {
	char *group, *version;
	/* Of an aggregated document alone, which has the resources with it. */
	struct fc_api_resources resources;
	bool stale; /* ... or could not get them (kube-client 3.4) */
};

struct fc_api_versions {
	struct fc_api_version *items;
	size_t count, cap;
};

/* Appends the versions of `/api`. */
int fc_api_read_core(struct fc_api_versions *list, const char *body, size_t len, struct fc_error *err) FC_MUST_CHECK;
/* Appends the group-versions of `/apis`: groups as advertised, in a group the preferred version first. */
int fc_api_read_groups(struct fc_api_versions *list, const char *body, size_t len, struct fc_error *err) FC_MUST_CHECK;
/* Appends one version, once each and only what can stand in a URL, since these words come from aggregated servers too.
 * NULL when it is not appended. Borrowed, valid until the next is. */
struct fc_api_version *fc_api_versions_add(struct fc_api_versions *list, const char *group, const char *version);
void fc_api_versions_fini(struct fc_api_versions *list);

/* Appends the resources of `/api/v1` or `/apis/GROUP/VERSION`; on failure nothing. */
int fc_api_read_resources(struct fc_api_resources *list, const char *group, const char *version, const char *body,
			  size_t len, struct fc_error *err) FC_MUST_CHECK;
/* Appends `r` with the verbs and short names of `entry`, which both kinds of documents spell alike; `singular` NULL or
 * "": none is given (3.9). Nothing where it has no plural or no kind. */
void fc_api_resources_add(struct fc_api_resources *list, const struct fc_resource *r, const json_t *entry);
void fc_api_resources_fini(struct fc_api_resources *list);

#endif
