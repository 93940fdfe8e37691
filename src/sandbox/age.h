/* SPDX-License-Identifier: Apache-2.0 */
/* sb_age - times of objects, and how long ago they are, as kubectl shows it.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   what is no time is told.
 * Source:  RFC 3339; the steps in which Kubernetes shortens durations: "119s", "2m", "3h5m", "8d". */
#ifndef FC_SANDBOX_AGE_H
#define FC_SANDBOX_AGE_H

#include <stdbool.h>
#include <stdint.h>

/* "2026-01-02T03:04:05Z", with a fraction and any offset, as nanoseconds since 1970. */
bool sb_time_parse(const char *text, int64_t *out_ns);
/* Appends nothing, never fails: `out` gets "5s", or "<invalid>" where the duration is negative by 2 seconds or more. */
void sb_age_print(int64_t duration_ns, char out[32]);

#endif
