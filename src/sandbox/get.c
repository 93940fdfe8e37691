/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sandbox/answer.h"
#include "sandbox/read.h"
#include "sandbox/table.h"

struct sb_resource *sb_call_resource(const struct sb_call *call)
{
	return sb_store_resource(call->cluster->store, call->type->storage_group, call->type->plural);
}

void sb_answer_text_is_json(struct sb_call *call)
{
	struct fc_buf *body = &call->response->body;
	json_t *value;

	call->response->content_type = "application/json";
	if (!call->yaml)
		return;
	value = json_loadb(body->data, body->len, JSON_ALLOW_NUL, NULL);
	sb_answer_json(call, call->response->status, value);
	json_decref(value);
}

static int answer_table(struct sb_call *call, int status, struct sb_object *o)
{
	json_t *metadata =
		o->version ? json_pack("{s:o}", "resourceVersion", json_sprintf("%llu", (unsigned long long)o->version))
			   : json_object();
	json_t *table = sb_table(call, &o, 1, metadata, true);

	sb_answer_json(call, status, table);
	json_decref(table);
	json_decref(metadata);
	return 0;
}

int sb_answer_object(struct sb_call *call, int status, const struct sb_object *o)
{
	struct fc_buf *body = &call->response->body;

	if (call->form == SB_FORM_TABLE)
		return answer_table(call, status, (struct sb_object *)(uintptr_t)o);
	fc_buf_clear(body);
	if (call->form == SB_FORM_METADATA)
		sb_object_print_metadata(o, body);
	else
		sb_object_print(o, call->type, body);
	fc_buf_putc(body, '\n');
	call->response->status = status;
	sb_answer_text_is_json(call);
	return 0;
}

int sb_handle_get(struct sb_call *call)
{
	struct sb_list_options options;
	const struct sb_object *o;

	if (sb_list_options(call, &options) < 0 || sb_check_version_is_past(call, &options, true) < 0)
		return -1;
	o = sb_store_find(sb_call_resource(call), call->ns, call->name);
	if (!o)
		return sb_refuse_not_found(call, call->type, call->name);
	return sb_answer_object(call, 200, o);
}
