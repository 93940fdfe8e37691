/* SPDX-License-Identifier: Apache-2.0 */
/* fc_clock - the time, asked in one place.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  CLOCK_MONOTONIC for every delay, CLOCK_REALTIME only for what people read. */
#ifndef FC_CLOCK_H
#define FC_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Since some fixed moment: milliseconds and microseconds of one clock that never goes back; then milliseconds
 * since 1970. */
int64_t fc_clock_mono_ms(void);
int64_t fc_clock_mono_us(void);
int64_t fc_clock_wall_ms(void);

#define FC_RFC3339_BYTES 32
/* "2026-01-31T12:00:00.123Z" of milliseconds since 1970. */
void fc_time_rfc3339(int64_t wall_ms, char out[FC_RFC3339_BYTES]);

#endif
