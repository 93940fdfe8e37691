/* SPDX-License-Identifier: Apache-2.0 */
/* sb_strategic - strategic merge patches: merge keys, $patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   FC_ERR_INVALID with the words of the real server; http_status says how it answers: 400 (BadRequest), 422
 *          (Invalid: the text stands behind the patch in a cause of field "patch"), or 500 (the text alone, without a
 * reason). Source:  Kubernetes' page on patches ("Update API Objects in Place Using kubectl patch"), and its
 * description of strategic merge patch; answers of a real server. */
#ifndef FC_SANDBOX_STRATEGIC_H
#define FC_SANDBOX_STRATEGIC_H

#include <jansson.h>

#include "base/error.h"
#include "sandbox/schema.h"

/* Applies `patch` (borrowed) to `document` of a built-in type, in place, which is decoded then (sb_schema_decode). On
 * failure the document holds part of it: the caller applies to a copy. */
int sb_strategic_apply(const struct sb_schema *schema, json_t *document, const json_t *patch, struct fc_error *err)
	FC_MUST_CHECK;

/* A value as Go's %v prints it ("map[a:1]"), appended: so a patch is quoted in answers. */
struct fc_buf;
void sb_strategic_print(struct fc_buf *out, const json_t *value);

#endif
