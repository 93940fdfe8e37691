/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/connection.h"

#include "base/mem.h"
#include "sandbox/channel.h"
#include "sandbox/stream.h"

#include <nghttp2/nghttp2.h>
#include <utlist.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* As kube-apiserver sets its own HTTP/2 server: a stream's window takes nearly all bodies at once. */
#define MAX_STREAMS 250
#define STREAM_WINDOW (256 * 1024)
#define CONNECTION_WINDOW (STREAM_WINDOW * MAX_STREAMS)
/* A client that connects says hello by then; one without requests is let go after that. Go's server has the same. */
#define HANDSHAKE_MS 10000
#define IDLE_MS 90000

struct sb_connection {
	struct sb_service *service;
	struct sb_connection *next, *prev;
	struct sb_channel *channel;
	nghttp2_session *session;
	const uint8_t *frame; /* what nghttp2 gave to be sent and the channel had no room for */
	size_t frame_len;
	uint32_t max_streams;
	int32_t last_id; /* what GOAWAY has named; 0: none was sent */
	struct sb_stream *streams;
	struct fc_timer *idle; /* set while there are none */
};

static struct sb_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

/* --- the way in --- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct sb_connection *c = user;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	/* The client has been told, or will be, that these were never looked at: it asks again elsewhere. */
	if (c->last_id && frame->hd.stream_id > c->last_id) {
		sb_connection_refuse(c, frame->hd.stream_id);
		return 0;
	}
	struct sb_stream *s = sb_stream_new(c, frame->hd.stream_id);
	nghttp2_session_set_stream_user_data(session, s->id, s);
	DL_APPEND(c->streams, s);
	fc_loop_timer_cancel(c->service->loop, &c->idle);
	return 0;
}

/* Names and values end with a zero byte, which nghttp2 puts there. */
static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_len FC_UNUSED, const uint8_t *value, size_t value_len FC_UNUSED,
		     uint8_t flags FC_UNUSED, void *user FC_UNUSED)
{
	struct sb_stream *s = stream_of(session, frame->hd.stream_id);

	if (s && frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		sb_stream_header(s, (const char *)name, (const char *)value);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags FC_UNUSED, int32_t id, const uint8_t *bytes, size_t len,
		   void *user FC_UNUSED)
{
	struct sb_stream *s = stream_of(session, id);

	if (s)
		sb_stream_body(s, bytes, len);
	return 0;
}

/* Proxies pass the question on from clients of HTTP/1.1. */
static void ask_for_body(nghttp2_session *session, struct sb_stream *s)
{
	char name[] = ":status", status[] = "100";
	nghttp2_nv nv = { .name = (uint8_t *)name, .namelen = 7, .value = (uint8_t *)status, .valuelen = 3 };

	s->asks_first = false;
	(void)nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, s->id, NULL, &nv, 1, NULL);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user FC_UNUSED)
{
	struct sb_stream *s = stream_of(session, frame->hd.stream_id);

	if (!s || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		sb_stream_whole(s);
	else if (s->asks_first)
		ask_for_body(session, s);
	return 0;
}

static void on_idle(void *user)
{
	struct sb_connection *c = user;

	c->idle = NULL;
	if (c->session)
		sb_connection_goaway(c); /* with no stream left the session is over then */
	else
		sb_channel_end(c->channel, false);
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code FC_UNUSED, void *user)
{
	struct sb_connection *c = user;
	struct sb_stream *s = stream_of(session, id);

	if (!s)
		return 0;
	DL_DELETE(c->streams, s);
	sb_stream_free(s);
	if (!c->streams && !c->idle)
		c->idle = fc_loop_timer(c->service->loop, IDLE_MS, on_idle, c);
	return 0;
}

/* --- the way out --- */

static ssize_t read_body(nghttp2_session *session FC_UNUSED, int32_t id FC_UNUSED, uint8_t *out, size_t room,
			 uint32_t *flags, nghttp2_data_source *source, void *user FC_UNUSED)
{
	bool over;
	size_t len = sb_stream_take(source->ptr, out, room, &over);

	if (over)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return len || over ? (ssize_t)len : NGHTTP2_ERR_DEFERRED;
}

/* A head being put together. */
struct head {
	nghttp2_nv nv[SB_MAX_HEADERS + 4];
	size_t count;
};

static void add(struct head *h, const char *name, const char *value, bool indexed)
{
	h->nv[h->count++] = (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name,
		.namelen = strlen(name),
		.value = (uint8_t *)(uintptr_t)value,
		.valuelen = strlen(value),
		/* What is never the same twice would only fill the table of both sides. */
		.flags = indexed ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX,
	};
}

static void print_date(char *out, size_t bytes)
{
	time_t now = time(NULL);
	struct tm parts;

	gmtime_r(&now, &parts);
	strftime(out, bytes, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

void sb_connection_respond(struct sb_connection *c, struct sb_stream *s, const struct sb_response *response,
			   bool has_body)
{
	nghttp2_data_provider body = { .source.ptr = s, .read_callback = read_body };
	char status[16], date[64], length[24];
	struct head head = { 0 };

	snprintf(status, sizeof(status), "%d", response->status);
	snprintf(length, sizeof(length), "%zu", response->body.len);
	print_date(date, sizeof(date));
	add(&head, ":status", status, true);
	if (response->content_type)
		add(&head, "content-type", response->content_type, true);
	for (unsigned i = 0; i < response->header_count; i++)
		add(&head, response->headers[i].name, response->headers[i].value, false);
	add(&head, "date", date, false);
	if (!response->watch && response->status != 304 && response->status != 204)
		add(&head, "content-length", length, false);
	if (nghttp2_submit_response(c->session, s->id, head.nv, head.count, has_body ? &body : NULL) != 0)
		sb_channel_end(c->channel, false);
	sb_channel_wake(c->channel);
}

void sb_connection_resume(struct sb_connection *c, int32_t stream_id)
{
	/* Fails where the stream does not wait for anything: then it is asked anyway. */
	(void)nghttp2_session_resume_data(c->session, stream_id);
	sb_channel_wake(c->channel);
}

void sb_connection_refuse(struct sb_connection *c, int32_t stream_id)
{
	(void)nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_REFUSED_STREAM);
	sb_channel_wake(c->channel);
}

void sb_connection_goaway(struct sb_connection *c)
{
	int32_t last_id = nghttp2_session_get_last_proc_stream_id(c->session);

	if (!c->last_id)
		c->last_id = last_id;
	(void)nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE, c->last_id, NGHTTP2_NO_ERROR, NULL, 0);
	sb_channel_wake(c->channel);
}

void sb_connection_reset(struct sb_connection *c)
{
	sb_channel_end(c->channel, true);
}

struct sb_service *sb_connection_service(struct sb_connection *c)
{
	return c->service;
}

/* --- the channel's --- */

static int begin_session(struct sb_connection *c)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, c->max_streams },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
	};

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return -1;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	int rc = nghttp2_session_server_new(&c->session, callbacks, c);
	nghttp2_session_callbacks_del(callbacks);
	if (rc != 0)
		return -1;
	rc = nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, FC_ARRAY_LEN(settings));
	if (rc == 0)
		rc = nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	return rc == 0 ? 0 : -1;
}

static int on_opened(void *user)
{
	struct sb_connection *c = user;

	fc_loop_timer_cancel(c->service->loop, &c->idle);
	c->idle = fc_loop_timer(c->service->loop, IDLE_MS, on_idle, c);
	return begin_session(c);
}

static int on_received(void *user, const uint8_t *bytes, size_t len)
{
	struct sb_connection *c = user;

	return nghttp2_session_mem_recv(c->session, bytes, len) == (ssize_t)len ? 0 : -1;
}

/* Frames until the room is full; of the last one the rest is kept, in nghttp2's own memory. */
static ssize_t on_fill(void *user, uint8_t *out, size_t room)
{
	struct sb_connection *c = user;
	size_t filled = 0;

	while (filled < room) {
		if (!c->frame_len) {
			ssize_t len = nghttp2_session_mem_send(c->session, &c->frame);
			if (len < 0)
				return -1;
			if (len == 0)
				break;
			c->frame_len = (size_t)len;
		}
		size_t len = c->frame_len < room - filled ? c->frame_len : room - filled;
		memcpy(out + filled, c->frame, len);
		c->frame += len;
		c->frame_len -= len;
		filled += len;
	}
	if (!filled && !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))
		return -1;
	return (ssize_t)filled;
}

static void free_connection(struct sb_connection *c)
{
	struct sb_stream *s, *next;

	DL_DELETE(c->service->connections, c);
	c->service->connection_count--;
	fc_loop_timer_cancel(c->service->loop, &c->idle);
	DL_FOREACH_SAFE(c->streams, s, next)
		sb_stream_free(s);
	nghttp2_session_del(c->session);
	sb_channel_free(c->channel);
	free(c);
}

static void on_closed(void *user)
{
	free_connection(user);
}

static const struct sb_channel_owner channel_owner = {
	.opened = on_opened,
	.received = on_received,
	.fill = on_fill,
	.closed = on_closed,
};

void sb_connection_new(struct sb_service *service, int fd, const struct sb_connection_faults *faults)
{
	struct sb_connection *c = fc_xcalloc(1, sizeof(*c));
	struct ssl_ctx_st *context = faults->other_certificate ? sb_authority_other_context(service->authority)
							       : sb_authority_context(service->authority);

	c->service = service;
	c->max_streams = faults->streams ? faults->streams : MAX_STREAMS;
	c->idle = fc_loop_timer(service->loop, HANDSHAKE_MS, on_idle, c);
	c->channel = sb_channel_new(service->loop, fd, context, &channel_owner, c);
	DL_APPEND(service->connections, c);
	service->connection_count++;
}

static void say_goodbye(struct sb_connection *c)
{
	if (!c->session)
		return;
	(void)nghttp2_session_terminate_session(c->session, NGHTTP2_NO_ERROR);
	sb_channel_flush(c->channel);
}

void sb_connections_end(struct sb_service *service, bool reset)
{
	struct sb_connection *c, *next;

	DL_FOREACH_SAFE(service->connections, c, next) {
		if (reset)
			sb_channel_end(c->channel, true);
		else
			say_goodbye(c);
		free_connection(c);
	}
}
