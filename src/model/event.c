/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include "base/mem.h"

static const char *const type_names[] = {
	[FC_EVENT_TICK] = "tick",
	[FC_EVENT_CLUSTER_ADDED] = "cluster-added",
	[FC_EVENT_CLUSTER_REMOVED] = "cluster-removed",
	[FC_EVENT_CLUSTER_CHANGED] = "cluster-changed",
	[FC_EVENT_PERMISSIONS] = "permissions",
	[FC_EVENT_CLUSTER_UP] = "cluster-up",
	[FC_EVENT_CLUSTER_DOWN] = "cluster-down",
	[FC_EVENT_RESOLVED] = "resolved",
	[FC_EVENT_LIST_BEGIN] = "list-begin",
	[FC_EVENT_LIST_END] = "list-end",
	[FC_EVENT_OBJECT] = "object",
	[FC_EVENT_OBJECT_GONE] = "object-gone",
	[FC_EVENT_OBJECT_UNREADABLE] = "object-unreadable",
	[FC_EVENT_WATCH_FAILED] = "watch-failed",
	[FC_EVENT_WATCH_RESUMED] = "watch-resumed",
	[FC_EVENT_RESULT] = "result",
};

struct fc_event *fc_event_new(enum fc_event_type type)
{
	struct fc_event *e = fc_xcalloc(1, sizeof(*e));

	e->type = type;
	e->error = FC_ERROR_INIT;
	return e;
}

void fc_event_free(struct fc_event *e)
{
	if (!e)
		return;
	free(e->namespace_);
	free(e->name);
	free(e->resource_version);
	free(e->server_version);
	json_decref(e->object);
	fc_resource_unref(e->resource);
	if (e->info)
		fc_cluster_info_fini(e->info);
	free(e->info);
	fc_permissions_unref(e->permissions);
	free(e);
}

bool fc_event_is_of_watch(enum fc_event_type type)
{
	switch (type) {
	case FC_EVENT_LIST_BEGIN:
	case FC_EVENT_LIST_END:
	case FC_EVENT_OBJECT:
	case FC_EVENT_OBJECT_GONE:
	case FC_EVENT_OBJECT_UNREADABLE:
	case FC_EVENT_WATCH_FAILED:
	case FC_EVENT_WATCH_RESUMED:
		return true;
	case FC_EVENT_TICK:
	case FC_EVENT_CLUSTER_ADDED:
	case FC_EVENT_CLUSTER_REMOVED:
	case FC_EVENT_CLUSTER_CHANGED:
	case FC_EVENT_CLUSTER_UP:
	case FC_EVENT_CLUSTER_DOWN:
	case FC_EVENT_RESOLVED:
	case FC_EVENT_RESULT:
	case FC_EVENT_PERMISSIONS:
		break;
	}
	return false;
}

const char *fc_event_type_name(enum fc_event_type type)
{
	return (unsigned)type < FC_ARRAY_LEN(type_names) ? type_names[type] : "unknown";
}
