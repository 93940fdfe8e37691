/* SPDX-License-Identifier: Apache-2.0 */
/* sb_crd_schema_parts - rules of structural schemas, for crd_schema.c alone.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   by causes.
 * Source:  as crd_schema.h. */
#ifndef FC_SANDBOX_CRD_SCHEMA_PARTS_H
#define FC_SANDBOX_CRD_SCHEMA_PARTS_H

#include "sandbox/crd_schema.h"

/* x-kubernetes-list-type, x-kubernetes-list-map-keys and x-kubernetes-map-type of one place. */
void sb_crd_check_topology(const json_t *schema, const struct sb_field *at, struct sb_causes *causes);
/* allOf, anyOf, oneOf and not of one place: they restrict what is told elsewhere, and tell nothing of their own. */
void sb_crd_check_logic(const json_t *schema, const struct sb_field *at, struct sb_causes *causes);
/* Every default fits its own schema. */
void sb_crd_check_defaults(const json_t *schema, const struct sb_field *at, struct sb_causes *causes);

#endif
