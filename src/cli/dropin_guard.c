/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's thread leaves its question in a list and waits; the guard's thread asks the API server. */
#include "cli/dropin_guard.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "kube/access_review.h"
#include "kube/client.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <utlist.h>

#define BEARER "Bearer "
/* A token of an identity provider with many groups; what a connection can bring is no more anyway. */
#define MAX_TOKEN_BYTES 16384
/* Less than the 30 s after which a scraper gives up, usually. */
#define ANSWER_MS 10000
#define KEEP_MS 60000
/* Scrapers, some people. Beyond that the oldest is forgotten. */
#define MAX_KEPT 64

struct kept {
	unsigned char digest[FC_SHA256_BYTES]; /* of token and path: no token is kept */
	int64_t until_ms;
	int status;
};

/* On the stack of the thread that waits. */
struct question {
	uint64_t id;
	const char *token, *path;
	int status; /* 0: not answered yet */
	bool asked;
	struct question *prev, *next;
};

/* What is asked about one, whose thread may have gone meanwhile. */
struct asking {
	struct fc_dropin_guard *guard;
	uint64_t id; /* of the question */
	struct fc_access_review *review;
	struct asking *prev, *next;
};

struct fc_dropin_guard {
	struct fc_loop *loop;
	struct fc_client *client;
	char *cluster;
	pthread_t thread;
	bool started;
	struct asking *askings; /* its thread's */
	pthread_mutex_t mu;	/* guards all below, and what is in the questions */
	pthread_cond_t answered;
	bool ending;
	struct fc_access *new_access; /* to be gone over to; NULL: there is none */
	struct question *questions;
	uint64_t last_id;
	struct kept kept[MAX_KEPT];
	size_t next_kept;
};

static int status_of(enum fc_access_verdict verdict)
{
	switch (verdict) {
	case FC_ACCESS_ALLOWED:
		return 200;
	case FC_ACCESS_UNKNOWN:
		return 401;
	case FC_ACCESS_FORBIDDEN:
		return 403;
	case FC_ACCESS_FAILED:
		break;
	}
	return 500;
}

/* --- the guard's thread --- */

static void reviewed(void *user, enum fc_access_verdict verdict, const struct fc_error *why)
{
	struct asking *a = user;
	struct fc_dropin_guard *g = a->guard;

	pthread_mutex_lock(&g->mu);
	for (struct question *q = g->questions; q; q = q->next)
		if (q->id == a->id)
			q->status = status_of(verdict);
	pthread_cond_broadcast(&g->answered);
	pthread_mutex_unlock(&g->mu);
	DL_DELETE(g->askings, a);
	free(a);
	if (why)
		fc_log(FC_LOG_WARN, "the API server was asked in vain who may read metrics",
		       FC_KV("cluster", g->cluster), FC_KV("why", why->text));
}

static struct fc_client *open_client(struct fc_dropin_guard *g, struct fc_access *access, struct fc_error *err)
{
	return fc_client_open(&(struct fc_client_options){ .loop = g->loop, .name = g->cluster, .access = access },
			      err);
}

static void drop_askings(struct fc_dropin_guard *g)
{
	while (g->askings) {
		struct asking *a = g->askings;

		DL_DELETE(g->askings, a);
		fc_access_review_cancel(a->review);
		free(a);
	}
}

static void ask_again(struct fc_dropin_guard *g)
{
	drop_askings(g);
	pthread_mutex_lock(&g->mu);
	for (struct question *q = g->questions; q; q = q->next)
		q->asked = q->status != 0;
	pthread_mutex_unlock(&g->mu);
}

/* What was asked by the way of before is asked again by the new one. */
static void take_access(struct fc_dropin_guard *g)
{
	struct fc_error err = FC_ERROR_INIT;

	pthread_mutex_lock(&g->mu);
	struct fc_access *access = fc_steal(&g->new_access);
	pthread_mutex_unlock(&g->mu);
	if (!access)
		return;
	if (fc_access_same(access, fc_client_access(g->client))) {
		fc_access_free(access);
		return;
	}
	struct fc_client *client = open_client(g, access, &err);
	if (!client) {
		fc_log(FC_LOG_WARN, "who may read metrics is asked for by the cluster's entry of before",
		       FC_KV("cluster", g->cluster), FC_KV("why", err.text));
		return;
	}
	ask_again(g);
	fc_client_close(g->client);
	g->client = client;
}

static void on_wake(void *user)
{
	struct fc_dropin_guard *g = user;

	take_access(g);
	pthread_mutex_lock(&g->mu);
	for (struct question *q = g->questions; q && !g->ending; q = q->next) {
		if (q->asked)
			continue;
		struct asking *a = fc_xcalloc(1, sizeof(*a));

		*a = (struct asking){ .guard = g, .id = q->id };
		DL_APPEND(g->askings, a);
		q->asked = true;
		a->review = fc_access_review_start(fc_client_transport(g->client), q->token, q->path, reviewed, a);
	}
	pthread_mutex_unlock(&g->mu);
}

static void *run(void *user)
{
	struct fc_dropin_guard *g = user;

	fc_loop_run(g->loop);
	return NULL;
}

/* --- whoever asks --- */

static void digest_of(const char *token, const char *path, unsigned char out[FC_SHA256_BYTES])
{
	struct fc_sha256 *h = fc_sha256_new();

	fc_sha256_add(h, token, strlen(token) + 1);
	fc_sha256_add(h, path, strlen(path));
	fc_sha256_finish(h, out);
}

static int kept_locked(const struct fc_dropin_guard *g, const unsigned char *digest)
{
	for (size_t i = 0; i < MAX_KEPT; i++)
		if (g->kept[i].until_ms > fc_clock_mono_ms() && memcmp(g->kept[i].digest, digest, FC_SHA256_BYTES) == 0)
			return g->kept[i].status;
	return 0;
}

static void keep_locked(struct fc_dropin_guard *g, const unsigned char *digest, int status)
{
	struct kept *k = &g->kept[g->next_kept++ % MAX_KEPT];

	memcpy(k->digest, digest, FC_SHA256_BYTES);
	k->until_ms = fc_clock_mono_ms() + KEEP_MS;
	k->status = status;
}

static void wait_locked(struct fc_dropin_guard *g, const struct question *q)
{
	int64_t until = fc_clock_mono_ms() + ANSWER_MS;
	struct timespec deadline = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };
	int rc = 0;

	while (!q->status && !g->ending && rc == 0)
		rc = pthread_cond_timedwait(&g->answered, &g->mu, &deadline);
}

static int ask(struct fc_dropin_guard *g, const char *token, const char *path)
{
	struct question q = { .token = token, .path = path };
	unsigned char digest[FC_SHA256_BYTES];
	int status;

	digest_of(token, path, digest);
	pthread_mutex_lock(&g->mu);
	status = kept_locked(g, digest);
	if (!status) {
		q.id = ++g->last_id;
		DL_APPEND(g->questions, &q);
		fc_loop_wake(g->loop);
		wait_locked(g, &q);
		DL_DELETE(g->questions, &q);
		status = q.status ? q.status : 500;
		if (status != 500)
			keep_locked(g, digest, status);
	}
	pthread_mutex_unlock(&g->mu);
	return status;
}

int fc_dropin_guard_admit(void *user, const char *authorization, const char *path)
{
	const char *token = authorization + strlen(BEARER);

	if (strncasecmp(authorization, BEARER, strlen(BEARER)) != 0 || !*token)
		return 401;
	/* Else it is no token, and could not be asked about. */
	for (const char *c = token; *c; c++)
		if (*c <= ' ' || *c > '~')
			return 401;
	return strlen(token) > MAX_TOKEN_BYTES ? 401 : ask(user, token, path);
}

/* --- its life --- */

static struct fc_dropin_guard *guard_new(const char *cluster)
{
	struct fc_dropin_guard *g = fc_xcalloc(1, sizeof(*g));
	pthread_condattr_t attr;

	g->cluster = fc_xstrdup(cluster);
	pthread_mutex_init(&g->mu, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->answered, &attr);
	pthread_condattr_destroy(&attr);
	return g;
}

static int start(struct fc_dropin_guard *g, struct fc_access *access, struct fc_error *err)
{
	int rc;

	g->loop = fc_loop_new(on_wake, g, err);
	if (!g->loop) {
		fc_access_free(access);
		return -1;
	}
	g->client = open_client(g, access, err);
	if (!g->client)
		return -1;
	rc = pthread_create(&g->thread, NULL, run, g);
	g->started = rc == 0;
	return rc == 0 ? 0 : fc_error_set_errno(err, FC_ERR_INTERNAL, rc, "cannot start a thread");
}

struct fc_dropin_guard *fc_dropin_guard_new(const char *cluster, struct fc_access *access, struct fc_error *err)
{
	struct fc_dropin_guard *g = guard_new(cluster);

	if (start(g, access, err) == 0)
		return g;
	fc_dropin_guard_free(g);
	return NULL;
}

void fc_dropin_guard_renew(struct fc_dropin_guard *g, struct fc_access *access)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->mu);
	fc_access_free(g->new_access);
	g->new_access = fc_access_share(access);
	pthread_mutex_unlock(&g->mu);
	fc_loop_wake(g->loop);
}

void fc_dropin_guard_end(struct fc_dropin_guard *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->mu);
	g->ending = true;
	pthread_cond_broadcast(&g->answered);
	pthread_mutex_unlock(&g->mu);
}

void fc_dropin_guard_free(struct fc_dropin_guard *g)
{
	if (!g)
		return;
	fc_dropin_guard_end(g);
	if (g->started) {
		fc_loop_stop(g->loop);
		pthread_join(g->thread, NULL);
	}
	drop_askings(g);
	fc_client_close(g->client);
	fc_access_free(g->new_access);
	fc_loop_free(g->loop);
	pthread_cond_destroy(&g->answered);
	pthread_mutex_destroy(&g->mu);
	free(g->cluster);
	free(g);
}
