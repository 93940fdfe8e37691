/* SPDX-License-Identifier: Apache-2.0 */
/* fc_copy_spec - what a bearer asks for: one instruction about copies of whole objects.
 * Owns:    its strings, until fc_copy_specs_fini (engine/copy_dialect.h).
 * Threads: any.
 * Fails:   never.
 * Source:  design section 6; tests/sim/copy_dialect.c is the smallest dialect. */
#ifndef FC_COPY_SPEC_H
#define FC_COPY_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/copy_books.h"
#include "engine/copy_status.h"
#include "json/digest.h"
#include "model/selector.h"

/* One instruction found in an object (its bearer): "the source exists, as it is wanted there, in these namespaces". The
 * further clusters of fedcopy.dev/clusters, marks, permissions and the brake are the engine's. */
struct fc_copy_spec {
	struct fc_digest text;	    /* of the whole instruction: equal text is the same rule */
	const char *invalid_reason; /* static CamelCase word; NULL: the rule is well-formed */
	char *invalid_message;
	bool names_source;	 /* invalid as it is, which source it means is plain */
	char *word;		 /* RESOURCE of source and copies; NULL: the bearer's own */
	char *group, *kind;	 /* what that word must mean, to the letter; NULL: whatever it means */
	char *namespace_, *name; /* the source; name NULL: the bearer itself is the source */
	char *copy_name;	 /* NULL: the source's */
	char **names;		 /* namespaces by name: a destination even while there is no such namespace */
	char **patterns;	 /* and those that match one of these as a whole: `*` stands for any text */
	char **except;		 /* ... but for these: another rule of the bearer has that place */
	size_t name_count, pattern_count, except_count;
	struct fc_selector *selector; /* and those with such labels; NULL: none by label */
	const char *finalizer;	      /* static; on the bearer before the first copy is made; NULL: none */
	bool finalizer_first;	      /* ... and before anything else, even while the rule is invalid */
	enum fc_copy_strategy strategy;
	bool exact_metadata; /* labels and annotations that are not wanted are taken off the copies */
	bool take_unowned;   /* an object that nobody owns is taken over */
	/* The bearer itself is the copy: it stands already, and is filled or cleared, never made nor taken away. The
	 * names are its own. In its own cluster only. */
	bool fills;
	enum fc_copy_reach reach;
	const char *warning; /* static: what its author should know although the rule is followed; NULL: nothing */
	void *options;	     /* the dialect's; freed by its free_options */
};
struct fc_copy_specs {
	struct fc_copy_spec *items;
	size_t count, cap;
};
/* Appends a zeroed rule. */
struct fc_copy_spec *fc_copy_specs_add(struct fc_copy_specs *list);
void fc_copy_spec_add_name(struct fc_copy_spec *s, const char *namespace_);
void fc_copy_spec_add_pattern(struct fc_copy_spec *s, const char *pattern);
void fc_copy_spec_add_except(struct fc_copy_spec *s, const char *namespace_);

#endif
