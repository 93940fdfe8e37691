/* SPDX-License-Identifier: Apache-2.0 */
/* fc_copy_dialect - the part of a dialect that is about whole objects: who asks for copies, what they are, whose they
 * are, and what becomes of them.
 * Owns:    what scan, desired, mark, cleared and status give belongs to the caller.
 * Threads: the functions are pure: no I/O, no state, any thread.
 * Fails:   a rule that cannot be understood is found all the same, with a reason and a sentence.
 * Source:  design section 6; tests/sim/copy_dialect.c is the smallest one. */
#ifndef FC_COPY_DIALECT_H
#define FC_COPY_DIALECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "json/digest.h"
#include "model/resource.h"
#include "model/selector.h"
#include "model/state.h"

struct fc_dialect;

/* One instruction found in an object (its bearer): "the source exists, as it is wanted there, in these namespaces". The
 * further clusters of fedcopy.dev/clusters, marks, permissions and the brake are the engine's. */
struct fc_copy_spec {
	struct fc_digest text;	    /* of the whole instruction: equal text is the same rule */
	const char *invalid_reason; /* static CamelCase word; NULL: the rule is well-formed */
	char *invalid_message;
	char *word;		 /* RESOURCE of source and copies; NULL: the bearer's own */
	char *namespace_, *name; /* the source; name NULL: the bearer itself is the source */
	char *copy_name;	 /* NULL: the source's */
	char **names;		 /* namespaces by name: a destination even while there is no such namespace */
	char **patterns;	 /* and those that match one of these as a whole: `*` stands for any text */
	size_t name_count, pattern_count;
	struct fc_selector *selector; /* and those with such labels; NULL: none by label */
	const char *finalizer;	      /* static; on the bearer before the first copy is made; NULL: none */
	bool exact_metadata;	      /* labels and annotations that are not wanted are taken off the copies */
	bool take_unowned;	      /* an object that nobody owns is taken over */
	void *options;		      /* the dialect's; freed by its free_options */
};
struct fc_copy_specs {
	struct fc_copy_spec *items;
	size_t count, cap;
};
/* Appends a zeroed rule. */
struct fc_copy_spec *fc_copy_specs_add(struct fc_copy_specs *list);
void fc_copy_spec_add_name(struct fc_copy_spec *s, const char *namespace_);
void fc_copy_spec_add_pattern(struct fc_copy_spec *s, const char *pattern);

/* Where a copy is to stand. */
struct fc_copy_place {
	const char *cluster, *namespace_, *name;
	bool own; /* in the bearer's own cluster: the dialect's marks belong on it. Elsewhere the engine's alone do */
	const char *source_namespace, *source_name;
	const char *bearer_namespace, *bearer_name;
};

/* What a rule wants of a place, given its source. */
enum fc_copy_wish {
	FC_COPY_WANTED,	  /* that object */
	FC_COPY_AS_IT_IS, /* nothing: whatever stands there, or is absent, is right */
	FC_COPY_REFUSED,  /* nothing, and *why says why this source is never copied */
};

/* Whose copy an object is, by the dialect's own marks in its own cluster. */
struct fc_copy_mark {
	char *namespace_, *name;	  /* the source; NULL: the marks do not name it */
	char *rule_namespace, *rule_name; /* the custom resource; NULL: they do not name it */
	unsigned flags;			  /* the dialect's, for copy_ends */
	/* It was a copy once: what is named may take it back, and while nothing is there it is nobody's. */
	bool released;
};

/* Why nobody wants a copy any more. */
enum fc_copy_reason {
	FC_COPY_SOURCE_GONE, /* deleted, or being deleted */
	FC_COPY_BEARER_GONE, /* the custom resource is, or is being deleted */
	FC_COPY_RULE_GONE,   /* the instruction was taken off, or names another source */
	FC_COPY_DESELECTED,  /* namespace or cluster are not, or no longer, selected */
};
/* And what becomes of it then. */
enum fc_copy_end {
	FC_COPY_KEEP,	 /* with its marks, and written no more */
	FC_COPY_RELEASE, /* without its marks, for good */
	FC_COPY_CLEAR,	 /* as `cleared` says */
	FC_COPY_DELETE,
};

/* How it stands with one copy, for a custom resource's status. */
struct fc_copy_outcome {
	const char *cluster, *namespace_, *name;
	bool own;
	enum fc_state state;
	const char *reason, *message;
	/* On its way to another state by itself: a list, a read or a write is awaited. A status that is to tell only of
	 * what lasts is left as it is meanwhile. */
	bool passing;
};

/* NULL where the dialect has no whole-object rules. All functions are pure. */
struct fc_copy_dialect {
	/* RESOURCE words, NULL-terminated: what bears instructions, and is watched where the dialect acts, as metadata,
	 * or whole where `bodies` says so (custom resources). */
	const char *const *bearers;
	bool bodies;
	bool marks_name_source; /* a custom resource's own marks name its source, not it */
	/* RESOURCE words of what it copies, where that is known before any rule: watched for its marks everywhere. */
	const char *const *copies;
	/* Keys in its own cluster, NULL-terminated lists: taken off at release, and never taken over from a source. */
	const char *const *mark_labels, *const *mark_annotations, *const *finalizers;
	const char *released_annotation; /* put on a released copy, with the source's namespace; NULL: none */
	/* Further prefixes of labels and annotations which no copy takes over from a source; NULL-terminated, or NULL
	 */
	const char *const *prefixes;
	void (*scan)(const json_t *object, struct fc_copy_specs *out);
	/* Row b of the permissions: does the rule itself consent that its source be read, for any namespace? NULL:
	 * never */
	bool (*consents)(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r);
	void (*free_options)(void *options); /* NULL: there are none */
	/* `*wanted` is a new reference to a tree whose maps down to metadata.labels and .annotations are its own; below
	 * it may share the source's values. Name, namespace, apiVersion and kind are the engine's to fill in. */
	enum fc_copy_wish (*desired)(const struct fc_copy_spec *rule, const json_t *source,
				     const struct fc_copy_place *place, json_t **wanted, const char **why);
	/* False: the object bears no marks of this dialect. `object` may be metadata only. Fills a zeroed `out`, whose
	 * texts are the caller's. */
	bool (*mark)(const json_t *object, struct fc_copy_mark *out);
	/* What fedcopy.dev/origin-state says on a copy in another cluster, as flags; NULL: nothing is kept there. The
	 * wanted object has it as an annotation. */
	unsigned (*state_flags)(const char *origin_state);
	enum fc_copy_end (*ends)(unsigned flags, enum fc_copy_reason why);
	/* A new object: the copy as it is to stand when cleared; NULL: it is already. NULL where nothing is cleared. */
	json_t *(*cleared)(const json_t *copy);
	/* The wanted status of a custom resource, a new reference; NULL: as it is. NULL where there are none. */
	json_t *(*status)(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count);
};

/* Frees what it holds, not the struct. */
void fc_copy_mark_fini(struct fc_copy_mark *m);
void fc_copy_spec_fini(const struct fc_dialect *d, struct fc_copy_spec *s);
void fc_copy_specs_fini(const struct fc_dialect *d, struct fc_copy_specs *list);

#endif
