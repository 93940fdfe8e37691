/* SPDX-License-Identifier: Apache-2.0 */
/* RoleBinding and ClusterRoleBinding. */
#include "sandbox/kinds.h"

#include "sandbox/types.h"
#include "sandbox/validate_field.h"

#include <string.h>

#define GROUP "rbac.authorization.k8s.io"

static const char *const group[] = { GROUP, NULL }, *const no_group[] = { "", NULL };
static const char *const roles[] = { "Role", "ClusterRole", NULL }, *const cluster_roles[] = { "ClusterRole", NULL };
static const char *const subject_kinds[] = { "ServiceAccount", "User", "Group", NULL };

static bool is_kind(const json_t *subject, const char *kind)
{
	return strcmp(sb_text(subject, "kind"), kind) == 0;
}

static void defaults(json_t *object)
{
	json_t *ref = sb_need_object(object, "roleRef"), *subject;
	size_t i;

	if (!*sb_text(ref, "apiGroup"))
		json_object_set_new(ref, "apiGroup", json_string(GROUP));
	sb_set_default(ref, "kind", json_string(""));
	sb_set_default(ref, "name", json_string(""));
	json_array_foreach(json_object_get(object, "subjects"), i, subject)
		if (!*sb_text(subject, "apiGroup") && (is_kind(subject, "User") || is_kind(subject, "Group")))
			json_object_set_new(subject, "apiGroup", json_string(GROUP));
}

static void validate_ref(const json_t *ref, bool namespaced, struct sb_causes *causes)
{
	const char *name = sb_text(ref, "name");

	if (!sb_is_one_of(sb_text(ref, "apiGroup"), group))
		sb_not_supported(causes, SB_FIELD("roleRef.apiGroup"), sb_text(ref, "apiGroup"), group);
	if (!sb_is_one_of(sb_text(ref, "kind"), namespaced ? roles : cluster_roles))
		sb_not_supported(causes, SB_FIELD("roleRef.kind"), sb_text(ref, "kind"),
				 namespaced ? roles : cluster_roles);
	if (*name)
		sb_check(causes, SB_FIELD("roleRef.name"), name, sb_faults_path_segment);
	else
		sb_required(causes, SB_FIELD("roleRef.name"), "");
}

static void validate_subject(const json_t *subject, bool namespaced, const struct sb_field *at,
			     struct sb_causes *causes)
{
	const char *name = sb_text(subject, "name"), *of = sb_text(subject, "apiGroup");
	bool account = is_kind(subject, "ServiceAccount");
	const char *const *groups = account ? no_group : group;

	if (!*name)
		sb_required(causes, SB_CHILD(at, "name"), "");
	if (!sb_is_one_of(sb_text(subject, "kind"), subject_kinds)) {
		sb_not_supported(causes, SB_CHILD(at, "kind"), sb_text(subject, "kind"), subject_kinds);
		return;
	}
	if (account && *name)
		sb_check(causes, SB_CHILD(at, "name"), name, sb_faults_subdomain);
	if (!sb_is_one_of(of, groups))
		sb_not_supported(causes, SB_CHILD(at, "apiGroup"), of, groups);
	if (account && !namespaced && !*sb_text(subject, "namespace"))
		sb_required(causes, SB_CHILD(at, "namespace"), "");
}

static void validate_once(struct sb_call *call, const json_t *object, struct sb_causes *causes)
{
	const json_t *subject;
	size_t i;

	validate_ref(json_object_get(object, "roleRef"), call->type->namespaced, causes);
	json_array_foreach(json_object_get(object, "subjects"), i, subject)
		validate_subject(subject, call->type->namespaced, SB_INDEX(SB_FIELD("subjects"), i), causes);
}

static void validate_same_role(const json_t *old, const json_t *ref, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	if (sb_same(json_object_get(old, "roleRef"), ref))
		return;
	fc_buf_puts(&text, "rbac.RoleRef{APIGroup:");
	sb_go_quote(&text, sb_text(ref, "apiGroup"));
	fc_buf_puts(&text, ", Kind:");
	sb_go_quote(&text, sb_text(ref, "kind"));
	fc_buf_puts(&text, ", Name:");
	sb_go_quote(&text, sb_text(ref, "name"));
	fc_buf_putc(&text, '}');
	sb_invalid_raw(causes, SB_FIELD("roleRef"), fc_buf_str(&text), "cannot change roleRef");
}

/* The real server looks twice at an update, and tells everything twice. */
static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	validate_once(call, object, causes);
	if (!old)
		return;
	validate_once(call, object, causes);
	validate_same_role(old, json_object_get(object, "roleRef"), causes);
}

const struct sb_kind sb_kind_role_binding = {
	.defaults = defaults,
	.validate = validate,
	.validate_name = sb_validate_path_segment,
};
