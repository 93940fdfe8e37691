/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/go_base64.h"

#include "recorded.h"

static void the_byte_is_named_at_which_go_gives_up(void **state FC_UNUSED)
{
	static const struct {
		const char *text;
		long fault;
	} rows[] = {
		{ "", -1 },	{ "QUJD", -1 }, { "QQ==", -1 },	 { "QUI=\n", -1 }, { "Q\r\nQ==", -1 },
		{ "?", 0 },	{ "QQ", 0 },	{ "QUJDQQ", 4 }, { "QQ==x", 4 },   { "QUJD-", 4 },
		{ "QQ= =", 2 }, { "QQ=", 3 },	{ "=", 0 },	 { "Q===", 1 },	   { "QUJDQUI=\nQ", 9 },
	};

	for (size_t i = 0; i < FC_ARRAY_LEN(rows); i++) {
		long fault = sb_go_base64_fault(rows[i].text, strlen(rows[i].text));

		if (fault != rows[i].fault)
			fail_msg("%s: %ld, not %ld", rows[i].text, fault, rows[i].fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_byte_is_named_at_which_go_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
