/* SPDX-License-Identifier: Apache-2.0 */
/* Built-in types, in the order in which kube-apiserver 1.20 lists their groups, and by plural within a version. CronJob
 * is served as batch/v1 too, which came with 1.21 and has the same form. Versions of storage are those of 1.20: they
 * show in the hashes of discovery alone. */
#include "sandbox/types.h"

#include "sandbox/event_forms.h"
#include "sandbox/kinds.h"

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define STORED(group_, version_) .storage_group = (group_), .storage_version = (version_)

#define CORE(plural_, singular_, kind_)                                                                  \
	.group = "", .version = "v1", .api_version = "v1", .plural = (plural_), .singular = (singular_), \
	.kind = (kind_), .list_kind = kind_ "List", STORED("", "v1"), .definition = "io.k8s.api.core.v1." kind_

#define GROUPED(group_, version_, package_, plural_, singular_, kind_)                                     \
	.group = (group_), .version = (version_), .api_version = group_ "/" version_, .plural = (plural_), \
	.singular = (singular_), .kind = (kind_), .list_kind = kind_ "List",                               \
	.definition = "io.k8s." package_ "." kind_

#define RBAC(plural_, singular_, kind_)                                                       \
	GROUPED("rbac.authorization.k8s.io", "v1", "api.rbac.v1", plural_, singular_, kind_), \
		STORED("rbac.authorization.k8s.io", "v1"), .create_on_update = true

const struct sb_type sb_builtin_types[] = {
	{ CORE("configmaps", "configmap", "ConfigMap"), .namespaced = true, .short_names = WORDS("cm"),
	  .ops = &sb_kind_config_map },
	{ CORE("events", "event", "Event"), .namespaced = true, .short_names = WORDS("ev"), .create_on_update = true,
	  .ops = &sb_kind_event },
	{ CORE("namespaces", "namespace", "Namespace"), .short_names = WORDS("ns"), .has_status = true,
	  .no_delete_collection = true, .ops = &sb_kind_namespace },
	{ CORE("secrets", "secret", "Secret"), .namespaced = true, .ops = &sb_kind_secret },
	{ CORE("serviceaccounts", "serviceaccount", "ServiceAccount"), .namespaced = true, .short_names = WORDS("sa"),
	  .ops = &sb_kind_service_account },
	{ CORE("services", "service", "Service"), .namespaced = true, .short_names = WORDS("svc"),
	  .categories = WORDS("all"), .has_status = true, .no_delete_collection = true, .ops = &sb_kind_service },
	{ GROUPED("apps", "v1", "api.apps.v1", "deployments", "deployment", "Deployment"), STORED("apps", "v1"),
	  .namespaced = true, .short_names = WORDS("deploy"), .categories = WORDS("all"), .has_status = true,
	  .counts_generation = true, .ops = &sb_kind_deployment },
	{ GROUPED("events.k8s.io", "v1", "api.events.v1", "events", "event", "Event"), STORED("", "v1"),
	  .namespaced = true, .short_names = WORDS("ev"), .create_on_update = true, .ops = &sb_kind_new_event,
	  .from_stored = sb_event_to_new, .to_stored = sb_event_to_core },
	{ GROUPED("batch", "v1", "api.batch.v1", "cronjobs", "cronjob", "CronJob"), STORED("batch", "v1beta1"),
	  .namespaced = true, .short_names = WORDS("cj"), .categories = WORDS("all"), .has_status = true,
	  .ops = &sb_kind_cron_job },
	{ GROUPED("batch", "v1beta1", "api.batch.v1beta1", "cronjobs", "cronjob", "CronJob"),
	  STORED("batch", "v1beta1"), .namespaced = true, .short_names = WORDS("cj"), .categories = WORDS("all"),
	  .has_status = true, .ops = &sb_kind_cron_job },
	{ RBAC("clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding"), .ops = &sb_kind_role_binding },
	{ RBAC("clusterroles", "clusterrole", "ClusterRole"), .ops = &sb_kind_role },
	{ RBAC("rolebindings", "rolebinding", "RoleBinding"), .namespaced = true, .ops = &sb_kind_role_binding },
	{ RBAC("roles", "role", "Role"), .namespaced = true, .ops = &sb_kind_role },
	{ GROUPED("apiextensions.k8s.io", "v1", "apiextensions-apiserver.pkg.apis.apiextensions.v1",
		  "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition"),
	  STORED("apiextensions.k8s.io", "v1beta1"), .short_names = WORDS("crd", "crds"),
	  .categories = WORDS("api-extensions"), .has_status = true, .counts_generation = true, .needs_version = true,
	  .ops = &sb_kind_crd },
	{ GROUPED("coordination.k8s.io", "v1", "api.coordination.v1", "leases", "lease", "Lease"),
	  STORED("coordination.k8s.io", "v1beta1"), .namespaced = true, .create_on_update = true, .needs_version = true,
	  .ops = &sb_kind_lease },
	{ .plural = NULL },
};
