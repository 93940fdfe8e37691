/* SPDX-License-Identifier: Apache-2.0 */
/* sb_object - one version of one object, as text: immutable, shared by the store, history, watches and answers.
 * Owns:    its bytes, all in one piece of memory; references are counted.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  a get, a list and an event splice text that was rendered once, at the write: memory is the text, and reading
 *          costs a copy. */
#ifndef FC_SANDBOX_OBJECT_H
#define FC_SANDBOX_OBJECT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct sb_type;

struct sb_object {
	unsigned refs;
	unsigned metadata_len; /* text is `{"metadata":{...}` first: `{"metadata":` is 12 bytes, then this many */
	unsigned len;	       /* of text */
	unsigned bytes;	       /* of all behind the struct */
	uint64_t version;      /* metadata.resourceVersion as a number; 0: it has none (an answer to a dry run) */
	const char *ns;	       /* "" for none */
	const char *name;
	const char *labels; /* "key\0value\0key\0value\0", an empty key at the end; NULL when it has none */
	const char *owners; /* uids of its ownerReferences: "uid\0uid\0", an empty one at the end; NULL: none */
	const char *text;   /* compact JSON without kind and apiVersion, which the version asked for decides */
};

/* Renders `json` (borrowed; kind and apiVersion in it are left out) under that version, which is also put into the
 * text as metadata.resourceVersion. */
struct sb_object *sb_object_new(const json_t *json, uint64_t version);
/* The same object under another version, neither of them 0: nothing is rendered again. */
struct sb_object *sb_object_at_version(const struct sb_object *o, uint64_t version);
struct sb_object *sb_object_ref(struct sb_object *o);
void sb_object_unref(struct sb_object *o); /* NULL allowed */

/* The label's value, borrowed; NULL: it has no such label. */
const char *sb_object_label(const struct sb_object *o, const char *key);

/* Decoded, a new reference, with kind and apiVersion of `type` in front. */
json_t *sb_object_json(const struct sb_object *o, const struct sb_type *type);
/* The same in the form in which it is kept, where that is another one. */
json_t *sb_object_stored(const struct sb_object *o, const struct sb_type *type);
/* The text as an object of its own, with kind and apiVersion. */
void sb_object_print(const struct sb_object *o, const struct sb_type *type, struct fc_buf *out);
/* The text as an item of a list: of built-in types without kind and apiVersion, as a real server has it. */
void sb_object_print_item(const struct sb_object *o, const struct sb_type *type, struct fc_buf *out);
/* As PartialObjectMetadata, with kind and apiVersion of that. */
void sb_object_print_metadata(const struct sb_object *o, struct fc_buf *out);

#endif
