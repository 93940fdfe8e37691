/* SPDX-License-Identifier: Apache-2.0 */
/* A rule and its two ends, the target that bears it and the source that it reads: what src/engine's files share about
 * them.
 * Owns:    a target owns its rules; targets and sources are owned by struct fc_engine; the comment of a pointer
 *          says when it is borrowed.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, Reading and Writing. */
#ifndef FC_ENGINE_RULE_H
#define FC_ENGINE_RULE_H

#include "engine/store.h"
#include "model/resource_version.h"
#include "model/uid.h"

/* How it stands with a rule or a pair: what people are told. */
struct condition {
	const struct fc_dialect *dialect;
	const char *reason;  /* static */
	const char *message; /* static; see condition_text */
	char *detail;
	int64_t since_ms; /* wall */
	uint32_t writes;
	enum fc_state state : 4;
	enum fc_state reported : 4; /* what was last said in the log */
	enum fc_state noticed : 4;  /* what an Event has said last; Pending: none has said anything */
	bool at_bearer : 1;	    /* ... on the object that asks for the copy, since that did not stand */
	bool heir : 1; /* it took the place of a rule of which an Event has said that it is in a bad state */
};

/* A rule or a pair in the graph of who feeds whom: cycles.c. */
struct vertex {
	uint32_t visit;	     /* the search that has met it last */
	uint32_t order : 28; /* in which that one met it */
	bool is_open : 1;    /* and its component is not finished */
	bool is_pair : 1;
	bool just_bound : 1;
	bool on_cycle : 1;
};

/* Of whole objects: engine/copy.h. */
struct copy;
struct bearer;

/* What a rule has written, and what the server made of it: there while the write is under way, and later where the
 * server made something else of it than was wished. */
struct echo {
	struct fc_digest written;      /* what the group wished in the last write */
	struct fc_digest settled_wish; /* for this wish ... */
	struct fc_digest settled;      /* ... this is right; both are of the first rule of a group */
	int64_t sent_us;	       /* received_us of what the last write carries; 0: nothing to measure */
};

/* What a rule is, where it stands. There may be a hundred thousand: see struct target. */
struct rule {
	struct target *target;
	struct condition cond;
	struct fc_digest text;		 /* of the whole instruction as written: equal text is the same rule */
	const struct fc_rule_spec *spec; /* shared with others, without a name: specs.c */
	const char *source_name;	 /* interned; NULL: a literal, or invalid */
	struct word *word;		 /* NULL: a literal, or invalid */
	struct source *source;		 /* NULL: not bound */
	const char *misfit;		 /* static: why the instance fits no cluster or resource; NULL: it does */
	const char *denied;		 /* static: why not allowed; NULL: allowed */
	/* What the source wants: valid while source->known (or for a literal). */
	struct fc_digest want;
	json_t *value;	     /* kept only while a write of it is pending */
	int64_t received_us; /* when that value's event came; 0: nothing to measure */
	/* What stands in the target: valid while target->known. */
	struct fc_digest present;
	struct fc_path_ground ground;
	enum fc_wanted wanted : 2;
	bool want_known : 1;
	bool wants_value : 1;	/* a read of the source is under way for it */
	bool asks_source : 1;	/* not allowed, and what the source says could change it: it is watched for that */
	bool linked : 1;	/* bound to a source and allowed: part of the graph of cycles */
	bool outside : 1;	/* the source's namespace is not among --namespace: counts as missing */
	bool overlaps : 1;	/* the place of another rule of the target is inside its own, or the other way round */
	bool child_blocked : 1; /* cannot be set inside the value of the rule above it */
	bool refused : 1;	/* the server has refused what it wants, at this version of the target */
	bool fresh : 1;	   /* the wanted value or the rule is newer than the last write: a write of it is no rewrite */
	bool in_write : 1; /* part of the last write that was sent */
	bool is_root : 1;  /* its place was that of a whole group in that write */
	bool sent_fresh : 1;	 /* it was fresh in that write */
	bool in_rewrite : 1;	 /* that write undid what somebody else had put there */
	bool want_moved : 1;	 /* it wants something else since: what becomes of that write says nothing against it */
	bool undecided : 1;	 /* it takes no part, and may want something that is not known just now */
	bool takes_part : 1;	 /* nothing keeps it from being applied: of the decision under way */
	bool waits_for_sync : 1; /* its source has not told its first state yet */
	struct vertex vertex;
	struct echo *echo; /* of the last write; NULL: nothing to be remembered */
	struct rule *prev_in_word, *next_in_word;
	struct rule *prev_in_source, *next_in_source;
	struct rule *next; /* of the target */
};

enum phase { IDLE, READING, WRITING };

/* An object that bears instructions, or that is written, or that is asked about because marks name it. It need not be
 * there: it has no version then. It is kept while it has rules or a part of the other kinds. What is seldom needed is
 * not a member but a pointer to one: there may be a hundred thousand targets. */
struct target {
	struct key key;
	uint64_t serial;	     /* order of making, the cursor of snapshots */
	struct watch *watch;	     /* borrowed */
	struct fc_rv version;	     /* last seen; what a write is decided on */
	json_int_t generation;	     /* metadata.generation, 0: none */
	struct fc_digest rules_text; /* of all annotations that matter: unchanged, no scan */
	struct rule *rules;
	struct copy *copy;	  /* as a copy of a whole object, or the place of one; NULL: neither */
	struct bearer *bearer;	  /* as what bears instructions for whole objects; NULL: it bears none */
	struct origin *asked;	  /* marks of copies name it (list `in_asked`) */
	int64_t settle_until_ms;  /* waits for the first sync of its other sources, to make one write of all */
	struct job job;		  /* the request for it that is under way, or waits */
	uint32_t generation_seen; /* of the watch's lists */
	struct alarm alarm;	  /* ALARM_TARGET */
	struct fc_uid uid;	  /* metadata.uid */
	enum phase phase : 2;
	enum part written : 2;	  /* by the last write */
	bool known : 1;		  /* the rules' `present` and `ground` are those of `version` */
	bool paused : 1;	  /* bears fedcopy.dev/pause */
	bool has_hub : 1;	  /* bears fedcopy.dev/hub, with the name that the master has */
	bool deleting : 1;	  /* bears a deletionTimestamp */
	bool unreadable : 1;	  /* its last version could not be decoded */
	bool dirty : 1;		  /* in fc_engine.dirty */
	bool owed : 1;		  /* in fc_engine.owed */
	bool look_again : 1;	  /* read before the next decision, known or not: the outcome of a write is not known */
	bool touched : 1;	  /* an event came while it was being read */
	bool flapping : 1;	  /* somebody keeps undoing what is written */
	bool writing_rewrite : 1; /* the last write undid something */
	struct setback *setbacks[PARTS]; /* NULL: nothing keeps that part back */
	struct doubt *doubt;		 /* NULL: none */
	struct held *held;		 /* NULL: nothing came */
	struct fight *fight;		 /* what is remembered of those who undo what is written; NULL: nobody has */
	struct target *prev_in_watch, *next_in_watch;
};

/* An object that rules read. */
struct source {
	struct key key;
	struct watch *watch;	  /* the one it relies on; NULL while none covers it */
	struct watch *own;	  /* that of it alone, relied on or about to be; NULL: none */
	uint64_t seen_elsewhere;  /* watch and generation of a list of a wider watch, which may take over */
	uint32_t generation_seen; /* of its watch's lists */
	bool planned : 1;	  /* counted in its group, and watched */
	bool known : 1;		  /* its state is told below; else first sync */
	bool present : 1;
	bool unreadable : 1;
	bool touched : 1;  /* an event came while it was being read */
	bool in_doubt : 1; /* versions may have begun again (a restored backup): an older one may be news, a read tells
			    */
	bool owed : 1;	 /* a question that no watch answers any more: it is read, once more if it is just being read */
	bool asked : 1;	 /* the read under way is for such a question: it is asked again until it is answered */
	bool ending : 1; /* as its body was told last, which is not kept: it bears a deletionTimestamp, */
	bool paused : 1; /* and fedcopy.dev/pause */
	struct fc_rv version;
	json_t *said; /* what it says to being read, and pauses: consent_words; NULL: nothing */
	struct rule *rules;
	struct copy_rule *copy_rules; /* those that copy it whole (list `in_source`) */
	struct reading *readings;     /* of `said`: copy_judge.h */
	struct setback *setback;      /* of reads; NULL: none */
	struct held_body *held;	      /* the newest; NULL: none */
	struct job job;		      /* the read that is under way, or waits */
	struct source *prev_in_watch, *next_in_watch;
};

/* The target is decided about then: timers.c. */
static inline void timer_set_earliest(struct fc_engine *e, struct target *t, int64_t due_ms)
{
	alarm_set_earliest(e, &t->alarm, due_ms);
}
static inline void timer_clear(struct fc_engine *e, struct target *t)
{
	alarm_clear(e, &t->alarm);
}

#endif
