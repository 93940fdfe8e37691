/* SPDX-License-Identifier: Apache-2.0 */
/* sb_table - objects as meta.k8s.io/v1 Table, which is what kubectl get prints.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never; a column that cannot be read is empty.
 * Source:  the API concepts page on Table; KEP-580; additionalPrinterColumns; recorded conversations. */
#ifndef FC_SANDBOX_TABLE_H
#define FC_SANDBOX_TABLE_H

#include <jansson.h>

#include "sandbox/call.h"
#include "sandbox/object.h"

/* A Table of these, in the form of call->type; `list_metadata` (borrowed) becomes its metadata: NULL: the version of
 * the one object. With `columns` false columnDefinitions are null, as in the second and later events of a watch. What
 * ?includeObject asks for is in the rows. The caller's. */
json_t *sb_table(struct sb_call *call, struct sb_object *const *objects, size_t count, const json_t *list_metadata,
		 bool columns);
/* Is ?includeObject one that is known? -1: 400 is answered. */
int sb_table_check(struct sb_call *call) FC_MUST_CHECK;

#endif
