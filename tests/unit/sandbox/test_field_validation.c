/* SPDX-License-Identifier: Apache-2.0 */
/* ?fieldValidation, in the words of servers from 1.27 on; those of 1.20 do not know it. */
#include "unit/sandbox/api_world.h"

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define TOYS "/apis/x.example.com/v1/toys"

static int setup(void **state)
{
	struct world *w = world_new(100);

	ask(w, "POST", CRDS, JSON,
	    "{\"metadata\":{\"name\":\"toys.x.example.com\"},\"spec\":{\"group\":\"x.example.com\",\"scope\":\"Cluster\","
	    "\"names\":{\"plural\":\"toys\",\"kind\":\"Toy\"},\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,"
	    "\"deprecated\":true,\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":"
	    "\"object\",\"properties\":{\"list\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"a\":{"
	    "\"type\":\"string\"}}}}}}}}}}]}}");
	assert_int_equal(w->status, 201);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

#define DEPLOYMENT                                                                                                           \
	"{\"metadata\":{\"name\":\"d\",\"lables\":{}},\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{" \
	"\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"imag\":\"x\"}]}}}}"

static void test_strict_refuses_and_names_each_unknown_member(void **state)
{
	struct world *w = *state;

	assert_int_equal(
		ask(w, "POST", "/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict", JSON, DEPLOYMENT),
		400);
	is_at(w, "message",
	      "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field "
	      "\"metadata.lables\", unknown field \"spec.template.spec.containers[0].imag\"");
	assert_int_equal(
		ask(w, "POST", TOYS "?fieldValidation=Strict", JSON,
		    "{\"apiVersion\":\"x.example.com/v1\",\"kind\":\"Toy\",\"metadata\":{\"name\":\"t\",\"q\":1},\"spec\":{"
		    "\"list\":[{\"a\":\"1\",\"b\":2}]},\"other\":{}}"),
		400);
	is_at(w, "message",
	      "Toy in version \"v1\" cannot be handled as a Toy: strict decoding error: unknown field \"spec.list[0].b\", "
	      "unknown field \"other\", unknown field \"metadata.q\"");
}

static void test_strict_looks_at_what_a_patch_makes(void **state)
{
	struct world *w = *state;

	make(w, "m", "");
	assert_int_equal(ask(w, "PATCH", MAPS "/m?fieldValidation=Strict", MERGE_PATCH, "{\"dada\":{\"a\":\"b\"}}"),
			 422);
	assert_int_equal(ask(w, "PATCH", MAPS "/m?fieldValidation=Strict", MERGE_PATCH, "{\"data\":{\"a\":\"b\"}}"),
			 200);
}

static void test_without_it_unknown_members_go_silently(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "POST", MAPS, JSON, "{\"metadata\":{\"name\":\"a\"},\"dada\":{}}"), 201);
	assert_int_equal(
		ask(w, "POST", MAPS "?fieldValidation=Ignore", JSON, "{\"metadata\":{\"name\":\"b\"},\"dada\":{}}"),
		201);
	is_at(w, "dada", "");
}

static const char *warning(const struct sb_response *r)
{
	for (unsigned i = 0; i < r->header_count; i++)
		if (strcmp(r->headers[i].name, "warning") == 0)
			return r->headers[i].value;
	return "";
}

static void test_warn_tells_in_headers(void **state)
{
	struct world *w = *state;
	struct sb_response response = world_respond(w, "POST", MAPS "?fieldValidation=Warn", JSON,
						    "{\"metadata\":{\"name\":\"a\"},\"dada\":{}}");

	assert_int_equal(response.status, 201);
	assert_string_equal(warning(&response), "299 - \"unknown field \\\"dada\\\"\"");
	sb_response_fini(&response);
}

static void test_a_deprecated_version_of_a_definition_is_told_with_each_answer(void **state)
{
	struct world *w = *state;
	struct sb_response response = world_respond(w, "GET", TOYS, "", NULL);

	assert_string_equal(warning(&response), "299 - \"x.example.com/v1 Toy is deprecated\"");
	sb_response_fini(&response);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_strict_refuses_and_names_each_unknown_member),
		TEST(test_strict_looks_at_what_a_patch_makes),
		TEST(test_without_it_unknown_members_go_silently),
		TEST(test_warn_tells_in_headers),
		TEST(test_a_deprecated_version_of_a_definition_is_told_with_each_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
