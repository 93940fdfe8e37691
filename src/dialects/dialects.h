/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects that exist: the one place that names them all.
 * Owns:    nothing; the tables are constant.
 * Threads: any.
 * Fails:   never.
 * Source:  design section 6: a new dialect is one file here and one line of the table. */
#ifndef FC_DIALECTS_H
#define FC_DIALECTS_H

#include "engine/dialect.h"

/* NULL-terminated. */
extern const struct fc_dialect *const fc_dialects[];

extern const struct fc_dialect fc_dialect_k8s_copier;

#endif
