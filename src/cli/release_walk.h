/* SPDX-License-Identifier: Apache-2.0 */
/* fc_release_walk - one cluster, gone through for what is to be taken back: who it is, what it serves, what its objects
 * bear, and the writes.
 * Owns:    its client, requests and findings; borrows loop, plug-ins and scope.
 * Threads: the one that runs the loop.
 * Fails:   _start, for an access that cannot be used; all else is a problem: a sentence in its list.
 * Source:  design section 8, `fedcopy release`; section 5 for resourceVersions as preconditions. */
#ifndef FC_RELEASE_WALK_H
#define FC_RELEASE_WALK_H

#include "base/loop.h"
#include "cli/release_marks.h"
#include "clusters/cluster_set.h"
#include "kube/exec_plugins.h"
#include "model/resource.h"

struct fc_release_walk;

struct fc_release_walk_options {
	struct fc_loop *loop;
	const struct fc_cluster_info *info;
	struct fc_access *access; /* taken over */
	struct fc_exec_plugins *plugins;
	const struct fc_release_scope *scope; /* its origins are complete before _look */
	const char *const *namespaces;	      /* only these; none: all */
	size_t namespace_count;
	int64_t timeout_ms; /* of waiting without a sign of progress */
	/* A phase (_start, _look, _write) has come to its end. */
	void (*on_done)(void *user);
	void *user;
};

struct fc_release_finding {
	struct fc_resource *resource;
	char *namespace_, *name;
	struct fc_release release;
	bool failed;
	struct fc_error error; /* with `failed` */
	/* While it is written. */
	struct fc_release_walk *walk;
	struct fc_object_call *call;
	unsigned tries;
};

/* Never NULL: what cannot even be begun is told by on_done, from the loop. */
struct fc_release_walk *fc_release_walk_start(const struct fc_release_walk_options *options);
void fc_release_walk_free(struct fc_release_walk *w); /* NULL allowed */
/* uid of kube-system; NULL: not known. */
const char *fc_release_walk_id(const struct fc_release_walk *w);
struct fc_release_place fc_release_walk_place(const struct fc_release_walk *w);
/* Was it reached? Then it can be looked at. */
bool fc_release_walk_is_up(const struct fc_release_walk *w);
void fc_release_walk_look(struct fc_release_walk *w);
/* Writes what does ask for copies, or what does not. */
void fc_release_walk_write(struct fc_release_walk *w, bool asks);

struct fc_release_finding *fc_release_walk_findings(const struct fc_release_walk *w, size_t *count);
/* Sentences. */
const char *const *fc_release_walk_problems(const struct fc_release_walk *w, size_t *count);
/* Copies that do not come from here. */
size_t fc_release_walk_others(const struct fc_release_walk *w);

#endif
