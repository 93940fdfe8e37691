/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/api_cruelty.h"

#include "base/clock.h"
#include "base/mem.h"
#include "json/patch_apply.h"
#include "sandbox/answer.h"
#include "sandbox/cruelty.h"

#include <stdio.h>
#include <string.h>

static const struct sb_cruelty_rule *strikes(const struct sb_call *call, enum sb_cruelty_kind kind)
{
	return sb_cruelty_strikes(call->cluster->cruelty, kind, call, fc_clock_mono_ms());
}

static bool is_write(const struct sb_call *call)
{
	return sb_call_is_resource(call) && call->verb >= SB_VERB_CREATE && call->verb != SB_VERB_NONE;
}

static void throttle(struct sb_call *call, const struct sb_cruelty_rule *rule)
{
	char seconds[24];

	sb_refuse(call, 429, "TooManyRequests", NULL, "Too many requests, please try again later.");
	if (rule->retry_after < 0)
		return;
	snprintf(seconds, sizeof(seconds), "%lld", (long long)rule->retry_after);
	sb_response_header(call->response, "retry-after", seconds);
}

/* What a proxy in between says when the API server is not there. */
static void bad_gateway(struct sb_call *call)
{
	call->response->status = 502;
	call->response->content_type = "text/html";
	fc_buf_clear(&call->response->body);
	fc_buf_puts(&call->response->body,
		    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n");
}

bool sb_api_cruelty_breaks_group(const struct sb_call *call, const char *group)
{
	struct sb_call of_group = *call;

	of_group.group = group;
	return !sb_cruelty_is_calm(call->cluster->cruelty) && strikes(&of_group, SB_BROKEN_GROUP);
}

static bool is_broken_group(const struct sb_call *call)
{
	return !sb_call_is_resource(call) && strncmp(call->request->path, "/apis/", 6) == 0 && *call->version &&
	       sb_api_cruelty_breaks_group(call, call->group);
}

static int refuse_conflict(struct sb_call *call)
{
	return sb_refuse(
		call, 409, "Conflict", sb_details(call->name, call->group, call->plural),
		"Operation cannot be fulfilled on %s%s%s \"%s\": the object has been modified; please apply your "
		"changes to the latest version and try again",
		call->plural, *call->group ? "." : "", call->group, call->name);
}

bool sb_api_cruelty_before(struct sb_call *call)
{
	const struct sb_cruelty_rule *rule;

	if (sb_cruelty_is_calm(call->cluster->cruelty))
		return false;
	if (strikes(call, SB_TOKEN_REFUSED))
		sb_refuse(call, 401, "Unauthorized", NULL, "Unauthorized");
	else if ((rule = strikes(call, SB_THROTTLE)))
		throttle(call, rule);
	else if (strikes(call, SB_ERROR_500))
		sb_refuse(call, 500, "InternalError", NULL, "Internal error occurred: on purpose");
	else if (strikes(call, SB_BAD_GATEWAY))
		bad_gateway(call);
	else if (strikes(call, SB_UNAVAILABLE) || is_broken_group(call))
		sb_refuse(call, 503, "ServiceUnavailable", NULL,
			  "the server is currently unable to handle the request");
	else if (is_write(call) && *call->name && strikes(call, SB_CONFLICT))
		refuse_conflict(call);
	else if (call->verb == SB_VERB_LIST && *sb_call_param(call, "continue") && strikes(call, SB_GONE_CONTINUE))
		sb_refuse_gone(call, "The provided continue parameter is too old to display a consistent list result.");
	else
		return false;
	return true;
}

bool sb_api_cruelty_ends_watch(const struct sb_call *call)
{
	return !sb_cruelty_is_calm(call->cluster->cruelty) && strikes(call, SB_GONE_WATCH);
}

void sb_api_cruelty_mutate(struct sb_call *call, json_t *object)
{
	const struct sb_cruelty_rule *rule;
	size_t i;
	json_t *pointer;

	if (sb_cruelty_is_calm(call->cluster->cruelty))
		return;
	rule = strikes(call, SB_MUTATE);
	if (!rule)
		return;
	if (rule->set)
		json_object_update_recursive(object, rule->set);
	json_array_foreach(rule->prune, i, pointer) {
		json_t *operations = json_pack("[{s:s, s:O}]", "op", "remove", "path", pointer);

		/* What is not there needs no pruning: a failure is as good. */
		int pruned = operations ? fc_patch_apply(operations, object, NULL) : 0;

		(void)pruned;
		json_decref(operations);
	}
}

void sb_api_cruelty_after(struct sb_call *call)
{
	if (sb_cruelty_is_calm(call->cluster->cruelty) || !is_write(call) || call->response->status >= 400)
		return;
	if (!strikes(call, SB_TIMEOUT_DONE))
		return;
	sb_refuse(call, 504, "Timeout", NULL, "Timeout: request did not complete within the allowed duration");
}
