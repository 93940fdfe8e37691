/* SPDX-License-Identifier: Apache-2.0 */
/* sb_strategic_impl - the parts of strategic merge patches, for the files of this module only.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   as strategic.h says.
 * Source:  strategic.h. */
#ifndef FC_SANDBOX_STRATEGIC_IMPL_H
#define FC_SANDBOX_STRATEGIC_IMPL_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "sandbox/schema.h"
#include "sandbox/strategic.h"

/* What is asked of one list: its elements' schema and key. */
struct sb_list_rule {
	const struct sb_schema *items;
	const char *key; /* "": none */
	bool merges;	 /* else it is replaced */
};

/* Refusals, with the status of the answer. */
int sb_strategic_refuse(struct fc_error *err, int status, const char *fmt, ...) FC_PRINTF(3, 4);
int sb_strategic_no_key(struct fc_error *err, const json_t *element, const char *key);

/* Merges two objects: `object` becomes the result. strategic.c */
json_t *sb_strategic_merge_map(const struct sb_schema *schema, json_t *object, json_t *patch, struct fc_error *err)
	FC_MUST_CHECK;
/* The merged list, the caller's; NULL: an error. `is_deletion`: a $deleteFromPrimitiveList. strategic_list.c */
json_t *sb_strategic_merge_list(const struct sb_list_rule *rule, const json_t *list, const json_t *patch,
				bool is_deletion, struct fc_error *err) FC_MUST_CHECK;
/* The same for a $setElementOrder with the list and the patch of it, each NULL where there is none. */
json_t *sb_strategic_order(const struct sb_list_rule *rule, const json_t *list, const json_t *patch,
			   const json_t *order, struct fc_error *err) FC_MUST_CHECK;
/* What a patched document must be before it can be decoded: strategic_convert.c. */
int sb_strategic_convert(const struct sb_schema *schema, json_t *document, struct fc_error *err) FC_MUST_CHECK;

#endif
