/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of fc_release_walk share: one cluster's walk, and what each phase leaves to the next.
 * Owns:    all that it points to, but what its options borrow.
 * Threads: the one that runs the loop.
 * Fails:   never; what goes wrong is a problem: a sentence.
 * Source:  as cli/release_walk.h. */
#ifndef FC_RELEASE_WALK_PARTS_H
#define FC_RELEASE_WALK_PARTS_H

#include "cli/release_walk.h"
#include "clusters/server_probe.h"
#include "kube/client.h"

struct release_list {
	const struct fc_resource *resource;
	const char *namespace_; /* NULL: all */
};

struct fc_release_walk {
	struct fc_release_walk_options o;
	struct fc_client *client;
	struct fc_server_probe probe;
	struct fc_discovery *discovery;
	struct fc_resource_table *table;
	struct fc_client_watch *watch;
	struct fc_timer *timer;
	char *id;
	bool up, listening;
	struct release_list *lists;
	size_t list_count, list_cap, at;
	size_t from; /* findings of the list under way begin here */
	struct fc_release_finding *findings;
	size_t count, cap;
	size_t others, others_before;
	char **problems;
	size_t problem_count, problem_cap;
	size_t next, writing; /* of the findings */
	bool asks;
	struct fc_error error; /* of the beginning */
};

void fc_release_walk_phase_ends(struct fc_release_walk *w);
/* Takes over `text`. A word that several dialects have is told of once. */
void fc_release_walk_problem(struct fc_release_walk *w, char *text);
/* What of the object is to be taken back; fc_release_fini frees `out`. */
void fc_release_walk_judge(struct fc_release_walk *w, const json_t *object, struct fc_release *out);
void fc_release_walk_finding_fini(struct fc_release_finding *f);

#endif
