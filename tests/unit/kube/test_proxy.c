/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/proxy.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = { "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy",
					 "NO_PROXY",   "no_proxy",   "ALL_PROXY" };

static int setup(void **state FC_UNUSED)
{
	for (size_t i = 0; i < FC_ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

/* The proxy of https://host:port, "" for none. */
static const char *proxy_of(const char *scheme, const char *host, const char *port)
{
	static char text[128];
	struct fc_error err = FC_ERROR_INIT;
	FC_AUTO_FREE char *proxy = NULL;

	assert_int_equal(fc_proxy_from_environment(scheme, host, port, &proxy, &err), 0);
	snprintf(text, sizeof(text), "%s", proxy ? proxy : "");
	return text;
}

static bool excepted(const char *no_proxy, const char *host, const char *port)
{
	setenv("HTTPS_PROXY", "http://proxy.test:3128", 1);
	setenv("NO_PROXY", no_proxy, 1);
	return *proxy_of("https", host, port) == '\0';
}

static void test_proxy_is_taken_by_scheme_in_capitals_or_not(void **state FC_UNUSED)
{
	assert_string_equal(proxy_of("https", "a.test", "443"), "");
	setenv("HTTP_PROXY", "http://capital.test:1", 1);
	setenv("https_proxy", "small.test:2", 1);
	assert_string_equal(proxy_of("http", "a.test", "80"), "http://capital.test:1");
	assert_string_equal(proxy_of("https", "a.test", "443"), "http://small.test:2");
	setenv("HTTPS_PROXY", "socks5://both.test", 1);
	assert_string_equal(proxy_of("https", "a.test", "443"), "socks5://both.test");
	setenv("HTTPS_PROXY", "", 1);
	assert_string_equal(proxy_of("https", "a.test", "443"), "http://small.test:2");
}

static void test_proxy_is_never_used_for_a_loopback_address(void **state FC_UNUSED)
{
	assert_true(excepted("", "localhost", "443"));
	assert_true(excepted("", "127.8.0.1", "443"));
	assert_true(excepted("", "::1", "443"));
	assert_false(excepted("", "128.0.0.1", "443"));
}

static void test_proxy_exceptions_are_names_and_what_ends_in_them(void **state FC_UNUSED)
{
	assert_true(excepted("other.test, Example.Test", "example.test", "443"));
	assert_true(excepted("example.test", "api.example.TEST", "443"));
	assert_false(excepted("example.test", "notexample.test", "443"));
	assert_true(excepted(".example.test", "api.example.test", "443"));
	assert_false(excepted(".example.test", "example.test", "443"));
	assert_true(excepted("*.example.test", "api.example.test", "443"));
	assert_true(excepted("x,*", "anything.test", "443"));
	assert_false(excepted(",,", "anything.test", "443"));
}

static void test_proxy_exceptions_may_name_a_port(void **state FC_UNUSED)
{
	assert_true(excepted("example.test:6443", "example.test", "6443"));
	assert_false(excepted("example.test:6443", "example.test", "443"));
	assert_true(excepted("10.0.0.1:6443", "10.0.0.1", "6443"));
	assert_false(excepted("10.0.0.1:6443", "10.0.0.1", "443"));
	assert_true(excepted("[fd00::1]:6443", "fd00::1", "6443"));
	assert_false(excepted("[fd00::1]:6443", "fd00::1", "443"));
}

static void test_proxy_exceptions_may_be_addresses_and_networks(void **state FC_UNUSED)
{
	assert_true(excepted("10.0.0.1", "10.0.0.1", "443"));
	assert_false(excepted("10.0.0.1", "10.0.0.2", "443"));
	assert_true(excepted("fd00::1", "fd00:0::1", "443"));
	assert_true(excepted("10.1.0.0/12", "10.15.255.255", "443"));
	assert_false(excepted("10.1.0.0/12", "10.16.0.0", "443"));
	assert_true(excepted("0.0.0.0/0", "10.16.0.0", "443"));
	assert_true(excepted("fd00::/8", "fdff::1", "443"));
	assert_false(excepted("fd00::/8", "10.0.0.1", "443"));
	assert_false(excepted("10.0.0.0/33,10.0.0.0/-1,10.0.0.0/,10.0.0.0/8x", "10.0.0.1", "443"));
	assert_false(excepted("10.0.0.0/8", "a.test", "443"));
}

static void test_proxy_that_is_none_is_refused_unquoted_where_it_would_be_used(void **state FC_UNUSED)
{
	static const char *const bad[] = { "http://user:Passw0rd@pro xy:3128", "ftp://user:Passw0rd@proxy:3128",
					   "http://user:Passw0rd@127.0.0.1:99999", "user:Passw0rd@pro xy:3128",
					   "https://user:Passw0rd@[::1:3128" };

	for (size_t i = 0; i < FC_ARRAY_LEN(bad); i++) {
		struct fc_error err = FC_ERROR_INIT;
		char *proxy = NULL;
		unsetenv("NO_PROXY");
		setenv("HTTPS_PROXY", bad[i], 1);
		assert_int_equal(fc_proxy_from_environment("https", "a.test", "443", &proxy, &err), -1);
		assert_int_equal(err.cls, FC_ERR_CONFIG);
		assert_non_null(strstr(err.text, "HTTPS_PROXY"));
		assert_null(strstr(err.text, "Passw0rd"));
		assert_null(proxy);
		setenv("NO_PROXY", "a.test", 1);
		assert_string_equal(proxy_of("https", "a.test", "443"), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_proxy_is_taken_by_scheme_in_capitals_or_not, setup),
		cmocka_unit_test_setup(test_proxy_is_never_used_for_a_loopback_address, setup),
		cmocka_unit_test_setup(test_proxy_exceptions_are_names_and_what_ends_in_them, setup),
		cmocka_unit_test_setup(test_proxy_exceptions_may_name_a_port, setup),
		cmocka_unit_test_setup(test_proxy_exceptions_may_be_addresses_and_networks, setup),
		cmocka_unit_test_setup(test_proxy_that_is_none_is_refused_unquoted_where_it_would_be_used, setup),
	};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
