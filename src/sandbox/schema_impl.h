/* SPDX-License-Identifier: Apache-2.0 */
/* sb_schema_impl - the table of built-in schemas, for the files of this module only.
 * Owns:    nothing: the table is constant.
 * Threads: any.
 * Fails:   never.
 * Source:  scripts/sandbox-schemas writes builtin_schemas.c. */
#ifndef FC_SANDBOX_SCHEMA_IMPL_H
#define FC_SANDBOX_SCHEMA_IMPL_H

#include "sandbox/schema.h"

/* Sorted by `ref`. */
extern const struct sb_schema sb_builtin_schemas[];
extern const size_t sb_builtin_schema_count;

/* --- JSON schemas of CRDs; `source` NULL allowed --- */
/* A member that is text, or "". */
const char *sb_schema_word(const json_t *source, const char *name);
/* A member that is true. */
bool sb_schema_says(const json_t *source, const char *name);
/* kind, apiVersion or metadata, which a resource has whatever its schema says. */
bool sb_schema_is_of_resource(const char *name);
/* Metadata of a custom resource, and of resources embedded in it, becomes what Go's ObjectMeta holds. */
int sb_schema_coerce(const struct sb_schema *s, json_t *object, struct fc_error *err) FC_MUST_CHECK;
/* The schema's format where API servers know it, else "". */
const char *sb_schema_format(const json_t *source);
/* Is a text of that format? An unknown format takes anything. */
bool sb_schema_is_format(const char *format, const char *text);
/* Sets and maps without duplicates; resources inside of the object have an apiVersion and a kind. */
struct sb_causes;
void sb_schema_validate_lists(const json_t *source, const json_t *object, struct sb_causes *causes);
/* The names of an object's members, in order, ended by NULL: the array is the caller's. */
const char **sb_schema_sorted_names(const json_t *object);
/* A value as Go's fmt has it in messages, appended. */
void sb_schema_quote(struct fc_buf *out, const json_t *value);

#endif
