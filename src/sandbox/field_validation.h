/* SPDX-License-Identifier: Apache-2.0 */
/* sb_field_validation - ?fieldValidation: are there members that the type does not know?
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   Strict: the words of a refusal; Warn: Warning headers; without it, and with Ignore, they go silently, as on
 * a server of 1.20, which knows nothing of it. Source:  KEP-2885; the words are those of servers from 1.27 on. */
#ifndef FC_SANDBOX_FIELD_VALIDATION_H
#define FC_SANDBOX_FIELD_VALIDATION_H

#include "sandbox/call.h"

/* Looks at an object before it is decoded. NULL: it may go on; else why it may not, the caller's. */
char *sb_field_validation(struct sb_call *call, const json_t *object);
/* Adds a Warning header: `299 - "..."`. */
void sb_warn(struct sb_call *call, const char *words);

#endif
