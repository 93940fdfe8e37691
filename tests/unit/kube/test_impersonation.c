/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/impersonation.h"

#include "unit/kube/fixture.h"

static int read_text(const char *text, char ***out, struct fc_error *err)
{
	json_auto_t *user = json_loads(text, JSON_ALLOW_NUL, NULL);

	assert_non_null(user);
	return fc_impersonation_read(user, out, err);
}

static char **must_read(const char *text)
{
	struct fc_error err = FC_ERROR_INIT;
	char **lines;

	if (read_text(text, &lines, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return lines;
}

static void expect_refused(const char *text, const char *part)
{
	struct fc_error err = FC_ERROR_INIT;
	char **lines;

	if (read_text(text, &lines, &err) == 0)
		fail_msg("taken: %s", text);
	assert_null(lines);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, part);
}

/* kube-client 1.22 */
static void test_impersonation_is_a_header_for_each_value(void **state FC_UNUSED)
{
	static const char *const wanted[] = { "Impersonate-User: jane",		"Impersonate-Uid: 17",
					      "Impersonate-Group: a",		"Impersonate-Group: b c",
					      "Impersonate-Extra-scopes: view", "Impersonate-Extra-scopes: edit" };
	char **lines = must_read("{\"as\":\"jane\",\"as-uid\":\"17\",\"as-groups\":[\"a\",\"b c\"],"
				 "\"as-user-extra\":{\"scopes\":[\"view\",\"edit\"]}}");

	for (size_t i = 0; i < FC_ARRAY_LEN(wanted); i++)
		assert_string_equal(lines[i], wanted[i]);
	assert_null(lines[FC_ARRAY_LEN(wanted)]);
	fc_impersonation_free(lines);
}

static void test_impersonation_of_nobody_is_nothing(void **state FC_UNUSED)
{
	assert_null(must_read("{}"));
	assert_null(must_read("{\"as\":null,\"as-uid\":\"\",\"as-groups\":[],\"as-user-extra\":{}}"));
}

/* 1.22: bytes that no header name may hold, and the percent sign itself. */
static void test_impersonation_extra_names_are_escaped(void **state FC_UNUSED)
{
	static const struct {
		const char *key, *header;
	} rows[] = {
		{ "scopes", "scopes" },	 { "example.org/team", "example.org%2Fteam" },
		{ "100%", "100%25" },	 { "a b:c", "a%20b%3Ac" },
		{ "\\u00e9", "%C3%A9" }, { "!#$&'*+-.^_`|~", "!#$&'*+-.^_`|~" },
		{ "a\\nX", "a%0AX" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *text =
			fc_xasprintf("{\"as\":\"jane\",\"as-user-extra\":{\"%s\":[\"v\"]}}", rows[i].key);
		FC_AUTO_FREE char *wanted = fc_xasprintf("Impersonate-Extra-%s: v", rows[i].header);
		char **lines = must_read(text);
		assert_string_equal(lines[1], wanted);
		fc_impersonation_free(lines);
	}
}

/* An empty value is sent: for libcurl that is a line with ';'. Letters of other scripts may stand in a name. */
static void test_impersonation_takes_empty_values_and_any_letter(void **state FC_UNUSED)
{
	char **lines = must_read("{\"as\":\"j\u00f6rg\",\"as-user-extra\":{\"a\":[\"\"],\"b\":null}}");

	assert_string_equal(lines[0], "Impersonate-User: j\u00f6rg");
	assert_string_equal(lines[1], "Impersonate-Extra-a;");
	assert_null(lines[2]);
	fc_impersonation_free(lines);
}

/* 1.21 */
static void test_impersonation_needs_a_user(void **state FC_UNUSED)
{
	expect_refused("{\"as-uid\":\"1\"}", "as-uid: is given without as");
	expect_refused("{\"as-groups\":[\"g\"]}", "as-groups: is given without as");
	expect_refused("{\"as\":\"\",\"as-user-extra\":{\"a\":[\"b\"]}}", "as-user-extra: is given without as");
}

/* A line break would begin a header of its own. */
static void test_impersonation_refuses_what_no_header_can_hold(void **state FC_UNUSED)
{
	expect_refused("{\"as\":\"a\\r\\nX: y\"}", "as: holds a line break");
	expect_refused("{\"as\":\"a\\u007f\"}", "as: holds");
	expect_refused("{\"as\":\"a\",\"as-uid\":\"1\\n\"}", "as-uid: holds");
	expect_refused("{\"as\":\"a\",\"as-groups\":[\"g\",\"h\\n\"]}", "as-groups[1]: holds");
	expect_refused("{\"as\":\"a\",\"as-user-extra\":{\"k\":[\"v\",\"w\\r\"]}}", "as-user-extra: k[1]: holds");
	expect_refused("{\"as\":5}", "as: is no string");
	expect_refused("{\"as\":\"a\\u0000b\"}", "as: is no string");
	expect_refused("{\"as\":\"a\",\"as-groups\":[5]}", "as-groups[0]: is no string");
	expect_refused("{\"as\":\"a\",\"as-groups\":[\"\"]}", "as-groups[0]: is empty");
	expect_refused("{\"as\":\"a\",\"as-groups\":\"g\"}", "as-groups: is no list");
	expect_refused("{\"as\":\"a\",\"as-user-extra\":[]}", "as-user-extra: is no mapping");
	expect_refused("{\"as\":\"a\",\"as-user-extra\":{\"k\":\"v\"}}", "as-user-extra: k: is no list");
	expect_refused("{\"as\":\"a\",\"as-user-extra\":{\"\":[\"v\"]}}", "as-user-extra: holds an empty name");
	expect_refused("{\"as\":\"a\",\"as-user-extra\":{\"k\":[null]}}", "as-user-extra: k[0]: is no string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_impersonation_is_a_header_for_each_value),
		cmocka_unit_test(test_impersonation_of_nobody_is_nothing),
		cmocka_unit_test(test_impersonation_extra_names_are_escaped),
		cmocka_unit_test(test_impersonation_takes_empty_values_and_any_letter),
		cmocka_unit_test(test_impersonation_needs_a_user),
		cmocka_unit_test(test_impersonation_refuses_what_no_header_can_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
