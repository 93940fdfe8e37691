/* SPDX-License-Identifier: Apache-2.0 */
/* Who may read metrics, before an API server that answers one bearer alone, or nobody. */
#include "cli/dropin_guard.h"

#include "base/log.h"
#include "unit/kube/client.h"

#include <stdatomic.h>

/* Less than it waits for an answer. */
#define SOON_MS 5000

struct bench {
	struct tls_server *tls;
	struct fc_dropin_guard *guard;
	atomic_uint asked, asked_anew; /* the latter: with the token "second" */
	bool hangs;
};

/* Knows `good` alone, and whoever that asks about may read everything. */
static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct bench *b = user;

	atomic_fetch_add(&b->asked, 1);
	if (strcmp(request->authorization, "Bearer second") == 0)
		atomic_fetch_add(&b->asked_anew, 1);
	if (b->hangs) {
		reply->manner = TLS_HANG;
	} else if (strcmp(request->authorization, "Bearer good") != 0) {
		reply->status = 401;
		reply->body = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Unauthorized\",\"code\":401}";
	} else {
		reply->status = 201;
		reply->body = strstr(request->url, "tokenreviews")
				      ? "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"scraper\"}}}"
				      : "{\"status\":{\"allowed\":true}}";
	}
}

static struct fc_access *access_of(struct bench *b, const char *token)
{
	struct fc_access *a = fc_xcalloc(1, sizeof(*a));

	a->server = fc_xstrdup(b->tls->url);
	a->ca_pem = fc_xstrdup(b->tls->ca_pem);
	a->token = fc_xstrdup(token);
	return a;
}

static void renew(struct bench *b, const char *token)
{
	struct fc_access *access = access_of(b, token);

	fc_dropin_guard_renew(b->guard, access);
	fc_access_free(access);
}

static void begin(struct bench *b, const char *token)
{
	b->guard = fc_dropin_guard_new("hub", access_of(b, token), NULL);
	assert_non_null(b->guard);
}

static int setup(void **state)
{
	struct bench *b = fc_xcalloc(1, sizeof(*b));

	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	b->tls = tls_server_start(NULL, route, b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	fc_dropin_guard_free(b->guard);
	tls_server_stop(b->tls);
	free(b);
	return 0;
}

static int ask(struct bench *b)
{
	return fc_dropin_guard_admit(b->guard, "Bearer scraper", "/metrics");
}

static void *ask_there(void *user)
{
	return ask(user) == 500 ? user : NULL;
}

static void until_one(const atomic_uint *count)
{
	int64_t give_up_ms = fc_clock_mono_ms() + SOON_MS;

	while (atomic_load(count) < 1) {
		assert_true(fc_clock_mono_ms() < give_up_ms);
		usleep(1000);
	}
}

static void test_guard_lets_in_whom_the_server_lets_read(void **state)
{
	struct bench *b = *state;

	begin(b, "good");
	assert_int_equal(ask(b), 200);
	assert_int_equal(fc_dropin_guard_admit(b->guard, "", "/metrics"), 401);
	/* What was said holds for a while. */
	unsigned asked = atomic_load(&b->asked);
	assert_int_equal(ask(b), 200);
	assert_int_equal(atomic_load(&b->asked), asked);
}

static void test_guard_asks_by_the_entry_that_the_files_have_now(void **state)
{
	struct bench *b = *state;

	begin(b, "of-yesterday");
	assert_int_equal(ask(b), 500);
	renew(b, "good");
	assert_int_equal(ask(b), 200);
}

static void test_guard_asks_again_by_the_new_entry_for_whom_it_was_asking(void **state)
{
	struct bench *b = *state;
	pthread_t thread;
	void *refused = NULL;

	b->hangs = true;
	begin(b, "first");
	assert_int_equal(pthread_create(&thread, NULL, ask_there, b), 0);
	until_one(&b->asked);
	renew(b, "second");
	until_one(&b->asked_anew);
	fc_dropin_guard_end(b->guard);
	pthread_join(thread, &refused);
	assert_non_null(refused);
}

static void test_guard_that_ends_keeps_nobody_waiting(void **state)
{
	struct bench *b = *state;
	pthread_t thread;
	void *refused = NULL;

	b->hangs = true;
	begin(b, "good");
	assert_int_equal(pthread_create(&thread, NULL, ask_there, b), 0);
	until_one(&b->asked);
	int64_t from_ms = fc_clock_mono_ms();
	fc_dropin_guard_end(b->guard);
	pthread_join(thread, &refused);
	assert_non_null(refused);
	assert_int_equal(fc_dropin_guard_admit(b->guard, "Bearer another", "/metrics"), 500);
	assert_true(fc_clock_mono_ms() - from_ms < SOON_MS);
}

static void test_guard_of_none_is_renewed_and_ended(void **state)
{
	struct bench *b = *state;

	renew(b, "good");
	fc_dropin_guard_end(NULL);
	assert_null(b->guard);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_guard_lets_in_whom_the_server_lets_read),
		TEST(test_guard_asks_by_the_entry_that_the_files_have_now),
		TEST(test_guard_asks_again_by_the_new_entry_for_whom_it_was_asking),
		TEST(test_guard_that_ends_keeps_nobody_waiting),
		TEST(test_guard_of_none_is_renewed_and_ended),
	};

	return cmocka_run_group_tests(tests, client_global_setup, client_global_teardown);
}
