/* SPDX-License-Identifier: Apache-2.0 */
/* sb_pattern - regular expressions of CRDs' schemas.
 * Owns:    nothing: each is compiled when it is asked.
 * Threads: any.
 * Fails:   what does not compile is FC_ERR_INVALID; what goes back in a text for too long does not match.
 * Source:  RE2's syntax, of which PCRE2 reads what schemas use, and its promise of an end. */
#ifndef FC_SANDBOX_PATTERN_H
#define FC_SANDBOX_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Does it compile, and has it nothing that RE2 does not know (looking around, references back)? The error has RE2's
 * words for the usual faults. */
int sb_pattern_check(const char *pattern, struct fc_error *err) FC_MUST_CHECK;
/* Is it found anywhere in the text? UTF-8. */
bool sb_pattern_matches(const char *pattern, const char *text, size_t len);

#endif
