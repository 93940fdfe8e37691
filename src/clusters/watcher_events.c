/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes Events in the watcher's cluster. Nothing waits for them: neither copying nor the end of the thread. */
#include "base/mem.h"
#include "clusters/watcher_internal.h"
#include "kube/event_recorder.h"

#include <stdio.h>
#include <unistd.h>

/* As for all that is written: a cluster that is down, or that is just being asked who it is, may be another one when it
 * answers. */
static bool may_send(void *user)
{
	const struct fc_watcher *w = user;

	return w->connection.state == FC_WATCHER_UP && !w->held.doubt;
}

/* The name of the machine is that of the Pod, inside a cluster. */
static struct fc_event_recorder *make(struct fc_watcher *w)
{
	char host[256] = "", instance[sizeof("fedcopy-") + sizeof(host)];

	/* Without a name, or cut: it only tells processes apart. */
	(void)gethostname(host, sizeof(host) - 1);
	snprintf(instance, sizeof(instance), "fedcopy-%s", host);
	return fc_event_recorder_new(&(struct fc_event_recorder_options){
		.transport = w->transport,
		.random = &w->random,
		.instance = instance,
		.may_send = may_send,
		.user = w,
	});
}

void fc_watcher_record(struct fc_watcher *w, struct fc_action *action)
{
	/* Most clusters never need one. */
	if (!w->recorder)
		w->recorder = make(w);
	fc_event_recorder_record(w->recorder, fc_steal(&action->record));
}

void fc_watcher_record_interrupt(struct fc_watcher *w)
{
	fc_event_recorder_interrupt(w->recorder);
}

void fc_watcher_record_stop(struct fc_watcher *w)
{
	fc_event_recorder_free(fc_steal(&w->recorder));
}
