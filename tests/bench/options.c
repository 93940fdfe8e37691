/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "base/mem.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum kind { END, TEXT, NUMBER, NUMBERS, URL, OF_SERVER };

static const struct row {
	const char *name;
	enum kind kind;
	size_t place; /* in struct options, or in struct options_server */
} rows[] = {
	{ "url", URL, 0 },
	{ "ca", OF_SERVER, offsetof(struct options_server, at.ca_file) },
	{ "token-file", OF_SERVER, offsetof(struct options_server, at.token_file) },
	{ "paths", OF_SERVER, offsetof(struct options_server, paths) },
	{ "watch", OF_SERVER, offsetof(struct options_server, watch) },
	{ "targets", OF_SERVER, offsetof(struct options_server, targets) },
	{ "bare", OF_SERVER, offsetof(struct options_server, bare) },
	{ "concurrency", NUMBERS, 0 },
	{ "body-file", TEXT, offsetof(struct options, body) },
	{ "sources", TEXT, offsetof(struct options, sources) },
	{ "source-body-file", TEXT, offsetof(struct options, source_body) },
	{ "bare-body-file", TEXT, offsetof(struct options, bare_body) },
	{ "content-type", TEXT, offsetof(struct options, content_type) },
	{ "rounds", NUMBER, offsetof(struct options, rounds) },
	{ "first", NUMBER, offsetof(struct options, first) },
	{ "pause-ms", NUMBER, offsetof(struct options, pause_ms) },
	{ "patience-s", NUMBER, offsetof(struct options, patience_s) },
};

static int wrong(const char *name, const char *why)
{
	fprintf(stderr, "%s: --%s: %s\n", program_invocation_short_name, name, why);
	return -1;
}

static int take_number(const char *name, const char *text, const char **end, long *out)
{
	char *stop;

	errno = 0;
	*out = strtol(text, &stop, 10);
	*end = stop;
	if (stop == text || errno != 0 || *out < 0 || *out > INT_MAX)
		return wrong(name, "a number from 0 on is needed");
	return 0;
}

static int take_numbers(const char *name, const char *text, struct options *o)
{
	for (o->concurrency_count = 0;; text++) {
		long *number = &o->concurrency[o->concurrency_count];

		if (o->concurrency_count == OPTIONS_NUMBERS)
			return wrong(name, "too many");
		if (take_number(name, text, &text, number) < 0)
			return -1;
		o->concurrency_count++;
		if (*number == 0)
			return wrong(name, "0 requests at a time");
		if (*text != ',')
			return *text ? wrong(name, "numbers with commas between them are needed") : 0;
	}
}

static int take(const struct row *row, const char *text, struct options *o)
{
	struct options_server *server = o->server_count ? &o->servers[o->server_count - 1] : NULL;
	const char *end;

	switch (row->kind) {
	case URL:
		if (o->server_count == OPTIONS_SERVERS)
			return wrong(row->name, "too many servers");
		o->servers[o->server_count++].at.url = text;
		return 0;
	case OF_SERVER:
		if (!server)
			return wrong(row->name, "belongs behind the --url of its server");
		*(const char **)(void *)((char *)server + row->place) = text;
		return 0;
	case TEXT:
		*(const char **)(void *)((char *)o + row->place) = text;
		return 0;
	case NUMBER:
		if (take_number(row->name, text, &end, (long *)(void *)((char *)o + row->place)) < 0)
			return -1;
		return *end ? wrong(row->name, "a number from 0 on is needed") : 0;
	case NUMBERS:
		return take_numbers(row->name, text, o);
	case END:
		break;
	}
	return -1;
}

static int check(const struct options *o)
{
	if (o->server_count == 0)
		return wrong("url", "at least one server is needed");
	for (size_t i = 0; i < o->server_count; i++)
		if (!o->servers[i].at.ca_file || !o->servers[i].at.token_file)
			return wrong("url", "each server needs --ca and --token-file");
	return 0;
}

int options_read(int argc, char **argv, struct options *o)
{
	struct option table[FC_ARRAY_LEN(rows) + 1] = { { .name = NULL } };
	int found;

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		table[i] = (struct option){ .name = rows[i].name, .has_arg = required_argument, .val = (int)i };
	optind = 0; /* from the beginning, whoever has read options before */
	while ((found = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (found >= (int)FC_ARRAY_LEN(rows)) /* '?': it was said */
			return -1;
		if (take(&rows[found], optarg, o) < 0)
			return -1;
	}
	if (optind < argc)
		return wrong(argv[optind], "is no option");
	return check(o);
}
