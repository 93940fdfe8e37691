/* SPDX-License-Identifier: Apache-2.0 */
/* fc_annotation_filter - does an object bear an annotation of a dialect?
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never: both questions have an answer for every input.
 * Source:  design section 10: 100,000 objects without a rule cost at most 2 MiB, also while they are listed; RFC
 *          8259, section 7, for the ways in which JSON may spell a character. */
#ifndef FC_ANNOTATION_FILTER_H
#define FC_ANNOTATION_FILTER_H

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>

/* Could the JSON text of an object hold a key that begins with one of `prefixes` (NULL-terminated)? Yes may be wrong,
 * no never is. */
bool fc_annotation_filter_may_match(const char *bytes, size_t len, const char *const *prefixes);
/* Does metadata.annotations have such a key? */
bool fc_annotation_filter_match(const json_t *object, const char *const *prefixes);

#endif
