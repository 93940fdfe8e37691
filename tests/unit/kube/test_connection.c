/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/connection.h"

#include "kube/peer.h"
#include "kube/request.h"
#include "unit/kube/client.h"

#include <unistd.h>

static void route(void *user FC_UNUSED, const struct tls_seen *request, struct tls_reply *reply)
{
	if (strcmp(request->url, "/hang") == 0 || strcmp(request->url, "/dead/version") == 0)
		*reply = (struct tls_reply){ .manner = TLS_HANG };
	else if (strcmp(request->url, "/lines") == 0)
		*reply = (struct tls_reply){ .manner = TLS_STREAM, .body = "one\ntwo\nthree\n" };
	else if (strstr(request->url, "/lines-hang"))
		*reply = (struct tls_reply){ .manner = TLS_STREAM_HANG, .body = "one\n" };
	else
		*reply = (struct tls_reply){ .body = "{}" };
}

struct fixture {
	struct tls_server *server;
	struct client client;
	char url[96];

	struct fc_request *other; /* what a callback cancels */
	struct outcome first, second;
	unsigned pieces;
};

static int start(void **state, const char *prefix, int64_t silent_ms, int64_t probe_ms)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->server = tls_server_start(NULL, route, NULL);
	snprintf(f->url, sizeof(f->url), "%s%s", f->server->url, prefix);
	f->client.access = (struct fc_access){ .server = f->url, .ca_pem = f->server->ca_pem };
	client_connect(&f->client, silent_ms, probe_ms);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return start(state, "", 0, 0);
}

static int setup_watched(void **state)
{
	return start(state, "", 60, 10000);
}

/* GET /version is not answered there. */
static int setup_dead(void **state)
{
	/* Longer than a handshake takes on a busy machine. */
	return start(state, "/dead", 1500, 200);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	client_stop(&f->client);
	tls_server_stop(f->server);
	free(f);
	return 0;
}

static int count_piece(void *user, const char *bytes FC_UNUSED, size_t len FC_UNUSED, struct fc_error *err FC_UNUSED)
{
	((struct fixture *)user)->pieces++;
	return 0;
}

static void keep_first(void *user, const struct fc_response *r)
{
	outcome_keep(&((struct fixture *)user)->first, r);
}

static void test_connection_cancelled_request_never_calls_back(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	fc_request_cancel(client_send(&f->client, "GET", "/x", NULL, &o)); /* not yet begun */
	struct fc_request *r = client_send(&f->client, "GET", "/hang", NULL, &o);
	WAIT_FOR(&f->client, tls_server_requests(f->server) == 1);
	fc_request_cancel(r);
	client_settle(&f->client);
	assert_int_equal(o.calls, 0);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
}

static int cancel_other(void *user, const char *bytes FC_UNUSED, size_t len FC_UNUSED, struct fc_error *err FC_UNUSED)
{
	struct fixture *f = user;

	f->pieces++;
	fc_request_cancel(fc_steal(&f->other));
	return 0;
}

static void test_connection_request_can_be_cancelled_from_anothers_data(void **state)
{
	struct fixture *f = *state;

	f->other = client_send(&f->client, "GET", "/hang", NULL, &f->second);
	WAIT_FOR(&f->client, tls_server_requests(f->server) == 1);
	client_watch(&f->client, "/lines", cancel_other, keep_first, f);
	WAIT_FOR(&f->client, f->first.calls);
	assert_false(f->first.failed);
	tls_server_release(f->server);
	client_settle(&f->client);
	assert_null(f->other);
	assert_int_equal(f->second.calls, 0);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
}

static int send_and_cancel(void *user, const char *bytes FC_UNUSED, size_t len FC_UNUSED,
			   struct fc_error *err FC_UNUSED)
{
	struct fixture *f = user;
	struct outcome never;

	if (f->pieces++ > 0)
		return 0;
	client_send(&f->client, "GET", "/x", NULL, &f->second);
	fc_request_cancel(client_send(&f->client, "GET", "/never", NULL, &never));
	return 0;
}

static void test_connection_request_can_be_sent_from_anothers_data(void **state)
{
	struct fixture *f = *state;

	client_watch(&f->client, "/lines", send_and_cancel, keep_first, f);
	WAIT_FOR(&f->client, f->first.calls && f->second.calls);
	assert_int_equal(f->second.status, 200);
	assert_int_equal(tls_server_requests(f->server), 2);
}

static void cancel_on_done(void *user, const struct fc_response *r)
{
	struct fixture *f = user;

	outcome_keep(&f->first, r);
	fc_request_cancel(fc_steal(&f->other));
}

static void test_connection_request_can_be_cancelled_from_anothers_end(void **state)
{
	struct fixture *f = *state;

	f->other = client_send(&f->client, "GET", "/hang", NULL, &f->second);
	client_watch(&f->client, "/lines", NULL, cancel_on_done, f);
	WAIT_FOR(&f->client, f->first.calls);
	tls_server_release(f->server);
	client_settle(&f->client);
	assert_int_equal(f->second.calls, 0);
}

static void test_connection_request_cancelling_itself_at_its_end_is_ignored(void **state)
{
	struct fixture *f = *state;

	f->other = client_watch(&f->client, "/lines", NULL, cancel_on_done, f);
	WAIT_FOR(&f->client, f->first.calls);
	assert_int_equal(f->first.calls, 1);
	assert_int_equal(fc_transport_in_flight(f->client.transport), 0);
}

static void test_connection_silent_but_alive_is_kept(void **state)
{
	struct fixture *f = *state;

	client_watch(&f->client, "/lines-hang", count_piece, keep_first, f);
	/* The watch, and three questions after its health. */
	WAIT_FOR(&f->client, tls_server_requests(f->server) >= 4);
	assert_string_equal(tls_server_last(f->server).url, "/version");
	assert_int_equal(f->first.calls, 0);
	assert_int_equal(f->pieces, 1);
}

static void test_connection_at_rest_is_not_asked(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/x", NULL, &o);
	int64_t until_ms = fc_clock_mono_ms() + 200;
	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(f->client.loop, 10);
	assert_int_equal(tls_server_requests(f->server), 1);
}

static void test_connection_silent_and_dead_fails_all_that_is_on_it(void **state)
{
	struct fixture *f = *state;

	client_watch(&f->client, "/lines-hang", count_piece, keep_first, f);
	client_send(&f->client, "PATCH", "/version", "[]", &f->second);
	WAIT_FOR(&f->client, f->first.calls && f->second.calls);
	assert_int_equal(f->first.err.cls, FC_ERR_NETWORK);
	assert_non_null(strstr(f->first.err.text, "connection silent"));
	assert_int_equal(f->second.err.cls, FC_ERR_NETWORK);
	assert_true(f->second.err.outcome_unknown);
	assert_int_equal(f->client.reachable_calls, 2);
	assert_false(f->client.reachable);
	fc_loop_run_once(f->client.loop, 10);
	assert_int_equal(fc_transport_connections(f->client.transport), 0);
}

static void test_connection_after_a_dead_one_is_a_new_one(void **state)
{
	struct fixture *f = *state;

	client_watch(&f->client, "/lines-hang", count_piece, keep_first, f);
	WAIT_FOR(&f->client, f->first.calls);
	client_do(&f->client, "GET", "/x", NULL, &f->second);
	assert_int_equal(f->second.status, 200);
	assert_int_equal(fc_transport_connections(f->client.transport), 1);
	assert_true(f->client.reachable);
}

static void cancel_and_resend(void *user, const struct fc_response *r)
{
	struct fixture *f = user;

	outcome_keep(&f->first, r);
	fc_request_cancel(fc_steal(&f->other));
	client_send(&f->client, "GET", "/x", NULL, &f->second);
}

static void test_connection_failing_survives_what_its_callbacks_do(void **state)
{
	struct fixture *f = *state;
	struct outcome never;

	client_watch(&f->client, "/lines-hang", NULL, cancel_and_resend, f);
	f->other = client_send(&f->client, "GET", "/version", NULL, &never);
	WAIT_FOR(&f->client, f->first.calls && f->second.calls);
	assert_int_equal(never.calls, 0);
	assert_int_equal(f->second.status, 200);
}

#define SILENT_MS 640
#define BEAT_MS (SILENT_MS / 4)

struct lone {
	struct fc_connection *connection;
	unsigned asked;
};

static void lone_silent(void *user, struct fc_connection *c FC_UNUSED)
{
	((struct lone *)user)->asked++;
}

static void lone_ignore(void *user FC_UNUSED)
{
}

static void lone_connected(void *user FC_UNUSED, struct fc_connection *c FC_UNUSED)
{
}

/* With a request that is never answered. */
static void lone_start(struct lone *l, struct fixture *f, struct fc_peer *peer)
{
	const struct fc_connection_options options = {
		.loop = f->client.loop,
		.peer = peer,
		.silent_ms = SILENT_MS,
		.on_silent = lone_silent,
		.on_connecting = lone_ignore,
		.on_connected = lone_connected,
		.user = l,
	};
	const struct fc_request_options hang = { .method = "GET", .path = "/hang" };
	struct fc_request *r = fc_request_new(&hang, NULL);

	*l = (struct lone){ .connection = fc_connection_new(&options, NULL) };
	assert_int_equal(fc_request_prepare(r, peer, NULL, 0, NULL), 0);
	assert_int_equal(fc_connection_add(l->connection, r, NULL), 0);
}

static void turn_until(struct fixture *f, int64_t until_ms)
{
	while (fc_clock_mono_ms() < until_ms)
		fc_loop_run_once(f->client.loop, 1);
}

/* Two fall silent at different times within one beat, and count as that at the end of the same one. False: the machine
 * was too slow to see it. */
static bool pair_is_in_step(struct fixture *f, struct fc_peer *peer, struct lone pair[2])
{
	int64_t beat_ms = (fc_clock_mono_ms() / BEAT_MS + 1) * BEAT_MS;
	int64_t due_ms = beat_ms + SILENT_MS + BEAT_MS;

	for (int64_t i = 0; i < 2; i++) {
		turn_until(f, beat_ms + (i + 1) * BEAT_MS / 4);
		lone_start(&pair[i], f, peer);
	}
	bool slow = fc_clock_mono_ms() >= beat_ms + BEAT_MS * 3 / 4;
	turn_until(f, due_ms - BEAT_MS / 4);
	unsigned early = pair[0].asked + pair[1].asked;
	if (slow || fc_clock_mono_ms() >= due_ms)
		return false;
	assert_int_equal(early, 0);
	while (fc_clock_mono_ms() <= due_ms)
		usleep(1000);
	fc_loop_run_once(f->client.loop, 0);
	assert_int_equal(pair[0].asked, 1);
	assert_int_equal(pair[1].asked, 1);
	return true;
}

static void test_connection_silence_is_found_in_step_with_others(void **state)
{
	struct fixture *f = *state;
	const struct fc_tls_material tls = { .ca_pem = f->server->ca_pem };
	struct fc_peer *peer = fc_peer_new(&f->client.access, &tls, NULL);
	bool seen = false;

	while (!seen) {
		struct lone pair[2];
		seen = pair_is_in_step(f, peer, pair);
		fc_connection_free(pair[0].connection);
		fc_connection_free(pair[1].connection);
	}
	fc_peer_unref(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connection_cancelled_request_never_calls_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connection_request_can_be_cancelled_from_anothers_data, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_connection_request_can_be_sent_from_anothers_data, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_connection_request_can_be_cancelled_from_anothers_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_connection_request_cancelling_itself_at_its_end_is_ignored, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_connection_silent_but_alive_is_kept, setup_watched, teardown),
		cmocka_unit_test_setup_teardown(test_connection_at_rest_is_not_asked, setup_watched, teardown),
		cmocka_unit_test_setup_teardown(test_connection_silence_is_found_in_step_with_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_connection_silent_and_dead_fails_all_that_is_on_it, setup_dead,
						teardown),
		cmocka_unit_test_setup_teardown(test_connection_after_a_dead_one_is_a_new_one, setup_dead, teardown),
		cmocka_unit_test_setup_teardown(test_connection_failing_survives_what_its_callbacks_do, setup_dead,
						teardown),
	};

	return cmocka_run_group_tests_name("connection", tests, client_global_setup, client_global_teardown);
}
