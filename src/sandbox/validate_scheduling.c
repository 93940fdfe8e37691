/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/pod_template.h"

#include "base/mem.h"
#include "sandbox/validate_selector.h"

#include <stdint.h>
#include <string.h>

/* --- spread and tolerations --- */

void sb_validate_spread(const json_t *rows, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const actions[] = { "DoNotSchedule", "ScheduleAnyway", NULL };
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const struct sb_field *here = SB_INDEX(at, i);
		const char *key = sb_text(row, "topologyKey"), *action = sb_text(row, "whenUnsatisfiable");
		FC_AUTO_FREE char *pair = fc_xasprintf("{%s, %s}", key, action);

		if (sb_int(row, "maxSkew", 0) <= 0)
			sb_invalid_int(causes, SB_CHILD(here, "maxSkew"), sb_int(row, "maxSkew", 0),
				       "must be greater than zero");
		if (!*key)
			sb_required(causes, SB_CHILD(here, "topologyKey"), "can not be empty");
		if (!sb_is_one_of(action, actions))
			sb_not_supported(causes, SB_CHILD(here, "whenUnsatisfiable"), action, actions);
		for (size_t j = i + 1; j < json_array_size(rows); j++)
			if (strcmp(key, sb_text(json_array_get(rows, j), "topologyKey")) == 0 &&
			    strcmp(action, sb_text(json_array_get(rows, j), "whenUnsatisfiable")) == 0) {
				sb_duplicate(causes, SB_CHILD(here, "{topologyKey, whenUnsatisfiable}"), pair);
				break;
			}
	}
}

static void invalid_toleration(const json_t *row, const struct sb_field *at, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf go = FC_BUF_INIT;

	fc_buf_puts(&go, "core.Toleration{Key:");
	sb_go_quote(&go, sb_text(row, "key"));
	fc_buf_puts(&go, ", Operator:");
	sb_go_quote(&go, sb_text(row, "operator"));
	fc_buf_puts(&go, ", Value:");
	sb_go_quote(&go, sb_text(row, "value"));
	fc_buf_puts(&go, ", Effect:");
	sb_go_quote(&go, sb_text(row, "effect"));
	fc_buf_printf(&go, ", TolerationSeconds:(*int64)(%s)}",
		      json_object_get(row, "tolerationSeconds") ? "0xc000000000" : "nil");
	sb_invalid_raw(causes, SB_CHILD(at, "operator"), fc_buf_str(&go),
		       "value must be empty when `operator` is 'Exists'");
}

static void validate_toleration(const json_t *row, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const operators[] = { "Equal", "Exists", NULL };
	static const char *const effects[] = { "NoSchedule", "PreferNoSchedule", "NoExecute", NULL };
	const char *key = sb_text(row, "key"), *operator= sb_text(row, "operator"), *effect = sb_text(row, "effect");
	bool exists = strcmp(operator, "Exists") == 0;

	if (*key)
		sb_check(causes, SB_CHILD(at, "key"), key, sb_faults_qualified_name);
	else if (!exists)
		sb_invalid(
			causes, SB_CHILD(at, "operator"), operator,
			"operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
	if (json_object_get(row, "tolerationSeconds") && strcmp(effect, "NoExecute") != 0)
		sb_invalid(causes, SB_CHILD(at, "effect"), effect,
			   "effect must be 'NoExecute' when `tolerationSeconds` is set");
	if (exists && *sb_text(row, "value"))
		invalid_toleration(row, at, causes);
	else if (!*operator|| strcmp(operator, "Equal") == 0)
		sb_check(causes, SB_CHILD(at, "operator"), sb_text(row, "value"), sb_faults_label_value);
	else if (!exists)
		sb_not_supported(causes, SB_CHILD(at, "operator"), operator, operators);
	if (*effect && !sb_is_one_of(effect, effects))
		sb_not_supported(causes, SB_CHILD(at, "effect"), effect, effects);
}

void sb_validate_tolerations(const json_t *rows, const struct sb_field *at, struct sb_causes *causes)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		validate_toleration(json_array_get(rows, i), SB_INDEX(at, i), causes);
}

/* --- affinity to nodes --- */

static void validate_node_requirement(const json_t *row, const struct sb_field *at, struct sb_causes *causes)
{
	static const char *const lists[] = { "In", "NotIn", NULL }, *const none[] = { "Exists", "DoesNotExist", NULL };
	static const char *const single[] = { "Gt", "Lt", NULL };
	const char *operator= sb_text(row, "operator");
	size_t count = json_array_size(json_object_get(row, "values"));

	if (sb_is_one_of(operator, lists)) {
		if (!count)
			sb_required(causes, SB_CHILD(at, "values"),
				    "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (sb_is_one_of(operator, none)) {
		if (count)
			sb_forbidden(causes, SB_CHILD(at, "values"),
				     "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	} else if (sb_is_one_of(operator, single)) {
		if (count != 1)
			sb_required(causes, SB_CHILD(at, "values"),
				    "must be specified single value when `operator` is 'Lt' or 'Gt'");
	} else {
		sb_invalid(causes, SB_CHILD(at, "operator"), operator, "not a valid selector operator");
	}
	sb_check(causes, SB_CHILD(at, "key"), sb_text(row, "key"), sb_faults_qualified_name);
}

static void validate_node_term(const json_t *term, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *list = SB_CHILD(at, "matchExpressions");
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(term, "matchExpressions"), i, row)
		validate_node_requirement(row, SB_INDEX(list, i), causes);
}

static void validate_weight(const json_t *row, const struct sb_field *at, struct sb_causes *causes)
{
	json_int_t weight = sb_int(row, "weight", 0);

	if (weight < 1 || weight > 100)
		sb_invalid_int(causes, SB_CHILD(at, "weight"), weight, "must be in the range 1-100");
}

#define REQUIRED_NOW "requiredDuringSchedulingIgnoredDuringExecution"
#define PREFERRED_NOW "preferredDuringSchedulingIgnoredDuringExecution"

static void validate_nodes(const json_t *affinity, const struct sb_field *at, struct sb_causes *causes)
{
	const json_t *needed = json_object_get(affinity, REQUIRED_NOW), *row;
	const struct sb_field *terms = SB_CHILD(SB_CHILD(at, REQUIRED_NOW), "nodeSelectorTerms");
	const struct sb_field *rows = SB_CHILD(at, PREFERRED_NOW);
	size_t i;

	if (needed && json_array_size(json_object_get(needed, "nodeSelectorTerms")) == 0)
		sb_required(causes, terms, "must have at least one node selector term");
	json_array_foreach(json_object_get(needed, "nodeSelectorTerms"), i, row)
		validate_node_term(row, SB_INDEX(terms, i), causes);
	json_array_foreach(json_object_get(affinity, PREFERRED_NOW), i, row) {
		validate_weight(row, SB_INDEX(rows, i), causes);
		validate_node_term(json_object_get(row, "preference"), SB_CHILD(SB_INDEX(rows, i), "preference"),
				   causes);
	}
}

/* --- affinity to Pods --- */

static void validate_pod_term(const json_t *term, const struct sb_field *at, struct sb_causes *causes)
{
	const char *key = sb_text(term, "topologyKey");
	const json_t *ns;
	size_t i;

	sb_validate_label_selector(json_object_get(term, "labelSelector"), SB_CHILD(at, "matchExpressions"), causes);
	json_array_foreach(json_object_get(term, "namespaces"), i, ns)
		sb_check(causes, SB_CHILD(at, "namespace"), json_string_value(ns) ?: "", sb_faults_label);
	if (!*key)
		sb_required(causes, SB_CHILD(at, "topologyKey"), "can not be empty");
	sb_check(causes, SB_CHILD(at, "topologyKey"), key, sb_faults_qualified_name);
}

static void validate_pods(const json_t *affinity, const struct sb_field *at, struct sb_causes *causes)
{
	const struct sb_field *needed = SB_CHILD(at, REQUIRED_NOW), *wanted = SB_CHILD(at, PREFERRED_NOW);
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(affinity, REQUIRED_NOW), i, row)
		validate_pod_term(row, SB_INDEX(needed, i), causes);
	json_array_foreach(json_object_get(affinity, PREFERRED_NOW), i, row) {
		validate_weight(row, SB_INDEX(wanted, i), causes);
		validate_pod_term(json_object_get(row, "podAffinityTerm"),
				  SB_CHILD(SB_INDEX(wanted, i), "podAffinityTerm"), causes);
	}
}

void sb_validate_affinity(const json_t *affinity, const struct sb_field *at, struct sb_causes *causes)
{
	validate_nodes(json_object_get(affinity, "nodeAffinity"), SB_CHILD(at, "nodeAffinity"), causes);
	validate_pods(json_object_get(affinity, "podAffinity"), SB_CHILD(at, "podAffinity"), causes);
	validate_pods(json_object_get(affinity, "podAntiAffinity"), SB_CHILD(at, "podAntiAffinity"), causes);
}
