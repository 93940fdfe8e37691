/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flags.h"

#include "base/duration.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/nearest.h"
#include "json/yaml.h"

#include <jansson.h>

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define VARIABLE_PREFIX "FEDCOPY_"
/* A file of flags has a few dozen lines; more is the wrong file. */
#define FILE_BYTES ((size_t)1024 * 1024)

void fc_strings_add(struct fc_strings *s, const char *bytes, size_t len)
{
	FC_GROW(s->items, s->count, s->cap);
	s->items[s->count++] = fc_xstrndup(bytes, len);
}

void fc_strings_fini(struct fc_strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct fc_strings){ 0 };
}

void fc_flags_init(struct fc_flags *f, const struct fc_flag *rows, size_t count, unsigned command,
		   const char *command_name)
{
	*f = (struct fc_flags){ .rows = rows, .count = count, .command = command, .command_name = command_name };
	f->given = fc_xcalloc(count, sizeof(*f->given));
}

void fc_flags_fini(struct fc_flags *f)
{
	for (size_t i = 0; i < f->count; i++) {
		fc_strings_fini(&f->given[i].words);
		free(f->given[i].origin);
	}
	free(f->given);
	fc_strings_fini(&f->operands);
	*f = (struct fc_flags){ 0 };
}

static bool has_row(const struct fc_flags *f, size_t i)
{
	return (f->rows[i].commands | f->rows[i].tolerated) & f->command;
}

static bool name_is(const struct fc_flag *row, const char *name, size_t len)
{
	return strncmp(row->name, name, len) == 0 && !row->name[len];
}

/* Entries without the blanks around them. An empty one stays, to be refused with its origin. */
static void add_split(struct fc_strings *words, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, ","), end = len;
		const char *from = text;
		while (end && isblank((unsigned char)*from)) {
			from++;
			end--;
		}
		while (end && isblank((unsigned char)from[end - 1]))
			end--;
		fc_strings_add(words, from, end);
		if (!text[len])
			return;
		text += len + 1;
	}
}

static void give(struct fc_flag_given *g, const struct fc_flag *row, const char *value, bool split)
{
	if (row->type != FC_FLAG_LIST)
		fc_strings_fini(&g->words); /* said twice: the last word counts, as with pflag */
	if (row->type == FC_FLAG_LIST && split)
		add_split(&g->words, value);
	else
		fc_strings_add(&g->words, value, strlen(value));
}

/* Command line. */

static int refuse_unknown(const struct fc_flags *f, const char *arg, size_t name_len, struct fc_error *err)
{
	const char **names = fc_xcalloc(f->count, sizeof(*names));
	FC_AUTO_FREE char *name = fc_xstrndup(arg + 2, name_len);

	for (size_t i = 0; i < f->count; i++)
		names[i] = has_row(f, i) ? f->rows[i].name : NULL;
	const char *near = fc_nearest(name, names, f->count);
	free(names);
	if (near)
		return fc_error_set(err, FC_ERR_USAGE, "unknown flag --%s; did you mean --%s?", name, near);
	return fc_error_set(err, FC_ERR_USAGE, "unknown flag --%s; \"%s --help\" lists them", name, f->command_name);
}

static int give_on_line(struct fc_flags *f, size_t i, const char *value)
{
	const struct fc_flag *row = &f->rows[i];

	if (!f->given[i].origin)
		f->given[i].origin = fc_xasprintf("--%s", row->name);
	give(&f->given[i], row, value, row->commas);
	f->stopped |= row->stops && strcmp(value, "false") != 0;
	return 0;
}

/* `value` is what follows in the same argument, or NULL: then a flag that needs one takes the next argument. */
static int read_flag(struct fc_flags *f, size_t i, const char *value, int argc, char *const *args, int *at,
		     struct fc_error *err)
{
	const struct fc_flag *row = &f->rows[i];

	if (value)
		return give_on_line(f, i, value);
	if (row->type == FC_FLAG_BOOL)
		return give_on_line(f, i, "true");
	/* What begins with a dash is more likely the next flag than the value of a flag whose value was forgotten. */
	if (*at + 1 >= argc || (args[*at + 1][0] == '-' && args[*at + 1][1]))
		return fc_error_set(err, FC_ERR_USAGE, "--%s needs a value: --%s=%s", row->name, row->name,
				    row->value_name);
	return give_on_line(f, i, args[++*at]);
}

static int read_long(struct fc_flags *f, int argc, char *const *args, int *at, struct fc_error *err)
{
	const char *arg = args[*at];
	size_t len = strcspn(arg + 2, "=");
	const char *value = arg[2 + len] ? arg + 2 + len + 1 : NULL;

	for (size_t i = 0; i < f->count; i++) {
		if (has_row(f, i) && name_is(&f->rows[i], arg + 2, len))
			return read_flag(f, i, value, argc, args, at, err);
	}
	return refuse_unknown(f, arg, len, err);
}

static int read_short(struct fc_flags *f, int argc, char *const *args, int *at, struct fc_error *err)
{
	const char *arg = args[*at];
	const char *value = arg[2] ? arg + 2 + (arg[2] == '=') : NULL;

	for (size_t i = 0; i < f->count; i++) {
		if (has_row(f, i) && f->rows[i].short_name == arg[1])
			return read_flag(f, i, value, argc, args, at, err);
	}
	return fc_error_set(err, FC_ERR_USAGE, "unknown flag -%c; \"%s --help\" lists them", arg[1], f->command_name);
}

int fc_flags_read_line(struct fc_flags *f, int argc, char *const *args, struct fc_error *err)
{
	bool ended = false;

	for (int at = 0; at < argc && !f->stopped; at++) {
		const char *arg = args[at];
		int rc = 0;
		if (ended || arg[0] != '-' || !arg[1])
			fc_strings_add(&f->operands, arg, strlen(arg));
		else if (strcmp(arg, "--") == 0)
			ended = true;
		else if (arg[1] == '-')
			rc = read_long(f, argc, args, &at, err);
		else
			rc = read_short(f, argc, args, &at, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Environment. Variables that no row names are left alone: for a Service called "fedcopy" Kubernetes itself sets
 * FEDCOPY_PORT, FEDCOPY_SERVICE_HOST and others in every pod of the namespace. */

char *fc_flag_variable(const struct fc_flag *row)
{
	char *variable = fc_xasprintf(VARIABLE_PREFIX "%s", row->name);

	for (char *p = variable + strlen(VARIABLE_PREFIX); *p; p++)
		*p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	return variable;
}

int fc_flags_read_environment(struct fc_flags *f, struct fc_error *err)
{
	(void)err; /* what a variable holds is judged by fc_flags_store, as every word is */
	for (size_t i = 0; i < f->count; i++) {
		if (!has_row(f, i) || f->rows[i].line_only || f->given[i].origin)
			continue;
		FC_AUTO_FREE char *variable = fc_flag_variable(&f->rows[i]);
		const char *value = getenv(variable);
		if (!value)
			continue;
		give(&f->given[i], &f->rows[i], value, true);
		f->given[i].origin = fc_steal(&variable);
	}
	return 0;
}

/* File. */

static const char *wanted_in_file(const struct fc_flag *row)
{
	switch (row->type) {
	case FC_FLAG_LIST:
		return "a list of strings, such as [a, b]";
	case FC_FLAG_BOOL:
		return "true or false";
	case FC_FLAG_INT:
		return "a whole number";
	case FC_FLAG_STRING:
	case FC_FLAG_DURATION:
	case FC_FLAG_WORD:
		break;
	}
	return "a string; put it in quotes";
}

/* One YAML scalar as the word that the command line would have held; NULL when it is of a type that the row does not
 * take. */
static char *word_of(const struct fc_flag *row, const json_t *value)
{
	if (json_is_string(value))
		return row->type == FC_FLAG_INT || row->type == FC_FLAG_BOOL ? NULL
									     : fc_xstrdup(json_string_value(value));
	if (json_is_integer(value) && row->type == FC_FLAG_INT)
		return fc_xasprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_boolean(value) && row->type == FC_FLAG_BOOL)
		return fc_xstrdup(json_is_true(value) ? "true" : "false");
	return NULL;
}

static int give_from_file(struct fc_flags *f, size_t i, const char *path, const json_t *value, struct fc_error *err)
{
	const struct fc_flag *row = &f->rows[i];
	bool list = row->type == FC_FLAG_LIST;
	size_t count = list ? json_array_size(value) : 1;

	if (list && !json_is_array(value))
		return fc_error_set(err, FC_ERR_USAGE, "%s: %s must be %s", path, row->name, wanted_in_file(row));
	for (size_t n = 0; n < count; n++) {
		FC_AUTO_FREE char *word = word_of(row, list ? json_array_get(value, n) : value);
		if (!word && list)
			return fc_error_set(err, FC_ERR_USAGE, "%s: %s[%zu] must be a string; put it in quotes", path,
					    row->name, n);
		if (!word)
			return fc_error_set(err, FC_ERR_USAGE, "%s: %s must be %s", path, row->name,
					    wanted_in_file(row));
		give(&f->given[i], row, word, false);
	}
	f->given[i].origin = fc_xasprintf("%s: %s", path, row->name);
	return 0;
}

static int refuse_key(const struct fc_flags *f, const char *path, const char *key, struct fc_error *err)
{
	const char **names = fc_xcalloc(f->count, sizeof(*names));

	for (size_t i = 0; i < f->count; i++)
		names[i] = f->rows[i].line_only ? NULL : f->rows[i].name;
	const char *near = fc_nearest(key, names, f->count);
	free(names);
	if (near)
		return fc_error_set(err, FC_ERR_USAGE, "%s: unknown key \"%s\"; did you mean \"%s\"?", path, key, near);
	return fc_error_set(err, FC_ERR_USAGE,
			    "%s: unknown key \"%s\"; keys are the names of flags without dashes in front", path, key);
}

static int read_key(struct fc_flags *f, const char *path, const char *key, const json_t *value, struct fc_error *err)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->rows[i].line_only || strcmp(f->rows[i].name, key) != 0)
			continue;
		/* One file may serve several commands: a flag of another one is no mistake. */
		if (!has_row(f, i) || f->given[i].origin)
			return 0;
		return give_from_file(f, i, path, value, err);
	}
	return refuse_key(f, path, key, err);
}

int fc_flags_read_file(struct fc_flags *f, const char *path, struct fc_error *err)
{
	FC_AUTO_FREE char *text = NULL;
	size_t len = 0;
	const char *key;
	json_t *value;

	if (fc_file_read(path, FILE_BYTES, &text, &len, err) < 0) {
		if (err)
			err->cls = FC_ERR_CONFIG; /* too large is the operator's to mend too */
		return -1;
	}
	json_auto_t *file = fc_yaml_parse(text, len, err);
	if (!file) {
		if (err)
			err->cls = FC_ERR_CONFIG;
		return fc_error_wrap(err, "%s", path);
	}
	if (!json_is_object(file) && !json_is_null(file))
		return fc_error_set(err, FC_ERR_USAGE,
				    "%s: must be a mapping of flag names to values, such as \"log-level: debug\"",
				    path);
	json_object_foreach(file, key, value) {
		if (read_key(f, path, key, value, err) < 0)
			return -1;
	}
	return 0;
}

/* Meaning. */

static int store_int(const struct fc_flag *row, const char *word, int64_t *out, struct fc_error *err)
{
	char *end;

	errno = 0;
	long long n = strtoll(word, &end, 10);
	if (!isdigit((unsigned char)word[word[0] == '-']) || *end || errno || n < row->min || n > row->max)
		return fc_error_set(err, FC_ERR_USAGE, "\"%s\" is not a whole number from %lld to %lld", word,
				    (long long)row->min, (long long)row->max);
	*out = n;
	return 0;
}

static int store_bool(const char *word, bool *out, struct fc_error *err)
{
	*out = strcmp(word, "true") == 0;
	if (!*out && strcmp(word, "false") != 0)
		return fc_error_set(err, FC_ERR_USAGE, "\"%s\" is neither true nor false", word);
	return 0;
}

static int store_word(const struct fc_flag *row, const char *word, unsigned *out, struct fc_error *err)
{
	for (unsigned i = 0; row->words[i]; i++) {
		if ((row->any_case ? strcasecmp : strcmp)(row->words[i], word) == 0) {
			*out = i;
			return 0;
		}
	}
	return fc_error_set(err, FC_ERR_USAGE, "\"%s\" is not one of %s", word, row->value_name);
}

static int store_one(const struct fc_flag *row, const char *word, void *field, struct fc_error *err)
{
	if (!*word && !row->empty)
		return fc_error_set(err, FC_ERR_USAGE,
				    row->type == FC_FLAG_LIST ? "an entry is empty; leave it out or name one"
							      : "the value is empty; give one or leave it out");
	if (row->check && row->check(word, err) < 0)
		return -1;
	switch (row->type) {
	case FC_FLAG_STRING:
		*(char **)field = fc_xstrdup(word);
		return 0;
	case FC_FLAG_LIST:
		fc_strings_add(field, word, strlen(word));
		return 0;
	case FC_FLAG_BOOL:
		return store_bool(word, field, err);
	case FC_FLAG_INT:
		return store_int(row, word, field, err);
	case FC_FLAG_DURATION:
		return fc_duration_parse(word, field, err);
	case FC_FLAG_WORD:
		return store_word(row, word, field, err);
	}
	return fc_error_set(err, FC_ERR_INTERNAL, "flag of unknown type");
}

int fc_flags_store(const struct fc_flags *f, void *out, struct fc_error *err)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct fc_flag *row = &f->rows[i];
		const struct fc_flag_given *g = &f->given[i];
		struct fc_strings words = g->words;
		FC_AUTO_FREE char *standard = fc_xstrdup_null(g->origin ? NULL : row->default_text);
		if (standard)
			words = (struct fc_strings){ .items = &standard, .count = 1 };
		for (size_t n = 0; n < words.count; n++) {
			if (store_one(row, words.items[n], (char *)out + row->offset, err) == 0)
				continue;
			if (err)
				err->cls = FC_ERR_USAGE;
			return fc_error_wrap(err, "%s", g->origin ? g->origin : row->name);
		}
	}
	return 0;
}

void fc_flags_free(const struct fc_flag *rows, size_t count, void *out)
{
	for (size_t i = 0; i < count; i++) {
		void *field = (char *)out + rows[i].offset;
		if (rows[i].type == FC_FLAG_LIST)
			fc_strings_fini(field);
		if (rows[i].type == FC_FLAG_STRING) {
			free(*(char **)field);
			*(char **)field = NULL;
		}
	}
}

const struct fc_flag_given *fc_flags_given(const struct fc_flags *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->rows[i].name, name) == 0)
			return &f->given[i];
	}
	return NULL;
}
