/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/event_recorder.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/event_mutes.h"
#include "kube/event_series.h"
#include "kube/flood_gate.h"
#include "kube/object_client.h"
#include "kube/url.h"

#include <string.h>
#include <utlist.h>

/* 10.5 */
#define MOST_QUEUED 1000
#define MOST_TRIES 12
#define RETRY_MS 10000
/* 10.3 */
#define HEARTBEAT_MS ((int64_t)30 * 60 * 1000)
#define SILENCE_MS ((int64_t)6 * 60 * 1000)
/* 10.4 */
#define MOST_REMEMBERED 4096
/* Rights come later, servers are upgraded. */
#define AGAIN_MS ((int64_t)10 * 60 * 1000)
/* How much later than said the end of a silence may be noticed: a sixth of it. */
#define SWEEPS_PER_SILENCE 6

struct fc_event_recorder {
	struct fc_event_recorder_options o;
	char *instance;
	struct fc_event_series *series; /* by key */
	struct fc_event_series *queue;	/* the first is under way, or waits to be tried again */
	size_t queued;
	struct fc_request *request;
	struct fc_timer *retry, *sweep;
	struct fc_flood_gate gate;
	struct fc_event_mutes mutes;
	/* Until when Events about namespaced and about cluster-scoped objects are core/v1 ones; 0: they are not. */
	int64_t legacy_until_ms, legacy_scoped_until_ms;
	uint32_t told; /* a bit per class of failure that was logged, and for those below */
	uint64_t written, dropped;
};

/* Causes beside the classes of errors. */
#define TOLD_FULL 30
#define TOLD_FLOOD 31
_Static_assert(FC_ERR_CLASSES <= TOLD_FULL, "a bit of `told` for each class");

static void pump(struct fc_event_recorder *r);
static void arm_sweep(struct fc_event_recorder *r);

static struct fc_loop *loop_of(const struct fc_event_recorder *r)
{
	return fc_transport_loop(r->o.transport);
}

/* --- what is remembered --- */

static void leave_queue(struct fc_event_recorder *r, struct fc_event_series *s)
{
	if (!s->queued)
		return;
	DL_DELETE(r->queue, s);
	s->queued = false;
	r->queued--;
}

static void forget(struct fc_event_recorder *r, struct fc_event_series *s)
{
	leave_queue(r, s);
	HASH_DEL(r->series, s);
	fc_event_record_free(s->record);
	free(s);
}

/* The table is in the order in which Events came last. What waits to be written stays: there is less of it than is
 * remembered. */
static void make_room(struct fc_event_recorder *r)
{
	struct fc_event_series *s, *next;

	if (HASH_COUNT(r->series) < MOST_REMEMBERED)
		return;
	HASH_ITER(hh, r->series, s, next) {
		if (s->queued)
			continue;
		forget(r, s);
		return;
	}
}

/* Two processes that tell of the same object in the same millisecond do not meet. */
static uint64_t new_serial(struct fc_event_recorder *r, int64_t wall_ms)
{
	return (uint64_t)wall_ms * 1000000 + (uint64_t)fc_random_between(r->o.random, 0, 999999);
}

/* Takes over the record. */
static struct fc_event_series *remember(struct fc_event_recorder *r, struct fc_event_record *record,
					const struct fc_digest *key)
{
	struct fc_event_series *s = fc_xcalloc(1, sizeof(*s));

	make_room(r);
	s->key = *key;
	s->record = record;
	s->serial = new_serial(r, record->wall_ms);
	s->first_ms = s->last_ms = record->wall_ms;
	s->count = 1;
	s->seen_ms = fc_clock_mono_ms();
	HASH_ADD(hh, r->series, key, sizeof(s->key), s);
	arm_sweep(r);
	return s;
}

/* Takes over the record: should the Event have to be made anew, it tells the newest. */
static void repeat(struct fc_event_recorder *r, struct fc_event_series *s, struct fc_event_record *record)
{
	s->combined = s->combined || strcmp(s->record->note, record->note) != 0;
	fc_event_record_free(s->record);
	s->record = record;
	s->count++;
	if (record->wall_ms > s->last_ms)
		s->last_ms = record->wall_ms;
	s->seen_ms = fc_clock_mono_ms();
	/* Behind all others. */
	HASH_DEL(r->series, s);
	HASH_ADD(hh, r->series, key, sizeof(s->key), s);
}

/* --- what is not written --- */

/* Once for each cause: what keeps one Event out keeps others out. */
static void tell_lost(struct fc_event_recorder *r, unsigned cause, const char *message,
		      const struct fc_event_record *record, const char *why)
{
	const struct fc_object_reference *object = &record->regarding;
	uint32_t bit = UINT32_C(1) << cause;
	enum fc_log_level level = r->told & bit ? FC_LOG_DEBUG : FC_LOG_WARN;

	r->told |= bit;
	if (!fc_log_enabled(level))
		return;
	FC_AUTO_FREE char *text = fc_xasprintf("%s/%s/%s", object->kind ? object->kind : "",
					       object->namespace_ ? object->namespace_ : "", object->name);
	fc_log(level, message, FC_KV("cluster", fc_transport_cluster(r->o.transport)), FC_KV("object", text),
	       FC_KV("event", record->reason), FC_KV("reason", why));
}

static void tell_refused(struct fc_event_recorder *r, const struct fc_event_series *s, const struct fc_error *why)
{
	tell_lost(r, why->cls,
		  why->cls == FC_ERR_FORBIDDEN ? "Events may not be written, going on without: allow create and patch "
						 "of events in the group events.k8s.io"
					       : "an Event could not be written",
		  s->record, why->text);
}

static bool is_silent(const struct fc_event_recorder *r, const struct fc_event_series *s)
{
	return fc_clock_mono_ms() - s->seen_ms >= r->o.silence_ms;
}

/* One that the server knows and that goes on is counted further: what is new is told with the next heartbeat, or at its
 * end. */
static void give_up(struct fc_event_recorder *r, struct fc_event_series *s)
{
	r->dropped++;
	leave_queue(r, s);
	s->written_ms = fc_clock_mono_ms();
	if (s->written == 0 || is_silent(r, s))
		forget(r, s);
}

/* --- what comes in --- */

static bool is_muted(struct fc_event_recorder *r, const struct fc_event_series *s)
{
	return fc_event_mutes_cover(&r->mutes, fc_event_namespace(s->record), s->written > 0, fc_clock_mono_ms());
}

static bool has_room(struct fc_event_recorder *r, const struct fc_event_series *s)
{
	if (r->queued < MOST_QUEUED)
		return true;
	tell_lost(r, TOLD_FULL, "an Event could not be written", s->record, "too many wait already");
	return false;
}

static bool passes_gate(struct fc_event_recorder *r, const struct fc_event_series *s)
{
	struct fc_digest object = fc_event_object_key(s->record);

	if (fc_flood_gate_passes(&r->gate, &object, fc_clock_mono_ms()))
		return true;
	tell_lost(r, TOLD_FLOOD, "an Event could not be written", s->record, "too many about one object");
	return false;
}

static void enqueue(struct fc_event_recorder *r, struct fc_event_series *s)
{
	s->queued = true;
	s->tries = 0;
	DL_APPEND(r->queue, s);
	r->queued++;
}

/* A first Event, or the second of its kind: told at once, if it may be. */
static void tell(struct fc_event_recorder *r, struct fc_event_series *s)
{
	if (is_muted(r, s) || !has_room(r, s) || !passes_gate(r, s))
		give_up(r, s);
	else
		enqueue(r, s);
}

void fc_event_recorder_record(struct fc_event_recorder *r, struct fc_event_record *record)
{
	struct fc_digest key = fc_event_key(record);
	struct fc_event_series *s = NULL;

	HASH_FIND(hh, r->series, &key, sizeof(key), s);
	if (!s) {
		tell(r, remember(r, record, &key));
	} else {
		repeat(r, s, record);
		/* Waiting, it tells of both when its turn comes. */
		if (!s->queued && s->written == 1)
			tell(r, s);
	}
	pump(r);
}

/* --- what is sent --- */

static const struct fc_resource new_events = {
	.group = "events.k8s.io",
	.version = "v1",
	.plural = "events",
	.kind = "Event",
	.namespaced = true,
};
static const struct fc_resource legacy_events = {
	.group = "",
	.version = "v1",
	.plural = "events",
	.kind = "Event",
	.namespaced = true,
};

static void on_done(void *user, const struct fc_response *response);

static int put_path(const struct fc_event_series *s, bool patch, struct fc_buf *path, struct fc_error *err)
{
	FC_AUTO_FREE char *name = patch ? fc_event_name(s) : NULL;

	if (fc_url_object(path, s->legacy ? &legacy_events : &new_events, fc_event_namespace(s->record), name, NULL,
			  err) < 0)
		return -1;
	fc_url_query(path, "fieldManager", FC_FIELD_MANAGER);
	fc_url_query(path, "timeout", "30s");
	return path->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the path of a request") : 0;
}

static bool is_to_be_legacy(const struct fc_event_recorder *r, const struct fc_event_series *s)
{
	bool scoped = fc_event_is_cluster_scoped(s->record);

	return fc_clock_mono_ms() < (scoped ? r->legacy_scoped_until_ms : r->legacy_until_ms);
}

static int send_one(struct fc_event_recorder *r, struct fc_event_series *s, struct fc_error *err)
{
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;
	bool patch = s->written > 0;

	/* An Event stays what it was made as. */
	if (!patch)
		s->legacy = is_to_be_legacy(r, s);
	if (put_path(s, patch, &path, err) < 0)
		return -1;
	json_auto_t *body = patch ? fc_event_patch(s) : fc_event_body(s, r->instance);
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	if (!text)
		return fc_error_set(err, FC_ERR_INTERNAL, "an Event that cannot be written as JSON");
	s->sent = s->count;
	r->request =
		fc_transport_send(r->o.transport,
				  &(struct fc_request_options){
					  .method = patch ? "PATCH" : "POST",
					  .path = fc_buf_str(&path),
					  .content_type = patch ? "application/merge-patch+json" : "application/json",
					  .body = text,
					  .body_bytes = strlen(text),
					  .timeout_ms = FC_OBJECT_TIMEOUT_MS,
					  .on_done = on_done,
					  .user = r,
				  },
				  err);
	return r->request ? 0 : -1;
}

static void on_retry(void *user)
{
	struct fc_event_recorder *r = user;

	r->retry = NULL;
	pump(r);
}

/* 10.5: the server has not said no. Where it has said how long to wait, or that nobody may come just now, it has not
 * either. */
static bool is_worth_another_try(const struct fc_error *err)
{
	switch (err->cls) {
	case FC_ERR_NETWORK:
	case FC_ERR_TLS:
	case FC_ERR_CANCELLED:
	case FC_ERR_THROTTLED:
	case FC_ERR_UNAUTHORIZED:
		return true;
	case FC_ERR_TIMEOUT:
		return err->http_status == 0;
	case FC_ERR_SERVER:
		return err->retry_after_ms >= 0;
	default:
		return false;
	}
}

/* It is no fault of the Event that was under way: all that wait have had this try. */
static void try_later(struct fc_event_recorder *r, const struct fc_error *why)
{
	int64_t delay_ms = fc_random_between(r->o.random, r->o.retry_ms / 2, r->o.retry_ms * 3 / 2);
	struct fc_event_series *s, *next;

	DL_FOREACH_SAFE(r->queue, s, next) {
		if (++s->tries < MOST_TRIES)
			continue;
		tell_refused(r, s, why);
		give_up(r, s);
	}
	if (why->retry_after_ms > delay_ms)
		delay_ms = why->retry_after_ms;
	if (r->queue)
		r->retry = fc_loop_timer(loop_of(r), delay_ms, on_retry, r);
}

static void taken(struct fc_event_recorder *r, struct fc_event_series *s)
{
	r->written++;
	fc_event_mutes_allowed(&r->mutes);
	leave_queue(r, s);
	s->written = s->sent;
	s->written_ms = fc_clock_mono_ms();
	/* It came again meanwhile. */
	if (s->written == 1 && s->count > 1)
		tell(r, s);
}

/* Its turn comes again at once in the old form where the server is older than the API (before 1.19), and where it is
 * not much younger (tried: 1.20) and refuses every Event of the new form in `default`: it wanted those about
 * cluster-scoped objects in kube-system, where nobody looks for them. */
static bool turns_to_legacy(struct fc_event_recorder *r, const struct fc_event_series *s, const struct fc_error *err)
{
	bool too_old = err->cls == FC_ERR_NOT_SERVED;
	bool refuses_place = err->cls == FC_ERR_INVALID && fc_event_is_cluster_scoped(s->record);
	int64_t until_ms = fc_clock_mono_ms() + r->o.again_ms;

	if (s->legacy || s->written > 0 || !(too_old || refuses_place))
		return false;
	r->legacy_scoped_until_ms = until_ms;
	if (too_old)
		r->legacy_until_ms = until_ms;
	return true;
}

/* An Event lives for an hour (the server's --event-ttl), and may be deleted by anybody. */
static bool is_gone(const struct fc_event_series *s, const struct fc_error *err)
{
	return s->written > 0 && (err->cls == FC_ERR_NOT_FOUND || err->cls == FC_ERR_NOT_SERVED);
}

static void refused(struct fc_event_recorder *r, struct fc_event_series *s, const struct fc_error *err)
{
	int64_t now_ms = fc_clock_mono_ms();

	if (err->cls == FC_ERR_FORBIDDEN)
		fc_event_mutes_add(&r->mutes, fc_event_namespace(s->record), s->written > 0, now_ms,
				   now_ms + r->o.again_ms);
	/* A namespace that goes away is no news to anybody. */
	if (err->cls != FC_ERR_TERMINATING)
		tell_refused(r, s, err);
	give_up(r, s);
}

/* What has become of the first of the queue. `err` NULL: it was taken. */
static void settle(struct fc_event_recorder *r, const struct fc_error *err)
{
	struct fc_event_series *s = r->queue;

	if (!err || (err->cls == FC_ERR_EXISTS && s->tries > 0))
		/* Existing: an earlier try had come through, and only its answer was lost. */
		taken(r, s);
	else if (is_worth_another_try(err))
		try_later(r, err);
	else if (is_gone(s, err))
		s->written = 0;
	else if (!turns_to_legacy(r, s, err))
		refused(r, s, err);
}

static void on_done(void *user, const struct fc_response *response)
{
	struct fc_event_recorder *r = user;

	r->request = NULL;
	settle(r, response->error);
	pump(r);
}

/* Sends the first of the queue, unless one is under way or waits to be tried again. */
static void pump(struct fc_event_recorder *r)
{
	while (r->queue && !r->request && !r->retry) {
		struct fc_error err = FC_ERROR_INIT;

		if (is_muted(r, r->queue)) {
			give_up(r, r->queue);
			continue;
		}
		if (r->o.may_send && !r->o.may_send(r->o.user))
			fc_error_set(&err, FC_ERR_NETWORK, "the cluster cannot be reached");
		else if (send_one(r, r->queue, &err) == 0)
			return;
		settle(r, &err);
	}
}

/* --- what is told later --- */

static void look_at(struct fc_event_recorder *r, struct fc_event_series *s, int64_t now_ms)
{
	bool news = s->count > s->written;

	if (s->queued)
		return;
	if (news && (is_silent(r, s) || now_ms - s->written_ms >= r->o.heartbeat_ms)) {
		if (is_muted(r, s) || r->queued >= MOST_QUEUED)
			give_up(r, s);
		else
			enqueue(r, s);
	} else if (is_silent(r, s)) {
		forget(r, s);
	}
}

static void on_sweep(void *user)
{
	struct fc_event_recorder *r = user;
	struct fc_event_series *s, *next;
	int64_t now_ms = fc_clock_mono_ms();

	r->sweep = NULL;
	HASH_ITER(hh, r->series, s, next)
		look_at(r, s, now_ms);
	if (fc_flood_gate_sweep(&r->gate, now_ms) > 0 || r->series)
		arm_sweep(r);
	pump(r);
}

static void arm_sweep(struct fc_event_recorder *r)
{
	if (!r->sweep)
		r->sweep = fc_loop_timer(loop_of(r), r->o.silence_ms / SWEEPS_PER_SILENCE, on_sweep, r);
}

/* --- its life --- */

struct fc_event_recorder *fc_event_recorder_new(const struct fc_event_recorder_options *options)
{
	struct fc_event_recorder *r = fc_xcalloc(1, sizeof(*r));

	r->o = *options;
	r->o.retry_ms = options->retry_ms ? options->retry_ms : RETRY_MS;
	r->o.heartbeat_ms = options->heartbeat_ms ? options->heartbeat_ms : HEARTBEAT_MS;
	r->o.silence_ms = options->silence_ms ? options->silence_ms : SILENCE_MS;
	r->o.again_ms = options->again_ms ? options->again_ms : AGAIN_MS;
	r->instance = fc_xstrndup(options->instance, FC_EVENT_INSTANCE_BYTES);
	return r;
}

void fc_event_recorder_free(struct fc_event_recorder *r)
{
	if (!r)
		return;
	fc_request_cancel(r->request);
	fc_loop_timer_cancel(loop_of(r), &r->retry);
	fc_loop_timer_cancel(loop_of(r), &r->sweep);
	while (r->series)
		forget(r, r->series);
	fc_flood_gate_fini(&r->gate);
	fc_event_mutes_fini(&r->mutes);
	free(r->instance);
	free(r);
}

void fc_event_recorder_interrupt(struct fc_event_recorder *r)
{
	struct fc_error err = FC_ERROR_INIT;

	if (!r || !r->request)
		return;
	fc_request_cancel(fc_steal(&r->request));
	fc_error_set(&err, FC_ERR_NETWORK, "cut off");
	settle(r, &err);
	pump(r);
}

struct fc_event_recorder_counts fc_event_recorder_counts(const struct fc_event_recorder *r)
{
	return (struct fc_event_recorder_counts){
		.queued = r->queued,
		.remembered = HASH_COUNT(r->series),
		.written = r->written,
		.dropped = r->dropped,
	};
}
