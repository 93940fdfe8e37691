/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/answer.h"
#include "sandbox/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct sb_type list_options_type = { .group = "meta.k8s.io", .kind = "ListOptions", .plural = "" };

/* As Go reads a number; absent or empty is 0. */
static int parse_integer(struct sb_call *call, const char *name, int64_t *out)
{
	const char *text = sb_call_param(call, name);
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	if (*text && (*end || (!strchr("+-", *text) && (*text < '0' || *text > '9'))))
		return sb_refuse_bad_request(call, "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
	if (errno)
		return sb_refuse_bad_request(call, "strconv.ParseInt: parsing \"%s\": value out of range", text);
	return 0;
}

static int parse_version(struct sb_call *call, struct sb_list_options *o)
{
	const char *wrong = NULL;

	errno = 0;
	o->number = strtoull(o->version, NULL, 10);
	if (o->version[strspn(o->version, "0123456789")])
		wrong = "invalid syntax";
	else if (errno)
		wrong = "value out of range";
	if (!wrong)
		return 0;
	return sb_refuse(call, 500, NULL, NULL,
			 "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing "
			 "\"%s\": %s",
			 o->version, o->version, wrong);
}

static void forbid(struct sb_causes *causes, const char *field, const char *why)
{
	sb_cause(causes, "FieldValueForbidden", field, "Forbidden: %s", why);
}

/* Of servers that stream lists. */
static void validate_watch(struct sb_call *call, const struct sb_list_options *o, const char *match,
			   struct sb_causes *causes)
{
	if (!o->not_older)
		forbid(causes, "resourceVersionMatch",
		       "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
	if (!*match)
		return;
	if (!o->not_older)
		sb_cause(causes, "FieldValueNotSupported", "resourceVersionMatch",
			 "Unsupported value: \"%s\": supported values: \"NotOlderThan\"", match);
	if (*sb_call_param(call, "continue"))
		forbid(causes, "resourceVersionMatch", "resourceVersionMatch is forbidden with continue");
}

static void validate_list(struct sb_call *call, const struct sb_list_options *o, const char *match,
			  struct sb_causes *causes)
{
	if (o->has_send_initial)
		forbid(causes, "sendInitialEvents", "sendInitialEvents is forbidden for list");
	if (!*match)
		return;
	if (call->verb == SB_VERB_WATCH)
		forbid(causes, "resourceVersionMatch", "resourceVersionMatch is forbidden for watch");
	if (!*o->version)
		forbid(causes, "resourceVersionMatch",
		       "resourceVersionMatch is forbidden unless resourceVersion is provided");
	if (*sb_call_param(call, "continue"))
		forbid(causes, "resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided");
	if (!o->exact && !o->not_older)
		sb_cause(causes, "FieldValueNotSupported", "resourceVersionMatch",
			 "Unsupported value: \"%s\": supported values: \"Exact\", \"NotOlderThan\", \"\"", match);
	if (o->exact && strcmp(o->version, "0") == 0)
		forbid(causes, "resourceVersionMatch",
		       "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
}

int sb_list_options(struct sb_call *call, struct sb_list_options *o)
{
	const char *match = sb_call_param(call, "resourceVersionMatch");
	struct sb_causes causes = SB_CAUSES_INIT;

	*o = (struct sb_list_options){ .version = sb_call_param(call, "resourceVersion") };
	o->exact = strcmp(match, "Exact") == 0;
	o->not_older = strcmp(match, "NotOlderThan") == 0;
	o->has_send_initial = sb_call_has_param(call, "sendInitialEvents");
	o->send_initial = sb_call_flag(call, "sendInitialEvents");
	if (call->verb == SB_VERB_GET)
		return parse_version(call, o);
	if (parse_integer(call, "limit", &o->limit) < 0 ||
	    parse_integer(call, "timeoutSeconds", &o->timeout_seconds) < 0)
		return -1;
	if (o->limit < 0)
		o->limit = 0;
	if (call->verb == SB_VERB_WATCH && o->has_send_initial)
		validate_watch(call, o, match, &causes);
	else
		validate_list(call, o, match, &causes);
	if (sb_refuse_invalid(call, &list_options_type, "", &causes) < 0)
		return -1;
	return parse_version(call, o);
}

int sb_check_version_is_past(struct sb_call *call, const struct sb_list_options *o, bool retry)
{
	uint64_t now = sb_store_version(call->cluster->store);
	json_t *details;

	if (o->number <= now)
		return 0;
	details = json_pack("{s:[{s:s, s:s}]}", "causes", "reason", "ResourceVersionTooLarge", "message",
			    "Too large resource version");
	if (retry) {
		json_object_set_new(details, "retryAfterSeconds", json_integer(1));
		sb_response_header(call->response, "retry-after", "1");
	}
	return sb_refuse(call, 504, "Timeout", details,
			 "Timeout: Too large resource version: %" PRIu64 ", current: %" PRIu64, o->number, now);
}
