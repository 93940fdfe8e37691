/* SPDX-License-Identifier: Apache-2.0 */
/* sb_service_addresses - the cluster addresses and node ports of Services, each given once in a cluster.
 * Owns:    nothing: what is taken is read from the stored Services.
 * Threads: the loop's one.
 * Fails:   -1, the answer is written.
 * Source:  kube-apiserver with --service-cluster-ip-range=10.0.0.0/24 and its own range of node ports; recorded
 *          conversations. */
#ifndef FC_SANDBOX_SERVICE_ADDRESSES_H
#define FC_SANDBOX_SERVICE_ADDRESSES_H

#include <jansson.h>
#include <stdbool.h>

#include "sandbox/call.h"

bool sb_service_is_headless(const json_t *spec);
/* Of type NodePort or LoadBalancer. */
bool sb_service_has_node_ports(const json_t *spec);
/* A LoadBalancer with local traffic: its nodes are asked for their health. */
bool sb_service_has_health_port(const json_t *spec);

/* Draws what a created (`old` NULL) or changed Service lacks, gives what it asks for, and takes back what its type no
 * longer has. A dry run draws node ports alone. */
int sb_service_allocate(struct sb_call *call, const json_t *old, json_t *object, bool dry_run);

#endif
