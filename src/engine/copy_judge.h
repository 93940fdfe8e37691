/* SPDX-License-Identifier: Apache-2.0 */
/* What dialects that keep books are asked about a place, and what is remembered of their answers: an object's words are
 * read once as long as they stay the same, and a place is judged again when one of its ends has moved.
 * Owns:    a reading its words and what the dialect has made of them; a struct judged the words of both ends.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design sections 6 and 9. */
#ifndef FC_ENGINE_COPY_JUDGE_H
#define FC_ENGINE_COPY_JUDGE_H

#include "engine/copy.h"

/* What a dialect has read of an object's words. */
struct reading;
void readings_free(struct reading **list);

/* The answer about a pair; it holds while the question is the same. */
struct judged;
void judged_free(struct pair *p);

/* Where the copy is to stand, without what its ends say. */
struct fc_copy_place pair_place(const struct pair *p);
bool pair_is_at_home(const struct pair *p);
/* What its two ends say, for who keeps books; let go by place_drop_heads. */
void place_take_heads(struct fc_engine *e, const struct pair *p, struct fc_copy_place *place);
void place_drop_heads(struct fc_copy_place *place);
/* What the dialect says of the place now, in pair.verdict: for one that judges. */
void pair_ask_verdict(struct fc_engine *e, struct pair *p);

#endif
