/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/warnings.h"

#include "base/log.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static bool show(struct fc_warnings *w, const char *value)
{
	return fc_warnings_show(w, "edge", value, strlen(value));
}

static void test_warnings_are_shown_once_each(void **state FC_UNUSED)
{
	struct fc_warnings w = { .count = 0 };

	assert_true(show(&w, "299 - \"v1beta1 is deprecated\""));
	assert_false(show(&w, "299 - \"v1beta1 is deprecated\""));
	/* The text counts, not who says it. */
	assert_false(show(&w, "299 another \"v1beta1 is deprecated\""));
	assert_true(show(&w, "299 - \"v1beta2 is \\\"deprecated\\\"\""));
}

static void test_warnings_of_another_kind_are_not_shown(void **state FC_UNUSED)
{
	static const char *const others[] = { "", "299", "299 -", "299 - \"\"", "199 - \"miscellaneous\"", "\"299 \"" };
	struct fc_warnings w = { .count = 0 };

	for (size_t i = 0; i < FC_ARRAY_LEN(others); i++)
		assert_false(show(&w, others[i]));
	assert_true(show(&w, "299 - \"no end"));
	assert_true(show(&w, "299 - \"a backslash at the end\\"));
}

static void test_warnings_without_end_do_not_fill_the_log(void **state FC_UNUSED)
{
	struct fc_warnings w = { .count = 0 };
	char value[64];
	size_t shown = 0;

	for (int i = 0; i < 1000; i++) {
		snprintf(value, sizeof(value), "299 - \"warning %d\"", i);
		shown += show(&w, value);
	}
	assert_int_equal(shown, FC_WARNINGS_MAX);
}

static int set_up(void **state FC_UNUSED)
{
	fc_log_init(FC_LOG_TEXT, FC_LOG_ERROR);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings_are_shown_once_each),
		cmocka_unit_test(test_warnings_of_another_kind_are_not_shown),
		cmocka_unit_test(test_warnings_without_end_do_not_fill_the_log),
	};

	return cmocka_run_group_tests_name("warnings", tests, set_up, NULL);
}
