/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/kinds.h"

#include "sandbox/validate_field.h"

static void defaults(json_t *object)
{
	sb_need_object(object, "spec");
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const json_t *spec = json_object_get(object, "spec");
	json_int_t seconds = sb_int(spec, "leaseDurationSeconds", 1), transitions = sb_int(spec, "leaseTransitions", 0);

	(void)call;
	(void)old;
	if (seconds <= 0)
		sb_invalid_int(causes, SB_FIELD("spec.leaseDurationSeconds"), seconds, "must be greater than 0");
	if (transitions < 0)
		sb_invalid_int(causes, SB_FIELD("spec.leaseTransitions"), transitions,
			       "must to greater or equal than 0");
}

const struct sb_kind sb_kind_lease = {
	.defaults = defaults,
	.validate = validate,
};
