/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin - `fedcopy kopy` and the like: one dialect in one cluster, in the place of the program that it comes from.
 * Owns:    what was given on its command line.
 * Threads: made in the main thread before the others start; then immutable.
 * Fails:   FC_ERR_USAGE naming the flag and the mend: exit status 2, as Go's flag package has it.
 * Source:  design sections 7 and 8; the systems/ pages. docs/drop-in.md tells what is the same and what is not. */
#ifndef FC_DROPIN_H
#define FC_DROPIN_H

#include "cli/dropin_flags.h"
#include "cli/dropin_line.h"
#include "cli/options.h"

/* Where something is served. */
struct fc_dropin_endpoint {
	const char *flag;     /* static, for errors */
	const char *address;  /* borrowed; NULL: nowhere */
	unsigned paths;	      /* of enum fc_serve_paths */
	bool secure;	      /* https, and only to whom the API server lets read it */
	const char *parts[3]; /* names of what is not ready until the cluster was read, NULL-terminated */
};
#define FC_DROPIN_ENDPOINTS 2

/* Names where all that `run` serves is served besides. */
#define FC_DROPIN_STATUS_ADDRESS "FEDCOPY_STATUS_ADDRESS"

/* A queue of the original, of which the metrics speak. */
struct fc_dropin_queue {
	const char *name;     /* NULL ends a list */
	const char *resource; /* plural: what is told of these is in it; NULL: all else is */
	bool reconciles;      /* there is a controller of that name */
};

struct fc_dropin;

/* A program that fedcopy stands in for. */
struct fc_dropin_original {
	const char *command;
	const char *dialect;
	enum fc_original bit; /* of its flags */
	enum fc_line_style style;
	const char *about;	     /* for --help: what it does */
	const char *permits;	     /* for the warning at the start: what it does that `run` asks permission for */
	const char *lease;	     /* with --leader-elect; NULL: it knows no election */
	bool in_cluster_only;	     /* without a kubeconfig of its own it knows the Pod's cluster, and no other */
	const char *resync;	     /* its resync period, as --resync-period has it; NULL: a flag of its own says it */
	unsigned patience_ms;	     /* ends where Namespaces are not listed so long after the start; 0: it waits */
	const char *const *adopting; /* as fc_engine_options.adopting */
	const struct fc_dropin_queue *queues;
	bool object_series; /* it counts by group, version and kind */
	/* Reads its own variables; NULL: it has none. */
	int (*read_environment)(struct fc_dropin *d, struct fc_error *err);
	/* The flags of `fedcopy run` that mean the same. */
	int (*translate)(const struct fc_dropin *d, struct fc_strings *words, struct fc_error *err);
	/* Fills d->endpoints. */
	void (*serve)(struct fc_dropin *d);
};

struct fc_dropin {
	const struct fc_dropin_original *original;
	struct fc_dropin_flags flags;
	struct fc_dropin_endpoint endpoints[FC_DROPIN_ENDPOINTS];
	/* Of object-sync, from its variables. */
	struct fc_strings bearers_in, sources_in, copies_in; /* empty: all */
	char *address;
	const char *log_level; /* static; NULL: not said */
	bool help;	       /* was asked for: nothing else is filled */
	const char *ignored;   /* the argument behind which nothing was read; borrowed; NULL */
};

extern const struct fc_dropin_original fc_original_k8s_copier;
extern const struct fc_dropin_original fc_original_kopy;
extern const struct fc_dropin_original fc_original_configmap_sync;
extern const struct fc_dropin_original fc_original_k8s_replicator;
extern const struct fc_dropin_original fc_original_object_sync;

/* NULL-terminated. */
extern const struct fc_dropin_original *const fc_originals[];

/* Reads argv[1] and on, and the environment; `options` are those of the run. Both are the caller's, also on -1. */
int fc_dropin_parse(const struct fc_dropin_original *original, int argc, char *const *argv, struct fc_dropin *out,
		    struct fc_options *options, struct fc_error *err) FC_MUST_CHECK;
void fc_dropin_fini(struct fc_dropin *d);
/* The text of `fedcopy kopy --help`. */
void fc_dropin_help(const struct fc_dropin_original *original, struct fc_buf *out);
/* The warning at the start: one line. */
void fc_dropin_warn(const struct fc_dropin *d);

/* For translate: "--FLAG=VALUE", in words. */
void fc_dropin_say(struct fc_strings *words, const char *flag, const char *value);

#endif
