/* SPDX-License-Identifier: Apache-2.0 */
#include "model/action.h"

#include "base/mem.h"

static const char *const type_names[] = {
	[FC_ACTION_RESOLVE] = "resolve",
	[FC_ACTION_FORGET_WORD] = "forget-word",
	[FC_ACTION_START_WATCH] = "start-watch",
	[FC_ACTION_STOP_WATCH] = "stop-watch",
	[FC_ACTION_RELIST] = "relist",
	[FC_ACTION_READ] = "read",
	[FC_ACTION_PATCH] = "patch",
	[FC_ACTION_APPLY] = "apply",
	[FC_ACTION_REPLACE] = "replace",
	[FC_ACTION_CREATE] = "create",
	[FC_ACTION_DELETE] = "delete",
	[FC_ACTION_RECORD] = "record",
	[FC_ACTION_REPORT] = "report",
	[FC_ACTION_MEASURE] = "measure",
	[FC_ACTION_GIVE_UP] = "give-up",
};

void fc_actions_init(struct fc_actions *list)
{
	list->first = NULL;
	list->end = &list->first;
}

struct fc_action *fc_actions_add(struct fc_actions *list, enum fc_action_type type)
{
	struct fc_action *a = fc_xcalloc(1, sizeof(*a));

	a->type = type;
	*list->end = a;
	list->end = &a->next;
	return a;
}

struct fc_action *fc_actions_take(struct fc_actions *list)
{
	struct fc_action *a = list->first;

	if (!a)
		return NULL;
	list->first = fc_steal(&a->next);
	if (!list->first)
		list->end = &list->first;
	return a;
}

void fc_actions_fini(struct fc_actions *list)
{
	struct fc_action *a;

	while ((a = fc_actions_take(list)))
		fc_action_free(a);
}

static void report_free(struct fc_report *r)
{
	if (!r)
		return;
	free(r->message);
	free(r->cluster);
	free(r->target);
	free(r->path);
	free(r->source);
	free(r->reason);
	free(r->detail);
	free(r->version);
	free(r);
}

static void measure_free(struct fc_measure *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < FC_ARRAY_LEN(m->labels); i++)
		free(m->labels[i]);
	free(m);
}

void fc_action_free(struct fc_action *a)
{
	if (!a)
		return;
	fc_resource_unref(a->resource);
	free(a->namespace_);
	free(a->name);
	free(a->subresource);
	free(a->uid);
	free(a->version);
	json_decref(a->body);
	fc_event_record_free(a->record);
	json_decref(a->confidential);
	report_free(a->report);
	measure_free(a->measure);
	free(a);
}

const char *fc_action_type_name(enum fc_action_type type)
{
	return (unsigned)type < FC_ARRAY_LEN(type_names) ? type_names[type] : "unknown";
}
