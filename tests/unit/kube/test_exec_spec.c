/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/exec_spec.h"

#include "unit/kube/fixture.h"

#define V1 "\"apiVersion\":\"client.authentication.k8s.io/v1\",\"interactiveMode\":\"Never\""
#define BETA "\"apiVersion\":\"client.authentication.k8s.io/v1beta1\""

static json_t *json_of(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static struct fc_exec_spec *read_with(const char *text, const struct fc_exec_cluster *cluster, struct fc_error *err)
{
	json_auto_t *exec = json_of(text);

	return fc_exec_spec_read(exec, "/conf/kubeconfig", cluster, err);
}

static struct fc_exec_spec *must_read(const char *text)
{
	struct fc_exec_cluster cluster = { .server = "https://api" };
	struct fc_error err = FC_ERROR_INIT;
	struct fc_exec_spec *s = read_with(text, &cluster, &err);

	if (!s)
		fail_msg("%s: %s", text, err.text);
	return s;
}

static void expect_refused(const char *text, const char *part)
{
	struct fc_exec_cluster cluster = { .server = "https://api" };
	struct fc_error err = FC_ERROR_INIT;

	if (read_with(text, &cluster, &err))
		fail_msg("taken: %s", text);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, part);
	assert_lacks(err.text, "geheim");
}

static void expect_command(const char *command, const char *wanted)
{
	FC_AUTO_FREE char *text = fc_xasprintf("{\"command\":\"%s\"," V1 "}", command);
	struct fc_exec_spec *s = must_read(text);

	assert_string_equal(s->command, wanted);
	fc_exec_spec_free(s);
}

/* kube-client 1.6 */
static void test_exec_spec_command_with_a_slash_lies_beside_the_kubeconfig(void **state FC_UNUSED)
{
	expect_command("login", "login");
	expect_command("./login", "/conf/./login");
	expect_command("bin/login", "/conf/bin/login");
	expect_command("/usr/bin/login", "/usr/bin/login");
}

/* 1.27, 1.29 */
static void test_exec_spec_takes_arguments_and_environment_as_they_are(void **state FC_UNUSED)
{
	struct fc_exec_spec *s = must_read("{\"command\":\"c\",\"args\":[\"a b\",\"\",\"$(x)\"],"
					   "\"env\":[{\"name\":\"A\",\"value\":\"1=2\"},{\"name\":\"B\"}]," V1 "}");

	assert_string_equal(s->args[0], "a b");
	assert_string_equal(s->args[1], "");
	assert_string_equal(s->args[2], "$(x)");
	assert_null(s->args[3]);
	assert_string_equal(s->env[0], "A=1=2");
	assert_string_equal(s->env[1], "B=");
	assert_contains(s->env[2], "KUBERNETES_EXEC_INFO={");
	assert_null(s->env[3]);
	fc_exec_spec_free(s);
}

/* 1.27 */
static void test_exec_spec_says_what_is_missing_or_wrong(void **state FC_UNUSED)
{
	expect_refused("5", "is no mapping");
	expect_refused("{" V1 "}", "command: is missing");
	expect_refused("{\"command\":\"\"," V1 "}", "command: is missing");
	expect_refused("{\"command\":[\"geheim\"]," V1 "}", "command: is no string");
	expect_refused("{\"command\":\"c\"}", "apiVersion: is missing");
	expect_refused("{\"command\":\"c\",\"apiVersion\":\"geheim\"}", "apiVersion: is neither");
	expect_refused("{\"command\":\"c\",\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}",
		       "v1alpha1 is gone");
	expect_refused("{\"command\":\"c\",\"args\":[\"a\",7]," V1 "}", "args[1]: is no string");
	expect_refused("{\"command\":\"c\",\"args\":\"geheim\"," V1 "}", "args: is no list");
	expect_refused("{\"command\":\"c\",\"env\":[{\"value\":\"geheim\"}]," V1 "}", "env[0]: has no name");
	expect_refused("{\"command\":\"c\",\"env\":[{\"name\":\"\",\"value\":\"geheim\"}]," V1 "}", "env[0]: ");
	expect_refused("{\"command\":\"c\",\"env\":[{\"name\":\"A=B\",\"value\":\"geheim\"}]," V1 "}", "env[0]: ");
	expect_refused("{\"command\":\"c\",\"env\":[{\"name\":\"A\",\"value\":5}]," V1 "}", "env[0]: value: ");
	expect_refused("{\"command\":\"c\",\"provideClusterInfo\":\"yes\"," V1 "}", "provideClusterInfo: ");
	expect_refused("{\"command\":\"c\",\"installHint\":[]," V1 "}", "installHint: ");
}

/* 1.28 */
static void test_exec_spec_mode_is_needed_for_v1_and_never_a_terminal(void **state FC_UNUSED)
{
	static const char v1[] = "{\"command\":\"c\",\"apiVersion\":\"client.authentication.k8s.io/v1\"%s}";
	FC_AUTO_FREE char *absent = fc_xasprintf(v1, "");
	FC_AUTO_FREE char *always = fc_xasprintf(v1, ",\"interactiveMode\":\"Always\"");
	FC_AUTO_FREE char *other = fc_xasprintf(v1, ",\"interactiveMode\":\"never\"");
	FC_AUTO_FREE char *available = fc_xasprintf(v1, ",\"interactiveMode\":\"IfAvailable\"");

	expect_refused(absent, "interactiveMode: is missing");
	expect_refused(always, "interactiveMode: Always needs somebody at a terminal");
	expect_refused(other, "interactiveMode: is none of");
	expect_refused("{\"command\":\"c\",\"interactiveMode\":\"Always\"," BETA "}", "Always");
	struct fc_exec_spec *a = must_read(available), *b = must_read("{\"command\":\"c\"," BETA "}");
	assert_string_equal(a->env[0], "KUBERNETES_EXEC_INFO={\"apiVersion\":\"client.authentication.k8s.io/v1\","
				       "\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}");
	assert_contains(b->env[0], "\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"");
	fc_exec_spec_free(a);
	fc_exec_spec_free(b);
}

/* 1.30, 1.14; "UEVN" is "PEM" in base64. */
static void test_exec_spec_tells_of_the_cluster_only_when_asked(void **state FC_UNUSED)
{
	json_auto_t *config = json_of("{\"audience\":\"x\"}");
	const struct fc_exec_cluster cluster = { .server = "https://api/",
						 .tls_server_name = "name",
						 .proxy_url = "http://proxy",
						 .ca_pem = "PEM",
						 .insecure = true,
						 .no_compression = true,
						 .config = config };
	struct fc_exec_spec *with = read_with("{\"command\":\"c\",\"provideClusterInfo\":true," V1 "}", &cluster, NULL);
	struct fc_exec_spec *without = read_with("{\"command\":\"c\"," V1 "}", &cluster, NULL);

	json_auto_t *info = json_of(with->env[0] + strlen("KUBERNETES_EXEC_INFO="));
	json_auto_t *wanted =
		json_of("{\"server\":\"https://api/\",\"tls-server-name\":\"name\",\"proxy-url\":\"http://proxy\","
			"\"certificate-authority-data\":\"UEVN\",\"insecure-skip-tls-verify\":true,"
			"\"disable-compression\":true,\"config\":{\"audience\":\"x\"}}");
	assert_int_equal(json_equal(json_object_get(json_object_get(info, "spec"), "cluster"), wanted), 1);
	assert_lacks(without->env[0], "cluster");
	fc_exec_spec_free(with);
	fc_exec_spec_free(without);
}

/* 1.35: nothing in it that steers a terminal or ends the line. */
static void test_exec_spec_hint_has_no_control_characters(void **state FC_UNUSED)
{
	struct fc_exec_spec *s = must_read("{\"command\":\"c\",\"installHint\":"
					   "\"get it:\\n\\u001b[31mhere\\u009b1m\\u0007\\u007f \\u00e9\"," V1 "}");

	assert_string_equal(s->install_hint, "get it: [31mhere1m \u00e9");
	fc_exec_spec_free(s);
}

/* 1.32: every byte counts, and nothing runs into its neighbour. */
static void test_exec_spec_is_the_same_only_where_every_byte_is(void **state FC_UNUSED)
{
	static const char *const rows[] = {
		"{\"command\":\"c\"," V1 "}",
		"{\"command\":\"d\"," V1 "}",
		"{\"command\":\"c\"," BETA "}",
		"{\"command\":\"c\",\"args\":[\"\"]," V1 "}",
		"{\"command\":\"c\",\"args\":[\"ab\",\"c\"]," V1 "}",
		"{\"command\":\"c\",\"args\":[\"a\",\"bc\"]," V1 "}",
		"{\"command\":\"c\",\"args\":[\"abc\"]," V1 "}",
		"{\"command\":\"c\",\"env\":[{\"name\":\"abc\"}]," V1 "}",
		"{\"command\":\"c\",\"env\":[{\"name\":\"abc\",\"value\":\"d\"}]," V1 "}",
		"{\"command\":\"c\",\"installHint\":\"abc\"," V1 "}",
		"{\"command\":\"c\",\"provideClusterInfo\":true," V1 "}",
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_exec_spec *a = must_read(rows[i]), *copy = fc_exec_spec_dup(a);
		assert_true(fc_exec_spec_same(a, copy));
		assert_false(fc_exec_spec_same(a, NULL));
		for (size_t j = 0; j < FC_ARRAY_LEN(rows); j++) {
			struct fc_exec_spec *b = must_read(rows[j]);
			if (fc_exec_spec_same(copy, b) != (i == j))
				fail_msg("%s and %s", rows[i], rows[j]);
			fc_exec_spec_free(b);
		}
		fc_exec_spec_free(a);
		fc_exec_spec_free(copy);
	}
	assert_true(fc_exec_spec_same(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exec_spec_command_with_a_slash_lies_beside_the_kubeconfig),
		cmocka_unit_test(test_exec_spec_takes_arguments_and_environment_as_they_are),
		cmocka_unit_test(test_exec_spec_says_what_is_missing_or_wrong),
		cmocka_unit_test(test_exec_spec_mode_is_needed_for_v1_and_never_a_terminal),
		cmocka_unit_test(test_exec_spec_tells_of_the_cluster_only_when_asked),
		cmocka_unit_test(test_exec_spec_hint_has_no_control_characters),
		cmocka_unit_test(test_exec_spec_is_the_same_only_where_every_byte_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
