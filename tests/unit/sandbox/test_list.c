/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and their pages, as a real kube-apiserver (1.20) answers them. */
#include "sandbox/cruelty.h"
#include "unit/sandbox/api_world.h"

static int setup(void **state)
{
	struct world *w = world_new(100);

	for (const char *name = "abcde"; *name; name++) {
		FC_AUTO_FREE char *labels = fc_xasprintf(",\"labels\":{\"l\":\"%c\"}", *name);
		char text[2] = { *name, '\0' };

		make(w, text, labels);
	}
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static size_t items(const struct world *w)
{
	return json_array_size(json_object_get(w->body, "items"));
}

static void test_a_list_is_of_one_version_and_in_the_order_of_names(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, MAPS), 200);
	is_at(w, "kind", "ConfigMapList");
	is_at(w, "apiVersion", "v1");
	is_at(w, "items.0.metadata.name", "a");
	is_at(w, "items.4.metadata.name", "e");
	is_at(w, "items.0.kind", "");
	assert_int_equal(items(w), 5);
}

static int page(struct world *w, const char *query)
{
	FC_AUTO_FREE char *token = at(w, "metadata.continue");
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?%s&continue=%s", query, token);

	return get(w, path);
}

static void test_pages_go_on_where_the_last_one_ended(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?limit=2");
	is_at(w, "metadata.remainingItemCount", "3");
	page(w, "limit=2");
	is_at(w, "items.0.metadata.name", "c");
	is_at(w, "metadata.remainingItemCount", "1");
	page(w, "limit=2");
	is_at(w, "items.0.metadata.name", "e");
	is_at(w, "metadata.continue", "");
	assert_int_equal(items(w), 1);
}

static void test_pages_of_all_namespaces_name_them_in_the_token(void **state)
{
	struct world *w = *state;

	get(w, "/api/v1/namespaces?limit=1");
	is_at(w, "items.0.metadata.name", "default");
	get(w, "/api/v1/configmaps?limit=2");
	FC_AUTO_FREE char *token = at(w, "metadata.continue");
	FC_AUTO_FREE char *path = fc_xasprintf("/api/v1/configmaps?continue=%s", token);

	assert_int_equal(get(w, path), 200);
	is_at(w, "items.0.metadata.name", "c");
	assert_int_equal(items(w), 3);
}

static void test_later_pages_show_what_was_there_at_the_first(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?limit=2");
	json_t *first = json_incref(w->body);

	ask(w, "DELETE", MAPS "/d", "", NULL);
	make(w, "c2", "");
	json_decref(w->body);
	w->body = first;
	page(w, "limit=9");
	assert_int_equal(items(w), 3);
	is_at(w, "items.1.metadata.name", "d");
}

static void test_a_selector_hides_how_many_remain(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?limit=2&labelSelector=l");
	is_at(w, "metadata.remainingItemCount", "");
	assert_int_equal(items(w), 2);
	/* Two match, and more keys follow: that none of them matches is not known yet. */
	get(w, MAPS "?limit=2&labelSelector=l%20in%20(a,b)");
	assert_int_not_equal(json_string_length(json_object_get(json_object_get(w->body, "metadata"), "continue")), 0);
	page(w, "limit=2&labelSelector=l%20in%20(a,b)");
	assert_int_equal(items(w), 0);
	is_at(w, "metadata.continue", "");
}

static void test_a_list_from_memory_knows_no_pages(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?limit=2&resourceVersion=0");
	assert_int_equal(items(w), 5);
	is_at(w, "metadata.continue", "");
}

static void test_an_exact_version_shows_the_past(void **state)
{
	struct world *w = *state;

	get(w, MAPS);
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");
	FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?resourceVersion=%s&resourceVersionMatch=Exact", version);

	ask(w, "DELETE", MAPS "/a", "", NULL);
	get(w, path);
	assert_int_equal(items(w), 5);
	is_at(w, "metadata.resourceVersion", version);
}

static void test_what_has_been_forgotten_is_gone(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?limit=2");
	json_t *first = json_incref(w->body);

	ask(w, "DELETE", MAPS "/e", "", NULL);
	sb_store_compact(w->c->store);
	json_decref(w->body);
	w->body = first;
	assert_int_equal(page(w, "limit=2"), 410);
	is_at(w, "reason", "Expired");
	/* With the token in the answer the rest comes as it is now. */
	assert_int_equal(page(w, "limit=2"), 200);
	is_at(w, "items.0.metadata.name", "c");
	is_at(w, "items.1.metadata.name", "d");
	is_at(w, "metadata.continue", "");
	assert_int_equal(get(w, MAPS "?resourceVersion=2&resourceVersionMatch=Exact"), 410);
	is_at(w, "message", "The resourceVersion for the provided list is too old.");
}

static void test_a_version_to_come_is_not_waited_for(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, MAPS "?resourceVersion=99999"), 504);
	is_at(w, "reason", "Timeout");
	is_at(w, "details.retryAfterSeconds", "1");
	is_at(w, "details.causes.0.reason", "ResourceVersionTooLarge");
	assert_int_equal(get(w, MAPS "?resourceVersion=99999&limit=1"), 500);
	is_at(w, "message", "etcdserver: mvcc: required revision is a future revision");
	assert_int_equal(get(w, MAPS "?resourceVersion=99999&resourceVersionMatch=NotOlderThan&limit=1"), 504);
	is_at(w, "details.retryAfterSeconds", "");
	assert_int_equal(get(w, MAPS "/a?resourceVersion=99999"), 504);
}

static const struct {
	const char *query;
	int status;
	const char *message;
} refused[] = {
	{ "limit=x", 400, "strconv.ParseInt: parsing \"x\": invalid syntax" },
	{ "resourceVersion=abc", 500,
	  "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax" },
	{ "continue=!!", 400,
	  "invalid continue token: continue key is not valid: illegal base64 data at input byte 0" },
	{ "continue=W10", 400,
	  "invalid continue token: continue key is not valid: json: cannot unmarshal array into Go value of type "
	  "etcd3.continueToken" },
	{ "resourceVersionMatch=Exact", 422,
	  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden "
	  "unless resourceVersion is provided" },
	{ "resourceVersion=0&resourceVersionMatch=Exact", 422,
	  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch \"exact\" is "
	  "forbidden for resourceVersion \"0\"" },
	{ "resourceVersion=5&resourceVersionMatch=foo", 422,
	  "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"foo\": supported values: "
	  "\"Exact\", \"NotOlderThan\", \"\"" },
};

static void test_what_cannot_be_listed_is_refused_in_the_servers_words(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?%s", refused[i].query);

		assert_int_equal(get(w, path), refused[i].status);
		is_at(w, "message", refused[i].message);
	}
}

static void test_continue_excludes_a_version(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?limit=2");
	assert_int_equal(page(w, "resourceVersion=5"), 400);
	is_at(w, "message", "specifying resource version is not allowed when using continue");
}

static void test_metadata_alone_has_no_count_and_no_empty_list(void **state)
{
	struct world *w = *state;

	w->accept = AS_METADATA_LIST;
	get(w, MAPS "?limit=1");
	is_at(w, "kind", "PartialObjectMetadataList");
	is_at(w, "apiVersion", "meta.k8s.io/v1");
	is_at(w, "items.0.kind", "PartialObjectMetadata");
	is_at(w, "items.0.metadata.name", "a");
	is_at(w, "metadata.remainingItemCount", "");
	get(w, "/api/v1/namespaces/none/configmaps");
	is_at(w, "items", "null");
}

static void test_a_table_has_rows(void **state)
{
	struct world *w = *state;

	w->accept = AS_TABLE;
	get(w, MAPS "?limit=2");
	is_at(w, "kind", "Table");
	is_at(w, "metadata.remainingItemCount", "3");
	is_at(w, "rows.1.cells.0", "b");
}

static void test_a_name_finds_its_object(void **state)
{
	struct world *w = *state;

	get(w, MAPS "?fieldSelector=metadata.name%3Dc");
	assert_int_equal(items(w), 1);
	is_at(w, "items.0.metadata.name", "c");
	get(w, MAPS "?fieldSelector=metadata.name%3Dx");
	assert_int_equal(items(w), 0);
	get(w, "/api/v1/configmaps?fieldSelector=metadata.name%3Dc");
	assert_int_equal(items(w), 1);
	get(w, "/api/v1/namespaces?fieldSelector=metadata.name%3Dkube-public");
	assert_int_equal(items(w), 1);
}

static void test_a_replica_that_lags_shows_the_past(void **state)
{
	struct world *w = *state;
	json_t *rule = json_pack("{s:s, s:i}", "kind", "stale-list", "back", 2);
	struct fc_error err = FC_ERROR_INIT;
	unsigned id;

	assert_int_equal(sb_cruelty_add(w->c->cruelty, rule, 0, &id, &err), 0);
	json_decref(rule);
	get(w, MAPS);
	assert_int_equal(items(w), 3);
	is_at(w, "items.2.metadata.name", "c");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");

	is_at(w, "items.2.metadata.resourceVersion", version);
	sb_cruelty_clear(w->c->cruelty);
	get(w, MAPS);
	assert_int_equal(items(w), 5);
}

static void test_yaml_is_answered_as_yaml(void **state)
{
	struct world *w = *state;

	w->accept = "application/yaml";
	struct sb_response response = world_respond(w, "GET", MAPS "/a", "", NULL);

	assert_string_equal(response.content_type, "application/yaml");
	assert_non_null(strstr(fc_buf_str(&response.body), "kind: ConfigMap\n"));
	sb_response_fini(&response);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_list_is_of_one_version_and_in_the_order_of_names),
		TEST(test_pages_go_on_where_the_last_one_ended),
		TEST(test_pages_of_all_namespaces_name_them_in_the_token),
		TEST(test_later_pages_show_what_was_there_at_the_first),
		TEST(test_a_selector_hides_how_many_remain),
		TEST(test_a_list_from_memory_knows_no_pages),
		TEST(test_an_exact_version_shows_the_past),
		TEST(test_what_has_been_forgotten_is_gone),
		TEST(test_a_version_to_come_is_not_waited_for),
		TEST(test_what_cannot_be_listed_is_refused_in_the_servers_words),
		TEST(test_continue_excludes_a_version),
		TEST(test_metadata_alone_has_no_count_and_no_empty_list),
		TEST(test_a_table_has_rows),
		TEST(test_a_name_finds_its_object),
		TEST(test_a_replica_that_lags_shows_the_past),
		TEST(test_yaml_is_answered_as_yaml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
