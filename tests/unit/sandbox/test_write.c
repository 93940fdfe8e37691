/* SPDX-License-Identifier: Apache-2.0 */
/* Create and update: what a real kube-apiserver (1.20) answered to the same. */
#include "unit/sandbox/api_world.h"

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/default/leases"

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

static int post(struct world *w, const char *body)
{
	return ask(w, "POST", MAPS, JSON, body);
}

static void test_what_is_created_gets_its_metadata_from_the_server(void **state)
{
	struct world *w = *state;

	assert_int_equal(post(w, "{\"metadata\":{\"name\":\"a\",\"uid\":\"mine\",\"creationTimestamp\":"
				 "\"2020-01-01T00:00:00Z\",\"deletionTimestamp\":\"2020-01-01T00:00:00Z\","
				 "\"deletionGracePeriodSeconds\":5,\"selfLink\":\"/x\"},\"data\":{\"k\":\"v\"}}"),
			 201);
	is_at(w, "kind", "ConfigMap");
	is_at(w, "apiVersion", "v1");
	is_at(w, "metadata.namespace", "default");
	is_at(w, "metadata.creationTimestamp", "2023-11-14T22:13:20Z");
	is_at(w, "metadata.deletionTimestamp", "");
	is_at(w, "metadata.selfLink", "");
	is_at(w, "data.k", "v");
	FC_AUTO_FREE char *uid = at(w, "metadata.uid"), *version = at(w, "metadata.resourceVersion");

	assert_int_equal(strlen(uid), 36);
	assert_int_equal(get(w, MAPS "/a"), 200);
	is_at(w, "metadata.uid", uid);
	is_at(w, "metadata.resourceVersion", version);
}

static void test_a_name_is_made_of_generate_name(void **state)
{
	struct world *w = *state;

	assert_int_equal(post(w, "{\"metadata\":{\"generateName\":\"g-\"}}"), 201);
	FC_AUTO_FREE char *name = at(w, "metadata.name");

	assert_int_equal(strlen(name), 7);
	assert_memory_equal(name, "g-", 2);
	assert_int_equal(post(w, "{\"metadata\":{\"generateName\":\"g-\",\"name\":\"n\"}}"), 201);
	is_at(w, "metadata.name", "n");
	assert_int_equal(post(w, "{\"metadata\":{}}"), 422);
	is_at(w, "message",
	      "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName is required");
}

static const struct {
	const char *body;
	int status;
	const char *message;
} refused[] = {
	{ "{\"metadata\":{\"name\":\"x\",\"resourceVersion\":\"5\"}}", 500,
	  "resourceVersion should not be set on objects to be created" },
	{ "{\"metadata\":{\"name\":\"taken\"}}", 409, "configmaps \"taken\" already exists" },
	{ "{\"metadata\":{\"name\":\"x\",\"namespace\":\"other\"}}", 400,
	  "the namespace of the provided object does not match the namespace sent on the request" },
	{ "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"x\"}}", 400,
	  "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown "
	  "conversion" },
	{ "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v2\",\"metadata\":{\"name\":\"x\"}}", 400,
	  "ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for version "
	  "\"v2\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"" },
	{ "{\"metadata\":{\"name\":\"x\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":"
	  "\"o\",\"uid\":\"\"}]}}",
	  422, "ConfigMap \"x\" is invalid: metadata.ownerReferences.uid: Invalid value: \"\": uid must not be empty" },
	{ "{\"metadata\":{\"name\":\"x\",\"finalizers\":[\"short\"]}}", 422,
	  "ConfigMap \"x\" is invalid: metadata.finalizers[0]: Invalid value: \"short\": name is neither a standard "
	  "finalizer name nor is it fully qualified" },
	{ "{\"metadata\":{\"name\":\"x\",\"finalizers\":[\"orphan\",\"foregroundDeletion\"]}}", 422,
	  "ConfigMap \"x\" is invalid: metadata.finalizers: Invalid value: []string{\"orphan\", \"foregroundDeletion\"}: "
	  "finalizer orphan and foregroundDeletion cannot be both set" },
	{ "{\"metadata\":{\"name\":\"x\",\"generation\":-3}}", 422,
	  "ConfigMap \"x\" is invalid: metadata.generation: Invalid value: -3: must be greater than or equal to 0" },
};

static void test_what_cannot_be_created_is_refused_in_the_servers_words(void **state)
{
	struct world *w = *state;

	make(w, "taken", "");
	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		assert_int_equal(post(w, refused[i].body), refused[i].status);
		is_at(w, "message", refused[i].message);
	}
}

static void test_nothing_is_created_in_no_namespace(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "POST", "/api/v1/namespaces/none/configmaps", JSON, "{\"metadata\":{\"name\":\"a\"}}"),
			 404);
	is_at(w, "message", "namespaces \"none\" not found");
}

static void test_a_dry_run_creates_nothing(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "POST", MAPS "?dryRun=All", JSON, "{\"metadata\":{\"name\":\"a\"}}"), 201);
	is_at(w, "metadata.resourceVersion", "");
	is_at(w, "metadata.creationTimestamp", "2023-11-14T22:13:20Z");
	assert_int_equal(get(w, MAPS "/a"), 404);
	assert_int_equal(ask(w, "POST", MAPS "?dryRun=Some", JSON, "{\"metadata\":{\"name\":\"a\"}}"), 422);
	is_at(w, "message",
	      "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: []string{\"Some\"}: supported "
	      "values: \"All\"");
}

static void test_a_field_manager_has_limits(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "POST", MAPS "?fieldManager=a%0ab", JSON, "{\"metadata\":{\"name\":\"a\"}}"), 422);
	is_at(w, "message",
	      "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Invalid value: \"a\\nb\": invalid character "
	      "U+000A (at position 1)");
}

static int put(struct world *w, const char *path, const char *body)
{
	return ask(w, "PUT", path, JSON, body);
}

static void test_an_update_needs_the_version_it_was_decided_on(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");
	FC_AUTO_FREE char *body = fc_xasprintf(
		"{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"%s\"},\"data\":{\"k\":\"v\"}}", version);

	assert_int_equal(put(w, MAPS "/a", body), 200);
	is_at(w, "data.k", "v");
	assert_int_equal(put(w, MAPS "/a", body), 409);
	is_at(w, "message",
	      "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your "
	      "changes to the latest version and try again");
	/* Without one it is taken; what changes nothing keeps the version. */
	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"w\"}}"), 200);
	FC_AUTO_FREE char *now = at(w, "metadata.resourceVersion");

	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"w\"}}"), 200);
	is_at(w, "metadata.resourceVersion", now);
}

static void test_an_update_keeps_what_is_the_servers(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	FC_AUTO_FREE char *uid = at(w, "metadata.uid");

	assert_int_equal(
		put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2020-01-01T00:00:00Z\"}}"),
		200);
	is_at(w, "metadata.uid", uid);
	is_at(w, "metadata.creationTimestamp", "2023-11-14T22:13:20Z");
	assert_int_equal(
		put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\",\"deletionTimestamp\":\"2020-01-01T00:00:00Z\"}}"),
		422);
	is_at(w, "message",
	      "ConfigMap \"a\" is invalid: metadata.deletionTimestamp: Invalid value: 2020-01-01 00:00:00 +0000 UTC: "
	      "field is immutable");
	is_at(w, "details.causes.1.field", "metadata.deletionTimestamp");
}

static void test_an_update_is_about_the_object_in_the_url(void **state)
{
	struct world *w = *state;

	make(w, "a", "");
	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{\"name\":\"b\"}}"), 400);
	is_at(w, "message", "the name of the object (b) does not match the name on the URL (a)");
	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{}}"), 400);
	is_at(w, "message", "the name of the object (a based on URL) was undeterminable: name must be provided");
	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}}"), 400);
	is_at(w, "message", "the namespace of the object (b) does not match the namespace on the request (default)");
	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\",\"uid\":\"other\"}}"), 409);
	assert_int_equal(put(w, MAPS "/none", "{\"metadata\":{\"name\":\"none\"}}"), 404);
}

static void test_some_types_are_created_by_an_update(void **state)
{
	struct world *w = *state;

	assert_int_equal(put(w, LEASES "/l",
			     "{\"metadata\":{\"name\":\"l\",\"resourceVersion\":\"5\"},\"spec\":{\"holderIdentity\":"
			     "\"a\"}}"),
			 201);
	assert_int_equal(put(w, LEASES "/l", "{\"metadata\":{\"name\":\"l\"},\"spec\":{\"holderIdentity\":\"b\"}}"),
			 422);
	is_at(w, "message",
	      "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be "
	      "specified for an update");
	is_at(w, "details.kind", "leases");
}

static void test_the_last_finalizer_of_what_is_going_ends_it(void **state)
{
	struct world *w = *state;

	make(w, "a", ",\"finalizers\":[\"example.com/x\"]");
	ask(w, "DELETE", MAPS "/a", "", NULL);
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");

	assert_int_equal(put(w, MAPS "/a",
			     "{\"metadata\":{\"name\":\"a\",\"finalizers\":[\"example.com/x\","
			     "\"example.com/y\"]}}"),
			 422);
	is_at(w, "message",
	      "ConfigMap \"a\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object "
	      "is being deleted, found new finalizers []string{\"example.com/y\"}");
	assert_int_equal(put(w, MAPS "/a", "{\"metadata\":{\"name\":\"a\"}}"), 200);
	is_at(w, "metadata.resourceVersion", version);
	is_at(w, "metadata.finalizers", "");
	assert_int_equal(get(w, MAPS "/a"), 404);
}

static void test_events_are_one_under_both_groups(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "POST", "/api/v1/namespaces/default/events", JSON,
			     "{\"metadata\":{\"name\":\"e\"},\"involvedObject\":{\"kind\":\"ConfigMap\",\"name\":\"a\","
			     "\"namespace\":\"default\"},\"message\":\"m\",\"reason\":\"r\",\"type\":\"Normal\"}"),
			 201);
	assert_int_equal(get(w, "/apis/events.k8s.io/v1/namespaces/default/events/e"), 200);
	is_at(w, "apiVersion", "events.k8s.io/v1");
	is_at(w, "regarding.name", "a");
	is_at(w, "note", "m");
	get(w, "/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Da,reason%3Dr");
	is_at(w, "items.0.note", "m");
	get(w, "/api/v1/events?fieldSelector=involvedObject.name%3Da,type!%3DWarning");
	is_at(w, "items.0.message", "m");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_created_gets_its_metadata_from_the_server),
		TEST(test_a_name_is_made_of_generate_name),
		TEST(test_what_cannot_be_created_is_refused_in_the_servers_words),
		TEST(test_nothing_is_created_in_no_namespace),
		TEST(test_a_dry_run_creates_nothing),
		TEST(test_a_field_manager_has_limits),
		TEST(test_an_update_needs_the_version_it_was_decided_on),
		TEST(test_an_update_keeps_what_is_the_servers),
		TEST(test_an_update_is_about_the_object_in_the_url),
		TEST(test_some_types_are_created_by_an_update),
		TEST(test_the_last_finalizer_of_what_is_going_ends_it),
		TEST(test_events_are_one_under_both_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
