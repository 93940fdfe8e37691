/* SPDX-License-Identifier: Apache-2.0 */
/* The checker of namespace patterns: what users may write of the much that a regular expression library reads.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   FC_ERR_INVALID: which character it is, what is wrong with it, and the mend.
 * Source:  systems/k8s-replicator.md, Annotations; RE2's syntax, of which all that is admitted means the same there. */
#ifndef FC_NAMESPACE_PATTERN_CHECK_H
#define FC_NAMESPACE_PATTERN_CHECK_H

#include <stddef.h>

#include "base/error.h"

/* `text` need not be terminated. What this admits has at most FC_NAMESPACE_PATTERN_MAX_BYTES, and nothing in it can
 * make a compiler or matcher call itself, look around or refer back. Whether it is UTF-8 is not looked at. */
int fc_namespace_pattern_check(const char *text, size_t len, struct fc_error *err) FC_MUST_CHECK;

#endif
