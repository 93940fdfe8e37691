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
#include <stdint.h>

#include "engine/copy_books.h"
#include "engine/copy_spec.h"
#include "engine/copy_status.h"
#include "model/fresh_secret.h"
#include "model/resource.h"
#include "model/state.h"

struct fc_dialect;

/* Where a copy is to stand. */
struct fc_copy_place {
	const char *cluster, *namespace_, *name;
	bool own; /* in the bearer's own cluster: the dialect's marks belong on it. Elsewhere the engine's alone do */
	const char *source_namespace, *source_name;
	const char *bearer_namespace, *bearer_name;
	/* What both say of themselves: an object with its metadata.{namespace, name, resourceVersion, annotations}, of
	 * these the dialect's own and fedcopy.dev/origin-state. For dialects that judge; NULL: nothing stands there. */
	const json_t *source, *standing;
	/* What `read` has made of their annotations, when they had these already; NULL: it was not asked. */
	const void *source_reading, *standing_reading;
	bool permitted; /* the operator permits the copy, whatever anybody else says: for dialects that judge */
	bool adopted;	/* somebody else's object was taken over there */
};

/* Whose copy an object is, by the dialect's own marks in its own cluster. */
struct fc_copy_mark {
	char *namespace_,
		*name; /* the source; NULL: the marks do not name it; name "": nobody at all, it is left alone */
	char *rule_namespace, *rule_name; /* the custom resource; NULL: they do not name it */
	unsigned flags;			  /* the dialect's, for copy_ends */
	/* It was a copy once: what is named may take it back, and while nothing is there it is nobody's. */
	bool released;
	bool free_for_all; /* released, and nobody's to any other rule even so */
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

/* What has failed, for a dialect with delays of its own. */
enum fc_copy_try { FC_COPY_TRY_READ, FC_COPY_TRY_WRITE };

/* As a value in a Secret's wanted data: 128 fresh random characters of [A-Za-z0-9], base64 like every value there, put
 * in by whoever sends it. No server takes it. */
#define FC_COPY_RANDOM FC_FRESH_SECRET_MARK

/* NULL where the dialect has no whole-object rules. All functions are pure. */
struct fc_copy_dialect {
	/* RESOURCE words, NULL-terminated: what bears instructions, and is watched where the dialect acts, as metadata,
	 * or whole where `bodies` says so (custom resources). */
	const char *const *bearers;
	bool bodies;
	/* They are believed where an object bears those of another dialect too. */
	bool marks_prevail;
	bool marks_name_source; /* a custom resource's own marks name its source, not it */
	bool outlives_source;	/* copies stay when their source goes: one that is being deleted is copied still */
	bool inherits; /* a copy of this dialect whose custom resource is gone is taken over, not taken away first */
	bool moves;    /* what an edited rule wants no more stays until what it wants instead is written */
	/* RESOURCE words of what it copies, where that is known before any rule: watched for its marks everywhere. */
	const char *const *copies;
	/* Keys in its own cluster, NULL-terminated lists: taken off at release, and never taken over from a source. */
	const char *const *mark_labels, *const *mark_annotations, *const *finalizers;
	const char *released_annotation; /* put on a released copy, with the source's namespace; NULL: none */
	const char *written_annotation;	 /* on copies in its own cluster: the time of the last write; NULL: none */
	/* Members of a copy which are left as they are; NULL-terminated, or NULL. */
	const char *const *spared_members;
	/* How it stands with a copy is told on what asks for it: Events about copies are for who owns the source. */
	bool tells_bearer;
	/* Further prefixes of labels and annotations which no copy takes over from a source; NULL-terminated, or NULL
	 */
	const char *const *prefixes;
	void (*scan)(const struct fc_dialect *d, const json_t *object, struct fc_copy_specs *out);
	/* Row b of the permissions: does the rule itself consent that its source be read, for any namespace? NULL:
	 * never */
	bool (*consents)(const struct fc_copy_spec *rule, const char *bearer_namespace, const struct fc_resource *r);
	void (*free_options)(void *options); /* NULL: there are none */
	/* Why that source is never copied, whoever permits it; static; NULL: it may be. The member NULL: each may be.
	 */
	const char *(*refuses)(const json_t *source);
	/* `*wanted` is a new reference to a tree whose maps down to metadata.labels and .annotations are its own; below
	 * it may share the source's values. Name, namespace, apiVersion and kind are the engine's to fill in. */
	enum fc_copy_wish (*desired)(const struct fc_copy_spec *rule, const json_t *source,
				     const struct fc_copy_place *place, json_t **wanted, const char **why);
	/* The dialect keeps books in annotations of its copies: what it says here is done, and whether a copy holds
	 * what it should is not looked at. Where several rules want one place the former one gets it, else the one
	 * whose bearer has the lowest key. NULL: what is wanted is compared with what stands. */
	void (*judge)(const struct fc_copy_spec *rule, const struct fc_copy_place *place, struct fc_copy_verdict *out);
	/* What an object's annotations mean, of one as `judge` gets it: done once while they stay the same, whatever
	 * its version is. NULL: `judge` and `desired` read them each time. */
	void *(*read)(const struct fc_dialect *d, const json_t *object);
	void (*free_reading)(void *reading);
	/* Does a pattern of the rule mean that namespace? NULL: its patterns are globs. */
	bool (*matches)(const struct fc_copy_spec *rule, const char *namespace_);
	/* False: the object bears no marks of this dialect. `object` may be metadata only. Fills a zeroed `out`, whose
	 * texts are the caller's. */
	bool (*mark)(const struct fc_dialect *d, const json_t *object, struct fc_copy_mark *out);
	/* What fedcopy.dev/origin-state says on a copy in another cluster, as flags; NULL: nothing is kept there. The
	 * wanted object has it as an annotation. */
	unsigned (*state_flags)(const char *origin_state);
	enum fc_copy_end (*ends)(unsigned flags, enum fc_copy_reason why);
	/* A new object: the copy as it is to stand when cleared; NULL: it is already. `abroad`: by its marks it was
	 * made from another cluster. The member NULL: nothing is cleared. */
	json_t *(*cleared)(const struct fc_dialect *d, const json_t *copy, bool abroad);
	/* May an immutable copy with these flags be deleted and made anew? NULL: always. */
	bool (*may_recreate)(unsigned flags);
	/* The wanted status of a custom resource, a new reference; NULL: as it is. NULL where there are none. */
	json_t *(*status)(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count);
	/* A status that is to be written before the first of its copies is; NULL: none, or not any more. */
	json_t *(*status_before)(const json_t *bearer, const struct fc_copy_outcome *outcomes, size_t count);
	/* What the bearer's status remembers. Where this is said, the status lists a copy before it is made, a copy is
	 * one's own by the uid in it too, and nothing is deleted that no status lists. NULL: statuses remember nothing.
	 */
	void (*remember)(const json_t *bearer, struct fc_copy_memories *out);
	const char *field_manager;	/* that of the original, where it is known; NULL: none */
	const char *source_finalizer;	/* on the sources that custom resources name; NULL: none */
	const char *source_annotation;	/* what bears it keeps that finalizer while it is not deleted; NULL: nothing */
	const char *adopted_annotation; /* "true" on what was somebody else's; NULL: none */
	bool live_spaces; /* not into a namespace that is deleted, nor by pattern into one that only the operator names
			   */
	bool marked_chains;	  /* on a cycle is what would be written into its source's origin, as marks tell */
	bool recreates;		  /* a copy that cannot be changed as it is wanted is deleted and made anew */
	int64_t longest_delay_ms; /* between tries; 0: the engine's own */
	/* How long to wait after so many failures in a row. Where it is said, a failure lasts from the first one on,
	 * what happens to source, copy or rule ends the waiting, and a missing namespace is a failure like others.
	 * NULL: the engine's own way. */
	int64_t (*retry_delay_ms)(enum fc_copy_try what, unsigned failures);
	/* The failures in a row that a status tells of: they count on after a restart. NULL: none are told. */
	unsigned (*failures)(const json_t *bearer);
};

/* Frees what it holds, not the struct. */
void fc_copy_mark_fini(struct fc_copy_mark *m);
void fc_copy_spec_fini(const struct fc_dialect *d, struct fc_copy_spec *s);
void fc_copy_specs_fini(const struct fc_dialect *d, struct fc_copy_specs *list);

#endif
