/* SPDX-License-Identifier: Apache-2.0 */
/* fc_replicator - what the files of this dialect share: its options, what a rule remembers, and what is said of a
 * place.
 * Owns:    what a function gives belongs to the caller; a rule's options belong to the rule.
 * Threads: pure functions, any thread.
 * Fails:   never: what cannot be understood is a rule with a reason.
 * Source:  systems/k8s-replicator.md; docs/k8s-replicator.md. */
#ifndef FC_K8S_REPLICATOR_H
#define FC_K8S_REPLICATOR_H

#include "dialects/replicator_words.h"
#include "engine/dialect.h"

/* What the operator has set: struct fc_dialect's `options`. */
struct fc_replicator_config {
	struct fc_replicator_vocabulary words;
	const char *const *labels; /* of each copy that is made: key, value, key, value ..., NULL */
};
const struct fc_replicator_config *fc_replicator_config_of(const struct fc_dialect *d);

/* What a rule remembers: struct fc_copy_spec's `options`. */
struct fc_replicator_rule {
	const struct fc_replicator_config *config;
	char *from_namespace,
		*from_name; /* of a source that lets its copies pull from there; NULL: they hold its data */
	bool once;	    /* of the bearer, for copies in other clusters of what it names */
	struct fc_namespace_pattern **patterns;
	size_t pattern_count, pattern_cap;
};
void fc_replicator_rule_free(void *rule);

/* k8s_replicator_scan.c. See struct fc_copy_dialect. */
void fc_replicator_scan(const struct fc_dialect *d, const json_t *object, struct fc_copy_specs *out);
bool fc_replicator_matches(const struct fc_copy_spec *rule, const char *namespace_);

/* k8s_replicator_judge.c. See struct fc_copy_dialect. */
void *fc_replicator_read(const struct fc_dialect *d, const json_t *object);
void fc_replicator_reading_free(void *reading);
void fc_replicator_judge(const struct fc_copy_spec *rule, const struct fc_copy_place *place,
			 struct fc_copy_verdict *out);
enum fc_copy_wish fc_replicator_desired(const struct fc_copy_spec *rule, const json_t *source,
					const struct fc_copy_place *place, json_t **wanted, const char **why);

#endif
