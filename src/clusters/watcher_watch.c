/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"
#include "json/decode.h"
#include "kube/informer.h"

#include <string.h>

/* A watch of the engine's and the informer that serves it. */
struct fc_watcher_watch {
	uint32_t number;
	struct fc_watcher *w;
	struct fc_informer *informer; /* NULL: paused */
	struct fc_resource *resource;
	char *namespace_, *name; /* NULL: all */
	enum fc_watch_content content;
	bool without_echoes;
	bool listing; /* what it tells now is a list's */
	bool gone;    /* its type was not served when it last failed */
	UT_hash_handle hh;
};

static struct fc_event *event_of(const struct fc_watcher_watch *watch, enum fc_event_type type)
{
	struct fc_event *event = fc_watcher_event(watch->w, type);

	event->watch = watch->number;
	return event;
}

static void forget_echoes(const struct fc_watcher_watch *watch)
{
	if (watch->without_echoes)
		fc_watcher_echo_drop_watch(watch->w, watch->resource, watch->number);
}

static void overtakes(const struct fc_watcher_watch *watch, const char *namespace_, const char *name,
		      const char *version)
{
	/* Of all that a list tells nothing is kept when it ends. */
	if (watch->without_echoes && !watch->listing)
		fc_watcher_echo_overtaken(watch->w, watch->resource, watch->number, namespace_, name, version);
}

static void on_list_begin(void *user)
{
	struct fc_watcher_watch *watch = user;

	watch->listing = true;
	forget_echoes(watch);
	fc_watcher_emit(watch->w, event_of(watch, FC_EVENT_LIST_BEGIN));
}

static void on_object(void *user, json_t *object, int64_t received_us)
{
	struct fc_watcher_watch *watch = user;
	struct fc_event *event = event_of(watch, FC_EVENT_OBJECT);

	overtakes(watch, fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"),
		  fc_json_metadata(object, "resourceVersion"));
	event->object = object;
	event->received_us = received_us;
	fc_watcher_emit(watch->w, event);
}

static void on_gone(void *user, const char *namespace_, const char *name, const char *resource_version)
{
	struct fc_watcher_watch *watch = user;
	struct fc_event *event = event_of(watch, FC_EVENT_OBJECT_GONE);

	overtakes(watch, namespace_, name, resource_version);
	event->namespace_ = fc_xstrdup_null(namespace_);
	event->name = fc_xstrdup(name);
	event->resource_version = fc_xstrdup_null(resource_version);
	fc_watcher_emit(watch->w, event);
}

static void on_unreadable(void *user, const char *namespace_, const char *name, const char *resource_version,
			  const struct fc_error *why)
{
	struct fc_watcher_watch *watch = user;
	struct fc_event *event = event_of(watch, FC_EVENT_OBJECT_UNREADABLE);

	overtakes(watch, namespace_, name, resource_version);
	event->namespace_ = fc_xstrdup_null(namespace_);
	event->name = fc_xstrdup(name);
	event->resource_version = fc_xstrdup_null(resource_version);
	event->error = *why;
	fc_watcher_emit(watch->w, event);
}

static void on_list_end(void *user, bool removes)
{
	struct fc_watcher_watch *watch = user;
	struct fc_event *event = event_of(watch, FC_EVENT_LIST_END);

	/* An answer that came meanwhile is newer than what the list has told, and its echo sets that right. */
	forget_echoes(watch);
	watch->listing = false;
	event->complete = removes;
	fc_watcher_emit(watch->w, event);
}

static void on_failed(void *user, const struct fc_error *why)
{
	struct fc_watcher_watch *watch = user;
	struct fc_event *event = event_of(watch, FC_EVENT_WATCH_FAILED);

	event->error = *why;
	fc_watcher_emit(watch->w, event);
	watch->gone = why->cls == FC_ERR_NOT_SERVED || why->cls == FC_ERR_NOT_FOUND;
	if (watch->gone)
		fc_watcher_resolve_doubt(watch->w, watch->resource);
}

static void on_resumed(void *user)
{
	struct fc_watcher_watch *watch = user;

	fc_watcher_emit(watch->w, event_of(watch, FC_EVENT_WATCH_RESUMED));
}

static bool on_change(void *user, const char *bytes, size_t len, int64_t received_us, struct fc_informer_key *key)
{
	struct fc_watcher_watch *watch = user;

	return watch->without_echoes &&
	       fc_watcher_echo_keeps(watch->w, watch->resource, watch->number, bytes, len, received_us, key);
}

static const struct fc_informer_callbacks callbacks = {
	.on_list_begin = on_list_begin,
	.on_object = on_object,
	.on_gone = on_gone,
	.on_unreadable = on_unreadable,
	.on_list_end = on_list_end,
	.on_failed = on_failed,
	.on_resumed = on_resumed,
	.on_change = on_change,
};

static void start(struct fc_watcher_watch *watch)
{
	struct fc_watcher *w = watch->w;

	watch->informer = fc_informer_start(&(struct fc_informer_options){
		.transport = w->transport,
		.resource = watch->resource,
		.namespace_ = watch->namespace_,
		.name = watch->name,
		.metadata_only = watch->content != FC_WATCH_BODIES,
		.annotation_prefixes = watch->content == FC_WATCH_ANNOTATED ? w->o.annotation_prefixes : NULL,
		.metrics = w->o.metrics,
		.random = &w->random,
		.callbacks = &callbacks,
		.user = watch,
	});
}

static void pause_watch(struct fc_watcher_watch *watch)
{
	forget_echoes(watch);
	watch->listing = false;
	if (watch->informer)
		fc_informer_stop(fc_steal(&watch->informer));
}

static void end_watch(struct fc_watcher *w, struct fc_watcher_watch *watch)
{
	HASH_DEL(w->watches, watch);
	pause_watch(watch);
	fc_resource_unref(watch->resource);
	free(watch->namespace_);
	free(watch->name);
	free(watch);
}

void fc_watcher_watch_start(struct fc_watcher *w, const struct fc_action *action)
{
	struct fc_watcher_watch *watch = fc_xcalloc(1, sizeof(*watch));

	fc_watcher_watch_stop(w, action->watch);
	watch->number = action->watch;
	watch->w = w;
	watch->resource = fc_resource_ref(action->resource);
	watch->namespace_ = fc_xstrdup_null(action->namespace_);
	watch->name = fc_xstrdup_null(action->name);
	watch->content = action->content;
	watch->without_echoes = action->without_echoes && action->content != FC_WATCH_BODIES;
	HASH_ADD(hh, w->watches, number, sizeof(watch->number), watch);
	if (w->connection.elsewhere == FC_WATCHER_HERE)
		start(watch);
}

void fc_watcher_watch_stop(struct fc_watcher *w, uint32_t number)
{
	struct fc_watcher_watch *watch;

	HASH_FIND(hh, w->watches, &number, sizeof(number), watch);
	if (watch)
		end_watch(w, watch);
}

void fc_watcher_watch_retry_gone(struct fc_watcher *w, const struct fc_resource *resource)
{
	for (struct fc_watcher_watch *watch = w->watches; watch; watch = watch->hh.next)
		if (watch->gone && watch->informer && fc_resource_same(watch->resource, resource))
			fc_informer_retry_now(watch->informer);
}

void fc_watcher_watch_stop_all(struct fc_watcher *w)
{
	struct fc_watcher_watch *watch, *next;

	HASH_ITER(hh, w->watches, watch, next)
		end_watch(w, watch);
}

void fc_watcher_watch_retry_all(struct fc_watcher *w)
{
	for (struct fc_watcher_watch *watch = w->watches; watch; watch = watch->hh.next)
		if (watch->informer)
			fc_informer_retry_now(watch->informer);
}

void fc_watcher_watch_relist_all(struct fc_watcher *w)
{
	for (struct fc_watcher_watch *watch = w->watches; watch; watch = watch->hh.next)
		if (watch->informer)
			fc_informer_relist(watch->informer);
}

/* One that is paused lists when it begins again. */
void fc_watcher_watch_relist(struct fc_watcher *w, uint32_t number)
{
	struct fc_watcher_watch *watch;

	HASH_FIND(hh, w->watches, &number, sizeof(number), watch);
	if (watch && watch->informer)
		fc_informer_relist(watch->informer);
}

bool fc_watcher_watch_has_echo(const struct fc_watcher *w, const struct fc_resource *r, const char *namespace_,
			       const char *name)
{
	for (const struct fc_watcher_watch *watch = w->watches; watch; watch = watch->hh.next)
		if (watch->without_echoes && fc_resource_same(watch->resource, r) &&
		    (!watch->namespace_ || strcmp(watch->namespace_, namespace_ ? namespace_ : "") == 0) &&
		    (!watch->name || strcmp(watch->name, name) == 0))
			return true;
	return false;
}

void fc_watcher_watch_tell(struct fc_watcher *w, uint32_t number, const char *bytes, size_t len, int64_t received_us)
{
	struct fc_watcher_watch *watch;

	HASH_FIND(hh, w->watches, &number, sizeof(number), watch);
	if (watch && watch->informer)
		fc_informer_tell(watch->informer, bytes, len, received_us);
}

void fc_watcher_watch_pause(struct fc_watcher *w, uint32_t number)
{
	struct fc_watcher_watch *watch;

	HASH_FIND(hh, w->watches, &number, sizeof(number), watch);
	if (watch)
		pause_watch(watch);
}

void fc_watcher_watch_pause_all(struct fc_watcher *w)
{
	for (struct fc_watcher_watch *watch = w->watches; watch; watch = watch->hh.next)
		pause_watch(watch);
}

void fc_watcher_watch_resume_all(struct fc_watcher *w)
{
	for (struct fc_watcher_watch *watch = w->watches; watch; watch = watch->hh.next)
		if (!watch->informer)
			start(watch);
}
