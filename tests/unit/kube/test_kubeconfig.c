/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include "unit/kube/fixture.h"

static int setup(void **state)
{
	*state = fixture_new();
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static struct fc_kubeconfig *load(const char *path)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_kubeconfig *k = fc_kubeconfig_load(path, &err);

	if (!k)
		fail_msg("%s", err.text);
	return k;
}

/* Fails as it should; the text is valid until the next call. */
static const char *load_error(const char *path, struct fc_error *err)
{
	*err = FC_ERROR_INIT;
	struct fc_kubeconfig *k = fc_kubeconfig_load(path, err);

	if (k)
		fail_msg("%s was taken", path);
	assert_int_equal(err->cls, FC_ERR_CONFIG);
	return err->text;
}

static void expect_server(const struct fc_kubeconfig *k, const char *context, const char *server)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_access *a = fc_kubeconfig_access(k, context, &err);

	if (!a)
		fail_msg("%s", err.text);
	assert_string_equal(a->server, server);
	fc_access_free(a);
}

/* A file with one context, cluster and user of that name. */
static const char *write_one(void **state, const char *file, const char *name, const char *server, const char *more)
{
	FC_AUTO_FREE char *text = fc_xasprintf("apiVersion: v1\nkind: Config\n%s"
					       "clusters:\n- {name: %s, cluster: {server: \"%s\"}}\n"
					       "users:\n- {name: %s, user: {}}\n"
					       "contexts:\n- {name: %s, context: {cluster: %s, user: %s}}\n",
					       more, name, server, name, name, name, name);

	return fixture_write(*state, file, text);
}

/* kube-client 1.1 */
static void test_kubeconfig_explicit_path_must_exist_and_merges_with_nothing(void **state)
{
	struct fc_error err;

	setenv("KUBECONFIG", write_one(state, "other", "other", "https://other", ""), 1);
	struct fc_kubeconfig *k = load(write_one(state, "one", "one", "https://one", "current-context: one\n"));
	assert_string_equal(fc_kubeconfig_context(k, 0), "one");
	assert_null(fc_kubeconfig_context(k, 1));
	assert_string_equal(fc_kubeconfig_current(k), "one");
	fc_kubeconfig_free(k);
	assert_contains(load_error(fixture_path(*state, "nowhere"), &err), "/nowhere");
}

/* 1.1: KUBECONFIG before $HOME/.kube/config, which serves only without it. */
static void test_kubeconfig_environment_comes_before_home(void **state)
{
	write_one(state, ".kube/config", "home", "https://home", "");
	struct fc_kubeconfig *k = load(NULL);
	expect_server(k, "home", "https://home");
	fc_kubeconfig_free(k);

	setenv("KUBECONFIG", write_one(state, "env", "env", "https://env", ""), 1);
	k = load(NULL);
	assert_string_equal(fc_kubeconfig_context(k, 0), "env");
	assert_null(fc_kubeconfig_context(k, 1));
	fc_kubeconfig_free(k);
}

/* 1.1, 1.2: empty, duplicate and missing entries of a list do no harm; the flag takes such a list too. */
static void test_kubeconfig_list_skips_what_is_missing(void **state)
{
	const char *a = write_one(state, "a", "a", "https://a", ""), *b = write_one(state, "b", "b", "https://b", "");
	char *list = fixture_keep(
		*state, fc_xasprintf(":%s:%s/nowhere:%s:%s:%s/a/nowhere:", a, fixture_path(*state, "x"), a, b, a));

	for (int as_flag = 0; as_flag < 2; as_flag++) {
		setenv("KUBECONFIG", as_flag ? "/nowhere" : list, 1);
		struct fc_kubeconfig *k = load(as_flag ? list : NULL);
		assert_string_equal(fc_kubeconfig_context(k, 0), "a");
		assert_string_equal(fc_kubeconfig_context(k, 1), "b");
		assert_null(fc_kubeconfig_context(k, 2));
		fc_kubeconfig_free(k);
	}
}

/* 1.2 */
static void test_kubeconfig_without_any_file_is_empty(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_kubeconfig *k = load(NULL);

	assert_null(fc_kubeconfig_current(k));
	assert_null(fc_kubeconfig_context(k, 0));
	assert_null(fc_kubeconfig_access(k, "x", &err));
	assert_contains(err.text, "/.kube/config");
	fc_kubeconfig_free(k);
	/* A list that somebody gave by hand and of which nothing exists is a slip. */
	assert_contains(load_error("/nowhere/a:/nowhere/b", &err), "none of these");
}

/* 1.2: all faults in one run, and no file is left out because an earlier one is broken. */
static void test_kubeconfig_errors_of_all_files_are_collected(void **state)
{
	const char *broken = fixture_write(*state, "broken", "clusters: [\n"),
		   *wrong = fixture_write(*state, "wrong", "clusters: 5\n");
	const char *good = write_one(state, "good", "good", "https://good", "");
	char *list =
		fixture_keep(*state, fc_xasprintf("%s:%s:%s:%s", broken, good, wrong, fixture_path(*state, "nowhere")));
	struct fc_error err;

	const char *text = load_error(list, &err);
	assert_contains(text, "/broken");
	assert_contains(text, "/wrong: clusters is no list");
	assert_lacks(text, "/good");
	assert_lacks(text, "/nowhere");
	/* 1.1: a file named twice is one file. */
	char *again = fixture_keep(*state, fc_xasprintf("%s:%s", wrong, wrong));
	assert_null(strstr(strstr(load_error(again, &err), "/wrong: ") + 1, "/wrong: "));
}

/* 1.4: the first file that defines a name wins with the whole entry; of scalars the first that is not empty. */
static void test_kubeconfig_first_definition_wins_whole(void **state)
{
	const char *a = fixture_write(*state, "a",
				      "current-context: \"\"\n"
				      "clusters:\n- {name: c, cluster: {server: \"https://a\"}}\n"
				      "users:\n- {name: u, user: {username: admin}}\n");
	const char *b =
		fixture_write(*state, "b",
			      "current-context: x\n"
			      "clusters:\n- {name: c, cluster: {server: \"https://b\", insecure-skip-tls-verify: true, "
			      "proxy-url: \"http://proxy\"}}\n"
			      "users:\n- {name: u, user: {username: other, password: word}}\n"
			      "contexts:\n- {name: x, context: {cluster: c, user: u}}\n");
	const char *c =
		fixture_write(*state, "c", "current-context: y\ncontexts:\n- {name: x, context: {cluster: none}}\n");
	struct fc_kubeconfig *k = load(fixture_keep(*state, fc_xasprintf("%s:%s:%s", a, b, c)));
	struct fc_error err = FC_ERROR_INIT;

	assert_string_equal(fc_kubeconfig_current(k), "x");
	assert_string_equal(fc_kubeconfig_context(k, 0), "x");
	assert_null(fc_kubeconfig_context(k, 1));
	struct fc_access *access = fc_kubeconfig_access(k, "x", &err);
	if (!access)
		fail_msg("%s", err.text);
	assert_string_equal(access->server, "https://a");
	assert_false(access->insecure);
	assert_null(access->proxy_url);
	assert_string_equal(access->username, "admin");
	assert_null(access->password);
	fc_access_free(access);
	fc_kubeconfig_free(k);
}

/* 1.5 */
static void test_kubeconfig_same_name_twice_in_one_file_is_an_error(void **state)
{
	struct fc_error err;
	const char *path =
		fixture_write(*state, "twice", "users:\n- {name: u, user: {}}\n- {name: v, user: {}}\n- {name: u}\n");

	assert_contains(load_error(path, &err), "user \"u\" stands there twice");
}

/* 1.5 */
static void test_kubeconfig_takes_empty_files_json_nulls_and_unknown_fields(void **state)
{
	fc_kubeconfig_free(load(fixture_write(*state, "empty", "")));
	fc_kubeconfig_free(load(fixture_write(*state, "comment", "# nothing\n")));
	/* What `kubectl config` writes when there is nothing. */
	fc_kubeconfig_free(load(fixture_write(*state, "nulls",
					      "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\n"
					      "kind: Config\npreferences: {}\nusers: null\n")));
	struct fc_kubeconfig *k = load(fixture_write(*state, "json",
						     "{\"kind\": \"Config\", \"apiVersion\": \"v1\", \"clusters\": "
						     "[{\"name\": \"c\", \"cluster\": {\"server\": "
						     "\"https://j\", \"later\": [1]}}], \"contexts\": [{\"name\": "
						     "\"c\", \"context\": {\"cluster\": \"c\"}}], "
						     "\"extensions\": [], \"unknown\": {}}"));
	expect_server(k, "c", "https://j");
	fc_kubeconfig_free(k);
}

/* 1.7 */
static void test_kubeconfig_of_another_kind_is_refused(void **state)
{
	struct fc_error err;

	assert_contains(
		load_error(fixture_write(*state, "set", "apiVersion: fedcopy.dev/v1alpha1\nkind: ClusterSet\n"), &err),
		"is no kubeconfig");
	assert_contains(load_error(fixture_write(*state, "pod", "apiVersion: v1\nkind: Pod\n"), &err),
			"kind is not Config");
	assert_contains(load_error(fixture_write(*state, "text", "hello\n"), &err), "is no kubeconfig");
}

static void test_kubeconfig_malformed_entries_are_named(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "users: [5]", "users[0] is no mapping" },
		{ "users: [{name: a}, {user: {}}]", "users[1] has no name" },
		{ "contexts: [{name: 5}]", "contexts[0] has no name that is a string" },
		{ "clusters: [{name: c, cluster: geheim}]", "cluster \"c\": cluster is no mapping" },
		{ "current-context: [geheim]", "current-context" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err;
		const char *text = load_error(fixture_write(*state, "bad", rows[i].text), &err);
		assert_contains(text, rows[i].part);
		assert_contains(text, "/bad");
		assert_lacks(text, "geheim");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kubeconfig_explicit_path_must_exist_and_merges_with_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_environment_comes_before_home, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_list_skips_what_is_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_without_any_file_is_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_errors_of_all_files_are_collected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_first_definition_wins_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_same_name_twice_in_one_file_is_an_error, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_takes_empty_files_json_nulls_and_unknown_fields, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_of_another_kind_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kubeconfig_malformed_entries_are_named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
