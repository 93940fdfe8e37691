/* SPDX-License-Identifier: Apache-2.0 */
/* fc_duration - spans of time as Go writes them: 30m, 1h30m, 200ms, 1.5s.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   on anything time.ParseDuration refuses, and on negative spans (no flag takes one); the error shows
 *          examples.
 * Source:  https://pkg.go.dev/time#ParseDuration */
#ifndef FC_DURATION_H
#define FC_DURATION_H

#include <stdint.h>

#include "base/error.h"

/* Milliseconds, rounded up: what is not zero does not become it. The error is of class FC_ERR_USAGE. */
int fc_duration_parse(const char *text, int64_t *ms, struct fc_error *err) FC_MUST_CHECK;

#endif
