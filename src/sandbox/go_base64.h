/* SPDX-License-Identifier: Apache-2.0 */
/* sb_go_base64 - where Go's decoder of base64 gives up.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  RFC 4648; answers of a real server, which name the byte. base/encode.h decodes, and names none. */
#ifndef FC_SANDBOX_GO_BASE64_H
#define FC_SANDBOX_GO_BASE64_H

#include <stddef.h>

/* The byte at which Go gives up; -1: it is well formed. Ends of line are no part of it. */
long sb_go_base64_fault(const char *text, size_t len);

#endif
