/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "json/decode.h"
#include "json/merge_patch.h"
#include "json/server_patch.h"
#include "json/yaml.h"
#include "sandbox/answer.h"
#include "sandbox/go_json.h"
#include "sandbox/managed_fields.h"
#include "sandbox/read.h"
#include "sandbox/strategic.h"
#include "sandbox/validate_field.h"
#include "sandbox/write.h"

#include <string.h>

#define MAX_OPERATIONS 10000

/* Each changes `*document`, what is stored; -1: the answer is written. */
typedef int patch_fn(struct sb_call *call, json_t **document);

static json_t *read_body(struct sb_call *call)
{
	const struct sb_request *q = call->request;
	struct fc_error err = FC_ERROR_INIT;

	return fc_decode(q->body, q->body_len, &err);
}

static bool is_empty(const struct sb_request *q)
{
	return !q->body_len || !q->body[strspn(q->body, " \t\r\n")];
}

/* --- JSON patch --- */

static int check_operations(struct sb_call *call, const json_t *patch)
{
	size_t i;
	json_t *step;

	if (!patch) {
		FC_AUTO_FREE char *why = sb_go_json_fault(call->request->body, call->request->body_len);

		return sb_refuse_bad_request(call, "%s", why ?: "the patch cannot be held");
	}
	/* Go takes a null for an empty list. */
	if (json_is_null(patch))
		return 0;
	if (!json_is_array(patch))
		return sb_refuse_bad_request(call, "json: cannot unmarshal %s into Go value of type jsonpatch.Patch",
					     sb_go_type(patch));
	json_array_foreach(patch, i, step)
		if (!json_is_object(step))
			return sb_refuse_bad_request(
				call, "json: cannot unmarshal %s into Go value of type jsonpatch.Operation",
				sb_go_type(step));
	if (json_array_size(patch) > MAX_OPERATIONS)
		return sb_refuse(call, 413, "RequestEntityTooLarge", NULL,
				 "Request entity too large: The allowed maximum operations in a JSON patch is %d, got "
				 "%zu",
				 MAX_OPERATIONS, json_array_size(patch));
	return 0;
}

static int json_patch(struct sb_call *call, json_t **document)
{
	json_t *patch = read_body(call);
	int result = check_operations(call, patch);

	if (result == 0 && fc_server_patch(patch, *document, NULL) < 0)
		result = sb_refuse(call, 422, "Invalid", json_object(),
				   "the server rejected our request due to an error in our request");
	json_decref(patch);
	return result;
}

/* --- merge patch --- */

static int merge_patch(struct sb_call *call, json_t **document)
{
	json_t *patch = read_body(call);
	int result = 0;

	if (json_is_object(patch)) {
		*document = fc_merge_patch(*document, patch);
	} else if (json_is_array(patch)) {
		FC_AUTO_FREE char *why = sb_body_fault(patch, "", 0);

		result = sb_refuse_patched(call, patch, why);
	} else {
		result = sb_refuse(call, 500, NULL, NULL, "Invalid JSON Patch");
	}
	json_decref(patch);
	return result;
}

/* --- strategic merge patch --- */

static int refuse_strategic(struct sb_call *call, const json_t *patch, const struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	if (err->http_status == 400)
		return sb_refuse_bad_request(call, "%s", err->text);
	if (err->http_status != 422)
		return sb_refuse(call, 500, NULL, NULL, "%s", err->text);
	sb_strategic_print(&text, patch);
	json_auto_t *printed = json_string(fc_buf_str(&text));
	return sb_refuse_patched(call, printed, err->text);
}

static int strategic_patch(struct sb_call *call, json_t **document)
{
	struct fc_error err = FC_ERROR_INIT;
	json_t *patch = read_body(call);
	int result = 0;

	if (!patch)
		result = sb_refuse_bad_request(call, is_empty(call->request) ? "EOF" : "unexpected EOF");
	else if (!json_is_null(patch) && !json_is_object(patch))
		result = sb_refuse_bad_request(
			call, "json: cannot unmarshal %s into Go value of type map[string]interface {}",
			sb_go_type(patch));
	else if (json_is_object(patch) && sb_strategic_apply(call->type->schema, *document, patch, &err) < 0)
		result = refuse_strategic(call, patch, &err);
	json_decref(patch);
	return result;
}

/* --- what all have in common --- */

static int finish(struct sb_call *call, struct sb_object *old, json_t *document, bool managed)
{
	if (sb_write_decode(call, document, true) < 0 || sb_write_check_place(call, document, false) < 0)
		return -1;
	return old ? sb_write_update(call, old, document, managed) : sb_write_create(call, document, managed);
}

static int patch_stored(struct sb_call *call, patch_fn *patch)
{
	struct sb_object *old = sb_store_find(sb_call_resource(call), call->ns, call->name);
	json_t *document;
	int result;

	if (!old)
		return sb_refuse_not_found(call, call->type, call->name);
	document = sb_object_json(old, call->type);
	result = patch(call, &document);
	if (result == 0)
		result = finish(call, old, document, false);
	json_decref(document);
	return result;
}

static int check_applied(struct sb_call *call, const json_t *applied, const struct fc_error *err)
{
	const char *version = sb_text(applied, "apiVersion");

	if (!applied)
		return sb_refuse_bad_request(call, "error decoding YAML: error converting YAML to JSON: yaml: %s",
					     err->text);
	if (!json_is_object(applied))
		return sb_refuse_bad_request(call,
					     "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: "
					     "cannot unmarshal %s into Go value of type map[string]interface {}",
					     sb_go_type(applied));
	if (strcmp(version, call->type->api_version) != 0)
		return sb_refuse_bad_request(call,
					     "Incorrect version specified in apply patch. Specified patch version: %s, "
					     "expected: %s",
					     version, call->type->api_version);
	return 0;
}

/* What was merged is turned into its Go type by another way than other patches are, with other words. */
static int check_merged(struct sb_call *call, const json_t *merged)
{
	const struct sb_type *type = call->type;
	struct fc_error err = FC_ERROR_INIT;
	json_auto_t *copy = type->custom ? NULL : json_deep_copy(merged);
	const char *base64;

	if (!copy || sb_schema_decode(type->schema, copy, &err) == 0)
		return 0;
	base64 = strstr(err.text, "illegal base64");
	return sb_refuse(call, 500, NULL, NULL,
			 "failed to convert new object to proper version: unable to convert unstructured object to "
			 "%s/%s, Kind=%s: error decoding from json: %s",
			 type->group, type->version, type->kind, base64 ?: err.text);
}

static int apply_patch(struct sb_call *call)
{
	const struct sb_request *q = call->request;
	struct sb_object *old = sb_store_find(sb_call_resource(call), call->ns, call->name);
	struct fc_error err = FC_ERROR_INIT;
	json_t *applied, *old_json, *merged;
	int result = -1;

	applied = is_empty(q) ? json_object() : fc_yaml_parse(q->body, q->body_len, &err);
	if (json_is_null(applied))
		applied = json_object();
	if (check_applied(call, applied, &err) < 0) {
		json_decref(applied);
		return -1;
	}
	old_json = old ? sb_object_json(old, call->type) : NULL;
	merged = sb_apply(call, old_json, applied);
	if (merged && check_merged(call, merged) == 0)
		result = finish(call, old, merged, true);
	json_decref(merged);
	json_decref(old_json);
	json_decref(applied);
	return result;
}

static patch_fn *patch_of(const struct sb_call *call, const char *content_type)
{
	if (strcmp(content_type, "application/json-patch+json") == 0)
		return json_patch;
	if (strcmp(content_type, "application/merge-patch+json") == 0)
		return merge_patch;
	if (strcmp(content_type, "application/strategic-merge-patch+json") == 0 && !call->type->custom)
		return strategic_patch;
	return NULL;
}

static int refuse_content_type(struct sb_call *call)
{
	if (call->type->custom)
		return sb_refuse_media_type(call, "the body of the request was in an unknown format - accepted media "
						  "types include: application/json-patch+json, "
						  "application/merge-patch+json, application/apply-patch+yaml");
	return sb_refuse(call, 415, "UnsupportedMediaType", json_object(), "415: Unsupported Media Type");
}

int sb_handle_patch(struct sb_call *call)
{
	char content_type[64];
	patch_fn *patch;
	bool apply;

	sb_call_content_type(call, content_type, sizeof(content_type));
	apply = strcmp(content_type, "application/apply-patch+yaml") == 0;
	patch = patch_of(call, content_type);
	if (!apply && !patch)
		return refuse_content_type(call);
	if (call->request->body_too_large)
		return sb_refuse(call, 413, "RequestEntityTooLarge", NULL,
				 "Request entity too large: limit is 3145728");
	if (sb_write_options(call, "PatchOptions") < 0)
		return -1;
	return apply ? apply_patch(call) : patch_stored(call, patch);
}
