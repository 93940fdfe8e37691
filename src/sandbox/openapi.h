/* SPDX-License-Identifier: Apache-2.0 */
/* sb_openapi - the pieces that OpenAPI documents are made of, in the form of version 2 or of version 3.
 * Owns:    nothing; what is made is the caller's.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  OpenAPI 2.0 and 3.0 with the x-kubernetes-* extensions; KEP-2896. No descriptions: they are documentation.
 */
#ifndef FC_SANDBOX_OPENAPI_H
#define FC_SANDBOX_OPENAPI_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/call.h"
#include "sandbox/schema.h"

struct sb_openapi {
	const struct sb_cluster *cluster;
	bool v3;
};

/* "#/definitions/NAME" or "#/components/schemas/NAME" as {"$ref": ...}. */
json_t *sb_openapi_ref(const struct sb_openapi *o, const char *name);

/* --- openapi_schemas.c --- */
/* Adds the definition of a built-in schema and, with `closure`, of all that it refers to, unless they are there. */
void sb_openapi_add_builtin(const struct sb_openapi *o, const struct sb_schema *s, bool closure, json_t *definitions);
/* Adds those of a type and of its list, with what they refer to. */
void sb_openapi_add_type(const struct sb_openapi *o, const struct sb_type *type, json_t *definitions);

/* --- openapi_paths.c --- */
/* Adds the paths of a type: /api/v1/namespaces/{namespace}/configmaps/{name} and others. */
void sb_openapi_add_paths(const struct sb_openapi *o, const struct sb_type *type, json_t *paths);

/* --- openapi_v2.c, openapi_v3.c --- */
int sb_openapi_handle_v2(struct sb_call *call);
int sb_openapi_handle_v3(struct sb_call *call);

/* --- openapi_proto.c --- */
/* A document of version 2 as the message openapi.v2.Document. */
void sb_openapi_print_proto(const json_t *document, struct fc_buf *out);

#endif
