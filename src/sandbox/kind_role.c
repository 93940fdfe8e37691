/* SPDX-License-Identifier: Apache-2.0 */
/* Role and ClusterRole. */
#include "sandbox/kinds.h"

#include "sandbox/types.h"
#include "sandbox/validate_selector.h"

static void defaults(json_t *object)
{
	sb_set_default(object, "rules", json_null());
}

static void invalid_urls(const json_t *urls, const struct sb_field *rule, const char *why, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf list = FC_BUF_INIT;

	sb_go_string_list(&list, urls);
	sb_invalid_raw(causes, SB_CHILD(rule, "nonResourceURLs"), fc_buf_str(&list), why);
}

static void validate_rule(const json_t *rule, bool namespaced, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *urls = json_object_get(rule, "nonResourceURLs");
	size_t groups = json_array_size(json_object_get(rule, "apiGroups"));
	size_t resources = json_array_size(json_object_get(rule, "resources"));
	size_t names = json_array_size(json_object_get(rule, "resourceNames"));

	if (json_array_size(json_object_get(rule, "verbs")) == 0)
		sb_required(causes, SB_CHILD(at, "verbs"), "verbs must contain at least one value");
	if (json_array_size(urls)) {
		if (namespaced)
			invalid_urls(urls, at, "namespaced rules cannot apply to non-resource URLs", causes);
		if (groups || resources || names)
			invalid_urls(urls, at, "rules cannot apply to both regular resources and non-resource URLs",
				     causes);
		return;
	}
	if (!groups)
		sb_required(causes, SB_CHILD(at, "apiGroups"), "resource rules must supply at least one api group");
	if (!resources)
		sb_required(causes, SB_CHILD(at, "resources"), "resource rules must supply at least one resource");
}

static void validate_aggregation(const json_t *object, struct sb_causes *causes)
{
	const json_t *aggregation = json_object_get(object, "aggregationRule"), *selector;
	const json_t *list = json_object_get(aggregation, "clusterRoleSelectors");
	const struct sb_field *at = SB_FIELD("aggregationRule.clusterRoleSelectors");
	size_t i;

	if (!aggregation)
		return;
	if (json_array_size(list) == 0)
		sb_required(causes, at, "at least one clusterRoleSelector required if aggregationRule is non-nil");
	json_array_foreach(list, i, selector) {
		sb_validate_label_selector(selector, SB_INDEX(at, i), causes);
		/* What it quotes is no selector, in the real server too. */
		if (!sb_selector_is_usable(selector))
			sb_invalid(causes, SB_INDEX(at, i), "null", "invalid label selector.");
	}
}

static void validate_once(struct sb_call *call, const json_t *object, struct sb_causes *causes)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(object, "rules"), i, rule)
		validate_rule(rule, call->type->namespaced, SB_INDEX(SB_FIELD("rules"), i), causes);
	if (!call->type->namespaced)
		validate_aggregation(object, causes);
}

/* The real server looks twice at an update, and tells everything twice. */
static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	validate_once(call, object, causes);
	if (old)
		validate_once(call, object, causes);
}

const struct sb_kind sb_kind_role = {
	.defaults = defaults,
	.validate = validate,
	.validate_name = sb_validate_path_segment,
};
