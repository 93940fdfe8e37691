/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/openapi.h"

#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/discovery.h"
#include "sandbox/discovery_aggregated.h"

#include <string.h>

static json_t *document(const struct sb_cluster *c)
{
	struct sb_openapi o = { .cluster = c };
	json_t *paths = json_object(), *definitions = json_object();

	for (size_t i = 0; i < sb_types_count(c->types); i++) {
		sb_openapi_add_paths(&o, sb_types_at(c->types, i), paths);
		sb_openapi_add_type(&o, sb_types_at(c->types, i), definitions);
	}
	return json_pack("{s:s, s:{s:s, s:s}, s:o, s:o, s:{s:{s:s, s:s, s:s}}, s:[{s:[]}]}", "swagger", "2.0", "info",
			 "title", "Kubernetes", "version", "v1.20.2", "paths", paths, "definitions", definitions,
			 "securityDefinitions", "BearerToken", "type", "apiKey", "name", "authorization", "in",
			 "header", "security", "BearerToken");
}

enum wanted { NOTHING, JSON, PROTOBUF };

static enum wanted read_alternative(const char *type)
{
	size_t len = strcspn(type, "; ");

	if (strncmp(type, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf", len) == 0 && len == 58)
		return PROTOBUF;
	if ((strncmp(type, "application/json", len) == 0 && len == 16) || strncmp(type, "*/*", len) == 0 ||
	    strncmp(type, "application/*", len) == 0)
		return JSON;
	return NOTHING;
}

static enum wanted read_accept(const char *accept)
{
	FC_AUTO_FREE char *copy = fc_xstrdup(accept);
	enum wanted wanted = *copy ? NOTHING : JSON;
	char *rest = copy, *piece;

	while (wanted == NOTHING && (piece = strsep(&rest, ",")))
		wanted = read_alternative(piece + strspn(piece, " "));
	return wanted;
}

int sb_openapi_handle_v2(struct sb_call *call)
{
	enum wanted wanted = read_accept(call->request->accept);
	struct fc_buf *out = &call->response->body;
	FC_AUTO_FREE char *text = NULL, *etag = NULL;
	json_t *body;

	if (wanted == NOTHING) {
		call->response->status = 406;
		return -1;
	}
	body = document(call->cluster);
	if (wanted == PROTOBUF) {
		sb_openapi_print_proto(body, out);
		call->response->content_type = "application/octet-stream";
	} else {
		text = json_dumps(body, JSON_COMPACT);
		fc_buf_puts(out, text);
		call->response->content_type = "text/plain; charset=utf-8";
	}
	json_decref(body);
	etag = sb_etag(fc_buf_str(out), out->len);
	sb_answer_with_etag(call, etag);
	return 0;
}

int sb_handle_openapi(struct sb_call *call)
{
	const char *path = call->request->path;
	size_t len = strcspn(path, "?");

	if (len == strlen("/openapi/v2") && strncmp(path, "/openapi/v2", len) == 0)
		return sb_openapi_handle_v2(call);
	if (strncmp(path, "/openapi/v3", strlen("/openapi/v3")) == 0)
		return sb_openapi_handle_v3(call);
	return sb_refuse_not_served(call);
}
