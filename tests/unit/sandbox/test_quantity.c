/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/quantity.h"

#include "recorded.h"

static void quantities_are_written_back_as_a_real_server_does(void **state FC_UNUSED)
{
	/* As it came; in a list of resources; anywhere else. */
	static const struct {
		const char *text, *milli, *nano;
	} rows[] = {
		{ "05", "05", "05" },
		{ "+0.5", "500m", "500m" },
		{ "+1000m", "1", "1" },
		{ "5.0", "5", "5" },
		{ "1E6", "1E6", "1E6" },
		{ "1.0", "1", "1" },
		{ "1.0k", "1k", "1k" },
		{ "+1k", "+1k", "+1k" },
		{ "1.k", "1.k", "1.k" },
		{ "0500m", "0500m", "0500m" },
		{ "+1e3", "+1e3", "+1e3" },
		{ "1E+3", "1E+3", "1E+3" },
		{ "1e03", "1e03", "1e03" },
		{ "0.1n", "1m", "1n" },
		{ "1.5", "1500m", "1500m" },
		{ "1n", "1m", "1n" },
		{ "1024", "1024", "1024" },
		{ "1024Ki", "1Mi", "1Mi" },
		{ "2048Mi", "2Gi", "2Gi" },
		{ "1e3", "1e3", "1e3" },
		{ "1e-3", "1e-3", "1e-3" },
		{ "1.23456789012", "1235m", "1234567891n" },
		{ "1e1000", "10e999", "10e999" },
		{ "9Ei", "9223372036854775807", "9223372036854775807" },
		{ "1E", "1E", "1E" },
		{ "123456789012345678901234", "123456789012345678901234", "123456789012345678901234" },
		{ "0.5Gi", "512Mi", "512Mi" },
		{ "100000000000000000000k", "100", "100" },
		{ "100000000000000000000", "100E", "100E" },
		{ "1e20", "100e18", "100e18" },
		{ "12345678901234567890123Ki", "9223372036854775807", "9223372036854775807" },
		{ "7Ei", "7Ei", "7Ei" },
		{ "1e-10", "1e-3", "1e-9" },
		{ "0.00000000001", "1m", "1n" },
		{ "5 ", "5", "5" },
		{ " 5", "5", "5" },
		{ ".", "0", "0" },
		{ "+", "0", "0" },
		{ "m", "0", "0" },
		{ "999999999999999999", "999999999999999999", "999999999999999999" },
		{ "9999999999999999999", "9999999999999999999", "9999999999999999999" },
		{ "0k", "0", "0" },
		{ "+0", "0", "0" },
		{ "0e5", "0", "0" },
		{ "1100Ki", "1100Ki", "1100Ki" },
		{ "1.1Ki", "1126400m", "1126400m" },
		{ "1.1k", "1100", "1100" },
		{ "1.1e3", "1100", "1100" },
		{ "1E2", "100", "100" },
		{ "0.3Ki", "307200m", "307200m" },
		{ "0.5Ki", "512", "512" },
		{ "1000k", "1M", "1M" },
		{ "+1000Ki", "1000Ki", "1000Ki" },
		{ "01000Ki", "1000Ki", "1000Ki" },
		{ "1.5Mi", "1536Ki", "1536Ki" },
		{ "12345678k", "12345678k", "12345678k" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *milli = sb_quantity_canonical(rows[i].text, true, NULL);
		FC_AUTO_FREE char *nano = sb_quantity_canonical(rows[i].text, false, NULL);

		if (!milli || !nano)
			fail_msg("%s is none", rows[i].text);
		assert_string_equal(milli, rows[i].milli);
		assert_string_equal(nano, rows[i].nano);
	}
}

static void what_is_none_is_refused_in_the_words_of_the_server(void **state FC_UNUSED)
{
	static const char form[] =
		"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
	static const char suffix[] = "unable to parse quantity's suffix";
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", form },
		{ "x", form },
		{ "true", form },
		{ "5 m", form },
		{ "1.5.5", form },
		{ "[1]", form },
		{ "1e", suffix },
		{ "1ei", suffix },
		{ "1Km", suffix },
		{ "--5", suffix },
		{ "1e99999999999", suffix },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;

		assert_null(sb_quantity_canonical(rows[i].text, false, &err));
		assert_int_equal(err.cls, FC_ERR_INVALID);
		assert_string_equal(err.text, rows[i].error);
	}
}

static void what_was_written_back_is_written_back_the_same(void **state FC_UNUSED)
{
	static const char *const texts[] = { "0.5", "1024Mi", "1e20", "0.3Ki", "-1.5", "1E", "9Ei", "1n", "-0.1n" };

	for (size_t i = 0; i < FC_ARRAY_LEN(texts); i++) {
		FC_AUTO_FREE char *once = sb_quantity_canonical(texts[i], false, NULL);
		FC_AUTO_FREE char *twice = sb_quantity_canonical(once, false, NULL);

		assert_string_equal(once, twice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantities_are_written_back_as_a_real_server_does),
		cmocka_unit_test(what_is_none_is_refused_in_the_words_of_the_server),
		cmocka_unit_test(what_was_written_back_is_written_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
