/* SPDX-License-Identifier: Apache-2.0 */
/* fc_replicator_pull - what becomes of a target that pulls from a source: may it, must it, and with which annotations.
 * Owns:    what is given belongs to the caller.
 * Threads: pure functions, any thread.
 * Fails:   never: an error of the vocabulary is a verdict, with a reason.
 * Source:  systems/k8s-replicator.md, Permission to pull, B6 to B12, B16; D1, D8. */
#ifndef FC_REPLICATOR_PULL_H
#define FC_REPLICATOR_PULL_H

#include "dialects/replicator_words.h"

/* Denied: the target is cleared. Error: it is left as it is (B6). */
enum fc_replicator_verdict { FC_REPLICATOR_ALLOW, FC_REPLICATOR_DENY, FC_REPLICATOR_ERROR };
/* `*why` is static: NULL with ALLOW, else a sentence that names the annotation. */
enum fc_replicator_verdict fc_replicator_may_pull(const struct fc_replicator_object *target,
						  const struct fc_replicator_object *source, const char **why);

/* B7. */
enum fc_replicator_need {
	FC_REPLICATOR_NEEDS_DATA,
	FC_REPLICATOR_UP_TO_DATE,
	FC_REPLICATOR_ONCE,
	FC_REPLICATOR_NEED_ERROR
};
enum fc_replicator_need fc_replicator_need(const struct fc_replicator_object *target,
					   const struct fc_replicator_object *source);

/* B9, all of it. The types of Secrets, and whether the target may be changed, are the caller's to look at. */
enum fc_replicator_pull {
	FC_REPLICATOR_PULL_NOTHING,	/* it is as it is to be, or `*why` says why it is left so */
	FC_REPLICATOR_PULL_CLEAR,	/* B16; `*why` says why */
	FC_REPLICATOR_PULL_ANNOTATIONS, /* D1 */
	FC_REPLICATOR_PULL_DATA		/* data and annotations */
};
enum fc_replicator_pull fc_replicator_pull(const struct fc_replicator_object *target,
					   const struct fc_replicator_object *source, const char **why);

/* B10: `.*` all, `-` nobody, else a comma list. The caller frees. */
char *fc_replicator_inherited(const struct fc_replicator_object *source);
/* The list that two lists have in common; invalid patterns count for nothing; "-" where there is none. */
char *fc_replicator_intersection(const char *own, const char *inherited);
/* B11: NAMESPACE/NAME; NULL: the annotation is removed. The caller frees. */
char *fc_replicator_origin(const struct fc_replicator_object *target, const struct fc_replicator_object *source);

/* The target's annotations after the pull, all of them, as a new object: B10, B11, and with `data` B12, where
 * replicated-at is FC_COPY_NOW. */
json_t *fc_replicator_pulled_annotations(const struct fc_replicator_object *target,
					 const struct fc_replicator_object *source, bool data);
/* B16: the target as it is to stand when cleared, with FC_COPY_NOW and maybe FC_COPY_RANDOM: a new object that shares
 * what stays. NULL: it is cleared already, or never was replicated. `object` is what `target` was read from, whole. */
json_t *fc_replicator_cleared(const struct fc_replicator_object *target, const json_t *object);

#endif
