/* SPDX-License-Identifier: Apache-2.0 */
/* sb_validate_selector - label selectors as objects hold them: matchLabels and matchExpressions.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   by causes.
 * Source:  metav1.LabelSelector in the Kubernetes API reference; recorded conversations. */
#ifndef FC_SANDBOX_VALIDATE_SELECTOR_H
#define FC_SANDBOX_VALIDATE_SELECTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/validate_field.h"

void sb_validate_label_selector(const json_t *selector, const struct sb_field *field, struct sb_causes *causes);
/* Can it be asked of labels at all? It also looks at values, which the validation does not. */
bool sb_selector_is_usable(const json_t *selector);
/* Without any requirement. */
bool sb_selector_is_empty(const json_t *selector);
/* NULL selects nothing; an empty one everything. `labels` NULL: there are none. */
bool sb_selector_selects(const json_t *selector, const json_t *labels);
/* As Go prints it: v1.LabelSelector{...}. */
void sb_go_label_selector(struct fc_buf *out, const json_t *selector);

#endif
