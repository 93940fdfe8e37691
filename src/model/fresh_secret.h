/* SPDX-License-Identifier: Apache-2.0 */
/* fc_fresh_secret - passwords in what is written that nobody has chosen: a mark in the engine's actions, so that the
 * same events give the same actions; made by whoever sends them.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   where there are no random bytes.
 * Source:  design section 5. */
#ifndef FC_FRESH_SECRET_H
#define FC_FRESH_SECRET_H

#include <jansson.h>

#include "base/error.h"

/* Stands where the password is to be. No text of anybody is this, and no server takes it. */
#define FC_FRESH_SECRET_MARK "\001random"
#define FC_FRESH_SECRET_LETTERS 128

/* Puts 128 fresh characters of [A-Za-z0-9], as base64, in place of each mark in it, each another one. */
int fc_fresh_secrets_make(json_t *body, struct fc_error *err) FC_MUST_CHECK;

#endif
