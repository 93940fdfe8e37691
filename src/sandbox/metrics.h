/* SPDX-License-Identifier: Apache-2.0 */
/* sb_metrics - what a cluster counts: apiserver_request_total, watches open, objects stored.
 * Owns:    its counters.
 * Threads: the loop's one.
 * Fails:   never.
 * Source:  kube-apiserver's metric names and labels; the Prometheus text format. */
#ifndef FC_SANDBOX_METRICS_H
#define FC_SANDBOX_METRICS_H

#include "base/buf.h"
#include "sandbox/call.h"

struct sb_metrics;
struct sb_metrics *sb_metrics_new(void);
void sb_metrics_free(struct sb_metrics *m);
void sb_metrics_count(struct sb_metrics *m, const struct sb_call *call, int status);
void sb_metrics_watch(struct sb_metrics *m, const struct sb_type *type, int change); /* +1 opened, -1 ended */
void sb_metrics_print(const struct sb_metrics *m, const struct sb_cluster *c, struct fc_buf *out);

#endif
