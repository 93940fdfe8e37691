/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/access_review.h"

#include "json/decode.h"
#include "unit/kube/client.h"

#include <string.h>

/* What the server says: per test. */
struct fixture {
	struct tls_server *server;
	struct client client;
	const char *token_answer, *access_answer;
	int status; /* of both; 0: 201 */
	struct tls_seen token_review, access_review;
	unsigned calls;
	enum fc_access_verdict verdict;
	struct fc_error why;
};

static void route(void *user, const struct tls_seen *request, struct tls_reply *reply)
{
	struct fixture *f = user;
	bool token = strstr(request->url, "tokenreviews") != NULL;

	if (token)
		f->token_review = *request;
	else
		f->access_review = *request;
	*reply = (struct tls_reply){ .status = f->status ? f->status : 201,
				     .body = token ? f->token_answer : f->access_answer };
}

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->token_answer = "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"eve\",\"uid\":\"7\","
			  "\"groups\":[\"g\"],\"extra\":{\"x\":[\"y\"]}}}}";
	f->access_answer = "{\"status\":{\"allowed\":true}}";
	f->server = tls_server_start(NULL, route, f);
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

static void done(void *user, enum fc_access_verdict verdict, const struct fc_error *why)
{
	struct fixture *f = user;

	f->calls++;
	f->verdict = verdict;
	f->why = why ? *why : FC_ERROR_INIT;
}

static void review(struct fixture *f)
{
	assert_non_null(fc_access_review_start(f->client.transport, "secret-token", "/metrics", done, f));
	assert_int_equal(f->calls, 0);
	WAIT_FOR(&f->client, f->calls == 1);
}

static void test_access_review_asks_who_it_is_and_then_whether_he_may(void **state)
{
	struct fixture *f = *state;

	review(f);
	assert_int_equal(f->verdict, FC_ACCESS_ALLOWED);
	assert_int_equal(strncmp(f->token_review.url, "/apis/authentication.k8s.io/v1/tokenreviews?", 44), 0);
	assert_string_equal(f->token_review.method, "POST");
	assert_non_null(strstr(f->token_review.body, "\"spec\":{\"token\":\"secret-token\"}"));
	assert_int_equal(strncmp(f->access_review.url, "/apis/authorization.k8s.io/v1/subjectaccessreviews?", 51), 0);
	json_t *body = json_loads(f->access_review.body, 0, NULL);
	json_t *want =
		json_pack("{s:{s:s, s:s}, s:s, s:[s], s:s, s:{s:[s]}}", "nonResourceAttributes", "path", "/metrics",
			  "verb", "get", "user", "eve", "groups", "g", "uid", "7", "extra", "x", "y");
	assert_true(json_equal(json_object_get(body, "spec"), want));
	json_decref(body);
	json_decref(want);
}

static void test_access_review_of_a_token_that_nobody_bears_asks_no_more(void **state)
{
	struct fixture *f = *state;

	f->token_answer = "{\"status\":{\"authenticated\":false,\"user\":{}}}";
	review(f);
	assert_int_equal(f->verdict, FC_ACCESS_UNKNOWN);
	assert_int_equal(tls_server_requests(f->server), 1);
}

static void test_access_review_allows_only_what_is_allowed_and_not_denied(void **state)
{
	static const char *const answers[] = { "{\"status\":{\"allowed\":false}}", "{}",
					       "{\"status\":{\"allowed\":\"true\"}}",
					       "{\"status\":{\"allowed\":true,\"denied\":true}}" };
	struct fixture *f = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(answers); i++) {
		f->access_answer = answers[i];
		f->calls = 0;
		review(f);
		assert_int_equal(f->verdict, FC_ACCESS_FORBIDDEN);
	}
}

static void test_access_review_that_is_refused_says_why_and_no_token(void **state)
{
	struct fixture *f = *state;

	f->status = 403;
	f->token_answer = "{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"Forbidden\",\"code\":403,"
			  "\"message\":\"cannot create secret-token\"}";
	review(f);
	assert_int_equal(f->verdict, FC_ACCESS_FAILED);
	assert_int_equal(f->why.cls, FC_ERR_FORBIDDEN);
	assert_null(strstr(f->why.text, "secret-token"));
}

static void test_access_review_cancelled_calls_nobody(void **state)
{
	struct fixture *f = *state;

	fc_access_review_cancel(fc_access_review_start(f->client.transport, "t", "/metrics", done, f));
	review(f);
	fc_access_review_cancel(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_access_review_asks_who_it_is_and_then_whether_he_may, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_access_review_of_a_token_that_nobody_bears_asks_no_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_access_review_allows_only_what_is_allowed_and_not_denied, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_access_review_that_is_refused_says_why_and_no_token, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_access_review_cancelled_calls_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
