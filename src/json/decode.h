/* SPDX-License-Identifier: Apache-2.0 */
/* fc_decode - bytes to one JSON value, with the limits that a peer's bytes need.
 * Owns:    the result belongs to the caller (json_decref).
 * Threads: any; fc_decode_init must have been called before the first thread.
 * Fails:   FC_ERR_LIMIT (deeper than 128 levels, more than 4 MiB, a number beyond 64 bits), FC_ERR_PROTOCOL (not
 *          JSON). The text names place and kind of the fault and never quotes a byte of the input, which may be a
 *          secret.
 * Source:  RFC 8259; design section 4 (tried: jansson at 2,000 levels overruns a small stack); kube-client 2.24,
 *          5.4. */
#ifndef FC_DECODE_H
#define FC_DECODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define FC_JSON_MAX_DEPTH 128
#define FC_JSON_MAX_BYTES (4u * 1024 * 1024)

/* Before the first thread: seeds jansson's hashes, and lets it allocate through base/mem, so that an allocation that
 * fails underneath a decoder is noticed here. Without it (tests) jansson's own notice has to do, and jansson 2.14 has
 * none when a word outgrows its buffer: it goes on with a letter missing. */
void fc_decode_init(void);

/* Any JSON value, \u0000 included; white space around it is allowed, anything else after it is not. */
json_t *fc_decode(const char *bytes, size_t len, struct fc_error *err) FC_MUST_CHECK;
/* The same, and an object that names a member twice is refused: for text that people write. */
json_t *fc_decode_strict(const char *bytes, size_t len, struct fc_error *err) FC_MUST_CHECK;

/* Typed access that tells absent, null and wrong type apart from a value; borrowed results, `*out` is set only when
 * found. What is no object has no members. A string that holds \u0000 is of the wrong type: as a C string it would
 * be cut. */
enum fc_json_found { FC_JSON_ABSENT, FC_JSON_NULL, FC_JSON_WRONG_TYPE, FC_JSON_FOUND };
/* *out is set only for FC_JSON_FOUND. `object` may be NULL or no object: then the member is absent. */
enum fc_json_found fc_json_get_string(const json_t *object, const char *member, const char **out);
enum fc_json_found fc_json_get_bool(const json_t *object, const char *member, bool *out);
enum fc_json_found fc_json_get_integer(const json_t *object, const char *member, json_int_t *out);
enum fc_json_found fc_json_get_object(const json_t *object, const char *member, const json_t **out);
enum fc_json_found fc_json_get_array(const json_t *object, const char *member, const json_t **out);

/* object.metadata.<member> as a string, or "" when it is not one: for name, namespace, uid, resourceVersion. */
const char *fc_json_metadata(const json_t *object, const char *member);
/* object.metadata.annotations[key] when it is a string, else NULL. */
const char *fc_json_annotation(const json_t *object, const char *key);

#endif
