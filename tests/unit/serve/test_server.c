/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/serve/server_bench.h"

static struct fc_server *start(struct world *w, unsigned paths)
{
	struct fc_serve_sources sources = sources_of(w);
	struct fc_error err = FC_ERROR_INIT;
	struct fc_server *s = fc_server_start("127.0.0.1:0", paths, &sources, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

/* Asks a server of its own for one path. */
static struct answer one(struct world *w, unsigned paths, const char *method, const char *path)
{
	struct fc_server *s = start(w, paths);
	struct answer a = get(fc_server_port(s), method, path);

	fc_server_stop(s);
	return a;
}

static void test_server_metrics_are_prometheus_text_that_nobody_caches(void **state)
{
	struct world w = { .fails_at = UINT64_MAX };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, "GET", "/metrics");

	(void)state;
	assert_int_equal(a.status, 200);
	assert_string_equal(fc_buf_str(&a.body), "fedcopy_cluster_up{cluster=\"hub\"} 1\n");
	assert_non_null(strstr(fc_buf_str(&a.head), "text/plain; version=0.0.4"));
	assert_non_null(strstr(fc_buf_str(&a.head), "X-Content-Type-Options: nosniff"));
	assert_non_null(strstr(fc_buf_str(&a.head), "Cache-Control: no-store"));
}

static void test_server_healthz_is_ok_whatever_the_engine_does(void **state)
{
	struct world w = { .live = -1, .ready = -1 };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, "GET", "/healthz");
	AUTO_ANSWER struct answer b = one(&w, FC_SERVE_STATUS, "GET", "/healthz?verbose");

	(void)state;
	assert_int_equal(a.status, 200);
	assert_string_equal(fc_buf_str(&a.body), "ok");
	assert_string_equal(fc_buf_str(&b.body), "[+]ping ok\nhealthz check passed\n");
}

static void test_server_livez_says_ok_and_lists_when_asked(void **state)
{
	struct world w = { 0 };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, "GET", "/livez");
	AUTO_ANSWER struct answer b = one(&w, FC_SERVE_STATUS, "GET", "/livez?verbose");

	(void)state;
	assert_int_equal(a.status, 200);
	assert_string_equal(fc_buf_str(&a.body), "ok");
	assert_int_equal(b.status, 200);
	assert_string_equal(fc_buf_str(&b.body), "[+]engine ok\nlivez check passed\n");
}

static void test_server_livez_fails_with_503_and_the_reason(void **state)
{
	struct world w = { .live = -1 };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, "GET", "/livez");

	(void)state;
	assert_int_equal(a.status, 503);
	assert_string_equal(fc_buf_str(&a.body), "[-]engine failed: no step for 61 s\nlivez check failed\n");
}

static void test_server_readyz_lists_each_cluster_ready_or_not(void **state)
{
	struct world well = { .ready = 0 }, not = { .ready = -1 };
	AUTO_ANSWER struct answer a = one(&well, FC_SERVE_STATUS, "GET", "/readyz");
	AUTO_ANSWER struct answer b = one(&not, FC_SERVE_STATUS, "GET", "/readyz");

	(void)state;
	assert_int_equal(a.status, 200);
	assert_string_equal(fc_buf_str(&a.body), "[+]hub ok\n[-]edge-1 failed: unreachable\nreadyz check passed\n");
	assert_int_equal(b.status, 503);
	assert_string_equal(fc_buf_str(&b.body),
			    "[-]hub failed: connecting\n[-]edge-1 failed: unreachable\nreadyz check failed\n");
}

static void test_server_unknown_path_gets_404_with_the_paths_served_here(void **state)
{
	struct world w = { 0 };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, "GET", "/debug/rules");
	AUTO_ANSWER struct answer b = one(&w, FC_SERVE_DEBUG, "GET", "/metrics");

	(void)state;
	assert_int_equal(a.status, 404);
	assert_string_equal(fc_buf_str(&a.body), "not found; served here:\n/healthz\n/livez\n/metrics\n/readyz\n");
	assert_int_equal(b.status, 404);
	assert_string_equal(fc_buf_str(&b.body), "not found; served here:\n/debug/rules\n");
}

static void test_server_path_without_a_source_is_not_served(void **state)
{
	struct world w = { 0 };
	struct fc_serve_sources sources = { .user = &w, .metrics = say_metrics };
	struct fc_server *s = fc_server_start("127.0.0.1:0", FC_SERVE_STATUS | FC_SERVE_DEBUG, &sources, NULL);
	AUTO_ANSWER struct answer a = get(fc_server_port(s), "GET", "/readyz");

	(void)state;
	fc_server_stop(s);
	assert_int_equal(a.status, 404);
	assert_string_equal(fc_buf_str(&a.body), "not found; served here:\n/healthz\n/metrics\n");
}

static void test_server_other_methods_get_405_and_the_ones_allowed(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "PATCH" };
	struct world w = { 0 };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(methods); i++) {
		AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, methods[i], "/metrics");
		assert_int_equal(a.status, 405);
		assert_non_null(strstr(fc_buf_str(&a.head), "Allow: GET, HEAD"));
	}
}

static void test_server_body_of_a_refused_method_is_not_read(void **state)
{
	struct world w = { 0 };
	struct fc_server *s = start(&w, FC_SERVE_STATUS);
	CURL *easy = curl_easy_init();

	(void)state;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "a=1&b=2");
	AUTO_ANSWER struct answer a = ask(easy, fc_server_port(s), "POST", "/metrics");
	curl_easy_cleanup(easy);
	fc_server_stop(s);
	assert_int_equal(a.status, 405);
}

static void test_server_head_has_the_headers_of_get_and_no_body(void **state)
{
	struct world w = { .pieces = 3, .fails_at = UINT64_MAX };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_STATUS, "HEAD", "/metrics");
	AUTO_ANSWER struct answer b = one(&w, FC_SERVE_DEBUG, "HEAD", "/debug/rules");

	(void)state;
	assert_int_equal(a.status, 200);
	assert_int_equal(a.body.len, 0);
	assert_non_null(strstr(fc_buf_str(&a.head), "Content-Length: 36"));
	assert_int_equal(b.status, 200);
	assert_int_equal(b.body.len, 0);
	assert_non_null(strstr(fc_buf_str(&b.head), "application/json"));
}

static void test_server_connection_is_used_again(void **state)
{
	struct world w = { .pieces = 2, .fails_at = UINT64_MAX };
	struct fc_server *s = start(&w, FC_SERVE_STATUS | FC_SERVE_DEBUG);
	CURL *easy = curl_easy_init();
	long opened = 0, all = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		AUTO_ANSWER struct answer a = ask(easy, fc_server_port(s), "GET", i % 2 ? "/debug/rules" : "/metrics");
		assert_int_equal(a.status, 200);
		curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
		all += opened;
	}
	assert_int_equal(all, 1);
	/* The connection is open and idle: stopping does not wait for its time limit, or this test would take 30 s. */
	fc_server_stop(s);
	curl_easy_cleanup(easy);
}

static size_t rules_in(const struct answer *a)
{
	json_error_t why;
	json_t *list = json_loadb(fc_buf_str(&a->body), a->body.len, 0, &why);
	size_t count = json_array_size(list);

	if (!json_is_array(list))
		fail_msg("no JSON list: %s", why.text);
	json_decref(list);
	return count;
}

static void test_server_rules_are_one_list_however_many_pieces(void **state)
{
	static const struct {
		uint64_t pieces;
		unsigned empty_every;
		size_t rules;
	} cases[] = { { 0, 0, 0 }, { 1, 0, 2 }, { 2, 0, 4 }, { 3, 2, 2 }, { 4, 3, 4 }, { 1, 1, 0 }, { 500, 7, 856 } };

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++) {
		struct world w = { .pieces = cases[i].pieces,
				   .empty_every = cases[i].empty_every,
				   .fails_at = UINT64_MAX };
		AUTO_ANSWER struct answer a = one(&w, FC_SERVE_DEBUG, "GET", "/debug/rules");
		assert_int_equal(a.rc, CURLE_OK);
		assert_int_equal(a.status, 200);
		assert_non_null(strstr(fc_buf_str(&a.head), "application/json"));
		assert_int_equal(rules_in(&a), cases[i].rules);
		assert_int_equal(w.rules_calls, cases[i].pieces ? cases[i].pieces : 1);
	}
}

/* A page in a browser on this machine asks under its own name, whatever address that is made to mean. */
static void test_server_debug_paths_answer_no_foreign_host_name(void **state)
{
	struct world w = { .pieces = 1, .fails_at = UINT64_MAX };
	struct fc_server *server = start(&w, FC_SERVE_DEBUG | FC_SERVE_STATUS);
	static const struct {
		const char *host;
		long status;
	} rows[] = {
		{ "Host: evil.example", 403 },
		{ "Host: evil.example:9103", 403 },
		{ "Host: localhost.evil.example", 403 },
		{ "Host: 1.evil.example", 403 },
		{ "Host: localhost:1", 200 },
		{ "Host: 127.0.0.1", 200 },
		{ "Host: [::1]:9103", 200 },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct curl_slist *headers = curl_slist_append(NULL, rows[i].host);
		CURL *easy = curl_easy_init();
		struct answer a;

		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
		a = ask(easy, fc_server_port(server), "GET", "/debug/rules");
		assert_int_equal(a.status, rows[i].status);
		answer_fini(&a);
		a = ask(easy, fc_server_port(server), "GET", "/healthz");
		assert_int_equal(a.status, 200);
		answer_fini(&a);
		curl_easy_cleanup(easy);
		curl_slist_free_all(headers);
	}
	(void)state;
	fc_server_stop(server);
}

static void test_server_rules_are_503_when_the_engine_does_not_answer(void **state)
{
	struct world w = { .pieces = 5, .fails_at = 0 };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_DEBUG, "GET", "/debug/rules");

	(void)state;
	assert_int_equal(a.status, 503);
}

static void test_server_rules_that_end_early_are_seen_to_be_broken(void **state)
{
	struct world w = { .pieces = 5, .fails_at = 3 };
	AUTO_ANSWER struct answer a = one(&w, FC_SERVE_DEBUG, "GET", "/debug/rules");

	(void)state;
	assert_int_not_equal(a.rc, CURLE_OK);
}

static void *get_rules(void *user)
{
	static const char path[] = "/debug/rules";
	struct answer a = get(*(const uint16_t *)user, "GET", path);
	bool well = a.status == 200;

	answer_fini(&a);
	return well ? user : NULL;
}

static void test_server_livez_answers_while_rules_wait_for_the_engine(void **state)
{
	struct world w = { .pieces = 1, .fails_at = UINT64_MAX, .waits = true };
	struct fc_server *s = start(&w, FC_SERVE_STATUS | FC_SERVE_DEBUG);
	uint16_t port = fc_server_port(s);
	pthread_t thread;
	void *result = NULL;

	(void)state;
	sem_init(&w.reached, 0, 0);
	sem_init(&w.go, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, get_rules, &port), 0);
	sem_wait(&w.reached);
	AUTO_ANSWER struct answer a = get(port, "GET", "/livez");
	assert_int_equal(a.status, 200);
	sem_post(&w.go);
	pthread_join(thread, &result);
	assert_non_null(result);
	fc_server_stop(s);
	sem_destroy(&w.reached);
	sem_destroy(&w.go);
}

static void test_server_debug_paths_are_refused_on_reachable_addresses(void **state)
{
	struct world w = { 0 };
	struct fc_serve_sources sources = sources_of(&w);
	struct fc_error err = FC_ERROR_INIT;

	(void)state;
	assert_null(fc_server_start("0.0.0.0:0", FC_SERVE_STATUS | FC_SERVE_DEBUG, &sources, &err));
	assert_int_equal(err.cls, FC_ERR_USAGE);
	assert_non_null(strstr(err.text, "loopback"));
}

/* --- drop-ins --- */

static int say_not_ready(void *user, json_t *names)
{
	const struct world *w = user;

	if (w->ready)
		json_array_append_new(names, json_string("secret"));
	return w->ready > 1 ? -1 : 0;
}

static struct answer of_drop_in(struct world *w, unsigned paths, const char *method, const char *path)
{
	struct fc_serve_sources sources = sources_of(w);
	struct fc_error err = FC_ERROR_INIT;

	sources.not_ready = say_not_ready;
	struct fc_server *s = fc_server_start("127.0.0.1:0", paths, &sources, &err);
	assert_non_null(s);
	struct answer a = get(fc_server_port(s), method, path);
	fc_server_stop(s);
	return a;
}

static void test_server_pings_are_ok_whatever_the_engine_does(void **state)
{
	static const char *const paths[] = { "/healthz", "/readyz", "/healthz/ping", "/readyz/ping" };
	struct world w = { .live = -1, .ready = -1 };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		AUTO_ANSWER struct answer a = of_drop_in(&w, FC_SERVE_PINGS, "GET", paths[i]);

		assert_int_equal(a.status, 200);
		assert_string_equal(fc_buf_str(&a.body), "ok");
	}
	AUTO_ANSWER struct answer b = of_drop_in(&w, FC_SERVE_PINGS, "GET", "/readyz?verbose");
	assert_string_equal(fc_buf_str(&b.body), "[+]ping ok\nreadyz check passed\n");
	AUTO_ANSWER struct answer c = of_drop_in(&w, FC_SERVE_PINGS, "GET", "/metrics");
	assert_int_equal(c.status, 404);
}

static void test_server_not_ready_is_a_list_in_json(void **state)
{
	struct world w = { .ready = 0 };

	(void)state;
	AUTO_ANSWER struct answer a = of_drop_in(&w, FC_SERVE_NOT_READY, "GET", "/healthz");
	assert_int_equal(a.status, 200);
	assert_string_equal(fc_buf_str(&a.body), "{\"notReady\":[]}");
	w.ready = 1;
	AUTO_ANSWER struct answer b = of_drop_in(&w, FC_SERVE_NOT_READY, "GET", "/healthz");
	assert_int_equal(b.status, 503);
	assert_string_equal(fc_buf_str(&b.body), "{\"notReady\":[\"secret\"]}");
	w.ready = 2;
	AUTO_ANSWER struct answer c = of_drop_in(&w, FC_SERVE_NOT_READY, "GET", "/healthz");
	assert_int_equal(c.status, 503);
}

static void test_server_metrics_only_answers_every_path_and_method(void **state)
{
	static const char *const methods[] = { "GET", "POST", "DELETE" };
	struct world w = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		AUTO_ANSWER struct answer a = of_drop_in(&w, FC_SERVE_METRICS_ONLY, methods[i], "/any/thing");

		assert_int_equal(a.status, 200);
		assert_non_null(strstr(fc_buf_str(&a.body), "fedcopy_cluster_up"));
	}
}

static void test_server_stop_of_none_does_nothing(void **state)
{
	struct fc_serve serve = { 0 };

	(void)state;
	fc_server_stop(NULL);
	fc_serve_stop(&serve);
	assert_null(serve.status);
}

static void test_serve_gives_each_flag_its_paths(void **state)
{
	struct world w = { .fails_at = UINT64_MAX };
	struct fc_serve_sources sources = sources_of(&w);
	struct fc_serve serve;

	(void)state;
	assert_int_equal(fc_serve_start(&serve, ":0", "127.0.0.1:0", &sources, NULL), 0);
	AUTO_ANSWER struct answer a = get(fc_server_port(serve.status), "GET", "/metrics");
	AUTO_ANSWER struct answer b = get(fc_server_port(serve.status), "GET", "/debug/rules");
	AUTO_ANSWER struct answer c = get(fc_server_port(serve.debug), "GET", "/debug/rules");
	AUTO_ANSWER struct answer d = get(fc_server_port(serve.debug), "GET", "/metrics");
	fc_serve_stop(&serve);
	assert_int_equal(a.status, 200);
	assert_int_equal(b.status, 404);
	assert_int_equal(c.status, 200);
	assert_int_equal(d.status, 404);
}

static void test_serve_has_debug_paths_on_a_loopback_status_address(void **state)
{
	struct world w = { .fails_at = UINT64_MAX };
	struct fc_serve_sources sources = sources_of(&w);
	struct fc_serve serve;

	(void)state;
	assert_int_equal(fc_serve_start(&serve, "127.0.0.1:0", "", &sources, NULL), 0);
	assert_null(serve.debug);
	AUTO_ANSWER struct answer a = get(fc_server_port(serve.status), "GET", "/debug/rules");
	fc_serve_stop(&serve);
	assert_int_equal(a.status, 200);
	assert_int_equal(rules_in(&a), 0);
}

static void test_serve_failing_stops_all_and_names_the_flag(void **state)
{
	struct world w = { 0 };
	struct fc_serve_sources sources = sources_of(&w);
	struct fc_error err = FC_ERROR_INIT;
	struct fc_server *first = start(&w, FC_SERVE_STATUS);
	struct fc_serve serve;
	char taken[32];

	(void)state;
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", fc_server_port(first));
	assert_int_equal(fc_serve_start(&serve, "127.0.0.1:0", taken, &sources, &err), -1);
	assert_null(serve.status);
	assert_null(serve.debug);
	assert_non_null(strstr(err.text, "--debug-address"));
	assert_non_null(strstr(err.text, taken));
	fc_server_stop(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_metrics_are_prometheus_text_that_nobody_caches),
		cmocka_unit_test(test_server_healthz_is_ok_whatever_the_engine_does),
		cmocka_unit_test(test_server_livez_says_ok_and_lists_when_asked),
		cmocka_unit_test(test_server_livez_fails_with_503_and_the_reason),
		cmocka_unit_test(test_server_readyz_lists_each_cluster_ready_or_not),
		cmocka_unit_test(test_server_unknown_path_gets_404_with_the_paths_served_here),
		cmocka_unit_test(test_server_path_without_a_source_is_not_served),
		cmocka_unit_test(test_server_other_methods_get_405_and_the_ones_allowed),
		cmocka_unit_test(test_server_body_of_a_refused_method_is_not_read),
		cmocka_unit_test(test_server_head_has_the_headers_of_get_and_no_body),
		cmocka_unit_test(test_server_connection_is_used_again),
		cmocka_unit_test(test_server_rules_are_one_list_however_many_pieces),
		cmocka_unit_test(test_server_debug_paths_answer_no_foreign_host_name),
		cmocka_unit_test(test_server_rules_are_503_when_the_engine_does_not_answer),
		cmocka_unit_test(test_server_rules_that_end_early_are_seen_to_be_broken),
		cmocka_unit_test(test_server_livez_answers_while_rules_wait_for_the_engine),
		cmocka_unit_test(test_server_debug_paths_are_refused_on_reachable_addresses),
		cmocka_unit_test(test_server_pings_are_ok_whatever_the_engine_does),
		cmocka_unit_test(test_server_not_ready_is_a_list_in_json),
		cmocka_unit_test(test_server_metrics_only_answers_every_path_and_method),
		cmocka_unit_test(test_server_stop_of_none_does_nothing),
		cmocka_unit_test(test_serve_gives_each_flag_its_paths),
		cmocka_unit_test(test_serve_has_debug_paths_on_a_loopback_status_address),
		cmocka_unit_test(test_serve_failing_stops_all_and_names_the_flag),
	};

	return cmocka_run_group_tests_name("server", tests, server_bench_prepare, server_bench_finish);
}
