/* SPDX-License-Identifier: Apache-2.0 */
/* sb_answer - Status answers, worded as kube-apiserver 1.20 words them.
 * Owns:    nothing; they are written into the call's response.
 * Threads: the loop's one.
 * Fails:   each refusal returns -1, so that a refusing function can end with `return sb_refuse_...(...)`.
 * Source:  metav1.Status in the API conventions; recorded conversations in tests/conformance/recorded. */
#ifndef FC_SANDBOX_ANSWER_H
#define FC_SANDBOX_ANSWER_H

#include <jansson.h>

#include "base/error.h"
#include "base/mem.h"
#include "sandbox/call.h"

/* Sends `value` (borrowed) as JSON. Returns 0. */
int sb_answer_json(struct sb_call *call, int status, const json_t *value);

/* A Status of Failure: `details` is taken over, NULL for none. */
int sb_refuse(struct sb_call *call, int code, const char *reason, json_t *details, const char *fmt, ...)
	FC_PRINTF(5, 6);
#define sb_refuse_bad_request(call, ...) sb_refuse(call, 400, "BadRequest", NULL, __VA_ARGS__)
/* `configmaps "x" not found` */
int sb_refuse_not_found(struct sb_call *call, const struct sb_type *type, const char *name);
/* 404 without an object: "the server could not find the requested resource", or "404 page not found" as text. */
int sb_refuse_not_served(struct sb_call *call);
int sb_refuse_page_not_found(struct sb_call *call);
int sb_refuse_exists(struct sb_call *call, const struct sb_type *type, const char *name);
/* `Operation cannot be fulfilled on configmaps "x": ...` */
int sb_refuse_conflict(struct sb_call *call, const struct sb_type *type, const char *name, const char *fmt, ...)
	FC_PRINTF(4, 5);
#define sb_refuse_gone(call, ...) sb_refuse(call, 410, "Expired", NULL, __VA_ARGS__)
#define sb_refuse_media_type(call, ...) sb_refuse(call, 415, "UnsupportedMediaType", NULL, __VA_ARGS__)
#define sb_refuse_not_acceptable(call, ...) sb_refuse(call, 406, "NotAcceptable", NULL, __VA_ARGS__)
int sb_refuse_method(struct sb_call *call); /* 405 */

/* {"name": ..., "group": ..., "kind": ...}; empty ones are left out; the caller's. */
json_t *sb_details(const char *name, const char *group, const char *kind);

/* Causes of an Invalid answer gather and are refused together. */
struct sb_causes {
	json_t *list; /* array of {reason, message, field} */
};
#define SB_CAUSES_INIT ((struct sb_causes){ .list = NULL })
/* `reason`: FieldValueInvalid, FieldValueRequired, FieldValueForbidden, FieldValueDuplicate, FieldValueNotSupported,
 * FieldValueTooLong, FieldValueTypeInvalid, FieldValueNotFound, FieldValueInternal... The message is as
 * field.Error.ErrorBody() prints it: `Invalid value: "x": must be ...`. */
void sb_cause(struct sb_causes *causes, const char *reason, const char *field, const char *fmt, ...) FC_PRINTF(4, 5);
bool sb_causes_any(const struct sb_causes *causes);
void sb_causes_fini(struct sb_causes *causes);
/* 422 `ConfigMap "x" is invalid: [a: ..., b: ...]`, or 0 when there are none; empties them either way. */
int sb_refuse_invalid(struct sb_call *call, const struct sb_type *type, const char *name, struct sb_causes *causes);

#endif
