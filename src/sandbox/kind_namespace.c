/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "sandbox/validate_field.h"

#include <string.h>

static void defaults(json_t *object)
{
	json_t *status = sb_need_object(object, "status"), *condition;
	size_t i;

	sb_need_object(object, "spec");
	if (!*sb_text(status, "phase"))
		json_object_set_new(status, "phase", json_string("Active"));
	json_array_foreach(json_object_get(status, "conditions"), i, condition)
		sb_set_default(condition, "lastTransitionTime", json_null());
}

static void prepare_create(struct sb_call *call, json_t *object)
{
	json_t *spec = sb_need_object(object, "spec"), *finalizers, *item;
	size_t i;

	(void)call;
	json_object_set_new(object, "status", json_pack("{s:s}", "phase", "Active"));
	sb_set_default(spec, "finalizers", json_array());
	finalizers = json_object_get(spec, "finalizers");
	json_array_foreach(finalizers, i, item)
		if (strcmp(json_string_value(item) ?: "", "kubernetes") == 0)
			return;
	json_array_append_new(finalizers, json_string("kubernetes"));
}

static void prepare_update(struct sb_call *call, const json_t *old, json_t *object, bool status_only)
{
	(void)call;
	sb_keep_member(object, "spec", old);
	if (!status_only)
		sb_keep_member(object, "status", old);
}

/* By the subresource finalize the real server tells which one it is. */
static void validate_finalizers(const json_t *object, bool one_by_one, struct sb_causes *causes)
{
	const struct sb_field *list = SB_FIELD("spec.finalizers");
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(object, "spec"), "finalizers"), i, item) {
		const struct sb_field *row = SB_INDEX(list, i), *at = one_by_one ? row : list;
		const char *name = json_string_value(item) ?: "";

		sb_check(causes, at, name, sb_faults_qualified_name);
		if (!strchr(name, '/') && strcmp(name, "kubernetes") != 0)
			sb_invalid(causes, at, name,
				   "name is neither a standard finalizer name nor is it fully qualified");
	}
}

static void validate_phase(const json_t *object, struct sb_causes *causes)
{
	const char *phase = sb_text(json_object_get(object, "status"), "phase");
	bool ends = json_object_get(json_object_get(object, "metadata"), "deletionTimestamp");

	if (!ends && strcmp(phase, "Active") != 0)
		sb_invalid(causes, SB_FIELD("status.Phase"), phase,
			   "may only be 'Active' if `deletionTimestamp` is empty");
	if (ends && strcmp(phase, "Terminating") != 0)
		sb_invalid(causes, SB_FIELD("status.Phase"), phase,
			   "may only be 'Terminating' if `deletionTimestamp` is not empty");
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	bool finalize = strcmp(call->subresource, "finalize") == 0;

	if (!old || finalize)
		validate_finalizers(object, finalize, causes);
	else if (strcmp(call->subresource, "status") == 0)
		validate_phase(object, causes);
}

const struct sb_kind sb_kind_namespace = {
	.defaults = defaults,
	.prepare_create = prepare_create,
	.prepare_update = prepare_update,
	.validate = validate,
	.validate_name = sb_validate_label,
};
