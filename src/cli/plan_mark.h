/* SPDX-License-Identifier: Apache-2.0 */
/* fc_plan_mark - what is shown of a value that nobody may see: its size, and a mark by which equal values are equal.
 * Owns:    a key, in the caller's struct, wiped by fc_plan_key_wipe.
 * Threads: any.
 * Fails:   _make, when the system gives no random bytes.
 * Source:  RFC 2104, HMAC-SHA256 under a key of this run alone: outside of it a mark says nothing, so that no value can
 *          be guessed by trying, nor two runs be compared. Twelve digits: two of a million values that are not equal
 *          look so once in about 500 runs. */
#ifndef FC_PLAN_MARK_H
#define FC_PLAN_MARK_H

#include "base/error.h"

#include <jansson.h>
#include <stddef.h>

struct fc_plan_key {
	unsigned char bytes[32];
};
int fc_plan_key_make(struct fc_plan_key *key, struct fc_error *err) FC_MUST_CHECK;
void fc_plan_key_wipe(struct fc_plan_key *key);

#define FC_PLAN_MARK_DIGITS 12
struct fc_plan_mark {
	size_t bytes; /* of a string, its bytes as they stand (a Secret's in base64); of another value, of its JSON */
	char hmac[FC_PLAN_MARK_DIGITS + 1];
};
void fc_plan_mark(const struct fc_plan_key *key, const json_t *value, struct fc_plan_mark *out);

#endif
