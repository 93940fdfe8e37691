/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/go_time.h"

#include "recorded.h"

#define SECONDS_LAYOUT "\" as \"2006-01-02T15:04:05Z07:00\": cannot parse "
#define MICRO_LAYOUT "\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse "

static void times_are_written_back_in_utc(void **state FC_UNUSED)
{
	static const struct {
		const char *text, *seconds;
	} rows[] = {
		{ "2020-01-01T00:00:00+02:00", "2019-12-31T22:00:00Z" },
		{ "2020-01-01T00:00:00.123Z", "2020-01-01T00:00:00Z" },
		{ "2020-02-29T23:30:00-01:45", "2020-03-01T01:15:00Z" },
		{ "2020-02-20T3:00:00Z", "2020-02-20T03:00:00Z" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		FC_AUTO_FREE char *text = sb_go_time_canonical(rows[i].text, false, NULL);

		if (!text)
			fail_msg("%s is none", rows[i].text);
		assert_string_equal(text, rows[i].seconds);
	}
}

static void a_micro_time_has_six_digits_and_keeps_them(void **state FC_UNUSED)
{
	FC_AUTO_FREE char *text = sb_go_time_canonical("2020-01-01T00:00:00.000456+02:00", true, NULL);

	assert_string_equal(text, "2019-12-31T22:00:00.000456Z");
}

static void what_is_none_is_refused_in_the_words_of_go(void **state FC_UNUSED)
{
	static const struct {
		const char *text;
		bool micro;
		const char *error; /* behind `parsing time "TEXT` */
	} rows[] = {
		{ "", false, SECONDS_LAYOUT "\"\" as \"2006\"" },
		{ "20", false, SECONDS_LAYOUT "\"20\" as \"2006\"" },
		{ "2020-01-01", false, SECONDS_LAYOUT "\"\" as \"T\"" },
		{ "2020-13-01T00:00:00Z", false, "\": month out of range" },
		{ "2020-01-01T00:00:00", false, SECONDS_LAYOUT "\"\" as \"Z07:00\"" },
		{ "2020-01-01T25:00:00Z", false, "\": hour out of range" },
		{ "2020-1-01T00:00:00Z", false, SECONDS_LAYOUT "\"1-01T00:00:00Z\" as \"01\"" },
		{ "2020-02-30T00:00:00Z", false, "\": day out of range" },
		{ "2020-02-20X00:00:00Z", false, SECONDS_LAYOUT "\"X00:00:00Z\" as \"T\"" },
		{ "2020-02-20T00:00:00Zabc", false, "\": extra text: \"abc\"" },
		{ "2020-02-20T00:00:60Z", false, "\": second out of range" },
		{ "2020-02-20T00:00:00.Z", false, SECONDS_LAYOUT "\".Z\" as \"Z07:00\"" },
		{ "2020-02-20T00:00:00+0200", false, SECONDS_LAYOUT "\"+0200\" as \"Z07:00\"" },
		{ "2020-01-01T00:00:00+02:00", true, MICRO_LAYOUT "\"+02:00\" as \".000000\"" },
		{ "2020-01-01T00:00:00.123Z", true, MICRO_LAYOUT "\".123Z\" as \".000000\"" },
		{ "2020-01-01T00:00:00.1234567+02:00", true, MICRO_LAYOUT "\"7+02:00\" as \"Z07:00\"" },
		{ "x", true, MICRO_LAYOUT "\"x\" as \"2006\"" },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		FC_AUTO_FREE char *expected = fc_xasprintf("parsing time \"%s%s", rows[i].text, rows[i].error);

		assert_null(sb_go_time_canonical(rows[i].text, rows[i].micro, &err));
		assert_string_equal(err.text, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_back_in_utc),
		cmocka_unit_test(a_micro_time_has_six_digits_and_keeps_them),
		cmocka_unit_test(what_is_none_is_refused_in_the_words_of_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
