/* SPDX-License-Identifier: Apache-2.0 */
/* fc_namespace_pool - expressions for namespaces by their text: each is compiled once, however many lists hold it.
 * Owns:    a reference to each expression that somebody holds, and to some that were held last.
 * Threads: any; a lock guards it.
 * Fails:   as fc_namespace_pattern_parse.
 * Source:  design section 9: whoever writes annotations must not stall those who do not. */
#ifndef FC_NAMESPACE_PATTERN_POOL_H
#define FC_NAMESPACE_PATTERN_POOL_H

#include "model/namespace_pattern.h"

/* So many that nobody holds may stay, and as many again as are held. */
#define FC_NAMESPACE_POOL_SPARE 256

struct fc_namespace_pool;

struct fc_namespace_pool *fc_namespace_pool_new(void);
/* NULL allowed. What was taken from it lives on. */
void fc_namespace_pool_free(struct fc_namespace_pool *pool);

/* As fc_namespace_pattern_parse, by which it is done where `pool` is NULL. One reference; NULL with err. */
struct fc_namespace_pattern *fc_namespace_pool_parse(struct fc_namespace_pool *pool, const char *text, size_t len,
						     struct fc_error *err) FC_MUST_CHECK;
/* How many were compiled in its life, and how many it holds. */
size_t fc_namespace_pool_compiled(struct fc_namespace_pool *pool);
size_t fc_namespace_pool_count(struct fc_namespace_pool *pool);

#endif
