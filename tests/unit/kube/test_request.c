/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/request.h"

#include "unit/kube/client.h"

/* In place of libc's: what is overwritten is looked at first. Both names, since a fortified build calls the second. */
static _Thread_local size_t wiped_x;

#define LARGE_BYTES 200000

void explicit_bzero(void *p, size_t bytes);
void __explicit_bzero_chk(void *p, size_t bytes, size_t object_bytes);

void __explicit_bzero_chk(void *p, size_t bytes, size_t object_bytes FC_UNUSED)
{
	volatile char *at = p;

	for (size_t i = 0; i < bytes; i++) {
		wiped_x += at[i] == 'x';
		at[i] = 0;
	}
}

void explicit_bzero(void *p, size_t bytes)
{
	__explicit_bzero_chk(p, bytes, bytes);
}

static void large_body(struct tls_reply *reply, int status)
{
	*reply = (struct tls_reply){ .status = status, .allocated = malloc(LARGE_BYTES + 1) };
	memset(reply->allocated, 'x', LARGE_BYTES);
	reply->allocated[LARGE_BYTES] = '\0';
}

/* One server, one client; the test says by the path what it wants. */
static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	static const char denied[] =
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Invalid\",\"code\":422,"
		"\"message\":\"spec.x: Invalid value: \\\"hunter2\\\": must not be\","
		"\"details\":{\"name\":\"a\",\"kind\":\"secrets\",\"causes\":[{\"reason\":\"FieldValueInvalid\","
		"\"message\":\"Invalid value: \\\"hunter2\\\"\",\"field\":\"spec.x\"}]}}";
	static const char forbidden[] =
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,"
		"\"message\":\"secrets is forbidden: User x cannot list\"}";
	static const char zipped[] =
		"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\x48\xaf\xca\x2c\0\0\x4a\x9b\xb1\x5c\x0b\0\0";
	const char *url = request->url;

	(void)user;
	if (strcmp(url, "/busy") == 0)
		*reply = (struct tls_reply){ .status = 429, .body = "{}", .retry_after = "7" };
	else if (strcmp(url, "/busy-until") == 0)
		*reply = (struct tls_reply){ .status = 503,
					     .body = "x",
					     .retry_after = "Fri, 31 Dec 1999 23:59:59 GMT" };
	else if (strcmp(url, "/denied") == 0)
		*reply = (struct tls_reply){ .status = 422, .body = denied };
	else if (strcmp(url, "/forbidden") == 0)
		*reply = (struct tls_reply){ .status = 403, .body = forbidden, .audit_id = "8c0f3ca2" };
	else if (strcmp(url, "/gateway-timeout") == 0)
		*reply = (struct tls_reply){ .status = 504, .body = "<html>", .content_type = "text/html" };
	else if (strcmp(url, "/close") == 0)
		*reply = (struct tls_reply){ .manner = TLS_CLOSE };
	else if (strcmp(url, "/hang") == 0)
		*reply = (struct tls_reply){ .manner = TLS_HANG };
	else if (strcmp(url, "/moved") == 0)
		*reply = (struct tls_reply){ .status = 302, .location = "https://evil.example:8443/steal?x=y" };
	else if (strcmp(url, "/lines") == 0)
		*reply = (struct tls_reply){ .manner = TLS_STREAM, .body = "one\ntwo\nthree\n" };
	else if (strcmp(url, "/lines-cut") == 0)
		*reply = (struct tls_reply){ .manner = TLS_STREAM_CUT, .body = "one\ntwo\n" };
	else if (strcmp(url, "/lines-hang") == 0)
		*reply = (struct tls_reply){ .manner = TLS_STREAM_HANG, .body = "one\ntwo\n" };
	else if (strcmp(url, "/gzip") == 0)
		*reply = (struct tls_reply){ .body = zipped, .body_bytes = sizeof(zipped), .content_encoding = "gzip" };
	else if (strcmp(url, "/large-error") == 0) {
		large_body(reply, 500);
	} else if (strcmp(url, "/large") == 0) {
		large_body(reply, 200);
	} else
		*reply = (struct tls_reply){ .body = "{\"a\":1}", .content_type = "application/json; charset=utf-8" };
}

struct fixture {
	struct tls_server *server;
	struct client client;
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->server = tls_server_start(NULL, route, NULL);
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

static void test_request_brings_status_body_and_content_type(void **state)
{
	struct fixture *f = *state;
	struct outcome o;
	int64_t before_us = fc_clock_mono_us();

	client_do(&f->client, "GET", "/x", NULL, &o);
	assert_false(o.failed);
	assert_int_equal(o.status, 200);
	assert_string_equal(o.body, "{\"a\":1}");
	assert_int_equal(o.body_bytes, 7);
	assert_string_equal(o.content_type, "application/json; charset=utf-8");
	assert_true(o.finished_us >= before_us && o.finished_us <= fc_clock_mono_us());
}

static void test_request_sends_method_body_and_headers(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "PATCH", "/x?fieldManager=f", "[{\"op\":\"add\"}]", &o);
	struct tls_seen seen = tls_server_last(f->server);
	assert_false(o.failed);
	assert_string_equal(seen.method, "PATCH");
	assert_string_equal(seen.url, "/x?fieldManager=f");
	assert_string_equal(seen.body, "[{\"op\":\"add\"}]");
	assert_string_equal(seen.content_type, "application/json-patch+json");
	assert_true(seen.has_content_length);
	assert_string_equal(seen.accept, "application/json");
	assert_string_equal(seen.accept_encoding, "gzip");
	assert_int_equal(strncmp(seen.user_agent, "fedcopy/", 8), 0);
	assert_non_null(strstr(seen.user_agent, " (linux/"));
	assert_non_null(strstr(seen.user_agent, ") kubernetes/"));
}

static void test_request_delete_carries_its_body(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "DELETE", "/x", "{\"preconditions\":{}}", &o);
	struct tls_seen seen = tls_server_last(f->server);
	assert_string_equal(seen.method, "DELETE");
	assert_string_equal(seen.body, "{\"preconditions\":{}}");
}

static void test_request_of_a_watch_is_never_compressed(void **state)
{
	struct fixture *f = *state;
	struct outcome o = { .calls = 0 };

	client_watch(&f->client, "/lines", NULL, outcome_keep, &o);
	WAIT_FOR(&f->client, o.calls);
	assert_string_equal(tls_server_last(f->server).accept_encoding, "");
}

static void test_request_with_compression_disabled_does_not_ask_for_it(void **state)
{
	struct fixture *f = *state;
	struct client c = { .access = f->client.access };
	struct outcome o;

	c.access.no_compression = true;
	client_connect(&c, 0, 0);
	client_do(&c, "GET", "/x", NULL, &o);
	client_stop(&c);
	assert_string_equal(tls_server_last(f->server).accept_encoding, "");
}

static void test_request_unpacks_a_compressed_answer(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/gzip", NULL, &o);
	assert_false(o.failed);
	assert_string_equal(o.body, "hello, gzip");
}

static void test_request_throttled_keeps_the_seconds_of_retry_after(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/busy", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_THROTTLED);
	assert_int_equal(o.err.http_status, 429);
	assert_int_equal(o.err.retry_after_ms, 7000);
}

static void test_request_ignores_a_retry_after_that_is_a_date(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/busy-until", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_SERVER);
	assert_int_equal(o.err.retry_after_ms, -1);
}

static void test_request_refused_write_shows_no_value(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "PATCH", "/denied", "[]", &o);
	assert_int_equal(o.err.cls, FC_ERR_INVALID);
	assert_null(strstr(o.err.text, "hunter2"));
	assert_non_null(strstr(o.err.text, "spec.x"));
	assert_false(o.err.outcome_unknown);
}

static void test_request_forbidden_read_shows_the_servers_message(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/forbidden", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_FORBIDDEN);
	assert_non_null(strstr(o.err.text, "cannot list"));
}

static void test_request_504_leaves_the_outcome_of_a_write_unknown(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "PATCH", "/gateway-timeout", "[]", &o);
	assert_int_equal(o.err.cls, FC_ERR_TIMEOUT);
	assert_true(o.err.outcome_unknown);
	client_do(&f->client, "GET", "/gateway-timeout", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_TIMEOUT);
	assert_false(o.err.outcome_unknown);
}

static void test_request_closed_without_answer_is_a_network_failure(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/close", NULL, &o);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_false(o.err.outcome_unknown);
}

/* libcurl would repeat it by itself, since the connection had served a request before. */
static void test_request_write_on_a_dying_connection_is_sent_once(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/x", NULL, &o);
	client_do(&f->client, "PATCH", "/close", "[]", &o);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_true(o.err.outcome_unknown);
	assert_int_equal(tls_server_requests(f->server), 2);
}

static void test_request_deadline_is_a_timeout_of_unknown_outcome(void **state)
{
	struct fixture *f = *state;
	struct outcome o = { .calls = 0 };
	const struct fc_request_options options = { .method = "PATCH",
						    .path = "/hang",
						    .body = fc_xstrdup("[]"),
						    .body_bytes = 2,
						    .timeout_ms = 2000, /* a handshake on a busy machine, and more */
						    .on_done = outcome_keep,
						    .user = &o };

	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	WAIT_FOR(&f->client, o.calls);
	assert_int_equal(o.status, 0);
	assert_int_equal(o.err.cls, FC_ERR_TIMEOUT);
	assert_true(o.err.outcome_unknown);
}

static void test_request_redirect_names_the_host_and_is_not_followed(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/moved", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_PROTOCOL);
	assert_int_equal(o.err.http_status, 302);
	assert_non_null(strstr(o.err.text, "evil.example"));
	assert_null(strstr(o.err.text, "steal"));
}

static void test_request_answer_beyond_its_limit_fails(void **state)
{
	struct fixture *f = *state;
	struct outcome o = { .calls = 0 };
	struct fc_request_options options = { .method = "GET",
					      .path = "/x",
					      .max_body_bytes = 6,
					      .timeout_ms = 20000,
					      .on_done = outcome_keep,
					      .user = &o };

	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	WAIT_FOR(&f->client, o.calls == 1);
	assert_int_equal(o.err.cls, FC_ERR_LIMIT);
	options.max_body_bytes = 7;
	assert_non_null(fc_transport_send(f->client.transport, &options, NULL));
	WAIT_FOR(&f->client, o.calls == 2);
	assert_false(o.failed);
}

static void test_request_large_error_body_is_cut_and_classified(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "GET", "/large-error", NULL, &o);
	assert_int_equal(o.err.cls, FC_ERR_SERVER);
	assert_int_equal(o.body_bytes, 65536);
}

struct stream {
	struct outcome outcome;
	char text[256];
	unsigned refuse_at; /* the n-th byte is too much */
};

static int on_data(void *user, const char *bytes, size_t len, struct fc_error *err)
{
	struct stream *s = user;
	size_t at = strlen(s->text);

	assert_true(at + len < sizeof(s->text));
	memcpy(s->text + at, bytes, len);
	if (s->refuse_at && at + len >= s->refuse_at)
		return fc_error_set(err, FC_ERR_GONE, "too old");
	return 0;
}

static void on_stream_done(void *user, const struct fc_response *response)
{
	outcome_keep(&((struct stream *)user)->outcome, response);
}

static void test_request_stream_is_passed_on_and_ends_well(void **state)
{
	struct fixture *f = *state;
	struct stream s = { .refuse_at = 0 };

	client_watch(&f->client, "/lines", on_data, on_stream_done, &s);
	WAIT_FOR(&f->client, s.outcome.calls);
	assert_false(s.outcome.failed);
	assert_string_equal(s.text, "one\ntwo\nthree\n");
	assert_string_equal(s.outcome.body, "");
}

static void test_request_stream_arrives_while_it_is_open(void **state)
{
	struct fixture *f = *state;
	struct stream s = { .refuse_at = 0 };

	client_watch(&f->client, "/lines-hang", on_data, on_stream_done, &s);
	WAIT_FOR(&f->client, strcmp(s.text, "one\ntwo\n") == 0);
	assert_int_equal(s.outcome.calls, 0);
}

static void test_request_stream_ends_with_the_callees_error(void **state)
{
	struct fixture *f = *state;
	struct stream s = { .refuse_at = 4 };

	client_watch(&f->client, "/lines-hang", on_data, on_stream_done, &s);
	WAIT_FOR(&f->client, s.outcome.calls);
	assert_int_equal(s.outcome.err.cls, FC_ERR_GONE);
	assert_string_equal(s.outcome.err.text, "too old");
}

static void test_request_stream_cut_off_is_a_network_failure(void **state)
{
	struct fixture *f = *state;
	struct stream s = { .refuse_at = 0 };

	client_watch(&f->client, "/lines-cut", on_data, on_stream_done, &s);
	WAIT_FOR(&f->client, s.outcome.calls);
	assert_string_equal(s.text, "one\ntwo\n");
	assert_int_equal(s.outcome.status, 200);
	assert_int_equal(s.outcome.err.cls, FC_ERR_NETWORK);
	assert_true(f->client.reachable);
}

static void test_request_write_whose_answer_is_cut_off_has_an_unknown_outcome(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	client_do(&f->client, "PATCH", "/lines-cut", "[]", &o);
	assert_int_equal(o.err.cls, FC_ERR_NETWORK);
	assert_true(o.err.outcome_unknown);
}

static void test_request_error_body_of_a_stream_is_classified_not_passed_on(void **state)
{
	struct fixture *f = *state;
	struct stream s = { .refuse_at = 0 };

	client_watch(&f->client, "/forbidden", on_data, on_stream_done, &s);
	WAIT_FOR(&f->client, s.outcome.calls);
	assert_int_equal(s.outcome.err.cls, FC_ERR_FORBIDDEN);
	assert_string_equal(s.text, "");
}

static void test_request_leaves_no_copy_of_an_answer_behind(void **state)
{
	struct fixture *f = *state;
	struct outcome o;

	wiped_x = 0;
	client_do(&f->client, "GET", "/large", NULL, &o);
	assert_false(o.failed);
	assert_int_equal(o.body_bytes, LARGE_BYTES);
	/* The whole, and each shorter buffer that it had outgrown. */
	assert_true(wiped_x > LARGE_BYTES + LARGE_BYTES / 4);
}

static void test_request_shows_no_login_of_a_proxy_that_cannot_be_used(void **state)
{
	static char proxies[][64] = { "http://user:Passw0rd@127.0.0.1:1", "http://user:Passw0rd@pro xy:3128",
				      "http://user:Passw0rd@proxy.invalid:3128", "ftp://user:Passw0rd@127.0.0.1:1" };
	struct fixture *f = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(proxies); i++) {
		struct client c = { .access = f->client.access };
		struct outcome o;
		c.access.proxy_url = proxies[i];
		client_connect(&c, 0, 0);
		client_do(&c, "GET", "/x", NULL, &o);
		client_stop(&c);
		assert_true(o.failed);
		assert_true(o.err.text[0]);
		assert_null(strstr(o.err.text, "Passw0rd"));
	}
}

struct marked {
	struct fc_request *request;
	unsigned calls;
	char audit_id[64];
};

static void keep_audit_id(void *user, const struct fc_response *r FC_UNUSED)
{
	struct marked *m = user;

	m->calls++;
	snprintf(m->audit_id, sizeof(m->audit_id), "%s", m->request->marks ? m->request->marks->audit_id : "none");
}

static const char *audit_id_of(struct fixture *f, struct marked *m, const char *path)
{
	const struct fc_request_options options = {
		.method = "GET", .path = path, .on_done = keep_audit_id, .user = m
	};

	*m = (struct marked){ .request = fc_transport_send(f->client.transport, &options, NULL) };
	WAIT_FOR(&f->client, m->calls);
	return m->audit_id;
}

static void test_request_keeps_what_names_a_refusal_in_the_servers_logs(void **state)
{
	struct fixture *f = *state;
	struct marked m;

	assert_string_equal(audit_id_of(f, &m, "/forbidden"), "8c0f3ca2");
	assert_string_equal(audit_id_of(f, &m, "/x"), "none");
}

/* libcurl would repeat it by itself when its connection breaks. */
static void test_request_that_writes_without_a_body_is_refused(void **state)
{
	struct fixture *f = *state;
	struct fc_error err = FC_ERROR_INIT;
	const struct fc_request_options options = { .method = "DELETE", .path = "/x", .on_done = outcome_keep };

	assert_null(fc_transport_send(f->client.transport, &options, &err));
	assert_int_equal(err.cls, FC_ERR_INTERNAL);
	assert_int_equal(tls_server_requests(f->server), 0);
}

static void test_request_without_a_sound_path_is_refused(void **state)
{
	struct fixture *f = *state;
	struct fc_error err = FC_ERROR_INIT;
	const struct fc_request_options options = { .method = "GET", .path = "x", .on_done = outcome_keep };

	assert_null(fc_transport_send(f->client.transport, &options, &err));
	assert_int_equal(err.cls, FC_ERR_INTERNAL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_request_brings_status_body_and_content_type),
		T(test_request_sends_method_body_and_headers),
		T(test_request_delete_carries_its_body),
		T(test_request_of_a_watch_is_never_compressed),
		T(test_request_with_compression_disabled_does_not_ask_for_it),
		T(test_request_unpacks_a_compressed_answer),
		T(test_request_throttled_keeps_the_seconds_of_retry_after),
		T(test_request_ignores_a_retry_after_that_is_a_date),
		T(test_request_refused_write_shows_no_value),
		T(test_request_forbidden_read_shows_the_servers_message),
		T(test_request_504_leaves_the_outcome_of_a_write_unknown),
		T(test_request_closed_without_answer_is_a_network_failure),
		T(test_request_write_on_a_dying_connection_is_sent_once),
		T(test_request_deadline_is_a_timeout_of_unknown_outcome),
		T(test_request_redirect_names_the_host_and_is_not_followed),
		T(test_request_answer_beyond_its_limit_fails),
		T(test_request_large_error_body_is_cut_and_classified),
		T(test_request_stream_is_passed_on_and_ends_well),
		T(test_request_stream_arrives_while_it_is_open),
		T(test_request_stream_ends_with_the_callees_error),
		T(test_request_stream_cut_off_is_a_network_failure),
		T(test_request_write_whose_answer_is_cut_off_has_an_unknown_outcome),
		T(test_request_error_body_of_a_stream_is_classified_not_passed_on),
		T(test_request_leaves_no_copy_of_an_answer_behind),
		T(test_request_shows_no_login_of_a_proxy_that_cannot_be_used),
		T(test_request_keeps_what_names_a_refusal_in_the_servers_logs),
		T(test_request_that_writes_without_a_body_is_refused),
		T(test_request_without_a_sound_path_is_refused),
	};
#undef T

	return cmocka_run_group_tests_name("request", tests, client_global_setup, client_global_teardown);
}
