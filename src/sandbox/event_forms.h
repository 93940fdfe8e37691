/* SPDX-License-Identifier: Apache-2.0 */
/* sb_event_forms - the two forms of an Event: core's, in which it is kept, and that of events.k8s.io.
 * Owns:    nothing; both change the object in place.
 * Threads: any.
 * Fails:   never.
 * Source:  the API reference of both; what a real server shows of one Event under both groups. */
#ifndef FC_SANDBOX_EVENT_FORMS_H
#define FC_SANDBOX_EVENT_FORMS_H

#include <jansson.h>

/* kind and apiVersion are the caller's. */
void sb_event_to_new(json_t *event);
void sb_event_to_core(json_t *event);

#endif
