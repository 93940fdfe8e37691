/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "sandbox/api_cruelty.h"
#include "sandbox/metrics.h"
#include "sandbox/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Before a watch ends in its time, a last bookmark goes out. */
#define LAST_BOOKMARK_MS 2000

struct sb_watch {
	struct sb_call call; /* its own, without request and response */
	struct sb_filter *filter;
	struct sb_sink *sink;	      /* NULL: not started, or closed */
	struct sb_resource *resource; /* NULL: it is not told of changes */
	bool present;		      /* begins with what is there */
	bool gone;		      /* begins, on purpose, with 410 */
	bool bookmarks, initial_end;  /* wants them; wants to know where the beginning ends */
	bool columns_told;
	bool counted;
	uint64_t from;	    /* the version that was asked for */
	uint64_t told;	    /* all changes up to it */
	int64_t timeout_ms; /* 0: none */
	struct fc_timer *deadline, *next_bookmark;
	unsigned writing; /* it is freed when the writes that are under way have returned */
	bool closed;
};

/* --- its end --- */

static void stop(struct sb_watch *w)
{
	struct sb_cluster *c = w->call.cluster;

	if (w->resource)
		sb_store_unsubscribe(w->resource, w);
	w->resource = NULL;
	if (c->loop) {
		fc_loop_timer_cancel(c->loop, &w->deadline);
		fc_loop_timer_cancel(c->loop, &w->next_bookmark);
	}
	if (w->counted)
		sb_metrics_watch(c->metrics, w->call.type, -1);
	w->counted = false;
	w->sink = NULL;
}

void sb_watch_close(struct sb_watch *w)
{
	if (!w)
		return;
	stop(w);
	w->closed = true;
	if (w->writing)
		return;
	sb_filter_free(w->filter);
	sb_call_fini(&w->call);
	free(w);
}

void sb_watch_end(struct sb_watch *w)
{
	struct sb_sink *sink = w->sink;

	stop(w);
	if (sink)
		sink->end(sink);
	sb_watch_close(w);
}

/* --- what it tells --- */

/* Takes over `line`. */
static void write_line(struct sb_watch *w, struct sb_text *line, enum sb_piece piece)
{
	if (w->sink) {
		w->writing++;
		w->sink->write(w->sink, line, piece);
		w->writing--;
	}
	sb_text_unref(line);
}

static void tell_event(struct sb_watch *w, enum sb_event event, struct sb_object *o, struct sb_change *change)
{
	write_line(w, sb_event_text(&w->call, event, o, change, !w->columns_told), SB_PIECE_EVENT);
	w->columns_told = true;
}

/* The last state that matched, at the version in which it ceased to. */
static void tell_deleted(struct sb_watch *w, const struct sb_change *change, struct sb_change *texts)
{
	struct sb_object *last =
		change->last ? sb_object_ref(change->last) : sb_object_at_version(change->before, change->version);

	tell_event(w, SB_DELETED, last, texts);
	sb_object_unref(last);
}

/* `texts` is the change itself while all watches are told of it; NULL: it is of the past. */
static void tell_change(struct sb_watch *w, const struct sb_change *change, struct sb_change *texts)
{
	bool before = change->before && sb_filter_matches(w->filter, change->before);
	bool now = change->now && sb_filter_matches(w->filter, change->now);

	if (change->version <= w->told)
		return;
	w->told = change->version;
	if (now)
		tell_event(w, before ? SB_MODIFIED : SB_ADDED, change->now, texts);
	else if (before)
		tell_deleted(w, change, texts);
}

void sb_watch_tell(struct sb_watch *w, struct sb_change *change)
{
	w->writing++;
	tell_change(w, change, change);
	w->writing--;
	if (w->closed)
		sb_watch_close(w);
}

/* --- bookmarks and the end of its time --- */

static void on_bookmark(void *user);

static void plan_bookmark(struct sb_watch *w, int64_t delay_ms)
{
	if (w->call.cluster->loop && w->bookmarks && delay_ms > 0)
		w->next_bookmark = fc_loop_timer(w->call.cluster->loop, delay_ms, on_bookmark, w);
}

/* The version is that of the last change of the resource, as a real server's memory of it has. One that is not beyond
 * what was asked for is not told: a quiet resource has no bookmarks. */
static void tell_bookmark(struct sb_watch *w)
{
	uint64_t version = sb_store_changed(w->resource);

	if (version > w->from)
		write_line(w, sb_bookmark_text(&w->call, version, false), SB_PIECE_BOOKMARK);
}

static void on_bookmark(void *user)
{
	struct sb_watch *w = user;

	w->next_bookmark = NULL;
	w->writing++;
	tell_bookmark(w);
	w->writing--;
	if (w->closed)
		sb_watch_close(w);
	else
		plan_bookmark(w, w->call.cluster->bookmark_ms);
}

static void on_deadline(void *user)
{
	struct sb_watch *w = user;

	w->deadline = NULL;
	sb_watch_end(w);
}

static void set_timers(struct sb_watch *w)
{
	struct sb_cluster *c = w->call.cluster;
	int64_t last = w->timeout_ms - LAST_BOOKMARK_MS;

	if (!c->loop)
		return;
	w->deadline = fc_loop_timer(c->loop, w->timeout_ms, on_deadline, w);
	plan_bookmark(w, last < c->bookmark_ms ? last : c->bookmark_ms);
}

/* --- its beginning --- */

static void tell_present(struct sb_watch *w)
{
	size_t count, i, end;
	struct sb_object *const *objects = sb_store_objects(w->resource, &count);

	sb_filter_range(w->filter, objects, count, &i, &end);
	for (; i < end && w->sink; i++)
		if (sb_filter_matches(w->filter, objects[i]))
			tell_event(w, SB_ADDED, objects[i], NULL);
	w->told = sb_store_version(w->call.cluster->store);
	if (w->initial_end)
		write_line(w, sb_bookmark_text(&w->call, w->told, true), SB_PIECE_BOOKMARK);
}

static void tell_past(struct sb_watch *w)
{
	for (size_t i = sb_store_change_after(w->resource, w->told); i < sb_store_change_count(w->resource); i++)
		tell_change(w, sb_store_change(w->resource, i), NULL);
}

static void tell_too_old(struct sb_watch *w, uint64_t oldest)
{
	char message[96];

	snprintf(message, sizeof(message), "too old resource version: %" PRIu64 " (%" PRIu64 ")", w->told, oldest);
	write_line(w, sb_error_text(message, "Expired", 410), SB_PIECE_ERROR);
}

/* False: there is nothing more to come. */
static bool begin(struct sb_watch *w)
{
	uint64_t oldest = sb_store_oldest(w->resource);

	if (w->present) {
		tell_present(w);
		return true;
	}
	if (w->gone || w->told < oldest) {
		tell_too_old(w, oldest);
		return false;
	}
	tell_past(w);
	return true;
}

void sb_watch_start(struct sb_watch *w, struct sb_sink *sink)
{
	bool goes_on;

	w->sink = sink;
	w->counted = true;
	sb_metrics_watch(w->call.cluster->metrics, w->call.type, 1);
	w->resource = sb_call_resource(&w->call);
	sb_store_subscribe(w->resource, w);
	w->writing++;
	goes_on = begin(w);
	w->writing--;
	if (w->closed)
		sb_watch_close(w);
	else if (!goes_on)
		sb_watch_end(w);
	else
		set_timers(w);
}

/* Without a timeout a real server ends a watch after half an hour to an hour. */
static int64_t timeout_of(struct sb_call *call, const struct sb_list_options *o)
{
	if (o->timeout_seconds > 0 && o->timeout_seconds < INT64_C(1) << 32)
		return o->timeout_seconds * 1000;
	return fc_random_between(&call->cluster->random, 1800 * 1000, 3600 * 1000);
}

static char *copy_query(const char *query)
{
	const char *end = query;
	char *copy;

	while (*end)
		end += strlen(end) + 1;
	copy = fc_xcalloc(1, (size_t)(end - query) + 1);
	memcpy(copy, query, (size_t)(end - query));
	return copy;
}

int sb_handle_watch(struct sb_call *call)
{
	struct sb_list_options options;
	struct sb_filter *filter;
	struct sb_watch *w;

	if (sb_list_options(call, &options) < 0 || !(filter = sb_filter_new(call)))
		return -1;
	/* The list that a stream begins with must be of that version or a later one. */
	if (options.send_initial && sb_check_version_is_past(call, &options, true) < 0) {
		sb_filter_free(filter);
		return -1;
	}
	w = fc_xcalloc(1, sizeof(*w));
	w->filter = filter;
	w->bookmarks = sb_call_flag(call, "allowWatchBookmarks");
	w->present = options.has_send_initial ? options.send_initial : options.number == 0;
	w->initial_end = options.send_initial && w->bookmarks;
	w->from = options.number;
	w->gone = !w->present && sb_api_cruelty_ends_watch(call);
	w->told = options.number ?: sb_store_version(call->cluster->store);
	w->timeout_ms = timeout_of(call, &options);
	/* The watch outlives the call: the texts of the URL are its own from now on, and the query is copied. */
	w->call = *call;
	w->call.query = copy_query(call->query);
	w->call.type = sb_type_ref(call->type);
	w->call.request = NULL;
	w->call.response = NULL;
	call->url = NULL;
	call->response->content_type = "application/json";
	call->response->watch = w;
	return 0;
}
