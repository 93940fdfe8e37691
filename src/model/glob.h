/* SPDX-License-Identifier: Apache-2.0 */
/* fc_glob - names with wildcards, as consents and permissions write them.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   never: what no name could look like fits none.
 * Source:  design section 7: whole-name globs in which only `*` is special, comma lists of them; an empty value allows
 *          nothing; `*` never covers system namespaces. */
#ifndef FC_GLOB_H
#define FC_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* A pattern, or a part of one: not terminated. */
struct fc_glob {
	const char *text;
	size_t len;
};

/* Does the whole name fit? `*` stands for any run of characters, also none. */
bool fc_glob_match(struct fc_glob pattern, const char *name);
/* The same for a namespace: a system namespace fits only where it is named, without a `*`. */
bool fc_glob_match_namespace(struct fc_glob pattern, const char *namespace_);
/* CLUSTER/NAMESPACE, parted at the first '/'; what holds none fits nothing. `CLUSTER/` means what is cluster-scoped,
 * whose namespace is "". */
bool fc_glob_match_end(struct fc_glob pattern, const char *cluster, const char *namespace_);

/* Of a comma list (NULL: none is given) the next pattern, without the blanks around it, in `*pattern`; empty ones are
 * passed over. `*list` is moved; false: there is none. */
bool fc_glob_next(const char **list, struct fc_glob *pattern);

#endif
