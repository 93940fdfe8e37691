/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "json/decode.h"
#include "json/trim.h"
#include "kube/annotation_filter.h"
#include "kube/informer_internal.h"
#include "kube/url.h"
#include "model/status.h"

#include <string.h>

/* A watch asks to be ended after a random time in this range, so that they do not all begin again together (5.2; design
 * section 4). */
#define WATCH_LEAST_S 240
#define WATCH_MOST_S 300
/* What a server may be late before the watch is given up (5.25). */
#define WATCH_GRACE_MS 30000
/* A watch with nothing to tell does not show that it works: headers may be withheld until the first event (5.23). One
 * that follows a failure is therefore ended by the server after a second, and its proper end is the proof. */
#define TRIAL_S 1
/* One that ended sooner than this and told nothing is a failure (5.13). A trial lasts as long. */
#define SHORT_MS 1000
/* How often a watch that is answered 5xx is tried from the same version before a list is made instead (5.12: "for a
 * bounded time"). With the back-off it is half a minute: an API server that restarts is back by then. */
#define MAX_REFUSALS 5

static int64_t lived_ms(const struct fc_informer *i)
{
	return fc_clock_mono_ms() - i->opened_ms;
}

static void works(struct fc_informer *i)
{
	i->refusals = 0;
	if (i->failed != FC_ERR_NONE) {
		i->failed = FC_ERR_NONE;
		i->o.callbacks->on_resumed(i->o.user);
	}
}

/* The watch goes on from here if it ends now (5.9). False when that is where it stood. A stream that ends before its
 * list goes on from nowhere. */
static bool move_on(struct fc_informer *i, const char *version, bool added)
{
	if (!version || !*version || (i->unordered && added) || i->phase == FC_INFORMER_STREAM)
		return false;
	i->unordered = false;
	if (strcmp(i->version, version) == 0)
		return false;
	fc_informer_set_version(i, version);
	return true;
}

/* The same for an object's event, which shows that the watch is worth something. */
static void advance(struct fc_informer *i, const char *version, bool added)
{
	if (!move_on(i, version, added))
		return;
	i->advanced = true;
	i->expired = 0;
}

/* 5.26: an object of another kind, or a Table, is not what was asked for. Those of a list mostly say no kind. */
static bool is_foreign(const struct fc_informer *i, const json_t *object)
{
	const char *kind = "";

	if (fc_json_get_string(object, "kind", &kind) != FC_JSON_FOUND || !*kind || !*i->resource->kind)
		return false;
	return strcmp(kind, i->resource->kind) != 0 && strcmp(kind, "PartialObjectMetadata") != 0;
}

/* The event must not share what the listener owns, maybe on another thread. */
static json_t *take_object(json_t *event)
{
	json_t *object = json_incref(json_object_get(event, "object"));

	json_object_del(event, "object");
	return object;
}

static int event_present(struct fc_informer *i, json_t *event, bool added, struct fc_error *err)
{
	json_t *object = take_object(event);

	(void)err;
	advance(i, fc_json_metadata(object, "resourceVersion"), added);
	fc_informer_present(i, object);
	return 0;
}

static int event_added(struct fc_informer *i, json_t *event, struct fc_error *err)
{
	return event_present(i, event, true, err);
}

static int event_modified(struct fc_informer *i, json_t *event, struct fc_error *err)
{
	return event_present(i, event, false, err);
}

static int event_deleted(struct fc_informer *i, json_t *event, struct fc_error *err)
{
	const json_t *object = json_object_get(event, "object");
	const char *name = fc_json_metadata(object, "name");
	const char *version = fc_json_metadata(object, "resourceVersion");

	(void)err;
	if (*name)
		fc_informer_gone(i, fc_json_metadata(object, "namespace"), name, version);
	else
		i->removes = false;
	advance(i, version, false);
	return 0;
}

static int event_bookmark(struct fc_informer *i, json_t *event, struct fc_error *err)
{
	const json_t *bookmark = json_object_get(event, "object");

	(void)err;
	if (i->phase == FC_INFORMER_STREAM)
		fc_informer_stream_bookmark(i, bookmark);
	else
		(void)move_on(i, fc_json_metadata(bookmark, "resourceVersion"), false);
	return 0;
}

/* As if the Status had been the HTTP answer (5.8). */
static int event_error(struct fc_informer *i, json_t *event, struct fc_error *err)
{
	const json_t *status = json_object_get(event, "object");
	json_int_t code;

	(void)i;
	if (fc_json_get_integer(status, "code", &code) != FC_JSON_FOUND || code < 300 || code > 599)
		code = 500;
	return fc_status_error_json((int)code, status, -1, FC_STATUS_OF_READ, err);
}

static const struct event_type {
	const char *name;
	int (*handle)(struct fc_informer *i, json_t *event, struct fc_error *err);
} event_types[] = {
	{ "ADDED", event_added },	{ "MODIFIED", event_modified }, { "DELETED", event_deleted },
	{ "BOOKMARK", event_bookmark }, { "ERROR", event_error },
};

static const struct event_type *find_type(const char *name)
{
	for (size_t n = 0; n < FC_ARRAY_LEN(event_types); n++) {
		if (strcmp(event_types[n].name, name) == 0)
			return &event_types[n];
	}
	return NULL;
}

static void stream_begins(struct fc_informer *i)
{
	if (i->phase == FC_INFORMER_STREAM)
		fc_informer_list_begins(i);
}

static void count_event(struct fc_informer *i, const char *type)
{
	fc_informer_count(i, FC_METRIC_WATCH_EVENTS, type);
	fc_metrics_set(i->o.metrics, FC_METRIC_WATCH_LAST_EVENT, (double)fc_clock_wall_ms() / 1000,
		       FC_LABELS(fc_transport_cluster(i->o.transport), i->label));
}

/* The type of an event that is not decoded, in quotes. Servers write it first; one that stands elsewhere is not seen.
 */
static bool says_type(const char *bytes, size_t len, const char *type)
{
	const char *const words[] = { "{", "\"type\"", ":", type };

	for (size_t n = 0; n < FC_ARRAY_LEN(words); n++) {
		size_t word_len = strlen(words[n]);
		while (len && strchr(" \t\r\n", *bytes)) {
			bytes++;
			len--;
		}
		if (len < word_len || memcmp(bytes, words[n], word_len) != 0)
			return false;
		bytes += word_len;
		len -= word_len;
	}
	return true;
}

/* The stream goes on (5.4), from the version of what was skipped. */
static void undecodable_event(struct fc_informer *i, const char *bytes, size_t len, const struct fc_error *why)
{
	FC_AUTO_FREE char *version = NULL;

	stream_begins(i);
	if (fc_informer_is_ending(i))
		return;
	if (fc_informer_undecodable(i, bytes, len, says_type(bytes, len, "\"DELETED\""), why, &version) < 0)
		fc_informer_skip(i, why);
	advance(i, version, false);
}

static void skip_foreign(struct fc_informer *i)
{
	struct fc_error why = FC_ERROR_INIT;

	fc_error_set(&why, FC_ERR_PROTOCOL, "an event with an object of another kind");
	fc_informer_skip(i, &why);
}

static int handle_event(struct fc_informer *i, json_t *event, struct fc_error *err)
{
	const char *name;

	/* A server may answer 200 with a bare Status (13.2). */
	if (fc_status_is_failure(event))
		return fc_status_error_json(200, event, -1, FC_STATUS_OF_READ, err);
	if (fc_json_get_string(event, "type", &name) != FC_JSON_FOUND)
		return fc_error_set(err, FC_ERR_SERVER, "an event without type");

	const struct event_type *type = find_type(name);
	if (!type)
		return fc_error_set(err, FC_ERR_SERVER, "an event of a type that is not known");
	count_event(i, type->name);
	/* A bookmark in the first moment says nothing of the next one: a watch that ends behind it is a failure still.
	 */
	if (i->phase == FC_INFORMER_WATCH && type->handle != event_error &&
	    (type->handle != event_bookmark || lived_ms(i) >= SHORT_MS))
		works(i);
	if (type->handle != event_error)
		stream_begins(i);
	if (fc_informer_is_ending(i))
		return 0;
	if (type->handle != event_error && is_foreign(i, json_object_get(event, "object"))) {
		skip_foreign(i);
		return 0;
	}
	return type->handle(i, event, err);
}

/* Before it is decoded, as in a list: of a hundred thousand objects without a rule none costs more than this look. */
static bool is_passed_over(const struct fc_informer *i, const char *bytes, size_t len)
{
	return i->phase == FC_INFORMER_STREAM && i->o.annotation_prefixes && says_type(bytes, len, "\"ADDED\"") &&
	       !fc_annotation_filter_may_match(bytes, len, i->o.annotation_prefixes);
}

static json_t *decode_event(const struct fc_informer *i, const char *bytes, size_t len, struct fc_error *why)
{
	return i->o.metadata_only ? fc_decode_trimmed(bytes, len, FC_TRIM_EVENT, why) : fc_decode(bytes, len, why);
}

/* Who has taken it knows it too, by the answer to what has made it if not from here, and is to hear of its end. */
static void note_taken(struct fc_informer *i, const char *bytes, size_t len, const struct fc_informer_key *key)
{
	if (i->o.annotation_prefixes && fc_annotation_filter_may_match(bytes, len, i->o.annotation_prefixes))
		fc_key_set_add(&i->passed, key->namespace_, key->name);
}

/* The listener keeps it, and may never want it: the watch goes on from it all the same. */
static bool is_taken(struct fc_informer *i, const char *bytes, size_t len)
{
	struct fc_informer_key key = { 0 };

	if (i->phase != FC_INFORMER_WATCH || !i->o.metadata_only || !i->o.callbacks->on_change ||
	    !says_type(bytes, len, "\"MODIFIED\"") ||
	    !i->o.callbacks->on_change(i->o.user, bytes, len, i->received_us, &key))
		return false;
	count_event(i, "MODIFIED");
	works(i);
	advance(i, key.version, false);
	note_taken(i, bytes, len, &key);
	fc_informer_key_fini(&key);
	return true;
}

static int watch_object(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct fc_informer *i = user;
	struct fc_error why = FC_ERROR_INIT;
	int rc = 0;

	if (is_passed_over(i, bytes, len)) {
		count_event(i, "ADDED");
		stream_begins(i);
		return fc_informer_unless_ending(i, 0, err);
	}
	if (is_taken(i, bytes, len))
		return fc_informer_unless_ending(i, 0, err);
	json_auto_t *event = decode_event(i, bytes, len, &why);
	if (event) {
		rc = handle_event(i, event, err);
	} else if (why.cls == FC_ERR_MEMORY) {
		/* It is our fault and not the object's: it comes again when the watch goes on from before it. */
		*err = why;
		rc = -1;
	} else {
		undecodable_event(i, bytes, len, &why);
	}
	return fc_informer_unless_ending(i, rc, err);
}

void fc_informer_tell(struct fc_informer *i, const char *bytes, size_t len, int64_t received_us)
{
	FC_AUTO_FREE char *version = NULL;
	struct fc_error why = FC_ERROR_INIT;

	if (i->phase != FC_INFORMER_WATCH || fc_informer_is_ending(i))
		return;
	json_auto_t *event = decode_event(i, bytes, len, &why);
	i->received_us = received_us;
	fc_informer_enter(i);
	if (event && is_foreign(i, json_object_get(event, "object")))
		skip_foreign(i);
	else if (event)
		fc_informer_present(i, take_object(event));
	else if (why.cls == FC_ERR_MEMORY)
		fc_informer_relist(i); /* it comes again, in a list, when there is memory */
	else if (fc_informer_undecodable(i, bytes, len, false, &why, &version) < 0)
		fc_informer_skip(i, &why);
	/* Only an on_data of its own may not end it, and comes back here soon; this is told from elsewhere. */
	if (fc_informer_is_ending(i) && i->entered == 1)
		fc_request_cancel(fc_steal(&i->request));
	(void)fc_informer_leave(i);
}

static int watch_unreadable(void *user, const char *head, size_t len, const struct fc_error *why, struct fc_error *err)
{
	struct fc_informer *i = user;

	undecodable_event(i, head, len, why);
	return fc_informer_unless_ending(i, 0, err);
}

static const struct fc_framer_callbacks watch_framer = {
	.on_object = watch_object,
	.on_unreadable = watch_unreadable,
};

static int watch_data(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct fc_informer *i = user;

	if (fc_informer_is_ending(i))
		return fc_informer_unless_ending(i, -1, err);
	i->received_us = fc_clock_mono_us();
	fc_informer_enter(i);
	int rc = fc_framer_feed(i->framer, bytes, len, err);
	/* What the listener took for it was no silence of the server's. */
	if (i->phase == FC_INFORMER_STREAM)
		i->received_us = fc_clock_mono_us();
	rc = fc_informer_unless_ending(i, rc, err);
	(void)fc_informer_leave(i);
	return rc;
}

/* At once, but one watch a second at most, whatever it told (5.16): one that lived for less has what is left of it to
 * wait. */
static void again(struct fc_informer *i, enum fc_informer_phase phase, const char *reason)
{
	int64_t left_ms = SHORT_MS - lived_ms(i);

	fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, reason);
	fc_informer_go(i, phase, left_ms > 0 ? left_ms : 0);
}

/* What a failed watch is followed by: a watch from the same version, or a list (5.11, 5.12, 5.15). */
static void watch_failed(struct fc_informer *i, const struct fc_error *why)
{
	fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, fc_error_class_name(why->cls));
	switch (why->cls) {
	case FC_ERR_THROTTLED:
	case FC_ERR_UNAUTHORIZED:
	case FC_ERR_NETWORK:
	case FC_ERR_TLS:
	case FC_ERR_MEMORY:
		fc_informer_fail(i, FC_INFORMER_WATCH, why, false);
		break;
	case FC_ERR_SERVER:
		fc_informer_fail(i, ++i->refusals > MAX_REFUSALS ? FC_INFORMER_LIST : FC_INFORMER_WATCH, why, false);
		break;
	case FC_ERR_TIMEOUT:
		/* Our own deadline is the network's fault; a 504 may say that the version is beyond what the server
		 * knows (4.10). */
		if (why->http_status)
			i->refusals++;
		fc_informer_fail(i, i->refusals > MAX_REFUSALS ? FC_INFORMER_LIST : FC_INFORMER_WATCH, why, false);
		break;
	case FC_ERR_FORBIDDEN:
		fc_informer_fail(i, FC_INFORMER_WATCH, why, true);
		break;
	case FC_ERR_NOT_SERVED:
	case FC_ERR_NOT_FOUND:
		/* The type has gone (3.16): its objects are unknown, not deleted. Should it come back, versions may
		 * begin anew. */
		fc_informer_fail(i, FC_INFORMER_LIST, why, true);
		break;
	default:
		fc_informer_fail(i, FC_INFORMER_LIST, why, false);
	}
}

static void watch_expired(struct fc_informer *i, const struct fc_error *why)
{
	/* A server that calls the version of its own list too old would be asked without end, however long it takes to
	 * say so. */
	if (i->expired++ == 0) {
		again(i, FC_INFORMER_LIST, fc_error_class_name(why->cls));
	} else {
		fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, fc_error_class_name(why->cls));
		fc_informer_fail(i, FC_INFORMER_LIST, why, false);
	}
}

static void watch_ended(struct fc_informer *i, const struct fc_response *response)
{
	/* It must have told of an object, or have lasted (5.13). */
	bool worked = response->status == 200 && (i->advanced || lived_ms(i) >= SHORT_MS);
	const struct fc_error *why = response->error;

	if (why && why->cls == FC_ERR_CANCELLED) {
		/* The transport has gone to other credentials or another address: nothing failed and nothing is missed.
		 */
		fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, fc_error_class_name(why->cls));
		fc_informer_go(i, FC_INFORMER_WATCH, 0);
	} else if (why && why->cls == FC_ERR_GONE) {
		watch_expired(i, why);
	} else if (worked && !why) {
		again(i, FC_INFORMER_WATCH, "ended");
		works(i);
	} else if (worked && (why->cls == FC_ERR_NETWORK || why->cls == FC_ERR_TIMEOUT)) {
		/* Cut off: an end like any other (2.15), unless opening it again fails too. */
		again(i, FC_INFORMER_WATCH, fc_error_class_name(why->cls));
	} else if (why) {
		watch_failed(i, why);
	} else {
		struct fc_error too_short = FC_ERROR_INIT;
		fc_error_set(&too_short, FC_ERR_SERVER, "the watch ended within a second and told nothing");
		fc_informer_count(i, FC_METRIC_WATCH_RESTARTS, "short");
		fc_informer_fail(i, FC_INFORMER_WATCH, &too_short, false);
	}
}

static void watch_done(void *user, const struct fc_response *response)
{
	struct fc_informer *i = user;

	i->request = NULL;
	fc_loop_timer_cancel(fc_transport_loop(i->o.transport), &i->deadline);
	fc_informer_enter(i);
	if (!fc_informer_is_ending(i)) {
		fc_informer_drop_framer(i);
		if (i->phase == FC_INFORMER_STREAM)
			fc_informer_stream_ended(i, response->error);
		else
			watch_ended(i, response);
	}
	(void)fc_informer_leave(i);
}

void fc_informer_watch_overdue(void *user)
{
	struct fc_informer *i = user;

	i->deadline = NULL;
	fc_request_cancel(i->request);
	i->request = NULL;
	fc_informer_drop_framer(i);
	again(i, FC_INFORMER_WATCH, "deadline");
}

static int watch_url(const struct fc_informer *i, int seconds, struct fc_buf *out, struct fc_error *err)
{
	if (fc_informer_url(i, out, err) < 0)
		return -1;
	fc_url_query(out, "watch", "true");
	if (i->phase == FC_INFORMER_STREAM) {
		fc_url_query(out, "sendInitialEvents", "true");
		fc_url_query(out, "resourceVersionMatch", "NotOlderThan");
	} else if (*i->version) {
		fc_url_query(out, "resourceVersion", i->version);
	}
	fc_url_query(out, "allowWatchBookmarks", "true");
	fc_url_query_number(out, "timeoutSeconds", seconds);
	/* Cut off it would ask for something else. */
	return out->failed ? fc_error_set(err, FC_ERR_MEMORY, "no memory for the path of a request") : 0;
}

void fc_informer_watch_open(struct fc_informer *i)
{
	FC_AUTO_BUF struct fc_buf path = FC_BUF_INIT;
	struct fc_error err = FC_ERROR_INIT;

	/* A stream shows that it works by the end of its list. */
	bool stream = i->phase == FC_INFORMER_STREAM, trial = i->failed != FC_ERR_NONE && !stream;
	int seconds = trial ? TRIAL_S : (int)fc_random_between(i->o.random, WATCH_LEAST_S, WATCH_MOST_S);

	if (watch_url(i, seconds, &path, &err) == 0) {
		i->framer = fc_framer_new(FC_FRAMER_WATCH, &watch_framer, i);
		i->request = fc_transport_send(i->o.transport,
					       &(struct fc_request_options){
						       .method = "GET",
						       .path = fc_buf_str(&path),
						       .accept = i->o.metadata_only ? FC_ACCEPT_METADATA : NULL,
						       .watch = true,
						       .on_data = watch_data,
						       .on_done = watch_done,
						       .user = i,
					       },
					       &err);
	}
	if (!i->request) {
		fc_informer_drop_framer(i);
		if (stream)
			fc_informer_stream_ended(i, &err);
		else
			watch_failed(i, &err);
		return;
	}
	int64_t limit_ms = seconds * INT64_C(1000) + WATCH_GRACE_MS;
	i->opened_ms = fc_clock_mono_ms();
	i->overdue_ms = i->opened_ms + limit_ms;
	i->advanced = false;
	i->unordered = !stream && !*i->version;
	if (stream)
		fc_informer_stream_began(i);
	else
		i->deadline = fc_loop_timer(fc_transport_loop(i->o.transport), limit_ms, fc_informer_watch_overdue, i);
}
