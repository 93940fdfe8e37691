/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/engine ask of those about permissions: the part of engine/parts.h, which includes it.
 * Owns:    nothing; sentences are static.
 * Threads: the engine's.
 * Fails:   never: what is not permitted is a sentence that says why.
 * Source:  design section 7; docs/security.md. */
#ifndef FC_ENGINE_PERMISSIONS_H
#define FC_ENGINE_PERMISSIONS_H

#include "engine/rule.h"
#include "engine/store.h"

struct copy_rule;
struct site;

/* One end of a copy: where an object lies, or is to lie. */
struct end {
	fc_cluster_no cluster;
	const struct fc_resource *resource;
	const char *namespace_; /* "" or NULL: cluster-scoped */
};

/* What a consent is asked for. */
struct consent_query {
	const struct fc_dialect *dialect;
	struct end source, target;
	/* The namespace of the custom resource that asks, in the source's cluster; NULL: what asks is the source or the
	 * target itself. Where it is neither's, the two are no single namespace for it. */
	const char *asker;
	const json_t *said; /* of the source: an object with its metadata.annotations, as source.said; NULL: nothing */
	/* Row b where the dialect knows better than its annotations say (a custom resource in the source's own
	 * namespace is consent to read it): counts beside what the dialect's own function says. */
	bool dialect_consents;
};

/* --- permissions.c: the table of the design, section 7 --- */

/* Why not, in a sentence; NULL: it is permitted. */
struct verdict {
	const char *denied;
	/* What the source itself says could change it: it is watched, and nothing of it is shown or copied until
	 * then. False: no word of it could, so that it is not even watched. */
	bool asks_source;
};

/* May what lies there be read for an object that lies here? */
struct verdict permission_read(const struct fc_engine *e, const struct consent_query *q);

/* A whole object, to be created or changed. */
struct copy_query {
	struct consent_query ends;
	/* An object that is not ours stands there, and is to be taken over: not without d or e. Where it is to be left
	 * alone the state is `Conflict`, and this is false. */
	bool takes_over;
	/* `type` of a Secret, NULL: not known yet or no Secret. Those of the types service-account-token and bootstrap
	 * token are written by d or e only. */
	const char *secret_type;
};

/* May it be read there, and written here? Both sides are asked. The target's Namespaces must be known
 * (namespaces_known), and decided again when they change: namespaces.c, mark_concerned. */
struct verdict permission_copy(const struct fc_engine *e, const struct copy_query *q);

/* May it be written there, whatever of it may be read? */
bool permission_write(const struct fc_engine *e, const struct copy_query *q);

/* What is asked of a rule's source and a place for its copy. */
struct consent_query permission_ends(const struct copy_rule *cr, struct end to);
/* May whoever asks learn whether there is such a source, where no copy of it is wanted? */
bool copy_rule_may_know_source(const struct fc_engine *e, const struct site *s);
/* Is the source to be looked at? Not for one who wants no copy of it, and may not know of it. */
bool copy_rule_may_look(const struct fc_engine *e, const struct copy_rule *cr);
/* What is said in its place: the same words whether there is one or not. */
const char *permission_hides_source(void);

/* Do source and target lie in one namespace, as far as whoever asks goes: does it lie there too? */
bool consent_is_own(const struct consent_query *q);

/* Does the operator permit that copy, whatever anybody else says? Row d alone. */
bool permission_of_operator(const struct fc_engine *e, const struct copy_query *q);

/* Of a rule as it is bound just now. */
struct verdict permission_of_rule(const struct fc_engine *e, const struct rule *r);
/* The rule's verdict is found anew: the operator, a Namespace or the source has said something. Sets rule.denied, and
 * puts the rule into the graph of cycles or takes it out. */
void permission_renew(struct fc_engine *e, struct rule *r);
/* FC_EVENT_PERMISSIONS. */
void permissions_changed(struct fc_engine *e, const struct fc_event *event);

/* --- consents.c: what sources and Namespaces say --- */

/* Row c: does the source, or its Namespace, let the target's cluster and namespace read it? */
bool consent_to_read(const struct fc_engine *e, const struct consent_query *q);
/* Row e: does the target's Namespace take whole objects from there? */
bool consent_to_write(const struct fc_engine *e, const struct consent_query *q);
/* Row a, but for the namespaces' names: does the target's cluster read from the source's without a word? */
bool consent_of_cluster(const struct fc_engine *e, const struct consent_query *q);
/* What of an object is kept for consents and pauses: {"metadata": {"annotations": {...}}} with those that somebody
 * here reads; NULL: none. The caller's. */
json_t *consent_words(const struct fc_engine *e, const json_t *object);

#endif
