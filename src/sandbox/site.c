/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/site.h"

#include "base/encode.h"
#include "base/mem.h"
#include "sandbox/api.h"

#include <openssl/rand.h>

#include <string.h>

/* kube-apiserver's watch cache: "about once a minute". */
#define BOOKMARK_MS 60000

#define TOKEN_BYTES 16

char *sb_site_new_token(void)
{
	unsigned char bytes[TOKEN_BYTES];
	char *token = fc_xcalloc(1, 2 * sizeof(bytes) + 1);

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort(); /* a token that can be guessed is none */
	fc_hex(bytes, sizeof(bytes), token);
	return token;
}

/* Each name draws from a sequence of its own, whatever clusters there are beside it. */
static uint64_t seed_of(uint64_t seed, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	return fc_random_next(&(struct fc_random){ seed ^ hash });
}

static void handle(void *user, const struct sb_request *request, struct sb_response *response)
{
	sb_api_handle(user, request, response);
}

struct sb_site *sb_site_new(const struct sb_site_options *options, struct fc_error *err)
{
	struct sb_site *s = fc_xcalloc(1, sizeof(*s));

	s->token = sb_site_new_token();
	s->cluster = sb_cluster_new(&(struct sb_cluster_options){ .name = options->name,
								  .token = s->token,
								  .history = options->history,
								  .journal = options->journal,
								  .seed = seed_of(options->seed, options->name),
								  .schemas = options->schemas,
								  .bookmark_ms = BOOKMARK_MS },
				    options->loop);
	s->service = (struct sb_service){ .loop = options->loop,
					  .authority = options->authority,
					  .handle = handle,
					  .user = s->cluster,
					  .cluster = s->cluster };
	s->listener = sb_listener_new(&s->service, options->port, err);
	if (s->listener) {
		s->cluster->port = sb_listener_port(s->listener);
		return s;
	}
	fc_error_wrap(err, "cluster %s", options->name);
	sb_site_free(s);
	return NULL;
}

void sb_site_free(struct sb_site *s)
{
	if (!s)
		return;
	sb_listener_free(s->listener);
	sb_connections_end(&s->service, false);
	sb_cluster_free(s->cluster);
	fc_free_secret(s->token, strlen(s->token));
	free(s);
}

void sb_site_stop(struct sb_site *s)
{
	s->stopped = true;
	sb_listener_close(s->listener);
	sb_connections_end(&s->service, false);
}

int sb_site_start(struct sb_site *s, struct fc_error *err)
{
	if (sb_listener_open(s->listener, err) < 0)
		return -1;
	s->stopped = false;
	return 0;
}

void sb_site_restart(struct sb_site *s)
{
	sb_connections_end(&s->service, false);
}
