/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_address_without_host_means_every_address(void **state)
{
	struct fc_address a;

	(void)state;
	assert_int_equal(fc_address_parse(":9102", &a, NULL), 0);
	assert_true(a.any);
	assert_false(a.loopback);
	assert_int_equal(a.port, 9102);
	assert_int_equal(a.sockaddr.ss_family, AF_INET6);
}

static void test_address_knows_loopback_from_others(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
	} cases[] = {
		{ "127.0.0.1:1", true },
		{ "127.9.9.9:1", true },
		{ "[::1]:1", true },
		{ "[::ffff:127.0.0.1]:1", true },
		{ "0.0.0.0:1", false },
		{ "10.1.2.3:1", false },
		{ "[::]:1", false },
		{ "[2001:db8::1]:1", false },
		{ "[::ffff:10.0.0.1]:1", false },
	};
	struct fc_address a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fc_address_parse(cases[i].text, &a, NULL), 0);
		if (a.loopback != cases[i].loopback)
			fail_msg("%s: loopback is %d", cases[i].text, a.loopback);
		assert_false(a.any);
	}
}

static void test_address_wrong_is_refused_with_text_and_mend(void **state)
{
	static const char *const wrong[] = {
		"",
		"9102",
		"127.0.0.1",
		":",
		":x",
		":-1",
		":+1",
		":65536",
		":123456",
		": 1",
		"localhost:9103",
		"::1:9103",
		"[::1]",
		"[::1:9103",
		"::1]:9103",
		"[127.0.0.1]:1",
		"[]:1",
		"[localhost]:1",
		"127.0.0.1.5:1",
		"[::1%lo]:1",
		"http://127.0.0.1:1",
		"a-host-name-that-is-much-longer-than-any-address-of-either-family-may-be:1",
	};
	struct fc_address a;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fc_error err = FC_ERROR_INIT;
		if (fc_address_parse(wrong[i], &a, &err) == 0)
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_int_equal(err.cls, FC_ERR_USAGE);
		assert_non_null(strstr(err.text, wrong[i]));
		assert_non_null(strstr(err.text, "127.0.0.1:9102"));
	}
}

static void test_address_host_name_is_said_not_to_be_looked_up(void **state)
{
	struct fc_error err = FC_ERROR_INIT;

	(void)state;
	assert_int_equal(fc_address_check("localhost:9102", &err), -1);
	assert_non_null(strstr(err.text, "host names are not looked up"));
}

static void test_address_check_takes_empty_as_nowhere(void **state)
{
	(void)state;
	assert_int_equal(fc_address_check("", NULL), 0);
	assert_int_equal(fc_address_check_loopback("", NULL), 0);
}

static void test_address_check_loopback_refuses_what_others_reach(void **state)
{
	static const char *const wrong[] = { ":9103", "0.0.0.0:9103", "[::]:9103", "192.0.2.1:9103" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct fc_error err = FC_ERROR_INIT;
		assert_int_equal(fc_address_check_loopback(wrong[i], &err), -1);
		assert_int_equal(err.cls, FC_ERR_USAGE);
		assert_non_null(strstr(err.text, "127.0.0.1:9103"));
	}
	assert_int_equal(fc_address_check_loopback("[::1]:9103", NULL), 0);
}

static void test_address_listen_finds_a_port_and_closes_on_exec(void **state)
{
	uint16_t port = 0;
	int fd = fc_address_listen("127.0.0.1:0", &port, NULL);

	(void)state;
	assert_true(fd >= 0);
	assert_int_not_equal(port, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void test_address_listen_says_that_a_port_is_taken(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	uint16_t port = 0, again = 0;
	int fd = fc_address_listen("127.0.0.1:0", &port, NULL);
	char text[32];

	(void)state;
	assert_true(fd >= 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	assert_int_equal(fc_address_listen(text, &again, &err), -1);
	assert_int_equal(err.cls, FC_ERR_USAGE);
	assert_non_null(strstr(err.text, text));
	assert_non_null(strstr(err.text, "another port"));
	close(fd);
}

static void test_address_listen_says_that_an_address_is_not_ours(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	uint16_t port = 0;

	(void)state;
	/* Of the range for documentation (RFC 5737): no interface has it. */
	assert_int_equal(fc_address_listen("192.0.2.1:0", &port, &err), -1);
	assert_int_equal(err.cls, FC_ERR_USAGE);
	assert_non_null(strstr(err.text, "192.0.2.1:0"));
}

static void test_address_listen_without_host_is_reached_by_ipv4(void **state)
{
	uint16_t port = 0;
	int fd = fc_address_listen(":0", &port, NULL), peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(connect(peer, (const struct sockaddr *)&to, sizeof(to)), 0);
	close(peer);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_without_host_means_every_address),
		cmocka_unit_test(test_address_knows_loopback_from_others),
		cmocka_unit_test(test_address_wrong_is_refused_with_text_and_mend),
		cmocka_unit_test(test_address_host_name_is_said_not_to_be_looked_up),
		cmocka_unit_test(test_address_check_takes_empty_as_nowhere),
		cmocka_unit_test(test_address_check_loopback_refuses_what_others_reach),
		cmocka_unit_test(test_address_listen_finds_a_port_and_closes_on_exec),
		cmocka_unit_test(test_address_listen_says_that_a_port_is_taken),
		cmocka_unit_test(test_address_listen_says_that_an_address_is_not_ours),
		cmocka_unit_test(test_address_listen_without_host_is_reached_by_ipv4),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
