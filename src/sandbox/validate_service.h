/* SPDX-License-Identifier: Apache-2.0 */
/* sb_validate_service - what is wrong with a Service.
 * Owns:    nothing.
 * Threads: any.
 * Fails:   by causes.
 * Source:  the Kubernetes API reference of Service; recorded conversations. */
#ifndef FC_SANDBOX_VALIDATE_SERVICE_H
#define FC_SANDBOX_VALIDATE_SERVICE_H

#include <jansson.h>

#include "sandbox/answer.h"

/* As sb_kind.validate; of a write of the status alone it is the status. */
void sb_validate_service(struct sb_call *call, const json_t *old, const json_t *object, struct sb_causes *causes);

#endif
