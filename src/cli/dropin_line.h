/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin_line - the command lines of programs written in Go, put into the one form that cli/flags.h reads.
 * Owns:    the words, until fc_strings_fini.
 * Threads: any.
 * Fails:   FC_ERR_USAGE naming the flag and the mend.
 * Source:  the packages flag (one or two dashes, -a=b, -a b, booleans only with =, the first word that is no flag
 *          ends them) and pflag (two dashes, one for letters), as the systems/ pages say which original has which. */
#ifndef FC_DROPIN_LINE_H
#define FC_DROPIN_LINE_H

#include "cli/flags.h"

enum fc_line_style { FC_LINE_FLAG, FC_LINE_PFLAG };

struct fc_line {
	struct fc_strings words; /* --name=value each; booleans true or false */
	bool help;		 /* -h, -help, --help: nothing behind it was read */
	const char
		*ignored; /* FC_LINE_FLAG: the first word that is no flag, with which reading ended; borrowed; NULL */
};
void fc_line_fini(struct fc_line *line);

/* `args` are without program and command name. `command` is one bit: rows without it are unknown. `name` is the
 * command, for errors. */
int fc_line_read(struct fc_line *out, enum fc_line_style style, const struct fc_flag *rows, size_t count,
		 unsigned command, const char *name, int argc, char *const *args, struct fc_error *err) FC_MUST_CHECK;

#endif
