/* SPDX-License-Identifier: Apache-2.0 */
/* fc_event_recorder - Kubernetes Events in one cluster: repetitions become series, and nothing waits for them.
 * Owns:    its queue and what it remembers, both bounded; one request at a time. Borrows the transport.
 * Threads: the cluster's thread.
 * Fails:   never: an Event that cannot be written is dropped and counted. The first of each cause is logged.
 * Source:  kube-client section 10; events.k8s.io/v1, or core/v1 where the server does not know that. */
#ifndef FC_EVENT_RECORDER_H
#define FC_EVENT_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "kube/transport.h"
#include "model/event_record.h"

struct fc_event_recorder;

struct fc_event_recorder_options {
	struct fc_transport *transport;
	struct fc_random *random;
	const char *instance; /* the reportingInstance: which process it is; copied */
	/* May a request be sent just now? False counts as a failure of the network. NULL: always. Not called after
	 * _free. */
	bool (*may_send)(void *user);
	void *user;
	/* 0: 10 s between tries, 30 min between heartbeats of a series, its end after 6 min of silence, 10 min until
	 * it is looked again whether what was forbidden or not served is so still. Other values are for tests. */
	int64_t retry_ms, heartbeat_ms, silence_ms, again_ms;
};

/* Never NULL. */
struct fc_event_recorder *fc_event_recorder_new(const struct fc_event_recorder_options *options);
/* What waits is dropped, a request under way is cut off. Not from inside `may_send`. NULL allowed. */
void fc_event_recorder_free(struct fc_event_recorder *r);

/* Takes over the record. Returns at once: a first Event is sent, a second one makes a series of it, further ones are
 * counted and told every 30 min and at the end (10.3). */
void fc_event_recorder_record(struct fc_event_recorder *r, struct fc_event_record *record);
/* A request under way is cut off, and counts as lost by the network. NULL allowed. */
void fc_event_recorder_interrupt(struct fc_event_recorder *r);

struct fc_event_recorder_counts {
	size_t queued;	   /* that wait or are under way */
	size_t remembered; /* Events that may come again */
	uint64_t written;  /* requests that a server has taken */
	uint64_t dropped;  /* Events, or tellings of a series, that will not be written */
};
struct fc_event_recorder_counts fc_event_recorder_counts(const struct fc_event_recorder *r);

#endif
