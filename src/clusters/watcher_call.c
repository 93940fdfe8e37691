/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"
#include "json/decode.h"
#include "kube/object_client.h"
#include "model/fresh_secret.h"

#include <utlist.h>

/* A request of the engine's in flight. */
struct fc_watcher_call {
	struct fc_watcher *w;
	uint64_t request;
	bool write, brief;
	struct fc_object_call *call;
	struct fc_watcher_echo *echo; /* of a patch; NULL: of others */
	struct fc_watcher_call *prev, *next;
};

static void forget(struct fc_watcher_call *call)
{
	struct fc_watcher *w = call->w;

	DL_DELETE(w->calls, call);
	if (call->write)
		w->writes--;
	fc_watcher_echo_forget(w, call->echo);
	free(call);
}

static void answered(void *user, json_t *object, const struct fc_error *err)
{
	struct fc_watcher_call *call = user;
	struct fc_watcher *w = call->w;
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_RESULT);

	event->request = call->request;
	event->object = object;
	event->brief = call->brief;
	event->received_us = fc_clock_mono_us();
	if (err)
		event->error = *err;
	/* The event takes the object away. */
	FC_AUTO_FREE char *version = object ? fc_xstrdup(fc_json_metadata(object, "resourceVersion")) : NULL;
	struct fc_watcher_echo *echo = fc_steal(&call->echo);
	forget(call);
	fc_watcher_emit(w, event);
	if (echo)
		fc_watcher_echo_settle(w, echo, version);
	fc_watcher_calls_ended(w);
}

/* Known at once, and nothing was sent: a cluster that is down may be another one when it answers again. */
static bool refuse(struct fc_watcher *w, const struct fc_action *action)
{
	if (w->connection.state != FC_WATCHER_DOWN)
		return false;

	struct fc_event *event = fc_watcher_event(w, FC_EVENT_RESULT);
	event->request = action->request;
	event->received_us = fc_clock_mono_us();
	fc_error_set(&event->error, FC_ERR_NETWORK, "nothing was sent, the cluster is down: %s",
		     w->connection.why.text);
	fc_watcher_emit(w, event);
	return true;
}

static void lack(struct fc_watcher *w, const struct fc_action *action, const struct fc_error *error)
{
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_RESULT);

	event->request = action->request;
	event->received_us = fc_clock_mono_us();
	event->error = *error;
	fc_watcher_emit(w, event);
}

static struct fc_watcher_call *begin(struct fc_watcher *w, const struct fc_action *action, bool write)
{
	struct fc_watcher_call *call = fc_xcalloc(1, sizeof(*call));

	call->w = w;
	call->request = action->request;
	call->write = write;
	if (write)
		w->writes++;
	DL_APPEND(w->calls, call);
	return call;
}

void fc_watcher_read(struct fc_watcher *w, const struct fc_action *a)
{
	if (refuse(w, a))
		return;

	struct fc_watcher_call *call = begin(w, a, false);
	call->call = fc_object_read(w->transport, a->resource, a->namespace_, a->name, answered, call);
}

void fc_watcher_write(struct fc_watcher *w, const struct fc_action *a)
{
	struct fc_error error = FC_ERROR_INIT;

	if (refuse(w, a))
		return;
	if (fc_fresh_secrets_make(a->body, &error) < 0) {
		lack(w, a, &error);
		return;
	}

	struct fc_watcher_call *call = begin(w, a, true);
	if (a->type == FC_ACTION_CREATE)
		call->call = fc_object_create(w->transport, a->resource, a->namespace_, a->body, answered, call);
	else if (a->type == FC_ACTION_DELETE)
		call->call = fc_object_delete(w->transport, a->resource, a->namespace_, a->name, a->uid, a->version,
					      answered, call);
	else if (a->type == FC_ACTION_APPLY)
		call->call = fc_object_apply(w->transport, a->resource, a->namespace_, a->name, a->body,
					     a->field_manager, a->force, answered, call);
	else if (a->type == FC_ACTION_REPLACE)
		call->call =
			fc_object_replace(w->transport, a->resource, a->namespace_, a->name, a->body, answered, call);
	else
		call->call = fc_object_patch(w->transport, a->resource, a->namespace_, a->name, a->subresource, a->body,
					     answered, call);
	if (a->type == FC_ACTION_PATCH)
		call->echo = fc_watcher_echo_expect(w, a);
	call->brief = a->brief;
	if (a->brief)
		fc_object_brief(call->call);
}

static void cancel(struct fc_watcher *w, bool writes_too)
{
	struct fc_watcher_call *call, *next;

	DL_FOREACH_SAFE(w->calls, call, next) {
		if (call->write && !writes_too)
			continue;
		fc_object_cancel(call->call);
		forget(call);
	}
}

void fc_watcher_cancel_reads(struct fc_watcher *w)
{
	cancel(w, false);
}

void fc_watcher_cancel_calls(struct fc_watcher *w)
{
	cancel(w, true);
}

static void lose(struct fc_watcher_call *call)
{
	struct fc_watcher *w = call->w;
	struct fc_event *event = fc_watcher_event(w, FC_EVENT_RESULT);

	event->request = call->request;
	event->received_us = fc_clock_mono_us();
	fc_error_set(&event->error, FC_ERR_NETWORK, "cut off: %s", w->connection.why.text);
	event->error.outcome_unknown = call->write;
	fc_object_cancel(call->call);
	struct fc_watcher_echo *echo = fc_steal(&call->echo);
	forget(call);
	fc_watcher_emit(w, event);
	if (echo)
		fc_watcher_echo_settle(w, echo, NULL);
}

void fc_watcher_lose_calls(struct fc_watcher *w)
{
	while (w->calls)
		lose(w->calls);
	fc_watcher_calls_ended(w);
}
