/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/timestamp.h"

#include "unit/kube/fixture.h"

static void expect(const char *text, int64_t wanted_ms)
{
	struct fc_error err = FC_ERROR_INIT;
	int64_t ms = 0;

	if (fc_timestamp_parse(text, &ms, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(ms, wanted_ms);
}

static void test_timestamp_reads_what_kubernetes_writes(void **state FC_UNUSED)
{
	expect("1970-01-01T00:00:00Z", 0);
	expect("2026-01-31T12:00:00Z", 1769860800000);
	expect("2024-02-29T23:59:59Z", 1709251199000);
	expect("1969-12-31T23:59:59Z", -1000);
}

/* RFC 3339 section 5.8; Go prints nanoseconds and the machine's zone unless it is told otherwise. */
static void test_timestamp_takes_fractions_and_offsets(void **state FC_UNUSED)
{
	expect("2026-01-31T12:00:00.5Z", 1769860800500);
	expect("2026-01-31T12:00:00.123456789Z", 1769860800123);
	expect("2026-01-31T13:30:00+01:30", 1769860800000);
	expect("2026-01-31T04:00:00.25-08:00", 1769860800250);
	expect("1990-12-31T23:59:60Z", 662688000000);
}

static void test_timestamp_refuses_anything_else(void **state FC_UNUSED)
{
	static const char *const rows[] = { "",
					    "geheim",
					    "1769860800",
					    "2026-01-31",
					    "2026-01-31T12:00:00",
					    "2026-01-31 12:00:00Z",
					    "2026-1-31T12:00:00Z",
					    "2026-13-01T12:00:00Z",
					    "2026-02-29T12:00:00Z",
					    "2026-04-31T12:00:00Z",
					    "2026-00-01T12:00:00Z",
					    "2026-01-31T24:00:00Z",
					    "2026-01-31T12:60:00Z",
					    "2026-01-31T12:00:61Z",
					    "2026-01-31T12:00:00.Z",
					    "2026-01-31T12:00:00+24:00",
					    "2026-01-31T12:00:00+01:60",
					    "2026-01-31T12:00:00+0100",
					    "2026-01-31T12:00:00Z ",
					    "-026-01-31T12:00:00Z" };

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		struct fc_error err = FC_ERROR_INIT;
		int64_t ms = 0;
		if (fc_timestamp_parse(rows[i], &ms, &err) == 0)
			fail_msg("taken: %s", rows[i]);
		assert_int_equal(err.cls, FC_ERR_PROTOCOL);
		assert_lacks(err.text, "geheim");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timestamp_reads_what_kubernetes_writes),
		cmocka_unit_test(test_timestamp_takes_fractions_and_offsets),
		cmocka_unit_test(test_timestamp_refuses_anything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
