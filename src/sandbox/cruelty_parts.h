/* SPDX-License-Identifier: Apache-2.0 */
/* sb_cruelty_parts - rules of cruelty as people write and read them.
 * Owns:    what a rule read holds is the caller's.
 * Threads: the loop's one.
 * Fails:   with the member and the mend.
 * Source:  cruelty.h. */
#ifndef FC_SANDBOX_CRUELTY_PARTS_H
#define FC_SANDBOX_CRUELTY_PARTS_H

#include "sandbox/cruelty.h"

int sb_cruelty_read(const json_t *rule, struct sb_cruelty_rule *out, struct fc_error *err) FC_MUST_CHECK;
json_t *sb_cruelty_show(const struct sb_cruelty_rule *r);

#endif
