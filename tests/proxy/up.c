/* SPDX-License-Identifier: Apache-2.0 */
/* The session towards the API server: the proxy is the client here. */
#include <string.h>

#include "channel.h"
#include "proxy.h"

/* As in down.c. */
#define CONNECTION_WINDOW (16 * 1024 * 1024)
#define STREAM_WINDOW (256 * 1024)

static struct stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
		     const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
	struct stream *s = stream_of(session, frame->hd.stream_id);

	(void)flags;
	(void)user;
	/* Trailers, which no API server sends, are dropped: only their END_STREAM counts. */
	if (s && !s->headed)
		stream_add_header(&s->response, name, name_len, value, value_len);
	return 0;
}

static bool is_interim(const struct header_list *head)
{
	return head->count > 0 && head->nv[0].valuelen == 3 && head->nv[0].value[0] == '1';
}

static void head_complete(struct stream *s)
{
	if (s->headed)
		return;
	if (is_interim(&s->response)) {
		while (s->response.count > 0) {
			s->response.count--;
			free(s->response.nv[s->response.count].name);
		}
		return;
	}
	s->headed = true;
	stream_head(s);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	struct stream *s = stream_of(session, frame->hd.stream_id);
	struct pair *pair = user;

	if (frame->hd.type == NGHTTP2_GOAWAY)
		pair_goaway(pair); /* passed on: a server that is stopping says so */
	if (!s)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS)
		head_complete(s);
	if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
	    (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		stream_end(s);
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len, void *user)
{
	struct stream *s = stream_of(session, id);

	(void)flags;
	(void)user;
	nghttp2_session_consume_connection(session, len);
	if (s)
		stream_body(s, bytes, len);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	struct stream *s = stream_of(session, id);

	(void)user;
	if (!s)
		return 0;
	s->up_id = 0;
	if (!s->down_id)
		stream_free(s);
	else if (code || !s->to_down.ended)
		stream_broken(s, code);
	return 0;
}

static ssize_t read_request(nghttp2_session *session, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
			    nghttp2_data_source *source, void *user)
{
	struct stream *s = source->ptr;
	struct flow *f = &s->to_up;
	size_t have = f->bytes.len - f->sent, len = have < room ? have : room;

	(void)session;
	(void)id;
	(void)user;
	if (len)
		memcpy(out, f->bytes.data + f->sent, len);
	f->sent += len;
	if (s->down_id && len)
		nghttp2_session_consume_stream(s->pair->down_session, s->down_id, len);
	if (f->ended && f->sent == f->bytes.len)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return len || f->ended ? (ssize_t)len : NGHTTP2_ERR_DEFERRED;
}

int up_forward(struct stream *s)
{
	nghttp2_data_provider body = { .source.ptr = s, .read_callback = read_request };
	int32_t id = nghttp2_submit_request(s->pair->up_session, NULL, s->request.nv, s->request.count,
					    s->has_body ? &body : NULL, s);

	if (id < 0)
		return -1;
	s->up_id = id;
	return 0;
}

int up_begin(struct pair *pair)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
	};

	if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
		return -1;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	int rc = nghttp2_session_client_new2(&pair->up_session, callbacks, pair, option);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	if (rc == 0)
		rc = nghttp2_submit_settings(pair->up_session, NGHTTP2_FLAG_NONE, settings, 2);
	if (rc == 0)
		rc = nghttp2_session_set_local_window_size(pair->up_session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	return rc == 0 ? 0 : -1;
}

static void on_open(void *user)
{
	pair_wake(user);
}

static int on_bytes(void *user, const uint8_t *bytes, size_t len)
{
	struct pair *pair = user;

	if (pair->doomed)
		return 0;
	if (nghttp2_session_mem_recv(pair->up_session, bytes, len) != (ssize_t)len)
		return -1;
	pair_wake(pair);
	return 0;
}

static ssize_t on_room(void *user, const uint8_t **bytes)
{
	struct pair *pair = user;

	if (pair->doomed)
		return 0;
	ssize_t len = nghttp2_session_mem_send(pair->up_session, bytes);
	if (nghttp2_session_want_write(pair->down_session))
		channel_wake(pair->down);
	return len < 0 ? -1 : len;
}

/* A client of the API server itself would see that end too. */
static void on_closed(void *user)
{
	pair_doom(user, false);
}

const struct channel_callbacks up_callbacks = { on_open, on_bytes, on_room, on_closed };
