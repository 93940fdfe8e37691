/* SPDX-License-Identifier: Apache-2.0 */
/* sb_printer_columns - additionalPrinterColumns of a CustomResourceDefinition, and what an object has in them.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never; a cell that cannot be read is null.
 * Source:  Kubernetes' page on CustomResourceDefinitions, and Tables of a real server. */
#ifndef FC_SANDBOX_PRINTER_COLUMNS_H
#define FC_SANDBOX_PRINTER_COLUMNS_H

#include <jansson.h>
#include <stdint.h>

#include "sandbox/types.h"

/* Appends columnDefinitions, behind the name; "Age" where there are none. */
void sb_printer_definitions(const struct sb_type *type, json_t *out);
/* Appends a cell for each. */
void sb_printer_cells(const struct sb_type *type, const json_t *object, int64_t now, json_t *cells);

#endif
