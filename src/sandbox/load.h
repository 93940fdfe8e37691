/* SPDX-License-Identifier: Apache-2.0 */
/* sb_load - objects from files into a cluster, created by the requests that anybody would make.
 * Owns:    nothing.
 * Threads: the loop's one.
 * Fails:   with the file, the object and the server's words.
 * Source:  kubectl create -f: several documents, Lists, folders of .yaml, .yml and .json files. */
#ifndef FC_SANDBOX_LOAD_H
#define FC_SANDBOX_LOAD_H

#include "base/error.h"
#include "sandbox/cluster.h"

/* CustomResourceDefinitions first, then Namespaces, then the rest in the order of the files. An object's status is
 * written too, where its type has one. What exists already is replaced. */
int sb_load(struct sb_cluster *cluster, const char *token, const char *path, struct fc_error *err) FC_MUST_CHECK;

#endif
