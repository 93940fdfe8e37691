/* SPDX-License-Identifier: Apache-2.0 */
/* fc_nearest - the known word that a mistyped one probably meant.
 * Owns:    nothing; results are borrowed from the list.
 * Threads: any.
 * Fails:   never; NULL when nothing is near.
 * Source:  edit distance after Levenshtein, swapped neighbours counted once. */
#ifndef FC_NEAREST_H
#define FC_NEAREST_H

#include <stddef.h>

/* `words` has `count` entries, NULL ones are passed over. Near: at most a third of the longer word's letters
 * differ, or one word begins with the other and three letters at least are given. */
const char *fc_nearest(const char *word, const char *const *words, size_t count);

#endif
