/* SPDX-License-Identifier: Apache-2.0 */
/* What others ask of the files about those who ask for copies: their rules, their finalizers and status, and how long
 * their dialects wait after failures.
 * Owns:    nothing; who owns the data is said in engine/copy.h.
 * Threads: the engine's.
 * Fails:   never: what goes wrong is the condition of a pair or site.
 * Source:  design sections 5 and 6. Included by engine/whole.h. */
#ifndef FC_ENGINE_BEARERS_H
#define FC_ENGINE_BEARERS_H

#include "engine/copy.h"

/* --- bearers.c: instructions --- */
bool bearer_concerns(const struct fc_engine *e, const struct watch *w, const json_t *object);
/* Reads the rules that the object bears. */
void bearer_take(struct fc_engine *e, struct target *t, const json_t *object);
void bearer_free(struct fc_engine *e, struct target *t);
void bearer_absent(struct fc_engine *e, struct target *t); /* it is not there, and may be awaited as a source */
/* It asks for something else, is written no more, or is gone: copies may have waited for that to be judged. */
void bearer_changed(struct fc_engine *e, const struct target *t);
void bearers_mark_ending(struct fc_engine *e); /* custom resources that are being deleted */
bool bearer_is_used(const struct bearer *b);
/* Somebody has put the marks of another cluster on it, or it was made there: it asks for nothing. */
bool is_copy_from_elsewhere(const struct fc_engine *e, const struct target *t);
/* Those that it may have had, to bear a finalizer. `object` NULL: of a custom resource, as it was told last. */
void bearer_expect_copies(struct fc_engine *e, struct bearer *b, const json_t *object);
/* Is it one of its annotations? */
bool dialect_has_word(const struct fc_dialect *d, const char *key);

/* --- copy_rules.c: what they mean --- */
/* Does the dialect follow instructions of that cluster's objects? */
bool dialect_acts(const struct fc_engine *e, const struct fc_dialect *d, const struct cluster *c);
bool is_bearer_resource(const struct fc_dialect *d, const struct cluster *c, const struct fc_resource *r);
/* Does it say of each place what is to be done, by the books that it keeps there? */
bool dialect_judges(const struct fc_dialect *d);
/* Is its copy cleared when its source is gone or refuses? Its bearer, or what that asked for, names the source. */
bool copy_rule_clears(const struct copy_rule *cr);
bool is_listed(const char *const *list, const char *text); /* list: ends with NULL, or NULL */
/* Its cluster's id, or what may be asked of it, has changed. */
void copy_rule_bind(struct fc_engine *e, struct copy_rule *cr);
void copy_rules_of_cluster_changed(struct fc_engine *e, struct cluster *c);
void copy_rules_of_word_changed(struct fc_engine *e, struct word *w);
/* Custom resources whose sources lie in that namespace (NULL: in any): what it says has changed. */
void copy_rules_of_space_changed(struct fc_engine *e, struct word *w, const char *name);
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
void copy_cluster_told(struct fc_engine *e, const struct cluster *c);
/* Does a pair of it read from that namespace (NULL: any) of that cluster? */
bool whole_reads_from(const struct target *t, const struct cluster *c, const char *name);
void copy_rule_free(struct fc_engine *e, struct copy_rule *cr); /* taken off its bearer */
/* May what lies in its source's namespace be read at all? */
bool source_is_selected(const struct fc_engine *e, const struct copy_rule *cr);

/* --- finalizers.c: what is written to bearers --- */
/* True: something is under way or awaited, nothing else is decided about the target now. */
bool bearer_decide(struct fc_engine *e, struct target *t);
/* It is a custom resource whose status tells of copies. As a place of copies it is decided about in the same way: who
 * tells of it and it itself are not to mark each other for nothing, without end. */
bool bearer_has_status(const struct target *t);
bool bearer_has_finalizer(const struct bearer *b, const char *finalizer);
void bearer_written(struct target *t, const json_t *answer);
void bearer_write_failed(struct fc_engine *e, struct target *t, const struct fc_error *error);
/* On its way to another state by itself: all that is pending, but for what waits for somebody. */
bool condition_is_passing(const struct condition *cond);
/* Its status is to say so before a copy of that pair is written: it waits. */
bool bearer_must_begin(struct fc_engine *e, const struct pair *p);

/* --- copy_patience.c: dialects with delays of their own --- */
bool copy_is_patient(const struct target *t);
unsigned pair_failures_before(const struct pair *p); /* of another process, as the status of its rule's bearer tells */
int64_t copy_longest_delay_ms(const struct target *t); /* between tries; 0: nobody says */
/* Counts one more; for a patient one. */
int64_t copy_retry_delay_ms(struct fc_engine *e, struct target *t, const struct fc_error *error);
bool copy_excuses_conflict(struct target *t);		  /* one more 409 without a reason: it is tried again at once */
void copy_retry_at_once(struct target *t);		  /* something has happened to it, or to what it is made from */
void pair_is_unread(struct fc_engine *e, struct pair *p); /* what it needs cannot be read */
void pair_count_unread(struct fc_engine *e, struct pair *p); /* it was judged: the same where that was why */

#endif
