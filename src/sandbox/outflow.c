/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/outflow.h"

#include "base/mem.h"

#include <string.h>

/* Between two helpings of a flow that is slowed down, unless a single byte takes longer. */
#define HELPING_MS 20

struct sb_outflow_line {
	struct sb_outflow_line *next;
	struct sb_text *text;
	size_t len, sent;
	int64_t due_ms;
};

static void drop_first(struct sb_outflow *o)
{
	struct sb_outflow_line *line = o->first;

	o->first = line->next;
	if (!o->first)
		o->last = NULL;
	sb_text_unref(line->text);
	free(line);
}

void sb_outflow_fini(struct sb_outflow *o)
{
	while (o->first)
		drop_first(o);
	fc_buf_fini(&o->body);
}

void sb_outflow_push(struct sb_outflow *o, struct sb_text *text, size_t len, int64_t due_ms)
{
	struct sb_outflow_line *line = fc_xcalloc(1, sizeof(*line));

	*line = (struct sb_outflow_line){ .text = sb_text_ref(text), .len = len, .due_ms = due_ms };
	if (o->last)
		o->last->next = line;
	else
		o->first = line;
	o->last = line;
	o->unsent += len;
}

/* How many bytes the pace allows now. */
static size_t allowed(struct sb_outflow *o, size_t room, int64_t now_ms)
{
	if (o->bytes_per_second <= 0)
		return room;
	if (o->paced_ms == 0)
		o->paced_ms = now_ms;
	int64_t most = (now_ms - o->paced_ms) * o->bytes_per_second / 1000 - o->paced_bytes;
	if (most <= 0)
		return 0;
	return (uint64_t)most < room ? (size_t)most : room;
}

static size_t take_body(struct sb_outflow *o, char *out, size_t room)
{
	size_t len = o->body.len - o->body_sent;

	if (len > room)
		len = room;
	if (len)
		memcpy(out, o->body.data + o->body_sent, len);
	o->body_sent += len;
	if (o->body.data && o->body_sent == o->body.len) {
		fc_buf_fini(&o->body); /* a watch that lasts keeps no buffer */
		o->body_sent = 0;
	}
	return len;
}

static size_t take_lines(struct sb_outflow *o, char *out, size_t room, int64_t now_ms)
{
	size_t taken = 0;

	while (o->first && o->first->due_ms <= now_ms && taken < room) {
		struct sb_outflow_line *line = o->first;
		size_t len = line->len - line->sent;
		if (len > room - taken)
			len = room - taken;
		memcpy(out + taken, line->text->bytes + line->sent, len);
		line->sent += len;
		taken += len;
		if (line->sent == line->len)
			drop_first(o);
	}
	o->unsent -= taken;
	return taken;
}

size_t sb_outflow_take(struct sb_outflow *o, void *out, size_t room, int64_t now_ms)
{
	size_t most = allowed(o, room, now_ms);
	size_t taken = take_body(o, out, most);

	taken += take_lines(o, (char *)out + taken, most - taken, now_ms);
	o->paced_bytes += (int64_t)taken;
	return taken;
}

bool sb_outflow_is_over(const struct sb_outflow *o)
{
	return o->ended && !o->first && o->body_sent == o->body.len;
}

int64_t sb_outflow_wait_ms(const struct sb_outflow *o, int64_t now_ms)
{
	bool body = o->body_sent < o->body.len;

	if (!body && !o->first)
		return -1;
	if (!body && o->first->due_ms > now_ms)
		return o->first->due_ms - now_ms;
	if (o->bytes_per_second <= 0)
		return 0;
	int64_t of_one_byte = 1000 / o->bytes_per_second + 1;
	return of_one_byte > HELPING_MS ? of_one_byte : HELPING_MS;
}
