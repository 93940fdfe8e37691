/* SPDX-License-Identifier: Apache-2.0 */
/* fc_reference - the tables of docs/reference.md, made from the tables of the program.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never.
 * Source:  one list only: a test compares the page with this output, so neither can drift. */
#ifndef FC_REFERENCE_H
#define FC_REFERENCE_H

#include "base/buf.h"

/* Markdown tables, without headings. */
void fc_reference_flags(struct fc_buf *out);
/* The same of the metrics, and of the states of a rule. */
void fc_reference_metrics(struct fc_buf *out);
void fc_reference_states(struct fc_buf *out);

#endif
