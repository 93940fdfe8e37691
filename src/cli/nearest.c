/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nearest.h"

#include <string.h>

/* Longer words are not compared: no flag or command is that long, and the rows stay on the stack. */
#define WORD_MAX 40

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];

	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		size_t *spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

const char *fc_nearest(const char *word, const char *const *words, size_t count)
{
	const char *best = NULL;
	size_t len = strlen(word), best_distance = WORD_MAX;

	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t other = words[i] ? strlen(words[i]) : WORD_MAX + 1;
		if (other > WORD_MAX)
			continue;
		size_t d = distance(word, len, words[i], other);
		size_t shorter = len < other ? len : other, longer = len < other ? other : len;
		/* A beginning counts as one slip: "--name" means "--namespace", although five letters are missing. */
		if (shorter >= 3 && strncmp(word, words[i], shorter) == 0 && d > 1)
			d = 1;
		if (d * 3 <= longer && d < best_distance) {
			best = words[i];
			best_distance = d;
		}
	}
	return best;
}
