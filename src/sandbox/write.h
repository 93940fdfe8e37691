/* SPDX-License-Identifier: Apache-2.0 */
/* sb_write - the one way to create and to change an object: decoded, defaulted, prepared, its managers recorded,
 * validated, stored. Create, update, every patch and apply end here.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   -1, the answer is written.
 * Source:  kube-client section 8; API conventions (metadata, generation, optimistic concurrency). */
#ifndef FC_SANDBOX_WRITE_H
#define FC_SANDBOX_WRITE_H

#include <jansson.h>

#include "sandbox/call.h"
#include "sandbox/object.h"

/* POST; also PUT, PATCH and apply of what does not exist where that creates. `object` (borrowed, changed) has come
 * through sb_write_decode. 201. `managed`: managedFields are set already (apply). */
int sb_write_create(struct sb_call *call, json_t *object, bool managed);
/* Replaces `old` by `object`; call->subresource "status" writes status alone. A resourceVersion in `object` other than
 * old's is a conflict. What changes nothing gets the old version back. 200; the last finalizer's end deletes. */
int sb_write_update(struct sb_call *call, struct sb_object *old, json_t *object, bool managed);

/* The verbs' handlers, each the whole answer: write.c, patch.c, delete.c. */
int sb_handle_create(struct sb_call *call);
int sb_handle_update(struct sb_call *call);
int sb_handle_patch(struct sb_call *call); /* by Content-Type: json, merge, strategic, apply */
int sb_handle_delete(struct sb_call *call);
int sb_handle_delete_collection(struct sb_call *call);

/* --- what arrives: write_decode.c --- */
/* Brings what a client sent, or with `patched` what a patch made of an object, into the form in which it is kept: kind
 * and apiVersion are those of the call's type, members are decoded, pruned and defaulted. */
int sb_write_decode(struct sb_call *call, json_t *object, bool patched) FC_MUST_CHECK;
/* Of custom objects: another kind or version than the type's is seen late, when they would be stored. */
int sb_write_check_kind(struct sb_call *call, const json_t *object) FC_MUST_CHECK;
/* Name and namespace are those of the URL; without one, the namespace is set. `created`: by POST. */
int sb_write_check_place(struct sb_call *call, json_t *object, bool created) FC_MUST_CHECK;
/* 422 for a patch whose result cannot be read. */
int sb_refuse_patched(struct sb_call *call, const json_t *value, const char *why);
/* ?dryRun, ?fieldManager and ?force; `kind`: "CreateOptions", "UpdateOptions", "PatchOptions". */
int sb_write_options(struct sb_call *call, const char *kind) FC_MUST_CHECK;
bool sb_write_is_dry(const struct sb_call *call);
/* Causes for any word but All, in the query or in a list. */
struct sb_causes;
void sb_check_dry_run(const struct sb_call *call, struct sb_causes *causes);
void sb_refuse_dry_run(const json_t *words, struct sb_causes *causes);

/* --- what the server sets: metadata.c --- */
void sb_metadata_begin(struct sb_call *call, json_t *object);
/* Owners named twice are named once, with a warning. */
void sb_metadata_tidy_owners(struct sb_call *call, json_t *object);
/* A name from metadata.generateName, where there is no name or that one was `taken`. False: there is nothing to make
 * it of. */
bool sb_metadata_generate_name(struct sb_call *call, json_t *object, bool taken);
/* What a writer may not change without being refused for it is as it was. */
void sb_metadata_keep(json_t *object, const json_t *old);
/* metadata.generation of types that count changes. */
void sb_metadata_count(const struct sb_type *type, json_t *object, const json_t *old);
/* No finalizer holds it, neither in metadata nor (Namespaces) in spec. */
bool sb_metadata_may_go(const json_t *object);
bool sb_metadata_is_going(const json_t *object);

/* --- stored, and those told that follow it: commit.c --- */
/* `json` (borrowed) gets the new version. What was stored, a reference of the caller's: who follows may write again, at
 * once. */
struct sb_object *sb_commit_put(struct sb_cluster *c, const struct sb_type *type, json_t *json);
void sb_commit_remove(struct sb_cluster *c, const struct sb_type *type, struct sb_object *o, const json_t *json);

/* --- deletion: delete.c --- */
enum sb_propagation { SB_PROPAGATE_DEFAULT, SB_PROPAGATE_BACKGROUND, SB_PROPAGATE_FOREGROUND, SB_PROPAGATE_ORPHAN };
/* Takes an object away as a controller would, finalizers respected: for namespaces, the collection of garbage and CRDs
 * that go. The first one does it in the background. */
void sb_delete_quietly(struct sb_cluster *c, const struct sb_type *type, struct sb_object *o);
void sb_delete_by(struct sb_cluster *c, const struct sb_type *type, struct sb_object *o,
		  enum sb_propagation propagation);
/* A controller's write of what stands there, changed, under the name of kube-controller-manager: no validation. Removes
 * it when nothing holds it any more. */
void sb_write_quietly(struct sb_cluster *c, const struct sb_type *type, struct sb_object *old, json_t *object);

#endif
