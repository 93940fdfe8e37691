/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include <openssl/rand.h>

#include "base/clock.h"

#include <sys/random.h>
#include <unistd.h>

uint64_t fc_random_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
		return seed;
	/* Early in a machine's boot there is no entropy yet; for jitter the time and the process id do. */
	struct fc_random r = { .state = (uint64_t)fc_clock_mono_us() ^ (uint64_t)getpid() << 40 };
	return fc_random_next(&r);
}

/* SplitMix64, https://prng.di.unimi.it/splitmix64.c; the constants are its author's. */
uint64_t fc_random_next(struct fc_random *r)
{
	uint64_t z = (r->state += 0x9E3779B97F4A7C15u);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

int64_t fc_random_between(struct fc_random *r, int64_t low, int64_t high)
{
	uint64_t count = (uint64_t)high - (uint64_t)low + 1, x = fc_random_next(r);

	if (count == 0)
		return (int64_t)x; /* all of int64_t */
	/* 2^64 mod count: numbers below it would make the low results likelier, so they are drawn again. */
	for (uint64_t surplus = (0 - count) % count; x < surplus;)
		x = fc_random_next(r);
	return (int64_t)((uint64_t)low + x % count);
}

int fc_random_letters(char *out, size_t len, struct fc_error *err)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const size_t count = sizeof(letters) - 1;

	for (size_t i = 0; i < len;) {
		unsigned char byte;

		if (RAND_bytes(&byte, 1) != 1)
			return fc_error_set(err, FC_ERR_INTERNAL, "no random bytes for a secret");
		/* Those that would make some letters likelier than others are passed over. */
		if (byte < 256 / count * count)
			out[i++] = letters[byte % count];
	}
	return 0;
}
