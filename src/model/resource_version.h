/* SPDX-License-Identifier: Apache-2.0 */
/* fc_rv - resourceVersions of one resource in one cluster: their order, and one of them kept in 8 bytes.
 * Owns:    struct fc_rv its text, where it has one.
 * Threads: any; of a struct fc_rv one owner.
 * Fails:   never: where one of the two is not decimal, their order is unknown.
 * Source:  design section 5, Writing: decimal integers of any length; kube-client 4.11. */
#ifndef FC_RESOURCE_VERSION_H
#define FC_RESOURCE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

enum fc_rv_order { FC_RV_OLDER, FC_RV_SAME, FC_RV_NEWER, FC_RV_UNKNOWN };

/* How `a` lies to `b`. Equal text is the same version whatever it is, but NULL and "" are no version at all, so their
 * order is unknown even to each other. */
enum fc_rv_order fc_rv_compare(const char *a, const char *b);

/* A version that is kept, or none: there may be one for each of a hundred thousand objects. Zeroed it is none. */
struct fc_rv {
	uint64_t word; /* 0: none; odd: twice the number, plus 1; even: the address of a text that is no such number */
};
/* NULL: none. What was kept before is freed. */
void fc_rv_set(struct fc_rv *v, const char *text);
static inline bool fc_rv_is_set(const struct fc_rv *v)
{
	return v->word != 0;
}
/* Its text, which the caller frees; NULL: none. */
char *fc_rv_text(const struct fc_rv *v);
/* As fc_rv_compare has it. */
enum fc_rv_order fc_rv_compare_kept(const char *a, const struct fc_rv *v);

#endif
