/* SPDX-License-Identifier: Apache-2.0 */
/* fc_clean_text - texts of other people on a terminal: what could drive it is written as an escape.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   as the buffer does.
 * Source:  C0, DEL and C1 control characters, as base/log.h treats them. */
#ifndef FC_CLEAN_TEXT_H
#define FC_CLEAN_TEXT_H

#include "base/buf.h"

/* Appends valid UTF-8; control characters become \u00XX, a line break too. */
void fc_clean_text(struct fc_buf *out, const char *text);

#endif
