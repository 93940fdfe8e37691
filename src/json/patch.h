/* SPDX-License-Identifier: Apache-2.0 */
/* fc_patch - one RFC 6902 patch that carries its own precondition.
 * Owns:    the operations until fc_patch_finish.
 * Threads: one owner.
 * Fails:   never (small allocations abort; values are shared by reference).
 * Source:  design section 5, Writing: first `replace /metadata/resourceVersion`; `add` for map members, one `add {}`
 *          per missing parent, outermost first; `replace` for a list element; no `test`. kube-client 8.2, 8.6. */
#ifndef FC_PATCH_H
#define FC_PATCH_H

#include <jansson.h>

#include "json/path.h"

struct fc_patch;

/* Begins with the precondition on `resource_version`. */
struct fc_patch *fc_patch_new(const char *resource_version);
/* For one that is not finished. NULL allowed. */
void fc_patch_free(struct fc_patch *p);

/* Makes the value at `path` equal to `value` (borrowed; a reference is kept). `ground` is what stood there when the
 * write was decided; it must not be blocked. Parents that an earlier call of this patch makes, or puts as part of a
 * value, are not made again, so that grounds of the original document do for places that do not overlap. A place
 * below one that an earlier call puts is surveyed in the changed document, unless nothing stood there before. */
void fc_patch_put(struct fc_patch *p, const struct fc_path *path, const struct fc_path_ground *ground, json_t *value);

/* The array of operations, a new reference; frees `p`. */
json_t *fc_patch_finish(struct fc_patch *p);

#endif
