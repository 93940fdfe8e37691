/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/watcher.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "clusters/watcher_internal.h"

/* A thousand clusters are a thousand stacks. What needs most of one is a TLS handshake, and jansson, whose recursion
 * ends at 128 levels. Sanitizers blow frames up; gcc and clang say differently that one is at work. */
#ifdef __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
#define STACK_BYTES ((SANITIZED ? 1024 : 256) * 1024)

struct fc_event *fc_watcher_event(const struct fc_watcher *w, enum fc_event_type type)
{
	struct fc_event *event = fc_event_new(type);

	event->cluster = w->o.number;
	return event;
}

void fc_watcher_emit(struct fc_watcher *w, struct fc_event *event)
{
	if (!fc_watcher_hold_takes(w, event))
		w->o.sink(w->o.user, event);
}

static void before_write(const struct fc_watcher *w)
{
	if (w->o.before_write)
		w->o.before_write(w->o.user);
}

static void execute(struct fc_watcher *w, struct fc_action *action)
{
	switch (action->type) {
	case FC_ACTION_RESOLVE:
		fc_watcher_resolve(w, action);
		break;
	case FC_ACTION_START_WATCH:
		fc_watcher_watch_start(w, action);
		break;
	case FC_ACTION_STOP_WATCH:
		fc_watcher_watch_stop(w, action->watch);
		break;
	case FC_ACTION_RELIST:
		fc_watcher_watch_relist(w, action->watch);
		break;
	case FC_ACTION_READ:
		fc_watcher_read(w, action);
		break;
	case FC_ACTION_PATCH:
	case FC_ACTION_APPLY:
	case FC_ACTION_REPLACE:
	case FC_ACTION_CREATE:
	case FC_ACTION_DELETE:
		before_write(w);
		fc_watcher_write(w, action);
		break;
	case FC_ACTION_FORGET_WORD:
		fc_watcher_resolve_forget(w, action);
		break;
	case FC_ACTION_RECORD:
		before_write(w);
		fc_watcher_record(w, action);
		break;
	case FC_ACTION_REPORT:
	case FC_ACTION_MEASURE:
	case FC_ACTION_GIVE_UP:
		/* For the executor of the whole, not for a cluster. */
		break;
	}
}

static void drop_actions(struct fc_watcher *w)
{
	for (struct fc_action *action; (action = fc_mailbox_take(w->actions, 0));)
		fc_action_free(action);
}

static void grace_over(void *user)
{
	struct fc_watcher *w = user;

	w->grace = NULL;
	fc_log(FC_LOG_WARN, "stopped with writes in flight", FC_KV("cluster", w->name), FC_KN("writes", w->writes));
	fc_loop_stop(w->loop);
}

/* Nothing new begins, nothing more is seen, writes may finish: their outcome would be unknown else. */
static void begin_stop(struct fc_watcher *w)
{
	w->stopping = true;
	drop_actions(w);
	fc_watcher_connect_stop(w);
	fc_watcher_renew_stop(w);
	fc_watcher_hold_drop(w);
	fc_watcher_resolve_stop(w);
	fc_watcher_watch_stop_all(w);
	fc_watcher_cancel_reads(w);
	fc_watcher_record_stop(w);
	fc_loop_timer_cancel(w->loop, &w->grace);
	if (w->writes == 0)
		fc_loop_stop(w->loop);
	else
		w->grace = fc_loop_timer(w->loop, atomic_load(&w->grace_ms), grace_over, w);
}

void fc_watcher_calls_ended(struct fc_watcher *w)
{
	if (w->stopping && w->writes == 0)
		fc_loop_stop(w->loop);
}

static void take_actions(void *user)
{
	struct fc_watcher *w = user;

	fc_watcher_take_orders(w);
	while (!atomic_load(&w->stop_asked)) {
		/* They would go to whoever it is that answers now: taken once that is known. */
		if (w->held.doubt)
			return;
		struct fc_action *action = fc_mailbox_take(w->actions, 0);
		if (!action)
			return;
		execute(w, action);
		fc_action_free(action);
	}
	begin_stop(w);
}

static void wake(void *user)
{
	fc_loop_wake(((struct fc_watcher *)user)->loop);
}

static int make_parts(struct fc_watcher *w, struct fc_error *err)
{
	w->loop = fc_loop_new(take_actions, w, err);
	if (!w->loop)
		return -1;
	/* Without limit: the engine must never wait for a watcher that waits for the engine. It paces its own actions.
	 */
	w->actions = fc_mailbox_new(0, wake, w);
	w->credentials = fc_credentials_new(
		&(struct fc_credentials_options){ .access = w->access, .loop = w->loop, .plugins = w->o.plugins }, err);
	if (!w->credentials)
		return -1;
	w->transport = fc_transport_new(
		&(struct fc_transport_options){
			.loop = w->loop,
			.access = w->access,
			.credentials = w->credentials,
			.metrics = w->o.metrics,
			.cluster = w->name,
			.on_reachable = fc_watcher_reachable,
			.on_connected = fc_watcher_connected,
			.user = w,
		},
		err);
	return w->transport ? 0 : -1;
}

struct fc_watcher *fc_watcher_new(const struct fc_watcher_options *options, struct fc_error *err)
{
	struct fc_watcher *w = fc_xcalloc(1, sizeof(*w));

	w->o = *options;
	w->name = fc_xstrdup(options->name);
	w->access = options->access;
	w->random.state = options->seed;
	if (make_parts(w, err) < 0) {
		fc_error_wrap(err, "cluster %s", w->name);
		fc_watcher_free(w);
		return NULL;
	}
	return w;
}

static void *run(void *user)
{
	struct fc_watcher *w = user;

	fc_watcher_connect(w);
	fc_loop_run(w->loop);
	atomic_store(&w->ended, true);
	return NULL;
}

int fc_watcher_start(struct fc_watcher *w, struct fc_error *err)
{
	pthread_attr_t attr;

	/* The guard page is pthread's default. */
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	int rc = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		return fc_error_set_errno(err, FC_ERR_INTERNAL, rc, "cluster %s: no thread could be started", w->name);
	w->started = true;
	return 0;
}

void fc_watcher_post(struct fc_watcher *w, struct fc_action *action)
{
	if (fc_mailbox_put(w->actions, action) < 0)
		fc_action_free(action);
}

void fc_watcher_renew(struct fc_watcher *w, struct fc_access *access)
{
	fc_access_free(atomic_exchange(&w->new_access, access));
	fc_loop_wake(w->loop);
}

void fc_watcher_rename(struct fc_watcher *w, const char *name)
{
	free(atomic_exchange(&w->new_name, fc_xstrdup(name)));
	fc_loop_wake(w->loop);
}

bool fc_watcher_has_ended(const struct fc_watcher *w)
{
	return !w->started || atomic_load(&w->ended);
}

void fc_watcher_stop(struct fc_watcher *w, int64_t grace_ms)
{
	fc_mailbox_close(w->actions);
	atomic_store(&w->grace_ms, grace_ms);
	atomic_store(&w->stop_asked, true);
	fc_loop_wake(w->loop);
}

void fc_watcher_join(struct fc_watcher *w)
{
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
}

void fc_watcher_free(struct fc_watcher *w)
{
	if (!w)
		return;
	if (w->transport) {
		fc_watcher_connect_stop(w);
		fc_watcher_renew_stop(w);
		fc_watcher_resolve_stop(w);
		fc_watcher_watch_stop_all(w);
		fc_watcher_cancel_calls(w);
		fc_watcher_echo_drop_all(w);
		fc_watcher_record_stop(w);
		fc_transport_free(w->transport);
	}
	fc_watcher_renew_fini(w);
	fc_credentials_free(w->credentials);
	if (w->actions) {
		drop_actions(w);
		fc_mailbox_free(w->actions);
	}
	if (w->loop) {
		fc_loop_timer_cancel(w->loop, &w->grace);
		fc_loop_free(w->loop);
	}
	fc_watcher_hold_fini(w);
	fc_server_probe_fini(&w->connection.probe);
	free(w->connection.id);
	fc_access_free(w->access);
	fc_access_free(atomic_load(&w->new_access));
	free(atomic_load(&w->new_name));
	free(w->name);
	free(w);
}
