/* SPDX-License-Identifier: Apache-2.0 */
/* fc_version - which fedcopy this is and what it is linked with.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  the file VERSION, handed to the compiler by the Makefile. */
#ifndef FC_VERSION_H
#define FC_VERSION_H

#include "base/buf.h"

/* "0.1.0" */
const char *fc_version(void);
/* "fedcopy 0.1.0" and one line per library that is linked at run time. */
void fc_version_text(struct fc_buf *out);

#endif
