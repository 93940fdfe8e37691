/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about whole objects ask of each other, and what others ask of them: file by file.
 * Owns:    nothing; who owns the data is said in engine/copy.h.
 * Threads: the engine's.
 * Fails:   never: what goes wrong is the condition of a pair or site.
 * Source:  design sections 5 and 6. */
#ifndef FC_ENGINE_WHOLE_H
#define FC_ENGINE_WHOLE_H

#include "engine/copy.h"
#include "engine/cycles.h"

/* --- targets.c, watches.c, sources.c: what they have for whole objects alone --- */
/* Found, or made: nothing is known of it then. */
struct target *target_take(struct fc_engine *e, struct watch *w, const char *namespace_, const char *name);
/* Begins a write of it, whose body is the caller's to fill in; NULL: it waits in line for a request, and is decided
 * about when its turn comes. */
struct fc_action *target_action(struct fc_engine *e, struct target *t, enum fc_action_type type);
/* The whole object, as the answer to a write has it. */
void target_take_whole(struct fc_engine *e, struct target *t, const json_t *object);
struct watch *watch_start_as(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
			     const char *namespace_, const char *name, enum watch_use use,
			     enum fc_watch_content content);
void source_attach_copy(struct fc_engine *e, const struct key *key, struct copy_rule *cr);
void source_detach_copy(struct fc_engine *e, struct copy_rule *cr);

/* --- reports.c --- */
/* The same for whole objects: a pair, a rule in a cluster, a copy that nobody wants, and a write of any of them. */
void report_pair(struct fc_engine *e, enum fc_log_level level, const struct pair *p);
void report_site(struct fc_engine *e, enum fc_log_level level, const struct site *s);
void report_stray(struct fc_engine *e, enum fc_log_level level, const struct target *t);
void report_whole_write(struct fc_engine *e, const struct target *t, const char *version);
void measure_pair_propagation(struct fc_engine *e, const struct pair *p);

/* --- bearers.c: instructions --- */
bool bearer_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object);
/* Reads the rules that the object bears. */
void bearer_take(struct fc_engine *e, struct target *t, const json_t *object);
bool is_bearer_resource(const struct fc_dialect *d, const struct cluster *c, const struct fc_resource *r);
void bearer_free(struct fc_engine *e, struct target *t);
bool bearer_is_used(const struct bearer *b);
/* Does the dialect follow instructions of that cluster's objects? */
bool dialect_acts(const struct fc_engine *e, const struct fc_dialect *d, const struct cluster *c);
/* Its cluster's id, or what may be asked of it, has changed. */
void copy_rule_bind(struct fc_engine *e, struct copy_rule *cr);
void copy_rules_of_cluster_changed(struct fc_engine *e, struct cluster *c);
void copy_rules_of_word_changed(struct fc_engine *e, struct word *w);
bool copy_rule_is_invalid(const struct copy_rule *cr); /* nothing is written anywhere for it */
const char *copy_rule_source_namespace(const struct copy_rule *cr);
const char *copy_rule_source_name(const struct copy_rule *cr);
const char *copy_rule_name(const struct copy_rule *cr); /* of its copies */
/* At the start: the words that dialects name are asked for. */
void copy_words_start(struct fc_engine *e, struct cluster *c);
void copy_word_resolved(struct fc_engine *e, struct word *w);

void copy_word_mark(struct fc_engine *e, const struct word *w); /* what is said of its type has changed */
/* A list of what is written, or bears instructions, is complete, or cannot be had. */
void copy_watch_told(struct fc_engine *e, struct watch *w);
/* Does a pair of it read from that namespace (NULL: any) of that cluster? */
bool whole_reads_from(const struct target *t, const struct cluster *c, const char *name);

/* --- finalizers.c: what is written to bearers --- */
/* True: something is under way or awaited, nothing else is decided about the target now. */
bool bearer_decide(struct fc_engine *e, struct target *t);
bool bearer_has_finalizer(const struct bearer *b, const char *finalizer);
void bearer_written(struct target *t, const json_t *answer);

/* --- copy_sources.c: what rules know of their sources --- */
void copy_rule_bind_source(struct fc_engine *e, struct copy_rule *cr);
void copy_rule_drop_source(struct fc_engine *e, struct copy_rule *cr);
void copy_rule_source_is(struct fc_engine *e, struct copy_rule *cr, json_t *body, int64_t received_us);
void copy_rules_mark(struct fc_engine *e, struct copy_rule *cr); /* decide about all its pairs */
/* True: it is there. Else it is read, or waited for. */
bool copy_rule_has_body(struct fc_engine *e, struct pair *p);
void copy_rule_body_was_used(struct fc_engine *e, struct pair *p);
void copy_rule_look_at_body(struct fc_engine *e, struct copy_rule *cr); /* it may be of no use any more */
void copy_pair_learn(struct fc_engine *e, struct pair *p);		/* what it wants, if the body is at hand */
void copy_rules_source_is(struct fc_engine *e, struct source *s, json_t *body, int64_t received_us);
void copy_rules_source_sure(struct source *s); /* what was just told came from a read */
void copy_rules_mark_source(struct fc_engine *e, struct source *s);
void copy_bodies_settle(struct fc_engine *e); /* at the end of a step */
/* Is it a key of a dialect or of fedcopy.dev/, and none of `own_marks`? */
bool copy_key_is_foreign(const struct fc_engine *e, const char *key, const char *const *own_marks);
/* The wanted object, a new reference; NULL: nothing is wanted. The rule's body must be there. */
json_t *pair_desired(struct fc_engine *e, struct pair *p, const json_t *body);

/* --- selection.c: which clusters and namespaces a rule means --- */
void copy_rule_select_clusters(struct fc_engine *e, struct copy_rule *cr);
void site_settle(struct fc_engine *e, struct site *s);
void site_free(struct fc_engine *e, struct site *s);
void sites_namespace_changed(struct fc_engine *e, struct cluster *c, const char *name);
void sites_cluster_changed(struct fc_engine *e, struct cluster *c); /* words, Namespaces, reachability */
void sites_set_changed(struct fc_engine *e);			    /* clusters came, went, or have other labels */
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
struct pieces pieces_of(struct fc_engine *e, const json_t *object);
void pieces_fini(struct fc_engine *e, struct pieces *p);
const struct piece *piece_find(const struct pieces *p, enum piece_kind kind, const char *key);
/* Takes the metadata over, and the members too where `whole`; what was wanted once stays `ours`. */
void pieces_survey(struct fc_engine *e, struct pieces *p, const json_t *object, bool whole);
bool pieces_differ(const struct pair *p, const struct pieces *standing);
bool pieces_need_recreation(const struct pair *p, const struct pieces *standing, const struct fc_resource *r);
json_t *pieces_patch(const struct pair *p, const struct target *t, const json_t *desired);
json_t *pieces_patch_release(const struct target *t);
json_t *pieces_patch_finalizers(const struct target *t); /* takes those of any dialect off; NULL: there are none */
json_t *pieces_patch_to(const struct target *t, const json_t *from, const json_t *to);
void pieces_settle(struct fc_engine *e, struct pair *p, struct pieces *standing);
void pair_forget_settled(struct fc_engine *e, struct pair *p);

/* --- origins.c: marks --- */
bool copy_is_marked(const struct fc_engine *e, const struct cluster *c, const json_t *object);
void copy_take_marks(struct fc_engine *e, struct target *t, const json_t *object);
void copy_drop_marks(struct fc_engine *e, struct target *t);
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
void origins_mark_named(struct fc_engine *e, const struct target *t);	 /* those without a rule that name it */
/* A read has told, or an event that it exists, how it stands with what they ask about. */
void origins_answered(struct fc_engine *e, struct target *t, bool exists);
void origins_in_doubt(struct fc_engine *e, struct target *t); /* it is asked again */
void origins_asked_free(struct fc_engine *e, struct target *t);
bool asked_decide(struct fc_engine *e, struct target *t);
/* Nobody wants the copy: may something be done about it, and what? False: not known, or left alone. */
bool origin_is_over(struct fc_engine *e, struct target *t, enum fc_copy_reason *why, bool *counts);

/* --- copy_decide.c, copy_states.c, copy_strays.c --- */
bool copy_decide(struct fc_engine *e, struct target *t);
void pair_judge(struct fc_engine *e, struct pair *p);
bool pair_is_permitted(struct fc_engine *e, const struct pair *p);
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
void stray_decide(struct fc_engine *e, struct target *t, struct pair *owner, enum fc_copy_reason why, bool counts);
bool copy_must_look(struct fc_engine *e,
		    struct target *t); /* an event is awaited, or it is read before anything else */
bool copy_must_wait(struct fc_engine *e, struct target *t);
struct fc_action *copy_action(struct fc_engine *e, struct target *t, enum fc_action_type type, enum copy_write what);

/* --- copy_events.c: what reads, writes and watches tell of targets with a part in this --- */
bool whole_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object);
void whole_take_metadata(struct fc_engine *e, struct target *t, const json_t *object);
void whole_take_event(struct fc_engine *e, struct target *t, const json_t *object, bool generation_same);
void whole_take_answer(struct fc_engine *e, struct target *t, const json_t *object); /* whole, not metadata */
/* It is not there. */
void whole_absent(struct fc_engine *e, struct target *t);
bool whole_is_used(const struct target *t);
void whole_free(struct fc_engine *e, struct target *t);
bool whole_decide(struct fc_engine *e, struct target *t);
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
