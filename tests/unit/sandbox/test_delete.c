/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion: what a real kube-apiserver (1.20) answered to the same. */
#include "unit/sandbox/api_world.h"

static int setup(void **state)
{
	*state = world_new(100);
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static int drop(struct world *w, const char *path, const char *body)
{
	FC_AUTO_FREE char *url = fc_xasprintf(MAPS "%s", path);

	return ask(w, "DELETE", url, body ? JSON : "", body);
}

static void test_what_nothing_holds_goes_at_once(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	FC_AUTO_FREE char *uid = at(w, "metadata.uid");

	assert_int_equal(drop(w, "/a", NULL), 200);
	is_at(w, "kind", "Status");
	is_at(w, "status", "Success");
	is_at(w, "details.name", "a");
	is_at(w, "details.kind", "configmaps");
	is_at(w, "details.uid", uid);
	assert_int_equal(drop(w, "/a", NULL), 404);
}

static void test_what_a_finalizer_holds_is_marked(void **state)
{
	struct world *w = *state;

	make(w, "a", ",\"finalizers\":[\"example.com/x\"]");
	assert_int_equal(drop(w, "/a", "{\"dryRun\":[\"All\"]}"), 200);
	is_at(w, "metadata.deletionTimestamp", "2023-11-14T22:13:20Z");
	get(w, MAPS "/a");
	is_at(w, "metadata.deletionTimestamp", "");
	assert_int_equal(drop(w, "/a", NULL), 200);
	is_at(w, "kind", "ConfigMap");
	is_at(w, "metadata.deletionTimestamp", "2023-11-14T22:13:20Z");
	is_at(w, "metadata.deletionGracePeriodSeconds", "0");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");

	assert_int_equal(drop(w, "/a", NULL), 200);
	is_at(w, "metadata.resourceVersion", version);
	assert_int_equal(drop(w, "/a", "{\"propagationPolicy\":\"Foreground\"}"), 200);
	is_at(w, "metadata.finalizers", "[\"example.com/x\",\"foregroundDeletion\"]");
	assert_int_equal(ask(w, "PATCH", MAPS "/a", MERGE_PATCH, "{\"metadata\":{\"finalizers\":null}}"), 200);
	assert_int_equal(get(w, MAPS "/a"), 404);
}

static void test_a_policy_is_a_finalizer(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	assert_int_equal(drop(w, "/a", "{\"orphanDependents\":true}"), 200);
	is_at(w, "metadata.finalizers", "[\"orphan\"]");
	make(w, "b", "");
	assert_int_equal(ask(w, "DELETE", MAPS "/b?propagationPolicy=Background", "", NULL), 200);
	is_at(w, "status", "Success");
}

static const struct {
	const char *path, *body;
	int status;
	const char *message;
} refused[] = {
	{ "/a", "{\"preconditions\":{\"uid\":\"x\"}}", 409,
	  "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (x) does not match the UID in "
	  "record (%s). The object might have been deleted and then recreated" },
	{ "/a", "{\"preconditions\":{\"resourceVersion\":\"1\"}}", 409, NULL },
	{ "/a", "{\"propagationPolicy\":\"Foo\"}", 422,
	  "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Foo\": supported values: "
	  "\"Foreground\", \"Background\", \"Orphan\", \"nil\"" },
	{ "/a?propagationPolicy=Foo", NULL, 422, NULL },
	{ "/a", "{\"propagationPolicy\":\"Orphan\",\"orphanDependents\":true}", 422,
	  "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Orphan\": orphanDependents and "
	  "deletionPropagation cannot be both set" },
	{ "/a", "{\"dryRun\":[\"x\"]}", 422,
	  "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: []string{\"x\"}: supported values: "
	  "\"All\"" },
	{ "/a", "{\"kind\":\"Foo\",\"apiVersion\":\"v1\"}", 500,
	  "no kind \"Foo\" is registered for version \"v1\" in scheme "
	  "\"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"" },
	{ "/a", "{", 500, "couldn't get version/kind; json parse error: unexpected end of JSON input" },
};

static void test_what_may_not_be_deleted_is_refused_in_the_servers_words(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	FC_AUTO_FREE char *uid = at(w, "metadata.uid");

	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		assert_int_equal(drop(w, refused[i].path, refused[i].body), refused[i].status);
		if (refused[i].message && strstr(refused[i].message, "%s")) {
			const char *gap = strstr(refused[i].message, "%s");
			FC_AUTO_FREE char *message = fc_xasprintf("%.*s%s%s", (int)(gap - refused[i].message),
								  refused[i].message, uid, gap + 2);

			is_at(w, "message", message);
			is_at(w, "details.kind", "ConfigMap");
		} else if (refused[i].message) {
			is_at(w, "message", refused[i].message);
		}
	}
	assert_int_equal(get(w, MAPS "/a"), 200);
}

static void test_some_namespaces_stay(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "DELETE", "/api/v1/namespaces/kube-system", "", NULL), 403);
	is_at(w, "message", "namespaces \"kube-system\" is forbidden: this namespace may not be deleted");
	assert_int_equal(ask(w, "DELETE", "/api/v1/namespaces", "", NULL), 405);
}

static void test_a_collection_is_answered_as_it_was(void **state)
{
	struct world *w = *state;

	make(w, "a", ",\"labels\":{\"l\":\"1\"}");
	make(w, "b", ",\"labels\":{\"l\":\"2\"}");
	make(w, "c", "");
	assert_int_equal(drop(w, "?labelSelector=l", "{\"dryRun\":[\"All\"]}"), 200);
	assert_int_equal(drop(w, "?labelSelector=l", "{\"preconditions\":{\"uid\":\"x\"}}"), 409);
	assert_int_equal(drop(w, "?labelSelector=l&limit=1", NULL), 200);
	is_at(w, "kind", "ConfigMapList");
	is_at(w, "items.0.metadata.name", "a");
	is_at(w, "items.1", "");
	assert_int_equal(drop(w, "?labelSelector=l", NULL), 200);
	is_at(w, "items.0.metadata.name", "b");
	get(w, MAPS);
	is_at(w, "items.0.metadata.name", "c");
	is_at(w, "items.1", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_nothing_holds_goes_at_once),
		TEST(test_what_a_finalizer_holds_is_marked),
		TEST(test_a_policy_is_a_finalizer),
		TEST(test_what_may_not_be_deleted_is_refused_in_the_servers_words),
		TEST(test_some_namespaces_stay),
		TEST(test_a_collection_is_answered_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
