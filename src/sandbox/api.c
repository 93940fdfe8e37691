/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/api.h"

#include "base/mem.h"
#include "sandbox/access.h"
#include "sandbox/answer.h"
#include "sandbox/api_cruelty.h"
#include "sandbox/discovery.h"
#include "sandbox/field_validation.h"
#include "sandbox/journal.h"
#include "sandbox/metrics.h"
#include "sandbox/read.h"
#include "sandbox/write.h"

#include <stdio.h>
#include <string.h>

#define TEXT "text/plain; charset=utf-8"

static int answer_text(struct sb_call *call, const char *content_type, const char *text)
{
	call->response->content_type = content_type;
	fc_buf_puts(&call->response->body, text);
	return 0;
}

/* --- health and version --- */

/* What kube-apiserver names its checks; the sandbox is up or it is not. */
static const char *const checks[] = { "ping", "log", "etcd" };

static int handle_health(struct sb_call *call, const char *check)
{
	struct fc_buf *out = &call->response->body;

	if (!sb_call_has_param(call, "verbose"))
		return answer_text(call, TEXT, "ok");
	for (size_t i = 0; i < FC_ARRAY_LEN(checks); i++)
		fc_buf_printf(out, "[+]%s ok\n", checks[i]);
	fc_buf_printf(out, "%s check passed\n", check);
	call->response->content_type = TEXT;
	return 0;
}

/* The version whose behaviour it has, with a build of its own in it. */
static int handle_version(struct sb_call *call)
{
	json_t *body =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "major", "1", "minor", "20", "gitVersion",
			  "v1.20.2+fedcopy-sandbox", "gitCommit", "", "gitTreeState", "", "buildDate",
			  "1970-01-01T00:00:00Z", "goVersion", "", "compiler", "", "platform", "linux/amd64");

	sb_answer_json(call, 200, body);
	json_decref(body);
	return 0;
}

static int handle_metrics(struct sb_call *call)
{
	sb_metrics_print(call->cluster->metrics, call->cluster, &call->response->body);
	call->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return 0;
}

/* --- documents --- */

static bool path_is(const struct sb_call *call, const char *path)
{
	size_t len = strlen(path);

	return strncmp(call->request->path, path, len) == 0 &&
	       (!call->request->path[len] || call->request->path[len] == '?' ||
		(call->request->path[len] == '/' &&
		 (!call->request->path[len + 1] || call->request->path[len + 1] == '?')));
}

static bool path_begins(const struct sb_call *call, const char *path)
{
	return strncmp(call->request->path, path, strlen(path)) == 0;
}

/* One check alone: /readyz/ping. */
static bool is_check(const struct sb_call *call)
{
	static const char *const roots[] = { "/healthz", "/livez", "/readyz" };
	char path[32];

	for (size_t i = 0; i < FC_ARRAY_LEN(roots); i++) {
		for (size_t j = 0; j < FC_ARRAY_LEN(checks); j++) {
			snprintf(path, sizeof(path), "%s/%s", roots[i], checks[j]);
			if (path_is(call, path))
				return true;
		}
	}
	return false;
}

static int handle_root(struct sb_call *call)
{
	static const char *const paths[] = { "/api",	 "/api/v1",	"/apis",       "/healthz", "/livez",
					     "/metrics", "/openapi/v2", "/openapi/v3", "/readyz",  "/version" };
	json_t *list = json_array(), *body;

	for (size_t i = 0; i < FC_ARRAY_LEN(paths); i++)
		json_array_append_new(list, json_string(paths[i]));
	body = json_pack("{s:o}", "paths", list);
	sb_answer_json(call, path_is(call, "/") ? 200 : 404, body);
	json_decref(body);
	return 0;
}

/* Some documents are handed out whatever the method is. */
static bool wants_get(const struct sb_call *call)
{
	return path_is(call, "/version") || path_is(call, "/api") || *call->version;
}

static int handle_document(struct sb_call *call)
{
	if (strcmp(call->request->method, "GET") != 0 && wants_get(call))
		return sb_refuse_method(call);
	if (is_check(call))
		return answer_text(call, TEXT, "ok");
	if (path_is(call, "/healthz") || path_is(call, "/livez") || path_is(call, "/readyz"))
		return handle_health(call, path_is(call, "/healthz") ? "healthz"
					   : path_is(call, "/livez") ? "livez"
								     : "readyz");
	if (path_is(call, "/version"))
		return handle_version(call);
	if (path_is(call, "/metrics"))
		return handle_metrics(call);
	if (path_begins(call, "/openapi/"))
		return sb_handle_openapi(call);
	if (path_is(call, "/api") || path_is(call, "/apis") || path_begins(call, "/api/") ||
	    path_begins(call, "/apis/"))
		return sb_handle_discovery(call);
	return handle_root(call);
}

/* --- resources --- */

static int handle_resource(struct sb_call *call)
{
	if (sb_call_resolve(call) < 0)
		return -1;
	if (call->type->warning)
		sb_warn(call, call->type->warning);
	switch (call->verb) {
	case SB_VERB_GET:
		return sb_handle_get(call);
	case SB_VERB_LIST:
		return sb_handle_list(call);
	case SB_VERB_WATCH:
		return sb_handle_watch(call);
	case SB_VERB_CREATE:
		return sb_handle_create(call);
	case SB_VERB_UPDATE:
		return sb_handle_update(call);
	case SB_VERB_PATCH:
		return sb_handle_patch(call);
	case SB_VERB_DELETE:
		return sb_handle_delete(call);
	case SB_VERB_DELETE_COLLECTION:
		return sb_handle_delete_collection(call);
	case SB_VERB_NONE:
		break;
	}
	return sb_refuse_method(call);
}

static void set_headers(struct sb_call *call)
{
	char id[40];

	sb_cluster_uid(call->cluster, id);
	sb_response_header(call->response, "audit-id", id);
	sb_response_header(call->response, "cache-control", "no-cache, private");
}

void sb_api_handle(struct sb_cluster *c, const struct sb_request *request, struct sb_response *response)
{
	struct sb_call call = { .cluster = c, .request = request, .response = response };

	sb_call_parse(&call);
	set_headers(&call);
	if (sb_access_authenticate(c->access, &call) == 0 && sb_access_authorize(c->access, &call) == 0 &&
	    !sb_api_cruelty_before(&call)) {
		if (sb_call_is_resource(&call))
			handle_resource(&call);
		else
			handle_document(&call);
		sb_api_cruelty_after(&call);
	}
	sb_metrics_count(c->metrics, &call, response->status);
	response->journal = sb_journal_add(c->journal, &call);
	sb_call_fini(&call);
}
