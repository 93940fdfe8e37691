/* SPDX-License-Identifier: Apache-2.0 */
/* Whose copy an object is: what its marks name, and who else names the same.
 * Owns:    an origin lives while a target, a rule or a bearer points to it.
 * Threads: the engine's.
 * Fails:   never.
 * Source:  design section 5: origin marks. */
#ifndef FC_ENGINE_ORIGIN_H
#define FC_ENGINE_ORIGIN_H

#include "engine/rule.h"

struct bearer;
struct copy_rule;

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
