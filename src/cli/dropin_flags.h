/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin_flags - the flags of the programs that fedcopy stands in for: one table, one bit for each program.
 * Owns:    its strings, until fc_flags_free with the table.
 * Threads: main thread, before the others start; then immutable.
 * Fails:   never.
 * Source:  the systems/ pages, "Command line" and "Flags". */
#ifndef FC_DROPIN_FLAGS_H
#define FC_DROPIN_FLAGS_H

#include "cli/flags.h"

/* Bits of fc_flag.commands. */
enum fc_original {
	FC_ORIGINAL_K8S_COPIER = 1u << 0,
	FC_ORIGINAL_KOPY = 1u << 1,
	FC_ORIGINAL_CONFIGMAP_SYNC = 1u << 2,
	FC_ORIGINAL_K8S_REPLICATOR = 1u << 3,
	FC_ORIGINAL_OBJECT_SYNC = 1u << 4, /* it has none: all comes from the environment */
};

struct fc_dropin_flags {
	bool version;
	char *kubeconfig, *master;
	struct fc_strings targets, namespaces;
	/* of controllers built on a common framework */
	char *metrics_address, *health_address; /* "0" and "": none */
	bool metrics_secure;
	char *metrics_cert_path, *metrics_cert_name, *metrics_cert_key;
	bool leader_elect;
	bool zap_devel;
	char *zap_level;
	unsigned zap_encoder;
	/* of k8s-replicator */
	char *annotations_prefix, *resync_period, *status_address;
	struct fc_strings labels, replicators; /* an empty word says nothing */
	bool allow_all, ignore_unknown;
	/* of klog */
	int64_t verbosity;
	/* what has no effect, as a whole: checked, and then forgotten */
	bool no_bool;
	struct fc_strings no_texts;
	int64_t no_number;
	unsigned no_word;
};

enum fc_zap_encoder { FC_ZAP_DEFAULT, FC_ZAP_JSON, FC_ZAP_CONSOLE };

const struct fc_flag *fc_dropin_flag_rows(size_t *count);

#endif
