/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_watcher_parts.h"

#include "base/mem.h"
#include "json/decode.h"
#include "kube/annotation_filter.h"
#include "kube/url.h"
#include "model/status.h"

#include <utlist.h>

#include <stdlib.h>
#include <string.h>

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
		sim_watch_free(w, w->watches);
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

struct fc_event *sim_event_new(const struct sim_watcher *w, enum fc_event_type type)
{
	struct fc_event *e = fc_event_new(type);

	e->cluster = w->o.number;
	return e;
}

void sim_post(struct sim_watcher *w, struct fc_event *e)
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

/* --- the connection --- */

bool sim_watcher_connect(struct sim_watcher *w)
{
	struct fc_event *e;

	if (w->up)
		return false;
	w->up = true;
	w->heard = false;
	w->anonymous = w->o.rbac.no_id;
	w->ups++;
	e = sim_event_new(w, FC_EVENT_CLUSTER_UP);
	e->name = w->o.rbac.no_id ? NULL : fc_xstrdup(api_server_id(w->o.server));
	e->server_version = fc_xstrdup("v1.20.2");
	sim_post(w, e);
	return true;
}

static void request_fails(struct sim_watcher *w, const struct fc_action *a, const struct fc_error *why)
{
	struct fc_event *e = sim_event_new(w, FC_EVENT_RESULT);

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
	e = sim_event_new(w, FC_EVENT_CLUSTER_DOWN);
	fc_error_set(&e->error, FC_ERR_NETWORK, "connection refused");
	sim_post(w, e);
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

	if (!w->up || !w->words || (w->resolved_at == w->o.server && w->resolved == api_server_discovery(w->o.server)))
		return false;
	w->resolved_at = w->o.server;
	w->resolved = api_server_discovery(w->o.server);
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
		e = sim_event_new(w, FC_EVENT_RESOLVED);
		e->name = fc_xstrdup(word->text);
		e->request = word->request;
		if (r)
			e->resource = fc_resource_ref(r);
		else
			fc_error_set(&e->error, FC_ERR_NOT_SERVED, "nothing is called %s", word->text);
		sim_post(w, e);
		fc_resource_unref(word->told);
		word->told = r;
		word->answered = any = true;
	}
	fc_resource_table_free(table);
	return any;
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
	case FC_ACTION_APPLY:
		answer = send(w, a, "PATCH", fc_buf_str(&path), "application/apply-patch+yaml", a->body);
		break;
	case FC_ACTION_REPLACE:
		answer = send(w, a, "PUT", fc_buf_str(&path), "application/json", a->body);
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
	e = sim_event_new(w, FC_EVENT_RESULT);
	e->request = a->request;
	e->brief = a->brief;
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
	sim_post(w, line_take(&w->answers, pick % w->answers.count));
	return true;
}

bool sim_watcher_is_anonymous(const struct sim_watcher *w)
{
	return w->up && w->anonymous;
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
	w->resolved_at = NULL;
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
		sim_watch_start(w, a);
		return;
	case FC_ACTION_READ:
	case FC_ACTION_PATCH:
	case FC_ACTION_APPLY:
	case FC_ACTION_REPLACE:
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
		sim_watch_stop(w, a->watch);
		break;
	case FC_ACTION_RELIST:
		sim_watch_list_again(w, a->watch);
		break;
	default:
		break;
	}
	fc_action_free(a);
}
