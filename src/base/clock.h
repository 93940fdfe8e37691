/* SPDX-License-Identifier: Apache-2.0 */
/* fc_clock - the time, asked in one place.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  CLOCK_MONOTONIC for every delay, CLOCK_REALTIME only for what people read, CLOCK_BOOTTIME for what others
 *          have promised to leave alone for so long. */
#ifndef FC_CLOCK_H
#define FC_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Since some fixed moment: milliseconds and microseconds of one clock that never goes back; then milliseconds
 * since 1970. */
int64_t fc_clock_mono_ms(void);
int64_t fc_clock_mono_us(void);
int64_t fc_clock_wall_ms(void);
/* The monotonic clock that also goes on while the machine sleeps: in its milliseconds a span is never shorter here than
 * elsewhere. Timers do not follow it. */
int64_t fc_clock_boot_ms(void);

#define FC_RFC3339_BYTES 32
/* "2026-01-31T12:00:00.123Z" of milliseconds since 1970. */
void fc_time_rfc3339(int64_t wall_ms, char out[FC_RFC3339_BYTES]);
/* "2026-01-31T12:00:00Z": without the fraction, as the times of Kubernetes objects are. */
void fc_time_rfc3339_seconds(int64_t wall_ms, char out[FC_RFC3339_BYTES]);
/* "2026-01-31T12:00:00.123000Z": six digits, no more and no fewer, as Kubernetes wants what it calls a micro-time. */
void fc_time_rfc3339_micro(int64_t wall_ms, char out[FC_RFC3339_BYTES]);

#endif
