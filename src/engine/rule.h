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
#include "model/uid.h"

/* How it stands with a rule or a pair: what people are told. */
struct condition {
	const struct fc_dialect *dialect;
	enum fc_state state;
	enum fc_state reported; /* what was last said in the log */
	const char *reason;	/* static */
	const char *message;	/* static; see condition_text */
	char *detail;
	enum fc_state noticed; /* what an Event has said last; Pending: none has said anything */
	bool at_bearer;	       /* ... on the object that asks for the copy, since that did not stand */
	bool heir;	       /* it took the place of a rule of which an Event has said that it is in a bad state */
	int64_t since_ms;      /* wall */
	uint64_t writes;
};

/* A rule or a pair in the graph of who feeds whom: cycles.c. */
struct vertex {
	bool is_pair, just_bound, is_open;
	uint32_t order, low;
	uint32_t visit;
};

/* Of whole objects: engine/copy.h. */
struct copy;
struct bearer;

/* What a rule is, where it stands. */
struct rule {
	struct target *target;
	struct condition cond;
	struct fc_rule_spec spec;
	struct word *word;     /* NULL: a literal, or invalid */
	struct source *source; /* NULL: not bound */
	const char *misfit;    /* static: why the instance fits no cluster or resource; NULL: it does */
	const char *denied;    /* static: why not allowed; NULL: allowed */
	bool asks_source;      /* it is not, and what the source says could change it: it is watched for that */
	bool linked;	       /* bound to a source and allowed: part of the graph of cycles */
	bool on_cycle;
	bool outside;	    /* the source's namespace is not among --namespace: counts as missing */
	bool overlaps;	    /* the place of another rule of the target is inside its own, or the other way round */
	bool child_blocked; /* cannot be set inside the value of the rule above it */
	bool refused;	    /* the server has refused what it wants, at this version of the target */
	/* What the source wants: valid while source->known (or for a literal). */
	bool want_known;
	enum fc_wanted wanted;
	struct fc_digest want;
	json_t *value;	     /* kept only while a write of it is pending */
	int64_t received_us; /* when that value's event came; 0: nothing to measure */
	bool wants_value;    /* a read of the source is under way for it */
	bool fresh; /* the wanted value or the rule is newer than the last write: a write of it is no rewrite */
	/* What stands in the target: valid while target->known. */
	struct fc_digest present;
	struct fc_path_ground ground;
	/* What we wrote and what the server made of it: for `settled_key` the digest `settled_present` is right. */
	struct fc_digest settled_key, settled_present, written_key;
	bool in_write;	     /* part of the last write that was sent */
	bool sent_fresh;     /* it was fresh in the last write */
	bool in_rewrite;     /* its last write undid what somebody else had put there */
	bool want_moved;     /* it wants something else since: what becomes of that write says nothing against it */
	bool is_root;	     /* its place was that of a whole group in that write */
	int64_t sent_us;     /* received_us of what that write carries */
	bool undecided;	     /* it takes no part, and may want something that is not known just now */
	bool takes_part;     /* nothing keeps it from being applied: of the decision under way */
	bool waits_for_sync; /* its source has not told its first state yet */
	struct rule *prev_in_word, *next_in_word;
	struct rule *prev_in_source, *next_in_source;
	struct rule *next; /* of the target */
	struct vertex vertex;
};

enum phase { IDLE, READING, WRITING };

/* What is written by itself: the object, and its status where the kind serves that as a subresource. */
enum part { PART_OBJECT, PART_STATUS, PARTS };

/* What failed writes of the status leave behind: they keep nothing else of the target back (promise 7). */
struct setback {
	unsigned failures;
	struct fault error;    /* of the last one; NONE after a success */
	int64_t not_before_ms; /* back-off: nothing is sent before */
};

/* An object that bears instructions, or that is written, or that is asked about because marks name it. It need not be
 * there: version is NULL then. It is kept while it has rules or a part of the other kinds. */
struct target {
	struct key key;
	uint64_t serial;	     /* order of making, the cursor of snapshots */
	struct watch *watch;	     /* borrowed */
	uint32_t generation_seen;    /* of the watch's lists */
	struct fc_uid uid;	     /* metadata.uid */
	char *version;		     /* resourceVersion last seen; what a write is decided on */
	json_int_t generation;	     /* metadata.generation, 0: none */
	struct fc_digest rules_text; /* of all annotations that matter: unchanged, no scan */
	struct rule *rules;
	struct copy *copy;     /* as a copy of a whole object, or the place of one; NULL: neither */
	struct bearer *bearer; /* as what bears instructions for whole objects; NULL: it bears none */
	struct origin *asked;  /* marks of copies name it (list `in_asked`) */
	bool known;	       /* the rules' `present` and `ground` are those of `version` */
	bool paused;	       /* bears fedcopy.dev/pause */
	bool has_hub;	       /* bears fedcopy.dev/hub, with the name that the master has */
	bool deleting;	       /* bears a deletionTimestamp */
	bool unreadable;       /* its last version could not be decoded */
	bool dirty;	       /* in fc_engine.dirty */
	bool owed;	       /* in fc_engine.owed */
	bool look_again;       /* read before the next decision, known or not: the outcome of a write is not known */
	enum phase phase;
	bool touched; /* an event came while it was being read */
	/* The newest event that came while it was being written. */
	json_t *held;
	bool held_gone, held_unreadable, held_listed;
	char *held_version;
	/* After failures. */
	unsigned failures;
	struct fault error;	  /* of the last read, or write of the object; NONE after a success */
	struct setback of_status; /* of the last write of the status */
	enum part written;	  /* by the last write */
	char *refused_version;	  /* what a write was refused on: a read is to show whether it was this version that
				     refused */
	/* A write of several places was refused: each goes alone, to find the one that is at fault. */
	bool one_by_one[PARTS];
	int64_t not_before_ms; /* back-off: nothing is sent before */
	/* Reads of sources are waited for until then, to make one write of all; 0: none. */
	int64_t values_until_ms[PARTS];
	int64_t settle_until_ms; /* waits for the first sync of its other sources, to make one write of all */
	char *conflict_version;	 /* what a 409 was decided on: if it still stands then, the 409 was no information */
	int64_t event_until_ms;	 /* a 409 came: its event is awaited until then; 0: no */
	struct alarm alarm;	 /* ALARM_TARGET */
	/* Rewrites within the last minute, oldest first. */
	int64_t *rewrites;
	unsigned rewrite_count, flaps;
	bool flapping, writing_rewrite;
	struct job job;
	struct target *prev_in_watch, *next_in_watch;
	struct target *next_dirty;
	UT_hash_handle hh; /* fc_engine.targets, in the order of making */
};

struct source {
	struct key key;
	struct watch *watch;	  /* the one it relies on; NULL while none covers it */
	struct watch *own;	  /* that of it alone, relied on or about to be; NULL: none */
	uint32_t generation_seen; /* of that watch's lists */
	bool planned;		  /* counted in its group, and watched */
	uint64_t seen_elsewhere;  /* watch and generation of a list of a wider watch, which may take over */
	bool known;		  /* its state is told below; else first sync */
	bool present;
	bool unreadable;
	char *version;
	json_t *said; /* what it says to being read, and pauses: consent_words; NULL: nothing */
	struct rule *rules;
	struct copy_rule *copy_rules; /* those that copy it whole (list `in_source`) */
	bool touched;		      /* an event came while it was being read */
	bool in_doubt; /* versions may have begun again (a restored backup): an older one may be news, a read tells */
	bool owed;     /* a question that no watch answers any more: it is read, once more if it is just being read */
	bool asked;    /* the read under way is for such a question: it is asked again until it is answered */
	struct fault error;    /* of the last read; NONE after a success */
	unsigned failures;     /* reads in a row */
	int64_t not_before_ms; /* it is not read again before */
	json_t *held;	       /* newest body that came while the same object was being written as a target */
	int64_t held_received_us;
	struct job job;
	struct source *prev_in_watch, *next_in_watch;
	UT_hash_handle hh; /* fc_engine.sources */
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
