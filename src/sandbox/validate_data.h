/* SPDX-License-Identifier: Apache-2.0 */
/* sb_data - what ConfigMaps and Secrets share: their size, and what `immutable` forbids.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   by causes.
 * Source:  the Kubernetes API reference of ConfigMap and Secret; recorded conversations. */
#ifndef FC_SANDBOX_VALIDATE_DATA_H
#define FC_SANDBOX_VALIDATE_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "sandbox/validate_field.h"

#define SB_MAX_DATA_BYTES 1048576

/* Of all values of a map of strings; with `base64` as they are decoded. NULL: 0. */
size_t sb_data_bytes(const json_t *map, bool base64);
/* `immutable` stays, and with it data and binaryData. */
void sb_validate_frozen_data(const json_t *old, const json_t *object, struct sb_causes *causes);

#endif
