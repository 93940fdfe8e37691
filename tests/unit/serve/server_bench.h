/* SPDX-License-Identifier: Apache-2.0 */
/* server_bench - what the status endpoint answers from, and one who asks it, for its tests.
 * Owns:    an answer's buffers, until answer_fini.
 * Threads: a test's own; the sources are called on the server's.
 * Fails:   the test, by assertion.
 * Source:  serve/server.h. */
#ifndef TESTS_SERVER_BENCH_H
#define TESTS_SERVER_BENCH_H

#include "base/log.h"
#include "base/mem.h"
#include "serve/server.h"

#include <curl/curl.h>
#include <jansson.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

/* What the sources of a test say. */
struct world {
	int live, ready;      /* results */
	uint64_t pieces;      /* of /debug/rules */
	uint64_t fails_at;    /* the piece that fails; UINT64_MAX: none */
	unsigned empty_every; /* every so many pieces one is empty; 0: none */
	unsigned rules_calls;
	bool waits; /* rules() waits for `go` after it has posted `reached` */
	sem_t reached, go;
};

static inline void say_metrics(void *user, struct fc_buf *out)
{
	(void)user;
	fc_buf_puts(out, "fedcopy_cluster_up{cluster=\"hub\"} 1\n");
}

static inline int say_live(void *user, struct fc_buf *out)
{
	const struct world *w = user;

	fc_buf_puts(out, w->live ? "[-]engine failed: no step for 61 s\n" : "[+]engine ok\n");
	return w->live;
}

static inline int say_ready(void *user, struct fc_buf *out)
{
	const struct world *w = user;

	fc_buf_puts(out, w->ready ? "[-]hub failed: connecting\n" : "[+]hub ok\n");
	fc_buf_puts(out, "[-]edge-1 failed: unreachable");
	return w->ready;
}

static inline int say_rules(void *user, uint64_t *cursor, struct fc_buf *out, bool *more)
{
	struct world *w = user;

	w->rules_calls++;
	if (w->waits) {
		sem_post(&w->reached);
		sem_wait(&w->go);
	}
	if (*cursor == w->fails_at)
		return -1;
	if (*cursor < w->pieces && !(w->empty_every && *cursor % w->empty_every == 0)) {
		fc_buf_printf(out, "{\"n\":%llu},", (unsigned long long)*cursor);
		fc_buf_printf(out, "{\"text\":\"%0200llu\"}", (unsigned long long)*cursor);
	}
	*more = ++*cursor < w->pieces;
	return 0;
}

static inline struct fc_serve_sources sources_of(struct world *w)
{
	return (struct fc_serve_sources){
		.user = w,
		.metrics = say_metrics,
		.live = say_live,
		.ready = say_ready,
		.rules = say_rules,
	};
}

/* One answer. */
struct answer {
	CURLcode rc;
	long status;
	struct fc_buf head, body;
};

static inline size_t take(char *bytes, size_t size, size_t count, void *user)
{
	return fc_buf_append(user, bytes, size * count) == 0 ? size * count : 0;
}

static inline struct answer ask_url(CURL *easy, const char *scheme, uint16_t port, const char *method, const char *path)
{
	struct answer a = { .head = FC_BUF_INIT, .body = FC_BUF_INIT };
	char url[128];

	snprintf(url, sizeof(url), "%s://127.0.0.1:%u%s", scheme, port, path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(easy, CURLOPT_NOBODY, (long)(strcmp(method, "HEAD") == 0));
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &a.body);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, &a.head);
	a.rc = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &a.status);
	return a;
}

static inline struct answer ask(CURL *easy, uint16_t port, const char *method, const char *path)
{
	return ask_url(easy, "http", port, method, path);
}

static inline struct answer get(uint16_t port, const char *method, const char *path)
{
	CURL *easy = curl_easy_init();
	struct answer a;

	assert_non_null(easy);
	a = ask(easy, port, method, path);
	curl_easy_cleanup(easy);
	return a;
}

static inline void answer_fini(struct answer *a)
{
	fc_buf_fini(&a->head);
	fc_buf_fini(&a->body);
}
#define AUTO_ANSWER __attribute__((cleanup(answer_fini)))

static inline int server_bench_prepare(void **state)
{
	(void)state;
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -1;
}

static inline int server_bench_finish(void **state)
{
	(void)state;
	curl_global_cleanup();
	return 0;
}

#endif
