/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/access.h"

#include "unit/sandbox/api_world.h"

#define SECRETS "/api/v1/namespaces/default/secrets"

static struct world *world_with(const char *token)
{
	struct world *w = world_new(100);
	struct fc_error err = FC_ERROR_INIT;
	json_t *entry = json_loads(token, 0, NULL);

	assert_non_null(entry);
	assert_int_equal(sb_access_set(w->c->access, entry, &err), 0);
	json_decref(entry);
	w->authorization = "Bearer other";
	return w;
}

static void refuses(const char *entry_text, const char *words)
{
	struct world *w = world_new(100);
	struct fc_error err = FC_ERROR_INIT;
	json_t *entry = json_loads(entry_text, 0, NULL);

	assert_int_equal(sb_access_set(w->c->access, entry, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("%s: %s", entry_text, err.text);
	json_decref(entry);
	world_free(w);
}

static void test_who_shows_no_token_is_anonymous(void **state FC_UNUSED)
{
	struct world *w = world_new(100);

	w->authorization = "";
	assert_int_equal(get(w, "/version"), 200);
	assert_int_equal(get(w, MAPS), 403);
	is_at(w, "message",
	      "configmaps is forbidden: User \"system:anonymous\" cannot list resource \"configmaps\" in API group \"\" in "
	      "the namespace \"default\"");
	/* Of another way to log in the server knows nothing. */
	w->authorization = "Basic dTpw";
	assert_int_equal(get(w, "/version"), 200);
	assert_int_equal(get(w, MAPS), 403);
	w->authorization = "Bearer wrong";
	assert_int_equal(get(w, "/version"), 401);
	world_free(w);
}

static void test_what_is_denied_is_forbidden_and_nothing_else(void **state FC_UNUSED)
{
	struct world *w = world_with("{\"token\":\"other\",\"user\":\"u\",\"deny\":[{\"resources\":[\"secrets\"],"
				     "\"verbs\":[\"list\"]},{\"nonResourceURLs\":[\"/metrics\"]}]}");

	assert_int_equal(get(w, SECRETS), 403);
	assert_int_equal(get(w, SECRETS "/none"), 404);
	assert_int_equal(get(w, MAPS), 200);
	assert_int_equal(get(w, "/metrics"), 403);
	assert_int_equal(get(w, "/version"), 200);
	world_free(w);
}

static void test_where_something_is_allowed_nothing_else_is(void **state FC_UNUSED)
{
	struct world *w = world_with("{\"token\":\"other\",\"user\":\"u\",\"allow\":[{\"resources\":[\"configmaps\"],"
				     "\"verbs\":[\"get\",\"list\"],\"namespaces\":[\"default\"]}]}");

	assert_int_equal(get(w, MAPS), 200);
	assert_int_equal(get(w, "/api/v1/configmaps"), 403);
	assert_int_equal(ask(w, "POST", MAPS, JSON, "{\"metadata\":{\"name\":\"a\"}}"), 403);
	assert_int_equal(get(w, SECRETS), 403);
	/* What is served may be discovered. */
	assert_int_equal(get(w, "/apis"), 200);
	world_free(w);
}

static void test_who_lists_one_object_by_its_name_asks_for_that_object(void **state FC_UNUSED)
{
	struct world *w = world_with("{\"token\":\"other\",\"user\":\"u\",\"allow\":[{\"resources\":[\"configmaps\"],"
				     "\"names\":[\"mine\"]}]}");

	assert_int_equal(get(w, MAPS "?fieldSelector=metadata.name%3D%3Dmine"), 200);
	assert_int_equal(get(w, MAPS "?fieldSelector=metadata.name%3Dtheirs"), 403);
	is_at(w, "message",
	      "configmaps \"theirs\" is forbidden: User \"u\" cannot list resource \"configmaps\" in API group \"\" in the "
	      "namespace \"default\"");
	assert_int_equal(get(w, MAPS "?fieldSelector=metadata.name%3Dmine,metadata.namespace%3Ddefault"), 200);
	assert_int_equal(get(w, MAPS), 403);
	world_free(w);
}

static void test_a_token_that_is_revoked_is_unknown_until_it_is_set_again(void **state FC_UNUSED)
{
	struct world *w = world_with("{\"token\":\"other\",\"user\":\"u\",\"revoked\":true}");
	struct fc_error err = FC_ERROR_INIT;
	json_t *again = json_loads("{\"token\":\"other\",\"user\":\"u\"}", 0, NULL);

	assert_int_equal(get(w, MAPS), 401);
	is_at(w, "message", "Unauthorized");
	assert_int_equal(sb_access_set(w->c->access, again, &err), 0);
	assert_int_equal(get(w, MAPS), 200);
	json_decref(again);
	world_free(w);
}

static void test_tokens_that_cannot_be_read_are_refused_with_the_reason(void **state FC_UNUSED)
{
	refuses("{\"user\":\"u\"}", "\"token\"");
	refuses("{\"token\":\"t\",\"user\":\"u\",\"deny\":{}}", "\"deny\" has to be a list of rules");
	refuses("{\"token\":\"t\",\"user\":\"u\",\"allow\":[{\"verb\":[]}]}", "allow: \"verb\" is not known");
	refuses("{\"token\":\"t\",\"user\":\"u\",\"deny\":[{\"verbs\":[1]}]}", "verbs has to be a list of strings");
	refuses("{\"token\":\"t\",\"user\":\"u\",\"revoked\":1}", "\"revoked\" has to be true or false");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_shows_no_token_is_anonymous),
		cmocka_unit_test(test_what_is_denied_is_forbidden_and_nothing_else),
		cmocka_unit_test(test_where_something_is_allowed_nothing_else_is),
		cmocka_unit_test(test_who_lists_one_object_by_its_name_asks_for_that_object),
		cmocka_unit_test(test_a_token_that_is_revoked_is_unknown_until_it_is_set_again),
		cmocka_unit_test(test_tokens_that_cannot_be_read_are_refused_with_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
