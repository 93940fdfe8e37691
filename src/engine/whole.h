/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about whole objects ask of each other, and what others ask of them: file by file.
 * Owns:    nothing; who owns the data is said in engine/copy.h.
 * Threads: the engine's.
 * Fails:   never: what goes wrong is the condition of a pair or site.
 * Source:  design sections 5 and 6. */
#ifndef FC_ENGINE_WHOLE_H
#define FC_ENGINE_WHOLE_H

#include "engine/bearers.h"
#include "engine/copy.h"
#include "engine/cycles.h"
#include "engine/memories.h"

/* --- targets.c, watches.c, sources.c: what they have for whole objects alone --- */
/* Found, or made: nothing is known of it then. */
struct target *target_take(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name);
/* Begins a write of it, whose body is the caller's to fill in; NULL: it waits in line for a request, and is decided
 * about when its turn comes. */
struct fc_action *target_action(struct fc_engine *e, struct target *t, enum fc_action_type type);
void target_take_whole(struct fc_engine *e, struct target *t, const json_t *object); /* as a write's answer has it */
struct watch *watch_start_as(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
			     const char *namespace_, const char *name, enum watch_use use,
			     enum fc_watch_content content);
void source_attach_copy(struct fc_engine *e, const struct key *key, struct copy_rule *cr);
void source_detach_copy(struct fc_engine *e, struct copy_rule *cr);
bool source_is_in_question(const struct source *s); /* a read is to tell whether it is there, and how */

/* --- reports.c --- */
/* The same for whole objects: a pair, a rule in a cluster, a copy that nobody wants, and a write of any of them. */
void report_pair(struct fc_engine *e, enum fc_log_level level, const struct pair *p);
void report_site(struct fc_engine *e, enum fc_log_level level, const struct site *s);
void report_stray(struct fc_engine *e, enum fc_log_level level, const struct target *t);
void report_whole_write(struct fc_engine *e, const struct target *t, const char *version);
void report_warning(struct fc_engine *e, const struct target *on, const char *text);
void measure_pair_propagation(struct fc_engine *e, const struct pair *p);

/* --- copy_sources.c: what rules know of their sources --- */
void copy_rule_bind_source(struct fc_engine *e, struct copy_rule *cr);
void copy_rule_drop_source(struct fc_engine *e, struct copy_rule *cr);
void copy_rule_source_is(struct fc_engine *e, struct copy_rule *cr, json_t *body, int64_t received_us);
void copy_rules_mark(struct fc_engine *e, struct copy_rule *cr); /* decide about all its pairs */
bool copy_rule_has_body(struct fc_engine *e, struct pair *p);	 /* false: it is read, or waited for */
void copy_rule_body_was_used(struct fc_engine *e, struct pair *p);
void copy_rule_look_at_body(struct fc_engine *e, struct copy_rule *cr); /* it may be of no use any more */
void copy_pair_learn(struct fc_engine *e, struct pair *p);		/* what it wants, if the body is at hand */
void copy_rules_source_is(struct fc_engine *e, struct source *s, json_t *body, int64_t received_us);
void copy_rules_end_is_sure(struct source *s, bool sure); /* a read has just said that it is gone; no: long ago */
void copy_rules_source_was_read(struct fc_engine *e, const struct source *s); /* whatever came of it */
void bearer_reads_sources(struct fc_engine *e, struct target *t);	      /* of its rules, where a read is owed */
void copy_rules_mark_source(struct fc_engine *e, struct source *s);
void copy_bodies_settle(struct fc_engine *e); /* at the end of a step */
/* Is it a key of a dialect or of fedcopy.dev/, and none of `own_marks`? */
bool copy_key_is_foreign(const struct fc_engine *e, const char *key, const char *const *own_marks);
/* The wanted object, a new reference; NULL: nothing is wanted. The rule's body must be there. */
json_t *pair_desired(struct fc_engine *e, struct pair *p, const json_t *body);
/* The same for a dialect that judges: what it wants is learned by that, too. */
json_t *pair_desired_now(struct fc_engine *e, struct pair *p);
/* What it is written with, where the dialect has a place for that time. */
void pair_set_written_time(const struct fc_engine *e, const struct pair *p, json_t *object);

/* --- selection.c: which clusters and namespaces a rule means --- */
void copy_rule_select_clusters(struct fc_engine *e, struct copy_rule *cr);
void site_settle(struct fc_engine *e, struct site *s);
void site_free(struct fc_engine *e, struct site *s);
void sites_namespace_changed(struct fc_engine *e, struct cluster *c, const char *name);
void site_copy_is_listed(struct fc_engine *e, const struct memory *m); /* in a system namespace it may be wanted for */
void sites_copy_is_told(struct fc_engine *e, const struct target *t);  /* ... that alone, as long as it stands there */
void sites_cluster_changed(struct fc_engine *e, struct cluster *c);    /* words, Namespaces, reachability */
void sites_set_changed(struct fc_engine *e);			       /* clusters came, went, or have other labels */
/* The watch of what is written, or bears instructions, in that namespace (NULL: all): started where there is none, made
 * to bring at least `content`. */
struct watch *target_watch(struct fc_engine *e, struct cluster *c, const struct fc_resource *r, const char *namespace_,
			   enum fc_watch_content content);

/* --- pairs.c --- */
struct pair *pair_find(struct fc_engine *e, const struct site *s, const char *namespace_);
void pair_add(struct fc_engine *e, struct site *s, const char *namespace_, struct watch *w);
void pair_free(struct fc_engine *e, struct pair *p);
void copy_part_free(struct fc_engine *e, struct target *t); /* with its pairs */
struct copy *copy_part(struct target *t);		    /* made where it is missing */
bool copy_is_used(const struct copy *c);

/* --- pieces.c --- */
struct pieces pieces_of(struct fc_engine *e, const struct fc_resource *r, const json_t *object);
void pieces_fini(struct fc_engine *e, struct pieces *p);
const struct piece *piece_find(const struct pieces *p, enum piece_kind kind, const char *key);
/* Takes the metadata of what stands over, and the members too where `whole`; what was wanted once stays `ours`. */
void pieces_survey(struct fc_engine *e, struct target *t, const json_t *object, bool whole);
bool pieces_differ(const struct pair *p, const struct pieces *standing);
bool piece_stays(const struct pair *p, const struct piece *have); /* not named by what is wanted, and no surplus */
bool pieces_need_recreation(const struct pair *p, const struct pieces *standing, const struct fc_resource *r);
json_t *pieces_patch(const struct pair *p, const struct target *t, const json_t *desired);
bool pieces_lack_marks_alone(const struct pair *p, const struct pieces *standing);
json_t *pieces_patch_release(const struct target *t);
void pieces_patch_remove_label(json_t *patch, const char *label);
json_t *pieces_patch_finalizers(const struct target *t); /* takes those of any dialect off; NULL: there are none */
json_t *pieces_patch_to(const struct target *t, const json_t *from, const json_t *to);
void pieces_settle(struct fc_engine *e, struct pair *p, struct pieces *standing);
void pair_forget_settled(struct fc_engine *e, struct pair *p);

/* --- origins.c: marks --- */
bool copy_is_marked(const struct fc_engine *e, const struct cluster *c, const json_t *object);
/* In any dialect's words, whether it is enabled and acts there or not: somebody's copy, or what asks for copies. */
bool copy_is_claimed(const struct fc_engine *e, const json_t *object);
void copy_take_marks(struct fc_engine *e, struct target *t, const json_t *object);
void copy_drop_marks(struct fc_engine *e, struct target *t);
void copy_remember_former(struct fc_engine *e, struct copy *c); /* it goes: whose it was counts for who comes */
struct origin *origin_of_rule(struct fc_engine *e, const struct copy_rule *cr, bool far); /* a reference, or NULL */
void origin_add_rule(struct origin *o, struct copy_rule *cr);
void origin_remove_rule(struct fc_engine *e, struct origin *o, struct copy_rule *cr);
struct origin *origin_ref(struct origin *o);
void origin_add_bearer(struct origin *o, struct bearer *b);
/* Whose copies it must have had, to bear a finalizer of that dialect. */
void origins_expect(struct fc_engine *e, struct bearer *b, const struct fc_dialect *d);
void origins_forget_bearer(struct fc_engine *e, struct bearer *b);
struct cluster *origin_cluster(const struct fc_engine *e, const struct origin *o); /* NULL: not known */
bool copy_stands_at_home(const struct fc_engine *e, const struct target *t); /* in the cluster that its marks name */
void origin_unref(struct fc_engine *e, struct origin *o);
void origin_mark(struct fc_engine *e, struct origin *o);
void origins_mark_cluster(struct fc_engine *e, const struct cluster *c); /* what names it, and what lies on it */
/* Copies whose sources lie in that namespace. */
void origins_mark_space(struct fc_engine *e, const struct cluster *c, const char *name);
void origins_mark_named(struct fc_engine *e, const struct target *t); /* those without a rule that name it */
/* A read has told, or an event that it exists, how it stands with what they ask about. */
void origins_answered(struct fc_engine *e, struct target *t, bool exists);
void origins_named_is_written(struct fc_engine *e, struct target *t); /* the write of it is over */
void origins_in_doubt(struct fc_engine *e, struct target *t);	      /* it is asked again */
void origins_asked_free(struct fc_engine *e, struct target *t);
bool asked_decide(struct fc_engine *e, struct target *t);
bool origin_has_reason(const struct origin *o, enum fc_copy_reason why); /* its rules say so now */
/* All that its rules select on that cluster is known. */
bool origin_rules_have_settled(const struct origin *o, const struct cluster *c);
/* Nobody wants the copy: may something be done about it, and what? False: not known, or left alone. */
bool origin_is_over(struct fc_engine *e, struct target *t, enum fc_copy_reason *why, bool *counts);
/* Who made the copy is there, and nothing is done for it: it cannot be understood or followed, or is paused. */
bool origin_is_held(struct fc_engine *e, const struct target *t);

/* --- copy_decide.c, copy_states.c, copy_strays.c --- */
bool copy_decide(struct fc_engine *e, struct target *t);
void pair_judge(struct fc_engine *e, struct pair *p);
bool pair_tell_source_fault(struct fc_engine *e, struct pair *p); /* false: nothing is wrong with reading it */
/* Does it take over what nobody owns, as its rule says? Or as the operator says, who consents by that? */
bool pair_takes_unowned(const struct pair *p);
bool pair_may_adopt(const struct fc_engine *e, const struct pair *p);
bool pair_is_permitted(struct fc_engine *e, const struct pair *p);
bool pair_operator_permits(struct fc_engine *e, const struct pair *p);
void pair_set_state(struct fc_engine *e, struct pair *p, enum fc_state state, const char *reason, const char *message,
		    const char *detail);
void pair_set_waiting(struct fc_engine *e, struct pair *p);
void site_judge(struct fc_engine *e, struct site *s);
void site_set_state(struct fc_engine *e, struct site *s, enum fc_state state, const char *reason, const char *message,
		    const char *detail);
void stray_set_state(struct fc_engine *e, struct target *t, enum fc_state state, const char *reason,
		     const char *message, const char *detail);
void site_is_silent(struct fc_engine *e, struct site *s);
void stray_is_silent(struct fc_engine *e, struct copy *c);
bool stray_is_kept(const struct target *t);				 /* as it stands, it stays */
bool stray_is_paused(const struct fc_engine *e, const struct target *t); /* nothing is waited for */
bool copy_has_owner(const struct copy *c);				 /* a pair whose marks it bears */
bool copy_is_let_go(const struct target *t); /* it is being deleted, and does not wait for us */
/* A finalizer of ours and no word that asks: was it asking once, or is it a copy that has lost its label? */
bool copy_may_have_lost_its_marks(struct fc_engine *e, struct target *t);
bool copy_bears_finalizer(const struct copy *c, const char *finalizer);
void stray_decide(struct fc_engine *e, struct target *t, struct pair *owner, enum fc_copy_reason why, bool counts);
/* Makes it as `cleared` of that dialect says, for a pair or a copy that nobody wants; `counts`: by the brake. */
void copy_clear(struct fc_engine *e, struct target *t, const struct fc_dialect *of, struct pair *owner, bool counts);
/* An event is awaited, or it is read before anything else. */
bool copy_must_look(struct fc_engine *e, struct target *t);
bool copy_must_be_seen(const struct target *t); /* whether anything stands there is to be read first */
bool copy_must_wait(struct fc_engine *e, struct target *t);
bool copy_is_at_work(const struct target *t); /* a pair is to write it, or is about to try again */
struct fc_action *copy_action(struct fc_engine *e, struct target *t, enum fc_action_type type, enum copy_write what);

/* --- copy_events.c: what reads, writes and watches tell of targets with a part in this --- */
bool whole_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object);
void whole_take_metadata(struct fc_engine *e, struct target *t, const json_t *object);
void whole_take_event(struct fc_engine *e, struct target *t, const json_t *object, bool generation_same);
/* Whole, not metadata; `brief`: it may lack metadata.managedFields. */
void whole_take_answer(struct fc_engine *e, struct target *t, const json_t *object, bool brief);
void whole_absent(struct fc_engine *e, struct target *t); /* it is not there */
bool whole_is_used(const struct target *t);
void whole_free(struct fc_engine *e, struct target *t);
bool whole_decide(struct fc_engine *e, struct target *t);
bool copy_is_in_line(const struct target *t); /* its write waits for a request that is free */
/* What became of a write for a copy or a bearer (whole_is_writing). True: it is gone. */
bool whole_written(struct fc_engine *e, struct target *t, json_t *answer);
/* True: that is all there is to do about it. */
bool whole_write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error);
bool whole_is_writing(const struct target *t);
const char *whole_verb(const struct target *t);	   /* of the write under way, for numbers */
const char *whole_dialect(const struct target *t); /* "" where none is to be named */
void whole_judge_refusal(struct fc_engine *e, struct target *t, bool same_version);

/* --- brake.c --- */
/* May one more copy be deleted or cleared in this cluster because something is gone? Counts it if so. */
bool brake_allows(struct fc_engine *e, struct cluster *c);
void brake_free(struct brake *b);

#endif
