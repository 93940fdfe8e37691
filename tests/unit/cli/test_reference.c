/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reference.h"

#include "base/mem.h"
#include "cli/options.h"
#include "model/metric.h"
#include "model/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

static size_t lines_in(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

/* Every line has as many cells as the first; an escaped bar is no border. */
static void assert_even(const char *text)
{
	size_t first = 0, now = 0;

	for (const char *p = text; *p; p++) {
		now += *p == '|' && p > text && p[-1] != '\\';
		now += *p == '|' && p == text;
		if (*p != '\n')
			continue;
		first = first ? first : now;
		assert_int_equal(now, first);
		now = 0;
	}
}

static void test_reference_has_a_line_for_each_flag(void **state)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;
	size_t count;

	(void)state;
	fc_flag_rows(&count);
	fc_reference_flags(&text);
	assert_int_equal(lines_in(text.data), count + 2);
	assert_even(text.data);
	assert_non_null(strstr(text.data, "\n| `--target RESOURCE`, `-t` | "));
	assert_non_null(strstr(
		text.data, "\n| `--log-format text\\|json` | the form of the log lines on standard error | `text` | "
			   "`FEDCOPY_LOG_FORMAT` |\n"));
}

static void test_reference_has_a_line_for_each_metric(void **state)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	(void)state;
	fc_reference_metrics(&text);
	assert_int_equal(lines_in(text.data), FC_METRICS + 2);
	assert_even(text.data);
	for (int id = 0; id < FC_METRICS; id++) {
		const struct fc_metric *row = fc_metric_row((enum fc_metric_id)id);
		FC_AUTO_FREE char *cell = fc_xasprintf("\n| `%s` | ", row->name);
		assert_non_null(strstr(text.data, cell));
	}
	assert_non_null(strstr(text.data, "| `fedcopy_rules` | gauge | `dialect`, `state` | "));
}

static void test_reference_has_a_line_for_each_state(void **state)
{
	FC_AUTO_BUF struct fc_buf text = FC_BUF_INIT;

	(void)state;
	fc_reference_states(&text);
	assert_int_equal(lines_in(text.data), FC_STATES + 2);
	assert_even(text.data);
	for (int s = 0; s < FC_STATES; s++) {
		FC_AUTO_FREE char *line = fc_xasprintf("\n| `%s` | %s |\n", fc_state_name((enum fc_state)s),
						       fc_state_help((enum fc_state)s));
		assert_non_null(strstr(text.data, line));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference_has_a_line_for_each_flag),
		cmocka_unit_test(test_reference_has_a_line_for_each_metric),
		cmocka_unit_test(test_reference_has_a_line_for_each_state),
	};

	return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
