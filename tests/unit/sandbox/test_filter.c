/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors of labels and fields: what a real kube-apiserver (1.20) answered to the same. */
#include "unit/sandbox/api_world.h"

#define KEY_WORDS                                                                                             \
	"name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " \
	"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "  \
	"'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static int setup(void **state)
{
	struct world *w = world_new(100);

	make(w, "a", ",\"labels\":{\"l\":\"a\",\"n\":\"5\"}");
	make(w, "b", ",\"labels\":{\"l\":\"b\",\"n\":\"10\"}");
	make(w, "c", "");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static const struct {
	const char *query, *names;
} selected[] = {
	{ "labelSelector=", "abc" },
	{ "labelSelector=%20", "abc" },
	{ "labelSelector=l", "ab" },
	{ "labelSelector=!l", "c" },
	{ "labelSelector=l%3Da", "a" },
	{ "labelSelector=l%3D%3Da", "a" },
	{ "labelSelector=l!%3Da", "bc" },
	{ "labelSelector=l%20in%20(a,b)", "ab" },
	{ "labelSelector=l%20notin%20(a,%20x),n", "b" },
	{ "labelSelector=l%20in%20()", "" },
	{ "labelSelector=l%20in%20(,a)", "a" },
	{ "labelSelector=l%3D", "" },
	{ "labelSelector=n%3E5", "b" },
	{ "labelSelector=n%3C6", "a" },
	{ "labelSelector=l%3E5", "" },
	{ "fieldSelector=metadata.name%3Da", "a" },
	{ "fieldSelector=metadata.name%3D%3Da,", "a" },
	{ "fieldSelector=metadata.name!%3Da,metadata.name!%3Db", "c" },
	{ "fieldSelector=metadata.namespace%3Ddefault", "abc" },
	{ "fieldSelector=metadata.namespace%3Dother", "" },
	{ "fieldSelector=,", "abc" },
	{ "fieldSelector=metadata.name%3Da%5C,b", "" },
	{ "fieldSelector=metadata.name%3Da&labelSelector=n%3E5", "" },
};

static void test_what_matches_is_listed(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(selected); i++) {
		FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?%s", selected[i].query);
		FC_AUTO_BUF struct fc_buf names = FC_BUF_INIT;
		size_t k;
		json_t *item;

		assert_int_equal(get(w, path), 200);
		json_array_foreach(json_object_get(w->body, "items"), k, item)
			fc_buf_puts(&names,
				    json_string_value(json_object_get(json_object_get(item, "metadata"), "name")));
		if (strcmp(fc_buf_str(&names), selected[i].names) != 0)
			fail_msg("%s: %s, not %s", selected[i].query, fc_buf_str(&names), selected[i].names);
	}
}

static const struct {
	const char *query, *message;
} refused[] = {
	{ "labelSelector=a%20b", "unable to parse requirement: found 'b', expected: '=', '!=', '==', 'in', notin'" },
	{ "labelSelector=%3Da", "found '=', expected: !, identifier, or 'end of string'" },
	{ "labelSelector=a%20in", "unable to parse requirement: found '' expected: '('" },
	{ "labelSelector=a%20in%20(", "unable to parse requirement: found '', expected: ',', ')' or identifier" },
	{ "labelSelector=a%20in%20(b", "unable to parse requirement: found '', expected: ',' or ')'" },
	{ "labelSelector=a%20in%20(b,,)", "unable to parse requirement: found ')', expected: ',', or identifier" },
	{ "labelSelector=a%20in%20b", "unable to parse requirement: found 'b' expected: '('" },
	{ "labelSelector=a,", "found '', expected: identifier after ','" },
	{ "labelSelector=,a", "found ',', expected: !, identifier, or 'end of string'" },
	{ "labelSelector=!", "unable to parse requirement: found '', expected: identifier" },
	{ "labelSelector=a!b", "unable to parse requirement: found '!', expected: '=', '!=', '==', 'in', notin'" },
	{ "labelSelector=!a%3Db", "found '=', expected: ',' or 'end of string'" },
	{ "labelSelector=a%3Db%20c", "found 'c', expected: ',' or 'end of string'" },
	{ "labelSelector=a%3D%3Db%3D", "found '=', expected: ',' or 'end of string'" },
	{ "labelSelector=(a)", "found '(', expected: !, identifier, or 'end of string'" },
	{ "labelSelector=a%3Eb",
	  "unable to parse requirement: for 'Gt', 'Lt' operators, the value must be an integer" },
	{ "labelSelector=_a", "unable to parse requirement: invalid label key \"_a\": " KEY_WORDS },
	{ "labelSelector=a%3D_b",
	  "unable to parse requirement: invalid label value: \"_b\": at key: \"a\": a valid label must be an empty string "
	  "or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
	  "(e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
	  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')" },
	{ "fieldSelector=a", "invalid selector: 'a'; can't understand 'a'" },
	{ "fieldSelector=%20", "invalid selector: ' '; can't understand ' '" },
	{ "fieldSelector=metadata.name>a", "invalid selector: 'metadata.name>a'; can't understand 'metadata.name>a'" },
	{ "fieldSelector=a%3Db",
	  "\"a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"" },
	{ "fieldSelector=metadata.name%3Da%3Db", "invalid field selector: unescaped character in value: 61" },
	{ "fieldSelector=metadata.name%3Da%5Cx", "invalid field selector: invalid escape sequence: \\x" },
};

static void test_what_cannot_be_read_is_refused_in_the_servers_words(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < FC_ARRAY_LEN(refused); i++) {
		FC_AUTO_FREE char *path = fc_xasprintf(MAPS "?%s", refused[i].query);

		assert_int_equal(get(w, path), 400);
		is_at(w, "message", refused[i].message);
	}
}

static void test_types_know_fields_of_their_own(void **state)
{
	struct world *w = *state;

	assert_int_equal(ask(w, "POST", "/api/v1/namespaces/default/secrets", JSON,
			     "{\"metadata\":{\"name\":\"s\"},\"type\":\"example.com/x\"}"),
			 201);
	get(w, "/api/v1/secrets?fieldSelector=type%3Dexample.com/x");
	is_at(w, "items.0.metadata.name", "s");
	get(w, "/api/v1/secrets?fieldSelector=type!%3Dexample.com/x");
	is_at(w, "items", "[]");
	assert_int_equal(get(w, "/api/v1/secrets?fieldSelector=data%3Dx"), 400);
	is_at(w, "message", "field label not supported: data");
	get(w, "/api/v1/namespaces?fieldSelector=status.phase%3DActive,metadata.name!%3Ddefault");
	is_at(w, "items.0.metadata.name", "kube-node-lease");
	assert_int_equal(get(w, "/api/v1/namespaces?fieldSelector=metadata.namespace%3Dx"), 400);
	assert_int_equal(get(w, "/apis/batch/v1beta1/cronjobs?fieldSelector=metadata.uid%3Dx"), 400);
	is_at(w, "message", "field label \"metadata.uid\" not supported for \"CronJob\"");
	assert_int_equal(get(w, "/apis/batch/v1beta1/cronjobs?fieldSelector=status.successful%3Dx"), 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_what_matches_is_listed),
		TEST(test_what_cannot_be_read_is_refused_in_the_servers_words),
		TEST(test_types_know_fields_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
