/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reference.h"

#include "base/mem.h"
#include "cli/options.h"
#include "model/metric.h"
#include "model/state.h"

#include <string.h>

/* A cell: what would end it is escaped. */
static void put_cell(struct fc_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fc_buf_putc(out, '\\');
		fc_buf_putc(out, *text == '\n' ? ' ' : *text);
	}
}

/* Text outside of code: `<` begins HTML there. */
static void put_text(struct fc_buf *out, const char *text)
{
	for (const char *mark; (mark = strchr(text, '<')); text = mark + 1) {
		FC_AUTO_FREE char *before = fc_xstrndup(text, (size_t)(mark - text));

		put_cell(out, before);
		fc_buf_puts(out, "&lt;");
	}
	put_cell(out, text);
}

static void put_code(struct fc_buf *out, const char *text)
{
	fc_buf_putc(out, '`');
	put_cell(out, text);
	fc_buf_putc(out, '`');
}

void fc_reference_flags(struct fc_buf *out)
{
	size_t count;
	const struct fc_flag *rows = fc_flag_rows(&count);

	fc_buf_puts(out, "| flag | meaning | default | variable |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < count; i++) {
		FC_AUTO_FREE char *usage = fc_flag_usage(&rows[i]), *variable = fc_flag_variable(&rows[i]);
		fc_buf_puts(out, "| ");
		put_code(out, usage);
		if (rows[i].short_name)
			fc_buf_printf(out, ", `-%c`", rows[i].short_name);
		fc_buf_puts(out, " | ");
		put_text(out, rows[i].help);
		fc_buf_puts(out, " | ");
		if (rows[i].default_text)
			put_code(out, rows[i].default_text);
		fc_buf_puts(out, " | ");
		if (!rows[i].line_only)
			put_code(out, variable);
		fc_buf_puts(out, " |\n");
	}
}

void fc_reference_metrics(struct fc_buf *out)
{
	static const char *const types[] = {
		[FC_METRIC_COUNTER] = "counter",
		[FC_METRIC_GAUGE] = "gauge",
		[FC_METRIC_HISTOGRAM] = "histogram",
	};

	fc_buf_puts(out, "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n");
	for (int id = 0; id < FC_METRICS; id++) {
		const struct fc_metric *row = fc_metric_row((enum fc_metric_id)id);
		fc_buf_puts(out, "| ");
		put_code(out, row->name);
		fc_buf_printf(out, " | %s | ", types[row->type]);
		for (size_t i = 0; i < FC_METRIC_MAX_LABELS && row->labels[i]; i++)
			fc_buf_printf(out, "%s`%s`", i ? ", " : "", row->labels[i]);
		fc_buf_puts(out, " | ");
		put_text(out, row->help);
		fc_buf_puts(out, " |\n");
	}
}

void fc_reference_states(struct fc_buf *out)
{
	fc_buf_puts(out, "| state | when |\n| --- | --- |\n");
	for (int s = 0; s < FC_STATES; s++) {
		fc_buf_puts(out, "| ");
		put_code(out, fc_state_name((enum fc_state)s));
		fc_buf_puts(out, " | ");
		put_text(out, fc_state_help((enum fc_state)s));
		fc_buf_puts(out, " |\n");
	}
}
