/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/self_signed.h"

#include "base/mem.h"
#include "kube/pem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

static void test_self_signed_pair_fits_together_and_lasts(void **state)
{
	char *cert, *key, *other_cert, *other_key;
	struct fc_error err = FC_ERROR_INIT;

	(void)state;
	assert_int_equal(fc_self_signed_make(&cert, &key, &err), 0);
	assert_int_equal(fc_pem_check_certificates(cert, &err), 0);
	assert_int_equal(fc_pem_check_key(key, &err), 0);
	assert_int_equal(fc_pem_check_pair(cert, key, &err), 0);
	assert_true(fc_pem_expires_ms(cert) > ((int64_t)time(NULL) + 300 * 24 * 3600) * 1000);
	assert_int_equal(fc_self_signed_make(&other_cert, &other_key, &err), 0);
	assert_string_not_equal(key, other_key);
	free(cert);
	free(other_cert);
	fc_free_secret(key, strlen(key));
	fc_free_secret(other_key, strlen(other_key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self_signed_pair_fits_together_and_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
