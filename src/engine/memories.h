/* SPDX-License-Identifier: Apache-2.0 */
/* What statuses remember of copies (memories.c), and the finalizers on the sources that custom resources name
 * (holds.c), and what an object shows of its being a copy (proofs.c).
 * Owns:    a bearer its memories; what they lead to is told to them when it goes.
 * Threads: the engine's.
 * Fails:   never: what cannot be read is not remembered.
 * Source:  systems/object-syncer.md B8, B9, B13, B18, B26, B27, B34. Included by engine/whole.h. */
#ifndef FC_ENGINE_MEMORIES_H
#define FC_ENGINE_MEMORIES_H

#include "engine/copy.h"

/* A copy that the status of a custom resource lists. */
struct memory {
	struct bearer *bearer;
	const struct fc_copy_dialect *of; /* whose status that is */
	struct fc_copy_memory is;	  /* its texts are those of bearer->remembered */
	struct cluster *cluster;	  /* NULL: there is none of that name */
	struct word *word;		  /* NULL: its kind is no word */
	struct target *target;		  /* NULL: the type is not known there, or nothing is read there */
	unsigned sought;		  /* 1 + e->set_changes when it was looked for everywhere; 0: never */
	struct memory *next_in_word;	  /* LL */
	struct memory *next_in_target;
	struct memory *next; /* of the bearer */
};

/* --- memories.c --- */
void memories_take(struct fc_engine *e, struct bearer *b); /* its object was told anew */
void memories_bind(struct fc_engine *e, struct bearer *b); /* clusters or words have changed */
void memories_of_word_changed(struct fc_engine *e, struct word *w);
void memories_of_word_told(struct fc_engine *e, const struct word *w); /* that it means nothing, or what it did */
void memories_free(struct fc_engine *e, struct bearer *b);
/* What bears the marks of a copy is told in that cluster from now on, of the kind that the word means. */
void copies_are_sought(struct fc_engine *e, struct cluster *c, const char *text);
void memories_lose_target(struct copy *c); /* that one goes */
/* Whose status says so, and what it is made of: both may wait for the copy, which may bear no marks any more. */
void memory_mark_bearer(struct fc_engine *e, const struct memory *m);
void memories_mark_bearers(struct fc_engine *e, const struct copy *c); /* of all who list it */
bool memory_is_of(const struct memory *m, const struct copy *c);       /* by the uid that it names */
/* The first with that uid, of that bearer (NULL: of any), where the object itself shows that it is a copy; the one of
 * that bearer, whatever its uid. NULL: none. */
const struct memory *memory_by_uid(const struct copy *c, const struct bearer *b);
const struct memory *memory_of(const struct copy *c, const struct bearer *b);
bool memory_is_of_copy(const struct target *t); /* what stands there is what a status lists */
bool memory_is_true(const struct pair *p);	/* copy and source stand as the status says */
/* Whose way decides what becomes of it, by its marks or by a status; NULL: nobody's. */
const struct fc_dialect *copy_dialect_of(const struct target *t);
/* As origin_is_over, of a copy that statuses list. */
bool memory_is_over(struct fc_engine *e, struct target *t, enum fc_copy_reason *why, bool *counts);
bool memory_is_held(const struct copy *c); /* who lists it has it left as it is: paused, or not to be understood */
bool memory_is_left(const struct fc_engine *e, const struct memory *m);	       /* it stands there, or may */
bool memories_are_released(const struct fc_engine *e, const struct bearer *b); /* nothing is left to wait for */

/* --- proofs.c: a status says what anybody has written into it --- */
void proof_take_whole(struct copy *c, const json_t *object); /* an object with its managedFields */
void proof_take_marks(struct fc_engine *e, struct copy *c);
void proof_forget(struct fc_engine *e, struct copy *c);	  /* another object stands there */
void proof_released(struct fc_engine *e, struct copy *c); /* by us: a copy it is no more */
/* Is it a copy of what the memory's bearer asks, or has asked for? */
bool proof_counts(const struct copy *c, const struct memory *m);
/* Does it name this very object, or did its bearer ask for what the marks name? What is listed since it is wanted, and
 * was never written, is another's copy perhaps. */
bool proof_says_more(const struct copy *c, const struct memory *m);
bool proof_is_open(const struct target *t); /* a status lists it, it bears no marks, and is to be read first */
/* May one of those whose status lists it have it deleted? What bears marks may be. */
bool proof_lets_delete(const struct fc_engine *e, const struct target *t);

/* --- holds.c --- */
void hold_take(struct fc_engine *e,
	       struct copy_rule *cr); /* its source is to bear a finalizer, if its dialect says so */
void hold_drop(struct fc_engine *e, struct copy_rule *cr);
void holds_lose_target(struct fc_engine *e, struct bearer *b);	     /* that source is not followed any more */
void holds_changed(struct fc_engine *e, struct bearer *b);	     /* the source's finalizers have */
bool hold_is_put_on(const struct copy_rule *cr);		     /* or none is wanted */
const char *hold_lacks(struct fc_engine *e, const struct target *t); /* what is to be put on; NULL: nothing */
bool hold_must_look(struct fc_engine *e, struct target *t);	     /* it is read first */
bool hold_is_of_source(const struct fc_engine *e, const struct bearer *b, const char *finalizer);
/* No custom resource names it, or it is being deleted, and what was made of it is gone as far as it can be reached. */
bool hold_is_over(struct fc_engine *e, struct bearer *b, const char *finalizer);
bool holds_let_copy_go(struct fc_engine *e, struct target *t);		   /* what was made of this copy is gone */
bool holds_wait_for_somebody(struct fc_engine *e, const struct target *t); /* ... and some of it stays where it is */
void holds_word_told(struct fc_engine *e, const struct word *w); /* for the first time: copies may have waited for it */
/* Of the sources of that custom resource, which is being deleted, none bears the finalizer for it alone. */
bool holds_are_free(const struct fc_engine *e, const struct bearer *b);
/* A copy of that type is gone: the source may have waited for it. */
void holds_mark_source(struct fc_engine *e, const struct origin *o, const struct fc_resource *r);
void holds_mark_all(struct fc_engine *e);

#endif
