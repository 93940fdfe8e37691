/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/stream.h"

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/connection.h"
#include "sandbox/journal.h"
#include "sandbox/read.h"

#include <string.h>
#include <strings.h>

/* What a watch may have unsent, beside what was due when it began: some thousand events. */
#define UNSENT_BYTES ((size_t)8 * 1024 * 1024)

static void write_line(struct sb_sink *sink, struct sb_text *line, enum sb_piece piece);
static void end_watch(struct sb_sink *sink);

static struct fc_loop *loop_of(const struct sb_stream *s)
{
	return sb_connection_service(s->connection)->loop;
}

struct sb_stream *sb_stream_new(struct sb_connection *c, int32_t id)
{
	struct sb_stream *s = fc_xcalloc(1, sizeof(*s));

	s->connection = c;
	s->id = id;
	s->sink = (struct sb_sink){ .write = write_line, .end = end_watch };
	s->body.limit = SB_BODY_BYTES;
	return s;
}

/* The headers that anybody asks for, beside :method and :path. */
static const struct {
	const char *name;
	size_t offset;
} headers[] = {
	{ ":method", offsetof(struct sb_request, method) },
	{ ":path", offsetof(struct sb_request, path) },
	{ "accept", offsetof(struct sb_request, accept) },
	{ "content-type", offsetof(struct sb_request, content_type) },
	{ "authorization", offsetof(struct sb_request, authorization) },
	{ "if-none-match", offsetof(struct sb_request, if_none_match) },
	{ "user-agent", offsetof(struct sb_request, user_agent) },
};

static char **text_of(struct sb_stream *s, size_t i)
{
	return (char **)((char *)&s->request + headers[i].offset);
}

/* The watch has ended, by itself or because nobody listens. */
static void note_end(struct sb_stream *s)
{
	struct sb_cluster *cluster = sb_connection_service(s->connection)->cluster;

	s->watch = NULL;
	if (cluster)
		sb_journal_end(cluster->journal, s->journal);
}

void sb_stream_free(struct sb_stream *s)
{
	if (s->watch) {
		sb_watch_close(s->watch);
		note_end(s);
	}
	fc_loop_timer_cancel(loop_of(s), &s->timer);
	for (size_t i = 0; i < FC_ARRAY_LEN(headers); i++)
		free(*text_of(s, i));
	fc_buf_fini(&s->body);
	sb_outflow_fini(&s->out);
	free(s);
}

/* The first of several of one name counts, as Go's Header.Get has it. */
void sb_stream_header(struct sb_stream *s, const char *name, const char *value)
{
	if (strcmp(name, "expect") == 0 && strcasecmp(value, "100-continue") == 0)
		s->asks_first = true;
	for (size_t i = 0; i < FC_ARRAY_LEN(headers); i++)
		if (strcmp(headers[i].name, name) == 0 && !*text_of(s, i))
			*text_of(s, i) = fc_xstrdup(value);
}

void sb_stream_body(struct sb_stream *s, const void *bytes, size_t len)
{
	if (s->request.body_too_large || fc_buf_append(&s->body, bytes, len) == 0)
		return;
	s->request.body_too_large = true;
	fc_buf_fini(&s->body);
}

static void answer(struct sb_stream *s, struct sb_response *response)
{
	if (response->body.failed) {
		sb_response_fini(response);
		*response = SB_RESPONSE_INIT;
		response->status = 500;
	}
	bool has_body = strcmp(s->request.method, "HEAD") != 0 && (response->body.len || response->watch);
	sb_connection_respond(s->connection, s, response, has_body);
	if (!has_body)
		return;
	s->out.body = response->body;
	response->body = FC_BUF_INIT;
	s->out.bytes_per_second = s->faults.bytes_per_second;
	s->out.ended = !response->watch;
	s->watch = fc_steal(&response->watch);
	s->journal = response->journal;
	if (!s->watch)
		return;
	/* What is due at the start may be any number of objects; the client has not been slow yet. */
	s->most_unsent = SIZE_MAX;
	sb_watch_start(s->watch, &s->sink);
	s->most_unsent = s->out.unsent + UNSENT_BYTES;
}

static void serve(struct sb_stream *s)
{
	struct sb_service *service = sb_connection_service(s->connection);
	struct sb_response response = SB_RESPONSE_INIT;

	s->request.body = fc_buf_str(&s->body);
	s->request.body_len = s->body.len;
	service->handle(service->user, &s->request, &response);
	fc_buf_fini(&s->body);
	s->request.body = "";
	s->request.body_len = 0;
	if (s->faults.end == SB_END_RESET_AFTER) {
		sb_connection_reset(s->connection);
	} else {
		if (s->faults.goaway)
			sb_connection_goaway(s->connection);
		answer(s, &response);
	}
	sb_response_fini(&response);
}

static void begin(struct sb_stream *s)
{
	switch (s->faults.end) {
	case SB_END_WELL:
	case SB_END_RESET_AFTER:
		serve(s);
		break;
	case SB_END_RESET:
		sb_connection_reset(s->connection);
		break;
	case SB_END_REFUSED:
		sb_connection_refuse(s->connection, s->id);
		break;
	case SB_END_HANG:
		break;
	}
}

static void on_begin(void *user)
{
	struct sb_stream *s = user;

	s->timer = NULL;
	begin(s);
}

void sb_stream_whole(struct sb_stream *s)
{
	if (s->begun)
		return;
	s->begun = true;
	for (size_t i = 0; i < FC_ARRAY_LEN(headers); i++)
		if (!*text_of(s, i))
			*text_of(s, i) = fc_xstrdup("");
	s->request.body = "";
	sb_faults_of_request(sb_connection_service(s->connection)->cluster, &s->request, &s->faults);
	if (s->faults.wait_ms > 0)
		s->timer = fc_loop_timer(loop_of(s), s->faults.wait_ms, on_begin, s);
	else
		begin(s);
}

/* --- a watch --- */

static void push(struct sb_stream *s, struct sb_text *line, size_t len, int64_t late_ms)
{
	sb_outflow_push(&s->out, line, len, late_ms > 0 ? fc_clock_mono_ms() + late_ms : 0);
}

static void push_gone(struct sb_stream *s)
{
	struct sb_text *line = sb_error_text("The resourceVersion for the provided watch is too old.", "Expired", 410);

	push(s, line, line->len, 0);
	sb_text_unref(line);
	s->out.ended = true;
	sb_connection_resume(s->connection, s->id);
}

/* The watch cannot be closed here, in the middle of what it does: it is when the stream is. Until then nothing that it
 * tells is kept. */
static void write_line(struct sb_sink *sink, struct sb_text *line, enum sb_piece piece)
{
	struct sb_stream *s = FC_CONTAINER_OF(sink, struct sb_stream, sink);
	struct sb_line_faults faults;

	if (s->silent || s->out.ended)
		return;
	sb_faults_of_line(sb_connection_service(s->connection)->cluster, &s->request, piece, &faults);
	s->silent = faults.silent;
	if (faults.silent || faults.skipped)
		return;
	if (faults.gone) {
		push_gone(s);
		return;
	}
	push(s, line, faults.cut ? line->len / 2 : line->len, faults.late_ms);
	if (faults.doubled)
		push(s, line, line->len, 0);
	s->out.ended = faults.cut || s->out.unsent > s->most_unsent;
	sb_connection_resume(s->connection, s->id);
}

static void end_watch(struct sb_sink *sink)
{
	struct sb_stream *s = FC_CONTAINER_OF(sink, struct sb_stream, sink);

	note_end(s);
	if (s->silent)
		return;
	s->out.ended = true;
	sb_connection_resume(s->connection, s->id);
}

static void on_resume(void *user)
{
	struct sb_stream *s = user;

	s->timer = NULL;
	sb_connection_resume(s->connection, s->id);
}

size_t sb_stream_take(struct sb_stream *s, void *out, size_t room, bool *over)
{
	int64_t now_ms = fc_clock_mono_ms();
	size_t len = sb_outflow_take(&s->out, out, room, now_ms);

	*over = sb_outflow_is_over(&s->out);
	if (len || *over)
		return len;
	int64_t wait_ms = sb_outflow_wait_ms(&s->out, now_ms);
	fc_loop_timer_cancel(loop_of(s), &s->timer);
	if (wait_ms >= 0)
		s->timer = fc_loop_timer(loop_of(s), wait_ms, on_resume, s);
	return 0;
}
