/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/kubeconfig.h"

#include "kube/exec_spec.h"
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

/* The access of a kubeconfig made of one cluster and one user, both as YAML in flow style; NULL with `err`. */
static struct fc_access *open_access(void **state, const char *cluster, const char *user, struct fc_error *err)
{
	FC_AUTO_FREE char *text =
		fc_xasprintf("clusters:\n- {name: place, cluster: {%s}}\n"
			     "- {name: sound, cluster: {server: \"https://sound\"}}\n"
			     "users:\n- {name: login, user: {%s}}\n- {name: sound, user: {token: abc}}\n"
			     "contexts:\n- {name: x, context: {cluster: place, user: login}}\n"
			     "- {name: sound, context: {cluster: sound, user: sound}}\n",
			     cluster, user);
	struct fc_kubeconfig *k = fc_kubeconfig_load(fixture_write(*state, "conf/kubeconfig", text), err);

	if (!k)
		fail_msg("%s", err->text);
	*err = FC_ERROR_INIT;
	struct fc_access *a = fc_kubeconfig_access(k, "x", err);
	/* Whatever is wrong with one context, another one of the file is not harmed. */
	struct fc_access *sound = fc_kubeconfig_access(k, "sound", NULL);
	assert_non_null(sound);
	fc_access_free(sound);
	fc_kubeconfig_free(k);
	return a;
}

static struct fc_access *must_open(void **state, const char *cluster, const char *user)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_access *a = open_access(state, cluster, user, &err);

	if (!a)
		fail_msg("%s", err.text);
	return a;
}

/* Refused with the file, the entry and `part`, and without any secret: those of the tests hold the word geheim. */
static void expect_refused(void **state, const char *cluster, const char *user, const char *part)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_access *a = open_access(state, cluster, user, &err);

	if (a)
		fail_msg("taken: %s; %s", cluster, user);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "/conf/kubeconfig: ");
	assert_contains(err.text, part);
	assert_lacks(err.text, "geheim");
}

#define SERVER "server: \"https://api\""

static void test_access_without_anything_special_has_defaults(void **state)
{
	struct fc_access *a = must_open(state, SERVER, "");

	assert_string_equal(a->server, "https://api");
	assert_string_equal(a->namespace_, "default");
	assert_false(a->insecure || a->no_compression);
	assert_null(a->ca_pem);
	assert_null(a->token);
	assert_null(a->username);
	fc_access_free(a);
}

/* kube-client 1.9 */
static void test_access_server_is_needed_and_guesses_the_scheme(void **state)
{
	const char *certificate, *key;

	expect_refused(state, "", "", "cluster \"place\": server: is missing");
	expect_refused(state, "server: 5", "", "cluster \"place\": server: is no string");
	expect_refused(state, "server: \"ftp://api\"", "", "cluster \"place\": server: ");
	struct fc_access *a = must_open(state, "server: \"api:6443\"", "");
	assert_string_equal(a->server, "http://api:6443");
	fc_access_free(a);
	a = must_open(state, "server: \"api:6443\", insecure-skip-tls-verify: true", "");
	assert_string_equal(a->server, "https://api:6443");
	assert_true(a->insecure);
	fc_access_free(a);
	fixture_pair(*state, &certificate, &key);
	FC_AUTO_FREE char *user = fc_xasprintf("client-certificate-data: %s, client-key-data: %s",
					       fixture_base64(*state, certificate), fixture_base64(*state, key));
	a = must_open(state, "server: \"api:6443\"", user);
	assert_string_equal(a->server, "https://api:6443");
	fc_access_free(a);
}

/* 1.10, 1.6: inline, or in a file beside the kubeconfig, whatever the working directory. */
static void test_access_ca_inline_or_beside_the_kubeconfig(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	const char *path = fixture_write(*state, "conf/pki/ca.crt", certificate);
	struct fc_access *a = must_open(state, SERVER ", certificate-authority: pki/ca.crt", "");
	assert_string_equal(a->ca_pem, certificate);
	assert_string_equal(a->ca_file, path);
	fc_access_free(a);
	FC_AUTO_FREE char *inline_ =
		fc_xasprintf(SERVER ", certificate-authority-data: %s", fixture_base64(*state, certificate));
	a = must_open(state, inline_, "");
	assert_string_equal(a->ca_pem, certificate);
	assert_null(a->ca_file);
	fc_access_free(a);
	FC_AUTO_FREE char *absolute = fc_xasprintf(SERVER ", certificate-authority: %s", path);
	a = must_open(state, absolute, "");
	assert_string_equal(a->ca_file, path);
	fc_access_free(a);
}

/* 1.10, 1.11, 1.24 */
static void test_access_broken_ca_is_refused(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	fixture_write(*state, "conf/ca.crt", certificate);
	fixture_write(*state, "conf/bad.crt", "geheim");
	expect_refused(state, SERVER ", certificate-authority: ca.crt, certificate-authority-data: Z2VoZWlt", "",
		       "remove one");
	expect_refused(state, SERVER ", certificate-authority: ca.crt, insecure-skip-tls-verify: true", "",
		       "cluster \"place\": insecure-skip-tls-verify: ");
	expect_refused(state, SERVER ", certificate-authority: nowhere.crt", "", "/conf/nowhere.crt");
	expect_refused(state, SERVER ", certificate-authority: bad.crt", "", "/conf/bad.crt");
	expect_refused(state, SERVER ", certificate-authority-data: Z2VoZWlt", "", "certificate-authority-data: ");
	expect_refused(state, SERVER ", certificate-authority-data: \"geheim!\"", "", "certificate-authority-data: ");
	expect_refused(state, SERVER ", insecure-skip-tls-verify: \"true\"", "", "neither true nor false");
}

/* 1.12, 1.13 */
static void test_access_stores_server_name_proxy_and_compression(void **state)
{
	struct fc_access *a = must_open(state,
					SERVER ", tls-server-name: other.example, proxy-url: "
					       "\"socks5://u:geheim@proxy:1080\", disable-compression: true",
					"");

	assert_string_equal(a->tls_server_name, "other.example");
	assert_string_equal(a->proxy_url, "socks5://u:geheim@proxy:1080");
	assert_true(a->no_compression);
	fc_access_free(a);
	expect_refused(state, SERVER ", proxy-url: \"ftp://u:geheim@proxy\"", "", "cluster \"place\": proxy-url: ");
	expect_refused(state, SERVER ", tls-server-name: \"a/b\"", "", "tls-server-name: ");
}

/* 1.15, 1.6 */
static void test_access_client_certificate_inline_in_files_or_mixed(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	const char *path = fixture_write(*state, "conf/client.crt", certificate);
	fixture_write(*state, "conf/client.key", key);
	struct fc_access *a = must_open(state, SERVER, "client-certificate: client.crt, client-key: client.key");
	assert_string_equal(a->cert_pem, certificate);
	assert_string_equal(a->key_pem, key);
	assert_string_equal(a->cert_file, path);
	assert_non_null(a->key_file);
	fc_access_free(a);
	FC_AUTO_FREE char *mixed = fc_xasprintf("client-certificate: client.crt, client-key-data: %s, token: abc",
						fixture_base64(*state, key));
	a = must_open(state, SERVER, mixed);
	assert_string_equal(a->key_pem, key);
	assert_null(a->key_file);
	assert_string_equal(a->token, "abc"); /* 1.18: certificate plus token is allowed */
	fc_access_free(a);
}

/* 1.15, 1.24 */
static void test_access_half_or_foreign_certificates_are_refused(void **state)
{
	const char *certificate, *key, *other, *other_key;

	fixture_pair(*state, &certificate, &key);
	fixture_pair(*state, &other, &other_key);
	fixture_write(*state, "conf/client.crt", certificate);
	fixture_write(*state, "conf/client.key", key);
	fixture_write(*state, "conf/other.key", other_key);
	fixture_write(*state, "conf/bad.key", "geheim");
	expect_refused(state, SERVER, "client-certificate: client.crt", "user \"login\": client-certificate: ");
	expect_refused(state, SERVER, "client-key: client.key", "user \"login\": client-key: ");
	expect_refused(state, SERVER, "client-certificate: client.crt, client-key: other.key", "not that of");
	expect_refused(state, SERVER, "client-certificate: client.crt, client-key: bad.key", "/conf/bad.key");
	expect_refused(state, SERVER, "client-certificate: client.crt, client-key: nowhere.key", "/conf/nowhere.key");
	expect_refused(state, SERVER,
		       "client-certificate: client.crt, client-key: client.key, client-key-data: Z2VoZWlt",
		       "remove one");
	expect_refused(state, SERVER, "client-certificate: client.crt, client-certificate-data: Z2VoZWlt",
		       "remove one");
	expect_refused(state, SERVER, "client-certificate-data: Z2VoZWlt, client-key: client.key",
		       "client-certificate-data: ");
}

/* 1.16, 1.6 */
static void test_access_token_inline_and_in_a_file(void **state)
{
	struct fc_access *a = must_open(state, SERVER, "token: \" abc\\n\"");

	assert_string_equal(a->token, "abc");
	assert_null(a->token_file);
	fc_access_free(a);
	const char *path = fixture_write(*state, "conf/run/token", "def\n");
	a = must_open(state, SERVER, "tokenFile: run/token");
	assert_string_equal(a->token_file, path);
	assert_null(a->token); /* read when it is needed: 1.17 */
	fc_access_free(a);
	a = must_open(state, SERVER, "token: abc, tokenFile: not/yet/there");
	assert_string_equal(a->token, "abc");
	assert_contains(a->token_file, "/conf/not/yet/there");
	fc_access_free(a);
}

/* 1.16, 1.24 */
static void test_access_token_that_cannot_be_used_is_refused(void **state)
{
	fixture_write(*state, "conf/empty", " \n");
	expect_refused(state, SERVER, "tokenFile: nowhere", "/conf/nowhere");
	expect_refused(state, SERVER, "tokenFile: empty", "/conf/empty");
	expect_refused(state, SERVER, "token: \"geheim wort\"", "user \"login\": token: ");
	expect_refused(state, SERVER, "token: 12345", "user \"login\": token: is no string");
}

/* 1.18 */
static void test_access_basic_excludes_a_token(void **state)
{
	struct fc_access *a = must_open(state, SERVER, "username: admin, password: geheim");

	assert_string_equal(a->username, "admin");
	assert_string_equal(a->password, "geheim");
	fc_access_free(a);
	expect_refused(state, SERVER, "username: admin, password: geheim, token: abc", "remove one");
	expect_refused(state, SERVER, "username: admin, token: abc", "remove one");
	expect_refused(state, SERVER, "password: geheim", "user \"login\": username: ");
	expect_refused(state, SERVER, "username: \"a:b\", password: geheim", "colon");
	expect_refused(state, SERVER, "username: a, password: \"gehe\\nim\"", "control character");
}

/* 1.23, 1.18: a sentence that names exec as the replacement. */
static void test_access_auth_provider_is_refused_with_the_mend(void **state)
{
	expect_refused(state, SERVER, "auth-provider: {name: gcp}", "user \"login\": auth-provider: ");
	expect_refused(state, SERVER, "auth-provider: {name: oidc, config: {id-token: geheim}}",
		       "write an exec stanza");
	expect_refused(state, SERVER, "token: abc, auth-provider: {name: azure}", "auth-provider: ");
	expect_refused(state, SERVER, "exec: {command: c}, auth-provider: {name: gcp}", "exec is given too");
	fc_access_free(must_open(state, SERVER, "token: abc, exec: null, auth-provider: null, as: \"\""));
}

#define EXEC "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: "

/* 1.6, 1.27 */
static void test_access_has_a_plugin_beside_the_kubeconfig_or_in_path(void **state)
{
	struct fc_access *a = must_open(state, SERVER, EXEC "bin/login, args: [a, \"b c\"]}");

	assert_string_equal(a->exec->command, fixture_path(*state, "conf/bin/login"));
	assert_string_equal(a->exec->args[1], "b c");
	assert_null(a->token);
	fc_access_free(a);
	a = must_open(state, SERVER, EXEC "login}");
	assert_string_equal(a->exec->command, "login");
	fc_access_free(a);
}

/* 1.27, 1.28 */
static void test_access_plugin_that_cannot_be_run_is_refused(void **state)
{
	expect_refused(state, SERVER, "exec: {command: c}", "user \"login\": exec: apiVersion: is missing");
	expect_refused(state, SERVER, "exec: []", "exec: is no mapping");
	expect_refused(state, SERVER,
		       "exec: {command: c, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}",
		       "somebody at a terminal");
	expect_refused(state, SERVER, "exec: {command: c, apiVersion: client.authentication.k8s.io/v1alpha1}",
		       "v1alpha1 is gone");
}

/* 1.35: whatever else the user has comes first, and a plug-in that is not used need not be right. */
static void test_access_plugin_is_not_used_beside_another_login(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	fixture_write(*state, "conf/token", "abc");
	FC_AUTO_FREE char *pair = fc_xasprintf("client-certificate-data: %s, client-key-data: %s",
					       fixture_base64(*state, certificate), fixture_base64(*state, key));
	const char *const logins[] = { "token: abc", "tokenFile: token", "username: u, password: p", pair };
	for (size_t i = 0; i < FC_ARRAY_LEN(logins); i++) {
		FC_AUTO_FREE char *user = fc_xasprintf("%s, exec: {command: c}", logins[i]);
		struct fc_access *a = must_open(state, SERVER, user);
		assert_null(a->exec);
		fc_access_free(a);
	}
}

/* 1.30, 1.14: a CA of a file comes as data, the server as it is written. */
static void test_access_plugin_is_told_of_the_cluster(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	fixture_write(*state, "conf/ca", certificate);
	struct fc_access *a = must_open(
		state,
		"server: \"https://api/\", certificate-authority: ca, tls-server-name: n, extensions: [{name: "
		"other, extension: {a: b}}, {name: client.authentication.k8s.io/exec, extension: {c: d}}]",
		EXEC "c, provideClusterInfo: true}");
	const char *info = a->exec->env[0];
	assert_contains(info, "\"server\":\"https://api/\"");
	assert_contains(info, "\"config\":{\"c\":\"d\"}");
	assert_contains(info, "\"tls-server-name\":\"n\"");
	FC_AUTO_FREE char *data =
		fc_xasprintf("\"certificate-authority-data\":\"%s\"", fixture_base64(*state, certificate));
	assert_contains(info, data);
	fc_access_free(a);
}

/* 1.21, 1.22 */
static void test_access_has_impersonation_as_header_lines(void **state)
{
	struct fc_access *a = must_open(state, SERVER, "token: abc, as: jane, as-groups: [g], as-user-extra: {k: [v]}");

	assert_string_equal(a->impersonate[0], "Impersonate-User: jane");
	assert_string_equal(a->impersonate[1], "Impersonate-Group: g");
	assert_string_equal(a->impersonate[2], "Impersonate-Extra-k: v");
	assert_null(a->impersonate[3]);
	fc_access_free(a);
	expect_refused(state, SERVER, "token: abc, as-groups: [g]", "user \"login\": as-groups: is given without as");
	expect_refused(state, SERVER, "token: abc, as: \"a\\nb\"", "user \"login\": as: holds a line break");
}

/* Every field counts; of a file its path. */
static void test_access_same_looks_at_every_field(void **state)
{
	const char *certificate, *key, *other, *other_key;

	fixture_pair(*state, &certificate, &key);
	fixture_pair(*state, &other, &other_key);
	fixture_write(*state, "conf/cert", certificate);
	fixture_write(*state, "conf/key", key);
	fixture_write(*state, "conf/token", "abc");
	fixture_write(*state, "conf/token2", "abc");
	const char *inline_ca = fixture_base64(*state, certificate), *inline_other = fixture_base64(*state, other);
	const struct {
		const char *cluster, *user;
	} rows[] = {
		{ SERVER, "" },
		{ "server: \"https://api/prefix\"", "" },
		{ SERVER ", tls-server-name: n", "" },
		{ SERVER ", proxy-url: \"http://proxy\"", "" },
		{ SERVER ", disable-compression: true", "" },
		{ SERVER ", insecure-skip-tls-verify: true", "" },
		{ SERVER ", certificate-authority: cert", "" },
		{ fixture_keep(*state, fc_xasprintf(SERVER ", certificate-authority-data: %s", inline_ca)), "" },
		{ fixture_keep(*state, fc_xasprintf(SERVER ", certificate-authority-data: %s", inline_other)), "" },
		{ SERVER, "token: abc" },
		{ SERVER, "token: def" },
		{ SERVER, "tokenFile: token" },
		{ SERVER, "tokenFile: token2" },
		{ SERVER, "token: abc, tokenFile: token" },
		{ SERVER, "username: u" },
		{ SERVER, "username: u, password: p" },
		{ SERVER, "client-certificate: cert, client-key: key" },
		{ SERVER, fixture_keep(*state, fc_xasprintf("client-certificate: cert, client-key-data: %s",
							    fixture_base64(*state, key))) },
		{ SERVER, fixture_keep(*state, fc_xasprintf("client-certificate-data: %s, client-key-data: %s",
							    inline_ca, fixture_base64(*state, key))) },
		{ SERVER, EXEC "c}" },
		{ SERVER, EXEC "c, args: [a]}" },
		{ SERVER, "as: a" },
		{ SERVER, "as: b" },
		{ SERVER, "as: a, as-groups: [g]" },
	};
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_access *a = must_open(state, rows[i].cluster, rows[i].user);
		for (size_t j = 0; j < FC_ARRAY_LEN(rows); j++) {
			struct fc_access *b = must_open(state, rows[j].cluster, rows[j].user);
			if (fc_access_same(a, b) != (i == j))
				fail_msg("%s; %s\n%s; %s", rows[i].cluster, rows[i].user, rows[j].cluster,
					 rows[j].user);
			fc_access_free(b);
		}
		fc_access_free(a);
	}
}

static void test_access_same_takes_a_file_by_its_path(void **state)
{
	static const char user[] = "client-certificate: cert, client-key: key";
	const char *certificate, *key, *other, *other_key;

	fixture_pair(*state, &certificate, &key);
	fixture_pair(*state, &other, &other_key);
	fixture_write(*state, "conf/cert", certificate);
	fixture_write(*state, "conf/key", key);
	struct fc_access *a = must_open(state, SERVER ", certificate-authority: cert", user);
	fixture_write(*state, "conf/cert", other);
	fixture_write(*state, "conf/key", other_key);
	struct fc_access *b = must_open(state, SERVER ", certificate-authority: cert", user);
	assert_string_not_equal(a->cert_pem, b->cert_pem);
	assert_true(fc_access_same(a, b));
	fc_access_free(a);
	fc_access_free(b);
}

/* 1.8 */
static void test_access_follows_the_context(void **state)
{
	static const struct {
		const char *context, *part;
	} rows[] = {
		{ "{user: u}", "context \"x\": cluster: is missing" },
		{ "{cluster: nobody, user: u}", "context \"x\": cluster: there is no cluster \"nobody\"" },
		{ "{cluster: c, user: nobody}", "context \"x\": user: there is no user \"nobody\"" },
		{ "{cluster: c, user: u, namespace: \"a/b\"}", "context \"x\": namespace: " },
		{ "{cluster: c, user: u, namespace: shop}", NULL },
		{ "{cluster: c, namespace: shop}", NULL },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		FC_AUTO_FREE char *text =
			fc_xasprintf("clusters: [{name: c, cluster: {server: \"https://c\"}}]\nusers: [{name: u}]\n"
				     "contexts: [{name: x, context: %s}]\n",
				     rows[i].context);
		struct fc_kubeconfig *k = fc_kubeconfig_load(fixture_write(*state, "kubeconfig", text), &err);
		assert_non_null(k);
		struct fc_access *a = fc_kubeconfig_access(k, "x", &err);
		fc_kubeconfig_free(k);
		if (rows[i].part) {
			assert_null(a);
			assert_contains(err.text, rows[i].part);
		} else {
			assert_non_null(a);
			assert_string_equal(a->namespace_, "shop");
		}
		fc_access_free(a);
	}
}

static void test_access_unknown_context_is_told_which_there_are(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	struct fc_kubeconfig *k =
		fc_kubeconfig_load(fixture_write(*state, "kubeconfig",
						 "contexts: [{name: hub, context: {}}, {name: edge-1, context: {}}]\n"),
				   &err);

	assert_non_null(k);
	assert_null(fc_kubeconfig_access(k, "edge-2", &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "\"edge-2\"");
	assert_contains(err.text, "hub, edge-1");
	assert_contains(err.text, "/kubeconfig");
	fc_kubeconfig_free(k);
}

/* 1.6: each entry's paths lie beside the file that defined it, not beside the first one. */
static void test_access_relative_paths_belong_to_the_defining_file(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	const char *a =
		fixture_write(*state, "a/config",
			      "contexts: [{name: x, context: {cluster: c, user: u}}]\n"
			      "clusters: [{name: c, cluster: {server: \"https://c\", certificate-authority: ca}}]\n");
	const char *b = fixture_write(*state, "b/config", "users: [{name: u, user: {tokenFile: token}}]\n");
	fixture_write(*state, "a/ca", certificate);
	const char *token = fixture_write(*state, "b/token", "abc");
	struct fc_kubeconfig *k = fc_kubeconfig_load(fixture_keep(*state, fc_xasprintf("%s:%s", a, b)), &err);
	assert_non_null(k);
	struct fc_access *access = fc_kubeconfig_access(k, "x", &err);
	if (!access)
		fail_msg("%s", err.text);
	assert_string_equal(access->token_file, token);
	fc_access_free(access);
	fc_kubeconfig_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_access_without_anything_special_has_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_server_is_needed_and_guesses_the_scheme, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_ca_inline_or_beside_the_kubeconfig, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_broken_ca_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_stores_server_name_proxy_and_compression, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_client_certificate_inline_in_files_or_mixed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_access_half_or_foreign_certificates_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_token_inline_and_in_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_token_that_cannot_be_used_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_basic_excludes_a_token, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_auth_provider_is_refused_with_the_mend, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_has_a_plugin_beside_the_kubeconfig_or_in_path, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_access_plugin_that_cannot_be_run_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_plugin_is_not_used_beside_another_login, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_plugin_is_told_of_the_cluster, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_has_impersonation_as_header_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_same_looks_at_every_field, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_same_takes_a_file_by_its_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_follows_the_context, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_unknown_context_is_told_which_there_are, setup, teardown),
		cmocka_unit_test_setup_teardown(test_access_relative_paths_belong_to_the_defining_file, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
