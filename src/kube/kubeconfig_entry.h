/* SPDX-License-Identifier: Apache-2.0 */
/* fc_kubeconfig_entry - one named entry of merged kubeconfig files, and the reading of its fields.
 * Owns:    nothing; entries belong to their kubeconfig, results to the caller.
 * Threads: immutable once loaded: any.
 * Fails:   FC_ERR_CONFIG with file, entry, key and the mend; never quotes a credential.
 * Source:  kube-client 1.4 to 1.7, 1.10, 1.15. Private to the kubeconfig files: kubeconfig.c finds, the others read. */
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

/* Puts file, entry and key before the text of `err`, makes it one of class FC_ERR_CONFIG, returns -1. */
int fc_kubeconfig_entry_wrap(const struct fc_kubeconfig_entry *e, const char *key, struct fc_error *err);
/* A fault of that key, in words. */
int fc_kubeconfig_entry_fault(const struct fc_kubeconfig_entry *e, const char *key, const char *fault,
			      struct fc_error *err);

/* Absent, null and empty leave NULL, as client-go makes no difference between them. Borrowed; `_dup` copies. */
int fc_kubeconfig_entry_string(const struct fc_kubeconfig_entry *e, const char *key, const char **out,
			       struct fc_error *err) FC_MUST_CHECK;
int fc_kubeconfig_entry_dup(const struct fc_kubeconfig_entry *e, const char *key, char **out, struct fc_error *err)
	FC_MUST_CHECK;
/* Absent and null are false. */
int fc_kubeconfig_entry_bool(const struct fc_kubeconfig_entry *e, const char *key, bool *out, struct fc_error *err)
	FC_MUST_CHECK;

/* A certificate or key: inline as `data_key`, or in the file that `key` names, which is read now. */
struct fc_kubeconfig_material {
	const char *key, *data_key;
	char **pem, **file; /* where they go; NULL stays where neither is given */
	int (*check)(const char *pem, struct fc_error *err);
};
int fc_kubeconfig_entry_material(const struct fc_kubeconfig_entry *e, const struct fc_kubeconfig_material *m,
				 struct fc_error *err) FC_MUST_CHECK;

#endif
