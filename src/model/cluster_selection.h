/* SPDX-License-Identifier: Apache-2.0 */
/* fc_cluster_selection - the value of fedcopy.dev/clusters: which clusters a rule means besides its own.
 * Owns:    its texts.
 * Threads: immutable once made: any.
 * Fails:   parsing, with a sentence that names the fault.
 * Source:  design section 6: `*` (all members), a comma list of plain words (names), or label selector syntax. */
#ifndef FC_CLUSTER_SELECTION_H
#define FC_CLUSTER_SELECTION_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

struct fc_cluster_selection;

/* `*`; `edge-1,edge-2`; `region in (eu,us),tier!=edge`. Nothing but plain words is a list of names: the words need not
 * be clusters of the set, which may come later. */
struct fc_cluster_selection *fc_cluster_selection_parse(const char *text, struct fc_error *err) FC_MUST_CHECK;
void fc_cluster_selection_free(struct fc_cluster_selection *s); /* NULL allowed */
/* Does it mean the member of that name and labels (NULL: none)? */
bool fc_cluster_selection_takes(const struct fc_cluster_selection *s, const char *name, const json_t *labels);

#endif
