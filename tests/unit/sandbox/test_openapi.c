/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAPI documents: what kubectl looks for in them. Version 2 is held against a real kube-apiserver (1.20), version 3
 * is younger and written after KEP-2896. */
#include "unit/sandbox/api_world.h"

#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define PROTOBUF "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
#define GADGET "com.example.types.v1.Gadget"

static int setup(void **state)
{
	struct world *w = world_new(100);

	ask(w, "POST", CRDS, JSON,
	    "{\"metadata\":{\"name\":\"gadgets.types.example.com\"},\"spec\":{\"group\":\"types.example.com\",\"scope\":"
	    "\"Namespaced\",\"names\":{\"plural\":\"gadgets\",\"kind\":\"Gadget\"},\"versions\":[{\"name\":\"v1\",\"served\":"
	    "true,\"storage\":true,\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":"
	    "\"object\",\"properties\":{\"size\":{\"type\":\"integer\",\"default\":3},\"any\":{\"type\":\"object\","
	    "\"x-kubernetes-preserve-unknown-fields\":true},\"color\":{\"type\":\"string\",\"nullable\":true}}}}}}}]}}");
	assert_int_equal(w->status, 201);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* Members by names in which dots may stand. */
static const json_t *in(const json_t *value, const char *const *names)
{
	for (; *names; names++)
		value = json_object_get(value, *names);
	return value;
}

#define IN(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void is_json(const json_t *value, const char *expected)
{
	json_t *wanted = json_loads(expected, JSON_DECODE_ANY, NULL);
	FC_AUTO_FREE char *have = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	assert_non_null(wanted);
	if (!json_equal(value, wanted))
		fail_msg("%s, not %s", have ?: "nothing", expected);
	json_decref(wanted);
}

static void test_version_2_tells_the_shape_of_built_in_types(void **state)
{
	struct world *w = *state;

	assert_int_equal(get(w, "/openapi/v2"), 200);
	is_json(in(w->body, IN("definitions", "io.k8s.api.core.v1.ConfigMap", "properties", "binaryData")),
		"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\",\"format\":\"byte\"}}");
	is_json(in(w->body, IN("definitions", "io.k8s.api.core.v1.ConfigMap", "x-kubernetes-group-version-kind")),
		"[{\"group\":\"\",\"kind\":\"ConfigMap\",\"version\":\"v1\"}]");
	is_json(in(w->body, IN("definitions", "io.k8s.api.core.v1.ServiceSpec", "properties", "ports")),
		"{\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/io.k8s.api.core.v1.ServicePort\"},"
		"\"x-kubernetes-list-map-keys\":[\"port\",\"protocol\"],\"x-kubernetes-list-type\":\"map\","
		"\"x-kubernetes-patch-merge-key\":\"port\",\"x-kubernetes-patch-strategy\":\"merge\"}");
	is_json(in(w->body, IN("definitions", "io.k8s.api.apps.v1.DeploymentSpec", "properties", "strategy")),
		"{\"$ref\":\"#/definitions/io.k8s.api.apps.v1.DeploymentStrategy\",\"x-kubernetes-patch-strategy\":"
		"\"retainKeys\"}");
	is_json(in(w->body, IN("definitions", "io.k8s.apimachinery.pkg.util.intstr.IntOrString")),
		"{\"type\":\"string\",\"format\":\"int-or-string\"}");
	is_json(in(w->body, IN("definitions", "io.k8s.api.apps.v1.DeploymentSpec", "required")),
		"[\"selector\",\"template\"]");
}

static void test_every_reference_leads_to_a_definition(void **state)
{
	struct world *w = *state;
	FC_AUTO_FREE char *text = NULL;
	const json_t *definitions;
	unsigned count = 0;

	get(w, "/openapi/v2");
	definitions = json_object_get(w->body, "definitions");
	text = json_dumps(w->body, JSON_COMPACT);
	for (const char *at_ = text; (at_ = strstr(at_, "\"#/definitions/")); count++) {
		FC_AUTO_FREE char *name = NULL;

		at_ += strlen("\"#/definitions/");
		name = fc_xstrndup(at_, strcspn(at_, "\""));
		if (!json_object_get(definitions, name))
			fail_msg("%s is not defined", name);
	}
	assert_true(count > 300);
}

static void test_version_2_weakens_what_it_has_no_words_for(void **state)
{
	struct world *w = *state;

	get(w, "/openapi/v2");
	is_json(in(w->body, IN("definitions", GADGET)),
		"{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{\"size\":{\"type\":"
		"\"integer\"},\"any\":{\"x-kubernetes-preserve-unknown-fields\":true},\"color\":{}}},\"apiVersion\":{\"type\":"
		"\"string\"},\"kind\":{\"type\":\"string\"},\"metadata\":{\"$ref\":"
		"\"#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta\"}},\"x-kubernetes-group-version-kind\":[{"
		"\"group\":\"types.example.com\",\"kind\":\"Gadget\",\"version\":\"v1\"}]}");
	/* The type's own schema is untouched by that. */
	get(w, "/openapi/v3/apis/types.example.com/v1");
	is_json(in(w->body, IN("components", "schemas", GADGET, "properties", "spec", "properties", "size", "default")),
		"3");
}

static bool has_parameter(const json_t *operation, const char *name)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(operation, "parameters"), i, p)
		if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0)
			return true;
	return false;
}

static void test_patches_tell_which_parameters_they_take(void **state)
{
	static const char path[] = "/apis/types.example.com/v1/namespaces/{namespace}/gadgets/{name}";
	struct world *w = *state;
	const json_t *patch;

	get(w, "/openapi/v2");
	patch = in(w->body, IN("paths", path, "patch"));
	assert_true(has_parameter(patch, "dryRun"));
	assert_false(has_parameter(patch, "fieldValidation"));
	is_json(in(patch, IN("x-kubernetes-group-version-kind")),
		"{\"group\":\"types.example.com\",\"kind\":\"Gadget\",\"version\":\"v1\"}");
	is_json(in(patch, IN("operationId")), "\"patchTypesExampleComV1NamespacedGadget\"");
	is_json(in(patch, IN("consumes")), "[\"application/json-patch+json\",\"application/merge-patch+json\","
					   "\"application/apply-patch+yaml\"]");
	get(w, "/openapi/v3/apis/types.example.com/v1");
	patch = in(w->body, IN("paths", path, "patch"));
	assert_true(has_parameter(patch, "dryRun"));
	assert_true(has_parameter(patch, "fieldValidation"));
}

static void test_the_index_of_version_3_leads_to_documents_by_their_hash(void **state)
{
	struct world *w = *state;
	FC_AUTO_FREE char *url = NULL, *stale = NULL;
	struct sb_response moved;

	assert_int_equal(get(w, "/openapi/v3"), 200);
	assert_non_null(in(w->body, IN("paths", "api/v1")));
	assert_non_null(in(w->body, IN("paths", "apis/types.example.com/v1")));
	url = fc_xstrdup(json_string_value(in(w->body, IN("paths", "apis/apps/v1", "serverRelativeURL"))));
	assert_int_equal(get(w, url), 200);
	is_at(w, "openapi", "3.0.0");
	assert_non_null(in(w->body, IN("components", "schemas", "io.k8s.api.core.v1.PodSpec")));
	assert_null(in(w->body, IN("components", "schemas", "io.k8s.api.core.v1.ConfigMap")));
	stale = fc_xasprintf("%.*s=0", (int)strcspn(url, "="), url);
	moved = world_respond(w, "GET", stale, "", NULL);
	assert_int_equal(moved.status, 301);
	sb_response_fini(&moved);
	assert_int_equal(get(w, "/openapi/v3/apis/nope/v1"), 404);
}

/* --- the message --- */

struct bytes {
	const unsigned char *at;
	size_t len;
};

static uint64_t take_varint(struct bytes *b)
{
	uint64_t n = 0;

	for (unsigned shift = 0;; shift += 7) {
		unsigned char c;

		assert_true(b->len > 0);
		c = *b->at++;
		b->len--;
		n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return n;
	}
}

/* The n-th field of that number in a message; false: there is none. All it holds is well formed. */
static bool field(struct bytes message, unsigned number, unsigned nth, struct bytes *out)
{
	while (message.len) {
		uint64_t key = take_varint(&message), len = take_varint(&message);

		if ((key & 7) == 0)
			continue;
		assert_int_equal(key & 7, 2);
		assert_true(len <= message.len);
		*out = (struct bytes){ message.at, len };
		message.at += len;
		message.len -= len;
		if (key >> 3 == number && nth-- == 0)
			return true;
	}
	return false;
}

static bool is_text(struct bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.at, text, b.len) == 0;
}

/* The value of the entry of that name. */
static struct bytes named(struct bytes message, unsigned number, const char *name)
{
	struct bytes entry, key, value;

	for (unsigned i = 0; field(message, number, i, &entry); i++)
		if (field(entry, 1, 0, &key) && is_text(key, name) && field(entry, 2, 0, &value))
			return value;
	fail_msg("no %s", name);
	return message;
}

static void test_the_protobuf_form_is_the_message_that_old_clients_read(void **state)
{
	struct world *w = *state;
	struct sb_response response;
	struct bytes all, definitions, gadget, part, yaml;

	w->accept = PROTOBUF;
	response = world_respond(w, "GET", "/openapi/v2?timeout=32s", "", NULL);
	assert_int_equal(response.status, 200);
	assert_string_equal(response.content_type, "application/octet-stream");
	all = (struct bytes){ (const unsigned char *)response.body.data, response.body.len };
	assert_true(field(all, 1, 0, &part));
	assert_true(is_text(part, "2.0"));
	assert_true(field(all, 9, 0, &definitions));
	gadget = named(definitions, 1, GADGET);
	assert_true(field(gadget, 22, 0, &part)); /* type */
	assert_true(field(gadget, 25, 0, &part)); /* properties */
	part = named(part, 1, "metadata");
	assert_true(field(part, 1, 0, &part));
	assert_true(is_text(part, "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"));
	part = named(gadget, 31, "x-kubernetes-group-version-kind");
	assert_true(field(part, 2, 0, &yaml));
	assert_true(is_text(yaml, "[{\"group\":\"types.example.com\",\"kind\":\"Gadget\",\"version\":\"v1\"}]"));
	assert_true(field(all, 8, 0, &part)); /* paths */
	part = named(part, 2, "/api/v1/namespaces/{namespace}/configmaps/{name}");
	assert_true(field(part, 8, 0, &part)); /* patch */
	part = named(part, 13, "x-kubernetes-action");
	assert_true(field(part, 2, 0, &yaml));
	assert_true(is_text(yaml, "\"patch\""));
	sb_response_fini(&response);
}

static void test_other_forms_are_not_acceptable(void **state)
{
	struct world *w = *state;

	w->accept = "application/yaml";
	assert_int_equal(get(w, "/openapi/v2"), 406);
	w->accept = "text/plain";
	assert_int_equal(get(w, "/openapi/v3"), 406);
	w->accept = "application/json, */*";
	assert_int_equal(get(w, "/openapi/v2"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_version_2_tells_the_shape_of_built_in_types),
		TEST(test_every_reference_leads_to_a_definition),
		TEST(test_version_2_weakens_what_it_has_no_words_for),
		TEST(test_patches_tell_which_parameters_they_take),
		TEST(test_the_index_of_version_3_leads_to_documents_by_their_hash),
		TEST(test_the_protobuf_form_is_the_message_that_old_clients_read),
		TEST(test_other_forms_are_not_acceptable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
