/* SPDX-License-Identifier: Apache-2.0 */
/* The session towards the client: the proxy is the server here. */
#include <string.h>

#include "channel.h"
#include "proxy.h"

/* Large enough that a held stream never stops the others: the connection's window is given back at once, a stream's
 * when its bytes have gone on. */
#define CONNECTION_WINDOW (16 * 1024 * 1024)
#define STREAM_WINDOW (256 * 1024)

static struct stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		struct stream *s = stream_new(user, frame->hd.stream_id);
		nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, s);
	}
	return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
		     const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
	struct stream *s = stream_of(session, frame->hd.stream_id);

	(void)flags;
	(void)user;
	if (s && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		stream_add_header(&s->request, name, name_len, value, value_len);
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
	bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
	struct stream *s = stream_of(session, frame->hd.stream_id);

	(void)user;
	if (!s || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (ends)
		s->to_up.ended = true;
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
		s->has_body = !ends;
		stream_begin(s);
	} else if (ends && s->up_id) {
		nghttp2_session_resume_data(s->pair->up_session, s->up_id);
	} else if (ends) {
		stream_whole(s);
	}
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t len, void *user)
{
	struct stream *s = stream_of(session, id);
	struct pair *pair = user;

	(void)flags;
	nghttp2_session_consume_connection(session, len);
	if (!s || !s->up_id) {
		nghttp2_session_consume_stream(session, id, len);
		return 0;
	}
	(void)fc_buf_append(&s->to_up.bytes, bytes, len);
	nghttp2_session_resume_data(pair->up_session, s->up_id);
	return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
	struct stream *s = stream_of(session, id);
	struct pair *pair = user;

	if (!s)
		return 0;
	s->down_id = 0;
	if (!s->up_id)
		stream_free(s);
	else /* freed when that end is closed too: the session may still ask for the request's body */
		nghttp2_submit_rst_stream(pair->up_session, NGHTTP2_FLAG_NONE, s->up_id,
					  code ? code : (uint32_t)NGHTTP2_CANCEL);
	return 0;
}

int down_begin(struct pair *pair)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, pair->proxy->max_streams },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
	};

	if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
		return -1;
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
	nghttp2_option_set_no_auto_window_update(option, 1);
	int rc = nghttp2_session_server_new2(&pair->down_session, callbacks, pair, option);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(option);
	if (rc == 0)
		rc = nghttp2_submit_settings(pair->down_session, NGHTTP2_FLAG_NONE, settings, 2);
	if (rc == 0)
		rc = nghttp2_session_set_local_window_size(pair->down_session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	return rc == 0 ? 0 : -1;
}

static void on_open(void *user)
{
	struct pair *pair = user;
	const unsigned char *protocol;
	unsigned len;

	SSL_get0_alpn_selected(channel_ssl(pair->down), &protocol, &len);
	if (len != 2 || memcmp(protocol, "h2", 2) != 0) {
		pair_doom(pair, false);
		return;
	}
	pair->opened = true;
	pair_wake(pair);
}

static int on_bytes(void *user, const uint8_t *bytes, size_t len)
{
	struct pair *pair = user;

	if (pair->doomed)
		return 0;
	if (nghttp2_session_mem_recv(pair->down_session, bytes, len) != (ssize_t)len)
		return -1;
	pair_wake(pair);
	return 0;
}

static ssize_t on_room(void *user, const uint8_t **bytes)
{
	struct pair *pair = user;

	if (pair->doomed)
		return 0;
	ssize_t len = nghttp2_session_mem_send(pair->down_session, bytes);
	/* Bytes that went on give the other side its window back. */
	if (nghttp2_session_want_write(pair->up_session))
		channel_wake(pair->up);
	if (len == 0 && !nghttp2_session_want_read(pair->down_session) &&
	    !nghttp2_session_want_write(pair->down_session))
		return -1;
	return len < 0 ? -1 : len;
}

static void on_closed(void *user)
{
	pair_doom(user, false);
}

const struct channel_callbacks down_callbacks = { on_open, on_bytes, on_room, on_closed };
