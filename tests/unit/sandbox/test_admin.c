/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/admin.h"

#include "base/mem.h"
#include "json/decode.h"
#include "sandbox/access.h"
#include "sandbox/cruelty.h"
#include "sandbox/journal.h"
#include "sandbox/read.h"
#include "sandbox/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

/* --- sites of which it is noted what was done to them --- */

struct noted {
	struct sb_site site;
	struct sb_cluster cluster;
	char name[16], deeds[128];
};

static struct noted *noted_of(void *user)
{
	return user;
}

static void note(struct noted *n, const char *deed)
{
	size_t len = strlen(n->deeds);

	snprintf(n->deeds + len, sizeof(n->deeds) - len, "%s;", deed);
}

void sb_site_stop(struct sb_site *s)
{
	s->stopped = true;
	note(FC_CONTAINER_OF(s, struct noted, site), "stop");
}

int sb_site_start(struct sb_site *s, struct fc_error *err)
{
	note(FC_CONTAINER_OF(s, struct noted, site), "start");
	if (!s->stopped)
		return fc_error_set(err, FC_ERR_CONFIG, "port 7 of 127.0.0.1 is in use");
	s->stopped = false;
	return 0;
}

void sb_site_restart(struct sb_site *s)
{
	note(FC_CONTAINER_OF(s, struct noted, site), "restart");
}

int sb_listener_port(const struct sb_listener *l FC_UNUSED)
{
	return 7;
}

int sb_access_set(struct sb_access *a, const json_t *entry, struct fc_error *err)
{
	if (!json_object_get(entry, "token"))
		return fc_error_set(err, FC_ERR_INVALID, "token is missing");
	note(noted_of(a), "token");
	return 0;
}

void sb_store_compact(struct sb_store *s)
{
	note(noted_of(s), "compact");
}

uint64_t sb_store_version(const struct sb_store *s FC_UNUSED)
{
	return 42;
}

json_t *sb_journal_since(const struct sb_journal *j FC_UNUSED, int64_t since)
{
	return json_pack("{s:I, s:[]}", "next", (json_int_t)since + 100, "requests");
}

const char *sb_verb_name(enum sb_verb verb FC_UNUSED)
{
	return "get";
}

void sb_watch_close(struct sb_watch *w FC_UNUSED)
{
}

struct world {
	struct noted hub, edge;
	struct sb_site *sites[2];
	struct sb_admin admin;
};

static void make_site(struct noted *n, const char *name)
{
	*n = (struct noted){ 0 };
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->cluster = (struct sb_cluster){
		.name = n->name, .id = "an-id", .store = (void *)n, .access = (void *)n, .cruelty = sb_cruelty_new(1)
	};
	n->site = (struct sb_site){ .cluster = &n->cluster, .service.connection_count = 3 };
}

static void make_world(struct world *w)
{
	make_site(&w->hub, "hub");
	make_site(&w->edge, "edge");
	w->sites[0] = &w->hub.site;
	w->sites[1] = &w->edge.site;
	w->admin = (struct sb_admin){ .token = "secret", .sites = w->sites, .site_count = 2 };
}

static void drop_world(struct world *w)
{
	sb_cruelty_free(w->hub.cluster.cruelty);
	sb_cruelty_free(w->edge.cluster.cruelty);
}

/* "GET /path" or "POST /path {body}"; *status is set; the caller's answer. */
static json_t *ask_as(struct world *w, const char *authorization, const char *line, int *status)
{
	char method[16], path[128];
	int end = 0;

	assert_int_equal(sscanf(line, "%15s %127s%n", method, path, &end), 2);
	const char *body = line[end] ? line + end + 1 : "";
	struct sb_request request = {
		.method = method, .path = path, .authorization = authorization, .body = body, .body_len = strlen(body)
	};
	struct sb_response response = SB_RESPONSE_INIT;
	sb_admin_handle(&w->admin, &request, &response);
	*status = response.status;
	assert_string_equal(response.content_type, "application/json");
	json_t *answer = json_loads(fc_buf_str(&response.body), 0, NULL);
	assert_non_null(answer);
	assert_true((*status == 405) == (response.header_count == 1));
	sb_response_fini(&response);
	return answer;
}

static void expect(struct world *w, const char *line, int status, const char *expected)
{
	int got;
	json_t *answer = ask_as(w, "Bearer secret", line, &got);
	FC_AUTO_FREE char *text = json_dumps(answer, JSON_COMPACT);

	json_decref(answer);
	assert_string_equal(text, expected);
	assert_int_equal(got, status);
}

/* Refused, with an error that begins so and with a mend. */
static void expect_refusal(struct world *w, const char *line, int status, const char *words)
{
	const char *error = "", *mend = "";
	int got;
	json_t *answer = ask_as(w, "Bearer secret", line, &got);

	(void)fc_json_get_string(answer, "error", &error);
	(void)fc_json_get_string(answer, "mend", &mend);
	if (got != status || strncmp(error, words, strlen(words)) != 0 || !*mend)
		fail_msg("%s: %d %s; %s", line, got, error, mend);
	json_decref(answer);
}

#define FIXTURE()       \
	struct world w; \
	(void)state;    \
	make_world(&w)

#define HUB                                                                                                       \
	"{\"name\":\"hub\",\"id\":\"an-id\",\"url\":\"https://127.0.0.1:7\",\"stopped\":false,\"connections\":3," \
	"\"resourceVersion\":42,\"cruelties\":0}"

static void test_clusters_are_listed_and_shown(void **state)
{
	FIXTURE();

	expect(&w, "GET /clusters/hub", 200, HUB);
	expect(&w, "GET /clusters", 200,
	       "{\"clusters\":[" HUB ",{\"name\":\"edge\",\"id\":\"an-id\",\"url\":\"https://127.0.0.1:7\","
	       "\"stopped\":false,\"connections\":3,\"resourceVersion\":42,\"cruelties\":0}]}");
	expect(&w, "GET /clusters/hub?x=/y", 200, HUB);
	drop_world(&w);
}

static void test_only_the_bearer_of_the_token_is_let_in(void **state)
{
	static const char *const strangers[] = {
		"", "Bearer ", "Bearer secre", "Bearer secrets", "Bearer Secret", "secret", "Basic secret"
	};
	FIXTURE();
	int status;

	for (size_t i = 0; i < FC_ARRAY_LEN(strangers); i++) {
		json_decref(ask_as(&w, strangers[i], "POST /clusters/hub/stop", &status));
		assert_int_equal(status, 401);
	}
	assert_string_equal(w.hub.deeds, "");
	drop_world(&w);
}

static void test_cruelties_are_set_listed_and_taken_away(void **state)
{
	FIXTURE();

	expect(&w, "POST /clusters/hub/cruelties {\"kind\":\"throttle\",\"share\":0.5}", 201, "{\"id\":1}");
	expect(&w, "POST /clusters/hub/cruelties {\"kind\":\"hang\"}", 201, "{\"id\":2}");
	int status;
	json_t *answer = ask_as(&w, "Bearer secret", "GET /clusters/hub/cruelties", &status);
	const json_t *list = json_object_get(answer, "cruelties");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "kind")), "throttle");
	json_decref(answer);
	assert_true(sb_cruelty_is_calm(w.edge.cluster.cruelty));
	expect(&w, "DELETE /clusters/hub/cruelties/1", 200, "{}");
	expect_refusal(&w, "DELETE /clusters/hub/cruelties/1", 404, "there is no such rule");
	expect_refusal(&w, "DELETE /clusters/hub/cruelties/2x", 404, "there is no such rule");
	assert_false(sb_cruelty_is_calm(w.hub.cluster.cruelty));
	expect(&w, "DELETE /clusters/hub/cruelties", 200, "{}");
	assert_true(sb_cruelty_is_calm(w.hub.cluster.cruelty));
	drop_world(&w);
}

static void test_deeds_are_done_to_the_cluster_that_is_named(void **state)
{
	FIXTURE();

	expect(&w, "POST /clusters/edge/tokens {\"token\":\"t\",\"user\":\"u\"}", 200, "{}");
	expect(&w, "POST /clusters/edge/compact", 200, "{}");
	expect(&w, "POST /clusters/edge/restart", 200, "{}");
	expect(&w, "POST /clusters/edge/stop", 200, "{}");
	expect(&w, "POST /clusters/edge/start", 200, "{}");
	assert_string_equal(w.edge.deeds, "token;compact;restart;stop;start;");
	assert_string_equal(w.hub.deeds, "");
	drop_world(&w);
}

static void test_requests_are_told_from_a_number_on(void **state)
{
	FIXTURE();

	expect(&w, "GET /clusters/hub/requests", 200, "{\"next\":100,\"requests\":[]}");
	expect(&w, "GET /clusters/hub/requests?since=5", 200, "{\"next\":105,\"requests\":[]}");
	expect(&w, "GET /clusters/hub/requests?since=-1", 200, "{\"next\":99,\"requests\":[]}");
	drop_world(&w);
}

static void test_errors_say_what_is_wrong_and_how_to_mend_it(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *words;
	} cases[] = {
		{ "GET /", 404, "there is no such path" },
		{ "GET /clusters/hub/nonsense", 404, "there is no such path" },
		{ "POST /clusters/hub/stop/now", 404, "there is no such path" },
		{ "DELETE /clusters/hub/cruelties/1/2", 404, "there is no such path" },
		{ "GET /clusters/other", 404, "there is no such cluster" },
		{ "POST /clusters/other/stop", 404, "there is no such cluster" },
		{ "POST /clusters", 405, "this path does not take that method" },
		{ "DELETE /clusters/hub", 405, "this path" },
		{ "GET /clusters/hub/stop", 405, "this path" },
		{ "POST /clusters/hub/requests", 405, "this path" },
		{ "GET /clusters/hub/requests?since=", 400, "since is no number" },
		{ "GET /clusters/hub/requests?since=5x", 400, "since is no number" },
		{ "PUT /clusters/hub/cruelties", 405, "this path" },
		{ "GET /clusters/hub/cruelties/1", 405, "this path" },
		{ "POST /clusters/hub/cruelties []", 400, "the body is no JSON object" },
		{ "POST /clusters/hub/cruelties {", 400, "" },
		{ "POST /clusters/hub/cruelties {\"kind\":\"kindness\"}", 400, "\"kindness\" is no kind of cruelty" },
		{ "POST /clusters/hub/tokens {}", 400, "token is missing" },
		{ "POST /clusters/hub/tokens", 400, "" },
		{ "POST /clusters/hub/start", 500, "port 7 of 127.0.0.1 is in use" },
	};
	FIXTURE();

	for (size_t i = 0; i < FC_ARRAY_LEN(cases); i++)
		expect_refusal(&w, cases[i].line, cases[i].status, cases[i].words);
	drop_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clusters_are_listed_and_shown),
		cmocka_unit_test(test_only_the_bearer_of_the_token_is_let_in),
		cmocka_unit_test(test_cruelties_are_set_listed_and_taken_away),
		cmocka_unit_test(test_deeds_are_done_to_the_cluster_that_is_named),
		cmocka_unit_test(test_requests_are_told_from_a_number_on),
		cmocka_unit_test(test_errors_say_what_is_wrong_and_how_to_mend_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
