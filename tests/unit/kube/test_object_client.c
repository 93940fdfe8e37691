/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/object_client.h"

#include "json/decode.h"
#include "unit/kube/client.h"

static void route(void *user FC_UNUSED, const struct tls_seen *request, struct tls_reply *reply)
{
	static const char failure[] =
		"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"reason\":\"Conflict\",\"code\":409,"
		"\"message\":\"the value hunter2 was modified\"}";
	static const char object[] =
		"{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"},\"data\":{\"x\":\"\\u0000\"}}";
	static const char managed[] =
		"{\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\",\"managedFields\":[{\"time\":\"t\"}]}}";
	const char *url = request->url;

	*reply = (struct tls_reply){ .body = object };
	if (strstr(url, "/managed"))
		reply->body = managed;
	else if (strstr(url, "/hang"))
		reply->manner = TLS_HANG;
	else if (strstr(url, "/conflict"))
		*reply = (struct tls_reply){ .status = 409, .body = failure };
	else if (strstr(url, "/failure-in-200"))
		reply->body = failure;
	else if (strstr(url, "/no-json"))
		reply->body = "<html>hunter2</html>";
	else if (strstr(url, "/list"))
		reply->body = "[]";
}

struct answer {
	unsigned calls;
	json_t *object;
	struct fc_error err;
};

struct fixture {
	struct tls_server *server;
	struct client client;
	struct answer answer;
	struct fc_resource *secrets, *nodes;
};

static int setup(void **state)
{
	struct fixture *f = fc_xcalloc(1, sizeof(*f));

	f->server = tls_server_start(NULL, route, NULL);
	client_start(&f->client, f->server);
	f->secrets = fc_resource_new(
		&(struct fc_resource){ .version = "v1", .plural = "secrets", .kind = "Secret", .namespaced = true });
	f->nodes = fc_resource_new(
		&(struct fc_resource){ .group = "g.test", .version = "v1", .plural = "nodes", .kind = "Node" });
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	json_decref(f->answer.object);
	client_stop(&f->client);
	tls_server_stop(f->server);
	fc_resource_unref(f->secrets);
	fc_resource_unref(f->nodes);
	free(f);
	return 0;
}

static void keep(void *user, json_t *object, const struct fc_error *err)
{
	struct answer *a = user;

	assert_true((object == NULL) == (err != NULL));
	a->calls++;
	json_decref(a->object);
	a->object = object;
	a->err = err ? *err : FC_ERROR_INIT;
}

static void read_one(struct fixture *f, const char *namespace_, const char *name)
{
	unsigned calls = f->answer.calls;

	assert_non_null(fc_object_read(f->client.transport, f->secrets, namespace_, name, keep, &f->answer));
	assert_int_equal(f->answer.calls, calls);
	WAIT_FOR(&f->client, f->answer.calls > calls);
	assert_int_equal(f->answer.calls, calls + 1);
}

static void patch_one(struct fixture *f, const char *name, const json_t *patch)
{
	unsigned calls = f->answer.calls;

	assert_non_null(fc_object_patch(f->client.transport, f->secrets, "ns", name, NULL, patch, keep, &f->answer));
	assert_int_equal(f->answer.calls, calls);
	WAIT_FOR(&f->client, f->answer.calls > calls);
	assert_int_equal(f->answer.calls, calls + 1);
}

static void test_object_read_asks_for_the_object_and_decodes_it(void **state)
{
	struct fixture *f = *state;

	read_one(f, "ns", "a");
	assert_string_equal(tls_server_last(f->server).url, "/api/v1/namespaces/ns/secrets/a?timeout=30s");
	assert_string_equal(tls_server_last(f->server).method, "GET");
	json_t *x = json_object_get(json_object_get(f->answer.object, "data"), "x");
	assert_int_equal(json_string_length(x), 1);
}

static void test_object_patch_sends_compact_json_with_its_manager(void **state)
{
	struct fixture *f = *state;
	json_t *patch = json_pack("[{s:s, s:s, s:{s:f, s:o, s:n}}]", "op", "add", "path", "/data", "value", "number",
				  0.1, "nul", json_stringn("a\0b", 3), "null");

	patch_one(f, "a", patch);
	struct tls_seen seen = tls_server_last(f->server);
	assert_string_equal(seen.method, "PATCH");
	assert_string_equal(seen.url, "/api/v1/namespaces/ns/secrets/a?fieldManager=fedcopy&timeout=30s");
	assert_string_equal(seen.content_type, "application/json-patch+json");
	assert_string_equal(seen.body, "[{\"op\":\"add\",\"path\":\"/data\",\"value\":{\"number\":0.10000000000000001,"
				       "\"nul\":\"a\\u0000b\",\"null\":null}}]");
	assert_non_null(f->answer.object);
	json_decref(patch);
}

static void test_object_apply_says_who_it_is_and_that_it_insists(void **state)
{
	struct fixture *f = *state;
	json_t *object = json_pack("{s:{s:s}}", "metadata", "resourceVersion", "7");

	fc_object_apply(f->client.transport, f->secrets, "ns", "a", object, NULL, true, keep, &f->answer);
	WAIT_FOR(&f->client, f->answer.calls == 1);
	struct tls_seen seen = tls_server_last(f->server);
	assert_string_equal(seen.method, "PATCH");
	assert_string_equal(seen.url, "/api/v1/namespaces/ns/secrets/a?fieldManager=fedcopy&timeout=30s&force=true");
	assert_string_equal(seen.content_type, "application/apply-patch+yaml");
	assert_string_equal(seen.body, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	fc_object_apply(f->client.transport, f->secrets, "ns", "a", object, FC_SOURCE_FIELD_MANAGER, false, keep,
			&f->answer);
	WAIT_FOR(&f->client, f->answer.calls == 2);
	assert_non_null(strstr(tls_server_last(f->server).url, "fieldManager=fedcopy-source&"));
	assert_null(strstr(tls_server_last(f->server).url, "force"));
	json_decref(object);
}

static void test_object_replace_puts_the_whole(void **state)
{
	struct fixture *f = *state;
	json_t *object = json_pack("{s:{s:s}}", "metadata", "resourceVersion", "7");

	fc_object_replace(f->client.transport, f->secrets, "ns", "a", object, keep, &f->answer);
	WAIT_FOR(&f->client, f->answer.calls == 1);
	struct tls_seen seen = tls_server_last(f->server);
	assert_string_equal(seen.method, "PUT");
	assert_string_equal(seen.url, "/api/v1/namespaces/ns/secrets/a?fieldManager=fedcopy&timeout=30s");
	assert_string_equal(seen.content_type, "application/json");
	assert_string_equal(seen.body, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	json_decref(object);
}

static void test_object_create_posts_to_the_collection(void **state)
{
	struct fixture *f = *state;
	json_auto_t *object = json_pack("{s:{s:s}}", "metadata", "name", "a");

	fc_object_create(f->client.transport, f->secrets, "ns", object, keep, &f->answer);
	WAIT_FOR(&f->client, f->answer.calls == 1);
	struct tls_seen seen = tls_server_last(f->server);
	assert_string_equal(seen.method, "POST");
	assert_string_equal(seen.url, "/api/v1/namespaces/ns/secrets?fieldManager=fedcopy&timeout=30s");
	assert_string_equal(seen.content_type, "application/json");
	assert_string_equal(seen.body, "{\"metadata\":{\"name\":\"a\"}}");
	/* Nothing is made in all namespaces at once. */
	unsigned requests = tls_server_requests(f->server);
	fc_object_create(f->client.transport, f->secrets, NULL, object, keep, &f->answer);
	WAIT_FOR(&f->client, f->answer.calls == 2);
	assert_int_equal(f->answer.err.cls, FC_ERR_INVALID);
	assert_int_equal(tls_server_requests(f->server), requests);
}

static void delete_one(struct fixture *f, const char *name, const char *uid, const char *version)
{
	unsigned calls = f->answer.calls;

	fc_object_delete(f->client.transport, f->secrets, "ns", name, uid, version, keep, &f->answer);
	WAIT_FOR(&f->client, f->answer.calls > calls);
}

static void test_object_delete_names_uid_and_version(void **state)
{
	struct fixture *f = *state;

	delete_one(f, "a", "u-1", "7");
	struct tls_seen seen = tls_server_last(f->server);
	assert_string_equal(seen.method, "DELETE");
	assert_string_equal(seen.url, "/api/v1/namespaces/ns/secrets/a?fieldManager=fedcopy&timeout=30s");
	assert_string_equal(seen.body, "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"propagationPolicy\":"
				       "\"Background\",\"preconditions\":{\"uid\":\"u-1\",\"resourceVersion\":\"7\"}}");
	delete_one(f, "a", NULL, NULL);
	assert_non_null(strstr(tls_server_last(f->server).body, "\"preconditions\":{}"));
	/* A name that is missing would be the whole collection. */
	unsigned requests = tls_server_requests(f->server);
	delete_one(f, NULL, NULL, NULL);
	assert_int_equal(f->answer.err.cls, FC_ERR_INTERNAL);
	assert_int_equal(tls_server_requests(f->server), requests);
}

static bool answer_has_managed_fields(struct fixture *f, bool brief)
{
	json_auto_t *patch = json_array();
	struct fc_object_call *c =
		fc_object_patch(f->client.transport, f->secrets, "ns", "managed", NULL, patch, keep, &f->answer);
	unsigned calls = f->answer.calls;

	if (brief)
		fc_object_brief(c);
	WAIT_FOR(&f->client, f->answer.calls > calls);
	assert_string_equal(fc_json_metadata(f->answer.object, "name"), "a");
	return json_object_get(json_object_get(f->answer.object, "metadata"), "managedFields");
}

static void test_object_brief_answer_lacks_managed_fields(void **state)
{
	assert_true(answer_has_managed_fields(*state, false));
	assert_false(answer_has_managed_fields(*state, true));
}

/* Longer than what a body is written into at first, just as long, and shorter by one. */
static void test_object_patch_of_any_length_is_sent_whole(void **state)
{
	struct fixture *f = *state;
	const size_t lengths[] = { 2047, 2048, 2049, 4000 };

	for (size_t i = 0; i < FC_ARRAY_LEN(lengths); i++) {
		FC_AUTO_FREE char *text = fc_xcalloc(1, lengths[i]);
		memset(text, 'x', lengths[i] - strlen("[\"\"]"));
		json_auto_t *patch = json_pack("[s]", text);

		patch_one(f, "a", patch);
		struct tls_seen seen = tls_server_last(f->server);
		assert_int_equal(strlen(seen.body), lengths[i]);
		assert_string_equal(seen.body + lengths[i] - strlen("x\"]"), "x\"]");
	}
}

static void test_object_patch_reaches_a_subresource_of_a_cluster_scoped_object(void **state)
{
	struct fixture *f = *state;
	json_t *patch = json_array();

	fc_object_patch(f->client.transport, f->nodes, NULL, "n", "status", patch, keep, &f->answer);
	json_decref(patch); /* written out at once: the caller may free it */
	WAIT_FOR(&f->client, f->answer.calls);
	assert_string_equal(tls_server_last(f->server).url,
			    "/apis/g.test/v1/nodes/n/status?fieldManager=fedcopy&timeout=30s");
	assert_string_equal(tls_server_last(f->server).body, "[]");
}

static void test_object_refused_patch_is_classified_without_its_value(void **state)
{
	struct fixture *f = *state;
	json_t *patch = json_array();

	patch_one(f, "conflict", patch);
	assert_int_equal(f->answer.err.cls, FC_ERR_CONFLICT);
	assert_null(strstr(f->answer.err.text, "hunter2"));
	assert_false(f->answer.err.outcome_unknown);
	json_decref(patch);
}

static void test_object_failure_inside_a_200_is_an_error(void **state)
{
	struct fixture *f = *state;

	read_one(f, "ns", "failure-in-200");
	assert_int_equal(f->answer.err.cls, FC_ERR_CONFLICT);
}

static void test_object_answer_that_is_no_object_is_an_error_and_not_quoted(void **state)
{
	struct fixture *f = *state;
	json_t *patch = json_array();

	read_one(f, "ns", "no-json");
	assert_int_equal(f->answer.err.cls, FC_ERR_PROTOCOL);
	assert_null(strstr(f->answer.err.text, "hunter2"));
	assert_false(f->answer.err.outcome_unknown);
	patch_one(f, "no-json", patch);
	assert_int_equal(f->answer.err.cls, FC_ERR_PROTOCOL);
	assert_true(f->answer.err.outcome_unknown);
	read_one(f, "ns", "list");
	assert_int_equal(f->answer.err.cls, FC_ERR_PROTOCOL);
	json_decref(patch);
}

static void test_object_name_that_may_not_stand_in_a_url_fails_unsent(void **state)
{
	struct fixture *f = *state;
	json_t *patch = json_array();

	read_one(f, "ns", "../x");
	assert_int_equal(f->answer.err.cls, FC_ERR_INTERNAL);
	read_one(f, "", "a");
	assert_int_equal(f->answer.err.cls, FC_ERR_INTERNAL);
	read_one(f, "ns", NULL);
	assert_int_equal(f->answer.err.cls, FC_ERR_INTERNAL);
	patch_one(f, "", patch);
	assert_int_equal(f->answer.err.cls, FC_ERR_INTERNAL);
	assert_int_equal(tls_server_requests(f->server), 0);
	json_decref(patch);
}

static void test_object_patch_that_cannot_be_written_fails_unsent(void **state)
{
	struct fixture *f = *state;
	char *large = malloc(5u << 20);

	memset(large, 'x', 5u << 20);
	json_t *patch = json_pack("[o]", json_stringn(large, 5u << 20));
	patch_one(f, "a", patch);
	assert_int_equal(f->answer.err.cls, FC_ERR_LIMIT);
	assert_int_equal(tls_server_requests(f->server), 0);
	json_decref(patch);
	free(large);
}

static void test_object_patch_without_memory_fails_unsent(void **state)
{
	struct fixture *f = *state;
	json_t *patch = json_array();

	/* The path twice, since it grows while the query is put behind it; then the patch. */
	for (unsigned nth = 1; nth <= 3; nth++) {
		fc_mem_fail_nth(nth);
		fc_object_patch(f->client.transport, f->secrets, "ns", "a", NULL, patch, keep, &f->answer);
		fc_mem_fail_nth(0);
		WAIT_FOR(&f->client, f->answer.calls == nth);
		assert_int_equal(f->answer.err.cls, FC_ERR_MEMORY);
	}
	assert_int_equal(tls_server_requests(f->server), 0);
	json_decref(patch);
}

static void test_object_cancelled_call_never_calls_back(void **state)
{
	struct fixture *f = *state;

	struct fc_object_call *sent = fc_object_read(f->client.transport, f->secrets, "ns", "hang", keep, &f->answer);
	WAIT_FOR(&f->client, tls_server_requests(f->server) == 1);
	fc_object_cancel(sent);
	fc_object_cancel(fc_object_read(f->client.transport, f->secrets, "ns", "../x", keep, &f->answer));
	fc_object_cancel(NULL);
	client_settle(&f->client);
	assert_int_equal(f->answer.calls, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_object_read_asks_for_the_object_and_decodes_it),
		T(test_object_patch_sends_compact_json_with_its_manager),
		T(test_object_apply_says_who_it_is_and_that_it_insists),
		T(test_object_replace_puts_the_whole),
		T(test_object_create_posts_to_the_collection),
		T(test_object_delete_names_uid_and_version),
		T(test_object_brief_answer_lacks_managed_fields),
		T(test_object_patch_of_any_length_is_sent_whole),
		T(test_object_patch_reaches_a_subresource_of_a_cluster_scoped_object),
		T(test_object_refused_patch_is_classified_without_its_value),
		T(test_object_failure_inside_a_200_is_an_error),
		T(test_object_answer_that_is_no_object_is_an_error_and_not_quoted),
		T(test_object_name_that_may_not_stand_in_a_url_fails_unsent),
		T(test_object_patch_that_cannot_be_written_fails_unsent),
		T(test_object_patch_without_memory_fails_unsent),
		T(test_object_cancelled_call_never_calls_back),
	};
#undef T

	return cmocka_run_group_tests_name("object_client", tests, client_global_setup, client_global_teardown);
}
