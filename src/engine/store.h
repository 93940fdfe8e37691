/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's inner data: what src/engine's files share and nobody else sees.
 * Owns:    struct fc_engine owns everything; the comment of each pointer says when it is borrowed.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5, Reading and Writing; kube-client 6.18 for the sharing of watches. */
#ifndef FC_ENGINE_STORE_H
#define FC_ENGINE_STORE_H

#include "base/hash.h"
#include "base/intern.h"
#include "base/random.h"
#include "engine/engine.h"
#include "json/digest.h"

#include <utlist.h>

#include <stdbool.h>

/* An object's key. All pointers are interned, so keys are equal when their bytes are. */
struct key {
	const struct fc_resource *resource; /* from fc_engine.resources */
	const char *namespace_;		    /* "" for cluster-scoped */
	const char *name;
	uint64_t cluster; /* as wide as a pointer: no padding between the bytes that are compared */
};

/* What last went wrong, kept small: there may be one for each of a hundred thousand objects. */
struct fault {
	enum fc_error_class cls; /* FC_ERR_NONE: nothing, and text is NULL */
	char *text;
};

/* A watch that was started. */
struct watch {
	uint32_t id;
	fc_cluster_no cluster;
	const struct fc_resource *resource; /* borrowed from fc_engine.resources */
	const char *namespace_;		    /* interned or NULL: all namespaces */
	const char *name;		    /* interned or NULL: all objects */
	bool of_targets;		    /* metadata, for annotations; else bodies, for sources */
	bool synced;			    /* its first list is complete */
	bool listing;
	uint32_t generation;		    /* counts lists: what bears an older number at the end of a list was not in it */
	struct fault error;		    /* why it does not work just now; cls NONE: it does */
	struct target *targets;		    /* of_targets: those seen on it (list `in_watch`) */
	struct source *sources;		    /* else: those that rely on it (list `in_watch`) */
	UT_hash_handle hh;		    /* fc_engine.watches */
};

/* A RESOURCE word as one cluster understands it. */
struct word {
	struct cluster *cluster;
	const char *text; /* interned */
	bool for_targets; /* it is one of --target */
	bool answered;
	const struct fc_resource *resource; /* from fc_engine.resources; NULL: not served, or not known yet */
	struct fault error;		    /* why there is none */
	struct rule *rules;		    /* those that wait for it or rely on it (list `in_word`) */
	struct word *next;
};

enum connection { CONNECTING, UP, DOWN, REFUSED };

/* Something that can wait for a free request in a cluster: a target's write, a target's read, a source's read. */
enum job_kind { JOB_NONE, JOB_READ_TARGET, JOB_WRITE_TARGET, JOB_READ_SOURCE };
struct job {
	enum job_kind kind; /* what it waits for, or what is under way */
	bool queued;
	uint64_t request; /* under way; 0: none */
	void *owner;
	struct job *prev, *next;
};

struct cluster {
	fc_cluster_no no;
	const struct fc_cluster_info *info; /* borrowed */
	enum connection connection;
	char *id; /* uid of kube-system; NULL: not known */
	struct fault error;
	bool had_outcome, has_synced;
	struct word *words;
	struct job *write_queue, *read_queue;
	unsigned writes_in_flight, reads_in_flight;
};

/* What a rule is, where it stands. */
struct rule {
	struct target *target;
	const struct fc_dialect *dialect;
	struct fc_rule_spec spec;
	struct word *word;     /* NULL: a literal, or invalid */
	struct source *source; /* NULL: not bound */
	enum fc_state state;
	enum fc_state reported; /* what was last said in the log */
	const char *reason;	/* static */
	const char *message;	/* static, or detail */
	char *detail;
	int64_t since_ms; /* wall */
	uint64_t writes;
	const char *misfit; /* static: why the instance fits no cluster or resource; NULL: it does */
	const char *denied; /* static: why not allowed; NULL: allowed */
	bool on_cycle;
	bool outside;	      /* the source's namespace is not among --namespace: counts as missing */
	bool child_blocked;   /* cannot be set inside the value of the rule above it */
	bool refused;	      /* the server has refused what it wants, at this version of the target */
	/* What the source wants: valid while source->known (or for a literal). */
	bool want_known;
	enum fc_wanted wanted;
	struct fc_digest want;
	json_t *value;	      /* kept only while a write of it is pending */
	int64_t received_us;  /* when that value's event came; 0: nothing to measure */
	bool wants_value;     /* a read of the source is under way for it */
	bool fresh;	      /* the wanted value or the rule is newer than the last write: a write of it is no rewrite */
	/* What stands in the target: valid while target->known. */
	struct fc_digest present;
	struct fc_path_ground ground;
	/* What we wrote and what the server made of it: for `settled_key` the digest `settled_present` is right. */
	struct fc_digest settled_key, settled_present, written_key;
	bool in_write;	    /* part of the last write that was sent */
	bool is_root;	    /* its place was that of a whole group in that write */
	int64_t sent_us;    /* received_us of what that write carries */
	bool takes_part;    /* nothing keeps it from being applied: of the decision under way */
	bool waits_for_sync; /* its source has not told its first state yet */
	struct rule *prev_in_word, *next_in_word;
	struct rule *prev_in_source, *next_in_source;
	struct rule *next; /* of the target */
	uint32_t visit;	   /* mark of the search for cycles */
};

enum phase { IDLE, READING, WRITING };

struct target {
	struct key key;
	uint64_t serial; /* order of making, the cursor of snapshots */
	struct watch *watch;		  /* borrowed */
	uint32_t generation_seen;	  /* of the watch's lists */
	struct fc_digest uid; /* of metadata.uid: 16 bytes tell as much as 36 */
	char *version;	    /* resourceVersion last seen; what a write is decided on */
	json_int_t generation; /* metadata.generation, 0: none */
	struct fc_digest rules_text; /* of all annotations that matter: unchanged, no scan */
	struct rule *rules;
	bool known;	   /* the rules' `present` and `ground` are those of `version` */
	bool deleting;	   /* bears a deletionTimestamp */
	bool unreadable;   /* its last version could not be decoded */
	bool dirty;	   /* in fc_engine.dirty */
	bool look_again;   /* read before the next decision, known or not: the outcome of a write is not known */
	enum phase phase;
	bool touched; /* an event came while it was being read */
	/* The newest event that came while it was being written. */
	json_t *held;
	bool held_gone;
	char *held_version;
	/* After failures. */
	unsigned failures;
	struct fault error;	/* of the last write or read; NONE after a success */
	char *refused_version;	/* what a write was refused on: a read is to show whether it was this version that refused */
	bool one_by_one;	/* a write of several places was refused: each goes alone, to find the one that is at fault */
	int64_t not_before_ms;	/* back-off: nothing is sent before */
	int64_t settle_until_ms; /* waits for the first sync of its other sources, to make one write of all */
	int64_t event_until_ms;	/* a 409 came: its event is awaited until then; 0: no */
	int64_t due_ms;		/* in the timer heap; 0: not in it */
	size_t heap_index;
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
	uint32_t generation_seen; /* of that watch's lists */
	bool planned;		  /* counted in its group, and watched */
	uint64_t seen_elsewhere;  /* watch and generation of a list of a wider watch, which may take over */
	bool known;	  /* its state is told below; else first sync */
	bool present;
	bool unreadable;
	char *version;
	struct rule *rules;
	bool touched;	  /* an event came while it was being read */
	struct fault error; /* of the last read; NONE after a success */
	json_t *held;	       /* newest body that came while the same object was being written as a target */
	int64_t held_received_us;
	struct job job;
	struct source *prev_in_watch, *next_in_watch;
	UT_hash_handle hh; /* fc_engine.sources */
};

/* All sources of one resource in one cluster: decides how wide their watches are. */
struct source_space {
	const char *namespace_; /* interned, "" for cluster-scoped */
	size_t count;		/* sources in it */
	struct watch *wide;	/* one watch of the namespace, or NULL: one per source */
	struct source_space *next;
};
struct source_group {
	fc_cluster_no cluster;
	const struct fc_resource *resource;
	struct source_space *spaces;
	size_t named;	    /* watches of single objects */
	struct watch *wide; /* one watch of the cluster, or NULL */
	struct source_group *next;
};

struct request {
	uint64_t id;
	struct job *job;     /* NULL: its owner is gone, the answer is of no interest */
	enum job_kind kind;
	struct cluster *cluster;
	UT_hash_handle hh;
};

struct fc_engine {
	struct fc_engine_options options;
	struct fc_random random;
	struct fc_intern *strings;
	const struct fc_resource **resources;
	size_t resource_count, resource_cap;
	struct cluster *clusters;
	struct watch *watches;
	struct target *targets;
	struct source *sources;
	struct source_group *groups;
	struct request *requests;
	struct target **heap;
	size_t heap_count, heap_cap;
	struct target *dirty, **dirty_end;
	size_t (*counts)[FC_STATES]; /* per dialect */
	size_t rule_count;
	uint32_t next_watch, visit;
	uint64_t next_request, next_target;
	bool started;
	/* At the start sources are only collected, until every cluster has told its targets or failed to, at most until then: each is then
	 * watched once, as widely as it will be, and its first body serves all its rules. */
	bool collecting;
	int64_t collect_until_ms;
	size_t cycle_count; /* rules on a cycle */
	/* Of the step under way. */
	struct fc_actions *out;
	int64_t now_ms, wall_ms;
};

/* --- clusters.c: connections and RESOURCE words --- */
void clusters_start(struct fc_engine *e);
void cluster_up(struct fc_engine *e, struct cluster *c, const struct fc_event *event);
void cluster_down(struct fc_engine *e, struct cluster *c, const struct fc_event *event);
void cluster_resolved(struct fc_engine *e, struct cluster *c, const struct fc_event *event);
struct cluster *cluster_by_name(struct fc_engine *e, const char *name);
/* The word of that cluster, asked for if it is new. Owned by the cluster. */
struct word *cluster_word(struct fc_engine *e, struct cluster *c, const char *text);
/* Nobody uses it any more: it is not looked up again. */
void cluster_forget_word(struct fc_engine *e, struct word *w);
bool namespace_selected(const struct fc_engine *e, const char *namespace_);
bool clusters_have_told(const struct fc_engine *e); /* every cluster is synced, or has failed once */
void clusters_check_synced(struct fc_engine *e, struct cluster *c);

/* --- watches.c: starting, stopping and what they tell --- */
struct watch *watch_start(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *namespace_,
			  const char *name, bool of_targets);
void watch_stop(struct fc_engine *e, struct watch *w); /* nothing may rely on it any more */
void watch_event(struct fc_engine *e, const struct fc_event *event);

/* --- targets.c: annotated objects --- */
void target_object(struct fc_engine *e, struct watch *w, json_t *object);
void target_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version);
void target_unreadable(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version);
void targets_list_end(struct fc_engine *e, struct watch *w);
void target_read_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error);
void target_write_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error);
void target_mark(struct fc_engine *e, struct target *t); /* decide about it before this step ends */
void target_free(struct fc_engine *e, struct target *t);
void target_read(struct fc_engine *e, struct target *t);
/* What a rule wants has changed (NULL: any): what was said against the last attempt is void. */
void target_wants_anew(struct target *t, const struct rule *changed);

/* --- rules.c: a rule's binding to its source --- */
bool rules_present(const struct fc_engine *e, const json_t *object); /* does it bear an annotation of a dialect? */
/* Makes the target's rules those that `object` bears; rules that stay keep what is known of them. Returns whether one is new. */
bool rules_scan(struct fc_engine *e, struct target *t, const json_t *object);
void rules_survey(struct target *t, const json_t *object); /* what stands at each rule's place */
void rules_free(struct fc_engine *e, struct target *t);
void rule_bind(struct fc_engine *e, struct rule *r);
void rule_unbind(struct fc_engine *e, struct rule *r);
void rule_drop_value(struct rule *r);
const char *rule_source_namespace(const struct rule *r); /* borrowed; NULL: cluster-scoped */

/* --- sources.c: objects that are read --- */
struct source *source_attach(struct fc_engine *e, const struct key *key, struct rule *r);
void source_detach(struct fc_engine *e, struct rule *r); /* frees a source that nobody names any more */
void source_object(struct fc_engine *e, struct watch *w, json_t *object, int64_t received_us);
void source_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version);
void source_unreadable(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version);
void sources_list_end(struct fc_engine *e, struct watch *w, bool removes);
void sources_changed(struct fc_engine *e, struct watch *w); /* the watch's error changed: decide again */
/* A body that came while the same object was being written as a target, and the write failed: now it counts. */
void source_deliver_held(struct fc_engine *e, const struct key *key);
void source_read(struct fc_engine *e, struct source *s);
void source_read_done(struct fc_engine *e, struct source *s, json_t *object, const struct fc_error *error);
/* The answer to a write of the same object: it, or what was held meanwhile, whichever is newer, is the source's state. */
void source_written(struct fc_engine *e, const struct key *key, json_t *answer);

/* --- source_watches.c: how wide the watches of sources are --- */
void source_watch_add(struct fc_engine *e, struct source *s);
/* The end of collecting: every source that waits is watched. */
void source_watches_begin(struct fc_engine *e);
void source_watch_remove(struct fc_engine *e, struct source *s);
void source_watch_synced(struct fc_engine *e, struct watch *w); /* a wide watch takes over from the narrow ones */
void source_watches_free(struct fc_engine *e);
/* The mark of a list of `w` for source.seen_elsewhere. */
static inline uint64_t watch_list_mark(const struct watch *w)
{
	return (uint64_t)w->id << 32 | w->generation;
}

/* --- decide.c: a target's rules against what stands there --- */
void target_decide(struct fc_engine *e, struct target *t);

/* --- states.c: which state a rule is in, and saying so --- */
/* Sets takes_part and waits_for_sync; where the rule takes no part, also its state (design section 5, the first that applies). */
void rule_judge(struct fc_engine *e, struct rule *r);
/* `reason` and `message` are static; `detail` is copied, and shown in the message's place where given. */
void rule_set_state(struct fc_engine *e, struct rule *r, enum fc_state state, const char *reason, const char *message,
		    const char *detail);
/* The state of a rule whose target waits: because it flaps, or because the last write or read failed with t->error. */
void rule_set_waiting(struct fc_engine *e, struct rule *r);

/* --- reports.c: what is worth a log line or a number --- */
void report_rule(struct fc_engine *e, enum fc_log_level level, const struct rule *r);
void report_cluster(struct fc_engine *e, enum fc_log_level level, const struct cluster *c, const char *message, const char *detail);
void report_write(struct fc_engine *e, const struct target *t);
void measure_write(struct fc_engine *e, const struct target *t, const char *result);
void measure_retry(struct fc_engine *e);
void measure_propagation(struct fc_engine *e, const struct rule *r);
char *rule_source_text(const struct fc_engine *e, const struct rule *r); /* the caller frees */
char *rule_target_text(const struct fc_engine *e, const struct rule *r);
char *rule_path_text(const struct rule *r);

/* --- requests.c: the requests under way and those that wait --- */
void job_init(struct job *j, void *owner);
/* Counts the job as under way and gives its request a number, or, where the cluster has no request free, puts it in line and returns 0:
 * its owner is asked again when its turn comes. */
uint64_t job_start(struct fc_engine *e, struct cluster *c, struct job *j, enum job_kind kind);
bool job_could_start(const struct fc_engine *e, const struct cluster *c, enum job_kind kind);
void job_wait(struct cluster *c, struct job *j, enum job_kind kind);
void job_leave_line(struct cluster *c, struct job *j);
void job_forget(struct fc_engine *e, struct cluster *c, struct job *j); /* its owner goes */
void request_done(struct fc_engine *e, const struct fc_event *event);
void jobs_run(struct fc_engine *e, struct cluster *c);

/* --- retry.c: delays after failures --- */
int64_t retry_delay_ms(struct fc_random *random, unsigned failures, int64_t retry_after_ms);
void retry_failed(struct fc_engine *e, struct target *t, const struct fc_error *error);
void retry_succeeded(struct target *t);
/* Notes a rewrite at this time; true: there are too many (promise 6). */
bool retry_note_rewrite(struct fc_engine *e, struct target *t);
void retry_forget_rewrites(struct target *t);

void fault_set(struct fault *f, const struct fc_error *error);
void fault_clear(struct fault *f);

/* --- timers.c --- */
void timer_set(struct fc_engine *e, struct target *t, int64_t due_ms);
void timer_clear(struct fc_engine *e, struct target *t);
struct target *timer_take_due(struct fc_engine *e, int64_t now_ms);

/* --- permissions.c --- */
/* NULL: allowed; else a static sentence why not. Design section 7. */
const char *permission_denied(const struct fc_engine *e, const struct rule *r, const struct fc_resource *source,
			      fc_cluster_no source_cluster, const char *source_namespace);

/* --- cycles.c --- */
void cycles_rule_bound(struct fc_engine *e, struct rule *r);
void cycles_rule_unbound(struct fc_engine *e, struct rule *r);

/* --- keys: engine.c --- */
/* Interns the strings: each use is given back by key_drop. */
struct key key_take(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *namespace_, const char *name);
void key_drop(struct fc_engine *e, struct key *key);
/* Looks up without interning; NULL when there is none. */
struct target *target_find(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns, const char *name);
struct source *source_find(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns, const char *name);
const struct fc_resource *resource_take(struct fc_engine *e, const struct fc_resource *r);

#endif
