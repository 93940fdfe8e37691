/* SPDX-License-Identifier: Apache-2.0 */
/* fc_dropin_meter - counts what a drop-in does under the names that its original has for it.
 * Owns:    what it knows of watches and of requests under way.
 * Threads: any; a mutex of its own.
 * Fails:   never.
 * Source:  kube-client 11.1, 11.2; docs/drop-in.md tells what each series counts. */
#ifndef FC_DROPIN_METRICS_H
#define FC_DROPIN_METRICS_H

#include "cli/dropin.h"
#include "model/action.h"
#include "model/event.h"
#include "model/metric.h"

struct fc_dropin_meter;

/* Never NULL. Its counters are there from the start, with 0. */
struct fc_dropin_meter *fc_dropin_meter_new(const struct fc_dropin_original *original, struct fc_metrics *metrics);
void fc_dropin_meter_free(struct fc_dropin_meter *m); /* NULL allowed */

/* Before the one is executed, and the other given to the engine; sets event.queue. */
void fc_dropin_meter_action(struct fc_dropin_meter *m, const struct fc_action *a);
void fc_dropin_meter_event(struct fc_dropin_meter *m, struct fc_event *event);

/* After the engine has worked through it. */
void fc_dropin_meter_stepped(struct fc_dropin_meter *m, const struct fc_event *event, double seconds);

/* What is in no other queue. Static. */
const char *fc_dropin_meter_queue(const struct fc_dropin_meter *m);
/* All queues, NULL-terminated. */
const char *const *fc_dropin_meter_queues(const struct fc_dropin_meter *m);

#endif
