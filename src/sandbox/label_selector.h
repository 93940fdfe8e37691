/* SPDX-License-Identifier: Apache-2.0 */
/* sb_label_selector - labelSelector of a request, read and refused as the real server does it.
 * Owns:    its texts.
 * Threads: immutable once made: any.
 * Fails:   parsing: FC_ERR_INVALID with the real server's words.
 * Source:  Kubernetes' concept page on labels and selectors; the messages are kube-apiserver 1.20's. The engine's own
 *          reader (model/selector.h) takes what people write into annotations and speaks to them, so the two differ. */
#ifndef FC_SANDBOX_LABEL_SELECTOR_H
#define FC_SANDBOX_LABEL_SELECTOR_H

#include <stdbool.h>

#include "base/error.h"
#include "sandbox/object.h"

struct sb_label_selector;

/* Of nothing but blanks: it matches everything. */
struct sb_label_selector *sb_label_selector_parse(const char *text, struct fc_error *err) FC_MUST_CHECK;
void sb_label_selector_free(struct sb_label_selector *s); /* NULL allowed */
bool sb_label_selector_is_empty(const struct sb_label_selector *s);
bool sb_label_selector_matches(const struct sb_label_selector *s, const struct sb_object *o);

#endif
