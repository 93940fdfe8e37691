/* SPDX-License-Identifier: Apache-2.0 */
/* fc_merge_patch - JSON Merge Patch, as kube-apiserver applies it.
 * Owns:    nothing; what it puts into the document are copies.
 * Threads: any; the document belongs to the caller alone.
 * Fails:   never.
 * Source:  RFC 7396; a real server (1.20) drops members that are null inside of arrays too. */
#ifndef FC_MERGE_PATCH_H
#define FC_MERGE_PATCH_H

#include <jansson.h>

/* Takes over `target` (NULL: there is none) and gives what it becomes, the caller's. */
json_t *fc_merge_patch(json_t *target, const json_t *patch);

#endif
