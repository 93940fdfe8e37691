/* SPDX-License-Identifier: Apache-2.0 */
/* A document per group and version, and an index of them in which each has the hash of what it holds: clients keep them
 * for as long as that stays. A real server of 1.20 has none of it. */
#include "sandbox/openapi.h"

#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/discovery_aggregated.h"

#include <string.h>

/* "api/v1", "apis/apps/v1"; the caller's. */
static char *place_of(const struct sb_type *type)
{
	return fc_xasprintf("%s/%s", *type->group ? "apis" : "api", type->api_version);
}

/* The text; the caller's. */
static char *document(const struct sb_cluster *c, const char *api_version)
{
	struct sb_openapi o = { .cluster = c, .v3 = true };
	json_t *paths = json_object(), *schemas = json_object(), *body;
	char *text;

	for (size_t i = 0; i < sb_types_count(c->types); i++) {
		const struct sb_type *type = sb_types_at(c->types, i);

		if (strcmp(type->api_version, api_version) != 0)
			continue;
		sb_openapi_add_paths(&o, type, paths);
		sb_openapi_add_type(&o, type, schemas);
	}
	body = json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:o, s:{s:{s:s, s:s, s:s}}}}", "openapi", "3.0.0", "info",
			 "title", "Kubernetes", "version", "v1.20.2", "paths", paths, "components", "schemas", schemas,
			 "securitySchemes", "BearerToken", "type", "apiKey", "name", "authorization", "in", "header");
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return text;
}

static void add_entry(const struct sb_cluster *c, const struct sb_type *type, json_t *paths)
{
	FC_AUTO_FREE char *place = place_of(type), *text = NULL, *etag = NULL;

	if (json_object_get(paths, place))
		return;
	text = document(c, type->api_version);
	etag = sb_etag(text, strlen(text));
	json_object_set_new(
		paths, place,
		json_pack("{s:o}", "serverRelativeURL",
			  json_sprintf("/openapi/v3/%s?hash=%.*s", place, (int)strlen(etag) - 2, etag + 1)));
}

static int answer(struct sb_call *call, const char *text)
{
	FC_AUTO_FREE char *etag = sb_etag(text, strlen(text));

	fc_buf_puts(&call->response->body, text);
	call->response->content_type = "application/json";
	sb_answer_with_etag(call, etag);
	return 0;
}

static int handle_index(struct sb_call *call)
{
	const struct sb_types *types = call->cluster->types;
	json_t *paths = json_object(), *body = json_pack("{s:o}", "paths", paths);
	FC_AUTO_FREE char *text = NULL;

	for (size_t i = 0; i < sb_types_count(types); i++)
		add_entry(call->cluster, sb_types_at(types, i), paths);
	text = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	return answer(call, text);
}

/* What has changed since the index was read is to be found under its new hash. */
static int redirect(struct sb_call *call, const char *place, const char *etag)
{
	FC_AUTO_FREE char *where = fc_xasprintf("/openapi/v3/%s?hash=%.*s", place, (int)strlen(etag) - 2, etag + 1);

	call->response->status = 301;
	sb_response_header(call->response, "location", where);
	return 0;
}

static int handle_document(struct sb_call *call, const struct sb_type *type, const char *place)
{
	FC_AUTO_FREE char *text = document(call->cluster, type->api_version), *etag = sb_etag(text, strlen(text));
	const char *hash = sb_call_param(call, "hash");

	if (*hash && (strncmp(etag + 1, hash, strlen(hash)) != 0 || strlen(hash) + 2 != strlen(etag)))
		return redirect(call, place, etag);
	return answer(call, text);
}

int sb_openapi_handle_v3(struct sb_call *call)
{
	const struct sb_types *types = call->cluster->types;
	const char *path = call->request->path + strlen("/openapi/v3");
	FC_AUTO_FREE char *wanted = fc_xstrndup(path, strcspn(path, "?"));

	if (!call->acceptable || call->yaml) {
		call->response->status = 406;
		return -1;
	}
	if (!*wanted || strcmp(wanted, "/") == 0)
		return handle_index(call);
	for (size_t i = 0; i < sb_types_count(types); i++) {
		FC_AUTO_FREE char *place = place_of(sb_types_at(types, i));

		if (strcmp(wanted + 1, place) == 0)
			return handle_document(call, sb_types_at(types, i), place);
	}
	return sb_refuse_page_not_found(call);
}
