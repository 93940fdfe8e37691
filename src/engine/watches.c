/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: what was started, and where what they tell belongs. */
#include "base/mem.h"
#include "engine/parts.h"
#include "engine/whole.h"
#include "json/decode.h"

void watch_say_start(struct fc_engine *e, const struct watch *w)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_START_WATCH);

	a->cluster = w->cluster;
	a->watch = w->id;
	a->resource = fc_resource_ref(w->resource);
	a->namespace_ = fc_xstrdup_null(w->namespace_);
	a->name = fc_xstrdup_null(w->name);
	a->content = w->content;
	/* The answers are the targets', and nobody else's. */
	a->without_echoes = w->use == WATCH_TARGETS;
}

static void say_stop(struct fc_engine *e, const struct watch *w)
{
	struct fc_action *a = fc_actions_add(e->out, FC_ACTION_STOP_WATCH);

	a->cluster = w->cluster;
	a->watch = w->id;
}

static bool is_silent(const struct fc_engine *e, const struct watch *w)
{
	return cluster_of(e, w->cluster)->connection == REFUSED;
}

static void join(struct fc_engine *e, struct watch *w)
{
	struct cluster *c = cluster_of(e, w->cluster);

	HASH_ADD(hh, e->watches, id, sizeof(w->id), w);
	DL_APPEND2(c->watches, w, prev_in_cluster, next_in_cluster);
}

static void leave(struct fc_engine *e, struct watch *w)
{
	struct cluster *c = cluster_of(e, w->cluster);

	HASH_DEL(e->watches, w);
	DL_DELETE2(c->watches, w, prev_in_cluster, next_in_cluster);
}

void watch_silence(struct fc_engine *e, struct watch *w)
{
	say_stop(e, w);
	leave(e, w);
	w->id = ++e->next_watch;
	w->listing = w->relisting = false;
	join(e, w);
}

bool watch_has_told(const struct watch *w)
{
	return w->synced && !w->broadened;
}

void watch_list_again(struct fc_engine *e, struct watch *w)
{
	/* One that is not heard lists when it is. */
	if (is_silent(e, w))
		return;
	watch_silence(e, w);
	watch_say_start(e, w);
}

struct watch *watch_start(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
			  const char *namespace_, const char *name, enum watch_use use)
{
	enum fc_watch_content content = use == WATCH_SOURCES ? FC_WATCH_BODIES : FC_WATCH_ANNOTATED;

	return watch_start_as(e, cluster, r, namespace_, name, use, content);
}

struct watch *watch_start_as(struct fc_engine *e, fc_cluster_no cluster, const struct fc_resource *r,
			     const char *namespace_, const char *name, enum watch_use use,
			     enum fc_watch_content content)
{
	struct watch *w = fc_xcalloc(1, sizeof(*w));

	w->id = ++e->next_watch;
	w->cluster = cluster;
	w->resource = r;
	w->namespace_ = fc_intern_take(e->strings, namespace_);
	w->name = fc_intern_take(e->strings, name);
	w->use = use;
	w->content = content;
	join(e, w);
	resync_begin(e, w);
	if (!is_silent(e, w))
		watch_say_start(e, w);
	return w;
}

void watch_stop(struct fc_engine *e, struct watch *w)
{
	if (!is_silent(e, w))
		say_stop(e, w);
	resync_end(e, w);
	leave(e, w);
	fc_intern_drop(e->strings, w->namespace_);
	fc_intern_drop(e->strings, w->name);
	fault_clear(&w->error);
	free(w);
}

static void mark_targets(struct fc_engine *e, struct watch *w)
{
	for (struct target *t = w->targets; t; t = t->next_in_watch) {
		retry_type_is_back(t);
		target_mark(e, t);
	}
}

/* It has told something: what was said against it is over. */
static void works(struct fc_engine *e, struct watch *w)
{
	bool was_gone = fault_is_of_type(&w->error);

	fault_clear(&w->error);
	w->forbidden = false;
	type_is_served(e, cluster_of(e, w->cluster), w->resource);
	if (w->use == WATCH_TARGETS && was_gone)
		mark_targets(e, w);
}

static void list_end(struct fc_engine *e, struct watch *w, bool complete)
{
	bool first = !w->synced;

	w->listing = w->relisting = w->broadened = false;
	w->synced = true;
	works(e, w);
	if (w->use == WATCH_SOURCES) {
		sources_list_end(e, w, complete);
		return;
	}
	if (w->use == WATCH_NAMESPACES)
		namespaces_list_end(e, w, complete, first);
	else if (complete)
		targets_list_end(e, w);
	if (w->use == WATCH_TARGETS)
		copy_watch_told(e, w);
	clusters_check_synced(cluster_of(e, w->cluster));
}

static void targets_failed(struct fc_engine *e, struct watch *w, bool was_gone)
{
	struct cluster *c = cluster_of(e, w->cluster);

	if (c->connection == UP) {
		char *what = fc_resource_name(w->resource);
		char *detail = fc_xasprintf("%s: %s", what, w->error.text);

		report_cluster(e, FC_LOG_WARN, c, "targets cannot be watched just now", detail);
		free(detail);
		free(what);
	}
	if (was_gone != fault_is_of_type(&w->error))
		mark_targets(e, w);
	if (!watch_has_told(w) || was_gone != fault_is_of_type(&w->error))
		copy_watch_told(e, w);
	clusters_check_synced(c);
}

/* What it told before stays true, as far as anybody knows (kube-client 6.19). */
static void failed(struct fc_engine *e, struct watch *w, const struct fc_error *error)
{
	bool was_gone = fault_is_of_type(&w->error);

	fault_set(&w->error, error);
	w->relisting = false;
	switch (w->use) {
	case WATCH_TARGETS:
		targets_failed(e, w, was_gone);
		return;
	case WATCH_NAMESPACES:
		namespaces_failed(e, w);
		return;
	case WATCH_SOURCES:
		break;
	}
	sources_changed(e, w);
	if (w->forbidden || error->cls != FC_ERR_FORBIDDEN)
		return;
	w->forbidden = true;
	source_watch_forbidden(e, w);
}

static void resumed(struct fc_engine *e, struct watch *w)
{
	works(e, w);
	if (w->use != WATCH_SOURCES)
		return;
	sources_changed(e, w);
	source_watch_works(e, w);
}

static void object(struct fc_engine *e, struct watch *w, const struct fc_event *event)
{
	switch (w->use) {
	case WATCH_TARGETS:
		target_object(e, w, event->object);
		break;
	case WATCH_NAMESPACES:
		namespace_object(e, w, event->object);
		break;
	case WATCH_SOURCES:
		source_object(e, w, event->object, event->received_us);
		break;
	}
}

static void gone(struct fc_engine *e, struct watch *w, const struct fc_event *event)
{
	switch (w->use) {
	case WATCH_TARGETS:
		target_gone(e, w, event->namespace_, event->name, event->resource_version);
		break;
	case WATCH_NAMESPACES:
		namespace_gone(e, w, event->name);
		break;
	case WATCH_SOURCES:
		source_gone(e, w, event->namespace_, event->name, event->resource_version);
		break;
	}
}

/* A Namespace that cannot be decoded stays as it was told last. */
static void unreadable(struct fc_engine *e, struct watch *w, const struct fc_event *event)
{
	if (w->use == WATCH_TARGETS)
		target_unreadable(e, w, event->namespace_, event->name, event->resource_version);
	else if (w->use == WATCH_SOURCES)
		source_unreadable(e, w, event->namespace_, event->name, event->resource_version);
	else
		namespace_unreadable(e, w, event->name);
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
		gone(e, w, event);
		break;
	case FC_EVENT_OBJECT_UNREADABLE:
		unreadable(e, w, event);
		break;
	case FC_EVENT_WATCH_FAILED:
		failed(e, w, &event->error);
		break;
	case FC_EVENT_WATCH_RESUMED:
		resumed(e, w);
		break;
	default:
		break;
	}
}
