/* SPDX-License-Identifier: Apache-2.0 */
/* sb_site - one cluster where it can be reached: its API behind a port, with a token of its own.
 * Owns:    cluster, port, connections.
 * Threads: the loop's one.
 * Fails:   at the making, with the port at fault.
 * Source:  design section 8, the sandbox. */
#ifndef FC_SANDBOX_SITE_H
#define FC_SANDBOX_SITE_H

#include <stdbool.h>

#include "base/error.h"
#include "sandbox/cluster.h"
#include "sandbox/connection.h"
#include "sandbox/listener.h"

struct sb_site {
	char *token; /* of the admin */
	struct sb_cluster *cluster;
	struct sb_service service;
	struct sb_listener *listener;
	bool stopped;
};

struct sb_site_options {
	const char *name;
	unsigned history, journal;
	uint64_t seed;
	int port;
	struct fc_loop *loop;
	const struct sb_authority *authority;
	const struct sb_schemas *schemas;
};

/* Everything in the options is copied or borrowed. It listens, and answers when the loop runs. */
struct sb_site *sb_site_new(const struct sb_site_options *options, struct fc_error *err) FC_MUST_CHECK;
void sb_site_free(struct sb_site *s); /* NULL allowed */

/* As a server that ends and begins again, with the same objects: connections are closed, and while it is stopped none
 * is taken. */
void sb_site_stop(struct sb_site *s);
int sb_site_start(struct sb_site *s, struct fc_error *err) FC_MUST_CHECK;
void sb_site_restart(struct sb_site *s);

/* 32 letters of chance, from OpenSSL; the caller's. */
char *sb_site_new_token(void);

#endif
