/* SPDX-License-Identifier: Apache-2.0 */
/* sb_call - one request understood: verb, type, place, options; and where its answer goes.
 * Owns:    the texts of the URL; holds its type while it lives.
 * Threads: the loop's one.
 * Fails:   parsing: the answer says why, as the real server does.
 * Source:  the Kubernetes API concepts page; recorded conversations. */
#ifndef FC_SANDBOX_CALL_H
#define FC_SANDBOX_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "sandbox/cluster.h"
#include "sandbox/exchange.h"
#include "sandbox/types.h"

enum sb_verb {
	SB_VERB_GET,
	SB_VERB_LIST,
	SB_VERB_WATCH,
	SB_VERB_CREATE,
	SB_VERB_UPDATE,
	SB_VERB_PATCH,
	SB_VERB_DELETE,
	SB_VERB_DELETE_COLLECTION,
	SB_VERB_NONE, /* a method that goes with no verb here */
};
const char *sb_verb_name(enum sb_verb verb); /* "deletecollection", as RBAC and metrics have it */

/* What Accept asks an object or list to be turned into. */
enum sb_form { SB_FORM_FULL, SB_FORM_METADATA, SB_FORM_TABLE };

struct sb_call {
	struct sb_cluster *cluster;
	const struct sb_request *request;
	struct sb_response *response;
	const char *user; /* whose token it is */
	/* Rules of that token; access.c; NULL: none. */
	const json_t *deny, *allow;

	/* The URL; "" for none. */
	char *url; /* what the following point into */
	const char *group, *version, *plural, *ns, *name, *subresource;
	const struct sb_type *type; /* NULL: not about a resource that is served (discovery, /healthz, 404) */
	enum sb_verb verb;
	enum sb_form form;
	bool beta;	   /* a Table of meta.k8s.io/v1beta1 */
	bool yaml;	   /* Accept asks for application/yaml */
	bool acceptable;   /* something that Accept names is served */
	bool made;	   /* something that Accept names is a type that a real server makes */
	bool form_of_list; /* Accept asks for PartialObjectMetadataList */
	bool watching;	   /* the path begins with watch/: a name in it is watched alone */
	char *query;	   /* decoded pairs, each "name=value" and a zero byte, an empty one at the end */
};

/* Fills `call`, whose cluster, request and response are set, from the URL and the headers; looks nothing up: who asks
 * is judged first. fini all the same. */
void sb_call_parse(struct sb_call *call);
/* Is it about a resource (served or not), not about a document of the server? */
bool sb_call_is_resource(const struct sb_call *call);
/* Looks the type up, and whether the method goes with it. 0; -1: the answer is written (404, 405, 406). */
int sb_call_resolve(struct sb_call *call) FC_MUST_CHECK;
void sb_call_fini(struct sb_call *call);

/* The first value of a query parameter, decoded; "" when it is absent or empty. */
const char *sb_call_param(const struct sb_call *call, const char *name);
bool sb_call_has_param(const struct sb_call *call, const char *name);
/* "true", "1", "" (present without value) as the real server reads booleans. */
bool sb_call_flag(const struct sb_call *call, const char *name);

/* The body of a create or an update as a JSON object, by Content-Type (none: JSON; application/yaml; of built-in types
 * protobuf); NULL: the answer is written (400, 413, 415). Patches read their own. */
json_t *sb_call_body(struct sb_call *call);
/* 400 with the words of Go's decoder, and the beginning of the body. */
int sb_refuse_body(struct sb_call *call, const char *why);
/* Why it is no object with a kind and a version as text, in those words, the caller's; NULL: it may be. `body` NULL:
 * `bytes` could not be read. */
char *sb_body_fault(const json_t *body, const char *bytes, size_t len);
/* "object", "array", "string", "number", "bool" */
const char *sb_go_type(const json_t *value);
/* The Content-Type without parameters, lower case, into `out`. */
void sb_call_content_type(const struct sb_call *call, char *out, size_t bytes);

#endif
