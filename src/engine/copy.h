/* SPDX-License-Identifier: Apache-2.0 */
/* Whole objects: who asks for copies, where they are to stand, what stands there, and whose it is.
 * Owns:    a bearer its rules, a rule its sites, a site its pairs, a target its struct copy and struct bearer; an
 *          origin lives while anybody points to it.
 * Threads: the engine's.
 * Fails:   never: what goes wrong is the condition of a pair, or of a site that has none.
 * Source:  design sections 5 and 6. A copy's object and an instruction's object are struct targets both, so that their
 *          events, requests, failures and delays are handled in one way. */
#ifndef FC_ENGINE_COPY_H
#define FC_ENGINE_COPY_H

#include "engine/rule.h"
#include "model/cluster_selection.h"

/* --- what an object is made of, as far as copies go --- */

enum piece_kind { PIECE_MEMBER, PIECE_LABEL, PIECE_ANNOTATION, PIECE_FINALIZER };
/* A member of the root, a label, an annotation or a finalizer: its value as a digest. */
struct piece {
	const char *key; /* interned */
	enum piece_kind kind;
	bool ours; /* of what stands: it was wanted once. What is foreign is left as it is */
	struct fc_digest value;
};
struct pieces {
	struct piece *items;
	size_t count, cap;
};
/* A part which the server makes into something else than we wish: right, as long as we wish the same. */
struct settled {
	const char *key; /* interned */
	enum piece_kind kind;
	struct fc_digest want, value; /* "missing" where there is none */
};

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
	bool paused;
	bool writing;	    /* the write under way is of its finalizers or status */
	json_t *finalizers; /* those that it bears; borrowed from no tree that is written; NULL: none */
	json_t *object;	    /* of a dialect with a status: the whole */
	struct fc_digest status_wanted, status_stood; /* what the server made of a status that we wrote */
	struct origin **origins; /* whose copies its finalizer waits for: every one that a rule of it ever had */
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
	const char *denied; /* static: why it may not be followed at all; NULL: it may */
	/* The source's body lives while a pair is to be written with it. */
	json_t *body;
	int64_t received_us;
	char *secret_type; /* of the source; NULL: not known, or it has none */
	bool source_paused;
	bool ending;	    /* bearer or source bears a deletionTimestamp: nothing is wanted any more */
	bool source_ending; /* the source does */
	bool gone_sure;	    /* the source is gone: a consistent read has said so */
	bool in_with_body;
	struct copy_rule *next_with_body;
	struct copy_rule *prev_in_word, *next_in_word;
	struct copy_rule *prev_in_source, *next_in_source;
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
	struct site *prev_in_word, *next_in_word;
	struct site *prev_in_cluster, *next_in_cluster;
	struct site *next; /* of the rule */
};

/* A rule and one destination. */
struct pair {
	struct site *site;
	struct target *target;
	struct condition cond;
	bool takes_part; /* nothing keeps it from being written: of the decision under way */
	bool on_cycle;
	bool want_known;
	enum fc_copy_wish wish;
	const char *why; /* REFUSED; static */
	struct pieces wanted;
	struct fc_digest want; /* of the whole of it */
	struct settled *settled;
	size_t settled_count, settled_cap;
	bool needs_body; /* it cannot do without the source's body just now */
	bool fresh;	 /* newer than the last write: a write of it is no rewrite */
	bool refused;	 /* the server has refused what it wants */
	bool want_moved;
	int64_t received_us, sent_us;
	struct pair *prev_in_site, *next_in_site;
	struct pair *next; /* of the target, oldest first */
	struct vertex vertex;
};

/* --- what stands there, and whose it is --- */

enum copy_write { COPY_WRITES_NOTHING, COPY_CREATES, COPY_PATCHES, COPY_DELETES, COPY_RELEASES, COPY_CLEARS };

struct copy {
	struct target *target;
	struct pair *pairs;
	struct origin *origin; /* what its marks name; NULL: it bears none */
	struct target *prev_in_origin, *next_in_origin;
	unsigned mark_flags;
	bool released; /* the marks are of what was a copy once */
	bool paused;   /* or another master's (fedcopy.dev/hub) */
	bool kept;     /* the dialect wants nothing done about it although nobody wants it */
	bool known;    /* `standing` is that of the target's version, members too */
	struct pieces standing;
	char *uid;
	json_t *body; /* of a copy that is to be cleared, while that is decided */
	bool wants_body;
	enum copy_write writing;
	struct pair *writer; /* NULL: nobody, or it has ended meanwhile */
	/* Of a copy that nobody wants: what is shown of it, where there is anything to say. */
	struct condition cond;
	bool speaks;
	bool counted; /* by the brake, for the write under way or the one that failed */
	bool cleared; /* nothing of it is left to clear, at this version */
};

/* What marks name: one source, or custom resource, of one dialect in one cluster. */
struct origin_key {
	const char *cluster_id; /* interned; NULL: the marks are the dialect's own, of the copy's own cluster */
	uint64_t cluster;	/* that one's number; FC_NO_CLUSTER with an id */
	const struct fc_dialect *dialect;
	const char *group, *kind;      /* interned: of source and copies */
	const char *namespace_, *name; /* the source; interned, NULL: not named */
	const char *rule_namespace, *rule_name;
};
struct origin {
	struct origin_key key;
	size_t refs;		/* targets, rules and bearers that point to it */
	struct target *targets; /* that bear these marks (list `in_origin` of struct copy) */
	struct copy_rule **rules;
	size_t rule_count, rule_cap;
	struct bearer **bearers; /* whose finalizers wait for the targets */
	size_t bearer_count, bearer_cap;
	/* Is it there? Asked when copies are left over. */
	struct target *asked; /* what is named, as long as the question is open or its answer counts; NULL: not asked */
	bool gone;	      /* a consistent read has said 404, and nothing has spoken against it since */
	bool there;	      /* it exists, and has no such rule */
	struct origin *prev_in_asked, *next_in_asked;
	UT_hash_handle hh;
};

#endif
