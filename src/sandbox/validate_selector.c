/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_selector.h"

#include <stdint.h>
#include <string.h>

static const char *const with_values[] = { "In", "NotIn", NULL };
static const char *const without_values[] = { "Exists", "DoesNotExist", NULL };

static void validate_requirement(const json_t *row, const struct sb_field *field, struct sb_causes *causes)
{
	const char *operator= sb_text(row, "operator");
	size_t count = json_array_size(json_object_get(row, "values"));

	if (sb_is_one_of(operator, with_values)) {
		if (!count)
			sb_required(causes, SB_CHILD(field, "values"),
				    "must be specified when `operator` is 'In' or 'NotIn'");
	} else if (sb_is_one_of(operator, without_values)) {
		if (count)
			sb_forbidden(causes, SB_CHILD(field, "values"),
				     "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	} else {
		sb_invalid(causes, SB_CHILD(field, "operator"), operator, "not a valid selector operator");
	}
	sb_check(causes, SB_CHILD(field, "key"), sb_text(row, "key"), sb_faults_qualified_name);
}

void sb_validate_label_selector(const json_t *selector, const struct sb_field *field, struct sb_causes *causes)
{
	const struct sb_field *labels = SB_CHILD(field, "matchLabels");
	const struct sb_field *rows = SB_CHILD(field, "matchExpressions");
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(json_object_get(selector, "matchLabels"), key, value) {
		sb_check(causes, labels, key, sb_faults_qualified_name);
		sb_check(causes, labels, json_string_value(value) ?: "", sb_faults_label_value);
	}
	json_array_foreach(json_object_get(selector, "matchExpressions"), i, value)
		validate_requirement(value, SB_INDEX(rows, i), causes);
}

static bool is_usable_requirement(const json_t *row)
{
	const char *operator= sb_text(row, "operator");
	const json_t *values = json_object_get(row, "values"), *value;
	size_t i;

	json_array_foreach(values, i, value)
		if (!sb_faults_none(sb_faults_label_value, json_string_value(value) ?: ""))
			return false;
	if (!sb_faults_none(sb_faults_qualified_name, sb_text(row, "key")))
		return false;
	return json_array_size(values) ? sb_is_one_of(operator, with_values) : sb_is_one_of(operator, without_values);
}

bool sb_selector_is_usable(const json_t *selector)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach(json_object_get(selector, "matchLabels"), key, value)
		if (!sb_faults_none(sb_faults_qualified_name, key) ||
		    !sb_faults_none(sb_faults_label_value, json_string_value(value) ?: ""))
			return false;
	json_array_foreach(json_object_get(selector, "matchExpressions"), i, value)
		if (!is_usable_requirement(value))
			return false;
	return true;
}

bool sb_selector_is_empty(const json_t *selector)
{
	return json_object_size(json_object_get(selector, "matchLabels")) == 0 &&
	       json_array_size(json_object_get(selector, "matchExpressions")) == 0;
}

static bool holds(const json_t *row, const json_t *labels)
{
	const char *operator= sb_text(row, "operator");
	const json_t *label = json_object_get(labels, sb_text(row, "key")), *value;
	bool negative = strcmp(operator, "NotIn") == 0, listed = false;
	size_t i;

	if (strcmp(operator, "Exists") == 0)
		return label;
	if (strcmp(operator, "DoesNotExist") == 0)
		return !label;
	json_array_foreach(json_object_get(row, "values"), i, value)
		listed |= label && json_equal(label, value);
	return negative ? !listed : listed;
}

bool sb_selector_selects(const json_t *selector, const json_t *labels)
{
	const char *key;
	json_t *value;
	size_t i;

	if (!selector)
		return false;
	json_object_foreach(json_object_get(selector, "matchLabels"), key, value)
		if (!json_equal(json_object_get(labels, key), value))
			return false;
	json_array_foreach(json_object_get(selector, "matchExpressions"), i, value)
		if (!holds(value, labels))
			return false;
	return true;
}

void sb_go_label_selector(struct fc_buf *out, const json_t *selector)
{
	const json_t *rows = json_object_get(selector, "matchExpressions"), *row;
	size_t i;

	fc_buf_puts(out, "v1.LabelSelector{MatchLabels:");
	sb_go_string_map(out, json_object_get(selector, "matchLabels"));
	fc_buf_puts(out, ", MatchExpressions:[]v1.LabelSelectorRequirement");
	fc_buf_puts(out, rows ? "{" : "(nil)");
	json_array_foreach(rows, i, row) {
		fc_buf_printf(out, "%sv1.LabelSelectorRequirement{Key:", i ? ", " : "");
		sb_go_quote(out, sb_text(row, "key"));
		fc_buf_puts(out, ", Operator:");
		sb_go_quote(out, sb_text(row, "operator"));
		fc_buf_puts(out, ", Values:");
		sb_go_string_list(out, json_object_get(row, "values"));
		fc_buf_putc(out, '}');
	}
	fc_buf_puts(out, rows ? "}}" : "}");
}
