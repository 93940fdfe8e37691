/* SPDX-License-Identifier: Apache-2.0 */
/* fc_configmap_sync - what the files of this dialect share: its keys, what a ConfigMapSync asks for, the hash and the
 * status.
 * Owns:    what a function gives belongs to the caller.
 * Threads: pure functions, any thread.
 * Fails:   never: what cannot be understood is a rule with a reason.
 * Source:  systems/configmapsync.md. */
#ifndef FC_CONFIGMAP_SYNC_H
#define FC_CONFIGMAP_SYNC_H

#include <jansson.h>

#include "base/encode.h"
#include "engine/copy_dialect.h"

#define FC_CONFIGMAP_SYNC_PREFIX "configmapsync.apps.kapendra.com/"
#define FC_CONFIGMAP_SYNC_FINALIZER FC_CONFIGMAP_SYNC_PREFIX "finalizer"
#define FC_CONFIGMAP_SYNC_HASH_BYTES (2 * FC_SHA256_BYTES + 1)

/* B20: of data and binaryData, as 64 digits and a zero byte. */
void fc_configmap_sync_hash(const json_t *source, char out[FC_CONFIGMAP_SYNC_HASH_BYTES]);
/* The namespace that the spec names, or that of the ConfigMapSync itself; "" where neither is a text. */
const char *fc_configmap_sync_source_namespace(const json_t *bearer);
/* spec.<member>, "" where that is no text. */
const char *fc_configmap_sync_word(const json_t *bearer, const char *member);
/* See struct fc_copy_dialect. */
void fc_configmap_sync_scan(const struct fc_dialect *d, const json_t *bearer, struct fc_copy_specs *out);
json_t *fc_configmap_sync_status(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count);
json_t *fc_configmap_sync_status_before(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count);
unsigned fc_configmap_sync_failures(const json_t *bearer);

#endif
