/* SPDX-License-Identifier: Apache-2.0 */
/* sb_crd_schema - is a schema of a CustomResourceDefinition one that the server takes, a "structural" one?
 * Owns:    nothing.
 * Threads: any.
 * Fails:   by causes, worded as the real server words them.
 * Source:  Kubernetes' page on CustomResourceDefinitions, "specifying a structural schema". */
#ifndef FC_SANDBOX_CRD_SCHEMA_H
#define FC_SANDBOX_CRD_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/validate_field.h"

/* `at`: the place of the schema. With the subresource status some members are not allowed at its root. */
void sb_crd_schema_validate(const json_t *schema, bool has_status, const struct sb_field *at, struct sb_causes *causes);

#endif
