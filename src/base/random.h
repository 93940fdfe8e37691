/* SPDX-License-Identifier: Apache-2.0 */
/* fc_random - numbers for jitter, from a seed, the same on every machine.
 * Owns:    8 bytes of state in the holder.
 * Threads: one owner.
 * Fails:   never.
 * Source:  SplitMix64. Not for cryptography: fresh secrets come from OpenSSL. */
#ifndef FC_RANDOM_H
#define FC_RANDOM_H

#include <stdint.h>

struct fc_random {
	uint64_t state;
};

/* A seed that differs for every start of the process. */
uint64_t fc_random_seed(void);
/* The next of the sequence, all 64 bits of it. */
uint64_t fc_random_next(struct fc_random *r);
/* In [low, high], both included; low <= high. */
int64_t fc_random_between(struct fc_random *r, int64_t low, int64_t high);

#endif
