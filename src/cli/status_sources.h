/* SPDX-License-Identifier: Apache-2.0 */
/* fc_status_sources - what the status endpoint shows of a run: metrics, health, rules.
 * Owns:    nothing; borrows the engine's thread and the metrics, which outlive the endpoint.
 * Threads: called on the endpoint's threads; asks the engine's thread.
 * Fails:   an engine that does not answer within 5 s is said to be busy, never waited for longer.
 * Source:  design section 8, Metrics, /debug/rules, /readyz, /livez; kube-client 11.8, 11.9. */
#ifndef FC_STATUS_SOURCES_H
#define FC_STATUS_SOURCES_H

#include "cli/engine_thread.h"
#include "model/metric.h"
#include "serve/server.h"

#include <stdatomic.h>

struct fc_status_context {
	struct fc_engine_thread *engine;
	const struct fc_dialect *const *dialects;
	struct fc_metrics *metrics;
	int64_t started_ms; /* monotonic */
	atomic_bool was_ready;
};

/* The functions for a server; `context` is borrowed. */
struct fc_serve_sources fc_status_sources(struct fc_status_context *context);

#endif
