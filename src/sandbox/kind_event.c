/* SPDX-License-Identifier: Apache-2.0 */
/* Both kinds see an Event as core/v1 has it, in which form it is stored. */
#include "sandbox/kinds.h"

#include "sandbox/event_forms.h"
#include "sandbox/validate_field.h"

#include <string.h>

#define MAX_WORD 128
#define MAX_NOTE 1024

static void defaults(json_t *object)
{
	json_t *series = json_object_get(object, "series");

	sb_event_to_core(object);
	if (series)
		sb_set_default(series, "lastObservedTime", json_null());
}

static bool is_set(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return value && !json_is_null(value);
}

static void validate_word(const json_t *object, const char *member, bool needed, size_t max, struct sb_causes *causes)
{
	size_t len = strlen(sb_text(object, member));

	if (needed && !len)
		sb_required(causes, SB_FIELD(member), "");
	if (len > max)
		sb_invalid(causes, SB_FIELD(member), "", "can have at most %zu characters", max);
}

/* What bears an eventTime is of the new kind. */
static void validate_reporter(const json_t *object, struct sb_causes *causes)
{
	const char *controller = sb_text(object, "reportingComponent");

	if (!*controller)
		sb_required(causes, SB_FIELD("reportingController"), "");
	sb_check(causes, SB_FIELD("reportingController"), controller, sb_faults_qualified_name);
	validate_word(object, "reportingInstance", true, MAX_WORD, causes);
	validate_word(object, "action", true, MAX_WORD, causes);
	validate_word(object, "reason", true, MAX_WORD, causes);
	validate_word(object, "message", false, MAX_NOTE, causes);
}

static void validate_namespace(const json_t *object, bool is_new, struct sb_causes *causes)
{
	const char *ns = sb_text(json_object_get(object, "metadata"), "namespace");
	const char *other = sb_text(json_object_get(object, "involvedObject"), "namespace");
	/* Without a namespace of its own the object is one of the cluster. */
	bool fits = *other ? is_new || strcmp(ns, other) == 0 : strcmp(ns, is_new ? "kube-system" : "default") == 0;

	if (!fits)
		sb_invalid(causes, SB_FIELD("involvedObject.namespace"), other, "does not match event.namespace");
}

static void validate(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	bool is_new = is_set(object, "eventTime");

	(void)call;
	(void)old;
	validate_namespace(object, is_new, causes);
	if (is_new)
		validate_reporter(object, causes);
}

static void validate_series(const json_t *series, struct sb_causes *causes)
{
	if (!series)
		return;
	if (sb_int(series, "count", 0) < 2)
		sb_invalid(causes, SB_FIELD("series.count"), "", "should be at least 2");
	if (!is_set(series, "lastObservedTime"))
		sb_required(causes, SB_FIELD("series.lastObservedTime"), "");
}

static void validate_unset(const json_t *object, struct sb_causes *causes)
{
	static const char why[] = "needs to be unset";

	if (is_set(object, "firstTimestamp"))
		sb_invalid(causes, SB_FIELD("firstTimestamp"), "", why);
	if (is_set(object, "lastTimestamp"))
		sb_invalid(causes, SB_FIELD("lastTimestamp"), "", why);
	if (sb_int(object, "count", 0) != 0)
		sb_invalid(causes, SB_FIELD("count"), "", why);
	if (json_object_size(json_object_get(object, "source")))
		sb_invalid(causes, SB_FIELD("source"), "", why);
}

/* The stricter rules hold for creations alone. */
static void validate_new(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes)
{
	const char *type = sb_text(object, "type");

	validate(call, old, object, causes);
	if (old)
		return;
	validate_series(json_object_get(object, "series"), causes);
	if (!is_set(object, "eventTime"))
		sb_required(causes, SB_FIELD("eventTime"), "");
	if (strcmp(type, "Normal") != 0 && strcmp(type, "Warning") != 0)
		sb_invalid(causes, SB_FIELD("type"), "", "has invalid value: %s", type);
	validate_unset(object, causes);
}

const struct sb_kind sb_kind_event = {
	.defaults = defaults,
	.validate = validate,
};

const struct sb_kind sb_kind_new_event = {
	.defaults = defaults,
	.validate = validate_new,
};
