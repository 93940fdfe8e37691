/* SPDX-License-Identifier: Apache-2.0 */
/* Patches of all kinds: what a real kube-apiserver (1.20) answered to the same. */
#include "unit/sandbox/api_world.h"

static int setup(void **state)
{
	struct world *w = world_new(100);

	assert_int_equal(
		ask(w, "POST", MAPS, JSON, "{\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"v\",\"l\":\"w\"}}"), 201);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static int patch(struct world *w, const char *type, const char *body)
{
	return ask(w, "PATCH", MAPS "/a", type, body);
}

static void test_a_json_patch_changes_places(void **state)
{
	struct world *w = *state;

	assert_int_equal(patch(w, JSON_PATCH,
			       "[{\"op\":\"replace\",\"path\":\"/data/k\",\"value\":\"x\"},{\"op\":\"remove\",\"path\":"
			       "\"/data/l\"},{\"op\":\"copy\",\"from\":\"/data/k\",\"path\":\"/data/m\"}]"),
			 200);
	is_at(w, "data.k", "x");
	is_at(w, "data.l", "");
	is_at(w, "data.m", "x");
}

static void test_a_merge_patch_merges(void **state)
{
	struct world *w = *state;

	assert_int_equal(patch(w, MERGE_PATCH, "{\"data\":{\"k\":\"x\",\"l\":null}}"), 200);
	is_at(w, "data", "{\"k\":\"x\"}");
}

static void test_a_strategic_patch_is_for_built_in_types(void **state)
{
	struct world *w = *state;

	assert_int_equal(patch(w, STRATEGIC_PATCH, "{\"data\":{\"k\":\"x\"}}"), 200);
	is_at(w, "data.k", "x");
	is_at(w, "data.l", "w");
	assert_int_equal(patch(w, STRATEGIC_PATCH, "[]"), 400);
	is_at(w, "message", "json: cannot unmarshal array into Go value of type map[string]interface {}");
	assert_int_equal(patch(w, STRATEGIC_PATCH, ""), 400);
	is_at(w, "message", "EOF");
	assert_int_equal(patch(w, STRATEGIC_PATCH, "{"), 400);
	is_at(w, "message", "unexpected EOF");
}

static void test_apply_creates_and_changes(void **state)
{
	struct world *w = *state;
	const char *yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\ndata:\n  k: v\n";

	assert_int_equal(ask(w, "PATCH", MAPS "/b?fieldManager=m", APPLY_PATCH, yaml), 201);
	is_at(w, "data.k", "v");
	is_at(w, "metadata.managedFields.0.operation", "Apply");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");

	assert_int_equal(ask(w, "PATCH", MAPS "/b?fieldManager=m", APPLY_PATCH, yaml), 200);
	is_at(w, "metadata.resourceVersion", version);
	assert_int_equal(ask(w, "PATCH", MAPS "/b", APPLY_PATCH, yaml), 422);
	is_at(w, "message",
	      "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
	assert_int_equal(ask(w, "PATCH", MAPS "/b?fieldManager=m", APPLY_PATCH, "{\"data\":{}}"), 400);
	is_at(w, "message", "Incorrect version specified in apply patch. Specified patch version: , expected: v1");
}

static const struct {
	const char *type, *body;
	int status;
	const char *message;
} refused[] = {
	{ JSON_PATCH, "[{\"op\":\"remove\",\"path\":\"/data/none\"}]", 422,
	  "the server rejected our request due to an error in our request" },
	{ JSON_PATCH, "[{\"op\":\"test\",\"path\":\"/data/k\",\"value\":\"z\"}]", 422,
	  "the server rejected our request due to an error in our request" },
	{ JSON_PATCH, "{\"a\":1}", 400, "json: cannot unmarshal object into Go value of type jsonpatch.Patch" },
	{ JSON_PATCH, "[1]", 400, "json: cannot unmarshal number into Go value of type jsonpatch.Operation" },
	{ JSON_PATCH, "", 400, "unexpected end of JSON input" },
	{ JSON_PATCH, "[{\"op\":\"replace\",\"path\":\"/metadata/name\",\"value\":\"z\"}]", 400,
	  "the name of the object (z) does not match the name on the URL (a)" },
	{ JSON_PATCH, "[{\"op\":\"replace\",\"path\":\"/metadata/namespace\",\"value\":\"z\"}]", 400,
	  "the namespace of the object (z) does not match the namespace on the request (default)" },
	{ JSON_PATCH, "[{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"1\"}]", 409,
	  "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to "
	  "the latest version and try again" },
	{ JSON_PATCH, "[{\"op\":\"replace\",\"path\":\"/metadata/resourceVersion\",\"value\":\"abc\"}]", 500,
	  "strconv.ParseUint: parsing \"abc\": invalid syntax" },
	{ JSON_PATCH, "[{\"op\":\"replace\",\"path\":\"/metadata/uid\",\"value\":\"abc\"}]", 422,
	  "ConfigMap \"a\" is invalid: metadata.uid: Invalid value: \"abc\": field is immutable" },
	{ JSON_PATCH, "[{\"op\":\"remove\",\"path\":\"/metadata\"}]", 400,
	  "the name of the object (a based on URL) was undeterminable: name must be provided" },
	{ MERGE_PATCH, "5", 500, "Invalid JSON Patch" },
	{ MERGE_PATCH, "{\"metadata\":null}", 400,
	  "the name of the object (a based on URL) was undeterminable: name must be provided" },
	{ "application/json", "{}", 415, "415: Unsupported Media Type" },
};

static void test_what_cannot_be_patched_is_refused_in_the_servers_words(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		assert_int_equal(patch(w, refused[i].type, refused[i].body), refused[i].status);
		is_at(w, "message", refused[i].message);
	}
	assert_int_equal(get(w, MAPS "/a"), 200);
	is_at(w, "data", "{\"k\":\"v\",\"l\":\"w\"}");
}

static void test_a_result_that_cannot_be_read_is_invalid(void **state)
{
	struct world *w = *state;

	assert_int_equal(patch(w, MERGE_PATCH, "{\"data\":{\"k\":5}}"), 422);
	is_at(w, "reason", "Invalid");
	is_at(w, "details.causes.0.field", "patch");
	assert_int_equal(patch(w, MERGE_PATCH, "[]"), 422);
	assert_int_equal(patch(w, MERGE_PATCH, "{\"kind\":\"Secret\"}"), 422);
}

static void test_a_patch_without_a_version_is_taken(void **state)
{
	struct world *w = *state;

	assert_int_equal(patch(w, MERGE_PATCH, "{\"metadata\":{\"resourceVersion\":null},\"data\":{\"k\":\"x\"}}"),
			 200);
	is_at(w, "data.k", "x");
}

static void test_what_changes_nothing_keeps_the_version(void **state)
{
	struct world *w = *state;

	get(w, MAPS "/a");
	FC_AUTO_FREE char *version = at(w, "metadata.resourceVersion");

	assert_int_equal(patch(w, MERGE_PATCH, "{\"data\":{\"k\":\"v\"}}"), 200);
	is_at(w, "metadata.resourceVersion", version);
	assert_int_equal(patch(w, JSON_PATCH, "[]"), 200);
	is_at(w, "metadata.resourceVersion", version);
}

static void test_only_what_is_there_is_patched(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "PATCH", MAPS "/none", JSON_PATCH, "["), 404);
	assert_int_equal(ask(w, "PATCH", MAPS "/a?force=true", MERGE_PATCH, "{}"), 422);
	is_at(w, "message",
	      "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch");
}

static void test_a_dry_run_changes_nothing(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "PATCH", MAPS "/a?dryRun=All", MERGE_PATCH, "{\"data\":{\"k\":\"x\"}}"), 200);
	is_at(w, "data.k", "x");
	get(w, MAPS "/a");
	is_at(w, "data.k", "v");
}

static void test_more_operations_than_a_server_takes_are_refused(void **state)
{
	struct world *w = *state;
	struct fc_buf body = FC_BUF_INIT;

	fc_buf_putc(&body, '[');
	for (int i = 0; i < 10001; i++)
		fc_buf_puts(&body, i ? ",{\"op\":\"test\",\"path\":\"/data/k\",\"value\":\"v\"}"
				     : "{\"op\":\"test\",\"path\":\"/data/k\",\"value\":\"v\"}");
	fc_buf_putc(&body, ']');
	assert_int_equal(patch(w, JSON_PATCH, fc_buf_str(&body)), 413);
	fc_buf_fini(&body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_json_patch_changes_places),
		TEST(test_a_merge_patch_merges),
		TEST(test_a_strategic_patch_is_for_built_in_types),
		TEST(test_apply_creates_and_changes),
		TEST(test_what_cannot_be_patched_is_refused_in_the_servers_words),
		TEST(test_a_result_that_cannot_be_read_is_invalid),
		TEST(test_a_patch_without_a_version_is_taken),
		TEST(test_what_changes_nothing_keeps_the_version),
		TEST(test_only_what_is_there_is_patched),
		TEST(test_a_dry_run_changes_nothing),
		TEST(test_more_operations_than_a_server_takes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
