/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dialect - one vocabulary of annotations, as a table of functions that the engine calls.
 * Owns:    what scan finds belongs to the caller.
 * Threads: the functions are pure: no I/O, no state, any thread.
 * Fails:   a rule that cannot be understood is found all the same, with a reason and a sentence: it is shown as
 * `Invalid` and harms no other. Source:  design section 6. A new dialect is one file in src/dialects and one line of
 * its table. */
#ifndef FC_DIALECT_H
#define FC_DIALECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/copy_dialect.h"
#include "json/digest.h"
#include "json/path.h"

/* Which namespace a rule's INSTANCE means. */
enum fc_instance_namespace {
	FC_NAMESPACE_OF_TARGET, /* NAME */
	FC_NAMESPACE_NAMED,	/* NAMESPACE/NAME */
	FC_NAMESPACE_NONE,	/* /NAME: the source is cluster-scoped */
};

/* One instruction found in an object: "target_path of the object equals source_path of the source", or equals a
 * literal. */
struct fc_rule_spec {
	struct fc_digest text;	     /* of the whole instruction as written: equal text is the same rule */
	const char *invalid_reason;  /* static CamelCase word; NULL: the rule is well-formed */
	char *invalid_message;	     /* a sentence naming the thing and the mend; no value of a literal in it */
	char *key;		     /* of the annotation, kept where target_path could not be made */
	struct fc_path *target_path; /* NULL only when invalid */
	json_t *literal;	     /* the value itself; NULL: there is a source */
	char *word;		     /* RESOURCE */
	char *cluster;		     /* NULL: the master */
	enum fc_instance_namespace namespace_of;
	char *namespace_; /* with FC_NAMESPACE_NAMED */
	char *name;
	struct fc_path *source_path;
};
/* Frees what it holds, not the struct. */
void fc_rule_spec_fini(struct fc_rule_spec *s);

struct fc_rule_specs {
	struct fc_rule_spec *items;
	size_t count, cap;
};
/* Appends a zeroed rule. */
struct fc_rule_spec *fc_rule_specs_add(struct fc_rule_specs *list);
/* With every rule that was not taken out (zeroed) before. */
void fc_rule_specs_fini(struct fc_rule_specs *list);

/* What a rule wants of its place in the target, given its source. */
enum fc_wanted {
	FC_WANTED_VALUE,	  /* this value */
	FC_WANTED_PATH_NOT_FOUND, /* nothing: the place in the source is absent or null */
	FC_WANTED_PATH_BLOCKED,	  /* nothing: the way to it runs through a scalar */
};

/* What a source says, by the dialect's own annotations, to being read (design section 7, row b). */
enum fc_consent {
	FC_CONSENT_UNSAID, /* the other rows decide */
	FC_CONSENT_GIVEN,
	FC_CONSENT_REFUSED, /* whatever the other rows say */
};

struct fc_dialect {
	const char *name;
	const void *options; /* the dialect's own, as the operator has set them; NULL: there are none */
	const char *const
		*annotation_prefixes; /* NULL-terminated; an object without such an annotation carries no rule */
	/* The rules in an object's metadata, in no particular order; at most one per place. NULL: it has no path rules
	 */
	void (*scan)(const json_t *object, struct fc_rule_specs *out);
	/* `value` is borrowed from `source` (or from the rule, when it is a literal and `source` is NULL). Of the rule
	 * there is all but its text and the source's name: rules that differ in these alone want the same. */
	enum fc_wanted (*desired)(const struct fc_rule_spec *rule, const json_t *source, json_t **value);
	/* Row b, for a target of that namespace ("": cluster-scoped). Of `source` there is metadata.annotations, and of
	 * these the dialect's own only. NULL: the dialect has no such word. */
	enum fc_consent (*consents)(const json_t *source, const char *target_namespace);
	const struct fc_copy_dialect *copy; /* NULL: it has no rules for whole objects */
};
#endif
