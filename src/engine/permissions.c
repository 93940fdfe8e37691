/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read what for whom (design section 7). Row a and every refusal that only the operator could lift are here;
 * consent by source, Namespace and operator takes its place here. Every answer is decided from keys alone: nothing is
 * read in order to be refused. */
#include <string.h>

#include "engine/parts.h"
#include "model/names.h"

static const char *const guarded_groups[] = {
	"rbac.authorization.k8s.io", "admissionregistration.k8s.io", "certificates.k8s.io",
	"apiextensions.k8s.io",	     "apiregistration.k8s.io",
};

static const char *denied_by_target(const struct rule *r)
{
	const struct key *target = &r->target->key;

	for (size_t i = 0; i < sizeof(guarded_groups) / sizeof(guarded_groups[0]); i++)
		if (strcmp(target->resource->group, guarded_groups[i]) == 0)
			return "objects of this API group are written only with the operator's permission";
	if (strcmp(fc_path_segment(r->spec.target_path, 0), "status") == 0)
		return "a path under status is written only with the operator's permission";
	if (fc_name_is_system_namespace(target->namespace_))
		return "the target is in a system namespace";
	return NULL;
}

const char *permission_denied(const struct fc_engine *e, const struct rule *r, const struct fc_resource *source,
			      fc_cluster_no source_cluster, const char *source_namespace)
{
	const struct key *target = &r->target->key;
	const char *denied = denied_by_target(r);

	if (denied || r->spec.literal)
		return denied;
	if (!source_namespace)
		return "cluster-scoped sources are read only with the operator's permission";
	if (fc_name_is_system_namespace(source_namespace))
		return "the source is in a system namespace";
	/* The same words whether that namespace holds the source or not: who asks must not learn it. */
	if (strcmp(source_namespace, target->namespace_) != 0)
		return "the source is in another namespace, and no permission covers it";
	if (source_cluster != target->cluster) {
		enum fc_reads reads = cluster_of(e, target->cluster)->info.reads;

		if (source_cluster != e->options.master)
			return "the source is on another member, and no permission covers it";
		if (reads == FC_READS_NONE)
			return "this cluster reads nothing from other clusters (reads: none)";
		if (reads == FC_READS_CONSENTED)
			return "this cluster reads only what was consented to (reads: consented), and no permission covers the source";
	}
	if ((fc_resource_is_secret(source) || fc_resource_is_federated(source)) &&
	    !fc_resource_is_secret(target->resource) && !fc_resource_is_federated(target->resource))
		return "a Secret or Federated object feeds only Secrets and Federated objects";
	return NULL;
}
