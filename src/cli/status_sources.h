/* SPDX-License-Identifier: Apache-2.0 */
/* fc_status_sources - what the status endpoint shows of a run: metrics, health, rules.
 * Owns:    nothing; borrows the engine's thread, the leadership and the metrics, which outlive the endpoint.
 * Threads: called on the endpoint's threads; asks the engine's thread.
 * Fails:   an engine that does not answer within 5 s is said to be busy, never waited for longer.
 * Source:  design section 8, Metrics, /debug/rules, /readyz, /livez; kube-client 11.8, 11.9. */
#ifndef FC_STATUS_SOURCES_H
#define FC_STATUS_SOURCES_H

#include "cli/engine_thread.h"
#include "cli/leadership.h"
#include "model/metric.h"
#include "serve/server.h"

#include <stdatomic.h>

struct fc_status_context {
	/* NULL: it is not this process that acts, it waits for being elected. What follows is set before it. */
	_Atomic(struct fc_engine_thread *) engine;
	_Atomic int64_t started_ms; /* monotonic */
	const struct fc_dialect *const *dialects;
	struct fc_metrics *metrics;
	const char *const *parts;  /* NULL-terminated: what is not ready while this process is not; NULL: nothing */
	const char *const *queues; /* NULL-terminated: those of the engine's thread; NULL: FC_ENGINE_QUEUE alone */
	struct fc_leadership *leadership; /* NULL: there is no election */
	atomic_bool was_ready;
};

/* The functions for a server; `context` is borrowed. */
struct fc_serve_sources fc_status_sources(struct fc_status_context *context);

#endif
