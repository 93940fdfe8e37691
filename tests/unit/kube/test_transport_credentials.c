/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/kube/client.h"
#include "unit/kube/fake_credentials.h"
#include "unit/kube/h2_server.h"

struct fixture {
	struct h2_server *server, *other;
	struct client client;
	struct fc_credentials *credentials; /* the client's */
	struct fc_access renewed;	    /* of the other server */
	struct outcome watch;
	_Atomic bool refusing; /* with 401 */
};

static void route(void *user, const struct h2_seen *request, struct h2_reply *reply)
{
	struct fixture *f = user;

	if (strstr(request->path, "watch"))
		*reply = (struct h2_reply){ .manner = H2_WATCH, .body = "{}\n" };
	else if (strstr(request->path, "slow")) /* ends by h2_server_end */
		*reply = (struct h2_reply){ .manner = H2_WATCH, .body = "{}" };
	else if (strstr(request->path, "hang"))
		*reply = (struct h2_reply){ .manner = H2_SILENT };
	else if (f->refusing)
		*reply = (struct h2_reply){ .status = 401, .body = "{}" };
}

static void start(struct fixture *f, int64_t silent_ms, int64_t probe_ms)
{
	f->server = h2_server_start(0, route, f);
	f->client.access = (struct fc_access){ .server = f->server->url, .ca_pem = f->server->ca_pem };
	client_connect(&f->client, silent_ms, probe_ms);
	f->credentials = f->client.credentials;
	f->other = h2_server_start(0, route, f);
	f->renewed = (struct fc_access){ .server = f->other->url, .ca_pem = f->other->ca_pem };
}

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	start(f, 0, 0);
	*state = f;
	return 0;
}

static int setup_watched(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	start(f, 60, 2000);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	client_stop(&f->client);
	h2_server_stop(f->server);
	h2_server_stop(f->other);
	free(f);
	return 0;
}

static void send_timed(struct fixture *f, int64_t timeout_ms, struct outcome *o)
{
	const struct fc_request_options options = {
		.method = "GET", .path = "/x", .timeout_ms = timeout_ms, .on_done = outcome_keep, .user = o
	};

	*o = (struct outcome){ .calls = 0 };
	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
}

static void test_parked_request_goes_out_when_its_credentials_come(void **state)
{
	struct fixture *f = *state;
	struct outcome read, write;

	f->credentials->verdict = 1;
	client_send(&f->client, "PATCH", "/first", "[1]", &write);
	client_send(&f->client, "GET", "/second", NULL, &read);
	client_watch(&f->client, "/watch", NULL, outcome_keep, &f->watch);
	client_settle(&f->client);
	assert_int_equal(h2_server_requests(f->server), 0);
	assert_int_equal(write.calls + read.calls, 0);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 2);
	fake_settle(f->credentials, 0, "fresh");
	assert_int_equal(write.calls + read.calls, 0); /* nobody is called back inside */
	WAIT_FOR(&f->client, write.calls && read.calls && h2_server_watches(f->server) == 1);
	assert_int_equal(write.status, 200);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
	/* The server notes each when it is complete: the order is any. */
	for (size_t i = 0; i < h2_server_requests(f->server); i++) {
		struct h2_seen seen = h2_server_seen(f->server, i);
		assert_string_equal(seen.authorization, "Bearer fresh");
		assert_int_equal(seen.body_bytes, strcmp(seen.path, "/first") == 0 ? 3 : 0);
	}
	assert_int_equal(h2_server_requests(f->server), 3);
}

static void test_parked_request_fails_with_its_credentials(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	f->credentials->verdict = 1;
	client_send(&f->client, "PATCH", "/x", "[]", &o);
	fake_settle(f->credentials, -1, NULL);
	WAIT_FOR(&f->client, o.calls);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.err.cls, FC_ERR_UNAUTHORIZED);
	assert_false(o.err.outcome_unknown);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
	/* It says nothing of the server. */
	assert_int_equal(f->client.reachable_calls, 0);
}

static void test_parked_request_waits_on_when_asked_too_early(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	f->credentials->verdict = 1;
	client_send(&f->client, "GET", "/x", NULL, &o);
	fake_settle(f->credentials, 1, NULL);
	client_settle(&f->client);
	assert_int_equal(o.calls, 0);
	fake_settle(f->credentials, 0, NULL);
	WAIT_FOR(&f->client, o.calls);
	assert_int_equal(o.status, 200);
}

static void test_parked_requests_timeout_counts_from_the_send(void **state)
{
	struct fixture *f = *state;
	struct outcome parked, late = { .calls = 0 };

	f->credentials->verdict = 1;
	send_timed(f, 60, &parked);
	WAIT_FOR(&f->client, parked.calls);
	assert_int_equal(parked.err.cls, FC_ERR_TIMEOUT);
	assert_non_null(strstr(parked.err.text, "credentials"));
	assert_int_equal(f->client.reachable_calls, 0);

	/* What is left of it is for the request: after 1800 of 2000 ms it does not wait for 2000 more. */
	const struct fc_request_options options = {
		.method = "GET", .path = "/hang", .timeout_ms = 2000, .on_done = outcome_keep, .user = &late
	};
	int64_t sent_ms = fc_clock_mono_ms();
	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	while (fc_clock_mono_ms() < sent_ms + 1800)
		fc_loop_run_once(f->client.loop, 10);
	int64_t settled_ms = fc_clock_mono_ms();
	fake_settle(f->credentials, 0, NULL);
	WAIT_FOR(&f->client, late.calls);
	assert_int_equal(late.err.cls, FC_ERR_TIMEOUT);
	assert_true(fc_clock_mono_ms() - settled_ms < 2000);
}

static void test_parked_request_can_be_cancelled(void **state)
{
	struct fixture *f = *state;
	struct outcome o, kept;

	f->credentials->verdict = 1;
	struct fc_request *r = client_send(&f->client, "PATCH", "/x", "[]", &o);
	client_send(&f->client, "GET", "/kept", NULL, &kept);
	fc_request_cancel(r);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 1);
	fake_settle(f->credentials, 0, NULL);
	WAIT_FOR(&f->client, kept.calls);
	assert_int_equal(o.calls, 0);
	assert_int_equal(h2_server_requests(f->server), 1);
}

static void send_again(void *user, const struct fc_response *r)
{
	struct fixture *f = user;
	const struct fc_request_options options = { .method = "GET", .path = "/x", .on_done = send_again, .user = f };

	outcome_keep(&f->watch, r);
	assert_true(f->watch.calls < 10);
	f->credentials->verdict = 1;
	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	f->credentials->verdict = -1;
}

static void test_parked_request_that_fails_may_be_followed_by_another_one(void **state)
{
	struct fixture *f = *state;
	const struct fc_request_options options = { .method = "GET", .path = "/x", .on_done = send_again, .user = f };

	f->credentials->verdict = 1;
	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	fake_settle(f->credentials, -1, NULL);
	assert_int_equal(f->watch.calls, 1); /* the second waits for the next word */
	assert_int_equal(fc_transport_in_flight(f->client.transport), 1);
}

static void test_parked_requests_are_freed_with_the_transport(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	f->credentials->verdict = 1;
	client_send(&f->client, "PATCH", "/x", "[]", &o);
	send_timed(f, 1000, &o);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 2);
}

/* As with a plug-in that gives certificates: what is in force before its first answer is nothing. */
static void test_tls_material_that_comes_with_the_credentials_is_used(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	f->credentials->tls.ca_pem = NULL;
	f->credentials->listener.on_tls_changed(f->credentials->listener.user);
	f->credentials->verdict = 1;
	client_send(&f->client, "GET", "/x", NULL, &o);
	f->credentials->tls.ca_pem = f->server->ca_pem; /* and nobody says so */
	fake_settle(f->credentials, 0, NULL);
	WAIT_FOR(&f->client, o.calls);
	assert_int_equal(o.status, 200);
}

static void test_changed_tls_material_moves_requests_to_new_connections(void **state)
{
	struct fixture *f = *state;
	struct outcome slow, after;
	FC_AUTO_FREE char *both = fc_xasprintf("%s%s", f->server->ca_pem, f->other->ca_pem);

	client_watch(&f->client, "/watch", NULL, outcome_keep, &f->watch);
	client_send(&f->client, "GET", "/slow", NULL, &slow);
	WAIT_FOR(&f->client, h2_server_watches(f->server) == 2 && f->client.connected_calls == 1);
	fake_change_tls(f->credentials, both);
	assert_int_equal(f->watch.calls, 0); /* from the loop */
	WAIT_FOR(&f->client, f->watch.calls);
	assert_int_equal(f->watch.err.cls, FC_ERR_CANCELLED);
	client_do(&f->client, "GET", "/after", NULL, &after);
	assert_int_equal(after.status, 200);
	assert_int_equal(h2_server_seen(f->server, 2).connection, 1);
	assert_int_equal(f->client.connected_calls, 2);
	/* What is under way finishes on the old one, which then closes. */
	assert_int_equal(slow.calls, 0);
	assert_int_equal(h2_server_open(f->server), 2);
	h2_server_end(f->server);
	WAIT_FOR(&f->client, slow.calls);
	assert_false(slow.failed);
	WAIT_FOR(&f->client, h2_server_open(f->server) == 1);
	assert_int_equal(fc_transport_connections(f->client.transport), 1);
	assert_int_equal(f->client.reachable_calls, 1);
}

static void test_unchanged_tls_material_moves_nothing(void **state)
{
	struct fixture *f = *state;
	FC_AUTO_FREE char *same = fc_xstrdup(f->server->ca_pem);
	struct outcome o;

	client_watch(&f->client, "/watch", NULL, outcome_keep, &f->watch);
	WAIT_FOR(&f->client, h2_server_watches(f->server) == 1);
	fake_change_tls(f->credentials, same);
	client_do(&f->client, "GET", "/x", NULL, &o);
	client_settle(&f->client);
	assert_int_equal(f->watch.calls, 0);
	assert_int_equal(h2_server_accepted(f->server), 1);
}

static void test_tls_material_that_is_gone_is_not_used_any_more(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_int_equal(o.status, 200);
	fake_change_tls(f->credentials, NULL); /* the system's roots, which know nobody here */
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_TLS);
}

static void test_credentials_hear_of_connections_before_they_are_made(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/x", NULL, &o);
	unsigned before = f->credentials->connecting;
	assert_true(before > 0);
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_int_equal(f->credentials->connecting, before);
	h2_server_goaway(f->server);
	client_settle(&f->client);
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_true(f->credentials->connecting > before);
}

static void test_credentials_hear_of_a_question_of_trust(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	fake_change_tls(f->credentials, f->other->ca_pem);
	client_send(&f->client, "GET", "/x", NULL, &o);
	WAIT_FOR(&f->client, f->credentials->connecting >= 2); /* before, and when the socket is made */
	unsigned before = f->credentials->connecting;
	WAIT_FOR(&f->client, o.calls);
	assert_int_equal(o.err.cls, FC_ERR_TLS);
	assert_int_equal(f->credentials->connecting, before + 1);
}

static void test_401_is_told_once_for_all_that_were_signed_before_it(void **state)
{
	struct fixture *f = *state;
	struct outcome o[5];

	f->refusing = true;
	for (size_t i = 0; i < FC_ARRAY_LEN(o); i++)
		client_send(&f->client, "GET", "/x", NULL, &o[i]);
	for (size_t i = 0; i < FC_ARRAY_LEN(o); i++)
		WAIT_FOR(&f->client, o[i].calls);
	assert_int_equal(o[4].err.cls, FC_ERR_UNAUTHORIZED);
	assert_int_equal(f->credentials->refused, 1);
	client_do(&f->client, "GET", "/x", NULL, &o[0]); /* signed anew, refused again */
	assert_int_equal(f->credentials->refused, 2);
	f->refusing = false;
	client_do(&f->client, "GET", "/x", NULL, &o[0]);
	assert_int_equal(f->credentials->refused, 2);
}

static bool probed_without_credentials(struct fixture *f)
{
	for (size_t i = 0; i < h2_server_requests(f->server); i++) {
		struct h2_seen seen = h2_server_seen(f->server, i);
		if (strcmp(seen.path, "/version") == 0 && !seen.authorization[0])
			return true;
	}
	return false;
}

static void test_probe_needs_no_credentials(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	f->refusing = true;
	f->credentials->token = "t";
	client_send(&f->client, "GET", "/hang", NULL, &o);
	f->credentials->verdict = 1;
	WAIT_FOR(&f->client, probed_without_credentials(f));
	client_settle(&f->client);
	assert_int_equal(o.calls, 0); /* a 401 is an answer */
	assert_int_equal(f->credentials->refused, 0);
}

static void test_renewed_transport_goes_to_the_other_server(void **state)
{
	struct fixture *f = *state;
	struct outcome slow, parked, after;

	client_watch(&f->client, "/watch", NULL, outcome_keep, &f->watch);
	client_send(&f->client, "GET", "/slow", NULL, &slow);
	WAIT_FOR(&f->client, h2_server_watches(f->server) == 2 && f->client.connected_calls == 1);
	f->credentials->verdict = 1;
	client_send(&f->client, "PATCH", "/parked", "[]", &parked);

	struct fc_credentials *other =
		fc_credentials_new(&(struct fc_credentials_options){ .access = &f->renewed }, NULL);
	other->token = "other";
	assert_int_equal(fc_transport_renew(f->client.transport, &f->renewed, other, NULL), 0);
	/* The old ones are nobody's any more. */
	assert_null(f->credentials->listener.on_ready);
	fc_credentials_free(f->credentials);
	f->credentials = f->client.credentials = other;
	assert_int_equal(f->watch.calls + parked.calls, 0);

	WAIT_FOR(&f->client, f->watch.calls && parked.calls);
	assert_int_equal(f->watch.err.cls, FC_ERR_CANCELLED);
	assert_int_equal(parked.status, 200);
	client_do(&f->client, "GET", "/after", NULL, &after);
	assert_int_equal(after.status, 200);
	assert_int_equal(h2_server_requests(f->other), 2);
	assert_string_equal(h2_server_seen(f->other, 0).authorization, "Bearer other");
	assert_int_equal(f->client.connected_calls, 2);

	h2_server_end(f->server);
	WAIT_FOR(&f->client, slow.calls && h2_server_open(f->server) == 0);
	assert_false(slow.failed);
	assert_int_equal(h2_server_requests(f->server), 2);
}

static void test_a_renewed_transport_may_be_to_an_older_server(void **state)
{
	struct fixture *f = *state;
	struct fc_transport *t = f->client.transport;

	fc_transport_saw_discovery(t, true);
	fc_transport_saw_stream_list(t, false);
	fc_transport_saw_discovery(t, true);
	assert_int_equal(fc_transport_stream_lists(t), FC_STREAM_LISTS_REFUSED);
	assert_int_equal(fc_transport_renew(t, &f->renewed, f->credentials, NULL), 0);
	assert_int_equal(fc_transport_stream_lists(t), FC_STREAM_LISTS_UNKNOWN);
}

/* Nobody looks again at what it can, where only a token is new. */
static void test_what_a_server_can_is_known_with_other_credentials_too(void **state)
{
	struct fixture *f = *state;
	struct fc_transport *t = f->client.transport;
	struct fc_access same = { .server = f->server->url, .ca_pem = f->server->ca_pem };

	fc_transport_saw_stream_list(t, true);
	assert_int_equal(fc_transport_renew(t, &same, f->credentials, NULL), 0);
	assert_int_equal(fc_transport_stream_lists(t), FC_STREAM_LISTS_WORK);
	assert_int_equal(fc_transport_renew(t, &f->renewed, f->credentials, NULL), 0);
	assert_int_equal(fc_transport_stream_lists(t), FC_STREAM_LISTS_UNKNOWN);
}

static void test_renewal_that_cannot_be_changes_nothing(void **state)
{
	struct fixture *f = *state;
	char server[] = "https://a b";
	const struct fc_access bad = { .server = server };
	struct fc_error err = FC_ERROR_INIT;
	struct outcome o;

	client_watch(&f->client, "/watch", NULL, outcome_keep, &f->watch);
	WAIT_FOR(&f->client, h2_server_watches(f->server) == 1);
	assert_int_equal(fc_transport_renew(f->client.transport, &bad, f->credentials, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_int_equal(o.status, 200);
	assert_int_equal(f->watch.calls, 0);
}

/* A connection that is left for another server is asked after its health like any other, but not with what is meant for
 * that one. */
static void test_probe_of_a_connection_left_behind_bears_no_credentials(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	f->credentials->token = "old";
	client_send(&f->client, "GET", "/hang", NULL, &o);
	WAIT_FOR(&f->client, h2_server_requests(f->server) == 1);
	f->credentials->token = "new";
	assert_int_equal(fc_transport_renew(f->client.transport, &f->renewed, f->credentials, NULL), 0);
	WAIT_FOR(&f->client, probed_without_credentials(f));
	for (size_t i = 0; i < h2_server_requests(f->server); i++)
		assert_string_not_equal(h2_server_seen(f->server, i).authorization, "Bearer new");
	assert_int_equal(h2_server_requests(f->other), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_parked_request_goes_out_when_its_credentials_come),
		T(test_parked_request_fails_with_its_credentials),
		T(test_parked_request_waits_on_when_asked_too_early),
		T(test_parked_requests_timeout_counts_from_the_send),
		T(test_parked_request_can_be_cancelled),
		T(test_parked_request_that_fails_may_be_followed_by_another_one),
		T(test_parked_requests_are_freed_with_the_transport),
		T(test_tls_material_that_comes_with_the_credentials_is_used),
		T(test_changed_tls_material_moves_requests_to_new_connections),
		T(test_unchanged_tls_material_moves_nothing),
		T(test_tls_material_that_is_gone_is_not_used_any_more),
		T(test_credentials_hear_of_connections_before_they_are_made),
		T(test_credentials_hear_of_a_question_of_trust),
		T(test_401_is_told_once_for_all_that_were_signed_before_it),
		T(test_renewed_transport_goes_to_the_other_server),
		T(test_a_renewed_transport_may_be_to_an_older_server),
		T(test_what_a_server_can_is_known_with_other_credentials_too),
		T(test_renewal_that_cannot_be_changes_nothing),
		cmocka_unit_test_setup_teardown(test_probe_needs_no_credentials, setup_watched, teardown),
		cmocka_unit_test_setup_teardown(test_probe_of_a_connection_left_behind_bears_no_credentials,
						setup_watched, teardown),
	};
#undef T

	return cmocka_run_group_tests_name("transport_credentials", tests, client_global_setup, client_global_teardown);
}
