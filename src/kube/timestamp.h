/* SPDX-License-Identifier: Apache-2.0 */
/* fc_timestamp - moments as Kubernetes writes them: 2026-01-31T12:00:00Z.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   FC_ERR_PROTOCOL on anything else; never quotes the text.
 * Source:  RFC 3339, as Go's time.Parse takes it: seconds with a fraction of any length, Z or an offset. */
#ifndef FC_TIMESTAMP_H
#define FC_TIMESTAMP_H

#include <stdint.h>

#include "base/error.h"

/* Milliseconds since 1970; below zero before. */
int fc_timestamp_parse(const char *text, int64_t *wall_ms, struct fc_error *err) FC_MUST_CHECK;

#endif
