/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "base/mem.h"
#include "sandbox/pod_template.h"
#include "sandbox/validate_selector.h"

#include <stdlib.h>
#include <string.h>

/* --- defaults --- */

static void default_conditions(json_t *status)
{
	json_t *condition;
	size_t i;

	json_array_foreach(json_object_get(status, "conditions"), i, condition) {
		sb_set_default(condition, "lastUpdateTime", json_null());
		sb_set_default(condition, "lastTransitionTime", json_null());
	}
}

static void defaults(json_t *object)
{
	json_t *spec = sb_need_object(object, "spec"), *strategy = sb_need_object(spec, "strategy"), *rolling;

	sb_set_default(spec, "selector", json_null());
	sb_default_pod_template(sb_need_object(spec, "template"));
	sb_set_default(spec, "replicas", json_integer(1));
	if (!*sb_text(strategy, "type"))
		json_object_set_new(strategy, "type", json_string("RollingUpdate"));
	if (strcmp(sb_text(strategy, "type"), "RollingUpdate") == 0) {
		rolling = sb_need_object(strategy, "rollingUpdate");
		sb_set_default(rolling, "maxUnavailable", json_string("25%"));
		sb_set_default(rolling, "maxSurge", json_string("25%"));
	}
	sb_set_default(spec, "revisionHistoryLimit", json_integer(10));
	sb_set_default(spec, "progressDeadlineSeconds", json_integer(600));
	default_conditions(sb_need_object(object, "status"));
}

static void prepare_create(struct sb_call *call, json_t *object)
{
	(void)call;
	json_object_set_new(object, "status", json_object());
}

static void prepare_update(struct sb_call *call, const json_t *old, json_t *object, bool status_only)
{
	json_t *metadata = json_object_get(object, "metadata");

	(void)call;
	sb_keep_member(object, status_only ? "spec" : "status", old);
	if (status_only)
		sb_keep_member(metadata, "labels", json_object_get(old, "metadata"));
}

/* --- the strategy --- */

static bool is_percentage(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && strcmp(text + digits, "%") == 0;
}

static void invalid_step(const json_t *value, const struct sb_field *at, const char *why, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf go = FC_BUF_INIT;

	fc_buf_printf(&go, "intstr.IntOrString{Type:%d, IntVal:%" JSON_INTEGER_FORMAT ", StrVal:",
		      json_is_string(value) ? 1 : 0, json_integer_value(value));
	sb_go_quote(&go, json_string_value(value) ?: "");
	fc_buf_putc(&go, '}');
	sb_invalid_raw(causes, at, fc_buf_str(&go), why);
}

static void validate_step(const json_t *value, const struct sb_field *at, struct sb_causes *causes)
{
	if (json_is_integer(value))
		sb_check_not_negative(causes, at, value);
	else if (!is_percentage(json_string_value(value) ?: ""))
		invalid_step(value, at,
			     "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  "
			     "or '93%', regex used for validation is '[0-9]+%')",
			     causes);
}

static json_int_t number_of(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? (is_percentage(text) ? atoll(text) : 0) : json_integer_value(value);
}

static void validate_rolling(const json_t *rolling, struct sb_causes *causes)
{
	const json_t *unavailable = json_object_get(rolling, "maxUnavailable"),
		     *surge = json_object_get(rolling, "maxSurge");
	const struct sb_field *at = SB_FIELD("spec.strategy.rollingUpdate.maxUnavailable");

	validate_step(unavailable, at, causes);
	validate_step(surge, SB_FIELD("spec.strategy.rollingUpdate.maxSurge"), causes);
	if (number_of(unavailable) == 0 && number_of(surge) == 0)
		invalid_step(unavailable, at, "may not be 0 when `maxSurge` is 0", causes);
	if (json_is_string(unavailable) && number_of(unavailable) > 100)
		invalid_step(unavailable, at, "must not be greater than 100%", causes);
}

static void validate_strategy(const json_t *strategy, struct sb_causes *causes)
{
	const char *type = sb_text(strategy, "type");
	const json_t *rolling = json_object_get(strategy, "rollingUpdate");

	if (strcmp(type, "RollingUpdate") == 0) {
		validate_rolling(rolling, causes);
	} else if (strcmp(type, "Recreate") == 0) {
		if (rolling)
			sb_forbidden(causes, SB_FIELD("spec.strategy.rollingUpdate"),
				     "may not be specified when strategy `type` is 'Recreate'");
	} else {
		FC_AUTO_BUF struct fc_buf go = FC_BUF_INIT;

		sb_go_quote(&go, type);
		sb_cause(causes, "FieldValueNotSupported", "spec.strategy",
			 "Unsupported value: apps.DeploymentStrategy{Type:%s, "
			 "RollingUpdate:(*apps.RollingUpdateDeployment)(%s)}: supported values: \"Recreate\", "
			 "\"RollingUpdate\"",
			 fc_buf_str(&go), rolling ? "0xc000000000" : "nil");
	}
}

/* --- the rest --- */

static void invalid_selector(const json_t *selector, const char *why, struct sb_causes *causes)
{
	FC_AUTO_BUF struct fc_buf go = FC_BUF_INIT;

	sb_go_label_selector(&go, selector);
	sb_invalid_raw(causes, SB_FIELD("spec.selector"), fc_buf_str(&go), why);
}

static void validate_selected(const json_t *selector, const json_t *template, struct sb_causes *causes)
{
	const json_t *labels = json_object_get(json_object_get(template, "metadata"), "labels");
	FC_AUTO_BUF struct fc_buf go = FC_BUF_INIT;

	if (sb_selector_selects(selector, labels))
		return;
	sb_go_string_map(&go, labels);
	sb_invalid_raw(causes, SB_FIELD("spec.template.metadata.labels"), fc_buf_str(&go),
		       "`selector` does not match template `labels`");
}

static void validate_template(const json_t *template, struct sb_causes *causes)
{
	static const char *const policies[] = { "Always", NULL };
	const json_t *spec = json_object_get(template, "spec");
	const char *policy = sb_text(spec, "restartPolicy");

	sb_validate_pod_template(template, SB_FIELD("spec.template"), causes);
	if (strcmp(policy, "Always") != 0)
		sb_not_supported(causes, SB_FIELD("spec.template.spec.restartPolicy"), policy, policies);
	if (json_object_get(spec, "activeDeadlineSeconds"))
		sb_forbidden(causes, SB_FIELD("spec.template.spec.activeDeadlineSeconds"),
			     "activeDeadlineSeconds in ReplicaSet is not Supported");
}

static void validate_selector(const json_t *spec, struct sb_causes *causes)
{
	const json_t *selector = json_object_get(spec, "selector"), *template = json_object_get(spec, "template");
	const json_t *known = json_is_object(selector) ? selector : NULL;

	if (!known) {
		sb_required(causes, SB_FIELD("spec.selector"), "");
	} else {
		sb_validate_label_selector(known, SB_FIELD("spec.selector"), causes);
		if (sb_selector_is_empty(known))
			invalid_selector(known, "empty selector is invalid for deployment", causes);
	}
	if (!sb_selector_is_usable(known)) {
		invalid_selector(known, "invalid label selector", causes);
		return;
	}
	validate_selected(known, template, causes);
	validate_template(template, causes);
}

static void validate_deadline(const json_t *spec, struct sb_causes *causes)
{
	const json_t *deadline = json_object_get(spec, "progressDeadlineSeconds");

	sb_check_not_negative(causes, SB_FIELD("spec.progressDeadlineSeconds"), deadline);
	if (json_integer_value(deadline) <= sb_int(spec, "minReadySeconds", 0))
		sb_invalid_int(causes, SB_FIELD("spec.progressDeadlineSeconds"), json_integer_value(deadline),
			       "must be greater than minReadySeconds");
}

static void validate_status(const json_t *status, struct sb_causes *causes)
{
	static const char *const numbers[] = { "observedGeneration", "replicas",	  "updatedReplicas",
					       "readyReplicas",	     "availableReplicas", "unavailableReplicas",
					       "collisionCount" };
	static const char *const parts[] = { "updatedReplicas", "readyReplicas", "availableReplicas" };
	json_int_t replicas = sb_int(status, "replicas", 0), ready = sb_int(status, "readyReplicas", 0);
	json_int_t available = sb_int(status, "availableReplicas", 0);
	const struct sb_field *at = SB_FIELD("status");

	for (size_t i = 0; i < FC_ARRAY_LEN(numbers); i++)
		sb_check_not_negative(causes, SB_CHILD(at, numbers[i]), json_object_get(status, numbers[i]));
	for (size_t i = 0; i < FC_ARRAY_LEN(parts); i++)
		if (sb_int(status, parts[i], 0) > replicas)
			sb_invalid_int(causes, SB_CHILD(at, parts[i]), sb_int(status, parts[i], 0),
				       "cannot be greater than status.replicas");
	if (available > ready)
		sb_invalid_int(causes, SB_CHILD(at, "availableReplicas"), available,
			       "cannot be greater than readyReplicas");
}

static void validate_spec(const json_t *spec, struct sb_causes *causes)
{
	sb_check_not_negative(causes, SB_FIELD("spec.replicas"), json_object_get(spec, "replicas"));
	validate_selector(spec, causes);
	validate_strategy(json_object_get(spec, "strategy"), causes);
	sb_check_not_negative(causes, SB_FIELD("spec.minReadySeconds"), json_object_get(spec, "minReadySeconds"));
	sb_check_not_negative(causes, SB_FIELD("spec.revisionHistoryLimit"),
			      json_object_get(spec, "revisionHistoryLimit"));
	validate_deadline(spec, causes);
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *spec = json_object_get(object, "spec"), *selector = json_object_get(spec, "selector");

	if (old && strcmp(call->subresource, "status") == 0) {
		validate_status(json_object_get(object, "status"), causes);
		return;
	}
	validate_spec(spec, causes);
	if (old && !sb_same(json_object_get(json_object_get(old, "spec"), "selector"), selector))
		invalid_selector(selector, "field is immutable", causes);
}

const struct sb_kind sb_kind_deployment = {
	.defaults = defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = validate,
};
