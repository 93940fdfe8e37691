/* SPDX-License-Identifier: Apache-2.0 */
/* sb_quantity - resource quantities: "500m", "1Gi", "1e3".
 * Owns:    nothing; results belong to the caller.
 * Threads: any.
 * Fails:   FC_ERR_INVALID with the words of the real server.
 * Source:  the API reference of resource.Quantity; answers of a real server. Beyond 38 digits a decimal quantity stays
 *          as it was written. */
#ifndef FC_SANDBOX_QUANTITY_H
#define FC_SANDBOX_QUANTITY_H

#include <stdbool.h>

#include "base/error.h"

/* As the server writes it back: 0.5 as "500m", 1024Mi as "1Gi". With `milli`, as in lists of resources, what is finer
 * than a thousandth is rounded up to one; else to a billionth. NULL: it is none. */
char *sb_quantity_canonical(const char *text, bool milli, struct fc_error *err) FC_MUST_CHECK;

#endif
