/* SPDX-License-Identifier: Apache-2.0 */
/* fc_kubeconfig_entry - the named entries of merged kubeconfig files: kubeconfig.c finds, kubeconfig_access.c reads.
 * Owns:    nothing; entries belong to their kubeconfig.
 * Threads: immutable once loaded: any.
 * Fails:   see each function; errors name file and entry.
 * Source:  kube-client 1.4 to 1.7. Private to these two files. */
#ifndef FC_KUBECONFIG_ENTRY_H
#define FC_KUBECONFIG_ENTRY_H

#include <jansson.h>

#include "kube/kubeconfig.h"

enum fc_kubeconfig_kind { FC_KUBECONFIG_CLUSTER, FC_KUBECONFIG_USER, FC_KUBECONFIG_CONTEXT, FC_KUBECONFIG_KINDS };

struct fc_kubeconfig_entry {
	const char *kind; /* "cluster", "user", "context" */
	const char *name;
	const char *file; /* the one that defined it: its relative paths lie beside it (1.6) */
	const json_t *body;
};

/* NULL when there is none of that name. */
const struct fc_kubeconfig_entry *fc_kubeconfig_find(const struct fc_kubeconfig *k, enum fc_kubeconfig_kind kind,
						     const char *name);
/* The files that were read, or looked for: for errors. */
const char *fc_kubeconfig_places(const struct fc_kubeconfig *k);

#endif
