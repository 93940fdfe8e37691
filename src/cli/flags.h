/* SPDX-License-Identifier: Apache-2.0 */
/* fc_flags - a table of flags, and the reading of it from command line, environment, YAML file and defaults.
 * Owns:    the words that were given, until fc_flags_fini; what it stores in the caller's struct belongs to the
 *          caller (fc_flags_free).
 * Threads: main thread only (getenv).
 * Fails:   FC_ERR_USAGE, for a file that cannot be read or parsed FC_ERR_CONFIG; the text names where the value stood
 *          (`--target`, `FEDCOPY_TARGET`, `file.yaml: target`) and the mend.
 * Source:  design section 8: flags, then FEDCOPY_<FLAG>, then --config, then the default. Values as pflag takes them:
 *          --a=b, --a b, -a b, -ab, `--` ends the flags. */
#ifndef FC_FLAGS_H
#define FC_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* Strings in the order given; released by fc_strings_fini. */
struct fc_strings {
	char **items;
	size_t count, cap;
};
/* Copies the bytes. */
void fc_strings_add(struct fc_strings *s, const char *bytes, size_t len);
void fc_strings_fini(struct fc_strings *s);

enum fc_flag_type {
	FC_FLAG_STRING,	  /* char *; NULL when nothing was given and there is no default */
	FC_FLAG_LIST,	  /* struct fc_strings; repeated flags add up; a higher source replaces a lower one whole */
	FC_FLAG_BOOL,	  /* bool */
	FC_FLAG_INT,	  /* int64_t, from `min` to `max` */
	FC_FLAG_DURATION, /* int64_t, milliseconds */
	FC_FLAG_WORD,	  /* unsigned (or an enum): the index in `words` */
};

struct fc_flag {
	const char *name; /* without dashes */
	char short_name;  /* 0: none */
	enum fc_flag_type type;
	const char *value_name;	  /* "FILE"; NULL for booleans */
	const char *default_text; /* NULL: none */
	const char *help;	  /* one sentence part, no full stop: help text, manual and reference show it */
	unsigned commands;	  /* a set of bits, one per command that has the flag */
	unsigned tolerated;	  /* commands that take it without a use for it: one set of flags serves them all */
	size_t offset;		  /* of its field in the caller's struct */
	bool commas;		  /* lists: a flag's value is split at commas; in the environment it always is */
	bool empty;		  /* strings: an empty value means something; otherwise it is an error */
	bool line_only;		  /* on the command line only: neither environment nor file */
	bool stops;		  /* booleans: given, nothing else is looked at (--help) */
	int64_t min, max;
	const char *const *words; /* NULL-terminated */
	bool any_case;		  /* words: in capitals or not */
	/* Judges one word; the error says what is wrong with it and the mend. NULL: anything goes. */
	int (*check)(const char *word, struct fc_error *err);
};

/* What was given for one row, before it is understood. */
struct fc_flag_given {
	struct fc_strings words;
	char *origin; /* for errors: "--target", "FEDCOPY_TARGET", "f.yaml: target"; NULL: not given */
};

struct fc_flags {
	const struct fc_flag *rows;
	size_t count;
	unsigned command; /* one bit: rows of other commands are unknown on the line and passed over in the file */
	const char *command_name; /* "fedcopy run": for errors */
	struct fc_flag_given *given;
	struct fc_strings operands; /* what is no flag */
	bool stopped;		    /* a row with `stops` was met */
};

/* Borrows rows and name; nothing is read yet. */
void fc_flags_init(struct fc_flags *f, const struct fc_flag *rows, size_t count, unsigned command,
		   const char *command_name);
void fc_flags_fini(struct fc_flags *f);

/* In this order; each fills only the rows that none before it has filled.
 * `args` are without program and command name. */
int fc_flags_read_line(struct fc_flags *f, int argc, char *const *args, struct fc_error *err) FC_MUST_CHECK;
int fc_flags_read_environment(struct fc_flags *f, struct fc_error *err) FC_MUST_CHECK;
int fc_flags_read_file(struct fc_flags *f, const char *path, struct fc_error *err) FC_MUST_CHECK;

/* Checks, converts and stores every row in `out`, defaults included. `out` is zeroed before; on failure it holds what
 * must be freed. */
int fc_flags_store(const struct fc_flags *f, void *out, struct fc_error *err) FC_MUST_CHECK;
/* Releases the strings and lists that fc_flags_store put into `out`. */
void fc_flags_free(const struct fc_flag *rows, size_t count, void *out);

/* The words given for one flag, and where; NULL origin: not given. */
const struct fc_flag_given *fc_flags_given(const struct fc_flags *f, const char *name);

/* "FEDCOPY_STATUS_ADDRESS"; the caller frees. */
char *fc_flag_variable(const struct fc_flag *row);
/* "--target RESOURCE"; the caller frees. */
char *fc_flag_usage(const struct fc_flag *row);
/* The rows of one command as aligned lines of at most 100 columns. */
void fc_flags_help(const struct fc_flag *rows, size_t count, unsigned command, struct fc_buf *out);

#endif
