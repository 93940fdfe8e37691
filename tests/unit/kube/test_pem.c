/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/pem.h"

#include "base/clock.h"
#include "unit/kube/fixture.h"

#include <openssl/err.h>

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

/* kube-client 1.10: a CA may hold several certificates; 1.15: a file may hold certificate and key. */
static void test_pem_takes_one_certificate_or_many_between_other_blocks(void **state)
{
	const char *certificate, *key, *other, *other_key;
	struct fc_error err = FC_ERROR_INIT;

	fixture_pair(*state, &certificate, &key);
	fixture_pair(*state, &other, &other_key);
	assert_int_equal(fc_pem_check_certificates(certificate, &err), 0);
	char *both = fixture_keep(*state, fc_xasprintf("a comment\n%s%s%s", key, certificate, other));
	assert_int_equal(fc_pem_check_certificates(both, &err), 0);
	assert_int_equal(fc_pem_check_key(both, &err), 0);
	assert_int_equal(fc_pem_check_pair(both, both, &err), 0);
}

static void test_pem_refuses_what_is_no_certificate_without_quoting_it(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	assert_int_equal(fc_pem_check_certificates("geheim", &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_lacks(err.text, "geheim");
	assert_int_equal(fc_pem_check_certificates("", &err), -1);
	assert_int_equal(fc_pem_check_certificates(key, &err), -1);
	assert_contains(err.text, "no certificate");
	/* The second one is cut off: taken for good, half of the trust would be lost unseen. */
	char *cut = fixture_keep(*state, fc_xasprintf("%s%.120s", certificate, certificate));
	assert_int_equal(fc_pem_check_certificates(cut, &err), -1);
	assert_contains(err.text, "certificate 2");
	assert_int_equal(ERR_peek_error(), 0);
}

static void test_pem_refuses_broken_and_encrypted_keys_without_asking_a_terminal(void **state)
{
	struct fc_error err = FC_ERROR_INIT;
	const char *certificate, *key;

	fixture_pair_with(*state, &certificate, &key, "password");
	assert_int_equal(fc_pem_check_key(key, &err), -1);
	assert_contains(err.text, "encrypted");
	assert_int_equal(fc_pem_check_key("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &err), -1);
	assert_contains(err.text, "no private key");
	assert_lacks(err.text, "AAAA");
	assert_int_equal(fc_pem_check_key(certificate, &err), -1);
	assert_int_equal(ERR_peek_error(), 0);
}

/* 1.15 */
static void test_pem_key_must_be_that_of_the_certificate(void **state)
{
	const char *certificate, *key, *other, *other_key;
	struct fc_error err = FC_ERROR_INIT;

	fixture_pair(*state, &certificate, &key);
	fixture_pair(*state, &other, &other_key);
	assert_int_equal(fc_pem_check_pair(certificate, key, &err), 0);
	assert_int_equal(fc_pem_check_pair(certificate, other_key, &err), -1);
	assert_contains(err.text, "not that of");
	assert_int_equal(ERR_peek_error(), 0);
}

/* The fixture's last an hour. */
static void test_pem_says_when_the_first_certificate_expires(void **state)
{
	const char *certificate, *key;

	fixture_pair(*state, &certificate, &key);
	int64_t left_ms = fc_pem_expires_ms(certificate) - fc_clock_wall_ms();
	assert_true(left_ms > 3500 * 1000 && left_ms <= 3600 * 1000);
	char *behind_its_key = fixture_keep(*state, fc_xasprintf("%s%s", key, certificate));
	assert_int_equal(fc_pem_expires_ms(behind_its_key), fc_pem_expires_ms(certificate));
	assert_int_equal(fc_pem_expires_ms(key), 0);
	assert_int_equal(fc_pem_expires_ms(""), 0);
	assert_int_equal(ERR_peek_error(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pem_takes_one_certificate_or_many_between_other_blocks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_pem_refuses_what_is_no_certificate_without_quoting_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_pem_refuses_broken_and_encrypted_keys_without_asking_a_terminal,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_pem_key_must_be_that_of_the_certificate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pem_says_when_the_first_certificate_expires, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
