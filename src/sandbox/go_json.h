/* SPDX-License-Identifier: Apache-2.0 */
/* sb_go_json - what Go's decoder says of text that is no JSON.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  RFC 8259; the errors of Go's encoding/json, as recorded. */
#ifndef FC_SANDBOX_GO_JSON_H
#define FC_SANDBOX_GO_JSON_H

#include <stddef.h>

/* "invalid character 'x' looking for beginning of value"; NULL: it is one JSON value. The caller's. */
char *sb_go_json_fault(const char *text, size_t len);
/* The same, also for what is another value than an object or null. */
char *sb_go_json_object_fault(const char *text, size_t len);

#endif
