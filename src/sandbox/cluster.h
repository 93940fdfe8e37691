/* SPDX-License-Identifier: Apache-2.0 */
/* sb_cluster - one Kubernetes API: its objects, its types, who may ask, and what it counts.
 * Owns:    everything in it; options are copied.
 * Threads: the loop's one.
 * Fails:   never, once made.
 * Source:  design section 8, the sandbox. */
#ifndef FC_SANDBOX_CLUSTER_H
#define FC_SANDBOX_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/random.h"

struct sb_store;
struct sb_types;
struct sb_access;
struct sb_metrics;
struct sb_namespaces;
struct sb_garbage;
struct sb_cruelty;
struct sb_journal;
struct sb_schemas;

struct sb_cluster_options {
	const char *name;
	const char *token;		  /* of the admin */
	unsigned history;		  /* events kept per resource before 410 */
	unsigned journal;		  /* requests that are remembered; 0: none */
	uint64_t seed;			  /* of its uids and suffixes */
	const struct sb_schemas *schemas; /* of the process; borrowed */
	int64_t bookmark_ms; /* between bookmarks of a quiet watch; 60,000 as kube-apiserver's about-a-minute */
	/* The time, in nanoseconds since 1970; NULL: the system's. For tests. */
	int64_t (*now)(void);
};

struct sb_cluster {
	char *name;
	int port;    /* of 127.0.0.1; 0: it is not served anywhere */
	char id[40]; /* uid of the Namespace kube-system */
	struct fc_random random;
	int64_t (*now)(void);
	int64_t bookmark_ms;
	struct fc_loop *loop; /* borrowed; NULL in tests: then nothing happens by itself (bookmarks, termination) */
	struct sb_store *store;
	struct sb_types *types;
	struct sb_access *access;	  /* tokens and their deny rules */
	struct sb_metrics *metrics;	  /* apiserver_request_total and others */
	struct sb_namespaces *namespaces; /* the work of terminating ones */
	struct sb_garbage *garbage;	  /* dependents whose owners have gone */
	struct sb_cruelty *cruelty;
	struct sb_journal *journal;	  /* NULL: requests are not remembered */
	const struct sb_schemas *schemas; /* borrowed */
};

/* A cluster with the Namespaces default, kube-system, kube-public and kube-node-lease, and what else a real one has
 * after its start (the Service `kubernetes` in default; the ConfigMap kube-root-ca.crt and the ServiceAccount default
 * are made by controllers and are not). Never NULL. */
struct sb_cluster *sb_cluster_new(const struct sb_cluster_options *options, struct fc_loop *loop);
/* Ends its watches first, through their sinks. NULL allowed. */
void sb_cluster_free(struct sb_cluster *c);

/* A fresh version 4 uid, from the cluster's seed. */
void sb_cluster_uid(struct sb_cluster *c, char out[40]);
/* "2026-01-02T03:04:05Z", as metav1.Time; out holds 32. */
void sb_cluster_time(const struct sb_cluster *c, char out[32]);
/* "2026-01-02T03:04:05.000006Z", as metav1.MicroTime. */
void sb_cluster_micro_time(const struct sb_cluster *c, char out[40]);

#endif
