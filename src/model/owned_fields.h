/* SPDX-License-Identifier: Apache-2.0 */
/* fc_owned - what of an object is not its author's: the server's, a controller's, or a deploying tool's. A copy neither
 * takes it over from its source nor touches what stands there.
 * Owns:    what it gives belongs to the caller and may share values with what it was made from.
 * Threads: any; pure.
 * Fails:   never: of a kind without rows all but the general ones is the author's.
 * Source:  the API conventions of Kubernetes and its validation; each row of the table says its reason. */
#ifndef FC_OWNED_FIELDS_H
#define FC_OWNED_FIELDS_H

#include <jansson.h>
#include <stdbool.h>

#include "model/resource.h"

enum fc_owned_map { FC_OWNED_LABEL, FC_OWNED_ANNOTATION };

/* The object without what is the server's (labels and annotations stay: fc_owned_is_key tells). A new reference: to
 * itself where nothing is, else to one that shares what is untouched. */
json_t *fc_owned_strip(const struct fc_resource *r, const json_t *object);
/* Is that label or annotation a server's, a controller's or a tracking mark of a deploying tool? `object` bears it:
 * with some it depends on what else stands there. */
bool fc_owned_is_key(const struct fc_resource *r, enum fc_owned_map map, const char *key, const json_t *object);
/* Some members of `spec` are the server's and others the author's: so it is compared and written member by member. */
bool fc_owned_parts_spec(const struct fc_resource *r);
/* What `spec`.`member` is to be written as: `wanted` with what the server owns inside `standing`, the member as it
 * stands. `spec` is the wanted one. A new reference. */
json_t *fc_owned_restore_part(const struct fc_resource *r, const char *member, const json_t *wanted,
			      const json_t *standing, const json_t *spec);
/* The same for a whole object, all of which is to be written. */
json_t *fc_owned_restore(const struct fc_resource *r, const json_t *wanted, const json_t *standing);
/* A member of the root which no update changes, while deletion and creation harm nothing. */
bool fc_owned_is_fixed(const struct fc_resource *r, const char *member);

/* The table, for documents and tests; false: there is no such row. `place` is made; the caller frees. */
struct fc_owned_line {
	const char *kind; /* NULL: every one */
	char *place;
	const char *why;
};
bool fc_owned_line(size_t i, struct fc_owned_line *out);

#endif
