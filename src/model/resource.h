/* SPDX-License-Identifier: Apache-2.0 */
/* fc_resource - one resource type of a cluster, and the meaning of the words people use for it.
 * Owns:    its strings; references are counted atomically, the struct is immutable: it may be shared by threads.
 * Threads: any.
 * Fails:   resolving, when nothing served matches: "not served" is an answer, not an error.
 * Source:  systems/k8s-copier.md, RESOURCE, steps 1 to 5; kube-client 3.5 to 3.11. */
#ifndef FC_RESOURCE_H
#define FC_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum fc_verb {
	FC_VERB_GET = 1u << 0,
	FC_VERB_LIST = 1u << 1,
	FC_VERB_WATCH = 1u << 2,
	FC_VERB_CREATE = 1u << 3,
	FC_VERB_UPDATE = 1u << 4,
	FC_VERB_PATCH = 1u << 5,
	FC_VERB_DELETE = 1u << 6,
};

struct fc_resource {
	const char *group; /* "" for the core group */
	const char *version;
	const char *plural; /* the name in URLs */
	const char *singular;
	const char *kind;
	const char *short_names; /* comma list, may be "" */
	unsigned verbs;		 /* of enum fc_verb */
	bool namespaced;
	bool has_status; /* serves the subresource `status` */
};

/* A copy of `from` with one reference. NULL strings become "". */
struct fc_resource *fc_resource_new(const struct fc_resource *from);
/* One more reference, and one less; the last frees. Any thread. */
struct fc_resource *fc_resource_ref(const struct fc_resource *r);
void fc_resource_unref(const struct fc_resource *r); /* NULL allowed */
/* Equal group, version and plural. */
bool fc_resource_same(const struct fc_resource *a, const struct fc_resource *b);
/* "secrets", "deployments.apps": plural and group, for people; the caller frees. */
char *fc_resource_name(const struct fc_resource *r);
/* A kind whose name begins with `Federated`. */
bool fc_resource_is_federated(const struct fc_resource *r);
/* Secrets of the core group, of any version. */
bool fc_resource_is_secret(const struct fc_resource *r);
/* Is it a group that kube-apiserver serves by itself, and no CustomResourceDefinition can add to or take from? */
bool fc_resource_group_is_builtin(const char *group);

/* What discovery found in one cluster: resources in the order that decides (core first, then groups as advertised,
 * in a group the preferred version first). */
struct fc_resource_table;

/* Empty; never NULL. One owner. */
struct fc_resource_table *fc_resource_table_new(void);
void fc_resource_table_free(struct fc_resource_table *t);
/* Takes over one reference. Subresources (`/` in the plural) are never entered (D10); `x/status` marks x. */
void fc_resource_table_add(struct fc_resource_table *t, struct fc_resource *r);
/* A group-version that could not be read; a word is then "not known", not "not served" (kube-client 3.6). NULL as
 * version: no version of the group could; NULL as group: no group could, because their list itself was not
 *          readable. */
void fc_resource_table_add_broken(struct fc_resource_table *t, const char *group, const char *version);
/* Resources entered. */
size_t fc_resource_table_count(const struct fc_resource_table *t);
/* The one at that place, in the order that decides; borrowed. */
const struct fc_resource *fc_resource_table_at(const struct fc_resource_table *t, size_t i);

enum fc_resolved {
	FC_RESOLVED,		 /* found and it serves the verbs asked for */
	FC_RESOLVED_NOT_SERVED,	 /* nothing served has that name */
	FC_RESOLVED_LACKS_VERBS, /* something has, and lacks a verb */
	FC_RESOLVED_UNKNOWN,	 /* nothing found, but a group that could hold it was not readable */
};
/* Looks `word` (NAME, NAME.GROUP or NAME.VERSION.GROUP) up. NAME: plural or singular, both case-sensitive, or the
 * kind ignoring case; only where none of the three matches any candidate, a short name. GROUP may be its first labels
 * only, "storage" for storage.k8s.io, where no group of that very name has it (3.10). Of several that have the name the
 * first that serves the verbs is taken. *out is a new reference on FC_RESOLVED, else NULL. */
enum fc_resolved fc_resource_resolve(const struct fc_resource_table *t, const char *word, unsigned verbs,
				     struct fc_resource **out);
/* The same for a word that means `present` since an earlier table: it goes on to mean that while it is served, whatever
 * else has its name by now, then another version of it, and only then what a new word would mean (3.17). Not known
 * only where the group of `present` was not readable: what other groups hold does not keep it. */
enum fc_resolved fc_resource_resolve_again(const struct fc_resource_table *t, const char *word, unsigned verbs,
					   const struct fc_resource *present, struct fc_resource **out);
/* When `word` may mean several resources: their names, "cards.a.io, cards.b.io", as words that mean one each; in the
 * table's order; the caller frees. NULL: it means one or none, or several that are all built-in: those are one type
 * that the API server serves in an old and a new group (Events, Ingresses). */
char *fc_resource_rivals(const struct fc_resource_table *t, const char *word, unsigned verbs);
/* Could a group be meant by `word`? Only of a word that names one: by its very name or by its first labels. */
bool fc_resource_word_may_mean_group(const char *word, const char *group);
/* Does the word name a group, if only the core group by a trailing dot and a version ("pods.v1.")? */
bool fc_resource_word_names_group(const char *word);

/* Is `word` of a form that could ever resolve? -1 with a sentence of class FC_ERR_INVALID when not; it does not
 * repeat the word. */
int fc_resource_word_check(const char *word, struct fc_error *err) FC_MUST_CHECK;

#endif
