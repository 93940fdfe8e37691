/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of CustomResourceDefinitions: what is unknown is pruned and what is absent is defaulted when they are
 * decoded; their schema judges what is left. */
#include "sandbox/kinds.h"

#include "sandbox/crd.h"
#include "sandbox/schema.h"

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	(void)old;
	sb_schema_validate(call->type->schema, object, causes);
}

const struct sb_kind sb_kind_custom = {
	.validate = validate,
	.removed = sb_crd_instance_removed,
};
