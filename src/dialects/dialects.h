/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects that exist: the one place that names them all.
 * Owns:    nothing; the tables are constant.
 * Threads: any.
 * Fails:   never.
 * Source:  design section 6: a new dialect is one file here and one line of the table. */
#ifndef FC_DIALECTS_H
#define FC_DIALECTS_H

#include "engine/dialect.h"

/* NULL-terminated. */
extern const struct fc_dialect *const fc_dialects[];

/* NULL: there is none. */
const struct fc_dialect *fc_dialect_named(const char *name);

extern const struct fc_dialect fc_dialect_configmap_sync;
extern const struct fc_dialect fc_dialect_k8s_copier;
extern const struct fc_dialect fc_dialect_k8s_replicator; /* with the default options */
extern const struct fc_dialect fc_dialect_kopy;
extern const struct fc_dialect fc_dialect_object_sync;

/* What an operator may set of k8s-replicator; a member that is zero says the default. All borrowed. */
struct fc_k8s_replicator_options {
	const char *prefix;	   /* of its annotations, with or without the `/`; "": none */
	const char *const *labels; /* of copies: key, value, key, value ..., NULL */
	const char *const *kinds;  /* of "configmaps" and "secrets", NULL-terminated */
	bool ignore_unknown;	   /* an unknown annotation is told of, and no more */
	bool allow_all;		   /* a source that says nothing of who may pull it may be pulled */
};
/* Never NULL; the caller frees it when nobody uses it any more. */
struct fc_dialect *fc_k8s_replicator_new(const struct fc_k8s_replicator_options *o);
void fc_k8s_replicator_free(struct fc_dialect *d);

#endif
