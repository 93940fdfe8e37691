/* SPDX-License-Identifier: Apache-2.0 */
/* fc_marks - the annotations and labels of fedcopy.dev/: their names, and how they are read.
 * Owns:    nothing; texts are borrowed from the object.
 * Threads: any.
 * Fails:   never: what is absent or no string is not said.
 * Source:  design section 6 (copies, pause, hub) and section 7 (consent). */
#ifndef FC_MARKS_H
#define FC_MARKS_H

#include <jansson.h>
#include <stdbool.h>

/* As whom all is written: in managedFields. */
#define FC_FIELD_MANAGER "fedcopy"
/* Who applies a finalizer to a source. It owns nothing else: what an apply leaves out goes, if its manager owns it, and
 * a source may have been a copy once, applied whole. */
#define FC_SOURCE_FIELD_MANAGER FC_FIELD_MANAGER "-source"

#define FC_MARK_PREFIX "fedcopy.dev/"
/* On a source or its Namespace: who may read it (row c). */
#define FC_MARK_ALLOW_NAMESPACES FC_MARK_PREFIX "allow-namespaces"
#define FC_MARK_ALLOW_CLUSTERS FC_MARK_PREFIX "allow-clusters"
/* On a Namespace: from where whole objects are taken (row e). */
#define FC_MARK_ACCEPT_FROM FC_MARK_PREFIX "accept-from"
/* On a target, source, custom resource or Namespace. */
#define FC_MARK_PAUSE FC_MARK_PREFIX "pause"
/* On a target: the name of the master that it follows. */
#define FC_MARK_HUB FC_MARK_PREFIX "hub"
/* On a source or custom resource of the master: further clusters. */
#define FC_MARK_CLUSTERS FC_MARK_PREFIX "clusters"
/* On one of these: namespaces that it names are created on members where they are missing. */
#define FC_MARK_CREATE_NAMESPACES FC_MARK_PREFIX "create-namespaces"
/* On a Namespace that was created so: CLUSTER-ID/NAMESPACE/NAME of who asked. It is never deleted again. */
#define FC_MARK_CREATED_FOR FC_MARK_PREFIX "created-for"
/* On a copy made from another cluster. */
#define FC_MARK_ORIGIN FC_MARK_PREFIX "origin"
#define FC_MARK_ORIGIN_RULE FC_MARK_PREFIX "origin-rule"
#define FC_MARK_ORIGIN_STATE FC_MARK_PREFIX "origin-state"
#define FC_MARK_ORIGIN_CLUSTER FC_MARK_PREFIX "origin-cluster" /* a label */

/* The annotation's text; NULL: there is none. */
const char *fc_marks_annotation(const json_t *object, const char *key);
const char *fc_marks_label(const json_t *object, const char *key);
/* fedcopy.dev/pause: "true", and nothing else. */
bool fc_marks_paused(const json_t *object);
/* fedcopy.dev/create-namespaces: "true", and nothing else. */
bool fc_marks_creates_namespaces(const json_t *object);

#endif
