/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine_thread.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

/* Enough that nobody waits as long as the engine keeps up, few enough that bodies under way stay within a few MiB as
 * bodies mostly are, and within 256 times the largest one (4 MiB) at the very worst. */
#define QUEUE_LIMIT 256

enum call_state { CALL_WAITING, CALL_RUNNING, CALL_DONE };

/* Lives on the caller's stack: it is taken off the list by whoever comes first, the engine's thread or the caller's
 * time. */
struct call {
	void (*fn)(struct fc_engine *e, void *user);
	void *user;
	enum call_state state;
	struct call *prev, *next;
};

struct fc_engine_thread {
	struct fc_engine_thread_options options;
	struct fc_engine *engine;
	struct fc_mailbox *queue;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	_Atomic int64_t last_step_ms, waiting_since_ms;
	_Atomic int64_t step_began_us; /* of the step under way; 0: none */
	/* Guards `calls` and the state of each; signals changes of these. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct call *calls;
};

static const char *queue_of(const struct fc_engine_thread *t, const struct fc_event *event)
{
	if (event && event->queue)
		return event->queue;
	return t->options.queue ? t->options.queue : FC_ENGINE_QUEUE;
}

struct fc_engine_thread *fc_engine_thread_new(const struct fc_engine_thread_options *options)
{
	struct fc_engine_thread *t = fc_xcalloc(1, sizeof(*t));
	pthread_condattr_t attr;

	t->options = *options;
	t->engine = fc_engine_new(&options->engine, options->seed);
	t->queue = fc_mailbox_new(QUEUE_LIMIT, NULL, NULL);
	/* A counter that is there from the start can be watched for its first step. */
	fc_metrics_add(options->metrics, FC_METRIC_WORKQUEUE_RETRIES, 0, FC_LABELS(queue_of(t, NULL)));
	atomic_store(&t->last_step_ms, fc_clock_mono_ms());
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &attr);
	pthread_condattr_destroy(&attr);
	return t;
}

/* --- what the engine wants done --- */

static bool is_worth_a_line(const struct fc_engine_thread *t, const struct fc_report *r)
{
	return !t->options.rehearsal || (!r->state && !r->version);
}

static void log_report(const struct fc_report *r)
{
	struct fc_log_field fields[8];
	size_t n = 0;

	const struct {
		const char *key, *text;
	} all[] = {
		{ "cluster", r->cluster }, { "target", r->target }, { "path", r->path },  { "source", r->source },
		{ "state", r->state },	   { "reason", r->reason }, { "why", r->detail }, { "version", r->version },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(all); i++)
		if (all[i].text && all[i].text[0])
			fields[n++] = FC_KV(all[i].key, all[i].text);
	fc_log_write(r->level, r->message, fields, n);
}

static void measure(const struct fc_engine_thread *t, const struct fc_measure *m)
{
	const char *const *labels =
		m->id == FC_METRIC_WORKQUEUE_RETRIES ? FC_LABELS(queue_of(t, NULL)) : (const char *const *)m->labels;
	struct fc_metrics *metrics = t->options.metrics;

	switch (fc_metric_row(m->id)->type) {
	case FC_METRIC_COUNTER:
		fc_metrics_add(metrics, m->id, m->value, labels);
		break;
	case FC_METRIC_GAUGE:
		fc_metrics_set(metrics, m->id, m->value, labels);
		break;
	case FC_METRIC_HISTOGRAM:
		fc_metrics_observe(metrics, m->id, m->value, labels);
		break;
	}
}

static void execute(struct fc_engine_thread *t, struct fc_actions *actions)
{
	struct fc_action *a;

	while ((a = fc_actions_take(actions))) {
		switch (a->type) {
		case FC_ACTION_REPORT:
			if (is_worth_a_line(t, a->report))
				log_report(a->report);
			fc_action_free(a);
			break;
		case FC_ACTION_MEASURE:
			measure(t, a->measure);
			fc_action_free(a);
			break;
		case FC_ACTION_GIVE_UP:
			t->options.on_give_up(t->options.user, a->name);
			fc_action_free(a);
			break;
		case FC_ACTION_RESOLVE:
		case FC_ACTION_FORGET_WORD:
		case FC_ACTION_START_WATCH:
		case FC_ACTION_STOP_WATCH:
		case FC_ACTION_RELIST:
		case FC_ACTION_READ:
		case FC_ACTION_PATCH:
		case FC_ACTION_APPLY:
		case FC_ACTION_REPLACE:
		case FC_ACTION_CREATE:
		case FC_ACTION_DELETE:
		case FC_ACTION_RECORD:
			t->options.on_action(t->options.user, a);
			break;
		}
	}
}

/* --- the thread --- */

/* What a cluster is called; NULL: it is none of the engine's. The caller frees it. */
static char *name_of(const struct fc_engine *e, fc_cluster_no cluster)
{
	struct fc_cluster_summary summary;

	for (fc_cluster_no no = FC_NO_CLUSTER; fc_engine_next_cluster(e, &no);) {
		if (no == cluster) {
			fc_engine_cluster(e, no, &summary);
			return fc_xstrdup(summary.name);
		}
	}
	return NULL;
}

/* What was measured of a cluster goes with its name. Here, on the thread on which the engine measures: elsewhere it
 * might be too early. */
static void take_event(struct fc_engine_thread *t, const struct fc_event *event, struct fc_actions *actions)
{
	bool may_end = event->type == FC_EVENT_CLUSTER_REMOVED || event->type == FC_EVENT_CLUSTER_CHANGED;
	FC_AUTO_FREE char *before = may_end ? name_of(t->engine, event->cluster) : NULL;

	fc_engine_step(t->engine, event, actions);
	FC_AUTO_FREE char *after = before ? name_of(t->engine, event->cluster) : NULL;
	if (before && (!after || strcmp(before, after) != 0))
		fc_metrics_forget(t->options.metrics, "cluster", before);
}

static void step(struct fc_engine_thread *t, struct fc_event *event)
{
	const char *const *labels = FC_LABELS(queue_of(t, event));
	int64_t begun_us = fc_clock_mono_us();
	struct fc_actions actions;

	atomic_store(&t->step_began_us, begun_us);
	if (event->queued_us)
		fc_metrics_observe(t->options.metrics, FC_METRIC_WORKQUEUE_QUEUE_SECONDS,
				   (double)(begun_us - event->queued_us) / 1e6, labels);
	event->now_ms = begun_us / 1000;
	event->wall_ms = fc_clock_wall_ms();
	fc_actions_init(&actions);
	take_event(t, event, &actions);
	execute(t, &actions);
	fc_actions_fini(&actions);
	if (event->queued_us)
		fc_metrics_observe(t->options.metrics, FC_METRIC_WORKQUEUE_WORK_SECONDS,
				   (double)(fc_clock_mono_us() - begun_us) / 1e6, labels);
	if (t->options.on_stepped && event->queued_us)
		t->options.on_stepped(t->options.user, event, (double)(fc_clock_mono_us() - begun_us) / 1e6);
	fc_event_free(event);
	atomic_store(&t->last_step_ms, fc_clock_mono_ms());
	atomic_store(&t->step_began_us, 0);
}

static void run_calls(struct fc_engine_thread *t)
{
	pthread_mutex_lock(&t->lock);
	while (t->calls) {
		struct call *c = t->calls;

		DL_DELETE(t->calls, c);
		c->state = CALL_RUNNING;
		pthread_mutex_unlock(&t->lock);
		c->fn(t->engine, c->user);
		pthread_mutex_lock(&t->lock);
		c->state = CALL_DONE;
		pthread_cond_broadcast(&t->changed);
	}
	pthread_mutex_unlock(&t->lock);
}

static int64_t until_deadline_ms(struct fc_engine_thread *t)
{
	int64_t deadline = fc_engine_deadline(t->engine), now = fc_clock_mono_ms();

	if (deadline < 0)
		return -1;
	return deadline > now ? deadline - now : 0;
}

static void *run(void *user)
{
	struct fc_engine_thread *t = user;

	step(t, fc_event_new(FC_EVENT_TICK));
	for (;;) {
		struct fc_event *event = fc_mailbox_take(t->queue, until_deadline_ms(t));

		run_calls(t);
		if (event)
			step(t, event);
		else if (atomic_load(&t->stopping))
			break;
		else
			step(t, fc_event_new(FC_EVENT_TICK));
	}
	return NULL;
}

int fc_engine_thread_start(struct fc_engine_thread *t, struct fc_error *err)
{
	int rc = pthread_create(&t->thread, NULL, run, t);

	if (rc != 0)
		return fc_error_set_errno(err, FC_ERR_INTERNAL, rc, "cannot start the engine's thread");
	t->started = true;
	return 0;
}

void fc_engine_thread_post(struct fc_engine_thread *t, struct fc_event *event)
{
	if (fc_mailbox_depth(t->queue) == 0)
		atomic_store(&t->waiting_since_ms, fc_clock_mono_ms());
	event->queued_us = fc_clock_mono_us();
	fc_metrics_add(t->options.metrics, FC_METRIC_WORKQUEUE_ADDS, 1, FC_LABELS(queue_of(t, event)));
	if (fc_mailbox_put(t->queue, event) < 0)
		fc_event_free(event);
}

static bool wait_done(struct fc_engine_thread *t, struct call *c, int64_t timeout_ms)
{
	int64_t until = fc_clock_mono_ms() + timeout_ms;
	struct timespec deadline = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };
	bool done;

	pthread_mutex_lock(&t->lock);
	while (c->state != CALL_DONE) {
		int rc = c->state == CALL_RUNNING ? pthread_cond_wait(&t->changed, &t->lock)
						  : pthread_cond_timedwait(&t->changed, &t->lock, &deadline);

		if (rc == ETIMEDOUT && c->state == CALL_WAITING) {
			DL_DELETE(t->calls, c);
			break;
		}
	}
	done = c->state == CALL_DONE;
	pthread_mutex_unlock(&t->lock);
	return done;
}

int fc_engine_thread_call(struct fc_engine_thread *t, void (*fn)(struct fc_engine *e, void *user), void *user,
			  int64_t timeout_ms)
{
	struct call c = { .fn = fn, .user = user, .state = CALL_WAITING };
	struct fc_event *nudge = fc_event_new(FC_EVENT_TICK);

	pthread_mutex_lock(&t->lock);
	DL_APPEND(t->calls, &c);
	pthread_mutex_unlock(&t->lock);
	if (fc_mailbox_put_now(t->queue, nudge) < 0) {
		/* It is ending: nobody will come for the call, unless he is at it. */
		fc_event_free(nudge);
		timeout_ms = 0;
	}
	return wait_done(t, &c, timeout_ms) ? 0 : -1;
}

int64_t fc_engine_thread_stuck_ms(struct fc_engine_thread *t)
{
	int64_t since = atomic_load(&t->waiting_since_ms), step = atomic_load(&t->last_step_ms);

	if (fc_mailbox_depth(t->queue) == 0)
		return 0;
	/* An engine that was idle for an hour has not been stuck for one. */
	return fc_clock_mono_ms() - (since > step ? since : step);
}

double fc_engine_thread_step_seconds(struct fc_engine_thread *t)
{
	int64_t began_us = atomic_load(&t->step_began_us);

	return began_us ? (double)(fc_clock_mono_us() - began_us) / 1e6 : 0;
}

size_t fc_engine_thread_depth(struct fc_engine_thread *t)
{
	return fc_mailbox_depth(t->queue);
}

void fc_engine_thread_stop(struct fc_engine_thread *t)
{
	atomic_store(&t->stopping, true);
	fc_mailbox_close(t->queue);
	if (t->started)
		pthread_join(t->thread, NULL);
	t->started = false;
}

void fc_engine_thread_free(struct fc_engine_thread *t)
{
	struct fc_event *event;

	if (!t)
		return;
	while ((event = fc_mailbox_take(t->queue, 0)))
		fc_event_free(event);
	fc_mailbox_free(t->queue);
	fc_engine_free(t->engine);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
