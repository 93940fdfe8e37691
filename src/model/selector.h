/* SPDX-License-Identifier: Apache-2.0 */
/* fc_selector - a Kubernetes label selector: parsed once, matched against labels.
 * Owns:    its texts.
 * Threads: immutable once made: any.
 * Fails:   parsing, with a sentence that names the fault; nothing malformed ever selects anything (systems/kopy.md D3).
 * Source:  systems/kopy.md, sync annotation value; Kubernetes' concept page on labels and selectors. */
#ifndef FC_SELECTOR_H
#define FC_SELECTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

struct fc_selector;

/* Requirements parted by commas, all of which must hold: `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k`,
 * `!k`. `k=` asks for an empty value. What names nothing at all (empty, white space) is malformed. */
struct fc_selector *fc_selector_parse(const char *text, struct fc_error *err) FC_MUST_CHECK;
void fc_selector_free(struct fc_selector *s); /* NULL allowed */
/* `labels` is an object of strings; NULL: there are none. `!=`, `notin` and `!k` hold where the label is absent. */
bool fc_selector_matches(const struct fc_selector *s, const json_t *labels);

#endif
