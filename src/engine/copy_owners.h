/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the pairs of one destination owns what stands there, fills it, or makes it.
 * Owns:    nothing.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 6, Ownership; the systems/ pages. Shared by copy_decide.c and copy_owners.c. */
#ifndef FC_ENGINE_COPY_OWNERS_H
#define FC_ENGINE_COPY_OWNERS_H

#include "engine/copy.h"

bool pair_has_mark(const struct pair *p);
/* Of several pairs that may, the one that can; NULL: it is none of theirs. */
struct pair *copy_owner(const struct fc_engine *e, struct copy *c);
/* Whose copy it is by all but its marks; NULL: nobody's. */
struct pair *copy_pair_that_lost_marks(struct target *t);
/* Who makes what does not stand; NULL: nobody may. */
struct pair *copy_maker(struct copy *c);
/* Who fills what stands, and bears the instruction itself; NULL: nobody. */
struct pair *copy_filler(struct copy *c);
/* One that asks for copies of the same source: it has what another one has made when that one wants it no more. Until
 * that is known `waits`. */
struct pair *copy_sharer(struct fc_engine *e, struct target *t, bool *waits);
/* What asks for copies itself is somebody's. */
bool copy_is_unowned(const struct target *t);
/* Do both ask for the same copy of the same source? */
bool pair_shares(const struct pair *p, const struct pair *owner);

#endif
