/* SPDX-License-Identifier: Apache-2.0 */
/* The test's orders: one JSON object a line on standard input, {"do": WORD, ...}; the answer a line on standard output.
 * The end of the input ends the program. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utlist.h>

#include "base/mem.h"
#include "channel.h"
#include "fault_proxy.h"
#include "proxy.h"

static const char *word(json_t *order, const char *key)
{
	return json_string_value(json_object_get(order, key));
}

static bool is_on(json_t *order)
{
	return json_is_true(json_object_get(order, "on"));
}

static json_t *do_fault(struct proxy *p, json_t *order)
{
	int id = fault_add(p, order);

	return id ? json_pack("{si}", "id", id) : json_pack("{ss}", "error", "words of the fault");
}

static json_t *do_hits(struct proxy *p, json_t *order)
{
	int id = (int)json_integer_value(json_object_get(order, "id"));
	const struct fault *f;

	DL_FOREACH(p->faults, f)
		if (f->id == id)
			return json_pack("{si}", "hits", f->hits);
	return json_pack("{ss}", "error", "no such fault");
}

static void unmute(struct proxy *p, json_t *order)
{
	struct pair *pair;
	struct stream *s;

	DL_FOREACH(p->pairs, pair)
		DL_FOREACH(pair->streams, s)
			if (s->path && fault_path_matches(s->path, word(order, "path"), word(order, "without")))
				stream_unmute(s);
}

/* Open streams; later ones need a fault. */
static json_t *do_mute(struct proxy *p, json_t *order)
{
	struct pair *pair;
	struct stream *s;
	int muted = 0;

	if (!is_on(order)) {
		unmute(p, order);
		return NULL;
	}
	DL_FOREACH(p->pairs, pair) {
		DL_FOREACH(pair->streams, s) {
			if (!s->path || !fault_path_matches(s->path, word(order, "path"), word(order, "without")))
				continue;
			s->mute = true;
			muted++;
		}
	}
	return json_pack("{si}", "streams", muted);
}

static json_t *do_clear(struct proxy *p, json_t *order)
{
	fault_remove(p, (int)json_integer_value(json_object_get(order, "id")));
	return NULL;
}

static json_t *do_freeze(struct proxy *p, json_t *order)
{
	struct pair *pair;

	p->frozen = is_on(order);
	DL_FOREACH(p->pairs, pair)
		if (pair->down)
			pair_apply(pair);
	fault_proxy_listen(p);
	return NULL;
}

static json_t *do_deaf(struct proxy *p, json_t *order)
{
	p->deaf = is_on(order);
	return NULL;
}

/* With "listener": nobody new gets through either, as if the machine were away. */
static json_t *do_partition(struct proxy *p, json_t *order)
{
	struct pair *pair;

	DL_FOREACH(p->pairs, pair) {
		if (!pair->down)
			continue;
		channel_drop_segments(channel_fd(pair->down), is_on(order));
		channel_pause(pair->down, is_on(order));
	}
	if (json_is_true(json_object_get(order, "listener")))
		channel_drop_segments(p->listener, is_on(order));
	return NULL;
}

static json_t *do_goaway(struct proxy *p, json_t *order FC_UNUSED)
{
	struct pair *pair;

	DL_FOREACH(p->pairs, pair)
		pair_goaway(pair);
	return NULL;
}

static json_t *do_streams(struct proxy *p, json_t *order)
{
	struct pair *pair;

	p->max_streams = (uint32_t)json_integer_value(json_object_get(order, "max"));
	DL_FOREACH(p->pairs, pair)
		pair_announce(pair, p->max_streams);
	return NULL;
}

static json_t *do_close(struct proxy *p, json_t *order)
{
	struct pair *pair;
	int closed = 0;

	DL_FOREACH(p->pairs, pair) {
		closed += !pair->doomed && pair->opened;
		pair_doom(pair, json_is_true(json_object_get(order, "reset")));
	}
	return json_pack("{si}", "closed", closed);
}

static json_t *do_certificate(struct proxy *p, json_t *order)
{
	if (fault_proxy_certificate(p, word(order, "certificate"), word(order, "key")) < 0)
		return json_pack("{ss}", "error", "certificate or key cannot be read");
	return NULL;
}

static json_t *do_stats(struct proxy *p, json_t *order FC_UNUSED)
{
	struct pair *pair;
	struct stream *s;
	int open = 0, streams = 0;

	DL_FOREACH(p->pairs, pair) {
		open += pair->opened && !pair->doomed;
		DL_FOREACH(pair->streams, s)
			streams++;
	}
	return json_pack("{si si sI sI si}", "open", open, "streams", streams, "requests", (json_int_t)p->requests,
			 "connections", (json_int_t)p->connections, "deaf", (int)p->deaf_count);
}

static const struct {
	const char *name;
	json_t *(*run)(struct proxy *p, json_t *order);
} orders[] = {
	{ "fault", do_fault },	 { "hits", do_hits },	    { "clear", do_clear },
	{ "mute", do_mute },	 { "freeze", do_freeze },   { "deaf", do_deaf },
	{ "goaway", do_goaway }, { "streams", do_streams }, { "partition", do_partition },
	{ "close", do_close },	 { "stats", do_stats },	    { "certificate", do_certificate },
};

static json_t *obey(struct proxy *p, json_t *order)
{
	const char *name = word(order, "do");

	for (size_t i = 0; name && i < FC_ARRAY_LEN(orders); i++)
		if (strcmp(orders[i].name, name) == 0) {
			json_t *answer = orders[i].run(p, order);
			return answer ? answer : json_object();
		}
	return json_pack("{ss}", "error", "no such order");
}

static void take_line(struct proxy *p, const char *line, size_t len)
{
	json_t *order = json_loadb(line, len, 0, NULL);
	json_t *answer = obey(p, order);
	char *text = json_dumps(answer, JSON_COMPACT);

	printf("%s\n", text);
	fflush(stdout);
	free(text);
	json_decref(answer);
	json_decref(order);
}

static void take_lines(struct proxy *p)
{
	struct fc_buf *b = &p->commands;
	char *end;

	while (b->len && (end = memchr(b->data, '\n', b->len))) {
		size_t len = (size_t)(end - b->data) + 1;
		take_line(p, b->data, len);
		memmove(b->data, b->data + len, b->len - len);
		b->len -= len;
	}
}

static void on_input(void *user, int fd, uint32_t events FC_UNUSED)
{
	struct proxy *p = user;
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n > 0) {
		(void)fc_buf_append(&p->commands, bytes, (size_t)n);
		take_lines(p);
	} else if (n == 0 || errno != EAGAIN) {
		fc_loop_stop(p->loop);
	}
}

int control_begin(struct proxy *p)
{
	return fc_loop_set_fd(p->loop, STDIN_FILENO, EPOLLIN, on_input, p, NULL);
}
