/* SPDX-License-Identifier: Apache-2.0 */
/* options - the command lines of the programs that measure: some options for the whole, some for each server.
 * Owns:    nothing; texts are those of argv.
 * Threads: one.
 * Fails:   options_read with a line on standard error.
 * Source:  getopt_long's forms: --name VALUE and --name=VALUE. */
#ifndef FC_BENCH_OPTIONS_H
#define FC_BENCH_OPTIONS_H

#include <stddef.h>

#include "http2.h"

#define OPTIONS_SERVERS 8
#define OPTIONS_NUMBERS 16

/* What a program is told of one server; each --url begins a further one. */
struct options_server {
	struct http2_server at;
	const char *paths, *watch, *targets, *bare;
};

struct options {
	struct options_server servers[OPTIONS_SERVERS];
	size_t server_count;
	long concurrency[OPTIONS_NUMBERS]; /* a comma list */
	size_t concurrency_count;
	const char *body, *sources, *source_body, *bare_body, *content_type;
	long rounds, first, pause_ms, patience_s;
};

/* What is not given stays as it is. 0; or -1: what is wrong was said. */
int options_read(int argc, char **argv, struct options *o);

#endif
