/* SPDX-License-Identifier: Apache-2.0 */
/* fc_random - numbers for jitter, from a seed, the same on every machine.
 * Owns:    8 bytes of state in the holder.
 * Threads: one owner.
 * Fails:   never, but for letters of a secret: where there are no random bytes.
 * Source:  SplitMix64. Not for cryptography: fresh secrets come from OpenSSL. */
#ifndef FC_RANDOM_H
#define FC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct fc_random {
	uint64_t state;
};

/* A seed that differs for every start of the process. */
uint64_t fc_random_seed(void);
/* The next of the sequence, all 64 bits of it. */
uint64_t fc_random_next(struct fc_random *r);
/* In [low, high], both included; low <= high. */
int64_t fc_random_between(struct fc_random *r, int64_t low, int64_t high);

/* For a secret, from OpenSSL: `len` characters of [A-Za-z0-9], each as likely as the other, no zero byte behind them.
 */
int fc_random_letters(char *out, size_t len, struct fc_error *err) FC_MUST_CHECK;

#endif
