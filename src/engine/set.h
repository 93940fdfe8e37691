/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/engine ask of those about clusters and words: the part of engine/parts.h, which includes it.
 * Owns:    nothing; who owns the data is said in engine/store.h.
 * Threads: the engine's.
 * Fails:   never: what goes wrong becomes the state of a rule.
 * Source:  design section 8, the cluster set file; kube-client 3.15 to 3.17 for types that come and go. */
#ifndef FC_ENGINE_SET_H
#define FC_ENGINE_SET_H

#include "engine/rule.h"
#include "engine/store.h"

/* --- cluster_set.c: which clusters there are --- */
void clusters_take(struct fc_engine *e, const struct fc_cluster_info *infos, size_t count);
void clusters_free(struct fc_engine *e);			    /* nothing may lie in them any more */
struct cluster *cluster_of(const struct fc_engine *e, uint64_t no); /* NULL: none of the set */
/* Where the rule's source lies; NULL when the set has no such cluster. */
struct cluster *cluster_of_source(const struct fc_engine *e, const struct rule *r);
void cluster_added(struct fc_engine *e, const struct fc_event *event);
void cluster_removed(struct fc_engine *e, struct cluster *c); /* frees it */
void cluster_changed(struct fc_engine *e, struct cluster *c, const struct fc_event *event);

/* --- clusters.c: connections, and who answers --- */
void cluster_up(struct fc_engine *e, struct cluster *c, const struct fc_event *event);
void cluster_down(struct fc_engine *e, struct cluster *c, const struct fc_event *event);
bool clusters_have_told(struct fc_engine *e); /* every cluster is synced, or has failed once */
void clusters_check_synced(struct cluster *c);
/* Whoever cannot be reached is not waited for (design section 6); after a start nobody knows yet who that is. */
bool cluster_is_waited_for(const struct cluster *c);
/* Who was refused because of what may have changed just now is judged again. */
void clusters_look_again(struct fc_engine *e);
/* Decides again about every target that lies on the cluster or reads from it. */
void cluster_mark_concerned(struct fc_engine *e, struct cluster *c);

/* --- namespaces.c: what Namespaces say --- */
/* Something lies in that cluster or is read there: its Namespaces are watched from now on. */
void namespaces_watch(struct fc_engine *e, struct cluster *c);
/* They were told, or cannot be read, and then say nothing. */
bool namespaces_listed(const struct cluster *c); /* all of them are known */
bool namespaces_known(const struct cluster *c);
/* NULL: there is none, or it says nothing. "" and NULL (cluster-scoped) are none. */
struct space *namespace_find(const struct fc_engine *e, const struct cluster *c, const char *name);
void namespace_object(struct fc_engine *e, struct watch *w, const json_t *object);
void namespace_gone(struct fc_engine *e, struct watch *w, const char *name);
/* It cannot be decoded: present, and unchanged as far as anybody knows. */
void namespace_unreadable(struct fc_engine *e, struct watch *w, const char *name);
void namespaces_list_end(struct fc_engine *e, struct watch *w, bool complete, bool first);
void namespaces_failed(struct fc_engine *e, struct watch *w);
void namespaces_free(struct fc_engine *e, struct cluster *c);

/* --- words.c: RESOURCE words, and the watches of targets --- */
void words_start(struct fc_engine *e, struct cluster *c);     /* asks for what --target names */
void words_ask_again(struct fc_engine *e, struct cluster *c); /* all of them */
void words_abandon(struct fc_engine *e, struct cluster *c);   /* the cluster is leaving: no rule uses them */
void words_free(struct fc_engine *e, struct cluster *c);
/* At the end of a step: what no word means any more is watched no more. Returns whether a cluster has told all by that:
 * then there is more to decide. */
bool words_settle(struct fc_engine *e);
void cluster_resolved(struct fc_engine *e, struct cluster *c, const struct fc_event *event);
/* A watch of it works: whatever discovery says, the type is there. */
void type_is_served(struct fc_engine *e, struct cluster *c, const struct fc_resource *r);
/* The word of that cluster, asked for if it is new. Owned by the cluster. */
struct word *cluster_word(struct fc_engine *e, struct cluster *c, const char *text);
/* Does anybody rely on it? */
static inline bool word_is_used(const struct word *w)
{
	return w->rules || w->for_targets || w->for_copies || w->copy_rules || w->sites || w->memories;
}
/* Nobody uses it any more: it is not looked up again. */
void cluster_forget_word(struct fc_engine *e, struct word *w);
bool namespace_selected(const struct fc_engine *e, const char *namespace_);
bool namespace_is_in(const struct fc_namespace_list *l, const char *namespace_);

#endif
