/* SPDX-License-Identifier: Apache-2.0 */
#include "clusters/probe.h"

#include "unit/clusters/watcher_bench.h"

struct looked {
	struct fc_loop *loop;
	struct fc_probe *probe;
	const struct fc_probe_result *result;
};

static void on_wake(void *user FC_UNUSED)
{
}

static void on_done(void *user, const struct fc_probe_result *result)
{
	struct looked *l = user;

	assert_null(l->result);
	l->result = result;
	fc_loop_stop(l->loop);
}

static void look(struct looked *l, const struct fc_access *access, int64_t timeout_ms)
{
	struct fc_error err = FC_ERROR_INIT;

	*l = (struct looked){ .loop = fc_loop_new(on_wake, NULL, &err) };
	assert_non_null(l->loop);
	l->probe = fc_probe_start(&(struct fc_probe_options){ .loop = l->loop,
							      .access = access,
							      .name = "hub",
							      .timeout_ms = timeout_ms,
							      .on_done = on_done,
							      .user = l },
				  &err);
	assert_non_null(l->probe);
	fc_loop_run(l->loop);
	assert_non_null(l->result);
}

static void drop(struct looked *l)
{
	fc_probe_free(l->probe);
	fc_loop_free(l->loop);
}

#define SERVER(...)                                                                    \
	const struct scripted_step steps_[] = { __VA_ARGS__ };                         \
	struct scripted_server *server = scripted_start(steps_, FC_ARRAY_LEN(steps_)); \
	FC_AUTO_FREE char *url = fc_xasprintf("https://127.0.0.1:%u", server->port);   \
	const struct fc_access access = { .server = url, .ca_pem = server->certificate_pem, .token = (char[]){ "t" } }

static void test_probe_tells_who_and_how_far(void **state FC_UNUSED)
{
	SERVER(VERSION_OK, ID_OK);
	struct looked l;

	look(&l, &access, WAIT_MS);
	assert_true(l.result->reachable);
	assert_string_equal(l.result->id, "u-1");
	assert_string_equal(l.result->server_version, "v1.20.2");
	assert_true(l.result->round_trip_us > 0 && l.result->round_trip_us < WAIT_MS * 1000);
	drop(&l);
	scripted_free(server);
}

static void test_probe_of_who_may_not_read_the_id_is_reachable_without_one(void **state FC_UNUSED)
{
	SERVER({ .match = "GET /version", .status = 403, .body = { STATUS(403, "Forbidden") } },
	       { .match = "namespaces/kube-system", .status = 403, .body = { STATUS(403, "Forbidden") } });
	struct looked l;

	look(&l, &access, WAIT_MS);
	assert_true(l.result->reachable);
	assert_null(l.result->id);
	assert_null(l.result->server_version);
	drop(&l);
	scripted_free(server);
}

/* kube-client 13.5: refreshed, one more try. */
static void test_probe_tries_once_more_after_a_401(void **state FC_UNUSED)
{
	SERVER({ .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } }, VERSION_OK, ID_OK);
	struct looked l;

	look(&l, &access, WAIT_MS);
	assert_true(l.result->reachable);
	drop(&l);
	scripted_free(server);
}

static void test_probe_that_is_refused_twice_says_so(void **state FC_UNUSED)
{
	SERVER({ .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } },
	       { .match = "GET /version", .status = 401, .body = { STATUS(401, "Unauthorized") } });
	struct looked l;

	look(&l, &access, WAIT_MS);
	assert_false(l.result->reachable);
	assert_int_equal(l.result->error.cls, FC_ERR_UNAUTHORIZED);
	drop(&l);
	scripted_free(server);
}

static void test_probe_of_a_server_that_never_answers_ends_in_time(void **state FC_UNUSED)
{
	SERVER({ .match = "GET /version", .end = SCRIPTED_HOLD });
	struct looked l;

	look(&l, &access, 200);
	assert_false(l.result->reachable);
	assert_int_equal(l.result->error.cls, FC_ERR_TIMEOUT);
	drop(&l);
	scripted_free(server);
}

static void test_probe_of_what_is_no_api_server_says_so(void **state FC_UNUSED)
{
	SERVER({ .match = "GET /version", .body = { "[]" } });
	struct looked l;

	look(&l, &access, WAIT_MS);
	assert_false(l.result->reachable);
	assert_int_equal(l.result->error.cls, FC_ERR_PROTOCOL);
	drop(&l);
	scripted_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe_tells_who_and_how_far),
		cmocka_unit_test(test_probe_of_who_may_not_read_the_id_is_reachable_without_one),
		cmocka_unit_test(test_probe_tries_once_more_after_a_401),
		cmocka_unit_test(test_probe_that_is_refused_twice_says_so),
		cmocka_unit_test(test_probe_of_a_server_that_never_answers_ends_in_time),
		cmocka_unit_test(test_probe_of_what_is_no_api_server_says_so),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
