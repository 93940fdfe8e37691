/* SPDX-License-Identifier: Apache-2.0 */
/* The watches of one cluster, each an informer as small as it can be: lists, then tells what happens, forgets and is
 * interrupted. */
#include "sim_watcher_parts.h"

#include "base/mem.h"
#include "json/decode.h"
#include "kube/annotation_filter.h"
#include "kube/url.h"
#include "model/status.h"

#include <utlist.h>

#include <stdlib.h>
#include <string.h>

static struct fc_event *watch_event(const struct sim_watcher *w, const struct sim_watch *watch, enum fc_event_type type)
{
	struct fc_event *e = sim_event_new(w, type);

	e->watch = watch->action->watch;
	return e;
}

static void watch_path(struct sim_watch *watch)
{
	const struct fc_action *a = watch->action;
	struct fc_error err = FC_ERROR_INIT;

	if (fc_url_object(&watch->path, a->resource, a->namespace_, NULL, NULL, &err) < 0)
		abort();
	if (a->name)
		fc_url_field_selector(&watch->path, "metadata.name", a->name);
}

static bool metadata_only(const struct sim_watch *watch)
{
	return watch->action->content != FC_WATCH_BODIES;
}

static void tell_failed(struct sim_watcher *w, struct sim_watch *watch, enum fc_error_class cls)
{
	struct fc_event *e;

	if (watch->failed == cls)
		return;
	watch->failed = cls;
	e = watch_event(w, watch, FC_EVENT_WATCH_FAILED);
	fc_error_set(&e->error, cls, "%s", fc_error_class_name(cls));
	sim_post(w, e);
}

static char *key_of(const json_t *object)
{
	return fc_xasprintf("%s/%s", fc_json_metadata(object, "namespace"), fc_json_metadata(object, "name"));
}

/* Is the object told of, given that one which bears nothing of interest is dropped? */
static bool passes(const struct sim_watcher *w, struct sim_watch *watch, const json_t *object, bool listed)
{
	char *key;
	bool bears, passed;

	if (watch->action->content != FC_WATCH_ANNOTATED)
		return true;
	key = key_of(object);
	bears = fc_annotation_filter_match(object, w->o.annotation_prefixes);
	passed = json_object_get(watch->passed, key);
	if (bears)
		json_object_set_new(watch->passed, key, json_true());
	else
		json_object_del(watch->passed, key);
	free(key);
	return bears || (passed && !listed);
}

static void remember(struct sim_watch *watch, const struct fc_event *e)
{
	fc_event_free(watch->last);
	watch->last = fc_event_new(e->type);
	watch->last->cluster = e->cluster;
	watch->last->watch = e->watch;
	watch->last->namespace_ = fc_xstrdup_null(e->namespace_);
	watch->last->name = fc_xstrdup_null(e->name);
	watch->last->resource_version = fc_xstrdup_null(e->resource_version);
	watch->last->object = json_incref(e->object);
	watch->last->received_us = e->received_us;
}

static void tell_object(struct sim_watcher *w, struct sim_watch *watch, json_t *object, bool listed)
{
	struct fc_event *e;

	if (!passes(w, watch, object, listed))
		return;
	e = watch_event(w, watch, FC_EVENT_OBJECT);
	e->object = json_incref(object);
	e->received_us = 1;
	if (!listed)
		remember(watch, e);
	sim_post(w, e);
}

static void tell_gone(struct sim_watcher *w, struct sim_watch *watch, const json_t *object)
{
	char *key = key_of(object);
	bool passed = watch->action->content != FC_WATCH_ANNOTATED || json_object_get(watch->passed, key);
	struct fc_event *e;

	json_object_del(watch->passed, key);
	free(key);
	if (!passed)
		return;
	e = watch_event(w, watch, FC_EVENT_OBJECT_GONE);
	e->namespace_ = fc_xstrdup(fc_json_metadata(object, "namespace"));
	e->name = fc_xstrdup(fc_json_metadata(object, "name"));
	e->resource_version = fc_xstrdup(fc_json_metadata(object, "resourceVersion"));
	remember(watch, e);
	sim_post(w, e);
}

static bool may_not(const struct sim_watcher *w, const struct sim_watch *watch)
{
	const struct fc_action *a = watch->action;

	if (strcmp(a->resource->plural, "namespaces") == 0)
		return w->o.rbac.no_namespaces;
	return w->o.rbac.no_wide && a->content == FC_WATCH_BODIES && !a->name;
}

static void set_version(struct sim_watch *watch, const json_t *object)
{
	free(watch->version);
	watch->version = fc_xstrdup(fc_json_metadata(object, "resourceVersion"));
}

/* At most `max` items are told before it breaks off. */
static bool list(struct sim_watcher *w, struct sim_watch *watch, size_t max)
{
	struct api_answer a =
		api_request(w->o.server, "GET", fc_buf_str(&watch->path), NULL, metadata_only(watch), NULL);
	json_t *items = json_object_get(a.body, "items"), *item;
	struct fc_error why = FC_ERROR_INIT;
	struct fc_event *end;
	size_t i, before = w->events.count;

	if (a.status != 200) {
		fc_status_error_json(a.status, a.body, -1, FC_STATUS_OF_READ, &why);
		tell_failed(w, watch, why.cls);
		api_answer_fini(&a);
		return w->events.count != before;
	}
	/* Nothing from before a list is told again after it. */
	fc_event_free(fc_steal(&watch->last));
	sim_post(w, watch_event(w, watch, FC_EVENT_LIST_BEGIN));
	json_array_foreach(items, i, item) {
		if (i >= max)
			break;
		tell_object(w, watch, item, true);
	}
	if (i < json_array_size(items) || max == 0) {
		tell_failed(w, watch, FC_ERR_SERVER);
	} else {
		end = watch_event(w, watch, FC_EVENT_LIST_END);
		end->complete = true;
		sim_post(w, end);
		watch->failed = FC_ERR_NONE;
		set_version(watch, a.body);
	}
	api_answer_fini(&a);
	return true;
}

static void open_stream(struct sim_watcher *w, struct sim_watch *watch)
{
	struct fc_buf path = FC_BUF_INIT;

	fc_buf_puts(&path, fc_buf_str(&watch->path));
	fc_url_query(&path, "resourceVersion", watch->version);
	watch->stream = api_watch_open(w->o.server, fc_buf_str(&path), metadata_only(watch));
	fc_buf_fini(&path);
}

static bool is_refusal(const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));

	return type && strcmp(type, "ERROR") == 0;
}

/* Its answer is no refusal: what was missed is told next. */
static void has_resumed(struct sim_watcher *w, struct sim_watch *watch, const json_t *first)
{
	if (watch->failed == FC_ERR_NONE || is_refusal(first))
		return;
	watch->failed = FC_ERR_NONE;
	sim_post(w, watch_event(w, watch, FC_EVENT_WATCH_RESUMED));
}

static void end_stream(struct sim_watch *watch, bool lists_again)
{
	if (watch->stream)
		api_watch_close(fc_steal(&watch->stream));
	if (!lists_again)
		return;
	free(watch->version);
	watch->version = NULL;
}

void sim_watcher_list_anew(struct sim_watcher *w)
{
	struct sim_watch *watch;

	DL_FOREACH(w->watches, watch)
		end_stream(watch, true);
}

/* Takes over `event`. False: the stream is over. */
static bool tell_event(struct sim_watcher *w, struct sim_watch *watch, json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	json_t *object = json_object_get(event, "object");
	bool goes_on = true;

	if (strcmp(type, "ERROR") == 0) {
		end_stream(watch, true);
		goes_on = false;
	} else {
		set_version(watch, object);
		if (strcmp(type, "DELETED") == 0)
			tell_gone(w, watch, object);
		else if (strcmp(type, "BOOKMARK") != 0)
			tell_object(w, watch, object, false);
	}
	json_decref(event);
	return goes_on;
}

/* Of several changes of one object only the last is told: what a watch cache that was behind may do. */
static void drop_overtaken(json_t **events, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		json_t *a = json_object_get(events[i], "object"), *b = json_object_get(events[i + 1], "object");
		const char *type = json_string_value(json_object_get(events[i], "type"));
		const char *next = json_string_value(json_object_get(events[i + 1], "type"));

		if (strcmp(type, "MODIFIED") != 0 || strcmp(next, "MODIFIED") != 0)
			continue;
		if (strcmp(fc_json_metadata(a, "uid"), fc_json_metadata(b, "uid")) != 0)
			continue;
		json_decref(events[i]);
		events[i] = NULL;
	}
}

#define COALESCED 8

static bool stream(struct sim_watcher *w, struct sim_watch *watch, unsigned max)
{
	size_t before = w->events.count, count = 0, limit = max && max < COALESCED ? max : COALESCED;
	bool opened = !watch->stream, ended = false;
	json_t *events[COALESCED];

	if (opened)
		open_stream(w, watch);
	while (count < limit && (events[count] = api_watch_next(watch->stream)))
		count++;
	ended = count < limit && api_watch_ended(watch->stream);
	if (opened)
		has_resumed(w, watch, count ? events[0] : NULL);
	if (max == 0)
		drop_overtaken(events, count);
	for (size_t i = 0; i < count; i++) {
		if (!watch->stream)
			json_decref(events[i]);
		else if (events[i])
			tell_event(w, watch, events[i]);
	}
	if (ended && watch->stream)
		end_stream(watch, false);
	return count > 0 || ended || w->events.count != before;
}

static bool goes_on(struct sim_watcher *w, struct sim_watch *watch, unsigned max)
{
	size_t before = w->events.count;

	if (may_not(w, watch)) {
		end_stream(watch, true);
		tell_failed(w, watch, FC_ERR_FORBIDDEN);
		return w->events.count != before;
	}
	return watch->version ? stream(w, watch, max) : list(w, watch, SIZE_MAX);
}

static size_t count_watches(const struct sim_watcher *w)
{
	const struct sim_watch *watch;
	size_t n = 0;

	DL_COUNT(w->watches, watch, n);
	return n;
}

static struct sim_watch *watch_at(const struct sim_watcher *w, unsigned pick)
{
	size_t count = count_watches(w), i = 0;
	struct sim_watch *watch;

	if (count == 0)
		return NULL;
	DL_FOREACH(w->watches, watch)
		if (i++ == pick % count)
			return watch;
	return NULL;
}

/* The first from there on that has something to tell. */
bool sim_watcher_tell(struct sim_watcher *w, unsigned pick, unsigned max)
{
	struct sim_watch *first = watch_at(w, pick), *watch = first;

	if (!w->up || !first)
		return false;
	do {
		if (goes_on(w, watch, max))
			return true;
		watch = watch->next ? watch->next : w->watches;
	} while (watch != first);
	return false;
}

bool sim_watcher_again(struct sim_watcher *w, unsigned pick)
{
	struct sim_watch *watch = watch_at(w, pick);
	struct fc_event *e;

	if (!w->up || !watch || !watch->last || !watch->stream)
		return false;
	e = fc_steal(&watch->last);
	remember(watch, e);
	sim_post(w, e);
	return true;
}

bool sim_watcher_cut(struct sim_watcher *w, unsigned pick)
{
	struct sim_watch *watch = watch_at(w, pick);

	if (!watch || !watch->stream)
		return false;
	end_stream(watch, false);
	return true;
}

bool sim_watcher_fail_watch(struct sim_watcher *w, unsigned pick, enum fc_error_class cls)
{
	struct sim_watch *watch = watch_at(w, pick);

	if (!w->up || !watch)
		return false;
	/* A list that breaks off after some items. */
	if (!watch->version && cls == FC_ERR_SERVER)
		return list(w, watch, pick % 3);
	end_stream(watch, cls == FC_ERR_GONE);
	if (cls != FC_ERR_GONE)
		tell_failed(w, watch, cls);
	return true;
}

void sim_watch_free(struct sim_watcher *w, struct sim_watch *watch)
{
	DL_DELETE(w->watches, watch);
	if (watch->stream)
		api_watch_close(watch->stream);
	fc_action_free(watch->action);
	fc_buf_fini(&watch->path);
	free(watch->version);
	json_decref(watch->passed);
	fc_event_free(watch->last);
	free(watch);
}

static struct sim_watch *watch_of(const struct sim_watcher *w, uint32_t number)
{
	struct sim_watch *watch;

	DL_FOREACH(w->watches, watch)
		if (watch->action->watch == number)
			return watch;
	return NULL;
}

void sim_watch_start(struct sim_watcher *w, struct fc_action *a)
{
	struct sim_watch *watch = fc_xcalloc(1, sizeof(*watch));

	watch->action = a;
	watch->path = FC_BUF_INIT;
	watch->passed = json_object();
	watch_path(watch);
	DL_APPEND(w->watches, watch);
}

/* No event of it is delivered after this. */
void sim_watch_stop(struct sim_watcher *w, uint32_t number)
{
	struct sim_watch *watch = watch_of(w, number);

	if (watch)
		sim_watch_free(w, watch);
}

void sim_watch_list_again(struct sim_watcher *w, uint32_t number)
{
	struct sim_watch *watch = watch_of(w, number);

	if (watch)
		end_stream(watch, true);
}
