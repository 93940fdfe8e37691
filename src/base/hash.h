/* SPDX-License-Identifier: Apache-2.0 */
/* fc_hash - uthash as this program uses it: include this in place of <uthash.h>.
 * Owns:    nothing; the tables belong to their holders.
 * Threads: one owner per table.
 * Fails:   never: the handles are small, and small allocations abort (base/mem.h).
 * Source:  https://troydhanson.github.io/uthash/ */
#ifndef FC_HASH_H
#define FC_HASH_H

#include <stdlib.h>

#ifdef UTHASH_H
#error "include base/hash.h before, or in place of, <uthash.h>"
#endif

/* The default ends in exit(), which would run handlers in the middle of anything. */
#define uthash_fatal(msg) abort()
/* One-at-a-time: the default, Jenkins' other one, falls through a switch in a way that clang warns of. */
#define HASH_FUNCTION(key, bytes, hash) HASH_OAT(key, bytes, hash)

#include <uthash.h>

#endif
