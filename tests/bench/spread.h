/* SPDX-License-Identifier: Apache-2.0 */
/* spread - many times of one thing, told as percentiles.
 * Owns:    its values, until spread_fini.
 * Threads: one.
 * Fails:   never.
 * Source:  nearest rank: the p-th percentile is the smallest value that p percent of all do not exceed. */
#ifndef FC_SPREAD_H
#define FC_SPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct spread {
	int64_t *values; /* microseconds */
	size_t count, cap;
};

void spread_add(struct spread *s, int64_t us);
/* Sorts them. 0 where there are none. */
int64_t spread_percentile(struct spread *s, unsigned percent);
/* "NAME": {"p50": 1.234, ...}, in milliseconds; with all values behind, where `all` says so. */
void spread_print(struct spread *s, const char *name, bool all, FILE *out);
void spread_fini(struct spread *s);

#endif
