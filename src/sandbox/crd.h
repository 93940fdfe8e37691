/* SPDX-License-Identifier: Apache-2.0 */
/* sb_crd - the life of CustomResourceDefinitions: names, types, status, the end.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   never: what conflicts is told by conditions.
 * Source:  Kubernetes' page on CustomResourceDefinitions; the conditions and events that a real server's own
 * controllers write, one after the other, by recorded conversations. */
#ifndef FC_SANDBOX_CRD_H
#define FC_SANDBOX_CRD_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/cluster.h"
#include "sandbox/types.h"

#define SB_CRD_APPROVED "api-approved.kubernetes.io"

/* After it was stored, by whomever: types are added, changed or taken away; conditions, acceptedNames and what a
 * deletion needs are written by further writes. */
void sb_crd_stored(struct sb_cluster *c, const json_t *crd);
/* After it was removed: its types and instances go, watches of them end. */
void sb_crd_removed(struct sb_cluster *c, const json_t *crd);
/* A deletion begins: the finalizer, and the condition Terminating. */
void sb_crd_begin_delete(struct sb_cluster *c, json_t *crd);
/* An instance is gone: the last one of a definition that is going takes it along. */
void sb_crd_instance_removed(struct sb_cluster *c, const json_t *instance);
/* Groups of the community need an annotation. */
bool sb_crd_group_is_protected(const char *group);

#endif
