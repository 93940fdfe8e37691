/* SPDX-License-Identifier: Apache-2.0 */
/* usage: stamp --url URL --ca FILE --token-file FILE [--watch PATH] --url URL ... --watch PATH --targets FILE
 *              [--bare PATH] ... [--sources FILE --source-body-file FILE] [--bare-body-file FILE]
 *              [--rounds N] [--first N] [--pause-ms N] [--patience-s N]
 *
 * The independent watcher: it changes sources and says when targets were seen to change, whoever changes them. The
 * first server is that of the sources, all others have targets; each has a connection of its own. --watch is the
 * collection that is watched there; --targets a file with a line NAMESPACE/NAME for each target.
 *
 * A round: every source of --sources is patched with --source-body-file (a merge patch), in which @VALUE@ becomes what
 * the round is known by, `s` and its number. It is over when the server has acknowledged all of these, the sources' own
 * events were seen (with --watch of the first server), and an event with that word of each target. Then, with --bare,
 * an object that nobody else changes is patched with --bare-body-file (`b` and the number of the round), which is over
 * when its event was seen. Without --sources somebody else brings the values about, `p` and the number of the round:
 * this only looks.
 *
 * Prints `watching` on standard error when all watches are open, and at the end JSON: times in milliseconds, and of the
 * last round the moments of CLOCK_MONOTONIC in seconds. A round that takes more than --patience-s ends it with 1. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/buf.h"
#include "base/mem.h"
#include "http2.h"
#include "options.h"
#include "spread.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

#define MERGE_PATCH "application/merge-patch+json"
#define KEY_BYTES 512

struct target {
	char *key; /* NAMESPACE/NAME */
	long seen; /* in this round; -1: never */
	UT_hash_handle hh;
};

struct stamp;

struct place {
	struct stamp *stamp;
	struct http2 *connection;
	struct http2_request *watch, *bare;
	struct fc_buf line; /* of the watch, as far as it has come */
	bool watching;
	struct target *targets;
	size_t target_count;
	const char *bare_path;
};

struct source {
	struct stamp *stamp;
	struct http2_request *request;
	char *path;
};

enum step { WAIT_TARGETS, WAIT_BARE, PAUSE };

struct stamp {
	struct http2_loop *loop;
	struct place places[OPTIONS_SERVERS];
	size_t place_count, target_count;
	struct source *sources;
	size_t source_count;
	char *source_body, *bare_body; /* with @VALUE@ */
	char *source_text, *bare_text; /* of this round */
	long pause_ms, patience_s;

	long round;
	enum step step;
	int64_t until_us;
	char token[TEXT_TOKEN + 1], bare_token[TEXT_TOKEN + 1];
	size_t acks_left, source_events_left, targets_left;
	bool bare_acked, bare_seen;
	int64_t began_us, acked_us, first_us, last_us, bare_began_us;

	struct spread source_acked, source_seen, first, last, bare_acked_ms, bare_seen_ms;
};

/* --- events --- */

static void saw_source(struct stamp *s, int64_t now_us)
{
	if (s->source_events_left == 0 || --s->source_events_left > 0)
		return;
	/* It may come before the answer to the patch. */
	spread_add(&s->source_seen, now_us - (s->acks_left == 0 ? s->acked_us : now_us));
}

static void saw_target(struct stamp *s, struct target *t, int64_t now_us)
{
	if (t->seen == s->round)
		return;
	t->seen = s->round;
	if (s->first_us == 0)
		s->first_us = now_us;
	s->last_us = now_us;
	s->targets_left--;
}

static void saw_bare(struct stamp *s, int64_t now_us)
{
	if (s->step != WAIT_BARE || s->bare_seen)
		return;
	s->bare_seen = true;
	spread_add(&s->bare_seen_ms, now_us - s->bare_began_us);
}

static struct target *target_of(const struct place *p, const char *line, size_t len)
{
	size_t name_len, namespace_len;
	const char *name = text_value(line, len, "name", &name_len);
	const char *namespace_ = text_value(line, len, "namespace", &namespace_len);
	struct target *t = NULL;
	char key[KEY_BYTES];

	if (!name || !namespace_)
		return NULL;
	int key_len = snprintf(key, sizeof(key), "%.*s/%.*s", (int)namespace_len, namespace_, (int)name_len, name);
	if (key_len > 0 && key_len < KEY_BYTES)
		HASH_FIND(hh, p->targets, key, (size_t)key_len, t);
	return t;
}

static void take_event(struct place *p, const char *line, size_t len)
{
	struct stamp *s = p->stamp;
	int64_t now_us = fc_clock_mono_us();

	if (s->bare_body && text_has(line, len, s->bare_token)) {
		saw_bare(s, now_us);
		return;
	}
	if (!text_has(line, len, s->token))
		return;
	struct target *t = p->targets ? target_of(p, line, len) : NULL;
	if (t)
		saw_target(s, t, now_us);
	else if (p == &s->places[0])
		saw_source(s, now_us);
}

static void on_watch_bytes(void *user, const char *bytes, size_t len)
{
	struct place *p = user;

	for (const char *end; (end = memchr(bytes, '\n', len)); bytes = end + 1) {
		size_t part = (size_t)(end - bytes);

		if (p->line.len == 0) {
			take_event(p, bytes, part);
		} else {
			fc_buf_append(&p->line, bytes, part);
			take_event(p, p->line.data, p->line.len);
			fc_buf_clear(&p->line);
		}
		len -= part + 1;
	}
	fc_buf_append(&p->line, bytes, len);
}

static void on_watch_head(void *user, int status)
{
	((struct place *)user)->watching = status == 200;
}

static void on_watch_done(void *user, int status)
{
	struct place *p = user;

	http2_die("the watch %zu ended: %d %.200s", (size_t)(p - p->stamp->places), status, fc_buf_str(&p->line));
}

/* --- a round --- */

static void on_source_done(void *user, int status)
{
	struct source *source = user;
	struct stamp *s = source->stamp;

	if (status != 200)
		http2_die("PATCH %s: %d", source->path, status);
	if (--s->acks_left > 0)
		return;
	s->acked_us = fc_clock_mono_us();
	spread_add(&s->source_acked, s->acked_us - s->began_us);
}

static void on_bare_done(void *user, int status)
{
	struct place *p = user;

	if (status != 200)
		http2_die("PATCH %s: %d", p->bare_path, status);
	p->stamp->bare_acked = true;
	spread_add(&p->stamp->bare_acked_ms, fc_clock_mono_us() - p->stamp->bare_began_us);
}

static void new_text(char **text, const char *template, const char *token)
{
	free(*text);
	*text = text_fill(template, "@VALUE@", token);
}

static void begin_round(struct stamp *s)
{
	text_token(s->source_count ? 's' : 'p', s->round, s->token);
	if (s->bare_body) {
		text_token('b', s->round, s->bare_token);
		new_text(&s->bare_text, s->bare_body, s->bare_token);
	}
	if (s->source_count)
		new_text(&s->source_text, s->source_body, s->token);
	s->acks_left = s->source_count;
	s->source_events_left = s->places[0].watch ? s->source_count : 0;
	s->targets_left = s->target_count;
	s->first_us = s->last_us = s->acked_us = 0;
	s->bare_acked = s->bare_seen = false;
	s->step = WAIT_TARGETS;
	s->began_us = fc_clock_mono_us();
	s->until_us = s->began_us + s->patience_s * 1000000;
	for (size_t i = 0; i < s->source_count; i++)
		http2_send(s->sources[i].request, s->sources[i].path, s->source_text, strlen(s->source_text));
}

/* One of them: what is asked is how long one patch takes. */
static struct place *bare_place(struct stamp *s)
{
	for (size_t i = 0; i < s->place_count; i++)
		if (s->places[i].bare)
			return &s->places[i];
	return NULL;
}

static void begin_bare(struct stamp *s)
{
	struct place *p = bare_place(s);

	s->step = WAIT_BARE;
	s->bare_began_us = fc_clock_mono_us();
	http2_send(p->bare, p->bare_path, s->bare_text, strlen(s->bare_text));
}

static void begin_pause(struct stamp *s)
{
	s->step = PAUSE;
	s->until_us = fc_clock_mono_us() + s->pause_ms * 1000;
}

static void end_targets(struct stamp *s)
{
	int64_t from_us = s->source_count ? s->acked_us : s->began_us;

	if (s->target_count) {
		spread_add(&s->first, s->first_us - from_us);
		spread_add(&s->last, s->last_us - from_us);
	}
	if (s->bare_body)
		begin_bare(s);
	else
		begin_pause(s);
}

/* Outside of libcurl. Returns whether the round is over. */
static bool go_on(struct stamp *s)
{
	bool late = fc_clock_mono_us() >= s->until_us;

	switch (s->step) {
	case WAIT_TARGETS:
		if (s->acks_left == 0 && s->source_events_left == 0 && s->targets_left == 0)
			end_targets(s);
		else if (late)
			http2_die(
				"round %ld: not seen in %ld s: %zu answers, %zu events of sources, %zu of %zu targets",
				s->round, s->patience_s, s->acks_left, s->source_events_left, s->targets_left,
				s->target_count);
		return false;
	case WAIT_BARE:
		if (s->bare_acked && s->bare_seen)
			begin_pause(s);
		else if (late)
			http2_die("round %ld: the bare patch was not seen in %ld s", s->round, s->patience_s);
		return false;
	case PAUSE:
		return late;
	}
	return false;
}

static void run_rounds(struct stamp *s, long rounds)
{
	for (long last = s->round + rounds; s->round < last; s->round++) {
		begin_round(s);
		while (!go_on(s))
			http2_run_once(s->loop, s->until_us);
	}
}

/* --- beginning and end --- */

static void keep(void *user, const char *bytes, size_t len)
{
	fc_buf_append(user, bytes, len);
}

/* From where on a watch is complete: the version of a list of one. */
static char *version_of(struct place *p, const char *path)
{
	FC_AUTO_BUF struct fc_buf answer = FC_BUF_INIT;
	FC_AUTO_FREE char *one = fc_xasprintf("%s%climit=1", path, strchr(path, '?') ? '&' : '?');
	struct http2_request *list =
		http2_request_new(p->connection, &(const struct http2_options){ .on_bytes = keep, .user = &answer });
	int status = http2_ask(list, p->stamp->loop, one);
	size_t len = 0;
	const char *version = text_value(fc_buf_str(&answer), answer.len, "resourceVersion", &len);

	if (status != 200 || !version)
		http2_die("GET %s: %d", one, status);
	http2_request_free(list);
	return fc_xstrndup(version, len);
}

static void open_watch(struct place *p, const char *path)
{
	FC_AUTO_FREE char *version = version_of(p, path);
	FC_AUTO_FREE char *url = fc_xasprintf("%s%cwatch=1&timeoutSeconds=36000&resourceVersion=%s", path,
					      strchr(path, '?') ? '&' : '?', version);

	p->watch = http2_request_new(p->connection, &(const struct http2_options){
							    .on_head = on_watch_head,
							    .on_bytes = on_watch_bytes,
							    .on_done = on_watch_done,
							    .user = p,
						    });
	http2_send(p->watch, url, NULL, 0);
}

static void read_targets(struct place *p, const char *path)
{
	char **lines = text_lines(path, &p->target_count);

	for (size_t i = 0; i < p->target_count; i++) {
		struct target *t = fc_xcalloc(1, sizeof(*t));

		t->key = lines[i];
		t->seen = -1;
		HASH_ADD_KEYPTR(hh, p->targets, t->key, strlen(t->key), t);
	}
	free(lines);
	p->stamp->target_count += p->target_count;
}

static void add_place(struct stamp *s, const struct options_server *server)
{
	struct place *p = &s->places[s->place_count++];

	p->stamp = s;
	p->line = FC_BUF_INIT;
	p->connection = http2_new(s->loop, &server->at);
	if (server->targets)
		read_targets(p, server->targets);
	if (server->watch)
		open_watch(p, server->watch);
	if (!server->bare)
		return;
	p->bare_path = server->bare;
	p->bare = http2_request_new(p->connection, &(const struct http2_options){
							   .method = "PATCH",
							   .content_type = MERGE_PATCH,
							   .on_done = on_bare_done,
							   .user = p,
						   });
}

static void add_sources(struct stamp *s, const char *path)
{
	char **lines = text_lines(path, &s->source_count);

	s->sources = fc_xcalloc(s->source_count ? s->source_count : 1, sizeof(*s->sources));
	for (size_t i = 0; i < s->source_count; i++) {
		struct source *source = &s->sources[i];

		source->stamp = s;
		source->path = lines[i];
		source->request = http2_request_new(s->places[0].connection, &(const struct http2_options){
										     .method = "PATCH",
										     .content_type = MERGE_PATCH,
										     .on_done = on_source_done,
										     .user = source,
									     });
	}
	free(lines);
}

static bool all_watching(const struct stamp *s)
{
	for (size_t i = 0; i < s->place_count; i++)
		if (s->places[i].watch && !s->places[i].watching)
			return false;
	return true;
}

static void wait_for_watches(struct stamp *s)
{
	int64_t until_us = fc_clock_mono_us() + s->patience_s * 1000000;

	while (!all_watching(s)) {
		if (fc_clock_mono_us() >= until_us)
			http2_die("the watches were not answered in %ld s", s->patience_s);
		http2_run_once(s->loop, until_us);
	}
	fputs("watching\n", stderr);
}

static void print_moment(const char *name, int64_t us)
{
	printf(", \"%s\": %.6f", name, (double)us / 1e6);
}

static void print_spread(struct spread *spread, const char *name)
{
	printf(",\n ");
	spread_print(spread, name, true, stdout);
}

static void print_result(struct stamp *s, long rounds)
{
	printf("{\"rounds\": %ld, \"sources\": %zu, \"targets\": %zu", rounds, s->source_count, s->target_count);
	print_moment("began", s->began_us);
	print_moment("acknowledged", s->acked_us);
	print_moment("first seen", s->first_us);
	print_moment("last seen", s->last_us);
	print_spread(&s->source_acked, "source sent to acknowledged");
	print_spread(&s->source_seen, "source acknowledged to its own event seen");
	print_spread(&s->first, "source acknowledged to first target seen");
	print_spread(&s->last, "source acknowledged to last target seen");
	print_spread(&s->bare_acked_ms, "bare patch sent to acknowledged");
	print_spread(&s->bare_seen_ms, "bare patch sent to seen");
	printf("}\n");
}

static void place_fini(struct place *p)
{
	struct target *t, *next;

	http2_request_free(p->watch);
	http2_request_free(p->bare);
	http2_free(p->connection);
	HASH_ITER(hh, p->targets, t, next) {
		HASH_DEL(p->targets, t);
		free(t->key);
		free(t);
	}
	fc_buf_fini(&p->line);
}

static void stamp_free(struct stamp *s)
{
	struct spread *spreads[] = {
		&s->source_acked, &s->source_seen, &s->first, &s->last, &s->bare_acked_ms, &s->bare_seen_ms,
	};

	for (size_t i = 0; i < s->source_count; i++) {
		http2_request_free(s->sources[i].request);
		free(s->sources[i].path);
	}
	for (size_t i = 0; i < s->place_count; i++)
		place_fini(&s->places[i]);
	for (size_t i = 0; i < FC_ARRAY_LEN(spreads); i++)
		spread_fini(spreads[i]);
	http2_loop_free(s->loop);
	free(s->sources);
	free(s->source_body);
	free(s->bare_body);
	free(s->source_text);
	free(s->bare_text);
	free(s);
}

static bool is_bare_complete(const struct options *o)
{
	bool place = false;

	for (size_t i = 0; i < o->server_count; i++)
		place = place || o->servers[i].bare;
	return place == !!o->bare_body;
}

static int usage(void)
{
	fputs("usage: stamp --url URL --ca FILE --token-file FILE [--watch PATH] --url URL ... --watch PATH\n"
	      "             --targets FILE [--bare PATH] ... [--sources FILE --source-body-file FILE]\n"
	      "             [--bare-body-file FILE] [--rounds N] [--first N] [--pause-ms N] [--patience-s N]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct options o = { .rounds = 1, .pause_ms = 20, .patience_s = 60 };

	if (options_read(argc, argv, &o) < 0 || !o.sources != !o.source_body || !is_bare_complete(&o))
		return usage();
	struct stamp *s = fc_xcalloc(1, sizeof(*s));
	s->loop = http2_loop_new();
	s->round = o.first;
	s->pause_ms = o.pause_ms;
	s->patience_s = o.patience_s;
	s->source_body = o.source_body ? text_read(o.source_body) : NULL;
	s->bare_body = o.bare_body ? text_read(o.bare_body) : NULL;
	for (size_t i = 0; i < o.server_count; i++)
		add_place(s, &o.servers[i]);
	if (o.sources)
		add_sources(s, o.sources);
	wait_for_watches(s);
	run_rounds(s, o.rounds);
	print_result(s, o.rounds);
	stamp_free(s);
	return 0;
}
