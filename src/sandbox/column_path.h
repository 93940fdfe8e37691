/* SPDX-License-Identifier: Apache-2.0 */
/* sb_column_path - the JSONPath of a printer column.
 * Owns:    its steps.
 * Threads: immutable once made.
 * Fails:   parsing: NULL.
 * Source:  Kubernetes' page on JSONPath support, of it what names one value: .member, ['member'], [index], [from:to],
 *          [*], .*, ..member and [?(@.path OP value)]. */
#ifndef FC_SANDBOX_COLUMN_PATH_H
#define FC_SANDBOX_COLUMN_PATH_H

#include <jansson.h>

struct sb_column_path;
struct sb_column_path *sb_column_path_parse(const char *text);
void sb_column_path_free(struct sb_column_path *p); /* NULL allowed */
/* The first value that is there, borrowed; NULL: none. */
const json_t *sb_column_path_get(const struct sb_column_path *p, const json_t *document);

#endif
