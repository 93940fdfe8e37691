/* SPDX-License-Identifier: Apache-2.0 */
/* fc_patch_apply - what an API server makes of a document when it gets a JSON Patch.
 * Owns:    nothing; what it puts into the document are copies.
 * Threads: any; the document belongs to the caller alone.
 * Fails:   FC_ERR_INVALID, as a server's 422: a parent or place that is absent, an index out of range, an operation
 *          other than add, remove, replace and test, a test that fails. The text names the place and no value.
 * Source:  RFC 6902, RFC 6901; kube-client 8.2: `add` makes no parents, `replace` and `remove` need the place. */
#ifndef FC_PATCH_APPLY_H
#define FC_PATCH_APPLY_H

#include <jansson.h>

#include "base/error.h"

/* Changes `document`; on failure it holds what the operations before the one at fault have done: the caller applies to
 * a copy. The document as a whole (pointer "") is never replaced. */
int fc_patch_apply(const json_t *operations, json_t *document, struct fc_error *err) FC_MUST_CHECK;

#endif
