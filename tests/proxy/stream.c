/* SPDX-License-Identifier: Apache-2.0 */
/* A request and its answer on their way through, and what a fault makes of them. */
#include <ctype.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "proxy.h"

/* Sent bytes are forgotten when so many have gathered. */
#define COMPACT_BYTES ((size_t)256 * 1024)

struct stream *stream_new(struct pair *pair, int32_t down_id)
{
	struct stream *s = fc_xcalloc(1, sizeof(*s));

	s->pair = pair;
	s->down_id = down_id;
	s->cut_left = -1;
	DL_APPEND(pair->streams, s);
	return s;
}

static void free_headers(struct header_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->nv[i].name); /* the value stands in the same piece */
	free(list->nv);
}

void stream_free(struct stream *s)
{
	DL_DELETE(s->pair->streams, s);
	fc_loop_timer_cancel(s->pair->proxy->loop, &s->timer);
	free_headers(&s->request);
	free_headers(&s->response);
	fc_buf_fini(&s->to_up.bytes);
	fc_buf_fini(&s->to_down.bytes);
	json_decref(s->headers);
	free(s->method);
	free(s->path);
	free(s->body);
	free(s);
}

/* Fields that speak of one connection have no place in HTTP/2; a peer that sends one all the same is not helped. */
static bool is_hop_by_hop(const uint8_t *name, size_t len)
{
	static const char *const names[] = { "connection", "keep-alive", "proxy-connection", "transfer-encoding",
					     "upgrade" };

	for (size_t i = 0; i < FC_ARRAY_LEN(names); i++)
		if (len == strlen(names[i]) && memcmp(name, names[i], len) == 0)
			return true;
	return false;
}

void stream_add_header(struct header_list *list, const uint8_t *name, size_t name_len, const uint8_t *value,
		       size_t value_len)
{
	if (is_hop_by_hop(name, name_len))
		return;
	uint8_t *both = fc_xcalloc(1, name_len + value_len + 2);
	memcpy(both, name, name_len);
	memcpy(both + name_len + 1, value, value_len);
	FC_GROW(list->nv, list->count, list->cap);
	list->nv[list->count++] =
		(nghttp2_nv){ .name = both, .namelen = name_len, .value = both + name_len + 1, .valuelen = value_len };
}

static char *header_of(const struct stream *s, const char *name)
{
	for (size_t i = 0; i < s->request.count; i++)
		if (strcmp((const char *)s->request.nv[i].name, name) == 0)
			return fc_xstrdup((const char *)s->request.nv[i].value);
	return fc_xstrdup("");
}

static void reset_down(struct stream *s, uint32_t code)
{
	if (s->down_id)
		nghttp2_submit_rst_stream(s->pair->down_session, NGHTTP2_FLAG_NONE, s->down_id, code);
	pair_wake(s->pair);
}

/* How many of the bytes that are there may go out now. */
static size_t may_send(const struct stream *s, size_t room)
{
	size_t len = s->to_down.bytes.len - s->to_down.sent;

	if (len > room)
		len = room;
	if (s->mute)
		return 0;
	if (s->bytes_per_ms > 0 && (double)len > s->allowance)
		len = (size_t)s->allowance;
	if (s->cut_left >= 0 && (int64_t)len > s->cut_left)
		len = (size_t)s->cut_left;
	return len;
}

static void take_bytes(struct stream *s, uint8_t *out, size_t len)
{
	struct flow *f = &s->to_down;

	memcpy(out, f->bytes.data + f->sent, len);
	f->sent += len;
	s->allowance -= s->bytes_per_ms > 0 ? (double)len : 0;
	s->cut_left -= s->cut_left >= 0 ? (int64_t)len : 0;
	if (s->up_id)
		nghttp2_session_consume_stream(s->pair->up_session, s->up_id, len);
	if (f->sent < f->bytes.len && f->sent < COMPACT_BYTES)
		return;
	memmove(f->bytes.data, f->bytes.data + f->sent, f->bytes.len - f->sent);
	f->bytes.len -= f->sent;
	f->sent = 0;
}

/* The cut has been reached; what is read_body to answer? */
static ssize_t cut_here(struct stream *s, uint32_t *flags)
{
	if (s->cut == CUT_RST)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (s->cut == CUT_CLOSE)
		pair_doom(s->pair, false);
	else
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return s->cut == CUT_CLOSE ? NGHTTP2_ERR_DEFERRED : 0;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *out, size_t room, uint32_t *flags,
			 nghttp2_data_source *source, void *user)
{
	struct stream *s = source->ptr;
	size_t len = may_send(s, room);

	(void)session;
	(void)id;
	(void)user;
	if (s->cut_left == 0)
		return cut_here(s, flags);
	if (len)
		take_bytes(s, out, len);
	bool over = s->to_down.ended && s->to_down.sent == s->to_down.bytes.len && !s->mute;
	if (over)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return len || over ? (ssize_t)len : NGHTTP2_ERR_DEFERRED;
}

/* The head that was collected, then the body as it comes. */
static void respond(struct stream *s)
{
	nghttp2_data_provider body = { .source.ptr = s, .read_callback = read_body };
	bool empty = s->to_down.ended && s->to_down.bytes.len == 0;

	if (!s->down_id || s->responded)
		return;
	s->responded = true;
	if (nghttp2_submit_response(s->pair->down_session, s->down_id, s->response.nv, s->response.count,
				    empty ? NULL : &body) != 0)
		reset_down(s, NGHTTP2_INTERNAL_ERROR);
	pair_wake(s->pair);
}

static void add_text(struct header_list *list, const char *name, const char *value)
{
	stream_add_header(list, (const uint8_t *)name, strlen(name), (const uint8_t *)value, strlen(value));
}

/* An answer of the proxy's own, in place of whatever the API server said. */
static void answer(struct stream *s)
{
	char status[16];
	const char *name;
	json_t *value;

	free_headers(&s->response);
	s->response = (struct header_list){ 0 };
	fc_buf_clear(&s->to_down.bytes);
	s->to_down.sent = 0;
	snprintf(status, sizeof(status), "%d", s->status);
	add_text(&s->response, ":status", status);
	json_object_foreach(s->headers, name, value)
		add_text(&s->response, name, json_string_value(value));
	(void)fc_buf_puts(&s->to_down.bytes, s->body ? s->body : "");
	s->to_down.ended = true;
	respond(s);
}

static void finish(struct stream *s)
{
	switch (s->end) {
	case FAULT_ANSWER:
		answer(s);
		break;
	case FAULT_RESET:
		pair_doom(s->pair, true);
		break;
	case FAULT_RST_STREAM:
		reset_down(s, s->code);
		break;
	case FAULT_PASS:
		respond(s);
		break;
	case FAULT_DROP:
		break;
	}
}

static void on_delay(void *user)
{
	struct stream *s = user;

	s->timer = NULL;
	s->late = false;
	finish(s);
}

/* Once the time has come for the fault's end, or for the API server's own answer. */
static void finish_in_time(struct stream *s)
{
	if (s->delay_ms > 0 && !s->timer) {
		s->late = true;
		s->timer = fc_loop_timer(s->pair->proxy->loop, s->delay_ms, on_delay, s);
		s->delay_ms = 0;
	} else if (!s->late) {
		finish(s);
	}
}

static void take_fault(struct stream *s, const struct fault *f)
{
	s->end = f->end;
	s->forward = f->forward;
	s->mute = f->mute;
	s->status = f->status;
	s->headers = json_incref(f->headers);
	s->body = fc_xstrdup_null(f->body);
	s->code = f->code;
	s->delay_ms = f->delay_ms;
	s->bytes_per_ms = f->bytes_per_ms;
	s->cut_left = f->cut_after;
	s->cut = f->cut;
}

void stream_begin(struct stream *s)
{
	struct proxy *p = s->pair->proxy;

	s->method = header_of(s, ":method");
	s->path = header_of(s, ":path");
	p->requests++;
	const struct fault *f = fault_match(p, s->method, s->path);
	s->forward = true;
	if (f)
		take_fault(s, f);
	journal_write(s, f);
	if (!s->forward)
		stream_whole(s);
	else if (up_forward(s) < 0)
		reset_down(s, NGHTTP2_REFUSED_STREAM);
	pair_wake(s->pair);
}

/* Not before the last byte of the request: an answer that comes earlier is another matter, and a race. */
void stream_whole(struct stream *s)
{
	if (!s->forward && s->to_up.ended)
		finish_in_time(s);
	pair_wake(s->pair);
}

void stream_head(struct stream *s)
{
	if (s->end == FAULT_PASS)
		finish_in_time(s);
}

void stream_body(struct stream *s, const uint8_t *bytes, size_t len)
{
	if (s->end != FAULT_PASS || !s->down_id) {
		if (s->up_id)
			nghttp2_session_consume_stream(s->pair->up_session, s->up_id, len);
		return;
	}
	(void)fc_buf_append(&s->to_down.bytes, bytes, len);
	if (s->responded)
		nghttp2_session_resume_data(s->pair->down_session, s->down_id);
}

void stream_end(struct stream *s)
{
	s->to_down.ended = true;
	if (s->end != FAULT_PASS)
		finish_in_time(s);
	else if (s->responded && s->down_id)
		nghttp2_session_resume_data(s->pair->down_session, s->down_id);
}

void stream_broken(struct stream *s, uint32_t code)
{
	if (s->end == FAULT_PASS || !s->to_down.ended)
		reset_down(s, code ? code : (uint32_t)NGHTTP2_INTERNAL_ERROR);
}

void stream_unmute(struct stream *s)
{
	if (!s->mute)
		return;
	s->mute = false;
	if (s->responded && s->down_id)
		nghttp2_session_resume_data(s->pair->down_session, s->down_id);
	pair_wake(s->pair);
}

void stream_tick(struct stream *s, int ms)
{
	if (s->bytes_per_ms <= 0)
		return;
	s->allowance += s->bytes_per_ms * ms;
	if (s->responded && s->down_id)
		nghttp2_session_resume_data(s->pair->down_session, s->down_id);
	pair_wake(s->pair);
}
