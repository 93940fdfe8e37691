/* SPDX-License-Identifier: Apache-2.0 */
/* fc_intern - each distinct string once, counted references: equal strings have equal addresses.
 * Owns:    the strings, while somebody holds a reference.
 * Threads: one owner.
 * Fails:   never (small allocations abort).
 * Source:  names, namespaces and paths repeat across a hundred thousand rules. */
#ifndef FC_INTERN_H
#define FC_INTERN_H

#include <stddef.h>

struct fc_intern;

/* Empty; never NULL. */
struct fc_intern *fc_intern_new(void);
/* Every reference must have been given back. */
void fc_intern_free(struct fc_intern *t);
/* A reference to the one copy of `s`; NULL gives NULL. Given back by fc_intern_drop. */
const char *fc_intern_take(struct fc_intern *t, const char *s);
/* One more reference to a string that came from this table; NULL gives NULL. */
const char *fc_intern_again(struct fc_intern *t, const char *interned);
/* NULL allowed. */
void fc_intern_drop(struct fc_intern *t, const char *interned);
/* The one copy if there is any, without a reference; else NULL. */
const char *fc_intern_find(const struct fc_intern *t, const char *s);
/* Distinct strings held now. */
size_t fc_intern_count(const struct fc_intern *t);

#endif
