/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/in_cluster.h"

#include "unit/kube/fixture.h"

static int setup(void **state)
{
	*state = fixture_new();
	setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static const char *folder(void **state)
{
	return ((struct fixture *)*state)->folder;
}

static void write_account(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	fixture_write(*state, "ca.crt", certificate);
	fixture_write(*state, "token", "abc\n");
	fixture_write(*state, "namespace", "copiers\n");
}

static struct fc_access *must(struct fc_access *a, const struct fc_error *err)
{
	if (!a)
		fail_msg("%s", err->text);
	return a;
}

/* kube-client 1.37, 1.38, 1.39: the token is a file, to be read again. */
static void test_in_cluster_reads_the_service_account(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	write_account(state);
	struct fc_access *a = must(fc_access_in_cluster_at(folder(state), &err), &err);
	assert_string_equal(a->server, "https://10.0.0.1:443");
	assert_string_equal(a->token_file, fixture_path(*state, "token"));
	assert_null(a->token);
	assert_string_equal(a->ca_file, fixture_path(*state, "ca.crt"));
	assert_contains(a->ca_pem, "BEGIN CERTIFICATE");
	assert_string_equal(a->namespace_, "copiers");
	fc_access_free(a);
}

/* 1.37 */
static void test_in_cluster_brackets_ipv6(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	write_account(state);
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	struct fc_access *a = must(fc_access_in_cluster_at(folder(state), &err), &err);
	assert_string_equal(a->server, "https://[fd00::1]:443");
	fc_access_free(a);
}

/* 1.37: a class of its own, so that another way can be tried. */
static void test_in_cluster_says_when_it_is_not(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	write_account(state);
	unsetenv("KUBERNETES_SERVICE_PORT");
	assert_null(fc_access_in_cluster_at(folder(state), &err));
	assert_int_equal(err.cls, FC_ERR_NOT_FOUND);
	assert_null(fc_access_in_cluster(&err));
	assert_int_equal(err.cls, FC_ERR_NOT_FOUND);
}

/* 1.38 */
static void test_in_cluster_needs_a_token_but_no_ca(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	fixture_write(*state, "token", "abc");
	struct fc_access *a = must(fc_access_in_cluster_at(folder(state), &err), &err);
	assert_null(a->ca_pem);
	assert_null(a->ca_file);
	assert_string_equal(a->namespace_, "default");
	fc_access_free(a);
	assert_int_equal(unlink(fixture_path(*state, "token")), 0);
	assert_null(fc_access_in_cluster_at(folder(state), &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "/token");
}

static void test_in_cluster_refuses_a_broken_ca(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	write_account(state);
	fixture_write(*state, "ca.crt", "nothing");
	assert_null(fc_access_in_cluster_at(folder(state), &err));
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_contains(err.text, "/ca.crt");
}

/* 1.38 */
static void test_in_cluster_namespace_of_the_environment_comes_first(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	write_account(state);
	setenv("POD_NAMESPACE", "ours", 1);
	struct fc_access *a = must(fc_access_in_cluster_at(folder(state), &err), &err);
	assert_string_equal(a->namespace_, "ours");
	fc_access_free(a);
	setenv("POD_NAMESPACE", "../x", 1);
	assert_null(fc_access_in_cluster_at(folder(state), &err));
	assert_contains(err.text, "POD_NAMESPACE");
}

static void test_pod_namespace_is_none_outside_of_a_pod(void **state)
{
	assert_null(fc_pod_namespace_at(folder(state)));
	fixture_write(*state, "namespace", "\n");
	assert_null(fc_pod_namespace_at(folder(state)));
	fixture_write(*state, "namespace", "ops\n");
	FC_AUTO_FREE char *mounted = fc_pod_namespace_at(folder(state));
	assert_string_equal(mounted, "ops");
	setenv("POD_NAMESPACE", "ours", 1);
	FC_AUTO_FREE char *given = fc_pod_namespace_at(folder(state));
	assert_string_equal(given, "ours");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_in_cluster_reads_the_service_account, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pod_namespace_is_none_outside_of_a_pod, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_cluster_brackets_ipv6, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_cluster_says_when_it_is_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_cluster_needs_a_token_but_no_ca, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_cluster_refuses_a_broken_ca, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_cluster_namespace_of_the_environment_comes_first, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
