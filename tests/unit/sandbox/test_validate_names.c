/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/validate_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/mem.h"

/* `n` letters in storage of the caller. */
static const char *letters(char *out, size_t n)
{
	memset(out, 'a', n);
	out[n] = '\0';
	return out;
}

static const char *first_fault(sb_faults_fn *check, const char *s)
{
	struct sb_faults faults = SB_FAULTS_INIT;

	check(s, &faults);
	return faults.count ? faults.text[0] : "";
}

static void test_good_values_have_no_faults(void **state)
{
	static const struct {
		sb_faults_fn *check;
		const char *value;
	} rows[] = {
		{ sb_faults_subdomain, "a.b-c.0" }, { sb_faults_label, "0a-b" },
		{ sb_faults_dns1035, "a0-b" },	    { sb_faults_path_segment, "system:a b" },
		{ sb_faults_qualified_name, "A" },  { sb_faults_qualified_name, "example.com/A_b.c-D" },
		{ sb_faults_label_value, "" },	    { sb_faults_label_value, "A_b.c-D" },
		{ sb_faults_config_key, ".a_B-c" }, { sb_faults_env_name, "-._a0" },
		{ sb_faults_port_name, "a-0" },	    { sb_faults_ip, "10.0.0.1" },
		{ sb_faults_ip, "fd00::1" },	    { sb_faults_http_header, "X-Header" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		assert_string_equal(first_fault(rows[i].check, rows[i].value), "");
}

static void test_bad_values_have_faults(void **state)
{
	static const struct {
		sb_faults_fn *check;
		const char *value;
	} rows[] = {
		{ sb_faults_subdomain, "a..b" },     { sb_faults_subdomain, "" },
		{ sb_faults_subdomain, "A" },	     { sb_faults_subdomain, "a.-b" },
		{ sb_faults_label, "a.b" },	     { sb_faults_label, "-a" },
		{ sb_faults_dns1035, "0a" },	     { sb_faults_path_segment, "." },
		{ sb_faults_path_segment, ".." },    { sb_faults_path_segment, "a/b" },
		{ sb_faults_path_segment, "a%b" },   { sb_faults_qualified_name, "" },
		{ sb_faults_qualified_name, "/" },   { sb_faults_qualified_name, "a/b/c" },
		{ sb_faults_qualified_name, "A/b" }, { sb_faults_label_value, "-" },
		{ sb_faults_config_key, "a/b" },     { sb_faults_config_key, "..a" },
		{ sb_faults_env_name, "0a" },	     { sb_faults_port_name, "1-2" },
		{ sb_faults_port_name, "a--b" },     { sb_faults_ip, "10.0.0" },
		{ sb_faults_http_header, "a b" },
	};

	(void)state;
	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++)
		assert_string_not_equal(first_fault(rows[i].check, rows[i].value), "");
}

static void test_lengths_have_their_own_words(void **state)
{
	char s[300];

	(void)state;
	assert_string_equal(first_fault(sb_faults_subdomain, letters(s, 253)), "");
	assert_string_equal(first_fault(sb_faults_subdomain, letters(s, 254)), "must be no more than 253 characters");
	assert_string_equal(first_fault(sb_faults_label, letters(s, 63)), "");
	assert_string_equal(first_fault(sb_faults_label, letters(s, 64)), "must be no more than 63 characters");
	assert_string_equal(first_fault(sb_faults_qualified_name, letters(s, 64)),
			    "name part must be no more than 63 characters");
	assert_string_equal(first_fault(sb_faults_port_name, letters(s, 16)), "must be no more than 15 characters");
}

static void test_a_value_may_have_several_faults(void **state)
{
	struct sb_faults faults = SB_FAULTS_INIT;

	(void)state;
	sb_faults_qualified_name("/", &faults);
	assert_int_equal(faults.count, 3);
	assert_string_equal(faults.text[0], "prefix part must be non-empty");
	assert_string_equal(faults.text[1], "name part must be non-empty");
}

static void test_the_beginning_of_a_name_may_end_with_a_hyphen(void **state)
{
	struct sb_faults faults = SB_FAULTS_INIT;

	(void)state;
	sb_faults_of_prefix(sb_faults_subdomain, "a-", &faults);
	sb_faults_of_prefix(sb_faults_path_segment, ".", &faults);
	assert_int_equal(faults.count, 0);
	sb_faults_of_prefix(sb_faults_subdomain, "-", &faults);
	sb_faults_of_prefix(sb_faults_path_segment, "a/", &faults);
	assert_int_equal(faults.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_values_have_no_faults),
		cmocka_unit_test(test_bad_values_have_faults),
		cmocka_unit_test(test_lengths_have_their_own_words),
		cmocka_unit_test(test_a_value_may_have_several_faults),
		cmocka_unit_test(test_the_beginning_of_a_name_may_end_with_a_hyphen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
