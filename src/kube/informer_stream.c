/* SPDX-License-Identifier: Apache-2.0 */
/* A list as the beginning of a watch: one request in place of two, and the server holds no page for it
 * (kube-client 5.17 to 5.21). It asks for no resourceVersion, so it is as consistent as a list without one (see
 * informer_list.c): what it has not named when its end is told is absent. Where it goes wrong before that end for a
 * reason that a list may not have, the list comes in pages. */
#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "json/decode.h"
#include "kube/informer_internal.h"

#include <errno.h>
#include <string.h>

/* A server that does not know of such lists sends the objects, and then nothing (5.20). */
#define SILENT_MS 10000
/* ... or, where much changes, goes on with what does. A list that takes longer is better had in pages too: of these
 * what was cut off is asked for again by itself. */
#define MOST_MS 120000
/* A timer this late was held up with all that it could have heard: whoever reads here waited for something else. */
#define LATE_MS 1000
/* Only as a bookmark's, on which no user can write. */
#define END_ANNOTATION "k8s.io/initial-events-end"

bool fc_informer_may_stream(const struct fc_informer *i)
{
	enum fc_stream_lists known = fc_transport_stream_lists(i->o.transport);

	return !i->token && !i->in_pages && !i->never_streams &&
	       (known == FC_STREAM_LISTS_LIKELY || known == FC_STREAM_LISTS_WORK);
}

static void list_in_pages(struct fc_informer *i, const char *reason)
{
	fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, reason);
	i->in_pages = true;
	fc_informer_go(i, FC_INFORMER_LIST, 0);
}

/* Never again over this transport, if none ever worked there; else not by this informer, whose type may have a server
 * of its own. */
static void not_known(struct fc_informer *i, enum fc_log_level level, const char *why)
{
	i->never_streams = true;
	fc_transport_saw_stream_list(i->o.transport, false);
	fc_log(level, "lists come in pages, not as the beginning of watches",
	       FC_KV("cluster", fc_transport_cluster(i->o.transport)), FC_KV("resource", i->label),
	       FC_KV("reason", why));
	list_in_pages(i, "stream-refused");
}

static void end_request(struct fc_informer *i)
{
	fc_request_cancel(fc_steal(&i->request));
	fc_informer_drop_framer(i);
}

static void check_in(struct fc_informer *i, int64_t delay_ms)
{
	i->check_ms = fc_clock_mono_ms() + delay_ms;
	i->deadline = fc_loop_timer(fc_transport_loop(i->o.transport), delay_ms, fc_informer_stream_check, i);
}

void fc_informer_stream_check(void *user)
{
	struct fc_informer *i = user;
	int64_t now_ms = fc_clock_mono_ms();
	bool late = now_ms - i->opened_ms >= MOST_MS;

	i->deadline = NULL;
	if (now_ms - i->check_ms >= LATE_MS)
		i->received_us = fc_clock_mono_us();
	int64_t left_ms = i->received_us / 1000 + SILENT_MS - now_ms;
	if (left_ms > 0 && !late) {
		check_in(i, left_ms);
		return;
	}
	/* One that has not answered may be out of reach, or not asked yet: that says nothing of what it can. */
	bool answered = *fc_request_content_type(i->request);
	end_request(i);
	i->begun = false;
	i->never_streams = answered;
	if (left_ms > 0 || !answered)
		list_in_pages(i, "stream-cut");
	else
		not_known(i, FC_LOG_WARN, "the server did not say within 10 s that all objects were told");
}

void fc_informer_stream_began(struct fc_informer *i)
{
	i->received_us = fc_clock_mono_us();
	check_in(i, SILENT_MS);
}

void fc_informer_stream_bookmark(struct fc_informer *i, const json_t *bookmark)
{
	const char *end = fc_json_annotation(bookmark, END_ANNOTATION);
	struct fc_loop *loop = fc_transport_loop(i->o.transport);

	if (!end || strcmp(end, "true") != 0)
		return;
	fc_transport_saw_stream_list(i->o.transport, true);
	fc_informer_set_version(i, fc_json_metadata(bookmark, "resourceVersion"));
	i->phase = FC_INFORMER_WATCH;
	/* What it has told so far is worth opening it again at once when it ends. */
	i->advanced = true;
	fc_loop_timer_cancel(loop, &i->deadline);
	i->deadline = fc_loop_timer(loop, i->overdue_ms - fc_clock_mono_ms(), fc_informer_watch_overdue, i);
	fc_informer_list_complete(i);
}

/* 400, 405, 406, 415 and 422: a parameter is unknown, forbidden or refused, not the list. */
static bool is_refusal(const struct fc_error *why)
{
	return why->cls == FC_ERR_INVALID || (why->cls == FC_ERR_NOT_SERVED && why->http_status != 404);
}

/* Is nothing gained by asking for pages at once? The next list is then like this one, unless it was cut off on the way,
 * or twice before it began, or the server failed, which it may do with these alone. */
static bool is_patience(const struct fc_error *why)
{
	switch (why->cls) {
	case FC_ERR_THROTTLED:
	case FC_ERR_UNAUTHORIZED:
	case FC_ERR_NETWORK:
	case FC_ERR_TLS:
	case FC_ERR_MEMORY:
	case FC_ERR_SERVER:
	case FC_ERR_NOT_SERVED:
	case FC_ERR_NOT_FOUND:
		return true;
	default:
		return false;
	}
}

/* Refused connections say nothing of what would go over one. */
static bool is_lost_again(const struct fc_informer *i, const struct fc_error *why)
{
	return why->cls == FC_ERR_NETWORK && i->failed == FC_ERR_NETWORK && why->sys_errno != ECONNREFUSED;
}

void fc_informer_stream_ended(struct fc_informer *i, const struct fc_error *why)
{
	bool cut = i->begun;

	/* What was told stays true; it counts no more for what is absent (5.19). */
	i->begun = false;
	if (why && why->cls == FC_ERR_CANCELLED) {
		fc_informer_go(i, FC_INFORMER_LIST, 0);
	} else if (why && is_refusal(why)) {
		not_known(i, FC_LOG_INFO, why->text);
	} else if (why && is_patience(why)) {
		i->in_pages = cut || why->cls == FC_ERR_SERVER || is_lost_again(i, why);
		fc_informer_list_failed(i, why);
	} else {
		/* Among it 403: the right to list may be there without that to watch, and then the objects are known.
		 */
		list_in_pages(i, "stream-cut");
	}
}
