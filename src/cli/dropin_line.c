/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/dropin_line.h"

#include "base/mem.h"
#include "cli/nearest.h"

#include <string.h>

struct reading {
	struct fc_line *out;
	enum fc_line_style style;
	const struct fc_flag *rows;
	size_t count;
	unsigned command;
	const char *name;
	int argc;
	char *const *args;
	int at;
};

void fc_line_fini(struct fc_line *line)
{
	fc_strings_fini(&line->words);
	*line = (struct fc_line){ 0 };
}

static int refuse_unknown(const struct reading *r, const char *arg, const char *name, struct fc_error *err)
{
	const char **names = fc_xcalloc(r->count, sizeof(*names));

	for (size_t i = 0; i < r->count; i++)
		names[i] = r->rows[i].commands & r->command ? r->rows[i].name : NULL;
	const char *near = fc_nearest(name, names, r->count);
	free(names);
	if (near)
		return fc_error_set(err, FC_ERR_USAGE, "unknown flag %.80s; did you mean --%s?", arg, near);
	return fc_error_set(err, FC_ERR_USAGE, "unknown flag %.80s; \"fedcopy %s --help\" lists them", arg, r->name);
}

static const struct fc_flag *row_named(const struct reading *r, const char *name, size_t len)
{
	for (size_t i = 0; i < r->count; i++)
		if ((r->rows[i].commands & r->command) && strncmp(r->rows[i].name, name, len) == 0 &&
		    !r->rows[i].name[len])
			return &r->rows[i];
	return NULL;
}

static const struct fc_flag *row_of_letter(const struct reading *r, char letter)
{
	for (size_t i = 0; i < r->count; i++)
		if ((r->rows[i].commands & r->command) && r->rows[i].short_name == letter)
			return &r->rows[i];
	return NULL;
}

/* All that Go takes for a boolean. */
static const char *truth(const char *word)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < FC_ARRAY_LEN(yes); i++) {
		if (strcmp(word, yes[i]) == 0)
			return "true";
		if (strcmp(word, no[i]) == 0)
			return "false";
	}
	return NULL;
}

static int give(struct reading *r, const struct fc_flag *row, const char *value, struct fc_error *err)
{
	const char *canonical = row->type == FC_FLAG_BOOL ? truth(value) : value;

	if (!canonical)
		return fc_error_set(err, FC_ERR_USAGE, "--%s: \"%.80s\" is neither true nor false", row->name, value);
	FC_AUTO_FREE char *word = fc_xasprintf("--%s=%s", row->name, canonical);
	fc_strings_add(&r->out->words, word, strlen(word));
	return 0;
}

/* `value` stood in the same argument; NULL: none did. */
static int take(struct reading *r, const struct fc_flag *row, const char *value, struct fc_error *err)
{
	if (value)
		return give(r, row, value, err);
	if (row->type == FC_FLAG_BOOL)
		return give(r, row, "true", err);
	if (r->at + 1 >= r->argc)
		return fc_error_set(err, FC_ERR_USAGE, "--%s needs a value: --%s=%s", row->name, row->name,
				    row->value_name);
	return give(r, row, r->args[++r->at], err);
}

static int read_long(struct reading *r, const char *arg, const char *name, struct fc_error *err)
{
	size_t len = strcspn(name, "=");
	const struct fc_flag *row = row_named(r, name, len);
	FC_AUTO_FREE char *alone = fc_xstrndup(name, len);

	if (!row && r->style == FC_LINE_FLAG && len == 1)
		row = row_of_letter(r, name[0]);
	if (row)
		return take(r, row, name[len] ? name + len + 1 : NULL, err);
	if (strcmp(alone, "help") != 0 && !(r->style == FC_LINE_FLAG && strcmp(alone, "h") == 0))
		return refuse_unknown(r, arg, alone, err);
	r->out->help = true;
	return 0;
}

/* pflag: -n x, -nx, -n=x; letters of booleans may stand together, of which there are none. */
static int read_letter(struct reading *r, const char *arg, struct fc_error *err)
{
	const struct fc_flag *row = row_of_letter(r, arg[1]);

	if (row)
		return take(r, row, arg[2] ? arg + 2 + (arg[2] == '=') : NULL, err);
	if (arg[1] != 'h' || arg[2])
		return refuse_unknown(r, arg, arg + 1, err);
	r->out->help = true;
	return 0;
}

static int refuse_word(const struct reading *r, const char *word, struct fc_error *err)
{
	return fc_error_set(err, FC_ERR_USAGE,
			    "unexpected argument \"%.80s\"; everything is given by flags, see \"fedcopy %s --help\"",
			    word, r->name);
}

static int read_pflag(struct reading *r, struct fc_error *err)
{
	for (; r->at < r->argc && !r->out->help; r->at++) {
		const char *arg = r->args[r->at];
		int rc;

		if (strcmp(arg, "--") == 0)
			return r->at + 1 < r->argc ? refuse_word(r, r->args[r->at + 1], err) : 0;
		if (arg[0] != '-' || !arg[1])
			rc = refuse_word(r, arg, err);
		else
			rc = arg[1] == '-' ? read_long(r, arg, arg + 2, err) : read_letter(r, arg, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int read_flag(struct reading *r, struct fc_error *err)
{
	for (; r->at < r->argc && !r->out->help; r->at++) {
		const char *arg = r->args[r->at];

		if (arg[0] != '-' || !arg[1]) {
			r->out->ignored = arg;
			return 0;
		}
		if (strcmp(arg, "--") == 0) {
			r->out->ignored = r->at + 1 < r->argc ? r->args[r->at + 1] : NULL;
			return 0;
		}
		if (read_long(r, arg, arg + 1 + (arg[1] == '-'), err) < 0)
			return -1;
	}
	return 0;
}

int fc_line_read(struct fc_line *out, enum fc_line_style style, const struct fc_flag *rows, size_t count,
		 unsigned command, const char *name, int argc, char *const *args, struct fc_error *err)
{
	struct reading r = { .out = out,
			     .style = style,
			     .rows = rows,
			     .count = count,
			     .command = command,
			     .name = name,
			     .argc = argc,
			     .args = args };

	*out = (struct fc_line){ 0 };
	return style == FC_LINE_PFLAG ? read_pflag(&r, err) : read_flag(&r, err);
}
