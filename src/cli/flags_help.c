/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include "base/mem.h"

#include <string.h>

/* A terminal's usual width and a little more; lines stay whole in a split screen and in a page of documentation. */
#define COLUMNS 100

char *fc_flag_usage(const struct fc_flag *row)
{
	return row->value_name ? fc_xasprintf("--%s %s", row->name, row->value_name) : fc_xasprintf("--%s", row->name);
}

/* "  -t, --target RESOURCE" */
static char *left_side(const struct fc_flag *row)
{
	FC_AUTO_FREE char *usage = fc_flag_usage(row);

	return row->short_name ? fc_xasprintf("  -%c, %s", row->short_name, usage) : fc_xasprintf("      %s", usage);
}

/* Words from column `indent` on; the line already holds so many. */
static void put_wrapped(struct fc_buf *out, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		size_t len = strcspn(text, " ");
		if (column > indent && column + 1 + len > COLUMNS) {
			fc_buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		if (column > indent) {
			fc_buf_putc(out, ' ');
			column++;
		}
		fc_buf_append(out, text, len);
		column += len;
		text += len + (text[len] == ' ');
	}
	fc_buf_putc(out, '\n');
}

static size_t left_width(const struct fc_flag *rows, size_t count, unsigned command)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++) {
		FC_AUTO_FREE char *left = left_side(&rows[i]);
		if ((rows[i].commands & command) && strlen(left) > width)
			width = strlen(left);
	}
	return width;
}

void fc_flags_help(const struct fc_flag *rows, size_t count, unsigned command, struct fc_buf *out)
{
	size_t width = left_width(rows, count, command);

	for (size_t i = 0; i < count; i++) {
		if (!(rows[i].commands & command))
			continue;
		FC_AUTO_FREE char *left = left_side(&rows[i]);
		FC_AUTO_FREE char *right = rows[i].default_text
						   ? fc_xasprintf("%s (default %s)", rows[i].help, rows[i].default_text)
						   : fc_xstrdup(rows[i].help);
		fc_buf_printf(out, "%-*s  ", (int)width, left);
		put_wrapped(out, right, width + 2);
	}
}
