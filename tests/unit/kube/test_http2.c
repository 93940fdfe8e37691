/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP/2 servers do to their clients (kube-client 2.1, 2.6, 2.7): the transport as a whole, since half of it is
 * libcurl's doing. */
#include "unit/kube/client.h"
#include "unit/kube/h2_server.h"

/* More than one record of TLS, and than libcurl's buffer. */
#define LONG_BYTES 17354
#define SHORT_BYTES 6816
/* As long as an object may be. */
#define EVENT_BYTES (1024 * 1024)

struct fixture {
	struct h2_server *server;
	struct client client;
	unsigned pieces; /* that watches were told */
	size_t bytes;	 /* ... */
	char long_text[LONG_BYTES + 1];
	_Atomic unsigned refusals; /* still to come */
};

static void route(void *user, const struct h2_seen *request, struct h2_reply *reply)
{
	struct fixture *f = user;

	if (strcmp(request->path, "/watch") == 0)
		*reply = (struct h2_reply){ .manner = H2_WATCH, .body = "{}\n" };
	else if (strcmp(request->path, "/watch/long") == 0)
		*reply = (struct h2_reply){ .manner = H2_WATCH, .body = f->long_text };
	else if (strcmp(request->path, "/watch/last") == 0)
		*reply = (struct h2_reply){ .manner = H2_LAST, .body = f->long_text + LONG_BYTES - SHORT_BYTES };
	else if (strcmp(request->path, "/watch/left") == 0)
		*reply = (struct h2_reply){ .manner = f->refusals > 0 && f->refusals-- ? H2_LEAVE : H2_WATCH,
					    .body = "{}\n" };
	else if (strstr(request->path, "silent"))
		*reply = (struct h2_reply){ .manner = H2_SILENT };
	else if (strstr(request->path, "reset"))
		*reply = (struct h2_reply){ .manner = H2_RESET };
	else if (strstr(request->path, "refused") && f->refusals > 0 && f->refusals--)
		*reply = (struct h2_reply){ .manner = H2_REFUSE };
	else if (strstr(request->path, "left") && f->refusals > 0 && f->refusals--)
		*reply = (struct h2_reply){ .manner = H2_LEAVE };
	else if (strstr(request->path, "broken") && f->refusals > 0 && f->refusals--)
		*reply = (struct h2_reply){ .manner = H2_BREAK };
}

static void start(struct fixture *f, uint32_t max_streams)
{
	*f = (struct fixture){ .pieces = 0 };
	memset(f->long_text, 'x', LONG_BYTES);
	f->server = h2_server_start(max_streams, route, f);
	f->client.access = (struct fc_access){ .server = f->server->url, .ca_pem = f->server->ca_pem };
	client_connect(&f->client, 0, 0);
}

static void stop(struct fixture *f)
{
	client_stop(&f->client);
	h2_server_stop(f->server);
}

static int count_piece(void *user, const char *bytes FC_UNUSED, size_t len FC_UNUSED, struct fc_error *err FC_UNUSED)
{
	((struct fixture *)user)->pieces++;
	return 0;
}

/* One that ends fails the test. */
static void never(void *user FC_UNUSED, const struct fc_response *r)
{
	fail_msg("a watch ended: %s", r->error ? r->error->text : "well");
}

static void watches(struct fixture *f, size_t count)
{
	for (size_t i = 0; i < count; i++)
		client_watch(&f->client, "/watch", count_piece, never, f);
}

static void test_http2_carries_80_watches_on_one_connection_and_one_more_on_a_second(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	watches(&f, FC_TRANSPORT_MAX_WATCHES);
	WAIT_FOR(&f.client, h2_server_watches(f.server) == FC_TRANSPORT_MAX_WATCHES);
	client_do(&f.client, "GET", "/x", NULL, &o);
	client_do(&f.client, "PATCH", "/x", "[]", &o);
	assert_int_equal(o.status, 200);
	assert_int_equal(h2_server_accepted(f.server), 1);
	watches(&f, 1);
	WAIT_FOR(&f.client, h2_server_watches(f.server) == FC_TRANSPORT_MAX_WATCHES + 1);
	assert_int_equal(h2_server_accepted(f.server), 2);
	WAIT_FOR(&f.client, f.client.connected_calls == 2);
	stop(&f);
}

/* libcurl opens further connections; none of the requests waits behind a watch. */
static void test_http2_server_that_allows_few_streams_gets_more_connections(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome read = { .calls = 0 }, write = { .calls = 0 };

	start(&f, 5);
	watches(&f, 20);
	client_send(&f.client, "PATCH", "/x", "[]", &write);
	client_send(&f.client, "GET", "/x", NULL, &read);
	WAIT_FOR(&f.client, read.calls && write.calls && h2_server_watches(f.server) == 20);
	assert_int_equal(read.status, 200);
	assert_int_equal(write.status, 200);
	/* Without asking again: its word was kept. */
	client_do(&f.client, "PATCH", "/x", "[]", &write);
	assert_int_equal(write.status, 200);
	assert_true(h2_server_accepted(f.server) > 1);
	assert_int_equal(h2_server_requests(f.server), 23);
	stop(&f);
}

static void test_http2_goaway_lets_streams_finish_and_new_ones_go_elsewhere(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	watches(&f, 1);
	WAIT_FOR(&f.client, f.pieces == 1);
	h2_server_goaway(f.server);
	client_settle(&f.client);
	client_do(&f.client, "GET", "/x", NULL, &o);
	assert_int_equal(o.status, 200);
	client_do(&f.client, "PATCH", "/x", "[]", &o);
	assert_int_equal(o.status, 200);
	assert_int_equal(h2_server_seen(f.server, 0).connection, 0);
	assert_int_equal(h2_server_seen(f.server, 1).connection, 1);
	assert_int_equal(h2_server_accepted(f.server), 2);
	h2_server_say(f.server, "{}\n");
	WAIT_FOR(&f.client, f.pieces == 2);
	/* Another server may be behind the new one. */
	assert_int_equal(f.client.connected_calls, 2);
	assert_int_equal(f.client.reachable_calls, 1);
	stop(&f);
}

static int count_bytes(void *user, const char *bytes FC_UNUSED, size_t len, struct fc_error *err FC_UNUSED)
{
	((struct fixture *)user)->bytes += len;
	return 0;
}

/* libcurl keeps the end of what it has read to itself where it has heard a GOAWAY before. */
static void test_http2_goaway_keeps_nothing_back_of_a_long_answer_behind_it(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	for (size_t i = 1; i <= 8; i++) {
		/* Both on one connection that stands. */
		client_do(&f.client, "GET", "/x", NULL, &o);
		client_watch(&f.client, "/watch/long", count_bytes, never, &f);
		client_watch(&f.client, "/watch/last", count_bytes, never, &f);
		WAIT_FOR(&f.client, f.bytes == i * (LONG_BYTES + SHORT_BYTES));
	}
	stop(&f);
}

/* An event is longer than the buffer that libcurl holds for a watch, and nothing comes after it. */
static void test_http2_event_longer_than_a_watchs_buffer_comes_whole_and_at_once(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *event = fc_xcalloc(1, EVENT_BYTES + 1);
	struct fixture f;
	int64_t began_ms;

	start(&f, 0);
	memset(event, 'x', EVENT_BYTES);
	client_watch(&f.client, "/watch", count_bytes, never, &f);
	WAIT_FOR(&f.client, f.bytes == strlen("{}\n"));
	began_ms = fc_clock_mono_ms();
	h2_server_say(f.server, event);
	WAIT_FOR(&f.client, f.bytes == strlen("{}\n") + EVENT_BYTES);
	/* Hundreds of pieces: were each waited for, it would take five seconds. */
	assert_in_range(fc_clock_mono_ms() - began_ms, 0, 2500);
	stop(&f);
}

static int needs_word_of_the_connection(void *user, const char *bytes FC_UNUSED, size_t len FC_UNUSED,
					struct fc_error *err FC_UNUSED)
{
	struct fixture *f = user;

	f->pieces++;
	assert_int_equal(f->client.connected_calls, h2_server_accepted(f->server));
	return 0;
}

/* What the one who answers there says may come with the head of the answer, in one read. */
static void test_http2_new_connection_is_told_of_before_anything_that_came_over_it(void **state FC_UNUSED)
{
	struct fixture f;

	start(&f, 0);
	client_watch(&f.client, "/watch", needs_word_of_the_connection, never, &f);
	WAIT_FOR(&f.client, f.pieces == 1);
	h2_server_goaway(f.server);
	client_settle(&f.client);
	client_watch(&f.client, "/watch", needs_word_of_the_connection, never, &f);
	WAIT_FOR(&f.client, f.pieces == 2);
	assert_int_equal(f.client.connected_calls, 2);
	stop(&f);
}

static void test_http2_goaway_with_a_watch_alone_is_noticed_when_it_opens_again(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome ended = { .calls = 0 };

	start(&f, 0);
	client_watch(&f.client, "/watch", NULL, outcome_keep, &ended);
	WAIT_FOR(&f.client, h2_server_watches(f.server) == 1 && f.client.connected_calls == 1);
	h2_server_goaway(f.server);
	h2_server_end(f.server);
	WAIT_FOR(&f.client, ended.calls);
	assert_false(ended.failed);
	watches(&f, 1);
	WAIT_FOR(&f.client, f.client.connected_calls == 2);
	assert_int_equal(h2_server_accepted(f.server), 2);
	stop(&f);
}

/* The request and the GOAWAY cross each other's way. */
static void test_http2_read_that_a_goaway_leaves_out_is_sent_again(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	client_do(&f.client, "GET", "/x", NULL, &o);
	f.refusals = 1;
	client_do(&f.client, "GET", "/left", NULL, &o);
	assert_false(o.failed);
	assert_int_equal(h2_server_requests(f.server), 3);
	f.refusals = 1;
	client_watch(&f.client, "/watch/left", count_piece, never, &f);
	WAIT_FOR(&f.client, f.pieces == 1);
	stop(&f);
}

static void test_http2_read_whose_connection_breaks_is_sent_again_once(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	f.refusals = 1;
	client_do(&f.client, "GET", "/broken", NULL, &o);
	assert_false(o.failed);
	assert_int_equal(h2_server_requests(f.server), 2);
	assert_int_equal(f.client.reachable_calls, 1);
	f.refusals = 1000;
	client_do(&f.client, "GET", "/broken", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_in_range(h2_server_requests(f.server), 4, 5); /* libcurl repeats one on a used connection by itself */
	stop(&f);
}

static void test_http2_write_whose_connection_breaks_is_sent_once(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	for (int used = 0; used < 2; used++) {
		f.refusals = 1;
		client_do(&f.client, "PATCH", "/broken", "[]", &o);
		assert_int_equal(o.err.cls, FC_ERR_NETWORK);
		assert_true(o.err.outcome_unknown);
		assert_int_equal(h2_server_requests(f.server), used ? 3 : 1);
		client_do(&f.client, "GET", "/x", NULL, &o);
	}
	stop(&f);
}

static void test_http2_refused_read_is_sent_again_elsewhere(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	f.refusals = 1;
	client_do(&f.client, "GET", "/refused", NULL, &o);
	assert_int_equal(o.status, 200);
	assert_int_equal(h2_server_seen(f.server, 1).connection, 1);
	stop(&f);
}

static void test_http2_refused_write_is_sent_again_whole(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	client_do(&f.client, "GET", "/x", NULL, &o); /* on a connection that is used already */
	f.refusals = 2;
	client_do(&f.client, "PATCH", "/refused", "[\"some body\"]", &o);
	assert_false(o.failed);
	assert_int_equal(o.status, 200);
	assert_int_equal(h2_server_requests(f.server), 4);
	assert_int_equal(h2_server_seen(f.server, 3).body_bytes, strlen("[\"some body\"]"));
	stop(&f);
}

static void test_http2_write_refused_for_good_has_no_unknown_outcome(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	f.refusals = 1000;
	client_do(&f.client, "PATCH", "/refused", "[]", &o);
	assert_true(o.failed);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_false(o.err.outcome_unknown);
	stop(&f);
}

static void test_http2_write_whose_stream_is_reset_otherwise_has_an_unknown_outcome(void **state FC_UNUSED)
{
	struct fixture f;
	struct outcome o;

	start(&f, 0);
	client_do(&f.client, "GET", "/x", NULL, &o);
	f.refusals = 1;
	client_do(&f.client, "PATCH", "/refused-then", "[]", &o);
	assert_false(o.failed);
	client_do(&f.client, "PATCH", "/reset", "[]", &o);
	assert_true(o.failed);
	assert_true(o.err.outcome_unknown);
	assert_int_equal(h2_server_requests(f.server), 4); /* the reset one once */
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_http2_carries_80_watches_on_one_connection_and_one_more_on_a_second),
		cmocka_unit_test(test_http2_server_that_allows_few_streams_gets_more_connections),
		cmocka_unit_test(test_http2_goaway_keeps_nothing_back_of_a_long_answer_behind_it),
		cmocka_unit_test(test_http2_goaway_lets_streams_finish_and_new_ones_go_elsewhere),
		cmocka_unit_test(test_http2_event_longer_than_a_watchs_buffer_comes_whole_and_at_once),
		cmocka_unit_test(test_http2_new_connection_is_told_of_before_anything_that_came_over_it),
		cmocka_unit_test(test_http2_goaway_with_a_watch_alone_is_noticed_when_it_opens_again),
		cmocka_unit_test(test_http2_read_that_a_goaway_leaves_out_is_sent_again),
		cmocka_unit_test(test_http2_read_whose_connection_breaks_is_sent_again_once),
		cmocka_unit_test(test_http2_write_whose_connection_breaks_is_sent_once),
		cmocka_unit_test(test_http2_refused_read_is_sent_again_elsewhere),
		cmocka_unit_test(test_http2_refused_write_is_sent_again_whole),
		cmocka_unit_test(test_http2_write_refused_for_good_has_no_unknown_outcome),
		cmocka_unit_test(test_http2_write_whose_stream_is_reset_otherwise_has_an_unknown_outcome),
	};

	return cmocka_run_group_tests_name("http2", tests, client_global_setup, client_global_teardown);
}
