/* SPDX-License-Identifier: Apache-2.0 */
/* sb_options - the command line of fedcopy-sandbox.
 * Owns:    its strings.
 * Threads: the main one.
 * Fails:   FC_ERR_USAGE: names the flag and the mend.
 * Source:  design section 8, the sandbox. */
#ifndef FC_SANDBOX_OPTIONS_H
#define FC_SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Something for one cluster. */
struct sb_order {
	char *cluster; /* "*": all */
	char *what;    /* of --load a file, or a folder of .yaml, .yml and .json files; of --cruel a rule */
};

struct sb_orders {
	struct sb_order *items;
	unsigned count, cap;
};

struct sb_options {
	char **clusters;
	unsigned cluster_count, cluster_cap;
	char *directory;
	struct sb_orders loads, cruelties;
	unsigned history; /* 1000 */
	int admin_port;	  /* -1: none; 0: any free one, written to DIR/admin */
	unsigned journal; /* 0 */
	uint64_t seed;	  /* of uids and of chance */
	int first_port;	  /* 0: any free ones */
	bool help, version;
};

/* 0; -1 with a usage error. fini all the same. */
int sb_options_parse(struct sb_options *o, int argc, char *const *argv, struct fc_error *err) FC_MUST_CHECK;
void sb_options_fini(struct sb_options *o);
void sb_options_help(void); /* on standard output */
/* The i-th flag without its dashes; NULL: there are no more. */
const char *sb_options_flag(size_t i);
/* Is the order meant for that cluster? */
bool sb_order_is_for(const struct sb_order *order, const char *cluster);

#endif
