/* SPDX-License-Identifier: Apache-2.0 */
/* fc_engine_thread - the thread that steps the engine: takes events from one queue, gives actions to the clusters'
 * threads.
 * Owns:    the engine, its queue, its thread. Borrows the metrics.
 * Threads: _new, _start, _stop, _free from the main thread; _post and _call from any but its own.
 * Fails:   _start (no thread). _call gives up after its time; what it asked for is then never touched again.
 * Source:  design section 4: nothing of the engine is locked, because one thread owns it. */
#ifndef FC_ENGINE_THREAD_H
#define FC_ENGINE_THREAD_H

#include "base/error.h"
#include "engine/engine.h"
#include "model/metric.h"

struct fc_engine_thread;

/* The name of its queue in the metrics. */
#define FC_ENGINE_QUEUE "engine"

struct fc_engine_thread_options {
	struct fc_engine_options engine;
	uint64_t seed;
	struct fc_metrics *metrics;
	/* Takes over what is to be done in a cluster. On its thread; must not wait. */
	void (*on_action)(void *user, struct fc_action *action);
	/* The engine says that the cluster set is a mistake: called once, on its thread, with why. */
	void (*on_give_up)(void *user, const char *why);
	void *user;
	/* It has worked through an event, for so long; on its thread. NULL: not wanted */
	void (*on_stepped)(void *user, const struct fc_event *event, double seconds);
	const char *queue; /* static: what its queue is called in the metrics; NULL: FC_ENGINE_QUEUE */
	/* Nothing is really written: what the engine says of writes and rules is not logged, it is shown at the end. */
	bool rehearsal;
};

/* With its engine and queue, not started; never NULL. What the options point to is borrowed. */
struct fc_engine_thread *fc_engine_thread_new(const struct fc_engine_thread_options *options);
/* Once. The engine's first step asks the clusters what the words mean. */
int fc_engine_thread_start(struct fc_engine_thread *t, struct fc_error *err) FC_MUST_CHECK;

/* Takes over the event. Waits while hundreds are waiting already: so a cluster cannot fill the memory. */
void fc_engine_thread_post(struct fc_engine_thread *t, struct fc_event *event);

/* Runs `fn` on the engine's thread between two steps and waits for it at most `timeout_ms`. -1: it did not get
 * there in time, and `fn` will not run any more. */
int fc_engine_thread_call(struct fc_engine_thread *t, void (*fn)(struct fc_engine *e, void *user), void *user,
			  int64_t timeout_ms);

/* How long events have been waiting without a step, in ms; 0 when none waits. */
int64_t fc_engine_thread_stuck_ms(struct fc_engine_thread *t);
/* How long the step under way has taken so far; 0 when there is none. Any thread. */
double fc_engine_thread_step_seconds(struct fc_engine_thread *t);
/* Events that wait now. Any thread. */
size_t fc_engine_thread_depth(struct fc_engine_thread *t);

/* Handles what is in the queue, then ends and joins the thread. The watchers must have been joined: nobody posts any
 * more. */
void fc_engine_thread_stop(struct fc_engine_thread *t);
/* After _stop, or when never started. NULL allowed. */
void fc_engine_thread_free(struct fc_engine_thread *t);

#endif
