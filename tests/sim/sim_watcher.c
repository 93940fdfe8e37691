/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_watcher.h"

#include "base/mem.h"
#include "json/decode.h"
#include "kube/annotation_filter.h"
#include "kube/url.h"
#include "model/status.h"

#include <utlist.h>

#include <stdlib.h>
#include <string.h>

struct sim_watch {
	struct fc_action *action;
	struct fc_buf path;
	struct api_watch *stream; /* NULL: it lists next, or resumes from `version` */
	char *version;		  /* all up to it was told; NULL: it lists next */
	enum fc_error_class failed;
	json_t *passed;	       /* "namespace/name" of those told of, where a filter drops objects */
	struct fc_event *last; /* what was told last, to be told again */
	struct sim_watch *prev, *next;
};

struct sim_word {
	char *text;
	uint64_t request;
	unsigned verbs;
	bool answered;
	struct fc_resource *told; /* NULL: not served */
	struct sim_word *prev, *next;
};

/* Of requests on their way to the server and events on their way to the engine. */
struct sim_line {
	void **items;
	size_t count, cap;
};

struct sim_watcher {
	struct sim_watcher_options o;
	bool up;
	bool heard; /* the engine has taken the news that it is up: what it asked for before meant who was there before
		     */
	unsigned ups, ups_taken;
	struct sim_word *words;
	struct sim_watch *watches;
	struct sim_line requests; /* struct fc_action */
	struct sim_line answers;  /* struct fc_event: results that have not arrived yet */
	struct sim_line events;	  /* struct fc_event, in order */
	size_t events_taken;
};

static void line_add(struct sim_line *l, void *item)
{
	FC_GROW(l->items, l->count, l->cap);
	l->items[l->count++] = item;
}

static void *line_take(struct sim_line *l, size_t i)
{
	void *item = l->items[i];

	memmove(&l->items[i], &l->items[i + 1], (l->count - i - 1) * sizeof(*l->items));
	l->count--;
	return item;
}

struct sim_watcher *sim_watcher_new(const struct sim_watcher_options *options)
{
	struct sim_watcher *w = fc_xcalloc(1, sizeof(*w));

	w->o = *options;
	return w;
}

static void watch_free(struct sim_watcher *w, struct sim_watch *watch)
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

static void word_free(struct sim_watcher *w, struct sim_word *word)
{
	DL_DELETE(w->words, word);
	fc_resource_unref(word->told);
	free(word->text);
	free(word);
}

void sim_watcher_free(struct sim_watcher *w)
{
	struct fc_event *e;

	while (w->watches)
		watch_free(w, w->watches);
	while (w->words)
		word_free(w, w->words);
	while (w->requests.count)
		fc_action_free(line_take(&w->requests, w->requests.count - 1));
	while (w->answers.count)
		fc_event_free(line_take(&w->answers, w->answers.count - 1));
	while ((e = sim_watcher_take_event(w)))
		fc_event_free(e);
	free(w->requests.items);
	free(w->answers.items);
	free(w->events.items);
	free(w);
}

static void cut_streams(struct sim_watcher *w)
{
	struct sim_watch *watch;

	DL_FOREACH(w->watches, watch) {
		if (watch->stream)
			api_watch_close(fc_steal(&watch->stream));
	}
}

void sim_watcher_move(struct sim_watcher *w, struct api_server *server)
{
	sim_watcher_list_anew(w);
	w->o.server = server;
}

void sim_watcher_set_rbac(struct sim_watcher *w, struct sim_rbac rbac)
{
	w->o.rbac = rbac;
}

/* --- events --- */

static struct fc_event *event_new(const struct sim_watcher *w, enum fc_event_type type)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = w->o.number;
	return e;
}

static void post(struct sim_watcher *w, struct fc_event *e)
{
	line_add(&w->events, e);
}

struct fc_event *sim_watcher_take_event(struct sim_watcher *w)
{
	struct fc_event *e;

	if (w->events_taken == w->events.count) {
		w->events_taken = w->events.count = 0;
		return NULL;
	}
	e = w->events.items[w->events_taken++];
	if (e->type == FC_EVENT_CLUSTER_UP) {
		w->ups_taken++;
		w->heard = w->up && w->ups == w->ups_taken;
	}
	return e;
}

static struct fc_event *watch_event(const struct sim_watcher *w, const struct sim_watch *watch, enum fc_event_type type)
{
	struct fc_event *e = event_new(w, type);

	e->watch = watch->action->watch;
	return e;
}

/* --- the connection --- */

bool sim_watcher_connect(struct sim_watcher *w)
{
	struct fc_event *e;

	if (w->up)
		return false;
	w->up = true;
	w->heard = false;
	w->ups++;
	e = event_new(w, FC_EVENT_CLUSTER_UP);
	e->name = w->o.rbac.no_id ? NULL : fc_xstrdup(api_server_id(w->o.server));
	e->server_version = fc_xstrdup("v1.20.2");
	post(w, e);
	return true;
}

static void request_fails(struct sim_watcher *w, const struct fc_action *a, const struct fc_error *why)
{
	struct fc_event *e = event_new(w, FC_EVENT_RESULT);

	e->request = a->request;
	e->error = *why;
	line_add(&w->answers, e);
}

bool sim_watcher_lose(struct sim_watcher *w)
{
	struct fc_error why = FC_ERROR_INIT;
	struct fc_event *e;

	if (!w->up)
		return false;
	w->up = w->heard = false;
	cut_streams(w);
	fc_error_set(&why, FC_ERR_NETWORK, "connection reset");
	why.outcome_unknown = true;
	while (w->requests.count) {
		struct fc_action *a = line_take(&w->requests, 0);

		request_fails(w, a, &why);
		fc_action_free(a);
	}
	e = event_new(w, FC_EVENT_CLUSTER_DOWN);
	fc_error_set(&e->error, FC_ERR_NETWORK, "connection refused");
	post(w, e);
	return true;
}

/* --- words --- */

static struct fc_resource *resource_of(const struct api_type *t)
{
	struct fc_resource r = {
		.group = t->group,
		.version = t->version,
		.plural = t->plural,
		.singular = t->singular,
		.kind = t->kind,
		.namespaced = t->namespaced,
		.verbs = ~0u,
		.has_status = t->status,
	};

	return fc_resource_new(&r);
}

static struct fc_resource_table *table_of(const struct sim_watcher *w)
{
	struct fc_resource_table *table = fc_resource_table_new();

	for (const struct api_type *const *t = w->o.types; *t; t++)
		if (api_server_serves(w->o.server, *t))
			fc_resource_table_add(table, resource_of(*t));
	return table;
}

static bool same_answer(const struct sim_word *word, const struct fc_resource *r)
{
	if (!word->answered)
		return false;
	return word->told && r ? fc_resource_same(word->told, r) : !word->told && !r;
}

bool sim_watcher_resolve(struct sim_watcher *w)
{
	struct fc_resource_table *table;
	struct sim_word *word;
	bool any = false;

	if (!w->up || !w->words)
		return false;
	table = table_of(w);
	DL_FOREACH(w->words, word) {
		struct fc_resource *r = NULL;
		struct fc_event *e;

		if (word->told)
			fc_resource_resolve_again(table, word->text, word->verbs, word->told, &r);
		else
			fc_resource_resolve(table, word->text, word->verbs, &r);
		if (same_answer(word, r)) {
			fc_resource_unref(r);
			continue;
		}
		e = event_new(w, FC_EVENT_RESOLVED);
		e->name = fc_xstrdup(word->text);
		e->request = word->request;
		if (r)
			e->resource = fc_resource_ref(r);
		else
			fc_error_set(&e->error, FC_ERR_NOT_SERVED, "nothing is called %s", word->text);
		post(w, e);
		fc_resource_unref(word->told);
		word->told = r;
		word->answered = any = true;
	}
	fc_resource_table_free(table);
	return any;
}

/* --- watches --- */

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
	post(w, e);
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
	post(w, e);
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
	post(w, e);
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
	post(w, watch_event(w, watch, FC_EVENT_LIST_BEGIN));
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
		post(w, end);
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
	post(w, watch_event(w, watch, FC_EVENT_WATCH_RESUMED));
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
	post(w, e);
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

/* --- requests --- */

static struct api_answer send(struct sim_watcher *w, const struct fc_action *a, const char *method, const char *path,
			      const char *content_type, const json_t *body)
{
	if (w->o.send)
		return w->o.send(w->o.user, a, w->o.server, method, path, content_type, body);
	return api_request(w->o.server, method, path, content_type, false, body);
}

static struct api_answer execute(struct sim_watcher *w, const struct fc_action *a)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_buf path = FC_BUF_INIT;
	struct api_answer answer;
	json_t *options = NULL;

	if (fc_url_object(&path, a->resource, a->namespace_, a->type == FC_ACTION_CREATE ? NULL : a->name,
			  a->subresource, &err) < 0)
		abort();
	switch (a->type) {
	case FC_ACTION_PATCH:
		answer = send(w, a, "PATCH", fc_buf_str(&path), "application/json-patch+json", a->body);
		break;
	case FC_ACTION_CREATE:
		answer = send(w, a, "POST", fc_buf_str(&path), "application/json", a->body);
		break;
	case FC_ACTION_DELETE:
		options = json_pack("{s:{s:s*, s:s*}}", "preconditions", "uid", a->uid, "resourceVersion", a->version);
		answer = send(w, a, "DELETE", fc_buf_str(&path), "application/json", options);
		break;
	default:
		answer = send(w, a, "GET", fc_buf_str(&path), NULL, NULL);
		break;
	}
	json_decref(options);
	fc_buf_fini(&path);
	return answer;
}

static struct fc_action *take_request(struct sim_watcher *w, unsigned pick)
{
	return w->up && w->requests.count ? line_take(&w->requests, pick % w->requests.count) : NULL;
}

bool sim_watcher_execute(struct sim_watcher *w, unsigned pick)
{
	struct fc_action *a = take_request(w, pick);
	struct api_answer answer;
	struct fc_event *e;

	if (!a)
		return false;
	answer = execute(w, a);
	e = event_new(w, FC_EVENT_RESULT);
	e->request = a->request;
	e->received_us = 1;
	if (answer.status < 300)
		e->object = json_incref(answer.body);
	else
		fc_status_error_json(answer.status, answer.body, -1,
				     a->type == FC_ACTION_READ ? FC_STATUS_OF_READ : FC_STATUS_OF_WRITE, &e->error);
	line_add(&w->answers, e);
	api_answer_fini(&answer);
	fc_action_free(a);
	return true;
}

static void fault_error(enum sim_request_fault fault, bool write, struct fc_error *why)
{
	switch (fault) {
	case SIM_LOST_BEFORE:
	case SIM_LOST_AFTER:
		fc_error_set(why, FC_ERR_NETWORK, "connection reset");
		why->outcome_unknown = write;
		break;
	case SIM_THROTTLED:
		fc_error_set(why, FC_ERR_THROTTLED, "too many requests");
		why->retry_after_ms = 1000;
		break;
	case SIM_GATEWAY_TIMEOUT:
		fc_error_set(why, FC_ERR_TIMEOUT, "gateway timeout");
		why->outcome_unknown = write;
		break;
	case SIM_FORBIDDEN:
		fc_error_set(why, FC_ERR_FORBIDDEN, "forbidden");
		break;
	default:
		fc_error_set(why, FC_ERR_SERVER, "internal error");
		break;
	}
}

bool sim_watcher_fail_request(struct sim_watcher *w, unsigned pick, enum sim_request_fault fault)
{
	struct fc_action *a = take_request(w, pick);
	struct fc_error why = FC_ERROR_INIT;

	if (!a)
		return false;
	if (fault == SIM_LOST_AFTER || (fault == SIM_GATEWAY_TIMEOUT && pick % 2)) {
		struct api_answer answer = execute(w, a);

		api_answer_fini(&answer);
	}
	fault_error(fault, a->type != FC_ACTION_READ, &why);
	request_fails(w, a, &why);
	fc_action_free(a);
	return true;
}

bool sim_watcher_answer(struct sim_watcher *w, unsigned pick)
{
	if (w->answers.count == 0)
		return false;
	post(w, line_take(&w->answers, pick % w->answers.count));
	return true;
}

bool sim_watcher_is_up(const struct sim_watcher *w)
{
	return w->up;
}

/* --- actions --- */

static struct sim_word *word_of(const struct sim_watcher *w, const char *text)
{
	struct sim_word *word;

	DL_FOREACH(w->words, word)
		if (strcmp(word->text, text) == 0)
			return word;
	return NULL;
}

/* Asked again, it is told again. */
static void ask_word(struct sim_watcher *w, const struct fc_action *a)
{
	struct sim_word *word = word_of(w, a->name);

	if (!word) {
		word = fc_xcalloc(1, sizeof(*word));
		word->text = fc_xstrdup(a->name);
		DL_APPEND(w->words, word);
	}
	word->verbs = a->verbs;
	word->request = a->request;
	word->answered = false;
}

static struct sim_watch *watch_of(const struct sim_watcher *w, uint32_t number)
{
	struct sim_watch *watch;

	DL_FOREACH(w->watches, watch)
		if (watch->action->watch == number)
			return watch;
	return NULL;
}

static void start_watch(struct sim_watcher *w, struct fc_action *a)
{
	struct sim_watch *watch = fc_xcalloc(1, sizeof(*watch));

	watch->action = a;
	watch->path = FC_BUF_INIT;
	watch->passed = json_object();
	watch_path(watch);
	DL_APPEND(w->watches, watch);
}

/* No event of it is delivered after this. */
static void stop_watch(struct sim_watcher *w, uint32_t number)
{
	struct sim_watch *watch = watch_of(w, number);

	if (watch)
		watch_free(w, watch);
}

/* Nothing is sent to a cluster that is down; what would have been is answered. */
static void take_request_action(struct sim_watcher *w, struct fc_action *a)
{
	struct fc_error why = FC_ERROR_INIT;

	if (w->up && w->heard) {
		line_add(&w->requests, a);
		return;
	}
	fc_error_set(&why, FC_ERR_NETWORK, "nothing was sent, the cluster is down");
	request_fails(w, a, &why);
	fc_action_free(a);
}

void sim_watcher_take(struct sim_watcher *w, struct fc_action *a)
{
	struct sim_word *word;

	switch (a->type) {
	case FC_ACTION_START_WATCH:
		start_watch(w, a);
		return;
	case FC_ACTION_READ:
	case FC_ACTION_PATCH:
	case FC_ACTION_CREATE:
	case FC_ACTION_DELETE:
		take_request_action(w, a);
		return;
	case FC_ACTION_RESOLVE:
		ask_word(w, a);
		break;
	case FC_ACTION_FORGET_WORD:
		word = word_of(w, a->name);
		if (word)
			word_free(w, word);
		break;
	case FC_ACTION_STOP_WATCH:
		stop_watch(w, a->watch);
		break;
	case FC_ACTION_RELIST:
		if (watch_of(w, a->watch))
			end_stream(watch_of(w, a->watch), true);
		break;
	default:
		break;
	}
	fc_action_free(a);
}
