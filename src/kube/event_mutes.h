/* SPDX-License-Identifier: Apache-2.0 */
/* fc_event_mutes - where Events may not be written: not asked for again before a while has gone by.
 * Owns:    the names of those namespaces, 64 at most.
 * Threads: one owner.
 * Fails:   never; beyond the limit the namespace that was refused longest ago is asked for again.
 * Source:  kube-client 10.6: RBAC may forbid Events, everywhere or in some namespaces, or allow only to create them. */
#ifndef FC_EVENT_MUTES_H
#define FC_EVENT_MUTES_H

#include <stdbool.h>
#include <stdint.h>

struct fc_event_mute;

/* Zeroed: nothing is forbidden. */
struct fc_event_mutes {
	struct fc_event_mute *first; /* the oldest */
	unsigned count;
	bool ever_allowed;
	int64_t all_until_ms; /* so much was refused, and nothing taken, that it is everywhere; 0: no */
};

/* `patch`: to change one, else to create one. */
bool fc_event_mutes_cover(struct fc_event_mutes *m, const char *namespace_, bool patch, int64_t now_ms);
void fc_event_mutes_add(struct fc_event_mutes *m, const char *namespace_, bool patch, int64_t now_ms, int64_t until_ms);
/* An Event was taken. */
void fc_event_mutes_allowed(struct fc_event_mutes *m);
void fc_event_mutes_fini(struct fc_event_mutes *m);

#endif
