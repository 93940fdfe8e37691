/* SPDX-License-Identifier: Apache-2.0 */
/* What the server says of itself: bodies are those of a real kube-apiserver (1.20), of it what the sandbox serves. The
 * aggregated form is younger: written after KEP-3352. */
#include "unit/sandbox/api_world.h"

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
#define AGGREGATED_BETA "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"

static int setup(void **state)
{
	struct world *w = world_new(100);

	ask(w, "POST", CRDS, JSON,
	    "{\"metadata\":{\"name\":\"gadgets.types.example.com\"},\"spec\":{\"group\":\"types.example.com\",\"scope\":"
	    "\"Namespaced\",\"names\":{\"plural\":\"gadgets\",\"kind\":\"Gadget\",\"shortNames\":[\"gd\"],\"categories\":["
	    "\"all\",\"toys\"]},\"versions\":[{\"name\":\"v1beta1\",\"served\":true,\"storage\":false,\"deprecated\":true,"
	    "\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}},{\"name\":\"v1\",\"served\":true,\"storage\":true,"
	    "\"subresources\":{\"status\":{}},\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}},{\"name\":\"v2alpha1\","
	    "\"served\":false,\"storage\":false,\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}");
	assert_int_equal(w->status, 201);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void answers(struct world *w, const char *path, const char *body)
{
	json_t *expected = json_loads(body, 0, NULL);

	assert_non_null(expected);
	assert_int_equal(get(w, path), 200);
	if (!json_equal(w->body, expected)) {
		FC_AUTO_FREE char *have = json_dumps(w->body, JSON_INDENT(1));

		fail_msg("%s: %s", path, have);
	}
	json_decref(expected);
}

static void test_a_group_of_a_definition_is_listed_as_the_real_server_lists_it(void **state)
{
	struct world *w = *state;

	answers(w, "/apis/types.example.com",
		"{\"kind\":\"APIGroup\",\"apiVersion\":\"v1\",\"name\":\"types.example.com\",\"versions\":[{\"groupVersion\":"
		"\"types.example.com/v1\",\"version\":\"v1\"},{\"groupVersion\":\"types.example.com/v1beta1\",\"version\":"
		"\"v1beta1\"}],\"preferredVersion\":{\"groupVersion\":\"types.example.com/v1\",\"version\":\"v1\"}}");
	answers(w, "/apis/types.example.com/v1",
		"{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"types.example.com/v1\",\"resources\":["
		"{\"name\":\"gadgets\",\"singularName\":\"gadget\",\"namespaced\":true,\"kind\":\"Gadget\",\"verbs\":["
		"\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\",\"create\",\"update\",\"watch\"],\"shortNames\":["
		"\"gd\"],\"categories\":[\"all\",\"toys\"],\"storageVersionHash\":\"irj70wwDIT0=\"},{\"name\":"
		"\"gadgets/status\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Gadget\",\"verbs\":[\"get\","
		"\"patch\",\"update\"]}]}");
	/* The subresource is of the one version. */
	get(w, "/apis/types.example.com/v1beta1");
	assert_int_equal(json_array_size(json_object_get(w->body, "resources")), 1);
}

static void test_built_in_versions_are_listed_as_the_real_server_lists_them(void **state)
{
	struct world *w = *state;

	answers(w, "/apis/coordination.k8s.io/v1",
		"{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\",\"groupVersion\":\"coordination.k8s.io/v1\",\"resources\":"
		"[{\"name\":\"leases\",\"singularName\":\"\",\"namespaced\":true,\"kind\":\"Lease\",\"verbs\":[\"create\","
		"\"delete\",\"deletecollection\",\"get\",\"list\",\"patch\",\"update\",\"watch\"],\"storageVersionHash\":"
		"\"/sY7hl8ol1U=\"}]}");
	get(w, "/api/v1");
	is_at(w, "apiVersion", ""); /* the oldest of its kind has none */
	is_at(w, "groupVersion", "v1");
	is_at(w, "resources.2.name", "namespaces");
	is_at(w, "resources.2.verbs", "[\"create\",\"delete\",\"get\",\"list\",\"patch\",\"update\",\"watch\"]");
	is_at(w, "resources.3",
	      "{\"name\":\"namespaces/finalize\",\"singularName\":\"\",\"namespaced\":false,\"kind\":\"Namespace\",\"verbs\":"
	      "[\"update\"]}");
	is_at(w, "resources.4.name", "namespaces/status");
	answers(w, "/api/", "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}");
}

static void test_groups_come_in_the_order_of_their_priority(void **state)
{
	static const char *const groups[] = { "apps",
					      "events.k8s.io",
					      "batch",
					      "rbac.authorization.k8s.io",
					      "apiextensions.k8s.io",
					      "coordination.k8s.io",
					      "types.example.com" };
	struct world *w = *state;

	get(w, "/apis");
	is_at(w, "kind", "APIGroupList");
	assert_int_equal(json_array_size(json_object_get(w->body, "groups")), FC_ARRAY_LEN(groups));
	for (size_t i = 0; i < FC_ARRAY_LEN(groups); i++) {
		FC_AUTO_FREE char *path = fc_xasprintf("groups.%zu.name", i);

		is_at(w, path, groups[i]);
	}
	is_at(w, "groups.2.preferredVersion.version", "v1");
}

static void test_what_is_not_served_is_told_in_the_words_of_its_server(void **state)
{
	struct world *w = *state;

	/* Of a group that kube-apiserver serves by itself: a Status. */
	assert_int_equal(get(w, "/apis/apps/v2"), 404);
	is_at(w, "message", "the server could not find the requested resource");
	assert_int_equal(get(w, "/api/v2"), 404);
	is_at(w, "reason", "NotFound");
	/* Of any other: a page. */
	assert_int_equal(get(w, "/apis/nope"), 404);
	assert_null(w->body);
	assert_int_equal(get(w, "/apis/types.example.com/v2alpha1"), 404);
	assert_null(w->body);
}

static void test_other_forms_than_json_and_yaml_are_not_acceptable(void **state)
{
	struct world *w = *state;

	w->accept = "text/html";
	assert_int_equal(get(w, "/apis"), 406);
	is_at(w, "message",
	      "only the following media types are accepted: application/json, application/yaml, "
	      "application/vnd.kubernetes.protobuf");
	w->accept = "application/json;as=Table;g=meta.k8s.io;v=v1";
	assert_int_equal(get(w, "/apis/apps"), 406);
	w->accept = AGGREGATED;
	assert_int_equal(get(w, "/apis/apps"), 406);
	w->accept = AGGREGATED ",application/json";
	assert_int_equal(get(w, "/apis/apps"), 200);
}

static void test_aggregated_discovery_holds_everything_in_one_document(void **state)
{
	struct world *w = *state;

	w->accept = AGGREGATED "," AGGREGATED_BETA ",application/json";
	assert_int_equal(get(w, "/apis"), 200);
	is_at(w, "apiVersion", "apidiscovery.k8s.io/v2");
	is_at(w, "items.6.metadata.name", "types.example.com");
	is_at(w, "items.6.versions.0.version", "v1");
	is_at(w, "items.6.versions.0.freshness", "Current");
	is_at(w, "items.6.versions.0.resources.0",
	      "{\"resource\":\"gadgets\",\"responseKind\":{\"group\":\"types.example.com\",\"version\":\"v1\",\"kind\":"
	      "\"Gadget\"},\"scope\":\"Namespaced\",\"singularResource\":\"gadget\",\"verbs\":[\"delete\","
	      "\"deletecollection\",\"get\",\"list\",\"patch\",\"create\",\"update\",\"watch\"],\"shortNames\":[\"gd\"],"
	      "\"categories\":[\"all\",\"toys\"],\"subresources\":[{\"subresource\":\"status\",\"responseKind\":{\"group\":"
	      "\"types.example.com\",\"version\":\"v1\",\"kind\":\"Gadget\"},\"verbs\":[\"get\",\"patch\",\"update\"]}]}");
	assert_int_equal(get(w, "/api"), 200);
	assert_int_equal(json_array_size(json_object_get(w->body, "items")), 1);
	is_at(w, "items.0.metadata.name", "");
	is_at(w, "items.0.versions.0.resources.2.scope", "Cluster");
	w->accept = AGGREGATED_BETA;
	get(w, "/apis");
	is_at(w, "apiVersion", "apidiscovery.k8s.io/v2beta1");
}

static const char *header(const struct sb_response *r, const char *name)
{
	for (unsigned i = 0; i < r->header_count; i++)
		if (strcmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return "";
}

static struct sb_response ask_again(struct world *w, const char *etag)
{
	struct sb_request request = { .method = "GET",
				      .path = "/apis",
				      .accept = AGGREGATED,
				      .content_type = "",
				      .authorization = "Bearer t",
				      .if_none_match = etag,
				      .user_agent = "t/1",
				      .body = "" };
	struct sb_response response = SB_RESPONSE_INIT;

	sb_api_handle(w->c, &request, &response);
	return response;
}

static void test_aggregated_discovery_is_not_sent_twice_while_nothing_changes(void **state)
{
	struct world *w = *state;
	struct sb_response first = ask_again(w, ""), second = ask_again(w, header(&first, "etag")), third;

	assert_int_equal(first.status, 200);
	assert_string_equal(first.content_type, AGGREGATED);
	assert_int_equal(second.status, 304);
	assert_int_equal(second.body.len, 0);
	assert_string_equal(header(&first, "etag"), header(&second, "etag"));
	ask(w, "DELETE", CRDS "/gadgets.types.example.com", "", NULL);
	third = ask_again(w, header(&first, "etag"));
	assert_int_equal(third.status, 200);
	sb_response_fini(&first);
	sb_response_fini(&second);
	sb_response_fini(&third);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_group_of_a_definition_is_listed_as_the_real_server_lists_it),
		TEST(test_built_in_versions_are_listed_as_the_real_server_lists_them),
		TEST(test_groups_come_in_the_order_of_their_priority),
		TEST(test_what_is_not_served_is_told_in_the_words_of_its_server),
		TEST(test_other_forms_than_json_and_yaml_are_not_acceptable),
		TEST(test_aggregated_discovery_holds_everything_in_one_document),
		TEST(test_aggregated_discovery_is_not_sent_twice_while_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
