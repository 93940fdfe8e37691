/* SPDX-License-Identifier: Apache-2.0 */
/* Whole objects: who asks for copies, where they are to stand, what stands there, and whose it is.
 * Owns:    a bearer its rules, a rule its sites, a site its pairs, a target its struct copy and struct bearer.
 * Threads: the engine's.
 * Fails:   never: what goes wrong is the condition of a pair, or of a site that has none.
 * Source:  design sections 5 and 6. A copy's object and an instruction's object are struct targets both, so that their
 *          events, requests, failures and delays are handled in one way. */
#ifndef FC_ENGINE_COPY_H
#define FC_ENGINE_COPY_H

#include "engine/origin.h"
#include "engine/piece.h"
#include "model/cluster_selection.h"

/* --- who asks --- */

/* An object with instructions for whole objects, or that bears a finalizer of ours. */
struct bearer {
	struct target *target;
	struct fc_digest text; /* of all that the rules are read from: unchanged, no scan */
	struct copy_rule *rules;
	struct fc_cluster_selection *clusters; /* fedcopy.dev/clusters; NULL: none */
	char *bad_clusters;		       /* why that cannot be understood */
	struct fc_digest clusters_text;
	bool names_clusters; /* it bears that annotation */
	bool creates_spaces; /* fedcopy.dev/create-namespaces */
	bool paused;
	bool writing;	    /* the write under way is of its finalizers or status */
	bool begins;	    /* its status is to say so before a copy is written */
	bool begun;	    /* it could not; since its text changed last */
	bool awaited;	    /* copies that name it are judged when it has changed, or is written */
	json_t *finalizers; /* those that it bears; borrowed from no tree that is written; NULL: none */
	json_t *stale;	    /* labels of a copy, which are taken off when it gets its finalizer; NULL: none */
	bool asked;	    /* it has, since this process knows it, with the finalizer that it bears still */
	json_t *words;	    /* annotations of dialects that judge, by their keys; the same as long as they are equal */
	struct reading *readings;		      /* of `words`: copy_judge.h */
	bool moving;				      /* a finalizer goes when the last copy bears another one */
	json_t *object;				      /* of a dialect with a status: the whole */
	struct fc_digest status_wanted, status_stood; /* what the server made of a status that we wrote */
	/* Of a dialect whose statuses remember copies: what this one's says, and the status that it was read from. */
	struct memory *memories;
	json_t *remembered;
	/* Of a source that custom resources name. */
	struct copy_rule *held_for; /* their rules, where the dialect puts a finalizer on it (list `in_held`) */
	bool held;		    /* it bears such a finalizer, and is no copy */
	bool keeps_hold;	    /* ... and keeps it while it is not being deleted */
	bool unseen;		    /* its finalizers were not told yet */
	struct origin **origins;    /* whose copies its finalizer waits for: every one that a rule of it ever had */
	size_t origin_count, origin_cap;
};

/* One instruction. */
struct copy_rule {
	struct bearer *bearer;
	const struct fc_dialect *dialect;
	struct fc_copy_spec spec;
	const struct fc_resource *resource; /* what it is bound to; NULL: nothing yet */
	struct word *word; /* the resource of source and copies, in the bearer's cluster; NULL: invalid */
	struct source *source;
	struct origin *near, *far; /* what its copies bear in the own cluster, in others; far NULL: no cluster id */
	struct site *sites;
	const char *denied;  /* static: why it may not be followed at all; NULL: it may */
	const char *refused; /* static: why the dialect never copies such a source; NULL: it does */
	const char *misfit;  /* static: why its kind cannot be copied; NULL: it can */
	bool refusal_known;
	struct target *hold; /* the source, which is to bear a finalizer of the dialect; NULL: none, or not known */
	struct copy_rule *prev_in_held, *next_in_held;
	char *source_uid, *source_version; /* as its body was told last; of a dialect with a status only */
	/* The source's body lives while a pair is to be written with it. */
	json_t *body;
	int64_t received_us;
	char *secret_type; /* of the source; NULL: not known, or it has none */
	bool source_paused;
	bool ending;	    /* bearer or source bears a deletionTimestamp: nothing is wanted any more */
	bool source_ending; /* the source does */
	bool gone_sure;	    /* the source is gone: a consistent read has said so */
	bool warned;	    /* that it names a namespace which is not worked in */
	bool in_with_body;
	struct copy_rule *next_with_body;
	struct copy_rule *prev_in_word, *next_in_word, *prev_in_source, *next_in_source;
	struct copy_rule *next; /* of the bearer */
};

/* A rule in one cluster. While it has no pair there it speaks for itself. */
struct site {
	struct copy_rule *rule;
	struct cluster *cluster;
	struct word *word; /* the resource there */
	struct pair *pairs;
	struct condition cond;
	bool speaks;  /* cond is counted and shown */
	bool settled; /* all of what is selected here just now is known, and has its pair */
	uint64_t serial;
	struct site *prev_in_word, *next_in_word, *prev_in_cluster, *next_in_cluster;
	struct site *next; /* of the rule */
};

/* A rule and one destination. */
struct pair {
	struct site *site;
	struct target *target;
	struct condition cond;
	bool takes_part;  /* nothing keeps it from being written: of the decision under way */
	bool needs_space; /* nothing but its namespace, which may be created: of the same */
	bool want_known;
	enum fc_copy_wish wish;
	const char *why;		/* REFUSED; static */
	struct fc_copy_verdict verdict; /* of a dialect that judges */
	struct judged *judged;		/* what it said last, and of what; NULL: it was not asked */
	bool source_gone;		/* as far as was told: what fills its bearer clears it */
	const char *unfit; /* static: what stands cannot become what is wanted, as long as both are the same */
	struct pieces wanted;
	struct fc_digest want; /* of the whole of it */
	struct settled *settled;
	size_t settled_count, settled_cap;
	bool needs_body; /* it cannot do without the source's body just now */
	bool fresh;	 /* newer than the last write: a write of it is no rewrite */
	bool refused;	 /* the server has refused what it wants */
	bool want_moved;
	bool trusted;		       /* what its bearer's status says of it was looked at */
	char *sent_uid, *sent_version; /* of the source, as the write under way has it */
	unsigned failures;	       /* in a row, where the dialect has delays of its own */
	int64_t unread_until_ms;       /* until then what cannot be read counts once; 0: all can be */
	int64_t received_us, sent_us;
	struct pair *prev_in_site, *next_in_site;
	struct pair *next; /* of the target, oldest first */
	struct vertex vertex;
};

/* --- what stands there, and whose it is --- */

/* Was it made as a copy, as far as its managedFields tell? */
enum copy_proof { PROOF_UNKNOWN, PROOF_COPY, PROOF_STRANGER };

enum copy_write {
	COPY_WRITES_NOTHING,
	COPY_CREATES,
	COPY_PATCHES, /* or applies, or replaces: it is as wanted then */
	COPY_TURNS,   /* what it owns becomes what it has applied */
	COPY_DELETES,
	COPY_RELEASES,
	COPY_CLEARS,
	COPY_MAKES_SPACE, /* its namespace, not itself */
};

struct copy {
	struct target *target;
	struct pair *pairs;
	struct memory *memories; /* of bearers whose status lists it (list `in_target`) */
	struct origin *origin;	 /* what its marks name; NULL: it bears none */
	struct target *prev_in_origin, *next_in_origin;
	unsigned mark_flags;
	char *far_state;       /* fedcopy.dev/origin-state of a copy from another cluster; NULL: none */
	struct origin *former; /* whose copy stood here last; NULL: not known */
	bool released;	       /* the marks are of what was a copy once */
	bool free_for_all;     /* and nobody's, to any other rule */
	bool claimed;	       /* bears no marks that count here, and is a copy or source of somebody's all the same */
	bool paused;	       /* or another master's (fedcopy.dev/hub) */
	bool kept;	       /* the dialect wants nothing done about it although nobody wants it */
	bool adopted;	       /* it was somebody else's when it was taken over */
	enum fc_copy_reason kept_why;
	bool seen;  /* whether anything stands there was told or read once */
	bool known; /* `standing` is that of the target's version, members too */
	struct pieces standing;
	json_t *allotted; /* members of its `spec` in which the server owns a part, by name; NULL: none */
	char *uid;
	/* Of the object with that uid, of a dialect whose statuses remember copies: */
	struct origin *proven; /* whose marks this process has seen on it last; NULL: none */
	enum copy_proof proof;
	json_t *body; /* of a copy that is to be cleared or replaced, while that is decided */
	bool wants_body;
	bool owners_known;    /* what follows is of the target's version */
	int updates, applies; /* which of its managedFields are ours, and say Update and Apply; -1: none */
	enum copy_write writing;
	unsigned conflicts; /* 409s in a row without a reason, of a dialect with delays of its own */
	bool reading;	    /* the last request was a read */
	int64_t written_ms; /* wall: the last write that changed it; 0: none */
	/* What that made, and of what; NULL: none has. Of a dialect whose statuses remember it. */
	char *made_version, *made_of_uid, *made_of_version;
	bool stuck;  /* it is being deleted, and waits for copies made of it that wait for somebody */
	bool remake; /* the server refuses to change it so: it is deleted and made anew, once for `remade` */
	struct fc_digest remade;
	struct pair *writer;   /* NULL: nobody, or it has ended meanwhile */
	struct condition cond; /* of a copy that nobody wants, where there is anything to say of it */
	bool speaks;
	bool counted; /* by the brake, for the write under way or the one that failed */
	bool cleared; /* nothing of it is left to clear, at this version */
};

#endif
