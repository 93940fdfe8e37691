/* SPDX-License-Identifier: Apache-2.0 */
/* fc_options - the flags of fedcopy's commands: the one table, and what it gives.
 * Owns:    its strings, until fc_options_fini.
 * Threads: read in the main thread before the others start; then immutable.
 * Fails:   FC_ERR_USAGE naming flag, variable or file entry, and the mend; never after a request to any server.
 * Source:  design section 8; systems/k8s-copier.md, Command line. */
#ifndef FC_OPTIONS_H
#define FC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/flags.h"
#include "kube/lease_election.h"

enum fc_flag_command {
	FC_COMMAND_RUN = 1u << 0,
	FC_COMMAND_CLUSTERS = 1u << 1,
	FC_COMMAND_PLAN = 1u << 2,
	FC_COMMAND_RELEASE = 1u << 3,
	FC_COMMAND_DROPIN = 1u << 4, /* one of cli/dropin.h, which has a command line of its own */
};

enum fc_output {
	FC_OUTPUT_PEOPLE /* none was given */,
	FC_OUTPUT_TABLE,
	FC_OUTPUT_TEXT,
	FC_OUTPUT_JSON,
	FC_OUTPUT_YAML
};

struct fc_options {
	bool help;			     /* --help was given: nothing else is filled */
	char *clusters;			     /* NULL: none */
	char *kubeconfig;		     /* NULL: kube-client 1.3 */
	char *master;			     /* [NAME=]CONTEXT as given; NULL: the current context, or in-cluster */
	struct fc_strings members;	     /* [NAME=]CONTEXT each, as given */
	struct fc_strings dialects;	     /* names of those that exist, each once; `release`: none may be given */
	struct fc_strings targets;	     /* each has passed fc_resource_word_check; at least one with k8s-copier */
	struct fc_strings namespaces;	     /* DNS labels, each once; empty: all */
	bool allow_all;			     /* docs/security.md */
	bool kopy_overwrite_unowned;	     /* docs/kopy.md, B19 */
	bool object_sync_adopt_existing;     /* docs/object-sync.md, B28 */
	char *replicator_prefix;	     /* "": none; never NULL; these four: docs/k8s-replicator.md */
	struct fc_strings replicator_labels; /* KEY=VALUE each; an empty one says nothing */
	struct fc_strings replicator_kinds;  /* the same of "configmap", "secret", "all", whatever the case */
	bool replicator_ignore_unknown;
	char *config;
	int64_t max_in_flight;		    /* per cluster */
	int64_t max_deletes;		    /* per cluster and ten minutes */
	int64_t max_writes_per_second;	    /* per cluster; 0: no limit */
	int64_t resync_period_ms;	    /* 0: never */
	bool once;			    /* `run` */
	bool yes;			    /* `release` */
	int64_t timeout_ms;		    /* `plan`, `clusters`, `release`, `run` with `once` */
	enum fc_output output;		    /* `plan`, `clusters` */
	bool leader_elect;		    /* docs/high-availability.md */
	char *lease_name, *lease_namespace; /* of the Lease; the namespace NULL: the process's own */
	struct fc_lease_timing lease_timing;
	char *status_address; /* "": none; never NULL */
	char *debug_address;  /* the same; loopback */
	enum fc_log_format log_format;
	enum fc_log_level log_level;
};

/* The table: help text, manual page and reference are held equal to it. */
const struct fc_flag *fc_flag_rows(size_t *count);

/* Reads argv[1] and on (argv[0] is the command's own name), environment, --config and defaults. 0 with `help` set
 * when that was asked for. */
int fc_options_parse(enum fc_flag_command command, int argc, char *const *argv, struct fc_options *out,
		     struct fc_error *err) FC_MUST_CHECK;
/* Also after a failed fc_options_parse. */
void fc_options_fini(struct fc_options *o);

bool fc_options_has_dialect(const struct fc_options *o, const char *name);

/* The text of `fedcopy COMMAND --help`. */
void fc_options_help(enum fc_flag_command command, struct fc_buf *out);

#endif
