/* SPDX-License-Identifier: Apache-2.0 */
#include "model/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* A name of `bytes` letters in static storage of the caller. */
static const char *long_name(char *out, size_t bytes)
{
	memset(out, 'a', bytes);
	out[bytes] = '\0';
	return out;
}

static void test_label_takes_lower_case_digits_and_inner_hyphens(void **state)
{
	(void)state;
	assert_true(fc_name_is_label("a"));
	assert_true(fc_name_is_label("0"));
	assert_true(fc_name_is_label("edge-1"));
	assert_true(fc_name_is_label("a--b"));
}

static void test_label_refuses_all_else(void **state)
{
	static const char *const bad[] = { "", "-a", "a-", "A", "a.b", "a_b", "a b", "a/b", "\xC3\xA4", "a\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(fc_name_is_label(bad[i]));
	assert_false(fc_name_is_label(NULL));
}

static void test_label_ends_at_63_bytes(void **state)
{
	char name[300];

	(void)state;
	assert_true(fc_name_is_label(long_name(name, 63)));
	assert_false(fc_name_is_label(long_name(name, 64)));
}

static void test_subdomain_is_labels_parted_by_single_dots(void **state)
{
	(void)state;
	assert_true(fc_name_is_subdomain("a"));
	assert_true(fc_name_is_subdomain("types.federation.k8s.io"));
	assert_false(fc_name_is_subdomain(""));
	assert_false(fc_name_is_subdomain(".a"));
	assert_false(fc_name_is_subdomain("a."));
	assert_false(fc_name_is_subdomain("a..b"));
	assert_false(fc_name_is_subdomain("a.-b"));
	assert_false(fc_name_is_subdomain("a.B"));
	assert_false(fc_name_is_subdomain(NULL));
}

static void test_subdomain_is_limited_as_a_whole_and_not_per_label(void **state)
{
	char name[300];

	(void)state;
	assert_true(fc_name_is_subdomain(long_name(name, 100)));
	assert_true(fc_name_is_subdomain(long_name(name, 253)));
	assert_false(fc_name_is_subdomain(long_name(name, 254)));
}

static void test_path_segment_takes_rbac_names(void **state)
{
	(void)state;
	assert_true(fc_name_is_path_segment("system:controller:job-controller"));
	assert_true(fc_name_is_path_segment("User Name@example"));
	assert_true(fc_name_is_path_segment("..."));
}

static void test_path_segment_refuses_what_changes_a_url(void **state)
{
	char name[300];
	static const char *const bad[] = { "", ".", "..", "a/b", "..%2f", "a%b", "a\nb", "a\x7F", "\x01" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(fc_name_is_path_segment(bad[i]));
	assert_false(fc_name_is_path_segment(NULL));
	assert_true(fc_name_is_path_segment(long_name(name, 253)));
	assert_false(fc_name_is_path_segment(long_name(name, 254)));
}

static void test_system_namespaces_are_three(void **state)
{
	(void)state;
	assert_true(fc_name_is_system_namespace("kube-system"));
	assert_true(fc_name_is_system_namespace("kube-public"));
	assert_true(fc_name_is_system_namespace("kube-node-lease"));
	assert_false(fc_name_is_system_namespace("kube-system-2"));
	assert_false(fc_name_is_system_namespace("default"));
	assert_false(fc_name_is_system_namespace(""));
	assert_false(fc_name_is_system_namespace(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_label_takes_lower_case_digits_and_inner_hyphens),
		cmocka_unit_test(test_label_refuses_all_else),
		cmocka_unit_test(test_label_ends_at_63_bytes),
		cmocka_unit_test(test_subdomain_is_labels_parted_by_single_dots),
		cmocka_unit_test(test_subdomain_is_limited_as_a_whole_and_not_per_label),
		cmocka_unit_test(test_path_segment_takes_rbac_names),
		cmocka_unit_test(test_path_segment_refuses_what_changes_a_url),
		cmocka_unit_test(test_system_namespaces_are_three),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
