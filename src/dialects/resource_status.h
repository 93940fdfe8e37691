/* SPDX-License-Identifier: Apache-2.0 */
/* fc_resource_status - what the statuses of custom resources have in common: conditions, and lists whose entries have a
 * name.
 * Owns:    texts and entries are borrowed from the tree that is given.
 * Threads: pure functions, any thread.
 * Fails:   never: what is of another type is not there.
 * Source:  the API conventions of Kubernetes, conditions. */
#ifndef FC_RESOURCE_STATUS_H
#define FC_RESOURCE_STATUS_H

#include <jansson.h>
#include <stdbool.h>

/* The text of that member; NULL: it is none. */
const char *fc_resource_status_text(const json_t *object, const char *member);
/* metadata.generation; 0: there is none. */
json_int_t fc_resource_status_generation(const json_t *bearer);
/* The entry of that list of a status whose `member` has that text; NULL: none. */
json_t *fc_resource_status_entry(const json_t *status, const char *list, const char *member, const char *text);
json_t *fc_resource_status_condition(const json_t *status, const char *type);
/* The time stays while the condition's status does; else it is that of the writing (FC_COPY_NOW). */
void fc_resource_status_set_condition(json_t *status, const json_t *bearer, const char *type, bool on,
				      const char *reason, const char *message);

#endif
