/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint by https: whom it lets in, and how it gets another certificate. */
#include "base/clock.h"
#include "cli/self_signed.h"
#include "unit/serve/server_bench.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct pair {
	char *cert, *key;
};

static struct pair pair_new(void)
{
	struct pair p;

	assert_int_equal(fc_self_signed_make(&p.cert, &p.key, NULL), 0);
	return p;
}

static void pair_free(struct pair *p)
{
	free(p->cert);
	free(p->key);
}

static int admit(void *user, const char *authorization, const char *path)
{
	(void)user;
	assert_string_equal(path, "/metrics");
	return !*authorization ? 401 : strcmp(authorization, "Bearer good") == 0 ? 200 : 403;
}

/* Trusting that certificate alone. */
static long ask_secure(uint16_t port, const struct pair *trusted, const char *authorization)
{
	CURL *easy = curl_easy_init();
	struct curl_blob ca = { .data = trusted->cert, .len = strlen(trusted->cert) };
	FC_AUTO_FREE char *header = fc_xasprintf("Authorization: %s", authorization ? authorization : "");
	struct curl_slist *headers = authorization ? curl_slist_append(NULL, header) : NULL;

	curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	struct answer a = ask_url(easy, "https", port, "GET", "/metrics");
	long status = a.rc == CURLE_OK ? a.status : -1;
	answer_fini(&a);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	return status;
}

/* A server by https, and what it may get another certificate from. */
struct house {
	struct world w;
	struct pair first, second;
	struct fc_server *s;
	uint16_t port;
};

static void house_open(struct house *h, int (*let_in)(void *user, const char *authorization, const char *path),
		       void *user)
{
	struct fc_serve_sources sources = sources_of(&h->w);

	h->w = (struct world){ 0 };
	h->first = pair_new();
	h->second = pair_new();
	h->s = fc_server_start_secure("127.0.0.1:0", FC_SERVE_METRICS, &sources,
				      &(struct fc_serve_security){ h->first.cert, h->first.key, let_in, user }, NULL);
	assert_non_null(h->s);
	h->port = fc_server_port(h->s);
}

static void house_close(struct house *h)
{
	fc_server_stop(h->s);
	pair_free(&h->first);
	pair_free(&h->second);
}

static int renew_with(struct house *h, const struct pair *pair)
{
	return fc_server_renew(h->s, pair->cert, pair->key, NULL);
}

static void test_server_of_https_answers_whom_it_is_told_to_let_in_and_gets_new_certificates(void **state)
{
	struct house h;

	(void)state;
	house_open(&h, admit, NULL);
	assert_int_equal(ask_secure(h.port, &h.first, NULL), 401);
	assert_int_equal(ask_secure(h.port, &h.first, "Bearer bad"), 403);
	assert_int_equal(ask_secure(h.port, &h.first, "Bearer good"), 200);
	assert_int_equal(ask_secure(h.port, &h.second, "Bearer good"), -1);
	assert_int_equal(renew_with(&h, &h.second), 0);
	assert_int_equal(ask_secure(h.port, &h.second, "Bearer good"), 200);
	assert_int_equal(ask_secure(h.port, &h.first, "Bearer good"), -1);
	/* What cannot be used leaves the one before it. */
	assert_int_equal(fc_server_renew(h.s, "no certificate", h.second.key, NULL), -1);
	assert_int_equal(ask_secure(h.port, &h.second, "Bearer good"), 200);
	house_close(&h);
}

/* Whoever comes as "Bearer slow" waits. */
struct door {
	struct house house;
	sem_t reached, go;
	atomic_bool gave_up;
};

static int admit_slowly(void *user, const char *authorization, const char *path)
{
	struct door *d = user;
	struct timespec until;

	if (strcmp(authorization, "Bearer slow") != 0)
		return admit(NULL, authorization, path);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	sem_post(&d->reached);
	if (sem_timedwait(&d->go, &until) != 0)
		atomic_store(&d->gave_up, true);
	return 200;
}

static void *visit_slowly(void *user)
{
	const struct door *d = user;

	ask_secure(d->house.port, &d->house.first, "Bearer slow");
	return NULL;
}

static void test_server_renewal_does_not_wait_for_answers_under_way(void **state)
{
	struct door d = { .gave_up = false };
	pthread_t thread;

	(void)state;
	house_open(&d.house, admit_slowly, &d);
	sem_init(&d.reached, 0, 0);
	sem_init(&d.go, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, visit_slowly, &d), 0);
	sem_wait(&d.reached);
	assert_int_equal(renew_with(&d.house, &d.house.second), 0);
	assert_int_equal(ask_secure(d.house.port, &d.house.second, "Bearer good"), 200);
	assert_false(atomic_load(&d.gave_up));
	sem_post(&d.go);
	pthread_join(thread, NULL);
	house_close(&d.house);
	sem_destroy(&d.reached);
	sem_destroy(&d.go);
}

static size_t open_descriptors(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* The server closes its end of a connection after its client has. */
static void wait_until_open(size_t count)
{
	for (int64_t until_ms = fc_clock_mono_ms() + 10000; open_descriptors() != count; usleep(1000))
		if (fc_clock_mono_ms() > until_ms)
			fail_msg("%zu descriptors are open, %zu were", open_descriptors(), count);
}

/* While no more than `spare` descriptors can be had. */
static int renew_in_want(struct house *h, rlim_t spare)
{
	int next = fcntl(0, F_DUPFD_CLOEXEC, 0);
	struct rlimit before, now;

	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = (rlim_t)next + spare;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	int rc = renew_with(h, &h->second);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	return rc;
}

static void test_server_serves_on_where_a_renewal_wants_descriptors(void **state)
{
	struct house h;

	(void)state;
	house_open(&h, admit, NULL);
	size_t open = open_descriptors();
	assert_int_equal(ask_secure(h.port, &h.first, "Bearer good"), 200);
	/* Two are what it takes: one of the socket, and what wakes its thread. */
	for (rlim_t spare = 0; spare < 2; spare++) {
		wait_until_open(open);
		assert_int_equal(renew_in_want(&h, spare), -1);
		wait_until_open(open);
		assert_int_equal(ask_secure(h.port, &h.first, "Bearer good"), 200);
	}
	assert_int_equal(renew_with(&h, &h.second), 0);
	assert_int_equal(ask_secure(h.port, &h.second, "Bearer good"), 200);
	house_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_of_https_answers_whom_it_is_told_to_let_in_and_gets_new_certificates),
		cmocka_unit_test(test_server_renewal_does_not_wait_for_answers_under_way),
		cmocka_unit_test(test_server_serves_on_where_a_renewal_wants_descriptors),
	};

	return cmocka_run_group_tests_name("server_https", tests, server_bench_prepare, server_bench_finish);
}
