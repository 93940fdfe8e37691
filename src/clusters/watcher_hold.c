/* SPDX-License-Identifier: Apache-2.0 */
/* What a watch tells over a new connection, or while the cluster is down, may come from another cluster that took the
 * known one's place. It is kept back until the id was read, which is two requests at most, and told or dropped then. */
#include "base/mem.h"
#include "clusters/watcher_internal.h"

/* A cluster that answers watches but not its probes would fill memory: beyond this many the watch that tells more is
 * paused and what it told is dropped, since it lists again afterwards. As many as a page of a list holds. Not all of
 * them: a long list would have everything begin anew, over connections whose newness has the id read again. */
#define MOST_HELD 500

static bool is_to_be_held(const struct fc_watcher *w, const struct fc_event *event)
{
	const struct fc_watcher_connection *c = &w->connection;

	if (w->stopping || event->type == FC_EVENT_CLUSTER_UP || event->type == FC_EVENT_CLUSTER_DOWN)
		return false;
	if (w->held.doubt)
		return true;
	/* Where no id was ever read there is nothing to compare with. */
	if (!fc_event_is_of_watch(event->type) || c->state != FC_WATCHER_DOWN || !c->id)
		return false;
	/* That a watch fails is no other cluster's news, and waits only for what is told before it. */
	return event->type != FC_EVENT_WATCH_FAILED || w->held.count > 0;
}

/* Nobody knows to whom a request went: a write is read back before the next decision (kube-client 13.17). */
static void lose(struct fc_event *event)
{
	if (event->type != FC_EVENT_RESULT || event->error.cls == FC_ERR_NETWORK)
		return;
	json_decref(event->object);
	event->object = NULL;
	event->error = FC_ERROR_INIT;
	fc_error_set(&event->error, FC_ERR_NETWORK, "answered over a connection to what may be another cluster");
	event->error.outcome_unknown = true;
}

enum fate { TELL, KEEP, DROP }; /* of what watches told; the rest is told in any case */

static void settle(struct fc_watcher *w, enum fate fate)
{
	struct fc_watcher_held *held = &w->held;
	struct fc_event **events = fc_steal(&held->events);
	size_t count = held->count;
	bool doubted = held->doubt;

	held->doubt = false;
	held->count = held->cap = 0;
	for (size_t i = 0; i < count; i++) {
		if (fate != TELL)
			lose(events[i]);
		if (!fc_event_is_of_watch(events[i]->type) || fate == TELL) {
			w->o.sink(w->o.user, events[i]);
		} else if (fate == DROP) {
			fc_event_free(events[i]);
		} else {
			FC_GROW(held->events, held->count, held->cap);
			held->events[held->count++] = events[i];
		}
	}
	free(events);
	/* For the actions that have waited. */
	if (doubted)
		fc_loop_wake(w->loop);
}

static void forget_watch(struct fc_watcher_held *held, uint32_t number)
{
	size_t kept = 0;

	for (size_t i = 0; i < held->count; i++) {
		if (fc_event_is_of_watch(held->events[i]->type) && held->events[i]->watch == number)
			fc_event_free(held->events[i]);
		else
			held->events[kept++] = held->events[i];
	}
	held->count = kept;
}

void fc_watcher_hold(struct fc_watcher *w)
{
	w->held.doubt = true;
}

bool fc_watcher_hold_takes(struct fc_watcher *w, struct fc_event *event)
{
	struct fc_watcher_held *held = &w->held;

	if (!is_to_be_held(w, event))
		return false;
	FC_GROW(held->events, held->count, held->cap);
	held->events[held->count++] = event;
	if (held->count >= MOST_HELD && fc_event_is_of_watch(event->type)) {
		uint32_t number = event->watch;

		fc_watcher_watch_pause(w, number);
		forget_watch(held, number);
	}
	return true;
}

void fc_watcher_hold_confirm(struct fc_watcher *w)
{
	settle(w, TELL);
	fc_watcher_watch_resume_all(w);
}

void fc_watcher_hold_unsure(struct fc_watcher *w)
{
	if (w->held.doubt)
		settle(w, KEEP);
}

void fc_watcher_hold_drop(struct fc_watcher *w)
{
	settle(w, DROP);
}

void fc_watcher_hold_fini(struct fc_watcher *w)
{
	for (size_t i = 0; i < w->held.count; i++)
		fc_event_free(w->held.events[i]);
	free(w->held.events);
}
