/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/event_forms.h"

#include "base/mem.h"

#include <string.h>

static const struct {
	const char *core, *renamed;
} names[] = {
	{ "involvedObject", "regarding" },
	{ "message", "note" },
	{ "source", "deprecatedSource" },
	{ "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "lastTimestamp", "deprecatedLastTimestamp" },
	{ "count", "deprecatedCount" },
	{ "reportingComponent", "reportingController" },
};

static void rename_member(json_t *event, const char *from, const char *to)
{
	json_t *value = json_object_get(event, from);

	if (!value)
		return;
	json_object_set(event, to, value);
	json_object_del(event, from);
}

static void ensure(json_t *event, const char *member, json_t *value)
{
	if (json_object_get(event, member))
		json_decref(value);
	else
		json_object_set_new(event, member, value);
}

/* Go writes a text that may be left out only when it is not empty. */
static void leave_out_empty(json_t *event, const char *member)
{
	const char *text = json_string_value(json_object_get(event, member));

	if (text && !*text)
		json_object_del(event, member);
}

void sb_event_to_new(json_t *event)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++)
		rename_member(event, names[i].core, names[i].renamed);
	leave_out_empty(event, "reportingController");
	leave_out_empty(event, "reportingInstance");
	ensure(event, "eventTime", json_null());
	ensure(event, "regarding", json_object());
	ensure(event, "deprecatedSource", json_object());
	ensure(event, "deprecatedFirstTimestamp", json_null());
	ensure(event, "deprecatedLastTimestamp", json_null());
}

void sb_event_to_core(json_t *event)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++)
		rename_member(event, names[i].renamed, names[i].core);
	ensure(event, "eventTime", json_null());
	ensure(event, "involvedObject", json_object());
	ensure(event, "source", json_object());
	ensure(event, "firstTimestamp", json_null());
	ensure(event, "lastTimestamp", json_null());
	ensure(event, "reportingComponent", json_string(""));
	ensure(event, "reportingInstance", json_string(""));
}
