/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/engine ask of each other, file by file. Nobody else includes this.
 * Owns:    nothing; who owns the data is said in engine/store.h and engine/rule.h.
 * Threads: the engine's.
 * Fails:   never: what goes wrong becomes the state of a rule.
 * Source:  design section 5. */
#ifndef FC_ENGINE_PARTS_H
#define FC_ENGINE_PARTS_H

#include "engine/notices.h"
#include "engine/permissions.h"
#include "engine/rule.h"
#include "engine/set.h"
#include "engine/store.h"

/* --- watches.c: starting, stopping and what they tell --- */
struct watch *watch_start(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
			  const char *namespace_, const char *name, enum watch_use use);
void watch_stop(struct fc_engine *e, struct watch *w); /* nothing may rely on it any more */
void watch_event(struct fc_engine *e, const struct fc_event *event);
/* Ends what was started, and takes another number, under which nothing is started yet: it is the last of its cluster
 * then. What is known of it stays. */
void watch_silence(struct fc_engine *e, struct watch *w);
bool watch_has_told(const struct watch *w); /* all that it is to tell of what stands there */
void watch_say_start(struct fc_engine *e, const struct watch *w);
/* What it told and nobody kept is wanted now. What is known of it stays. */
void watch_list_again(struct fc_engine *e, struct watch *w);

/* --- targets.c: annotated objects --- */
/* Long enough for a first list or a read of other sources on a busy server, short enough not to be felt. */
#define SETTLE_MS 500
void target_object(struct fc_engine *e, struct watch *w, json_t *object);
void target_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version);
void target_unreadable(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name,
		       const char *version);
void targets_list_end(struct fc_engine *e, struct watch *w);
void target_read_done(struct fc_engine *e, struct target *t, json_t *object, const struct fc_error *error);
void target_write_done(struct fc_engine *e, struct target *t, json_t *object, bool brief, const struct fc_error *error);
void targets_forget_held(struct fc_engine *e, fc_cluster_no cluster); /* a list is to come that tells anew */
void targets_master_renamed(struct fc_engine *e);		      /* others follow it now */
void target_mark(struct fc_engine *e, struct target *t);	      /* decide about it before this step ends */
void target_free(struct fc_engine *e, struct target *t);
void target_read(struct fc_engine *e, struct target *t);
enum part rule_part(const struct rule *r);			      /* of the target: which one it writes */
int64_t target_not_before_ms(const struct target *t, enum part part); /* nothing of it is sent before */
/* Whether the status of that watch's targets is written by itself. */
void targets_have_status(struct fc_engine *e, struct watch *w, bool has_status);
/* What a rule wants has changed (NULL: any): what was said against the last attempt is void. */
void target_wants_anew(struct target *t, const struct rule *changed);
void target_copy_wants_anew(struct target *t, const struct fc_digest *want); /* the same of a whole object */
/* Does `r`, inside the place of `root`, read from that place? What comes to it from there is no new value: whoever
 * undoes what `root` writes makes it. */
bool target_feeds_itself(const struct rule *root, const struct rule *r);

/* --- rules.c: a rule's binding to its source --- */
bool rules_present(const struct fc_engine *e, const json_t *object); /* does it bear an annotation of a dialect? */
/* Is this master the one that it follows (fedcopy.dev/hub)? The rules of another one's are not even seen. */
bool rules_follow_master(const struct fc_engine *e, const json_t *object);
/* Makes the target's rules those that `object` bears; rules that stay keep what is known of them. Returns whether one
 * is new. */
bool rules_scan(struct fc_engine *e, struct target *t, const json_t *object);
void rules_survey(struct target *t, const json_t *object); /* what stands at each rule's place */
void rules_free(struct fc_engine *e, struct target *t);
void rule_bind(struct fc_engine *e, struct rule *r); /* finds its source: one that is bound to the right one stays */
/* The same, where the cluster that it names may be another one now. */
void rule_rebind(struct fc_engine *e, struct rule *r);
void rules_bind_all(struct fc_engine *e); /* what may be read has changed: every rule is decided about again */
void rule_unbind(struct fc_engine *e, struct rule *r);
void rule_drop_value(struct rule *r);
struct echo *rule_echo(struct rule *r); /* made where there is none */
void rule_forget_echo(struct rule *r);
/* What stands in the target is right as long as its group wishes that. */
void rule_settles(struct rule *r, const struct fc_digest *wish);
void rule_joins(struct rule *r); /* as one that is new: what was written or refused before was without it */
const char *rule_source_namespace(const struct rule *r); /* borrowed; NULL: cluster-scoped */

/* --- specs.c: what rules say --- */
/* A reference to one that says what `scanned` says, but for its name; takes over what that holds. */
const struct fc_rule_spec *spec_take(struct fc_engine *e, struct fc_rule_spec *scanned);
void spec_drop(struct fc_engine *e, const struct fc_rule_spec *spec);
uint32_t spec_hash(const void *shared); /* for the table of them */

/* --- sources.c: objects that are read --- */
struct source *source_attach(struct fc_engine *e, const struct key *key, struct rule *r);
void source_detach(struct fc_engine *e, struct rule *r); /* frees a source that nobody names any more */
void source_object(struct fc_engine *e, struct watch *w, json_t *object, int64_t received_us);
void source_gone(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name, const char *version);
void source_unreadable(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name,
		       const char *version);
void sources_list_end(struct fc_engine *e, struct watch *w, bool removes);
void sources_changed(struct fc_engine *e, struct watch *w); /* the watch's error changed: decide again */
/* A body that came while the same object was being written as a target, and the write failed: now it counts. */
void source_deliver_held(struct fc_engine *e, const struct key *key);
void sources_forget_held(struct fc_engine *e, fc_cluster_no cluster);
void source_read(struct fc_engine *e, struct source *s); /* for a value; a failure is shown, who wants it asks again */
int64_t source_not_before_ms(const struct source *s);	 /* it is not read before */
void source_waits_no_more(struct source *s);
void source_ask(struct fc_engine *e, struct source *s); /* whether it is there, and how: until there is an answer */
void source_read_done(struct fc_engine *e, struct source *s, json_t *object, const struct fc_error *error);
/* The answer to a write of the same object: it, or what was held meanwhile, if newer, is the source's state. */
void source_written(struct fc_engine *e, const struct key *key, json_t *answer);
bool source_is_named(const struct fc_engine *e, const struct key *key); /* does any rule read it? */
/* Is the target, which is new, read from, and might yet turn out to feed itself? */
bool sources_may_close_circle(const struct fc_engine *e, const struct target *t);
/* A read of it as a target told it whole: as a source it has that too, if it is newer than what its watch has told. */
void source_was_read(struct fc_engine *e, const struct key *key, json_t *object);

/* --- source_watches.c: how wide the watches of sources are --- */
void source_watch_add(struct fc_engine *e, struct source *s);
/* The end of collecting: every source that waits is watched. */
void source_watches_begin(struct fc_engine *e);
void source_watch_remove(struct fc_engine *e, struct source *s);
/* It works: it may take over from others, which may end then; it does not itself. */
void source_watch_works(struct fc_engine *e, struct watch *w);
void source_watch_forbidden(struct fc_engine *e, struct watch *w);
void source_watches_free(struct fc_engine *e);
/* The mark of a list of `w` for source.seen_elsewhere. */
static inline uint64_t watch_list_mark(const struct watch *w)
{
	return (uint64_t)w->id << 32 | w->generation;
}

/* --- decide.c: a target's rules against what stands there --- */
void target_decide(struct fc_engine *e, struct target *t);

/* --- conditions.c: a rule's or pair's state, counted and said --- */
void condition_init(struct fc_engine *e, struct condition *c, const struct fc_dialect *dialect);
void condition_fini(struct fc_engine *e, struct condition *c);
/* `reason` and `message` are static; `detail` is copied, and shown in the message's place where given. False: nothing
 * has changed. */
bool condition_set(struct fc_engine *e, struct condition *c, enum fc_state state, const char *reason,
		   const char *message, const char *detail);
const char *condition_text(const struct condition *c); /* what people are told */
/* Is it to be said, now for the last time until it changes, and how loud? Pending comes and goes with every write: it
 * is shown, not said. That all is well from the start is news to nobody but who debugs. */
bool condition_is_news(struct condition *c, enum fc_log_level *level);

/* --- states.c: which state a rule is in, and saying so --- */
/* Sets takes_part and waits_for_sync; where the rule takes no part, also its state (design section 5, the first that
 * applies). */
void rule_judge(struct fc_engine *e, struct rule *r);
/* `reason` and `message` are static; `detail` is copied, and shown in the message's place where given. */
void rule_set_state(struct fc_engine *e, struct rule *r, enum fc_state state, const char *reason, const char *message,
		    const char *detail);
/* Shows why the rule's source cannot be read; false: nothing is wrong with it. */
bool rule_set_source_failed(struct fc_engine *e, struct rule *r);
/* The state of a rule whose target waits: because it flaps, or because the last write or read failed with
 * t->error. */
void rule_set_waiting(struct fc_engine *e, struct rule *r);

/* --- reports.c: what is worth a log line or a number --- */
/* Words for people; the caller frees. */
char *target_text(const struct fc_engine *e, const struct target *t);
char *rule_source_text(const struct fc_engine *e, const struct rule *r);
char *rule_path_text(const struct rule *r);
char *copy_source_text(const struct fc_engine *e, const struct copy_rule *cr);
char *origin_text(const struct fc_engine *e, const struct origin *o);
char *copy_origin_text(const struct fc_engine *e, const struct target *t); /* it has a copy part */
void report_rule(struct fc_engine *e, enum fc_log_level level, const struct rule *r);
void report_cluster(struct fc_engine *e, enum fc_log_level level, const struct cluster *c, const char *message,
		    const char *detail);
void report_write(struct fc_engine *e, const struct target *t);
void measure_write(struct fc_engine *e, const struct target *t, const char *result);
void measure_retry(struct fc_engine *e);
void measure_propagation(struct fc_engine *e, const struct rule *r);

/* --- confidential.c --- */
/* Does it copy from a Secret or a Federated object, itself or through the rules that feed its source? */
bool rule_is_confidential(struct fc_engine *e, const struct rule *r);
/* The places of the target that the write under way fills so, as JSON Pointers; NULL: none, or nobody wants to know. A
 * new reference. */
json_t *confidential_places(struct fc_engine *e, const struct target *t);
/* The same of a write of a copy, which is confidential as a whole or not at all: where its source is fed so, or is not
 * known any more. */
json_t *confidential_copy(struct fc_engine *e, const struct target *t);

/* --- keys: engine.c --- */
/* Interns the strings: each use is given back by key_drop. */
struct key key_take(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *namespace_,
		    const char *name);
void key_drop(struct fc_engine *e, struct key *key);
struct target *target_of_key(const struct fc_engine *e, const struct key *key); /* NULL: none */
struct source *source_of_key(const struct fc_engine *e, const struct key *key);
uint32_t target_hash(const void *target); /* for the tables of them */
uint32_t source_hash(const void *source);
/* Looks up without interning; NULL when there is none. */
struct target *target_find(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns,
			   const char *name);
struct source *source_find(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r, const char *ns,
			   const char *name);
const struct fc_resource *resource_take(struct fc_engine *e, const struct fc_resource *r);

#endif
