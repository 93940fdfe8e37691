/* SPDX-License-Identifier: Apache-2.0 */
/* fc_server_patch - JSON Patch as kube-apiserver applies it, which is not always as the RFC says.
 * Owns:    nothing; what it puts into the document are copies.
 * Threads: any; the document belongs to the caller alone.
 * Fails:   FC_ERR_INVALID, as a server's 422. The text names the place and no value.
 * Source:  RFC 6902, RFC 6901, and recorded conversations with a real server (1.20): `replace` adds a member that is
 *          absent, an index below zero counts from the end, what stands before a pointer's first slash is ignored.
 *          json/patch_apply.h is the strict reader, for what we send ourselves. */
#ifndef FC_SERVER_PATCH_H
#define FC_SERVER_PATCH_H

#include <jansson.h>

#include "base/error.h"

/* Changes `document`, an object; on failure it holds what the operations before the one at fault have done: the caller
 * applies to a copy. `operations` is an array of objects. Refused too: copies of more than 3 MiB together, a
 * document that would be nested deeper than 256 levels. */
int fc_server_patch(const json_t *operations, json_t *document, struct fc_error *err) FC_MUST_CHECK;

#endif
