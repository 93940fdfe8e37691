/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/endpoint.h"

#include "unit/kube/fixture.h"

/* kube-client 1.9 */
static void test_endpoint_server_is_normalised(void **state FC_UNUSED)
{
	static const struct {
		const char *text;
		bool tls;
		const char *wanted;
	} rows[] = {
		{ "https://api.example:6443", false, "https://api.example:6443" },
		{ "https://api.example:6443/", false, "https://api.example:6443" },
		{ "https://api.example/k8s/clusters/c-1//", false, "https://api.example/k8s/clusters/c-1" },
		{ "https://api.example/prefix/?query=1#fragment", false, "https://api.example/prefix" },
		{ "HTTPS://api.example", false, "https://api.example" },
		{ "http://127.0.0.1:8080", true, "http://127.0.0.1:8080" },
		{ "https://[fd00::1]:6443", false, "https://[fd00::1]:6443" },
		{ "api.example:6443", true, "https://api.example:6443" },
		{ "api.example:6443/prefix", false, "http://api.example:6443/prefix" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *server = NULL;
		struct fc_error err = FC_ERROR_INIT;
		if (fc_endpoint_server(rows[i].text, rows[i].tls, &server, &err) < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_string_equal(server, rows[i].wanted);
	}
}

/* 1.9, 1.24 */
static void test_endpoint_server_refuses_other_schemes_and_logins_without_quoting(void **state FC_UNUSED)
{
	static const char *const texts[] = { "ftp://api.example",
					     "unix:///run/x",
					     "https://",
					     "https:///x",
					     "https://api.example:99999",
					     "https://user:geheim@api.example",
					     "https://a b",
					     "https://a\nb" };

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		struct fc_error err = FC_ERROR_INIT;
		char *server = NULL;
		if (fc_endpoint_server(texts[i], true, &server, &err) == 0)
			fail_msg("%s passed as %s", texts[i], server);
		assert_int_equal(err.cls, FC_ERR_CONFIG);
		assert_lacks(err.text, "geheim");
	}
}

/* 1.13 */
static void test_endpoint_proxy_has_one_of_three_schemes(void **state FC_UNUSED)
{
	static const char *const good[] = { "http://proxy:3128", "https://user:word@proxy", "socks5://127.0.0.1:1080" };
	static const char *const bad[] = {
		"socks4://proxy", "socks5h://proxy", "ftp://geheim@proxy", "proxy:3128",
		"http://",	  "geheim",	     "socks5://",	   "socks5:///geheim"
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(good); i++) {
		struct fc_error err = FC_ERROR_INIT;
		if (fc_endpoint_check_proxy(good[i], &err) < 0)
			fail_msg("%s: %s", good[i], err.text);
	}
	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++) {
		struct fc_error err = FC_ERROR_INIT;
		if (fc_endpoint_check_proxy(bad[i], &err) == 0)
			fail_msg("%s passed", bad[i]);
		assert_int_equal(err.cls, FC_ERR_CONFIG);
		assert_lacks(err.text, "geheim");
	}
}

/* 1.12 */
static void test_endpoint_tls_name_can_stand_in_a_url(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;

	assert_int_equal(fc_endpoint_check_tls_name("kubernetes.default", &err), 0);
	assert_int_equal(fc_endpoint_check_tls_name("a/b", &err), -1);
	assert_int_equal(fc_endpoint_check_tls_name("a@b", &err), -1);
	assert_int_equal(fc_endpoint_check_tls_name("", &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoint_server_is_normalised),
		cmocka_unit_test(test_endpoint_server_refuses_other_schemes_and_logins_without_quoting),
		cmocka_unit_test(test_endpoint_proxy_has_one_of_three_schemes),
		cmocka_unit_test(test_endpoint_tls_name_can_stand_in_a_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
