/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/descriptors.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>

static void set_limit(rlim_t soft, rlim_t hard)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ soft, hard }), 0);
}

static void test_descriptors_limit_is_raised_as_far_as_it_may_and_want_is_told(void **state FC_UNUSED)
{
	struct fc_error err = FC_ERROR_INIT;
	struct rlimit limit;

	set_limit(64, 256);
	assert_int_equal(fc_descriptors_provide(16, &err), 0);
	getrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(limit.rlim_cur, 256);
	assert_int_equal(fc_descriptors_provide(17, &err), -1);
	assert_int_equal(err.cls, FC_ERR_CONFIG);
	assert_non_null(strstr(err.text, "17 clusters need 264 descriptors, and the limit is 256: raise it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors_limit_is_raised_as_far_as_it_may_and_want_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
