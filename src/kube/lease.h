/* SPDX-License-Identifier: Apache-2.0 */
/* fc_lease - a coordination.k8s.io/v1 Lease: what it says, and how the next one is written.
 * Owns:    what is made belongs to the caller (json_decref).
 * Threads: any.
 * Fails:   _check: what is no Lease, or one whose spec is of other types than the API's.
 * Source:  kube-client 9.1, 9.4, 9.6, 9.8. Times are written and never read: no clock but the own one counts. */
#ifndef FC_LEASE_H
#define FC_LEASE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Of any other Lease than one that has passed, the functions below say that nobody holds it. */
int fc_lease_check(const json_t *lease, struct fc_error *err) FC_MUST_CHECK;

/* holderIdentity; "" where nobody holds it. Borrowed. */
const char *fc_lease_holder(const json_t *lease);
/* leaseDurationSeconds in ms; 0 where it says none. */
int64_t fc_lease_duration_ms(const json_t *lease);
/* Do both say the same: the same object, nothing of its spec changed? Labels and annotations are no sign of life of the
 * one who holds it. */
bool fc_lease_same(const json_t *a, const json_t *b);

/* One that is not there yet and that nobody holds: for the functions below. */
json_t *fc_lease_new(const char *namespace_, const char *name);
/* `lease` as it is to be written so that `identity` holds it from now on: taken over, or renewed where it holds it
 * already. All else stays, resourceVersion and uid included: they are the write's preconditions. The duration is
 * rounded up to seconds, so that nobody waits less than that. */
json_t *fc_lease_held(const json_t *lease, const char *identity, int64_t duration_ms, int64_t wall_ms);
/* `lease` as it is to be written so that nobody holds it. */
json_t *fc_lease_released(const json_t *lease, int64_t wall_ms);

#endif
