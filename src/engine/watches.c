/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: what was started, and where what they tell belongs. */
#include "base/mem.h"
#include "engine/parts.h"
#include "json/decode.h"

struct watch *watch_start(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
			  const char *namespace_, const char *name, bool of_targets)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_START_WATCH);
	struct watch *w = fc_xcalloc(1, sizeof(*w));

	w->id = ++e->next_watch;
	w->cluster = cluster;
	w->resource = r;
	w->namespace_ = fc_intern_take(e->strings, namespace_);
	w->name = fc_intern_take(e->strings, name);
	w->of_targets = of_targets;
	HASH_ADD(hh, e->watches, id, sizeof(w->id), w);
	a->cluster = cluster;
	a->watch = w->id;
	a->resource = fc_resource_ref(r);
	a->namespace_ = fc_xstrdup_null(namespace_);
	a->name = fc_xstrdup_null(name);
	a->metadata_only = of_targets;
	return w;
}

void watch_stop(struct fc_engine *e, struct watch *w)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_STOP_WATCH);

	a->cluster = w->cluster;
	a->watch = w->id;
	HASH_DEL(e->watches, w);
	fc_intern_drop(e->strings, w->namespace_);
	fc_intern_drop(e->strings, w->name);
	fault_clear(&w->error);
	free(w);
}

static void list_end(struct fc_engine *e, struct watch *w, bool complete)
{
	w->listing = false;
	w->synced = true;
	fault_clear(&w->error);
	if (w->of_targets) {
		if (complete)
			targets_list_end(e, w);
		clusters_check_synced(e, &e->clusters[w->cluster]);
	} else {
		sources_list_end(e, w, complete);
	}
}

static void failed(struct fc_engine *e, struct watch *w, const struct fc_error *error)
{
	struct cluster *c = &e->clusters[w->cluster];

	fault_set(&w->error, error);
	if (!w->of_targets) {
		sources_changed(e, w);
		return;
	}
	if (c->connection == UP) {
		char *what = fc_resource_name(w->resource);
		char *detail = fc_xasprintf("%s: %s", what, error->text);

		report_cluster(e, FC_LOG_WARN, c, "targets cannot be watched just now", detail);
		free(detail);
		free(what);
	}
	clusters_check_synced(e, c);
}

static void object(struct fc_engine *e, struct watch *w, const struct fc_event *event)
{
	if (w->of_targets)
		target_object(e, w, event->object);
	else
		source_object(e, w, event->object, event->received_us);
}

void watch_event(struct fc_engine *e, const struct fc_event *event)
{
	struct watch *w = NULL;

	/* A watch that was stopped may have said something before it heard of it. */
	HASH_FIND(hh, e->watches, &event->watch, sizeof(event->watch), w);
	if (!w)
		return;
	switch (event->type) {
	case FC_EVENT_LIST_BEGIN:
		w->listing = true;
		w->generation++;
		break;
	case FC_EVENT_LIST_END:
		list_end(e, w, event->complete);
		break;
	case FC_EVENT_OBJECT:
		object(e, w, event);
		break;
	case FC_EVENT_OBJECT_GONE:
		(w->of_targets ? target_gone : source_gone)(e, w, event->namespace_, event->name,
							    event->resource_version);
		break;
	case FC_EVENT_OBJECT_UNREADABLE:
		(w->of_targets ? target_unreadable : source_unreadable)(e, w, event->namespace_, event->name,
									event->resource_version);
		break;
	case FC_EVENT_WATCH_FAILED:
		failed(e, w, &event->error);
		break;
	case FC_EVENT_WATCH_RESUMED:
		fault_clear(&w->error);
		if (!w->of_targets)
			sources_changed(e, w);
		break;
	default:
		break;
	}
}
