/* SPDX-License-Identifier: Apache-2.0 */
/* fc_watcher_words - RESOURCE words of one cluster, as those who answer, who look and who hear of types share them.
 * Owns:    each word its text and the resource that it means.
 * Threads: the watcher's own.
 * Fails:   never; what cannot be found out is an answer too.
 * Source:  kube-client 3.13 to 3.17; design section 5, `Pending`: the type is not served yet. */
#ifndef FC_WATCHER_WORDS_H
#define FC_WATCHER_WORDS_H

#include "clusters/watcher_internal.h"

struct fc_watcher_word {
	char *text;
	unsigned verbs;
	uint64_t request; /* of the last action that asked */
	bool answered;
	struct fc_resource *resource; /* the last answer; NULL: not resolved */
	enum fc_error_class cls;      /* why not */

	bool doubted;	    /* resolved, but its type answered 404, or was not found, since */
	bool stirred;	    /* something happened to its type, or may have: a row of looks is under way for it */
	bool removed;	    /* the CRD of its resource was seen to go */
	bool unread;	    /* not found, and a group that may hold it could not be read */
	bool everywhere;    /* its own group has its resource no more: the others are to be read too */
	bool sought;	    /* by the discovery under way */
	int64_t missed_ms;  /* since when discovery does not find its resource; 0: it does */
	int64_t generation; /* of its resource's CRD, as last seen; 0: never seen */
	bool listed;	    /* the list of CRDs under way has named that */
	struct fc_watcher_word *next;
};

/* A reader's loop over all of them. */
#define FC_WATCHER_EACH_WORD(w, word) for (struct fc_watcher_word *word = (w)->words.first; word; word = word->next)

/* --- watcher_resolve.c: what words mean --- */

/* Answers what the table tells; one that was not read for a word tells nothing of it. */
void fc_watcher_words_look_up(struct fc_watcher *w, const struct fc_resource_table *table);
/* Nothing could be found out. */
void fc_watcher_words_failed(struct fc_watcher *w, const struct fc_error *err);
/* When nothing is served any more under a known word, another version may be (kube-client 3.17). */
bool fc_watcher_word_wants(const struct fc_watcher_word *word);

/* --- watcher_discover.c: when the cluster is asked what it serves, and of which groups --- */

/* For a word that was never looked for: at once, unless words came one after the other. */
void fc_watcher_discover_new(struct fc_watcher *w);
/* Whoever asks for one kind may be about to install more: words that are not served are looked for often again. */
void fc_watcher_discover_afresh(struct fc_watcher *w);
/* Something may have happened to the type that the word means, or to one in `group` that it may come to mean: several
 * looks soon, since a server's discovery is behind its CRDs. `group` NULL: in the group that the word names, or its
 * resource is of. */
void fc_watcher_discover_soon(struct fc_watcher *w, struct fc_watcher_word *word, const char *group);
/* The cluster is up (again). */
void fc_watcher_discover_up(struct fc_watcher *w, bool after_outage);
/* Words went. */
void fc_watcher_discover_less(struct fc_watcher *w);
void fc_watcher_discover_stop(struct fc_watcher *w);

/* --- watcher_types.c: the CustomResourceDefinitions of the cluster --- */

/* Begins or ceases to follow them, as the words need it. Not from inside the informer's callbacks. */
void fc_watcher_types_adjust(struct fc_watcher *w);
/* After an outage: begins anew; what was forbidden may be allowed now. */
void fc_watcher_types_up(struct fc_watcher *w);
void fc_watcher_types_stop(struct fc_watcher *w);

#endif
