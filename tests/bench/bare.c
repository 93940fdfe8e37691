/* SPDX-License-Identifier: Apache-2.0 */
/* usage: bare patch --url URL --ca FILE --token-file FILE --paths FILE [--url ...] --body-file FILE
 *                   [--concurrency N,...] [--rounds N] [--first N] [--content-type TYPE]
 *
 * Patches each object of each server, so many at a time on each server, and does nothing else meanwhile: the most that
 * this server gives to anybody. For each N of --concurrency the objects are patched --rounds times.
 *
 * A line of --paths is `PATH` or `PATH VERSION`. In the body @VERSION@ becomes the resourceVersion of the object, which
 * is learnt from the answers, and @VALUE@ what the round is known by: `p` and the number of the round, which counts
 * from
 * --first. Bodies are made before the clock starts.
 *
 * Prints JSON: a list of rounds. "began", "ended" and "first_answer" are CLOCK_MONOTONIC in seconds. */
#include "base/clock.h"
#include "base/mem.h"
#include "http2.h"
#include "options.h"
#include "spread.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JSON_PATCH "application/json-patch+json"
/* Enough of an answer for its metadata. */
#define KEPT_BYTES 4096
#define STATUSES 600

struct object {
	char *path, *version;
	char *body;
	size_t body_bytes;
};

struct run;

/* One request at a time. */
struct slot {
	struct place *place;
	struct http2_request *request;
	struct object *object;
	int64_t sent_us;
	char answer[KEPT_BYTES];
	size_t answer_bytes;
};

/* A server, its objects, and who is next. */
struct place {
	struct run *run;
	struct http2 *connection;
	struct object *objects;
	size_t count, next;
	struct slot **slots;
	size_t slot_count, slot_cap;
};

struct run {
	struct http2_loop *loop;
	struct place places[OPTIONS_SERVERS];
	size_t place_count;
	const char *content_type;
	size_t left; /* answers that have not come */
	size_t statuses[STATUSES];
	int64_t first_us;      /* when the first answer had come */
	struct spread answers; /* from sending to the end of the answer */
};

/* Of this process. */
static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void send_next(struct slot *slot)
{
	struct place *p = slot->place;

	if (p->next == p->count)
		return;
	slot->object = &p->objects[p->next++];
	slot->answer_bytes = 0;
	slot->sent_us = fc_clock_mono_us();
	http2_send(slot->request, slot->object->path, slot->object->body, slot->object->body_bytes);
}

static void on_bytes(void *user, const char *bytes, size_t len)
{
	struct slot *slot = user;
	size_t room = KEPT_BYTES - slot->answer_bytes;

	if (len > room)
		len = room;
	memcpy(slot->answer + slot->answer_bytes, bytes, len);
	slot->answer_bytes += len;
}

static void learn_version(struct slot *slot)
{
	size_t len;
	const char *version = text_value(slot->answer, slot->answer_bytes, "resourceVersion", &len);

	if (!version)
		return;
	free(slot->object->version);
	slot->object->version = fc_xstrndup(version, len);
}

static void on_done(void *user, int status)
{
	struct slot *slot = user;
	struct run *run = slot->place->run;

	int64_t now_us = fc_clock_mono_us();

	run->first_us = run->answers.count ? run->first_us : now_us;
	spread_add(&run->answers, now_us - slot->sent_us);
	run->statuses[status >= 0 && status < STATUSES ? status : 0]++;
	run->left--;
	if (status == 200)
		learn_version(slot);
	send_next(slot);
}

static void add_slot(struct place *p)
{
	struct slot *slot = fc_xcalloc(1, sizeof(*slot));

	slot->place = p;
	slot->request = http2_request_new(p->connection, &(const struct http2_options){
								 .method = "PATCH",
								 .content_type = p->run->content_type,
								 .on_bytes = on_bytes,
								 .on_done = on_done,
								 .user = slot,
							 });
	FC_GROW(p->slots, p->slot_count, p->slot_cap);
	p->slots[p->slot_count++] = slot;
}

static void add_place(struct run *run, const struct options_server *server)
{
	struct place *p = &run->places[run->place_count++];

	p->run = run;
	p->connection = http2_new(run->loop, &server->at);
	char **lines = text_lines(server->paths, &p->count);
	p->objects = fc_xcalloc(p->count ? p->count : 1, sizeof(*p->objects));
	for (size_t i = 0; i < p->count; i++) {
		char *version = lines[i];

		p->objects[i].path = fc_xstrdup(strsep(&version, " "));
		p->objects[i].version = fc_xstrdup(version ? version : "");
		free(lines[i]);
	}
	free(lines);
	/* The handshake is no part of what is measured. */
	struct http2_request *hello = http2_request_new(p->connection, &(const struct http2_options){ .method = NULL });
	int status = http2_ask(hello, run->loop, "/version");
	if (status != 200)
		http2_die("%s: GET /version: %d", server->at.url, status);
	http2_request_free(hello);
}

static void make_bodies(struct place *p, const char *template)
{
	for (size_t i = 0; i < p->count; i++) {
		struct object *o = &p->objects[i];

		free(o->body);
		o->body = text_fill(template, "@VERSION@", o->version);
		o->body_bytes = strlen(o->body);
	}
	p->next = 0;
}

static void prepare(struct run *run, const char *body, long round, size_t concurrency)
{
	char token[TEXT_TOKEN + 1];

	text_token('p', round, token);
	FC_AUTO_FREE char *template = text_fill(body, "@VALUE@", token);
	run->left = 0;
	memset(run->statuses, 0, sizeof(run->statuses));
	for (size_t i = 0; i < run->place_count; i++) {
		struct place *p = &run->places[i];

		make_bodies(p, template);
		run->left += p->count;
		while (p->slot_count < concurrency)
			add_slot(p);
	}
}

static void print_round(struct run *run, long round, size_t concurrency, int64_t began_us, int64_t ended_us)
{
	size_t count = run->answers.count;
	double seconds = (double)(ended_us - began_us) / 1e6;
	const char *comma = "";

	printf("\"round\": %ld, \"concurrency\": %zu, \"count\": %zu, \"began\": %.6f, \"ended\": %.6f, "
	       "\"first_answer\": %.6f, \"seconds\": %.6f, \"per_second\": %.1f, ",
	       round, concurrency, count, (double)began_us / 1e6, (double)ended_us / 1e6, (double)run->first_us / 1e6,
	       seconds, seconds > 0 ? (double)count / seconds : 0);
	spread_print(&run->answers, "ms", false, stdout);
	printf(", \"failures\": {");
	for (int status = 0; status < STATUSES; status++) {
		if (run->statuses[status] == 0 || status == 200)
			continue;
		printf("%s\"%d\": %zu", comma, status, run->statuses[status]);
		comma = ", ";
	}
	printf("}}");
}

static void measure(struct run *run, const char *body, long round, size_t concurrency)
{
	prepare(run, body, round, concurrency);
	double cpu = cpu_seconds();
	int64_t began_us = fc_clock_mono_us();
	for (size_t i = 0; i < run->place_count; i++)
		for (size_t slot = 0; slot < concurrency; slot++)
			send_next(run->places[i].slots[slot]);
	while (run->left > 0)
		http2_run_once(run->loop, INT64_MAX);
	int64_t ended_us = fc_clock_mono_us();
	printf("{\"cpu_seconds\": %.6f, ", cpu_seconds() - cpu);
	print_round(run, round, concurrency, began_us, ended_us);
	spread_fini(&run->answers);
}

static void run_free(struct run *run)
{
	for (size_t i = 0; i < run->place_count; i++) {
		struct place *p = &run->places[i];

		for (size_t j = 0; j < p->slot_count; j++) {
			http2_request_free(p->slots[j]->request);
			free(p->slots[j]);
		}
		for (size_t j = 0; j < p->count; j++) {
			free(p->objects[j].path);
			free(p->objects[j].version);
			free(p->objects[j].body);
		}
		http2_free(p->connection);
		free(p->objects);
		free(p->slots);
	}
	http2_loop_free(run->loop);
	free(run);
}

static int usage(void)
{
	fputs("usage: bare patch --url URL --ca FILE --token-file FILE --paths FILE [--url ...] --body-file FILE\n"
	      "                  [--concurrency N,...] [--rounds N] [--first N] [--content-type TYPE]\n",
	      stderr);
	return 2;
}

static bool is_complete(const struct options *o)
{
	for (size_t i = 0; i < o->server_count; i++)
		if (!o->servers[i].paths)
			return false;
	return o->body;
}

int main(int argc, char **argv)
{
	struct options o = { .rounds = 1, .concurrency = { 1 }, .concurrency_count = 1, .content_type = JSON_PATCH };
	const char *comma = "[";

	if (argc < 2 || strcmp(argv[1], "patch") != 0 || options_read(argc - 1, argv + 1, &o) < 0 || !is_complete(&o))
		return usage();
	struct run *run = fc_xcalloc(1, sizeof(*run));
	run->loop = http2_loop_new();
	run->content_type = o.content_type;
	for (size_t i = 0; i < o.server_count; i++)
		add_place(run, &o.servers[i]);
	FC_AUTO_FREE char *body = text_read(o.body);
	long round = o.first;
	for (size_t i = 0; i < o.concurrency_count; i++) {
		for (long j = 0; j < o.rounds; j++) {
			printf("%s", comma);
			measure(run, body, round++, (size_t)o.concurrency[i]);
			comma = ",\n ";
		}
	}
	printf("%s]\n", comma[0] == '[' ? "[" : "");
	run_free(run);
	return 0;
}
