/* SPDX-License-Identifier: Apache-2.0 */
/* fc_path_impl - what a path is made of, for the files of this module only.
 * Owns:    one allocation: the struct, its segments, their text.
 * Threads: immutable once made: any.
 * Fails:   never.
 * Source:  json/path.h; one allocation, because a rule has two paths and a run may have 10,000 rules. */
#ifndef FC_PATH_IMPL_H
#define FC_PATH_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/path.h"

struct fc_path_segment {
	uint32_t at : 31;	/* offset of its zero-terminated text behind the segments */
	uint32_t bracketed : 1; /* `[0]`: an index whatever stands there */
};

struct fc_path {
	unsigned char len;
	struct fc_path_segment segments[];
};

/* Digits without a needless leading zero, as RFC 6901 has them. More than 64 bits saturate: no list is that long. */
bool fc_path_as_index(const char *text, size_t *index);

#endif
