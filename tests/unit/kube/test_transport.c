/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/transport.h"

#include "kube/transport_internal.h"
#include "unit/kube/client.h"

static void route(void *user FC_UNUSED, const struct tls_seen *request, struct tls_reply *reply)
{
	if (strcmp(request->url, "/hang") == 0)
		*reply = (struct tls_reply){ .manner = TLS_HANG };
	else if (strcmp(request->url, "/close") == 0)
		*reply = (struct tls_reply){ .manner = TLS_CLOSE };
	else if (strcmp(request->url, "/refused") == 0)
		*reply = (struct tls_reply){ .status = 401, .body = "{}" };
	else if (strcmp(request->url, "/watch") == 0)
		*reply = (struct tls_reply){ .manner = TLS_STREAM_HANG, .body = "{}\n" };
	else if (strcmp(request->url, "/deprecated") == 0)
		*reply = (struct tls_reply){ .body = "{}", .warning = "299 - \"v1beta1 is deprecated\"" };
	else
		*reply = (struct tls_reply){ .body = "{}" };
}

struct fixture {
	struct tls_server *server;
	struct client client;
	char host[64];
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->server = tls_server_start(NULL, route, NULL);
	snprintf(f->host, sizeof(f->host), "127.0.0.1:%d", f->server->port);
	client_start(&f->client, f->server);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	client_stop(&f->client);
	tls_server_stop(f->server);
	free(f);
	return 0;
}

static double answers(struct fixture *f, const char *code, const char *method)
{
	return fc_metrics_get(f->client.metrics, FC_METRIC_REST_CLIENT_REQUESTS, FC_LABELS(code, method, f->host));
}

static double gauge(struct fixture *f)
{
	return fc_metrics_get(f->client.metrics, FC_METRIC_REQUESTS_IN_FLIGHT, FC_LABELS("edge"));
}

static void test_transport_counts_answers_by_code_method_and_host(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/x", NULL, &o);
	client_do(&f->client, "PATCH", "/x", "[]", &o);
	client_do(&f->client, "PATCH", "/close", "[]", &o);
	fc_request_cancel(client_send(&f->client, "GET", "/x", NULL, &o));
	assert_int_equal(answers(f, "200", "GET"), 1);
	assert_int_equal(answers(f, "200", "PATCH"), 1);
	assert_int_equal(answers(f, "<error>", "PATCH"), 1);
	assert_int_equal(answers(f, "<error>", "GET"), 0);
}

static void test_transport_shows_what_is_in_flight_without_watches(void **state)
{
	struct fixture *f = *state;
	struct outcome o, watch = { .calls = 0 };

	client_watch(&f->client, "/watch", NULL, outcome_keep, &watch);
	struct fc_request *r = client_send(&f->client, "GET", "/hang", NULL, &o);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 1);
	assert_int_equal(gauge(f), 1);
	fc_request_cancel(r);
	assert_int_equal(gauge(f), 0);
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
	assert_int_equal(gauge(f), 0);
}

static void test_transport_carries_five_requests_at_once(void **state)
{
	struct fixture *f = *state;
	struct outcome o[5];
	unsigned done = 0;

	for (size_t i = 0; i < FC_ARRAY_LEN(o); i++)
		client_send(&f->client, "GET", "/hang", NULL, &o[i]);
	WAIT_FOR(&f->client, tls_server_requests(f->server) == FC_ARRAY_LEN(o)); /* none has been answered */
	for (size_t i = 0; i < FC_ARRAY_LEN(o); i++)
		done += o[i].calls;
	assert_int_equal(done, 0);
	tls_server_release(f->server);
	for (size_t i = 0; i < FC_ARRAY_LEN(o); i++)
		WAIT_FOR(&f->client, o[i].calls == 1);
}

static void test_transport_tells_reachability_on_changes_only(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/x", NULL, &o);
	client_do(&f->client, "GET", "/refused", NULL, &o);
	assert_int_equal(f->client.reachable_calls, 1);
	assert_true(f->client.reachable);
	client_do(&f->client, "GET", "/close", NULL, &o);
	client_do(&f->client, "GET", "/close", NULL, &o);
	assert_int_equal(f->client.reachable_calls, 2);
	assert_false(f->client.reachable);
	assert_int_equal(f->client.unreachable_why.cls, FC_ERR_NETWORK);
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_int_equal(f->client.reachable_calls, 3);
	assert_true(f->client.reachable);
}

static void test_transport_is_reachable_once_a_watch_has_begun(void **state)
{
	struct fixture *f = *state;
	struct outcome watch = { .calls = 0 };

	client_watch(&f->client, "/watch", NULL, outcome_keep, &watch);
	WAIT_FOR(&f->client, f->client.reachable_calls);
	assert_true(f->client.reachable);
	assert_int_equal(watch.calls, 0);
}

static void test_transport_slow_request_among_others_is_no_lost_cluster(void **state)
{
	struct fixture *f = *state;
	struct outcome o, slow = { .calls = 0 };
	/* Long enough for the other one on a busy machine. */
	const struct fc_request_options options = {
		.method = "GET", .path = "/hang", .timeout_ms = 2000, .on_done = outcome_keep, .user = &slow
	};

	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	client_do(&f->client, "GET", "/x", NULL, &o);
	WAIT_FOR(&f->client, slow.calls);
	assert_int_equal(slow.err.cls, FC_ERR_TIMEOUT);
	assert_int_equal(f->client.reachable_calls, 1);
	assert_true(f->client.reachable);
}

static void test_transport_sends_the_token_and_reads_it_anew_after_a_401(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/fedcopy-test-XXXXXX";
	struct outcome o;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "first", 5), 5);
	f->client.access.token_file = path;
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_string_equal(tls_server_last(f->server).authorization, "Bearer first");
	assert_int_equal(pwrite(fd, "other", 5, 0), 5);
	client_do(&f->client, "GET", "/refused", NULL, &o);
	assert_string_equal(tls_server_last(f->server).authorization, "Bearer first");
	assert_int_equal(o.err.cls, FC_ERR_UNAUTHORIZED);
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_string_equal(tls_server_last(f->server).authorization, "Bearer other");
	close(fd);
	unlink(path);
}

static void test_transport_without_a_token_to_send_refuses_the_request(void **state)
{
	struct fixture *f = *state;
	struct fc_error err = FC_ERROR_INIT;
	char path[] = "/nonexistent/token";
	const struct fc_request_options options = {
		.method = "PATCH", .path = "/x", .body = fc_xstrdup("[]"), .body_bytes = 2
	};

	f->client.access.token_file = path;
	assert_null(fc_transport_send(f->client.transport, &options, &err));
	assert_int_not_equal(err.cls, FC_ERR_NONE);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
}

static void test_transport_opens_a_further_connection_beyond_its_watches(void **state)
{
	struct fixture *f = *state;
	struct outcome o, watch = { .calls = 0 };
	struct fc_request *extra = NULL;

	for (unsigned i = 0; i < FC_TRANSPORT_MAX_WATCHES; i++)
		client_watch(&f->client, "/watch", NULL, outcome_keep, &watch);
	assert_int_equal(fc_transport_connections(f->client.transport), 1);
	extra = client_watch(&f->client, "/watch", NULL, outcome_keep, &watch);
	assert_int_equal(fc_transport_connections(f->client.transport), 2);
	client_do(&f->client, "GET", "/x", NULL, &o); /* not behind the watches */
	assert_int_equal(o.status, 200);
	fc_request_cancel(extra);
	WAIT_FOR(&f->client, fc_transport_connections(f->client.transport) == 1);
	assert_int_equal(watch.calls, 0);
}

static void test_transport_shows_warnings_of_reads_once_and_of_writes_never(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "PATCH", "/deprecated", "[]", &o);
	assert_int_equal(f->client.transport->warnings.count, 0);
	client_do(&f->client, "GET", "/deprecated", NULL, &o);
	client_do(&f->client, "GET", "/deprecated", NULL, &o);
	assert_int_equal(f->client.transport->warnings.count, 1);
}

static void test_transport_tells_of_each_connection_once_an_answer_has_begun(void **state)
{
	struct fixture *f = *state;
	struct outcome o, watch = { .calls = 0 };

	client_send(&f->client, "GET", "/hang", NULL, &o);
	WAIT_FOR(&f->client, tls_server_requests(f->server) == 1);
	client_settle(&f->client);
	assert_int_equal(f->client.connected_calls, 0); /* TLS is up, but nobody has said a word */
	client_watch(&f->client, "/watch", NULL, outcome_keep, &watch);
	WAIT_FOR(&f->client, f->client.connected_calls == 1);
	assert_int_equal(watch.calls, 0);
	client_do(&f->client, "GET", "/x", NULL, &o);
	client_do(&f->client, "GET", "/x", NULL, &o); /* on the connection of the one before */
	WAIT_FOR(&f->client, f->client.connected_calls == 2);
	client_settle(&f->client);
	assert_int_equal(f->client.connected_calls, 2);
}

static void test_transport_freed_with_requests_calls_nobody_back(void **state)
{
	struct fixture *f = *state;
	struct client second;
	struct outcome o, watch = { .calls = 0 };

	client_start(&second, f->server);
	client_watch(&second, "/watch", NULL, outcome_keep, &watch);
	client_send(&second, "GET", "/hang", NULL, &o);
	WAIT_FOR(&second, tls_server_requests(f->server) == 2);
	client_stop(&second);
	assert_int_equal(watch.calls + o.calls, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_transport_counts_answers_by_code_method_and_host),
		T(test_transport_shows_what_is_in_flight_without_watches),
		T(test_transport_carries_five_requests_at_once),
		T(test_transport_tells_reachability_on_changes_only),
		T(test_transport_is_reachable_once_a_watch_has_begun),
		T(test_transport_slow_request_among_others_is_no_lost_cluster),
		T(test_transport_sends_the_token_and_reads_it_anew_after_a_401),
		T(test_transport_without_a_token_to_send_refuses_the_request),
		T(test_transport_opens_a_further_connection_beyond_its_watches),
		T(test_transport_shows_warnings_of_reads_once_and_of_writes_never),
		T(test_transport_tells_of_each_connection_once_an_answer_has_begun),
		T(test_transport_freed_with_requests_calls_nobody_back),
	};
#undef T

	return cmocka_run_group_tests_name("transport", tests, client_global_setup, client_global_teardown);
}
